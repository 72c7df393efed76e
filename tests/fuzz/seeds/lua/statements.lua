local t = {1, 2, 3, a = 1}
for i = 1, #t do if i % 2 == 0 then t[i] = nil else t.a = t.a + i end end
for k, v in pairs(t) do print(k, v) end
local n = 0 while true do n = n + 1 if n > 5 then break end end
repeat local x = n n = n - 1 until x < 2
local function f(...) local a, b = ... return select('#', ...), a, b end
print(f(1, nil), (f()))
do local a, b = 1, 2 a, b = b, a end
return f(t)
