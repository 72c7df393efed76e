-- What a policy does: take a request apart, look up, decide, build an answer.
local networks = { "192.0.2.", "198.51.100.", "203.0.113." }
local users = {}
for i = 1, 500 do
  users["user" .. i] = { password = "secret" .. i, groups = { "staff", i % 3 == 0 and "admin" or "mail" }, quota = i * 10 }
end
local function split(text, separator)
  local parts, start = {}, 1
  while true do
    local from, to = text:find(separator, start, true)
    if not from then break end
    parts[#parts + 1] = text:sub(start, from - 1)
    start = to + 1
  end
  parts[#parts + 1] = text:sub(start)
  return parts
end
local function trusted(address)
  for _, prefix in ipairs(networks) do
    if address:sub(1, #prefix) == prefix then return true end
  end
  return false
end
local function member(user, group)
  for _, name in ipairs(user.groups) do if name == group then return true end end
  return false
end
local function decide(request)
  local parts = split(request.username, "@")
  local name, domain = parts[1]:lower(), parts[2] or "example.org"
  local user = users[name]
  if not user then return { result = "unknown" } end
  if user.password ~= request.password then return { result = "fail", name = name } end
  if not trusted(request.client_ip) and not member(user, "admin") then
    return { result = "reject", reason = string.format("%s may not come from %s", name, request.client_ip) }
  end
  local attributes = { account = name .. "@" .. domain, quota = user.quota, home = "/home/" .. domain .. "/" .. name }
  for key, value in pairs(request.headers) do
    if key:match("^x%-") then attributes[key:gsub("%-", "_")] = tostring(value) end
  end
  return { result = "ok", attributes = attributes }
end
local results = {}
for i = 1, 30000 do
  local ok, answer = pcall(decide, {
    username = "User" .. (i % 600) .. "@mail.example.org",
    password = "secret" .. (i % 7 == 0 and 1 or i % 600),
    client_ip = (i % 2 == 0 and "192.0.2." or "10.0.0.") .. (i % 250),
    headers = { ["x-forwarded-for"] = "10.1.2.3", host = "auth", ["x-request-id"] = i },
  })
  local key = ok and answer.result or "error"
  results[key] = (results[key] or 0) + 1
end
print(results.ok, results.fail, results.reject, results.unknown, results.error)
