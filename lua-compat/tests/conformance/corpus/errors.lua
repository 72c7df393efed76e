--! Runtime errors: messages, names of variables, positions, levels.
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
--@ both positions
S[[
local x = 1
local y = nil
local z = x + y

local t = {
  a = 1,
  b = undefined.x,
}

print(
  "nothing is printed",
  undefined.x
)

local function f()
  error("inside f")
end
f()

local function f()
  error("blamed on the caller", 2)
end
-- comment
f()

local s = "a" ..
  "b" ..
  undefined

local x =
  undefined
  .field

undefined(
)

local t = {}
t
.x
.y
= 1

return 1 +
  2 +
  {}

if 1 ==
  undefined.x then
end

for i = 1,
  undefined do
end

local function f(
  a,
  b)
  return a +
    b
end
f(1)

return undefined,
  undefined.x

while undefined.x do
end

repeat
  local a = 1
until undefined.x

assert(
  false
)

assert(undefined,
  "message")

error(
  "multi",
  1)

local ok, m = pcall(function()
  local x
  x()
end)
return m

string.rep(
)

("x"):rep(
  {})

local a = {} a.b.
c = 1

local f = function() return function()
  error("nested") end end
f()()

return (function()
 --
  return nil + 1 end)()

x = 1; y = undefined.y; z = 2

if false then
elseif undefined.x then
end

local t = setmetatable({}, {__index = function(t, k)
  error("in index " .. k)
end})
return t.x

local t = setmetatable({}, {__add = function(a, b)
  error("in add", 2)
end})
local r =
  t + 1

return ({})
  .x
  .y

f = undefined
  and undefined.x or undefined.y
]]
--@ both library arguments
S[[
("x"):rep()

string.rep()

string.rep("x")

local rep = string.rep rep("x")

local s = string s.rep("x")

local t = {f = string.rep} t.f("x")

local t = {f = string.rep} t:f()

local t = {f = string.rep} t:f(1)

pcall(string.rep) string.rep({}, 1)

setmetatable(1, {})

local sm = setmetatable sm(1)

math.floor("x")

math.floor({})

local floor = math.floor floor({})

table.concat({{}})

table.concat({1, 2, {}}, ",")

table.insert(nil, 1)

local t = nil table.insert(t, 1)

ipairs()

ipairs(nil)

tonumber()

tonumber("10", 99)

string.char(256)

string.char(-1)

string.format("%d", "x")

string.format("%d")

string.format("%s")

("%d"):format("x")

("%d"):format()

("x"):bad()

select(0)

select(-5, 1)

math.random(0, -1)

os.time({})

os.date(5, "x")

coroutine.resume(5)

coroutine.wrap(5)

io.open()

io.write({})

require()

string.gsub("x", "x")

string.gsub("x", "x", nil)

("x"):gsub("x", true)

("x"):find()

("x"):find({})

table.sort({3, 2, 1}, 5)

table.sort({1, "x", 2})

rawset({}, nil, 1)

rawget(5, 1)

next({}, "nope")

setmetatable({}, 5)

getmetatable()

error(setmetatable({}, {__tostring = function() return "custom" end}))

local f = string.rep return f()

local function f() return string.rep() end f()

local function f() string.rep() end f()

local function f(g) g() end f(string.rep)

for i in string.rep do end

local t = setmetatable({}, {__index = string.rep}) return t.x

local t = setmetatable({}, {__add = string.rep}) return t + 1

local t = setmetatable({}, {__call = string.rep}) return t()

return #string.rep()

return string.rep() .. "x"

coroutine.wrap(string.rep)()

table.sort({1, 2, 3}, string.rep)

("x"):gsub("x", string.rep)

local up = string.rep local function f() up() end f()

global_rep = string.rep global_rep()

_G.global_rep()

local a = {b = {c = string.rep}} a.b.c()

a = {b = {c = string.rep}} a.b.c()

a = {b = {c = string.rep}} a.b:c()

string["rep"]()

local k = "rep" string[k]()

(string.rep)()

(function() string.rep() end)()

xpcall(string.rep, error)

debug.traceback({}, {})

dofile("missing.lua")

tostring()

type()

assert()

unpack = unpack or table.unpack unpack()

pcall()

xpcall()

collectgarbage("bad option")
]]
--@ both error values
S[[
local ok, e = pcall(error, {code = 1}) return ok, e.code

local ok, e = pcall(error, nil) return ok, e

local ok, e = pcall(error, print) return ok, e == print

local e = setmetatable({}, {__tostring = function() return "E" end}) local ok, r = pcall(error, e) return ok, r == e, tostring(r)

local ok, e = pcall(function() error("a\0b") end) return e

local ok, e = pcall(function() error("") end) return e

local ok, e = pcall(function() error("with newline\nhere") end) return e

local ok, e = pcall(function() error(123) end) return e, type(e)

local function thrower(level) error("L" .. level, level) end
local function middle(level) thrower(level) end
local function top(level) middle(level) end
local r = {} for l = 0, 5 do r[#r + 1] = select(2, pcall(top, l)) end return r

local ok, e = pcall(function() local ok, e = pcall(error, "inner", 0) error(e .. " outer", 0) end) return e

local function try(f, ...) local r = {pcall(f, ...)} if r[1] then return "ok", (unpack or table.unpack)(r, 2) end return "failed", r[2] end return try(function(a) return a * 2 end, 4), try(function() error({}) end), try(error, "x")

return select('#', pcall(error)), select('#', pcall(error, nil))

local ok, e = pcall(string.rep, "x", {}) return e

local ok, e = pcall(("x").rep, "x") return e

local ok, e = pcall(setmetatable({}, {__call = function(self) error("in call") end})) return e

return pcall(pcall), pcall(pcall, nil), pcall(xpcall)
]]
--@ both stack overflow
local function first(message) return (tostring(message):match("stack overflow") or tostring(message):sub(1, 60)) end
T("without end", function() local function f() return 1 + f() end local ok, m = pcall(f) return ok, first(m) end)
T("mutual", function() local f, g function f() g() end function g() f() end local ok, m = pcall(f) return ok, first(m) end)
T("again and again", function() local n = 0 for i = 1, 5 do local function f() return 1 + f() end if not pcall(f) then n = n + 1 end end return n end)
T("in __index", function() local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) local ok, m = pcall(function() return t.x end) return ok end)
T("in __tostring", function() local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) local ok, m = pcall(tostring, t) return ok end)
T("in a coroutine", function() local co = coroutine.create(function() local function f() return 1 + f() end return f() end) local ok, m = coroutine.resume(co) return ok, first(m), coroutine.status(co) end)
T("position", function() local function f() return 1 + f() end local ok, m = pcall(f) return (tostring(m):match("^[^:]*:%d+: stack overflow")) ~= nil end)
T("in xpcall", function() local function f() return 1 + f() end return xpcall(f, function(m) return first(m) end) end)
T("deep recursion", function() local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(15000) end)
T("deep pcall", function() local function f(n) if n == 0 then return "bottom" end return select(2, pcall(f, n - 1)) end return f(150) end)
T("many results", function() local ok, m = pcall(function() return (unpack or table.unpack)({}, 1, 1e7) end) return ok, m end)
T("string.gsub in itself", function() local function f(n) if n == 0 then return "x" end return (string.gsub("a", "a", function() return f(n - 1) end)) end return f(100) end)
--@ 5.4 error in error handling
E[[
xpcall(error, function(m) error("again") end, "x")
select('#', xpcall(error, function(m) local x = nil + 1 end, "x"))
xpcall(function() local function f() return f() + 1 end return f() end, function(m) return "handled" end)
]]
--@ 5.1 error in error handling
E[[
xpcall(function() error("x") end, function(m) error("again") end)
xpcall(function() error("x") end, function(m) local x = nil + 1 end)
]]
--@ both uncaught error
print("before")
local function f() error("nobody catches this") end
f()
--@ both uncaught error without text
error({code = 2})
--@ both uncaught error with __tostring
error(setmetatable({}, {__tostring = function() return "shown as text" end}))
--@ both uncaught nil
error(nil)
--@ both uncaught number
error(42)
--@ both uncaught runtime error
local t = {}
t.x.y = 1
--@ both uncaught in a coroutine
coroutine.wrap(function() error("in coroutine") end)()
--@ both os.exit
print("before") os.exit(3)
--@ both os.exit true
os.exit(true)
--@ both os.exit false
os.exit(false)
--@ both os.exit in a coroutine
coroutine.wrap(function() os.exit(7) end)()
--@ both os.exit in pcall
pcall(os.exit, 9)
--@ both os.exit bad argument
T("table", os.exit, {})
T("text", os.exit, "x")
--@ both the end of a chunk
print("a") return 1, 2
