--! Functions of the base library.
--@ both tostring
E[[
tostring(nil), tostring(true), tostring(false)
tostring(12), tostring(1e15), tostring(1e16), tostring(2^53), tostring(0.1)
tostring(1/0), tostring(-1/0)
tostring(0/0)
tostring(-(0/0))
tostring("a\0b"), tostring("")
tostring()
tostring(nil, 1)
tostring(setmetatable({}, {__tostring = function() return "mine" end}))
tostring(setmetatable({}, {__tostring = function(self, ...) return "got " .. select('#', ...) end}))
tostring(setmetatable({}, {__tostring = function() return 1 end}))
tostring(setmetatable({}, {__tostring = function() return nil end}))
tostring(setmetatable({}, {__tostring = function() return {} end}))
tostring(setmetatable({}, {__tostring = function() error("inside") end}))
tostring(setmetatable({}, {__tostring = function() error({}) end}))
tostring(setmetatable({}, {__tostring = 1}))
tostring(setmetatable({}, {__tostring = "text"}))
tostring({}):match("^table: 0x%x+$") ~= nil
tostring(print):match("^function: ") ~= nil
tostring(function() end):match("^function: 0x%x+$") ~= nil
tostring(coroutine.create(print)):match("^thread: 0x%x+$") ~= nil
tostring(io.stdout):match("^file %(0x%x+%)$") ~= nil
tostring(print) == tostring(print)
]]
--@ 5.4 tostring
E[[
tostring(-0.0), tostring(0.0), tostring(1.0), tostring(-1.0), tostring(3.0e0)
tostring(math.maxinteger), tostring(math.mininteger)
tostring(2^63), tostring(-2^63), tostring(1e100)
tostring(print):match("^function: builtin") or tostring(print):match("^function: 0x%x+$") ~= nil
tostring(setmetatable({}, {__name = "My.Type"})):gsub("0x%x+", "ADDR")
tostring(setmetatable({}, {__name = 1})):gsub("0x%x+", "ADDR")
tostring(setmetatable({}, {__name = "N", __tostring = function() return "T" end}))
]]
--@ both type
E[[
type(nil), type(1), type("x"), type({}), type(print), type(function() end)
type(true), type(coroutine.create(print)), type(io.stdout)
type()
type(nil, nil)
pcall(type)
]]
--@ both tonumber
E[[
tonumber("10"), tonumber("  10  "), tonumber("10a"), tonumber(""), tonumber(" ")
tonumber("0x10"), tonumber("0X1f"), tonumber("-0x10"), tonumber("0x"), tonumber("0xg")
tonumber("1e2"), tonumber("1E+2"), tonumber("1e-2"), tonumber("1e"), tonumber("e1")
tonumber(".5"), tonumber("5."), tonumber("."), tonumber("-.5e1"), tonumber("+1")
tonumber("- 1"), tonumber("--1"), tonumber("1 2"), tonumber("1,5"), tonumber("1_000")
tonumber("\t\n\v\f\r10\t\n\v\f\r")
tonumber("10\0"), tonumber("\0" .. "10"), tonumber("1\0001")
tonumber("inf"), tonumber("nan"), tonumber("-inf"), tonumber("Infinity"), tonumber("NaN")
tonumber("1e400"), tonumber("-1e400"), tonumber("1e-400")
tonumber(nil)
tonumber()
tonumber({}), tonumber(true), tonumber(print)
tonumber(5), tonumber(5.5)
tonumber("10", 2), tonumber("12", 2), tonumber("ff", 16), tonumber("FF", 16), tonumber("zz", 36), tonumber("Zz", 36)
tonumber("7", 8), tonumber("8", 8), tonumber("-ff", 16), tonumber("  11  ", 2), tonumber("1 1", 2)
tonumber("", 10), tonumber("-", 10), tonumber("+1", 10)
tonumber("1.5", 10), tonumber("1e1", 10), tonumber("1e1", 16)
tonumber("10", 1)
tonumber("10", 37)
tonumber("10", 0)
tonumber("10", -2)
tonumber("10", "x")
tonumber("10", "16")
tonumber("99", 36), tonumber("7fffffffffffffff", 16)
tonumber("10", 10.0)
tonumber("0x1p4"), tonumber("0x.8"), tonumber("0xA.8p1")
tonumber(("1"):rep(30)), tonumber(("0"):rep(100) .. "1")
tonumber("0x" .. ("0"):rep(100) .. "1")
tonumber("1" .. ("0"):rep(400))
tonumber("0.1e1"), tonumber("00012"), tonumber("1e+"), tonumber("1e5.5")
tonumber("0b1"), tonumber("1f"), tonumber("1d"), tonumber("1L"), tonumber("0x1L")
]]
--@ 5.1 tonumber
E[[
tonumber(12, 8), tonumber(9, 8)
tonumber({}, 10)
tonumber(nil, 10)
tonumber("ffffffffffffffff", 16)
tonumber("0xffffffffffffffffff")
tonumber(1e15, 10)
]]
--@ 5.4 tonumber
E[[
tonumber(12, 8)
tonumber(nil, 10)
tonumber({}, 10)
tonumber("ffffffffffffffff", 16), tonumber("10000000000000000", 16)
tonumber("0xffffffffffffffff"), tonumber("0x10000000000000000"), tonumber("0x1ffffffffffffffff")
tonumber("9223372036854775807"), tonumber("9223372036854775808"), tonumber("-9223372036854775808"), tonumber("-9223372036854775809")
tonumber("1e1"), tonumber("0x1p-2"), tonumber("0x.1"), tonumber("0x1.8"), tonumber("0x1p"), tonumber("0xp1"), tonumber("0x.p1")
tonumber("1e308"), tonumber("1e309")
tonumber("-0"), tonumber("-0.0"), tonumber("0x-1")
tonumber("10", 2.5)
tonumber("1 "), tonumber("1 .")
tonumber(setmetatable({}, {__tostring = function() return "5" end}))
]]
--@ both assert
E[[
assert(1, 2, 3)
assert(true)
assert(nil)
assert(false)
assert(nil, "message")
assert(false, nil)
assert(false, {1})
assert(false, 12)
assert()
select('#', assert(1, nil, nil))
assert(0), assert("")
]]
S[[
local function check() assert(false, "no position is added") end
check()

local good, message = pcall(assert, false)
return good, message

local good, message = pcall(assert, nil, nil)
return good, message

local value = {}
local good, message = pcall(assert, false, value)
return good, message == value

assert(nil, "x", "y")
]]
--@ both error
S[[
error("plain")

error("level 0", 0)

error("level 1", 1)

error("level 2", 2)

error("level 3", 3)

error("level 30", 30)

error("negative", -1)

error()

error(nil)

error(nil, 2)

error({code = 1})

error({code = 1}, 2)

error(12)

error(12.5, 0)

error(true)

error("x", "1")

error("x", {})

error("x", nil)

local function inner() error("named", 1) end
local function outer() inner() end
outer()

local function inner() error("named", 2) end
local function outer()
  -- a line more
  inner()
end
outer()

local function inner() error("named", 3) end
local function outer() inner() end

local function inner() error('named', 3) end local function outer() inner() end
--
outer()

local function a() error("tail", 2) end
local function b() return a() end
b()

local good, message = pcall(error)
return good, message, select('#', pcall(error))

return pcall(error, "through pcall")

return pcall(error, "through pcall", 1)

return pcall(error, "through pcall", 2)

error(setmetatable({}, {__tostring = function() return "shown" end}))
]]
--@ both pcall
E[[
pcall(function() return 1, nil, 3 end)
pcall(function() end)
pcall(function(...) return ... end, 1, nil, nil)
pcall(error, "x")
pcall(error, {1, 2})
pcall(nil)
pcall({})
pcall(1)
pcall("x")
pcall()
pcall(setmetatable({}, {__call = function(self, a) return "called", a end}), 5)
pcall(pcall, error, "x")
pcall(pcall)
pcall(pcall, pcall, pcall, error, "deep")
select('#', pcall(function() return nil, nil end))
pcall(function() local x = nil; return x.y end)
pcall(function() return undefined.field end)
pcall(function() return ("x") + 1 end)
pcall(string.rep)
pcall(string.rep, "x", -1)
pcall(coroutine.wrap(function() error("in coroutine") end))
pcall(coroutine.wrap(function() return 1, 2 end))
pcall(select, 0)
pcall(setmetatable, 1, 2)
]]
S[[
local depth = 0
local function nest(n) if n == 0 then error("bottom", 0) end local good, message = pcall(nest, n - 1) error(message .. n, 0) end
return pcall(nest, 9)

local ok, err = pcall(function() error() end)
return ok, err, type(err)

local results = {}
for i = 1, 3 do results[i] = {pcall(function() if i == 2 then error("two", 0) end return i end)} end
return results
]]
--@ both xpcall
E[[
xpcall(function() return 1, 2 end, print)
xpcall(function() error("x", 0) end, function(m) return m .. " handled" end)
xpcall(function() error("x") end, function(m) return m .. " handled" end)
xpcall(function() error({}) end, function(m) return type(m) end)
xpcall(function() error("x", 0) end, function(m) return 1, 2 end)
xpcall(function() error("x", 0) end, function(m) end)
xpcall(function() local x = nil; x() end, function(m) return m end)
xpcall(error, function(m) return "handled " .. tostring(m) end)
select('#', xpcall(function() error("x") end, function() return 1, 2, 3 end))
xpcall(nil, function(m) return "handled: " .. tostring(m) end)
xpcall({}, function(m) return "handled: " .. tostring(m) end)
xpcall(function() error("first", 0) end, function(m) return pcall(error, m) end)
xpcall(function() return pcall(error, "inner") end, function() return "not called" end)
xpcall(function() error() end, function(m) return m == nil end)
xpcall(function() return 1 + {} end, function(m) return m end)
xpcall()
]]
S[[
local trace
xpcall(function() error("x") end, function(m) trace = debug.traceback(m, 1) end)
return trace:match("^[^\n]*"), trace:match("\n(stack traceback:)\n") ~= nil

local seen = {}
local function handler(m) seen[#seen + 1] = m return "h:" .. tostring(m) end
local r1 = {xpcall(function() error("one", 0) end, handler)}
local r2 = {xpcall(function() xpcall(error, handler) error("two", 0) end, handler)}
return r1, r2, seen

return (function() local co = coroutine.wrap(function() return xpcall(function() coroutine.yield(1) error("after", 0) end, function(m) return "H" .. m end) end) return co() end)()
]]
--@ 5.1 xpcall
E[[
xpcall(function(...) return select('#', ...) end, print, 1, 2)
xpcall(function() end)
xpcall(function() end, nil)
xpcall(error, nil)
xpcall(error, {})
]]
--@ 5.4 xpcall
E[[
xpcall(function(...) return select('#', ...), ... end, print, 1, nil, 3)
xpcall(function() end)
xpcall(function() end, nil)
xpcall(function() end, {})
xpcall(error, nil, "x")
xpcall(error, function(m) return "got " .. tostring(m) end, "argument", 0)
xpcall(string.rep, function(m) return m end)
xpcall(error, function(m) error(m) end, "x") == false
]]
S[[
local co = coroutine.wrap(function() return xpcall(function(a) local b = coroutine.yield(a) error("after " .. b, 0) end, function(m) return "H " .. m end, "in") end)
return co(), co("back")

local co = coroutine.wrap(function() return pcall(function() coroutine.yield(1) coroutine.yield(2) return "done" end) end)
return co(), co(), co()

local co = coroutine.wrap(function() local ok, m = pcall(function() coroutine.yield(1) error("x", 0) end) coroutine.yield(m) return pcall(error, "y") end)
return co(), co(), co()
]]
--@ both select
E[[
select(1, "a", "b", "c")
select(2, "a", "b", "c")
select(3, "a", "b", "c")
select(4, "a", "b", "c")
select(100, "a")
select(-1, "a", "b", "c")
select(-3, "a", "b", "c")
select(-4, "a", "b", "c")
select(0, "a")
select('#')
select('#', nil)
select('#', nil, nil)
select('#', 1, nil, 3)
select("2", "a", "b")
select("x", "a")
select(nil, "a")
select({})
select()
select('#', select(2, 1, 2, 3))
select('#', (select(2, 1, 2, 3)))
select("#x", 1)
]]
--@ 5.4 select
E[[
select(1.0, "a")
select(1.5, "a")
select(2^53, "a")
select(-2^53, "a")
select(math.maxinteger, 1)
select(math.mininteger, 1)
select("1.5", "a")
]]
--@ 5.1 select
E[[
select(1.9, "a", "b")
select(2.5, "a", "b")
select(-1.5, "a", "b")
]]
--@ both rawget rawset rawequal
E[[
rawget({5}, 1), rawget({}, 1), rawget({x = 1}, "x")
rawget(setmetatable({}, {__index = function() return 1 end}), "x")
rawget(1, 1)
rawget()
rawget({})
rawget({}, nil)
rawget(nil, 1)
rawset({}, "x", 5).x
rawset({}, nil, 1)
rawset({}, 0/0, 1)
rawset({}, 1)
rawset(1, 1, 1)
rawset({})
rawset()
rawset({}, "x", nil)
rawset(setmetatable({}, {__newindex = error}), 1, 2)
rawequal(1, 1), rawequal("a", "a"), rawequal({}, {}), rawequal(nil, nil), rawequal(nil, false)
rawequal(1, "1"), rawequal(0, -0), rawequal(0/0, 0/0)
rawequal(1)
rawequal()
rawequal(setmetatable({}, {__eq = function() return true end}), setmetatable({}, {__eq = function() return true end}))
]]
--@ 5.4 rawlen rawequal
E[[
rawlen({1, 2, 3}), rawlen("abc"), rawlen({}), rawlen("")
rawlen(setmetatable({1}, {__len = function() return 10 end}))
rawlen(1)
rawlen(nil)
rawlen()
rawequal(1, 1.0), rawequal(2^53, 2^53|0), rawequal(-0.0, 0)
]]
--@ both next
E[[
next({}), next({5}), next({x = 1})
next({}, nil)
next({5}, 1)
next({}, 1)
next({}, "x")
next({5}, 2)
next()
next(nil)
next(1)
next("x")
next({10, 20}, 1)
next({}, 0/0)
type(next), next ~= nil
]]
S[[
local t, keys = {1, 2, 3, x = 4}, 0
local k, v = next(t)
while k do keys = keys + 1 k, v = next(t, k) end
return keys

local t = {a = 1, b = 2, c = 3, d = 4}
for k in next, t do t[k] = nil end
return next(t)

local t = {a = 1, b = 2, c = 3}
for k in pairs(t) do t[k] = 10 end
return t

local t = {} for i = 1, 100 do t[i] = i end
local sum = 0
for k, v in pairs(t) do t[k] = nil sum = sum + v end
return sum, next(t)
]]
--@ both pairs
E[[
select('#', pairs({}))
pairs(nil)
pairs()
pairs(1)
pairs("x")
pairs(print)
(pairs({})) == next, type(select(2, pairs({}))), select(3, pairs({}))
]]
S[[
local order = {}
for k, v in pairs({10, 20, 30}) do order[#order + 1] = k .. "=" .. v end
return table.concat(order, " ")

local n = 0
for k, v in pairs({1, nil, 3, x = 1, [2.5] = 2, [true] = 3}) do n = n + 1 end
return n

for k in pairs(undefined_global) do end

local t = {} for k in pairs(t.x) do end
]]
--@ 5.4 pairs
E[[
pairs(setmetatable({}, {__pairs = function(t) return 1, 2, 3, 4 end}))
select('#', pairs(setmetatable({}, {__pairs = function(t) return 1 end})))
pairs(setmetatable({}, {__pairs = 1}))
pairs(setmetatable({}, {__pairs = function() error("in pairs", 0) end}))
]]
S[[
local t = setmetatable({}, {__pairs = function(self) return function(_, k) k = (k or 0) + 1 if k <= 3 then return k, k * k end end, self, nil end})
local r = {} for k, v in pairs(t) do r[#r + 1] = k .. ":" .. v end
return table.concat(r, ",")
]]
--@ both ipairs
E[[
select('#', ipairs({}))
type((ipairs({}))), type(select(2, ipairs({}))), select(3, ipairs({}))
ipairs(nil)
ipairs()
]]
S[[
local r = {} for i, v in ipairs({1, 2, nil, 4}) do r[#r + 1] = i .. v end
return table.concat(r, ",")

local r = {} for i, v in ipairs({[0] = 0, 1, 2}) do r[#r + 1] = i end
return table.concat(r, ",")

local t = {1, 2, 3} local r = {}
for i, v in ipairs(t) do r[#r + 1] = v if i < 5 then t[#t + 1] = v * 10 end end
return table.concat(r, ",")

local r = {} for i, v in ipairs({false, true, "x"}) do r[#r + 1] = tostring(v) end
return table.concat(r, ",")

for i, v in ipairs(undefined_global) do end

local f, t, i = ipairs({"a", "b"})
return f(t, 0), f(t, 1), f(t, 2), select('#', f(t, 2))
]]
--@ 5.1 ipairs
E[[
ipairs(1)
ipairs("x")
]]
S[[
local r = {} for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 4 then return i end end})) do r[#r + 1] = v end
return #r
]]
--@ 5.4 ipairs
E[[
select('#', ipairs(1))
select('#', ipairs("x"))
]]
S[[
local r = {} for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 4 then return i * i end end})) do r[#r + 1] = v end
return table.concat(r, ",")

for i, v in ipairs(1) do end

for i, v in ipairs("x") do end return "nothing"
]]
--@ both setmetatable getmetatable
E[[
getmetatable({}), getmetatable(1), getmetatable(nil), getmetatable(print)
getmetatable("").__index == string
getmetatable()
getmetatable(setmetatable({}, {__metatable = "hidden"}))
getmetatable(setmetatable({}, {__metatable = false}))
setmetatable(setmetatable({}, {__metatable = 1}), {})
setmetatable(setmetatable({}, {__metatable = 1}), nil)
setmetatable(setmetatable({}, {}), nil)
setmetatable({}, 1)
setmetatable({})
setmetatable(1, {})
setmetatable()
setmetatable("x", {})
setmetatable({}, "x")
setmetatable({}, false)
select('#', setmetatable({}, {}))
setmetatable(nil, {})
]]
--@ both dofile loadfile
E[[
loadfile("missing.lua")
loadfile("broken.lua")
type(loadfile("answers.lua"))
loadfile("answers.lua")("given")
dofile("answers.lua")
dofile("missing.lua")
dofile("broken.lua")
dofile("raises.lua")
loadfile("raises.lua")()
loadfile({})
]]
--@ 5.4 loadfile
E[[
loadfile("answers.lua", "t", {})("x")
loadfile("answers.lua", "b")
loadfile("answers.lua", "bt")("x")
loadfile("answers.lua", 1)
]]
--@ both collectgarbage
E[[
collectgarbage(), collectgarbage("collect")
type(collectgarbage("count"))
collectgarbage("count") > 0
collectgarbage("stop"), collectgarbage("restart")
type(collectgarbage("step"))
type(collectgarbage("step", 100))
type(collectgarbage("setpause", 200)), type(collectgarbage("setstepmul", 200))
collectgarbage("nonsense")
collectgarbage(1)
collectgarbage({})
collectgarbage(nil)
]]
--@ 5.4 collectgarbage
E[[
collectgarbage("isrunning")
collectgarbage("incremental")
collectgarbage("generational")
collectgarbage("incremental", 100, 100, 10)
math.type(collectgarbage("count"))
collectgarbage("step", "x")
]]
--@ both print
S[[
print()

print(nil, true, 1, "x")

print("a\0b", "tab\tin", "")

print(setmetatable({}, {__tostring = function() return "shown" end}))

print(setmetatable({}, {__tostring = function() return 1 end}))

print(1, setmetatable({}, {__tostring = function() error("in tostring", 0) end}))

print(1e15, 1e100, -1.5, 2^31, 10 / 2)

return print(1), select('#', print())

print((("x"):rep(10000)):len())
]]
--@ both globals
E[[
_G == _G._G, _G.print == print, type(_G)
_VERSION
type(_VERSION)
_ENV ~= nil, unpack ~= nil, loadstring ~= nil, setfenv ~= nil, getfenv ~= nil, module ~= nil
rawlen ~= nil, utf8 ~= nil, table.pack ~= nil, table.unpack ~= nil, table.move ~= nil, warn ~= nil, gcinfo ~= nil, newproxy ~= nil
math.pow ~= nil, math.cosh ~= nil, math.type ~= nil, math.ult ~= nil, math.log10 ~= nil, math.ldexp ~= nil, math.mod ~= nil
table.getn ~= nil, table.setn ~= nil, table.foreach ~= nil, table.foreachi ~= nil, table.maxn ~= nil
string.pack ~= nil, string.gfind ~= nil, string.dump ~= nil, string.packsize ~= nil
coroutine.close ~= nil, coroutine.isyieldable ~= nil, debug.setuservalue ~= nil, debug.getfenv ~= nil, debug.upvalueid ~= nil
package.loaders ~= nil, package.searchers ~= nil, package.seeall ~= nil, package.searchpath ~= nil, package.config
bit32 ~= nil, bit ~= nil
]]
S[[
local names = {} for name, value in pairs(_G) do if not ("SHOW ALL T V E S C M arg nauthilus_builtin"):find(name, 1, true) then names[#names + 1] = name .. ":" .. type(value) end end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(string) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(table) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(math) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(coroutine) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(os) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(io) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(debug) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(package) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name in pairs(package.loaded) do names[#names + 1] = name end
table.sort(names) return table.concat(names, " ")
]]
--@ 5.4 utf8 names
S[[
local names = {} for name, value in pairs(utf8) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")
]]
--@ 5.4 load
E[[
load("return 1 + 1")()
load("return ...")(1, 2, 3)
load("x =")
load("x =", "@file.lua")
load("x =", "=name")
load("x =", "some text")
load("x =", "first line\nsecond line")
load("x =", ("long text "):rep(20))
load("x =", "@" .. ("long/path/"):rep(20) .. "file.lua")
load("x =", "=" .. ("longname"):rep(20))
load("x =", "")
load("x =", "=")
load("x =", "@")
load("x =\n\n\n=")
load("error('run')", "=named")()
load("error('run')", "text of the chunk")()
load("error('run')")()
load("return x", "n", "t", {x = 5})()
load("x = 5; return x", "n", "t", setmetatable({}, {__index = _G}))()
load("return x", "n", "b")
load("return x", "n", "q")
load("return 1", "n", "bt")()
load("return 1", "n", nil, nil)()
load("return print", "n", "t", nil)()
load("return _ENV", "n", "t", 5)()
load("return y.z", "n", "t", {})()
load(nil)
load()
load({})
load(5)
load(true)
load("return 1", {})
load("return 1", nil, {})
load(function() return nil end)
load(function() return nil end)()
load(function() return "" end)()
load(function() return {} end)
load(function() error("reader", 0) end)
load(coroutine.wrap(function() coroutine.yield("return ") coroutine.yield("1") coroutine.yield("2") end))()
load("\27Lua")
load("\27Lua", "n", "t")
load("# comment\nreturn 1")
load("#!/bin/lua\nreturn 1")
load("return 'a\0b'")()
load("return\0")
select('#', load("x x"))
load("local x <const> = 5; return x")()
load("goto nowhere")
load("break")
load("return return")
load(("x = 1 "):rep(1000)) ~= nil
]]
S[[
local parts, i = {"return ", "{", "1,", "2", "}"}, 0
return load(function() i = i + 1 return parts[i] end)()

local i = 0
return load(function() i = i + 1 return ("return 'byte by byte', 42"):sub(i, i) end)()

local f = load("x = 1") local env = {} 
local g = load("x = 1; return x", "c", "t", env)
return g(), env.x, rawget(_G, "x")

local f = load("local a = ... ; return function() a = (a or 0) + 1 return a end")
local g, h = f(10), f(20)
return g(), g(), h()
]]
--@ 5.1 load loadstring
E[[
loadstring("return 1 + 1")()
loadstring("return ...")(1, 2, 3)
loadstring("x =")
loadstring("x =", "@file.lua")
loadstring("x =", "=name")
loadstring("x =", "some text")
loadstring("x =", "first line\nsecond line")
loadstring("x =", ("long text "):rep(20))
loadstring("x =", "@" .. ("long/path/"):rep(20) .. "file.lua")
loadstring("x =", "=" .. ("longname"):rep(20))
loadstring("x =", "")
loadstring("x =", "=")
loadstring("x =\n\n\n=")
loadstring("error('run')", "=named")()
loadstring("error('run')", "text of the chunk")()
loadstring("error('run')")()
loadstring()
loadstring(nil)
loadstring({})
loadstring(5)
loadstring("5")
loadstring(function() end)
load(function() return nil end)()
load(function() return {} end)
load(function() error("reader", 0) end)
load("return 1")
load()
load(nil)
load(5)
load(coroutine.wrap(function() coroutine.yield("return ") coroutine.yield("1") coroutine.yield("2") end))()
loadstring("# comment\nreturn 1")
loadstring("return 'a\\0b'")()
loadstring("x x")
loadstring("break")
loadstring("return return")
loadstring(("x = 1 "):rep(1000)) ~= nil
loadstring("return 1", {})
load(function() return nil end, "name")
]]
S[[
local parts, i = {"return ", "{", "1,", "2", "}"}, 0
return load(function() i = i + 1 return parts[i] end)()

local i = 0
return load(function() i = i + 1 return ("return 'byte by byte', 42"):sub(i, i) end)()

local i = 0
return load(function() i = i + 1 return ({"x = ", "= 1"})[i] end, "@named.lua")

local f = loadstring("local a = ... ; return function() a = (a or 0) + 1 return a end")
local g, h = f(10), f(20)
return g(), g(), h()
]]
--@ 5.1 unpack
E[[
unpack({1, 2, 3})
unpack({1, 2, 3}, 2)
unpack({1, 2, 3}, 2, 3)
unpack({1, 2, 3}, 3, 2)
unpack({1, 2, 3}, -1, 1)
unpack({1, 2}, 1, 4)
unpack({}, 1, 1e8)
unpack({}, 1, 2^31)
unpack()
unpack(nil)
unpack(1)
unpack({1, nil, 3}, 1, 3)
unpack({}, "x")
unpack({1, 2}, "1", "2")
unpack(setmetatable({}, {__index = function(_, i) return i end}), 1, 3)
unpack({1.5, 2.5}, 1.9)
]]
--@ 5.1 gcinfo newproxy
E[[
type(gcinfo())
type(newproxy()), type(newproxy(true)), type(newproxy(false))
getmetatable(newproxy()), type(getmetatable(newproxy(true)))
newproxy(1)
newproxy({})
newproxy("x")
type(newproxy(newproxy(true)))
newproxy(newproxy())
]]
S[[
local p = newproxy(true)
local m = getmetatable(p)
m.__index = function(_, k) return k .. "!" end
m.__len = function() return 7 end
m.__call = function(_, a) return a end
m.__tostring = function() return "proxy" end
m.__add = function() return "sum" end
return p.field, #p, p(3), tostring(p), p + 1

local p = newproxy(true) local q = newproxy(p)
return getmetatable(p) == getmetatable(q), p == q, rawequal(p, p)

local p = newproxy() return p.x

local p = newproxy() p.x = 1

local p = newproxy() return p + 1

local p = newproxy() return #p
]]
--@ 5.4 warn
S[[
warn("@off") warn("nothing is seen") return select('#', warn("x"))

warn()

warn(nil)

warn(1, {})

warn("a", "b", 1)
]]
