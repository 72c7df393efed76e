-- A stand-in for the `dovecot` table of Dovecot 2.3.19 and 2.4, strict where the real one is:
-- unknown HTTP options are errors in 2.4, results must have the shape that the version demands.
--
-- new(version) → fake with
--   fake.dovecot        the table for the script under test
--   fake.reply          what the next HTTP exchange yields: {status, reason, headers, body}, or a
--                       function of the request, which may raise an error
--   fake.requests       what was sent, in order
--   fake.options        the options of the HTTP client
--   fake.log            lines of "level text"
--   fake.request(t)     a request with the members t, the defaults of the version, and its methods
--   fake.call(f, ...)   calls an entry point and checks its two results as the version does
--   fake.list(f)        the same for auth_userdb_iterate

local M = {}

local OPTIONS = {
  ["2.3"] = {
    user_agent = "string", rawlog_dir = "string", max_idle_time_msecs = "number",
    no_auto_redirect = "boolean", no_auto_retry = "boolean", max_redirects = "number",
    max_attempts = "number", max_connect_attempts = "number", connect_backoff_time_msecs = "number",
    connect_backoff_max_time_msecs = "number", request_absolute_timeout_msecs = "number",
    request_timeout_msecs = "number", connect_timeout_msecs = "number",
    soft_connect_timeout_msecs = "number", max_auto_retry_delay_secs = "number", debug = "boolean",
    proxy_url = "string", event_parent = "userdata",
  },
  ["2.4"] = {
    user_agent = "string", rawlog_dir = "string", request_max_attempts = "count",
    request_max_redirects = "count", connect_timeout = "duration", request_timeout = "duration",
    request_absolute_timeout = "duration", auto_redirect = "yesno", auto_retry = "yesno",
  },
}

local function check_option(version, name, value)
  local kind = OPTIONS[version][name]
  if kind == nil then
    -- 2.3 ignores what it does not know; a script that relies on such an option has a bug.
    error("unknown HTTP client setting: " .. tostring(name), 3)
  end
  local good
  if kind == "duration" then
    good = type(value) == "string" and value:find("^%d+m?s$") or value == "0"
  elseif kind == "count" then
    good = tostring(value):find("^%d+$")
  elseif kind == "yesno" then
    good = value == "yes" or value == "no"
  elseif kind == "number" then
    good = type(value) == "number" and value >= 0
  else
    good = type(value) == kind
  end
  if not good then
    error("bad value for the HTTP client setting " .. name .. ": " .. tostring(value), 3)
  end
end

local function http(fake)
  local Response = {}
  Response.__index = Response
  function Response:status() return self.answer.status end
  function Response:reason() return self.answer.reason or "" end
  function Response:payload() return self.answer.body or "" end
  function Response:header(name)
    for known, value in pairs(self.answer.headers or {}) do
      if known:lower() == name:lower() then return value end
    end
    return ""
  end

  local Request = {}
  Request.__index = Request
  function Request:add_header(name, value)
    assert(type(name) == "string" and not name:find("[:%c]"), "bad header name")
    assert(type(value) == "string" and not value:find("[\r\n]"), "bad header value")
    self.headers[name] = value
  end
  function Request:remove_header(name) self.headers[name] = nil end
  function Request:set_payload(text)
    assert(type(text) == "string", "the payload is no string")
    self.payload = text:match("^%Z*")
  end
  function Request:submit()
    fake.requests[#fake.requests + 1] = self
    local answer = fake.reply
    if type(answer) == "function" then answer = answer(self) end
    return setmetatable({ answer = answer }, Response)
  end

  local Client = {}
  Client.__index = Client
  function Client:request(options)
    assert(type(options.url) == "string" and options.url:find("^https?://[^/]"), "bad URL")
    return setmetatable(
      { url = options.url, method = options.method or "GET", headers = {} }, Request)
  end

  return {
    client = function(options)
      for name, value in pairs(options) do check_option(fake.version, name, value) end
      fake.options = options
      return setmetatable({}, Client)
    end,
  }
end

local DEFAULTS = {
  ["2.3"] = {
    user = "alice", username = "alice", service = "imap", mech = "PLAIN", mechanism = "PLAIN",
    remote_port = "0", local_port = "0", rport = "0", lport = "0", secured = "", cert = "",
    auth_user = "alice", original_user = "alice", skip_password_check = false,
    passdbs_seen_user_unknown = false, passdbs_seen_internal_failure = false,
  },
  ["2.4"] = {
    user = "alice", protocol = "imap", mechanism = "PLAIN", remote_port = "0", local_port = "0",
    secured = "", cert = "", auth_user = "alice", original_user = "alice",
    skip_password_check = false,
  },
}

function M.new(version)
  local fake = { version = version, requests = {}, log = {} }

  local function logger(level)
    return function(...)
      assert(select("#", ...) == 1, "a log function takes one argument")
      fake.log[#fake.log + 1] = level .. " " .. tostring((...))
    end
  end

  local methods = {}
  for _, level in ipairs { "debug", "info", "warning", "error" } do
    local write = logger(level)
    methods["log_" .. level] = function(request, ...)
      assert(type(request) == "table", "bad argument #1")
      write(...)
    end
  end

  function fake.request(members)
    local request = {}
    for name, value in pairs(DEFAULTS[version]) do request[name] = value end
    for name, value in pairs(members or {}) do
      if value == M.NONE then value = nil end
      request[name] = value
    end
    return setmetatable(request, { __index = methods })
  end

  -- Constants are floats where the language has them.
  local function constant(number) return number + 0.0 end
  local own = {
    auth = {
      PASSDB_RESULT_INTERNAL_FAILURE = constant(-1),
      PASSDB_RESULT_SCHEME_NOT_AVAILABLE = constant(-2),
      PASSDB_RESULT_USER_UNKNOWN = constant(-3),
      PASSDB_RESULT_USER_DISABLED = constant(-4),
      PASSDB_RESULT_PASS_EXPIRED = constant(-5),
      PASSDB_RESULT_NEXT = constant(-6),
      PASSDB_RESULT_PASSWORD_MISMATCH = constant(0),
      PASSDB_RESULT_OK = constant(1),
      USERDB_RESULT_INTERNAL_FAILURE = constant(-1),
      USERDB_RESULT_USER_UNKNOWN = constant(-2),
      USERDB_RESULT_OK = constant(1),
    },
    http = http(fake),
  }
  local inherited = {
    i_debug = logger("debug"), i_info = logger("info"), i_warning = logger("warning"),
    i_error = logger("error"),
  }
  if version == "2.4" then
    inherited.gettimeofday = function() return 0.0 end
    inherited.nanoseconds = function() return 0 end
  end
  fake.dovecot = setmetatable(own, { __index = inherited })

  -- What Dovecot accepts from passdb and userdb functions.
  function fake.call(entry, ...)
    local code, result = entry(...)
    assert(type(code) == "number", "the first result is no number")
    local shape = type(result)
    if code == own.auth.PASSDB_RESULT_OK then
      assert(shape == "table", "the second result of OK must be a table to suit 2.3 and 2.4.1")
      for name, value in pairs(result) do
        assert(type(name) == "string" and name ~= "" and not name:find("[\t\n]"), "bad field name")
        local kind = type(value)
        assert(kind == "string" or kind == "number" or kind == "boolean", "bad field value")
      end
    else
      assert(shape == "string", "the second result of a failure must be a string")
    end
    return code, result
  end

  function fake.list(entry)
    local names = entry()
    assert(type(names) == "table", "the list is no table")
    for _, name in pairs(names) do assert(type(name) == "string", "a name is no string") end
    return names
  end

  return fake
end

-- Stands for nil in the members of fake.request.
M.NONE = {}

return M
