--! Runtime errors of operators: what they say, and the names of variables.
--@ both index
S[[
local a = nil return a.x

local a = nil return a[1]

local a = nil a.x = 1

local a = 5 return a.x

local a = true a.x = 1

local a = print return a.x

return undefined.x

return undefined[1]

undefined.x = 1

undefined.x.y = 1

local t = {} return t.a.b

local t = {} return t.a.b.c

local t = {} t.a.b = 1

local t = {a = {}} return t.a.b.c

local t = {} return t[1].x

local t = {} return t["a b"].x

local t = {} local k = "key" return t[k].x

local t = {} return t[1][2]

local t = {} t[1][2] = 3

local up = nil local function f() return up.x end return f()

local up = nil local function f() up.x = 1 end f()

local up = {} local function f() return up.a.b end return f()

return (nil).x

return (5).x

return ({}).x.y

return ("x").y.z

local function f() end return f().x

local function f() return nil end f().x = 1

return print().x

local t = setmetatable({}, {__index = function() end}) return t.a.b

local a, b = nil, {} return b[a].x

local t = {} return t[nil].x

local t = {x = 5} return t.x.y

local t = {x = 5} t.x.y = 1

local t = {} function t.f() return t.g.h end return t.f()

local s = "x" return s.y.z

local s = "x" s.y = 1

return math.nothing.x

return string.x.y

local t = {} t.x.y.z = 1

return _G.undefined.x

local a = {} return a.b["c"].d

local a return a.b.c.d

for i = 1, 1 do local x = nil; return x.y end

local t = {{}} return t[1].a.b
]]
--@ both call
S[[
undefined()

undefined.x()

local f = nil f()

local f = 5 f()

local f = {} f()

local f = "x" f()

local t = {} t.x()

local t = {} t:x()

local t = {x = 5} t.x()

local t = {x = 5} t:x()

local t = {} t.a.b()

local t = {a = {}} t.a.b()

local t = {a = {}} t.a:b()

local t = {} t[1]()

local t = {} local k = "x" t[k]()

local up local function f() up() end f()

local up = {} local function f() up.x() end f()

local up = {} local function f() up:x() end f()

(nil)()

(5)()

("x")()

("x"):y()

({})()

(function() end)()()

print()()

local s = "x" s:nothing()

local n = 5 n:x()

local n = nil n:x()

math.nothing()

string.nothing("x")

_G.undefined()

_G["undefined x"]()

return undefined() + 1

return 1 + undefined()

local x = {undefined()}

local t = {undefined}  return t[1]()

for i = 1, undefined() do end

local ok = pcall(undefined) return ok, select(2, pcall(undefined))

return (undefined or nothing)()

local function f(g) return g() end return f(5)

local function f(...) local a = ... a() end f()

local a = {b = {c = {}}} a.b.c.d()

local a = {b = {c = {}}} a.b.c:d()

if undefined() then end

while undefined() do end

repeat until undefined()

return undefined{}

return undefined"x"

return -undefined()

return not undefined()

coroutine.wrap(5)
]]
--@ both arithmetic
S[[
local a = nil return a + 1

local a = nil return 1 + a

local a = {} return a + 1

local a = "abc" return a + 1

local a = "abc" return 1 + a

local a = true return a * 2

return undefined + 1

return 1 - undefined

return undefined + undefined2

local t = {} return t.x + 1

local t = {} return 1 + t.x

local t = {} return t.x * t.y

local t = {} return t[1] + 1

local t = {} local k = "z" return t[k] + 1

local up local function f() return up + 1 end return f()

local up = {} local function f() return up.x + 1 end return f()

return nil + 1

return {} + 1

return "abc" + 1

return 1 + "abc"

return -{}

return -undefined

local a = {} return -a

local t = {} return -t.x

local a, b = 1, {} return a + b

local a, b = {}, 1 return a + b

local a, b = {}, nil return a + b

local a, b = nil, {} return a + b

local a, b = "x", {} return a + b

local a, b = {}, "x" return a + b

local a, b = "5", {} return a + b

local a, b = "x", "y" return a + b

local a, b = 5, "y" return a / b

local function f() end return f() + 1

local function f() return nil end return 1 + f()

local x = 5 x = x + nil

local t = {n = 1} t.n = t.n + t.m

local t = {} t.count = t.count + 1

count = count + 1

local s = 0 for i, v in ipairs({1, "x"}) do s = s + v end

for i = 1, 3 do local x = i + undefined end

return 2 ^ {}

return {} % 2

return 10 / nil

return ("x") * 2

local a = print return a + 1

local a = coroutine.create(print) return a + 1

local a = function() end return 1 - a

local a = nil return a + a

local a = nil local b = a * 2 + 1 return b

local a, b, c = 1, 2 return a + b + c

local a, b, c = 1, nil, 2 return a + b * c
]]
--@ both concat
S[[
local a = nil return a .. "x"

local a = nil return "x" .. a

local a = {} return "x" .. a .. "y"

return undefined .. "x"

return "x" .. undefined

return "a" .. "b" .. undefined

return "a" .. undefined .. "b"

return undefined .. undefined2 .. "x"

local t = {} return t.x .. "y"

local t = {} return "y" .. t.x

local t = {} return "y" .. t.x .. "z"

local up local function f() return "x" .. up end return f()

local up = {} local function f() return up.x .. "x" end return f()

return nil .. "x"

return "x" .. nil

return {} .. "x"

return "x" .. {}

return true .. ""

return print .. ""

local a, b = "x", true return a .. b

local a, b = {}, {} return a .. b

local a, b = nil, {} return a .. b

local a, b = 1, nil return a .. b

local a, b = nil, 1 return a .. b

local function f() end return "x" .. f()

local s = "" for i = 1, 3 do s = s .. undefined end

local s = "x" s = s .. nil

local t = {} t.s = t.s .. "x"

return "x" .. tostring(nil) .. nil

local a, b, c = "a", "b", {} return a .. b .. c

local a, b, c = "a", {}, "c" return a .. b .. c

local a, b, c = {}, "b", "c" return a .. b .. c
]]
--@ both compare and length
S[[
local a, b = nil, 1 return a < b

local a, b = 1, nil return a < b

local a, b = {}, {} return a < b

local a, b = 1, "x" return a < b

local a, b = "x", 1 return a < b

local a, b = true, false return a < b

local a, b = nil, nil return a < b

local a, b = print, print return a <= b

local a, b = {}, 1 return a > b

local a, b = 1, {} return a > b

local a, b = "x", {} return a >= b

local a, b = {}, "x" return a <= b

return undefined < 1

return 1 < undefined

return undefined > undefined2

return {} < {}

return 1 < "1"

return "1" <= 1

return nil > nil

local t = {} return t.x < 1

local t = {} if t.x > 5 then end

while undefined < 5 do end

local a = nil return #a

local a = 5 return #a

return #undefined

local t = {} return #t.x

local t = {} return #t[1]

local up local function f() return #up end return f()

return #nil

return #5

return #true

return #print

local function f() end return #f()

for i = 1, #undefined do end

local a = coroutine.create(print) return #a

local a, b = coroutine.create(print), coroutine.create(print) return a < b

local a = {} return a < 5
]]
--@ 5.4 bits and integers
S[[
local a = nil return a & 1

local a = 1.5 return a & 1

local a = "x" return a | 1

local a = "1.5" return a | 1

local a = {} return ~a

return undefined << 1

return 1 >> undefined

return 1.5 & 1

return 1 | 2^64

return 1 & "x"

return 1 ~ {}

local t = {} return t.x & 1

local t = {x = 1.5} return t.x | 1

local t = {x = 1.5} return 1 | t.x

local up = 1.5 local function f() return up << 1 end return f()

return undefined // 1

local a = 0 return 1 // a

local a = 0 return 1 % a

return 1 // 0

return 1 % 0

local a = 2^63 return a | 0

local a = -2^63 return a | 0

local a = 0/0 return a | 0

local a, b = 1.5, 2.5 return a & b

local a, b = 1, 2.5 return a & b

local a, b = "a", 2.5 return a & b

local a, b = {}, 2.5 return a & b

local a, b = 2.5, {} return a & b

local a <const> = 1.5 return a & 1

local x = 3.7 return x << 1.2

return math.huge | 0

return -1.5 >> 1

return ~1.5

return ~"1.5"

return ~"3"

return 2^53 | "x"

for i = 1, 10, 0 do end

return ("x"):rep(1e100)

return ("x"):rep(1.5)

local t = {} t[1.5 | 0] = 1
]]
--@ 5.4 constants and upvalues
S[[
local x <const> = nil return x.y

local x <const> = 5 return x.y

local x <const> = nil x()

local x <const> = "s" return x + 1

local x <const> = nil local function f() return x.y end return f()

local t <const> = {} return t.a.b

local _ENV = {} undefined()

local _ENV = {} return undefined.x

local _ENV = {} return undefined + 1

local _ENV = nil return x

local _ENV = nil x = 1

local _ENV = 5 return x

local function f(_ENV) return x.y end return f({})

local env = {} local function f() local _ENV = env return g() end return f()

return (function() local _ENV <const> = {} return a.b end)()

local t = {} return t["field"]()

local t = {} t["not a name"]()

local t = {} t["end"]()

return ("x").y()

return ({}).y()

return ({}):y()

local a = {} ; local b = a.x.y.z

local a = "abc" ; return a.x.y

string.x.y = 1

return #math.x

return -math.x

return math.x .. ""

return math.x < 1

return math.x & 1

goto_ = nil goto_()
]]
