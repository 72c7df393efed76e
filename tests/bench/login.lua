-- wrk: logins of a thousand users, every tenth with a wrong password. Prints one line for
-- `compare.sh`: requests per second, p50 and p99 in microseconds, answers that were neither 200 nor 403.

local URL_PATH = "/api/v1/auth/json"
-- bench:bench-Secret-0123456789
local AUTHORIZATION = "Basic YmVuY2g6YmVuY2gtU2VjcmV0LTAxMjM0NTY3ODk="

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  counter = 0
  unexpected = 0
end

function request()
  counter = counter + 1
  local number = counter % 1000
  local password = counter % 10 == 0 and "wrong" or "password" .. number
  local body = string.format(
    '{"username":"user%d","password":"%s","client_ip":"192.0.2.%d","client_port":"%d",' ..
    '"local_ip":"198.51.100.1","local_port":"993","protocol":"imap","method":"plain","ssl":"1"}',
    number, password, counter % 250 + 1, 1024 + number)
  return wrk.format("POST", URL_PATH, {
    ["Authorization"] = AUTHORIZATION,
    ["Content-Type"] = "application/json",
    ["X-Dovecot-Session"] = "bench" .. counter,
  }, body)
end

function response(status)
  if status ~= 200 and status ~= 403 then
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
