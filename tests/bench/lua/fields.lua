-- Tables with names as keys: records, globals, counting words, iteration.
counter = 0
local function point(x, y) return { x = x, y = y, name = "point" } end
local p = point(1, 2)
for i = 1, 2000000 do
  p.x = p.x + 1
  p.y = p.x - p.y
  counter = counter + 1
end
local total = 0
for i = 1, 200000 do
  local q = point(i, i + 1)
  total = total + q.x + q.y
end
local words, seen = { "user", "group", "host", "mail", "quota", "home", "uid", "gid" }, {}
for i = 1, 1000000 do
  local word = words[i % 8 + 1]
  seen[word] = (seen[word] or 0) + 1
end
local keys = {}
for i = 1, 200 do keys["key" .. i] = i end
for round = 1, 1500 do
  for key, value in pairs(keys) do total = total + value end
  for index, word in ipairs(words) do total = total + index end
end
print(p.x, counter, total, seen.user)
