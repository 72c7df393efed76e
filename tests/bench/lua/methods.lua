-- Objects: methods through __index, inheritance, operators, __index and __newindex functions.
local Account = {}
Account.__index = Account
function Account.new(balance) return setmetatable({ balance = balance }, Account) end
function Account:deposit(n) self.balance = self.balance + n end
function Account:get() return self.balance end
local Saver = setmetatable({}, { __index = Account })
Saver.__index = Saver
function Saver.new(balance)
  local self = setmetatable(Account.new(balance), Saver)
  self.rate = 2
  return self
end
function Saver:interest() return self:get() * self.rate end
local sum, account, saver = 0, Account.new(0), Saver.new(10)
for i = 1, 1000000 do
  account:deposit(1)
  sum = sum + account:get()
end
for i = 1, 500000 do
  saver:deposit(1)
  sum = sum + saver:interest() % 7
end
for i = 1, 150000 do sum = sum + Saver.new(i):get() end
local Vector = {}
Vector.__index = Vector
Vector.__add = function(a, b) return setmetatable({ x = a.x + b.x, y = a.y + b.y }, Vector) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
local v, one = setmetatable({ x = 0, y = 0 }, Vector), setmetatable({ x = 1, y = 2 }, Vector)
for i = 1, 300000 do
  v = v + one
  if v == one then sum = sum + 1 end
end
local proxy = setmetatable({}, { __index = function(t, k) return k end })
for i = 1, 300000 do sum = sum + proxy[i] end
print(sum % 100000, v.x, v.y)
