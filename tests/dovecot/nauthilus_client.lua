-- Stands in for the Dovecot scripts of Nauthilus' users where the published one is not at hand. Ours
-- from end to end, but over the wire it does what those do: same members, same headers, same mapping
-- of statuses, same HTTP options (of which Dovecot 2.3 ignores `timeout`).

local secret_path = "/etc/dovecot/http-auth.secret"
local endpoint = "https://login.example.com/api/v1/auth/json"

local cjson = require("cjson")
local AUTH = dovecot.auth
local client = dovecot.http.client { timeout = 300, max_attempts = 3, user_agent = "Dovecot/2.3" }
local secret

function script_init()
  local file = assert(io.open(secret_path))
  secret = file:read("*all")
  file:close()
  return 0
end

local function member_of(request, name, default)
  local value = request[name]
  if value == nil then return default end
  return value
end

local function open(method, mode)
  local http = client:request { url = endpoint .. (mode and "?mode=" .. mode or ""), method = method }
  http:add_header("Authorization", "Basic " .. secret)
  return http
end

local function send(request, password, mode)
  local http = open("POST", mode)
  http:add_header("Content-Type", "application/json")
  if request.session ~= nil then
    http:add_header("X-Dovecot-Session", request.session)
  end
  local body = {
    username = request.user, password = password, service = request.service,
    method = request.mech:lower(),
    client_ip = member_of(request, "remote_ip", "127.0.0.1"),
    client_port = member_of(request, "remote_port", "0"),
    local_ip = member_of(request, "local_ip", "127.0.0.1"),
    local_port = member_of(request, "local_port", "0"),
    client_id = member_of(request, "client_id", ""),
  }
  if request.secured == "TLS" or request.secured == "secured" then
    body.ssl, body.ssl_protocol = "1", request.secured
    if request.cert ~= "" then body.ssl_client_verify = "1" end
  end
  http:set_payload(cjson.encode(body))
  return http:submit()
end

local FIELDS = { rnsMSQuota = "quota_rule=*:bytes", rnsMSMailPath = "mail" }

local function fields_of(response, prefix)
  local fields = {}
  local answer = cjson.decode(response:payload())
  local account = response:header("Auth-User")
  if account ~= "" then fields.user = account end
  for attribute, field in pairs(FIELDS) do
    -- On purpose without a check: null or a number here must break the script as it breaks others.
    local values = answer.attributes and answer.attributes[attribute]
    if values and values[1]:len() > 0 then fields[prefix .. field] = values[1] end
  end
  return fields
end

function auth_password_verify(request, password)
  local master = request.auth_user:lower() ~= request.user:lower()
  local response = send(request, master and "" or password, master and "no-auth" or nil)
  local status = response:status()
  if status == 200 then return AUTH.PASSDB_RESULT_OK, fields_of(response, "userdb_") end
  if status ~= 403 then return AUTH.PASSDB_RESULT_INTERNAL_FAILURE, "" end
  if master then return AUTH.PASSDB_RESULT_USER_UNKNOWN, "" end
  if response:header("Auth-Status") == "Account not enabled" then
    return AUTH.PASSDB_RESULT_USER_DISABLED, ""
  end
  return AUTH.PASSDB_RESULT_PASSWORD_MISMATCH, response:header("Auth-Status")
end

function auth_passdb_lookup()
  return AUTH.PASSDB_RESULT_OK, "nopassword=y"
end

function auth_userdb_lookup(request)
  local response = send(request, "", "no-auth")
  local status = response:status()
  if status == 200 then return AUTH.USERDB_RESULT_OK, fields_of(response, "") end
  if status == 403 then return AUTH.USERDB_RESULT_USER_UNKNOWN, "" end
  return AUTH.USERDB_RESULT_INTERNAL_FAILURE, ""
end

function auth_userdb_iterate()
  local http = open("GET", "list-accounts")
  http:add_header("Accept", "application/json")
  local response = http:submit()
  if response:status() == 200 then return cjson.decode(response:payload()) end
  return {}
end
