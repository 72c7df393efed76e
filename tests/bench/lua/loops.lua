-- Numeric loops: arithmetic, comparison, branches.
local sum, odd = 0, 0
for i = 1, 6000000 do
  if i % 2 == 1 then odd = odd + 1 end
  sum = sum + i * 3 - 1
end
local a, b = 1, 0
while a < 4000000 do
  a = a + 1
  if b < a then b = b + 2 end
end
local x = 0.5
for i = 1, 3000000 do x = x * 1.0000001 + i / 3 end
print(sum % 1000, odd, b, x > 0)
