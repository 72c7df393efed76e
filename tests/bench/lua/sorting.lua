-- table.sort with and without a function, table.insert, table.remove.
local seed = 42
local function random()
  seed = (seed * 16807) % 2147483647
  return seed
end
local check = 0
for round = 1, 4 do
  local list = {}
  for i = 1, 30000 do list[i] = random() end
  table.sort(list)
  check = check + list[1]
  table.sort(list, function(a, b) return a > b end)
  check = check + list[2]
end
local names = {}
for i = 1, 15000 do names[i] = "name" .. random() end
table.sort(names)
local queue = {}
for i = 1, 200000 do table.insert(queue, i) end
for i = 1, 199000 do check = check + table.remove(queue) end
for i = 1, 2000 do table.insert(queue, 1, i) end
for i = 1, 2000 do check = check + table.remove(queue, 1) end
print(check, #names[1] > 4, #queue)
