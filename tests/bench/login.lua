-- wrk: logins of a thousand users, every tenth with a wrong password, over the route that is the
-- script's argument (`json` if there is none). Prints one line for `compare.sh`: requests per second,
-- p50 and p99 in microseconds, answers that were none to a login.

-- bench:bench-Secret-0123456789
local CALLER = "Basic YmVuY2g6YmVuY2gtU2VjcmV0LTAxMjM0NTY3ODk="

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local function base64(text)
  local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local out = {}
  for at = 1, #text, 3 do
    local a, b, c = text:byte(at, at + 2)
    local bits = a * 65536 + (b or 0) * 256 + (c or 0)
    for place = 0, 3 do
      local digit = math.floor(bits / 64 ^ (3 - place)) % 64 + 1
      local filler = (place == 2 and not b) or (place == 3 and not c)
      out[#out + 1] = filler and "=" or alphabet:sub(digit, digit)
    end
  end
  return table.concat(out)
end

-- A text of fewer than 256 bytes (RFC 8949, section 3.1).
local function cbor_text(text)
  if #text < 24 then
    return string.char(0x60 + #text) .. text
  end
  return string.char(0x78, #text) .. text
end

-- What is the same in every login.
local FACTS = {
  { "client_port", "40000" }, { "local_ip", "198.51.100.1" }, { "local_port", "993" },
  { "protocol", "imap" }, { "method", "plain" }, { "ssl", "1" },
}

local function members(login)
  local all = { { "username", login.user }, { "password", login.password }, { "client_ip", login.ip } }
  for _, fact in ipairs(FACTS) do
    all[#all + 1] = fact
  end
  return all
end

local function headers_of(login)
  return {
    ["Authorization"] = CALLER, ["Auth-User"] = login.user, ["Auth-Pass"] = login.password,
    ["Client-IP"] = login.ip, ["X-Client-Port"] = "40000", ["X-Local-IP"] = "198.51.100.1",
    ["X-Auth-Port"] = "993", ["Auth-Protocol"] = "imap", ["Auth-Method"] = "plain", ["X-SSL"] = "1",
  }
end

local routes = {
  json = function(login)
    local parts = {}
    for _, member in ipairs(members(login)) do
      parts[#parts + 1] = string.format('"%s":"%s"', member[1], member[2])
    end
    return "POST", { ["Authorization"] = CALLER, ["Content-Type"] = "application/json" },
      "{" .. table.concat(parts, ",") .. "}"
  end,
  cbor = function(login)
    local all = members(login)
    local parts = { string.char(0xa0 + #all) }
    for _, member in ipairs(all) do
      parts[#parts + 1] = cbor_text(member[1]) .. cbor_text(member[2])
    end
    return "POST", { ["Authorization"] = CALLER, ["Content-Type"] = "application/cbor" },
      table.concat(parts)
  end,
  header = function(login)
    return "GET", headers_of(login)
  end,
  nginx = function(login)
    return "GET", headers_of(login)
  end,
  basic = function(login)
    local pair = base64(login.user .. ":" .. login.password)
    return "GET", { ["Authorization"] = "Basic " .. pair, ["X-Real-IP"] = login.ip }
  end,
  saslauthd = function(login)
    return "POST", { ["Authorization"] = CALLER, ["Content-Type"] = "application/x-www-form-urlencoded" },
      string.format("username=%s&password=%s&protocol=imap&port=993&tls=1", login.user, login.password)
  end,
}

function init(arguments)
  counter = 0
  unexpected = 0
  route = arguments[1] or "json"
  path = "/api/v1/auth/" .. route
end

function request()
  counter = counter + 1
  local number = counter % 1000
  local method, headers, body = routes[route]({
    user = "user" .. number,
    password = counter % 10 == 0 and "wrong" or "password" .. number,
    ip = "192.0.2." .. counter % 250 + 1,
  })
  headers["X-Dovecot-Session"] = "bench" .. counter
  return wrk.format(method, path, headers, body)
end

function response(status)
  local refused = route == "basic" and 401 or 403
  if status ~= 200 and status ~= refused then
    unexpected = unexpected + 1
  end
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do
    bad = bad + (thread:get("unexpected") or 0)
  end
  local rate = summary.requests / (summary.duration / 1e6)
  io.write(string.format("RESULT %.0f %d %d %d\n", rate, latency:percentile(50),
    latency:percentile(99), bad))
end
