-- Building strings: `..`, table.concat, string.format, upper, sub, byte, rep.
local length = 0
for i = 1, 400000 do
  local line = "user" .. i .. "@" .. (i % 100) .. ".example.org"
  length = length + #line
end
for round = 1, 20 do
  local parts = {}
  for i = 1, 10000 do parts[#parts + 1] = "item " .. i end
  length = length + #table.concat(parts, ", ")
end
local text = ""
for i = 1, 6000 do text = text .. "x" .. i end
length = length + #text
for i = 1, 100000 do
  local s = string.format("%s=%d (%5.2f)", "key", i, i / 7)
  length = length + #s:upper() + s:byte(1) + #s:sub(2, 5)
end
for i = 1, 100000 do length = length + #("ab"):rep(10) end
print(length)
