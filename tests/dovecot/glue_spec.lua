-- Cases for host/dovecot/bulkhead.lua under a fake Dovecot.
-- Usage: lua glue_spec.lua GLUE VERSION SECRET_FILE; VERSION is 2.3 or 2.4.
-- Prints one line per case and ends with exit code 1 when one failed.

local glue, version, secret_file = arg[1], arg[2], arg[3]
package.path = (arg[0]:match("^.*/") or "./") .. "?.lua;" .. package.path
local fakes = require("fake_dovecot")
local cjson = require("cjson")
local NONE = fakes.NONE

local OK = { status = 200, headers = { ["Auth-Status"] = "OK" }, body = '{"ok":true}' }

-- Loads the script into a fresh environment; settings are put the way the version has it.
local function load_glue(settings)
  local fake = fakes.new(version)
  fake.reply = OK
  local chunk_settings = { secret_file = secret_file }
  for name, value in pairs(settings or {}) do chunk_settings[name] = value end
  local file = assert(io.open(glue))
  local source = file:read("*a")
  file:close()
  if version == "2.3" then
    for name, value in pairs(chunk_settings) do
      local literal = type(value) == "string" and string.format("%q", value) or tostring(value)
      local count
      source, count = source:gsub("\n  " .. name .. " = [^\n]*,\n",
        function() return "\n  " .. name .. " = " .. literal .. ",\n" end)
      assert(count == 1, "no such setting in the script: " .. name)
    end
  end
  local env = setmetatable({ dovecot = fake.dovecot }, { __index = _G })
  if setfenv then
    setfenv(assert(loadstring(source, "@bulkhead.lua")), env)()
  end
  if not setfenv then
    assert(load(source, "@bulkhead.lua", "t", env))()
  end
  fake.env = env
  fake.init = function()
    if version == "2.3" then return env.script_init() end
    -- Dovecot's settings are strings.
    local strings = {}
    for name, value in pairs(chunk_settings) do strings[name] = tostring(value) end
    return env.script_init(strings)
  end
  return fake
end

local function ready(settings)
  local fake = load_glue(settings)
  assert(fake.init() == 0, "script_init must return the integer 0")
  return fake
end

local function equal(seen, wanted, what)
  if seen ~= wanted then
    error((what or "value") .. ": wanted " .. tostring(wanted) .. ", saw " .. tostring(seen), 2)
  end
end

local function verify(fake, members, password)
  return fake.call(fake.env.auth_password_verify, fake.request(members), password or "secret")
end

local function answer(status, body, headers)
  return { status = status, body = body, headers = headers or {} }
end

local function attributes(text)
  return answer(200, '{"ok":true,"attributes":' .. text .. '}', { ["Auth-Status"] = "OK" })
end

local cases = {}
local function case(name, run) cases[#cases + 1] = { name = name, run = run } end

case("init returns the integer 0", function()
  local zero = load_glue().init()
  equal(zero, 0)
  if math.type then equal(math.type(zero), "integer") end
end)

case("timeouts are those of the version", function()
  local options = ready { request_timeout = 1500, total_timeout = 4000 }.options
  if version == "2.3" then
    equal(options.request_timeout_msecs, 1500)
    equal(options.request_absolute_timeout_msecs, 4000)
    equal(options.max_attempts, 2)
  else
    equal(options.request_timeout, "1500ms")
    equal(options.request_absolute_timeout, "4000ms")
    equal(options.request_max_attempts, "2")
  end
end)

case("a timeout that is no positive integer fails init", function()
  for _, value in ipairs { "soon", -1, 1.5 } do
    equal((pcall(load_glue { request_timeout = value }.init)), false, tostring(value))
  end
end)

case("a secret file that is missing fails init with its name", function()
  local done, reason = pcall(load_glue { secret_file = "/nonexistent/secret" }.init)
  equal(done, false)
  assert(reason:find("/nonexistent/secret", 1, true), reason)
end)

case("plain credentials are encoded", function()
  local fake = ready()
  verify(fake)
  equal(fake.requests[1].headers.Authorization, "Basic ZG92ZWNvdDphcGktc2VjcmV0")
end)

case("credentials of every length, plain or in base64, are sent in base64", function()
  local table_of = {
    { "a:b", "YTpi" }, { "a:bc", "YTpiYw==" }, { "a:bcd", "YTpiY2Q=" }, { "YTpiYw==", "YTpiYw==" },
    { "a:\255\254\n", "YTr//g==" },
  }
  for _, row in ipairs(table_of) do
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(row[1])
    file:close()
    local fake = ready { secret_file = path }
    os.remove(path)
    verify(fake)
    equal(fake.requests[1].headers.Authorization, "Basic " .. row[2])
  end
end)

case("no secret file means no credentials", function()
  local fake = ready { secret_file = "" }
  verify(fake)
  equal(fake.requests[1].headers.Authorization, nil)
end)

case("a verify sends what Dovecot knows", function()
  local fake = ready()
  verify(fake, {
    remote_ip = "192.0.2.7", remote_port = "4711", local_ip = "192.0.2.1", local_port = "993",
    client_id = '("name" "x")', session = "abc+/9", secured = "TLS", cert = "valid",
  }, "pa ss\0\"\\")
  local request = fake.requests[1]
  equal(request.method, "POST")
  equal(request.url, "http://127.0.0.1:9080/api/v1/auth/json")
  equal(request.headers["Content-Type"], "application/json")
  equal(request.headers["X-Dovecot-Session"], "abc+/9")
  local body = cjson.decode(request.payload)
  local wanted = {
    username = "alice", password = "pa ss\0\"\\", client_ip = "192.0.2.7", client_port = "4711",
    local_ip = "192.0.2.1", local_port = "993", client_id = '("name" "x")', protocol = "imap",
    method = "plain", ssl = "1", ssl_protocol = "TLS", ssl_client_verify = "1",
  }
  for name, value in pairs(wanted) do equal(body[name], value, name) end
  for name in pairs(body) do assert(wanted[name] ~= nil, "unexpected member " .. name) end
end)

case("unknown members are left out, not sent as null", function()
  local fake = ready()
  verify(fake)
  local text = fake.requests[1].payload
  assert(not text:find("null") and not text:find("client_ip") and not text:find('"ssl'), text)
  equal(fake.requests[1].headers["X-Dovecot-Session"], nil)
end)

case("statuses map to codes", function()
  local auth = fakes.new(version).dovecot.auth
  local table_of = {
    { answer(200, '{"ok":true}'), auth.PASSDB_RESULT_OK, auth.USERDB_RESULT_OK },
    { answer(403, "null", { ["Auth-Status"] = "Invalid login or password" }),
      auth.PASSDB_RESULT_PASSWORD_MISMATCH, auth.USERDB_RESULT_USER_UNKNOWN },
    { answer(403, "null"), auth.PASSDB_RESULT_PASSWORD_MISMATCH, auth.USERDB_RESULT_USER_UNKNOWN },
    { answer(403, "null", { ["Auth-Status"] = "Account not enabled" }),
      auth.PASSDB_RESULT_USER_DISABLED, auth.USERDB_RESULT_USER_UNKNOWN },
  }
  for _, status in ipairs { 100, 201, 204, 302, 400, 401, 404, 429, 500, 503, 9000, 9003, 9008 } do
    table_of[#table_of + 1] = { answer(status, '{"ok":true}'),
      auth.PASSDB_RESULT_INTERNAL_FAILURE, auth.USERDB_RESULT_INTERNAL_FAILURE }
  end
  for _, row in ipairs(table_of) do
    local fake = ready()
    fake.reply = row[1]
    equal((verify(fake)), row[2], "passdb code of " .. row[1].status)
    equal((fake.call(fake.env.auth_userdb_lookup, fake.request())), row[3],
      "userdb code of " .. row[1].status)
  end
end)

case("a 200 that makes no sense is an internal failure", function()
  for _, body in ipairs { "", "null", "[", "7", '"x"', "true", "<html>", '{"ok":false}',
    '{"ok":null}', ("["):rep(5000) } do
    local fake = ready()
    fake.reply = answer(200, body)
    equal((verify(fake)), -1, "code of " .. body:sub(1, 20))
    assert(#fake.log > 0, "nothing was logged for " .. body:sub(1, 20))
  end
end)

case("an exception of the client is an internal failure", function()
  local fake = ready()
  fake.reply = function() error("connection\r\nexploded") end
  equal((verify(fake)), -1)
  equal((fake.call(fake.env.auth_userdb_lookup, fake.request())), -1)
  for _, line in ipairs(fake.log) do assert(not line:find("[\r\n]"), "a log line was split") end
end)

case("attributes become userdb fields of a passdb answer", function()
  local fake = ready()
  fake.reply = attributes('{"home":["/home/alice"],"uid":[1000],"n":2.5,"flag":[true],' ..
    '"quota_rule":["*:storage=1G","more"],"scalar":"x"}')
  local _, fields = verify(fake)
  equal(fields.userdb_home, "/home/alice")
  equal(fields.userdb_uid, "1000")
  equal(fields.userdb_n, "2.5")
  equal(fields.userdb_flag, "yes")
  equal(fields.userdb_quota_rule, "*:storage=1G")
  equal(fields.userdb_scalar, "x")
end)

case("attributes become plain fields of a userdb answer", function()
  local fake = ready()
  fake.reply = attributes('{"home":["/home/alice"],"passdb_proxy":["y"]}')
  local _, fields = fake.call(fake.env.auth_userdb_lookup, fake.request())
  equal(fields.home, "/home/alice")
  equal(fields.proxy, nil)
  equal(fields.passdb_proxy, nil)
end)

case("attributes for the login process carry passdb_ in their names", function()
  local fake = ready()
  fake.reply = attributes('{"passdb_proxy_maybe":["y"],"passdb_password":["x"],' ..
    '"passdb_nopassword":["y"]}')
  local _, fields = verify(fake)
  equal(fields.proxy_maybe, "y")
  equal(fields.password, nil)
  equal(fields.nopassword, nil)
end)

case("values that no field can hold are left out", function()
  local fake = ready()
  fake.reply = attributes('{"a":null,"b":[],"c":[null],"d":{},"e":[{"x":1}],"f":[""],"g":["v"]}')
  local _, fields = verify(fake)
  local count = 0
  for _ in pairs(fields) do count = count + 1 end
  equal(count, 1)
  equal(fields.userdb_g, "v")
end)

case("attributes of null or of another type are none", function()
  for _, text in ipairs { "null", "7", '"x"', "[]", '["a","b"]' } do
    local fake = ready()
    fake.reply = attributes(text)
    local code, fields = verify(fake)
    equal(code, 1, text)
    equal(next(fields), nil, text)
  end
end)

case("names that Dovecot cannot carry are left out with a warning", function()
  local fake = ready()
  fake.reply = attributes('{"a b":["1"],"a=b":["1"],"a\\tb":["1"],"a\\nb":["1"],"":["1"],' ..
    '"ACL-Groups":["g"]}')
  local _, fields = verify(fake)
  equal(fields["userdb_ACL-Groups"], "g")
  fields["userdb_ACL-Groups"] = nil
  equal(next(fields), nil)
  assert(fake.log[1]:find("^warning"), fake.log[1])
end)

case("rename gives attributes other names or none", function()
  local fake = ready { rename = "q=quota_rule=*:bytes secret= g=acl_groups" }
  fake.reply = attributes('{"q":["1024"],"secret":["s"],"g":["a,b"]}')
  local _, fields = verify(fake)
  equal(fields["userdb_quota_rule=*:bytes"], "1024")
  equal(fields.userdb_acl_groups, "a,b")
  equal(fields.userdb_secret, nil)
end)

case("the attribute that holds the account is no field unless it is renamed", function()
  local reply = answer(200, '{"ok":true,"account_field":"uid","attributes":{"uid":["alice"],"gid":[100]}}')
  for rename, field in pairs { [""] = "none", ["uid=login"] = "userdb_login" } do
    local fake = ready { rename = rename }
    fake.reply = reply
    local _, fields = verify(fake)
    equal(fields.userdb_uid, nil)
    equal(fields[field], (rename ~= "") and "alice" or nil)
    equal(fields.userdb_gid, "100")
  end
end)

case("the account becomes the user when it differs", function()
  local fake = ready()
  fake.reply = answer(200, '{"ok":true}', { ["Auth-User"] = "alice@example.org" })
  local _, fields = verify(fake)
  equal(fields.user, "alice@example.org")
  fake.reply = answer(200, '{"ok":true}', { ["Auth-User"] = "alice" })
  _, fields = verify(fake)
  equal(fields.user, nil)
end)

case("another spelling of the user name does not skip the password", function()
  -- Dovecot's auth_user is the name as the client sent it: it differs from user whenever the name
  -- was normalised. That must never be taken for a master login.
  local fake = ready()
  verify(fake, { user = "alice", auth_user = "Alice@EXAMPLE.org" })
  equal(#fake.requests, 1)
  assert(not fake.requests[1].url:find("no%-auth"), fake.requests[1].url)
  equal(cjson.decode(fake.requests[1].payload).password, "secret")
end)

case("a lookup asks without a password and sets nopassword", function()
  local fake = ready()
  local code, fields = fake.call(fake.env.auth_passdb_lookup,
    fake.request { mechanism = "", mech = version == "2.3" and "" or NONE })
  equal(code, 1)
  equal(fields.nopassword, "y")
  assert(fake.requests[1].url:find("?mode=no-auth", 1, true), fake.requests[1].url)
  equal(cjson.decode(fake.requests[1].payload).password, nil)
end)

case("a lookup of an unknown user is an unknown user", function()
  local fake = ready()
  fake.reply = answer(403, "null")
  local code = fake.call(fake.env.auth_passdb_lookup, fake.request { mechanism = "", mech = "" })
  equal(code, -3)
end)

case("a lookup for a credential mechanism lets nobody in", function()
  for _, mechanism in ipairs { "CRAM-MD5", "SCRAM-SHA-256", "PLAIN" } do
    local fake = ready()
    local code = fake.call(fake.env.auth_passdb_lookup,
      fake.request { mechanism = mechanism, mech = mechanism })
    equal(code, -2, mechanism)
    equal(#fake.requests, 0)
  end
end)

case("a master login is a lookup of the other user", function()
  local master = { user = "bob", auth_user = "overseer", original_user = "overseer",
    master_user = "overseer", skip_password_check = true }
  for _, entry in ipairs { "auth_password_verify", "auth_passdb_lookup" } do
    local fake = ready()
    equal((fake.call(fake.env[entry], fake.request(master), "master-secret")), 1, entry)
    assert(fake.requests[1].url:find("?mode=no-auth", 1, true), fake.requests[1].url)
    local body = cjson.decode(fake.requests[1].payload)
    equal(body.username, "bob")
    equal(body.password, nil)
    fake.reply = answer(403, "null")
    equal((fake.call(fake.env[entry], fake.request(master), "master-secret")), -3, entry)
  end
end)

case("a master user whose password nobody checked is checked", function()
  for _, skip in ipairs { false, NONE, "yes", 1 } do
    local fake = ready()
    verify(fake, { user = "bob", auth_user = "overseer", master_user = "overseer",
      skip_password_check = skip })
    equal(cjson.decode(fake.requests[1].payload).password, "secret", tostring(skip))
    assert(not fake.requests[1].url:find("no-auth", 1, true))
  end
end)

case("a URL with a query keeps it", function()
  local fake = ready { url = "http://127.0.0.1:9080/api/v1/auth/json?cache=0" }
  fake.call(fake.env.auth_userdb_lookup, fake.request())
  equal(fake.requests[1].url, "http://127.0.0.1:9080/api/v1/auth/json?cache=0&mode=no-auth")
end)

case("listing returns the names", function()
  local fake = ready()
  fake.reply = answer(200, '["alice","bob"]')
  local names = fake.list(fake.env.auth_userdb_iterate)
  equal(table.concat(names, " "), "alice bob")
  equal(fake.requests[1].method, "GET")
  assert(fake.requests[1].url:find("?mode=list-accounts", 1, true))
  equal(fake.requests[1].headers.Accept, "application/json")
end)

case("an empty list is a list", function()
  local fake = ready()
  fake.reply = answer(200, "[]")
  equal(#fake.list(fake.env.auth_userdb_iterate), 0)
end)

case("a listing that failed is an error, not a short list", function()
  for _, reply in ipairs { answer(500, ""), answer(403, "null"), answer(200, ""),
    answer(200, "null"), answer(200, '{"a":"b"}'), answer(200, '["a",null]'),
    answer(200, '["a",7]'), answer(200, "alice\r\nbob\r\n"), answer(9003, "") } do
    local fake = ready()
    fake.reply = reply
    equal((pcall(fake.env.auth_userdb_iterate)), false, reply.status .. " " .. reply.body)
  end
end)

case("control characters from outside split no log line and no header", function()
  local fake = ready()
  fake.reply = answer(500, "", { ["Auth-Status"] = "a\r\nb" })
  verify(fake, { session = "x\r\nX-Evil: y" })
  for _, line in ipairs(fake.log) do assert(not line:find("[\r\n]"), "a log line was split") end
end)

case("nothing of a password is logged", function()
  for _, status in ipairs { 200, 403, 500 } do
    local fake = ready()
    fake.reply = answer(status, "", {})
    verify(fake, {}, "hunter2-literal")
    assert(not table.concat(fake.log, "\n"):find("hunter2", 1, true))
  end
end)

if version == "2.4" then
  case("an unknown name in lua_settings fails init", function()
    local done, reason = pcall(load_glue { uri = "http://x/" }.init)
    equal(done, false)
    assert(reason:find("uri", 1, true), reason)
  end)
end

local failed = 0
for _, entry in ipairs(cases) do
  local done, reason = pcall(entry.run)
  if done then
    print("ok      " .. entry.name)
  else
    failed = failed + 1
    print("FAILED  " .. entry.name .. ": " .. tostring(reason))
  end
end
print(#cases - failed .. " passed, " .. failed .. " failed under " .. _VERSION .. ", Dovecot " ..
  version)
os.exit(failed == 0 and 0 or 1)
