-- Bulkhead's glue for Dovecot 2.3.19 and later, and 2.4.
--
-- Dovecot asks this script, the script asks Bulkhead over HTTP, and Bulkhead decides. The script
-- works unmodified with both generations of Dovecot and with Lua 5.1, 5.3 and 5.4. It needs the
-- Lua module `cjson` (Debian: lua-cjson).
--
-- What it promises:
--   * only Bulkhead's "200" lets anybody in; only its "403" is a wrong password or an unknown user;
--     everything else, from a refused connection to an answer that makes no sense, is a temporary
--     failure;
--   * every question ends within the timeouts below;
--   * a password check is never left out, except where Dovecot itself has already checked another
--     password (master users) or has none to check (delivery, "doveadm auth lookup").
--
-- README.md beside this file tells how to configure Dovecot.

-- Settings ---------------------------------------------------------------------------------------
-- Dovecot 2.4 can override each of them by name in "lua_settings"; with 2.3, edit them here.

local settings = {
  -- Bulkhead's JSON endpoint.
  url = "http://127.0.0.1:9080/api/v1/auth/json",

  -- A file with the credentials of the API, "username:password" in one line (or the same in
  -- base64). Empty: no credentials are sent.
  secret_file = "/etc/dovecot/bulkhead.secret",

  -- Milliseconds that one attempt may take. Keep it above Bulkhead's own request_timeout (10 s), so
  -- that Bulkhead's answer arrives before Dovecot gives up.
  request_timeout = 12000,

  -- Milliseconds that all attempts together may take. Dovecot itself gives up after 60 s.
  total_timeout = 15000,

  -- Milliseconds to connect.
  connect_timeout = 3000,

  -- How often a question is sent when the connection breaks. At least 2: a connection that was
  -- kept open may turn out to be closed.
  max_attempts = 2,

  -- The Auth-Status text of Bulkhead that means "this account is disabled".
  disabled_text = "Account not enabled",

  -- Attributes that get another name in Dovecot, as "attribute=field" words; an empty field leaves
  -- the attribute out. A field may itself hold "=": what follows becomes the start of the value.
  -- Example: "groups=acl_groups quota_bytes=quota_rule=*:bytes secret="
  rename = "",
}

-- ------------------------------------------------------------------------------------------------

local cjson = require("cjson")

local AUTH = dovecot.auth

-- Names of the result codes per kind of question.
local PASSDB = {
  ok = AUTH.PASSDB_RESULT_OK,
  internal_failure = AUTH.PASSDB_RESULT_INTERNAL_FAILURE,
  scheme_not_available = AUTH.PASSDB_RESULT_SCHEME_NOT_AVAILABLE,
  user_unknown = AUTH.PASSDB_RESULT_USER_UNKNOWN,
  user_disabled = AUTH.PASSDB_RESULT_USER_DISABLED,
  password_mismatch = AUTH.PASSDB_RESULT_PASSWORD_MISMATCH,
}
local USERDB = {
  ok = AUTH.USERDB_RESULT_OK,
  internal_failure = AUTH.USERDB_RESULT_INTERNAL_FAILURE,
  user_unknown = AUTH.USERDB_RESULT_USER_UNKNOWN,
}

-- Dovecot 2.4 renamed the options of the HTTP client, and refuses names that it does not know.
local IS_2_4 = dovecot.gettimeofday ~= nil

local http_client
local authorization
local renamed = {}

-- Small helpers ----------------------------------------------------------------------------------

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Plain arithmetic, because the operators differ between the versions of Lua.
local function base64(text)
  local parts = {}
  for start = 1, #text, 3 do
    local a, b, c = text:byte(start, start + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 3, 0, -1 do
      local digit = math.floor(bits / 64 ^ place) % 64 + 1
      parts[#parts + 1] = BASE64:sub(digit, digit)
    end
    if not b then
      parts[#parts] = "="
    end
    if not c then
      parts[#parts - (b and 0 or 1)] = "="
    end
  end
  return table.concat(parts)
end

-- A text that may stand in a header or in a log line.
local function one_line(text)
  return (tostring(text):gsub("%c", " "))
end

-- Members of a request are strings, nil when unknown; some are empty instead.
local function text_or_nil(value)
  if type(value) == "string" and value ~= "" then
    return value
  end
  return nil
end

-- A field's value from one attribute value; nil for what a field cannot hold (JSON null, objects).
local function field_value(value)
  if type(value) == "string" then
    return text_or_nil(value)
  elseif type(value) == "boolean" then
    return value and "yes" or "no"
  elseif type(value) == "number" then
    if value == math.floor(value) and math.abs(value) < 2 ^ 53 then
      return string.format("%.0f", value)
    end
    return string.format("%.14g", value)
  end
  return nil
end

-- Life cycle -------------------------------------------------------------------------------------

local function read_secret(path)
  local file, reason = io.open(path, "r")
  if not file then
    error("cannot read the secret file: " .. tostring(reason), 0)
  end
  -- "*l" is understood by every Lua; later ones ignore the star.
  local line = file:read("*l") or ""
  file:close()
  line = line:gsub("%s+$", "")
  if line == "" then
    error("the secret file " .. path .. " is empty", 0)
  end
  -- A colon is no base64 digit, so this is not ambiguous.
  if line:find(":", 1, true) then
    return base64(line)
  end
  return line
end

local function milliseconds(name)
  local value = tonumber(settings[name])
  if not value or value < 1 or value ~= math.floor(value) then
    error("the setting " .. name .. " must be a positive integer", 0)
  end
  return value
end

local function new_client()
  local request = milliseconds("request_timeout")
  local total = milliseconds("total_timeout")
  local connect = milliseconds("connect_timeout")
  local attempts = milliseconds("max_attempts")
  if IS_2_4 then
    local function duration(value)
      return string.format("%.0fms", value)
    end
    return dovecot.http.client {
      request_timeout = duration(request),
      request_absolute_timeout = duration(total),
      connect_timeout = duration(connect),
      request_max_attempts = string.format("%.0f", attempts),
      user_agent = "Dovecot/2.4 Bulkhead-glue",
    }
  end
  return dovecot.http.client {
    request_timeout_msecs = request,
    request_absolute_timeout_msecs = total,
    connect_timeout_msecs = connect,
    max_attempts = attempts,
    user_agent = "Dovecot/2.3 Bulkhead-glue",
  }
end

local function read_renamed()
  for word in settings.rename:gmatch("%S+") do
    local attribute, field = word:match("^([^=]+)=(.*)$")
    if not attribute then
      error("the setting rename has a word that is not attribute=field: " .. word, 0)
    end
    renamed[attribute] = field
  end
end

-- Dovecot 2.4 passes "lua_settings"; 2.3 passes nothing. Both accept the integer 0.
function script_init(arguments)
  if type(arguments) == "table" then
    for name, value in pairs(arguments) do
      if settings[name] == nil then
        error("lua_settings has a name that this script does not know: " .. tostring(name), 0)
      end
      settings[name] = value
    end
  end
  read_renamed()
  authorization = nil
  if settings.secret_file ~= "" then
    authorization = "Basic " .. read_secret(settings.secret_file)
  end
  http_client = new_client()
  return 0
end

function script_deinit()
end

-- Talking to Bulkhead ----------------------------------------------------------------------------

local function new_request(method, mode, accept)
  local url = settings.url
  if mode then
    url = url .. (url:find("?", 1, true) and "&" or "?") .. "mode=" .. mode
  end
  local request = http_client:request { url = url, method = method }
  if authorization then
    request:add_header("Authorization", authorization)
  end
  request:add_header("Accept", accept)
  return request
end

local function question(request, password)
  local secured = text_or_nil(request.secured)
  local body = {
    username = request.user,
    password = password,
    client_ip = text_or_nil(request.remote_ip),
    client_port = text_or_nil(request.remote_port),
    client_id = text_or_nil(request.client_id),
    local_ip = text_or_nil(request.local_ip),
    local_port = text_or_nil(request.local_port),
    -- 2.4 calls it protocol, 2.3 calls it service.
    protocol = text_or_nil(request.protocol) or text_or_nil(request.service),
    method = (text_or_nil(request.mechanism) or text_or_nil(request.mech) or ""):lower(),
  }
  if secured then
    body.ssl = "1"
    body.ssl_protocol = secured
    if text_or_nil(request.cert) then
      body.ssl_client_verify = "1"
    end
    body.ssl_fingerprint = text_or_nil(request.ssl_client_cert_fp)
  end
  return cjson.encode(body)
end

-- Adds one attribute to the fields.
local function add_field(fields, kind, name, values)
  local field = renamed[name] or name
  if field == "" then
    return
  end
  -- A name that Dovecot's protocol cannot carry, or that would be read as something else. Names that
  -- the administrator wrote are taken as they are.
  if not renamed[name] and not field:find("^[%w_][%w_.:*/-]*$") then
    dovecot.i_warning("bulkhead: attribute left out because of its name: " .. one_line(name))
    return
  end
  local passdb_field = field:match("^passdb_(.+)$")
  if passdb_field then
    -- For the login process. These two would change what a checked password means.
    if kind ~= PASSDB or passdb_field == "password" or passdb_field == "nopassword" then
      return
    end
    field = passdb_field
  elseif kind == PASSDB then
    field = "userdb_" .. field
  end
  local value = values
  if type(values) == "table" then
    value = values[1]
  end
  fields[field] = field_value(value)
end

-- The fields of an accepted answer; raises an error when the answer makes no sense.
local function answer_fields(request, kind, response)
  local answer = cjson.decode(response:payload())
  if type(answer) ~= "table" then
    error("the answer is not an object", 0)
  end
  if answer.ok ~= nil and answer.ok ~= true then
    error("the answer says 200 but not ok", 0)
  end
  local fields = {}
  if type(answer.attributes) == "table" then
    for name, values in pairs(answer.attributes) do
      -- The account comes as the user's name. Under its own name it would be something else: a directory's
      -- "uid" is no number, and its "mail" no place where mail is kept.
      local is_account = name == answer.account_field and not renamed[name]
      if type(name) == "string" and not is_account then
        add_field(fields, kind, name, values)
      end
    end
  end
  local account = text_or_nil(response:header("Auth-User"))
  if account and account ~= request.user then
    if account:find("%c") then
      error("the account has a control character", 0)
    end
    fields.user = account
  end
  return fields
end

-- Asks Bulkhead. `refused` is the code for its "no".
local function ask(request, kind, password, mode, refused)
  local http_request = new_request("POST", mode, "application/json")
  http_request:add_header("Content-Type", "application/json")
  local session = text_or_nil(request.session)
  if session then
    http_request:add_header("X-Dovecot-Session", one_line(session))
  end
  http_request:set_payload(question(request, password))

  local response = http_request:submit()
  local status = response:status()
  local text = one_line(response:header("Auth-Status") or "")
  local id = one_line(response:header("X-Nauthilus-Session") or "")

  if status == 200 then
    local fields = answer_fields(request, kind, response)
    request:log_debug("bulkhead: accepted, session=" .. id)
    return kind.ok, fields
  elseif status == 403 then
    request:log_info("bulkhead: refused, session=" .. id .. " text=" .. text)
    if kind.user_disabled and text == settings.disabled_text then
      return kind.user_disabled, text
    end
    return refused, text
  end
  -- Dovecot's own pseudo statuses (9000 and up) say what went wrong with the connection.
  error(string.format("status %d %s, session=%s text=%s", status,
    one_line(response:reason() or ""), id, text), 0)
end

-- Runs `ask` so that no error leaves this script: a Lua error is a temporary failure with a line in
-- the log.
local function ask_safely(request, kind, password, mode, refused)
  local done, code, result = pcall(ask, request, kind, password, mode, refused)
  if done then
    return code, result
  end
  dovecot.i_error("bulkhead: no usable answer: " .. one_line(code))
  return kind.internal_failure, "no usable answer from Bulkhead"
end

-- Entry points -----------------------------------------------------------------------------------

-- A password to check. With a master user, Dovecot asks this too, and says that the password (the
-- master's) has been checked already: what is left to find out is whether the other user exists.
-- That auth_user differs from user does not prove a master login: it is the name as the client
-- spelled it, before it was normalised.
function auth_password_verify(request, password)
  if request.skip_password_check == true then
    return ask_safely(request, PASSDB, nil, "no-auth", PASSDB.user_unknown)
  end
  return ask_safely(request, PASSDB, password, nil, PASSDB.password_mismatch)
end

-- No password to check: delivery and "doveadm auth lookup".
function auth_passdb_lookup(request)
  local mechanism = text_or_nil(request.mechanism) or text_or_nil(request.mech)
  if mechanism and request.skip_password_check ~= true then
    -- Somebody logs in with a mechanism that needs the stored password (CRAM-MD5, SCRAM …).
    -- Answering "nopassword" here would let anybody in.
    dovecot.i_error("bulkhead: the mechanism " .. one_line(mechanism) ..
      " needs a stored password; only PLAIN and LOGIN work with Bulkhead")
    return PASSDB.scheme_not_available, "mechanism not supported"
  end
  local code, result = ask_safely(request, PASSDB, nil, "no-auth", PASSDB.user_unknown)
  if code == PASSDB.ok then
    result.nopassword = "y"
  end
  return code, result
end

-- Who is this user?
function auth_userdb_lookup(request)
  return ask_safely(request, USERDB, nil, "no-auth", USERDB.user_unknown)
end

-- All names. An error makes Dovecot report that the listing failed, which a short list would hide.
function auth_userdb_iterate()
  local response = new_request("GET", "list-accounts", "application/json"):submit()
  if response:status() ~= 200 then
    error("bulkhead: cannot list accounts: status " .. response:status() .. " " ..
      one_line(response:reason() or ""), 0)
  end
  local names = cjson.decode(response:payload())
  if type(names) ~= "table" then
    error("bulkhead: the list of accounts is not a list", 0)
  end
  local count = 0
  for _, name in pairs(names) do
    count = count + 1
    if type(name) ~= "string" then
      error("bulkhead: the list of accounts holds something that is no name", 0)
    end
  end
  if count ~= #names then
    error("bulkhead: the list of accounts is not a list", 0)
  end
  return names
end
