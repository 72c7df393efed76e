--! What only Lua 5.1 has: environments of functions.
--@ 5.1 setfenv getfenv
S[[
return getfenv() == _G, getfenv(1) == _G, getfenv(0) == _G, getfenv(print) == _G

local function f() return x end setfenv(f, {x = "own"}) return f(), getfenv(f).x, x

local env = {} local function f() y = 5 return y end setfenv(f, env) return f(), env.y, rawget(_G, "y")

local env = setmetatable({}, {__index = _G}) setfenv(1, env) z = 7 return z, env.z, rawget(_G, "z"), print == _G.print

local function f() setfenv(1, {v = "changed"}) return v end return f()

local function f() setfenv(2, setmetatable({w = "of the caller"}, {__index = _G})) end f() return w

local function f() return getfenv(2) end return f() == getfenv(1)

return setfenv(function() end, {}) ~= nil, type(setfenv(function() end, {}))

setfenv(1)

setfenv(1, 2)

setfenv()

setfenv({}, {})

setfenv("x", {})

setfenv(print, {})

setfenv(100, {})

getfenv(100)

getfenv(-1)

getfenv({})

getfenv("x")

getfenv(nil) 

setfenv(-1, {})

return getfenv(1.5) == _G

local function f() return function() return x end end setfenv(f, {x = 1}) local g = f() return g(), getfenv(g).x

local function outer() local function inner() return x end setfenv(1, {x = "outer", inner = inner}) return inner() end x = "global" return outer()

local f = loadstring("x = 1; return x") local env = {} setfenv(f, env) return f(), env.x

local f = loadstring("return function() return x end") setfenv(f, {x = "made inside"}) return f()()

local env = setmetatable({}, {__index = function(_, k) return k end, __newindex = function(t, k, v) rawset(t, k, v .. "!") end}) local function f() a = "set" return a, b end setfenv(f, env) return f()

local function f() return undefined.x end setfenv(f, {}) return pcall(f)

local function f() undefined() end setfenv(f, {}) return pcall(f)

local function f() return x end setfenv(f, {}) return f()

local co = coroutine.create(function() return x end) return pcall(setfenv, co, {}), debug.setfenv(co, {x = "thread"}) == co

local function f() return getfenv() end local e = {getfenv = getfenv} setfenv(f, e) return f() == e

local function f() return getfenv(0) == _G end return f()

local sandbox = {print = print, tostring = tostring} local f = loadstring("a = 1; return tostring(a), os") setfenv(f, sandbox) return f()

setfenv(1, {}) return x

local g = _G setfenv(1, {}) g.setfenv(1, g) return print == g.print
]]
--@ 5.1 old syntax
S[=[
local t = {n = 0} function t.add(...) t.n = t.n + select('#', ...) end t.add(1, 2, 3) return t.n

return table.getn({1, 2, 3}), math.mod and 1, string.gfind and 1

for k, v in {a = 1} do end

local function f(...) return arg.n, #arg end return f(nil, nil, 3)

return ("x"):rep(3), ("%d"):format(3.99), #arg

return 7 % 3, -7 % 3, 7 % -3, 2^10, 5 / 2, 1e15, 2^53
]=]
--@ 5.1 numbers are of one kind
S[[
return 10 / 2, 3.0, 1e2, 2^31, 100000000000000, 2^53, 1e15, 123456789012345

return 3 == 3.0, "3" == 3, 1 / 3

for i = 1, 2, 0.5 do io.write(i, " ") end print()

return tostring(3.0), 3.0 .. "", string.format("%d", 3.0), ({"a", "b"})[2.0], #{1, 2, 3} / 1

return math.floor(3.7) .. "", 7 / 7 .. "", 2^2 .. "", 10 % 3 .. "", -0 .. ""

local t = {} t[1] = "a" t[1.0] = "b" t[2^0] = "c" return #t, t[1]

return ("x"):len() / 1, #"abc" * 1.0, ("abc"):byte(1) / 1, ("abc"):find("b") / 1

return 1e308 * 10, -1e308 * 10, 2^1023 * 2, 9007199254740993, 9007199254740992 + 1

return tonumber("10") / 4, tonumber("0x10") / 32, tonumber("1e1"), tonumber("ff", 16) / 2

return math.huge, -math.huge, math.huge == math.huge + 1, math.max(1, 2) / 4

return 5 % 3.5, -5 % 3.5, 5.25 % -2, 2^0.5, 8 % 3.5

return select(2, 5, 6) / 4, unpack({7, 8}) / 2, os.time({year = 2000, month = 1, day = 1, hour = 0}) / 7

return 4294967296 * 4294967296, 4611686018427387904 * 2, 9223372036854775807, 9223372036854775807 + 1, 2^63 - 1

local i = 2^53 i = i + 1 return i == 2^53, i

local s = 0 for i = 1, 100 do s = s + i / 10 end return s

return 100000000000000000000, 1e20, 10^20, 10^15, 10^14

return -5 % 0 ~= -5 % 0, 5 / 0, -5 / 0, 0 / 5

return string.rep("x", 3.0), ("hello"):sub(2.0, 3.0), table.concat({1, 2, 3}, ",", 2.0, 3.0)
]]
