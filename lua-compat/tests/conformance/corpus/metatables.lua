--! Metatables and every metamethod.
--@ both __index
S[[
local t = setmetatable({a = 1}, {__index = {b = 2}}) return t.a, t.b, t.c

local t = setmetatable({a = 1}, {__index = function(t, k) return k .. "!" end}) return t.a, t.b, t["c d"]

local a = setmetatable({}, {__index = setmetatable({x = 1}, {__index = setmetatable({y = 2}, {__index = function(_, k) return "end " .. k end})})}) return a.x, a.y, a.z

local t = setmetatable({}, {__index = function(t, k) return 1, 2, 3 end}) return t.x

local t = setmetatable({}, {__index = function() end}) return t.x, t[1]

local t = setmetatable({}, {__index = "text"}) return t.len == string.len, t.x

local t = setmetatable({}, {__index = 5}) return t.x

local t = setmetatable({}, {__index = true}) return t.x

local t = setmetatable({}, {__index = 5}) return t.x.y

local t = {} setmetatable(t, {__index = t}) return t.x

local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) return a.x

local t = {} for i = 1, 10 do t = setmetatable({}, {__index = t}) end return t.x

local base = {v = "deep"} local t = base for i = 1, 50 do t = setmetatable({}, {__index = t}) end return t.v

local t = setmetatable({}, {__index = function(t, k) error("no field " .. k, 2) end}) return t.missing

local t = setmetatable({}, {__index = function(t, k) rawset(t, k, k * 2) return t[k] end}) return t[5], rawget(t, 5)

local t = setmetatable({}, {__index = function(_, k) return k end}) return t[1], t[1.5], t[true], t.x, t[nil]

local t = setmetatable({}, {__index = function(_, k) return k ~= k end}) return t[0/0], t[nil]

local Animal = {} Animal.__index = Animal function Animal.new(n) return setmetatable({name = n}, Animal) end function Animal:speak() return self.name .. " speaks" end
local Dog = setmetatable({}, {__index = Animal}) Dog.__index = Dog function Dog.new(n) return setmetatable(Animal.new(n), Dog) end function Dog:bark() return self:speak() .. " woof" end
return Dog.new("Rex"):bark(), Dog.new("x").missing

local f = function() end return pcall(function() return f.x end)

local t = setmetatable({}, {__index = setmetatable({}, {__call = function(self, t, k) return "called " .. k end})}) return t.x
]]
--@ both __newindex
S[[
local log = {} local t = setmetatable({a = 1}, {__newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v) end}) t.a = 2 t.b = 3 t.c = nil return t.a, t.b, log

local store = {} local t = setmetatable({}, {__newindex = store}) t.x = 1 return rawget(t, "x"), store.x

local a = setmetatable({}, {__newindex = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v * 10) end})}) a.x = 5 return rawget(a, "x"), rawget(getmetatable(a).__newindex, "x")

local t = setmetatable({}, {__newindex = 5}) t.x = 1

local t = setmetatable({}, {__newindex = "text"}) t.x = 1

local t = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v) end}) t.x = 1 t.x = 2 return t.x

local a, b = {}, {} setmetatable(a, {__newindex = b}) setmetatable(b, {__newindex = a}) a.x = 1

local t = setmetatable({}, {__newindex = function(t, k, v) error("read only", 2) end}) t.x = 1

local t = setmetatable({}, {__newindex = function(t, k, v) return "ignored" end}) t.x = 1 return t.x

local n = 0 local t = setmetatable({}, {__newindex = function() n = n + 1 end}) t[1] = 1 t[2], t[3] = 2, 3 t.x = nil return n

local t = setmetatable({}, {__newindex = function(t, k, v) return tostring(k) end}) t[nil] = 1 t[0/0] = 1 return "accepted"

local t = setmetatable({}, {__newindex = {}}) t[nil] = 1

local proxy = setmetatable({}, {__index = {x = 1}, __newindex = function(_, k) error("cannot set " .. k, 0) end}) return proxy.x, pcall(function() proxy.x = 2 end)
]]
--@ both arithmetic
S[[
local log = {} local m = {} for _, name in ipairs{"add", "sub", "mul", "div", "mod", "pow", "unm", "concat"} do m["__" .. name] = function(a, b) return name .. "(" .. type(a) .. "," .. type(b) .. ")" end end
local t = setmetatable({}, m)
return t + 1, 1 + t, t - 1, 1 - t, t * 1, 1 * t, t / 1, 1 / t, t % 1, 1 % t, t ^ 1, 1 ^ t, -t, t .. "x", "x" .. t, t .. t, t .. 1, 1 .. t, t + t, t + "x", "x" + t, t + nil, nil + t, t .. nil, nil .. t, {} + t, t - {}

local m = {__add = function(a, b) return 1, 2, 3 end} local t = setmetatable({}, m) return t + 1

local t = setmetatable({}, {__add = function() end}) return t + 1

local a = setmetatable({}, {__add = function() return "left" end}) local b = setmetatable({}, {__add = function() return "right" end}) return a + b, b + a, a + 1, 1 + b

local t = setmetatable({}, {__add = 5}) return t + 1

local t = setmetatable({}, {__add = setmetatable({}, {__call = function(self, a, b) return "callable" end})}) return t + 1

local t = setmetatable({}, {}) return t + 1

local t = setmetatable({}, {__sub = function() return 1 end}) return t + 1

local t = setmetatable({}, {__unm = function(a, b) return rawequal(a, b) end}) return -t

local t = setmetatable({}, {__concat = function(a, b) return (type(a) == "table" and "T" or a) .. "+" .. (type(b) == "table" and "T" or b) end}) return "a" .. "b" .. t, t .. "a" .. "b", "a" .. t .. "b", t .. t .. "c", 1 .. t

local t = setmetatable({}, {__concat = function() return nil end}) return t .. "x"

local V = {} V.__index = V V.__add = function(a, b) return setmetatable({x = a.x + b.x}, V) end V.__eq = function(a, b) return a.x == b.x end V.__tostring = function(v) return "V(" .. v.x .. ")" end V.__lt = function(a, b) return a.x < b.x end V.__le = function(a, b) return a.x <= b.x end
local function new(x) return setmetatable({x = x}, V) end local a, b = new(1), new(2)
return tostring(a + b), a == b, a == new(1), a ~= b, a < b, a > b, a <= b, a >= b, a + b == new(3)

local t = setmetatable({}, {__add = function(a, b) error("in add") end}) return t + 1

local t = setmetatable({}, {__mod = function(a, b) return "mod" end, __div = function() return "div" end}) return 5 % t, t / nil
]]
--@ 5.4 arithmetic
S[[
local m = {} for _, name in ipairs{"idiv", "band", "bor", "bxor", "shl", "shr", "bnot", "unm", "len"} do m["__" .. name] = function(a, b) return name .. "(" .. type(a) .. "," .. type(b) .. ")" end end
local t = setmetatable({}, m)
return t // 1, 1 // t, t & 1, 1 & t, t | 1, 1 | t, t ~ 1, 1 ~ t, t << 1, 1 << t, t >> 1, 1 >> t, ~t, -t, #t, t & 1.5, "x" | t, t & "x", t | nil, {} ~ t

local t = setmetatable({}, {__band = function() return 1 end}) return t | 1

local t = setmetatable({}, {}) return ~t

local t = setmetatable({}, {__idiv = function(a, b) return "i" end}) return t // 0, 0 // t

local t = setmetatable({}, {__bnot = function(a, b) return rawequal(a, b) end}) return ~t

local t = setmetatable({}, {__shl = function(a, b) return type(a) .. type(b) end}) return t << 1, 1 << t, 1.5 << t, "a" << t

local t = setmetatable({}, {__add = function(a, b) return math.type(a) or math.type(b) end}) return t + 1, t + 1.0, 1 + t, 1.5 + t, t + 300, 300 + t
]]
--@ both comparison
S[[
local m = {__lt = function(a, b) return "truthy" end, __le = function(a, b) return nil end} local a, b = setmetatable({}, m), setmetatable({}, m) return a < b, a > b, a <= b, a >= b, not (a < b)

local a = setmetatable({}, {__lt = function() return true end}) return a < setmetatable({}, {})

local m = {__eq = function(a, b) return 1 end} local a, b = setmetatable({}, m), setmetatable({}, m) return a == b, a ~= b, a == a, a == 1, a == "x", a == nil

local m = {__eq = function() error("called") end} local a = setmetatable({}, m) return a == a, a == {}  == false

local n = 0 local m = {__eq = function() n = n + 1 return false end} local a, b = setmetatable({}, m), setmetatable({}, m) local r = {a == b, a ~= b, rawequal(a, b)} return r, n

local m = {__lt = function(a, b) return a.v < b.v end} local a, b = setmetatable({v = 1}, m), setmetatable({v = 2}, m) return a < b, b < a, a > b

local m = {} local a, b = setmetatable({}, m), setmetatable({}, m) return a < b

local t = setmetatable({}, {__eq = function() return true end}) local k = {[t] = 1} return k[t], k[setmetatable({}, getmetatable(t))]

local m = {__lt = function(a, b) error("in lt", 0) end} local a = setmetatable({}, m) return a < a

local t = setmetatable({}, {__lt = 5}) return t < t
]]
--@ 5.1 comparison
S[[
local a = setmetatable({}, {__lt = function() return true end}) local b = setmetatable({}, {__lt = function() return true end}) return a < b

local f = function() return true end local a = setmetatable({}, {__lt = f}) local b = setmetatable({}, {__lt = f}) return a < b, a <= b

local a = setmetatable({}, {__lt = function() return true end}) return a < 1

local a = setmetatable({}, {__lt = function() return true end}) return 1 < a

local a = setmetatable({}, {__lt = function() return true end}) return a < "x"

local m = {__lt = function(a, b) return a.v < b.v end} local a, b = setmetatable({v = 1}, m), setmetatable({v = 2}, m) return a <= b, b <= a, a >= b, a <= a

local a = setmetatable({}, {__eq = function() return true end}) local b = setmetatable({}, {__eq = function() return true end}) return a == b

local f = function() return true end local a = setmetatable({}, {__eq = f}) local b = setmetatable({}, {__eq = f}) return a == b

local a = setmetatable({}, {__eq = function() return true end}) return a == {}, {} == a, a == 1

local a = setmetatable({}, {__len = function() return 5 end}) local p = newproxy(true) getmetatable(p).__len = function() return 7 end return #p

local a = newproxy(true) getmetatable(a).__lt = function() return true end return a < newproxy(a), a <= newproxy(a)
]]
--@ 5.4 comparison
S[[
local a = setmetatable({}, {__lt = function() return true end}) local b = setmetatable({}, {__lt = function() return false end}) return a < b, b < a, a < 1, 1 < a, a < "x", "x" < b, a > 1, nil < a

local a = setmetatable({}, {__lt = function() return true end}) return a <= a

local m = {__lt = function(a, b) return a.v < b.v end} local a, b = setmetatable({v = 1}, m), setmetatable({v = 2}, m) return a <= b

local a = setmetatable({}, {__eq = function() return true end}) return a == {}, {} == a, a == 1, a == setmetatable({}, {__eq = function() return false end})

local m = {__le = function(a, b) return type(a) .. type(b) end} local a = setmetatable({}, m) return a <= 1, 1 <= a, a >= 1, a <= "x", a <= a

local log = {} local m = {__lt = function(a, b) log[#log + 1] = (type(a) == "table" and "t" or a) .. "<" .. (type(b) == "table" and "t" or b) return true end} local t = setmetatable({}, m) local r = {t < 1, 1 < t, t > 1, 1 > t, t < 300, t > 1.5} return log

local a = setmetatable({}, {__eq = function(a, b) return coroutine.isyieldable() end}) return a == setmetatable({}, {}), a ~= setmetatable({}, {})
]]
--@ both __call
S[[
local t = setmetatable({}, {__call = function(self, ...) return select('#', ...), ... end}) return t(), t(1, nil), pcall(t, "x")

local t = setmetatable({}, {__call = function(self, a) return rawequal(self, a) end}) return t(t)

local t = setmetatable({}, {__call = 5}) return t()

local t = setmetatable({}, {}) return t()

local t = setmetatable({}, {__call = print}) return type(t)

local t = setmetatable({m = function(self, x) return x end}, {__call = function(self, x) return self:m(x) end}) return t("via")

local C = setmetatable({}, {__call = function(cls, v) return setmetatable({v = v}, {__index = cls}) end}) function C:get() return self.v end return C(7):get()

local t = setmetatable({}, {__call = function(self, n) if n == 0 then return "end" end return self(n - 1) end}) return t(1000)

local t = setmetatable({}, {__call = function(self, a, b) return b end}) for k in t, 1, 2 do return k end return "none"

local t = setmetatable({}, {__call = error}) return pcall(t, "x") == false

local t = setmetatable({}, {__call = function(...) return ... end}) return select('#', t(1, 2, 3))

local co = coroutine.wrap(setmetatable({}, {__call = function() return "co" end})) return co()
]]
--@ 5.1 __call chains
S[[
local inner = setmetatable({}, {__call = function(...) return select('#', ...) end}) local t = setmetatable({}, {__call = inner}) return t(1)
]]
--@ 5.4 __call chains
S[[
local inner = setmetatable({}, {__call = function(...) return select('#', ...), ... == nil end}) local t = setmetatable({}, {__call = inner}) return t(1)

local t = function(...) return select('#', ...) end for i = 1, 20 do t = setmetatable({}, {__call = t}) end return t("a", "b")

local t = setmetatable({}, {__call = setmetatable({}, {__call = 5})}) return t()


local s = string.rep local m = getmetatable("") m.__call = string.rep local r = ("x")(3) m.__call = nil return r
]]
--@ both __tostring __metatable __name
S[[
local t = setmetatable({}, {__tostring = function(self) return "shown" end}) return tostring(t), pcall(string.rep, t)

local t = setmetatable({}, {__metatable = "locked"}) return getmetatable(t), pcall(setmetatable, t, {})

local t = setmetatable({}, {__metatable = nil}) return type(getmetatable(t))

return getmetatable("").__metatable, pcall(setmetatable, {}, getmetatable(""))

local t = setmetatable({}, {__tostring = function() return "a", "b" end}) return tostring(t), select('#', tostring(t))

print(setmetatable({}, {__tostring = function() return "via print" end}), 1)

local t = setmetatable({}, {__mode = "k", __gc = function() end}) collectgarbage() return type(t)

local weak = setmetatable({}, {__mode = "v"}) weak[1] = {} weak[2] = "string" weak.x = 5 collectgarbage() collectgarbage() return weak[1], weak[2], weak.x

local weak = setmetatable({}, {__mode = "k"}) weak[{}] = 1 weak.x = 2 local keep = {} weak[keep] = 3 collectgarbage() collectgarbage() local n = 0 for k in pairs(weak) do n = n + 1 end return n, weak[keep]

local weak = setmetatable({}, {__mode = "kv"}) weak[1] = {} weak[{}] = 1 collectgarbage() collectgarbage() return next(weak)

setmetatable({}, {__gc = true}) setmetatable({}, {__gc = function() end}) collectgarbage() return "fine"
]]
--@ 5.4 __name __gc __mode
S[[
local t = setmetatable({}, {__name = "My.Class"}) return (tostring(t):gsub("0x%x+", "ADDR")), pcall(string.rep, t)

local t = setmetatable({}, {__name = "My.Class"}) return t + 1

local t = setmetatable({}, {__name = "My.Class"}) return t < t

local t = setmetatable({}, {__name = "My.Class"}) return t < 1

local t = setmetatable({}, {__name = "My.Class"}) return t .. "x"

local t = setmetatable({}, {__name = "My.Class"}) t()

local t = setmetatable({}, {__name = "My.Class"}) return math.floor(t)

local t = setmetatable({}, {__name = 5}) return t + 1

local done = {} setmetatable({}, {__gc = function() done[1] = "collected" end}) collectgarbage() collectgarbage() return done

local done = {} do local a <const> = setmetatable({}, {__gc = function(o) done[#done + 1] = type(o) end}) end collectgarbage() collectgarbage() return done

local cache = setmetatable({}, {__mode = "k"}) do local k = {} cache[k] = {ref = k} end collectgarbage() collectgarbage() return next(cache)

setmetatable({}, {__gc = function() error("in gc") end}) collectgarbage() return "survived"

local t = setmetatable({}, {__close = function() end, __name = "C"}) do local x <close> = t end return "closed"
]]
--@ both inheritance and environments
S[[
local Stack = {} Stack.__index = Stack function Stack.new() return setmetatable({n = 0}, Stack) end function Stack:push(...) for i = 1, select('#', ...) do self.n = self.n + 1 self[self.n] = (select(i, ...)) end return self end function Stack:pop() local v = self[self.n] self[self.n] = nil self.n = self.n - 1 return v end
local s = Stack.new():push(1, 2, 3) return s:pop(), s:pop(), s.n

setmetatable(_G, {__index = function(_, k) return "global " .. k end, __newindex = function(t, k, v) rawset(t, k, v) end}) local r = undefined_one setmetatable(_G, nil) return r

setmetatable(_G, {__newindex = function(_, k) error("assign to undeclared " .. k, 2) end}) local ok, m = pcall(function() undeclared_thing = 1 end) setmetatable(_G, nil) return ok, m

setmetatable(_G, {__index = function(_, k) error("undeclared " .. k, 2) end}) local ok, m = pcall(function() return undeclared_thing end) setmetatable(_G, nil) return ok, m

local default = setmetatable({}, {__index = function() return 0 end}) default.x = default.x + 1 default.x = default.x + 1 return default.x, default.y

local memo = setmetatable({}, {__index = function(t, n) local v = n < 2 and n or t[n - 1] + t[n - 2] t[n] = v return v end}) return memo[80]

local t = setmetatable({}, {__index = table}) t:insert("a") t:insert("b") return t:concat("-"), #t

local ro = setmetatable({}, {__index = {1, 2, 3}, __len = function() return 3 end}) return ro[2], rawget(ro, 2)
]]
