-- Closures: making them, calling them, upvalues shared and kept.
local function counter()
  local n = 0
  return function(step) n = n + step return n end, function() return n end
end
local total = 0
for i = 1, 200000 do
  local add, get = counter()
  add(1) add(2)
  total = total + get()
end
local add, get = counter()
for i = 1, 2000000 do add(1) end
local function compose(f, g) return function(x) return f(g(x)) end end
local chain = function(x) return x end
for i = 1, 10 do chain = compose(chain, function(x) return x + i end) end
for i = 1, 60000 do total = total + chain(i) end
local function map(list, f)
  local out = {}
  for i = 1, #list do out[i] = f(list[i]) end
  return out
end
local list = {}
for i = 1, 100 do list[i] = i end
for i = 1, 3000 do list = map(list, function(x) return x + 1 end) end
print(total, get(), list[1])
