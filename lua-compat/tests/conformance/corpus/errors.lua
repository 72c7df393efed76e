--! Runtime errors: positions, arguments of functions, values, overflow of the stack.
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
