--! Coroutines.
--@ both basics
S[[
local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) local d, e = coroutine.yield(c * 2) return d + e end)
return coroutine.resume(co, 1, 2)

local co = coroutine.create(function(a, b) local c = coroutine.yield(a + b) local d, e = coroutine.yield(c * 2) return d + e end)
local r = {} for i, args in ipairs{{1, 2}, {10}, {3, 4}, {}} do r[i] = {coroutine.resume(co, (unpack or table.unpack)(args))} end return r, coroutine.status(co)

local co = coroutine.create(function() end) return coroutine.status(co), coroutine.resume(co), coroutine.status(co), coroutine.resume(co)

local co = coroutine.create(function() error("inside") end) local a, b = coroutine.resume(co) return a, b, coroutine.status(co)

local co = coroutine.create(function() error({code = 5}) end) local a, b = coroutine.resume(co) return a, b.code

local co = coroutine.create(function() local x = nil; x() end) return coroutine.resume(co)

local co = coroutine.create(function(...) return select('#', ...), ... end) return coroutine.resume(co, nil, nil)

local co = coroutine.create(function() return coroutine.yield() end) return select('#', coroutine.resume(co)), coroutine.resume(co, 1, nil, 3)

local co co = coroutine.create(function() return coroutine.status(co), coroutine.resume(co) end) return coroutine.resume(co)

local outer outer = coroutine.create(function() local inner = coroutine.create(function() return coroutine.status(outer), coroutine.resume(outer) end) return coroutine.resume(inner) end) return coroutine.resume(outer)

local f = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) return f(), f(), f(), f()

local f = coroutine.wrap(function() return 1 end) f() return f()

local f = coroutine.wrap(function() return 1 end) f() local ok, m = pcall(f) return ok, m

local f = coroutine.wrap(function() error("wrapped") end) return pcall(f)

local f = coroutine.wrap(function() error("wrapped", 0) end) return pcall(f)

local f = coroutine.wrap(function() error({}) end) local ok, e = pcall(f) return ok, type(e)

local f = coroutine.wrap(function() error() end) return pcall(f)

local f f = coroutine.wrap(function() return pcall(f) end) return f()

local r = {} for v in coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end) do r[#r + 1] = v end return r

local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local function filter(p, g) return coroutine.wrap(function() while true do local n = g() if n == nil then return end if n % p ~= 0 then coroutine.yield(n) end end end) end
local x = coroutine.wrap(function() for i = 2, 40 do coroutine.yield(i) end end) local primes = {}
while true do local n = x() if n == nil then break end primes[#primes + 1] = n x = filter(n, x) end
return table.concat(primes, " ")

local function permute(a, n) n = n or #a if n <= 1 then coroutine.yield(table.concat(a)) else for i = 1, n do a[n], a[i] = a[i], a[n] permute(a, n - 1) a[n], a[i] = a[i], a[n] end end end
local r = {} for p in coroutine.wrap(function() permute{"a", "b", "c"} end) do r[#r + 1] = p end return r

local co = coroutine.create(function() coroutine.yield(1) end) coroutine.resume(co) coroutine.resume(co) return coroutine.resume(co)

local log = {} local a, b
a = coroutine.create(function() log[#log + 1] = "a1" coroutine.resume(b) log[#log + 1] = "a2" coroutine.yield() log[#log + 1] = "a3" end)
b = coroutine.create(function() log[#log + 1] = "b1 " .. coroutine.status(a) coroutine.yield() log[#log + 1] = "b2" end)
coroutine.resume(a) coroutine.resume(b) coroutine.resume(a) return table.concat(log, ","), coroutine.status(a), coroutine.status(b)
]]
--@ both bad arguments
E[[
coroutine.create()
coroutine.create(nil)
coroutine.create(1)
coroutine.create({})
type(coroutine.create(print))
coroutine.resume()
coroutine.resume(nil)
coroutine.resume(print)
coroutine.resume({})
coroutine.status()
coroutine.status(nil)
coroutine.status({})
coroutine.wrap()
coroutine.wrap(nil)
coroutine.wrap("x")
coroutine.yield()
coroutine.yield(1)
pcall(coroutine.yield)
coroutine.resume(coroutine.create(coroutine.yield), 1, 2)
coroutine.resume(coroutine.create(print))
coroutine.resume(coroutine.create(error), "x")
coroutine.resume(coroutine.create(string.rep), "x")
coroutine.resume(coroutine.create(pcall), error, "x")
coroutine.wrap(string.rep)("x", 3)
coroutine.wrap(coroutine.yield)(1, 2, 3)
select('#', coroutine.wrap(function() end)())
]]
--@ both yields everywhere
S[[
local co = coroutine.wrap(function() local t = {} for i = 1, 3 do t[i] = coroutine.yield(i) end return table.concat(t, ",") end) return co(), co("a"), co("b"), co("c")

local co = coroutine.wrap(function(...) local a, b = coroutine.yield(...) return a, b, ... end) return co(1, 2), co(3, 4)

local co = coroutine.wrap(function() return (function(...) return coroutine.yield(select('#', ...)) end)(1, nil, nil) end) return co(), co("r")

local co = coroutine.wrap(function() while true do local x = coroutine.yield() if x == "stop" then return "stopped" end end end) co() co(1) co(2) return co("stop")

local co = coroutine.create(function() local ok, e = pcall(error, "caught") coroutine.yield(e) return "end" end) local _, e = coroutine.resume(co) local _, r = coroutine.resume(co) return e, r

local function rec(n) if n == 0 then coroutine.yield("deep") return 0 end return 1 + rec(n - 1) end
local co = coroutine.wrap(function() return rec(100) end) return co(), co()

local co = coroutine.create(function() return coroutine.isyieldable and coroutine.isyieldable() end) return select('#', coroutine.resume(co))

local co = coroutine.wrap(function() local a = 1 + coroutine.yield() * 2 return a end) co() return co(5)

local co = coroutine.wrap(function() return "x" .. coroutine.yield() .. "z" end) co() return co("y")

local co = coroutine.wrap(function() return coroutine.yield() and "yes" or "no" end) co() return co(false)

local co = coroutine.wrap(function() local t = setmetatable({}, {}) t[coroutine.yield(1)] = coroutine.yield(2) return t end) co() co("key") return co("value")
]]
--@ both many
S[[
local n = 0 for i = 1, 1000 do local co = coroutine.wrap(function() coroutine.yield() n = n + 1 end) co() co() end return n

local cos = {} for i = 1, 200 do cos[i] = coroutine.wrap(function() local s = 0 while true do s = s + coroutine.yield(s) end end) cos[i]() end local sum = 0 for r = 1, 3 do for i = 1, 200 do sum = cos[i](i) end end return sum

local function nest(n) if n == 0 then return "bottom" end return coroutine.wrap(function() return nest(n - 1) end)() end return nest(100)

local function nest(n) if n == 0 then error("bottom", 0) end return coroutine.wrap(function() return nest(n - 1) end)() end return pcall(nest, 20)
]]
--@ 5.1 states
S[[
return coroutine.running()

local co co = coroutine.create(function() return coroutine.running() == co end) return coroutine.resume(co)

local co = coroutine.wrap(function() return pcall(function() coroutine.yield(1) end) end) return co()

local co = coroutine.wrap(function() return pcall(coroutine.yield, 1) end) return co()

local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end}) local co = coroutine.wrap(function() return t.x end) return pcall(co)

local co = coroutine.wrap(function() for k in (function() return coroutine.yield(1) end) do return k end end) return pcall(co)

return pcall(coroutine.resume, coroutine.create(function() end), 1)

coroutine.resume(coroutine.running())

local co = coroutine.create(function() error("x") end) coroutine.resume(co) return coroutine.resume(co)

local co = coroutine.wrap(function() error("x") end) pcall(co) return pcall(co)
]]
--@ 5.4 states
E[[
coroutine.isyieldable()
select(2, coroutine.running())
coroutine.status(coroutine.running())
coroutine.resume(coroutine.running())
coroutine.isyieldable(coroutine.create(print))
coroutine.isyieldable(1)
coroutine.close(coroutine.create(print))
coroutine.close(coroutine.running())
coroutine.close()
coroutine.close(nil)
coroutine.close(1)
coroutine.running(1)
]]
S[[
local co co = coroutine.create(function() local c, main = coroutine.running() return c == co, main, coroutine.isyieldable(), coroutine.status(c) end) return coroutine.resume(co)

local co = coroutine.wrap(function() return pcall(function() local x = coroutine.yield(1) error("got " .. x, 0) end) end) return co(), co("y")

local co = coroutine.wrap(function() return pcall(coroutine.yield, 1) end) return co(), co("r")

local t = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end}) local co = coroutine.wrap(function() return t.x .. t.y end) return co(), co("1"), co("2")

local m = {__add = function(a, b) return coroutine.yield("add") end, __lt = function() return coroutine.yield("lt") end, __concat = function() return coroutine.yield("concat") end, __eq = function() return coroutine.yield("eq") end, __call = function(_, ...) return coroutine.yield("call", ...) end, __len = function() return coroutine.yield("len") end, __newindex = function(t, k, v) coroutine.yield("newindex") rawset(t, k, v) end, __unm = function() return coroutine.yield("unm") end}
local a, b = setmetatable({}, m), setmetatable({}, m)
local co = coroutine.wrap(function() local r = {a + b, a < b, a .. b, a == b, a(5), #a, -a, a > b} a.x = 1 r[#r + 1] = a.x return r end)
local log = {co()} for i = 1, 9 do log[#log + 1] = co(i) end return log

local co = coroutine.wrap(function() for k, v in (function(s, c) return coroutine.yield(c) end), "state", 0 do return k, v end end) return co(), co("k", "v")

local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) return coroutine.close(co), coroutine.status(co), coroutine.resume(co)

local co = coroutine.create(function() error("boom", 0) end) coroutine.resume(co) return coroutine.close(co)

local co = coroutine.create(function() error({1}) end) coroutine.resume(co) return coroutine.close(co)

local co = coroutine.create(print) coroutine.resume(co) return coroutine.close(co), coroutine.close(co)

local co co = coroutine.create(function() return coroutine.close(co) end) return coroutine.resume(co)

local co co = coroutine.create(function() local inner = coroutine.create(function() return coroutine.close(co) end) return coroutine.resume(inner) end) return coroutine.resume(co)

local log = {} local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "closed " .. tostring(e) end}) coroutine.yield("y") end)
local _, y = coroutine.resume(co) return y, coroutine.close(co), log, coroutine.status(co)

local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() error("in close", 0) end}) coroutine.yield() end)
coroutine.resume(co) return coroutine.close(co)

local log = {} local f = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = tostring(e) end}) error("oops", 0) end)
local ok, m = pcall(f) return ok, m, log

local co = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() coroutine.yield("closing") end}) return "result" end) return co(), co()

return coroutine.wrap(function() return xpcall(coroutine.yield, debug.traceback, 1) end)()

local co = coroutine.create(function() local ok, m = pcall(table.sort, {3, 2, 1}, coroutine.yield) return m end) return coroutine.resume(co)

local co = coroutine.create(function() return string.gsub("abc", "b", coroutine.yield) end) return coroutine.resume(co)

local co = coroutine.wrap(function() return load(function() return coroutine.yield() end) end) return co()

local co = coroutine.wrap(function() return select(2, pcall(tostring, setmetatable({}, {__tostring = function() return coroutine.yield("t") end}))) end) return co()

local co = coroutine.create(function() error("x") end) coroutine.resume(co) return coroutine.resume(co)

local co = coroutine.wrap(function() error("x") end) pcall(co) return pcall(co)

local f = coroutine.wrap(function() local x = nil + 1 end) return pcall(f)

local function main() local ok = pcall(pcall, pcall, function() coroutine.yield(1) coroutine.yield(2) error("e") end) return "out", ok end local co = coroutine.wrap(main) return co(), co(), co()

local co = coroutine.wrap(function() return dofile and require and true end) return co()

local r = {} local co = coroutine.wrap(function() for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 3 then return coroutine.yield(i) end end})) do r[#r + 1] = v end return "end" end) return co(), co("a"), co("b"), r

local co = coroutine.wrap(function() local t = setmetatable({}, {__pairs = function(t) coroutine.yield("pairs") return next, {5}, nil end}) for k, v in pairs(t) do return k, v end end) return co(), co()
]]
