-- Tables with whole-numbered keys: a sieve, matrices, appending.
local count = 0
for round = 1, 3 do
  local sieve = {}
  for i = 2, 400000 do sieve[i] = true end
  for i = 2, 632 do
    if sieve[i] then
      for j = i * i, 400000, i do sieve[j] = false end
    end
  end
  for i = 2, 400000 do if sieve[i] then count = count + 1 end end
end
local function matrix(n)
  local m = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = i + j end
    m[i] = row
  end
  return m
end
local n = 90
local one, other, product = matrix(n), matrix(n), {}
for i = 1, n do
  local row, left = {}, one[i]
  for j = 1, n do
    local sum = 0
    for k = 1, n do sum = sum + left[k] * other[k][j] end
    row[j] = sum
  end
  product[i] = row
end
local list = {}
for i = 1, 300000 do list[#list + 1] = i end
print(count, product[n][n], #list)
