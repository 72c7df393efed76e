--! Functions of the base library: values, errors, calls.
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
