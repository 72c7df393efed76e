--! Functions of the string library other than patterns, formats and packing.
--@ both string.len
E[[
string.len(""), string.len("abc"), string.len("a\0b"), ("x"):len(), string.len(12)
string.len(nil)
string.len()
string.len({})
("x").len(true)
string.len(("x"):rep(100000))
]]
--@ both string.sub
E[[
("hello"):sub(2), ("hello"):sub(2, 3), ("hello"):sub(-3), ("hello"):sub(-3, -2), ("hello"):sub(0), ("hello"):sub(1, 0)
("hello"):sub(10), ("hello"):sub(1, 100), ("hello"):sub(-100, 2), ("hello"):sub(-100, -100), ("hello"):sub(3, 2), ("hello"):sub(5, 5)
("hello"):sub(0, 0), ("hello"):sub(-1, 1), ("hello"):sub(6), ("hello"):sub(6, 6), (""):sub(1), (""):sub(-1, -1)
("a\0b"):sub(2, 2), ("a\0b"):sub(-1), ("a\0bc"):sub(2)
("hello"):sub("2", "3"), ("hello"):sub("2"), (12345):rep(1):sub(2, 3)
("hello"):sub()
("hello"):sub(nil)
("hello"):sub("x")
("hello"):sub(1, {})
("hello"):sub({}, 1)
("hello"):sub(1, nil)
string.sub()
string.sub(nil, 1)
string.sub({}, 1)
string.sub(12345, 2, 3)
("hello"):sub(2, nil), ("hello"):sub(1, -2)
("hello"):sub(2^31), ("hello"):sub(-2^31), ("hello"):sub(1, 2^31 - 1), ("hello"):sub(-2^31, 2^31 - 1)
("hello"):sub(2.0, 3.0)
]]
--@ 5.1 string.sub
E[[
("hello"):sub(1.9), ("hello"):sub(1, 2.9), ("hello"):sub(-1.9), ("hello"):sub("1.9")
]]
--@ 5.4 string.sub
E[[
("hello"):sub(1.9)
("hello"):sub(1, 2.5)
("hello"):sub("1.5")
("hello"):sub("2.0")
("hello"):sub(0/0)
("hello"):sub(1/0)
("hello"):sub(math.mininteger, math.maxinteger), ("hello"):sub(math.maxinteger), ("hello"):sub(math.mininteger, math.mininteger), ("hello"):sub(math.maxinteger, math.mininteger)
("hello"):sub(2^63)
("hello"):sub("0x2", "0x3")
]]
--@ both string.byte
E[[
("abc"):byte(), ("abc"):byte(2), ("abc"):byte(-1), ("abc"):byte(10), ("abc"):byte(0)
("abc"):byte(1, 3)
("abc"):byte(1, -1)
("abc"):byte(-2, -1)
("abc"):byte(2, 1)
("abc"):byte(0, 1)
("abc"):byte(3, 100)
(""):byte()
(""):byte(1, -1)
select('#', (""):byte())
("\0\255\128"):byte(1, -1)
string.byte()
string.byte({})
string.byte("x", {})
string.byte("x", 1, "y")
string.byte(65)
("abc"):byte("2")
("abc"):byte(nil, 2)
("abc"):byte(nil, nil)
select('#', ("x"):rep(200):byte(1, -1))
]]
--@ both string.char
E[[
string.char(), string.char(65), string.char(72, 105), string.char(0), string.char(255), #string.char(0, 0, 0)
string.char(256)
string.char(-1)
string.char("65"), string.char("65", 66)
string.char("x")
string.char(65, nil)
string.char(65, 66, 300)
string.char({})
string.char(1e10)
#string.char(("x"):rep(100):byte(1, -1))
]]
--@ 5.4 string.char
E[[
string.char(65.0)
string.char(65.5)
string.char(2^63)
string.char(math.mininteger)
]]
--@ 5.1 string.char
E[[
string.char(65.9)
]]
--@ both string.rep
E[[
("x"):rep(3), ("x"):rep(0), ("x"):rep(-1), ("x"):rep(-2^31), ("ab"):rep(2), (""):rep(10), ("a\0"):rep(2)
(""):rep(1e6), #("x"):rep(1e6)
("x"):rep()
("x"):rep("2")
("x"):rep("y")
("x"):rep({})
string.rep()
string.rep(nil, 1)
string.rep({}, 1)
string.rep(12, 2)
("x"):rep(nil)
("x"):rep(2.0)
]]
--@ 5.4 string.rep
E[[
("x"):rep(3, ","), ("x"):rep(1, ","), ("x"):rep(0, ","), ("x"):rep(2, ""), (""):rep(3, "-"), ("ab"):rep(2, "\0")
("x"):rep(3, 1), ("x"):rep(2, 1.5)
("x"):rep(3, {})
("x"):rep(3, nil)
("x"):rep(1.5)
("x"):rep(2^63)
("x"):rep(math.maxinteger)
("x"):rep(math.maxinteger, ",")
("xx"):rep(2^62|0)
("x"):rep(1 << 62, "yyyy")
(""):rep(math.mininteger)
("x"):rep(math.mininteger)
]]
--@ 5.1 string.rep
E[[
("x"):rep(1.9), ("x"):rep(0.5)
("x"):rep(3, ",")
]]
--@ both string.reverse lower upper
E[[
("abc"):reverse(), (""):reverse(), ("a\0b"):reverse(), string.reverse(123)
("aBc1\0É"):lower(), ("aBc1\0é"):upper(), (""):lower(), string.upper(1.5), ("ÄÖ"):lower()
string.reverse()
string.lower()
string.upper(nil)
string.lower({})
("x"):upper(1)
("\192\224"):lower(), ("\192\224"):upper()
]]
--@ both methods
E[[
("x").y, ("x").len == string.len, ("x")["rep"] == string.rep
("x").y.z
("x"):nothing()
("x").y()
("x")[1], ("x")[nil]
#("x" .. "y"), ("%d"):format(5), ("a,b"):find(",")
]]
S[[
local s = "x" s.y = 1

local s = "x" s[1] = 1

("x").y = 1

local m = getmetatable("") m.__index = function(s, k) return type(k) == "number" and string.sub(s, k, k) or string[k] end
local s = "hello" local r = s[2] .. s[5] .. s:upper()
m.__index = string return r

local m = getmetatable("") m.__call = function(s, a) return s .. a end
local r = ("x")("y") m.__call = nil return r

local m = getmetatable("") m.__unm = function(s) return "neg " .. s end
local r = -("abc") m.__unm = nil return r
]]
--@ 5.4 metamethods of strings
S[[
local m = getmetatable("") local names = {} for k in pairs(m) do names[#names + 1] = k end table.sort(names) return table.concat(names, " ")

return getmetatable("").__name, getmetatable("").__add("10", 5)

return getmetatable("").__add({}, 5)

return getmetatable("").__unm("x")
]]
--@ 5.1 metamethods of strings
S[[
local m = getmetatable("") local names = {} for k in pairs(m) do names[#names + 1] = k end table.sort(names) return table.concat(names, " ")
]]
--@ both string.dump
E[[
type(string.dump(function() end))
string.dump(print)
string.dump()
string.dump(1)
string.dump({})
]]
--@ both string.dump and back
S[[
local compile = loadstring or load
return compile(string.dump(function(a, b) return a .. b end))("x", "y")

local compile = loadstring or load
local f = compile(string.dump(function() local t = {} for i = 1, 3 do t[i] = i * i end return table.concat(t, ",") end)) return f()

local compile = loadstring or load
return string.dump(function() end):sub(1, 4)
]]
--@ both find and plain text
E[[
("hello world"):find("wor"), ("hello"):find("l"), ("hello"):find("xyz"), ("hello"):find("")
("hello"):find("", 3), ("hello"):find("", 6), ("hello"):find("", 7), ("hello"):find("", -1), ("hello"):find("", -100)
("hello"):find("l", 4), ("hello"):find("l", 5), ("hello"):find("l", -2), ("hello"):find("h", 0), ("hello"):find("h", -100)
("a.b"):find(".", 1, true), ("a.b"):find("%.", 1, true), ("a.b"):find(".", 2, true), ("a.b"):find("", 1, true), ("a.b"):find("", 10, true)
("a+b"):find("+", 1, true), ("a+b"):find("+", nil, true), ("x"):find("x", 1, nil), ("x"):find("x", 1, false), ("x."):find(".", 1, 0)
("a\0b"):find("\0"), ("a\0b"):find("\0b"), ("a\0b\0c"):find("\0c", 1, true), ("a\0b"):find("b")
("hello"):find("l", "3")
("hello"):find("l", "x")
("hello"):find("l", {})
("hello"):find()
("hello"):find(nil)
("hello"):find({})
string.find()
string.find(nil, "x")
("123"):find(2), string.find(123, "2")
("aXb"):find("%u"), ("hello"):find("(l)(l)"), ("hello"):find("()l()"), ("hello"):find("^h"), ("hello"):find("^e"), ("hello"):find("o$")
("hello"):find("^l", 3), ("hello"):match("^l", 3), ("hello"):find("^", 6), ("hello"):find("$")
("hello"):match("l", 4), ("hello"):match("(h)(.)", 1), ("hello"):match(".", 100), ("hello"):match("", 6), ("hello"):match("", 7), ("hello"):match("()", 6)
("hello"):find("l", 2^31)
("hello"):find("h", -2^31)
(("x"):rep(1000) .. "y"):find("y", 1, true), (("ab"):rep(1000) .. "b"):find("bb", 1, true)
]]
--@ 5.4 find
E[[
("x"):find("x", 1.5)
("x"):find("x", math.maxinteger), ("x"):find("x", math.mininteger), ("x"):find("", math.maxinteger)
("abc"):gmatch("b", 3)(), ("abc"):gmatch("b", 2)(), ("abc"):gmatch("%w", -1)(), ("abc"):gmatch("", 10)()
("abc"):gmatch("b", "x")
("abc"):gmatch(nil)
string.gmatch()
]]
S[[
local r = {} for k in ("hello"):gmatch("l", 4) do r[#r + 1] = k end return r

local r = {} for a in ("abc"):gmatch("^a") do r[#r + 1] = a end return r

local r = {} for a in ("aaa"):gmatch("^a") do r[#r + 1] = a end return r
]]
--@ 5.1 gmatch
S[[
local r = {} for a in ("abc"):gmatch("^a") do r[#r + 1] = a if #r > 5 then break end end return r

return string.gfind == string.gmatch, pcall(string.gfind, "x", "x")
]]
--@ both gmatch
S[[
local r = {} for w in ("one two  three"):gmatch("%a+") do r[#r + 1] = w end return r

local r = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do r[k] = v end return r

local r = {} for p in ("abc"):gmatch("()") do r[#r + 1] = p end return r

local r = {} for p in ("abc"):gmatch("") do r[#r + 1] = p end return #r

local r = {} for p in (""):gmatch(".*") do r[#r + 1] = p end return r

local r = {} for p in ("abc"):gmatch(".-") do r[#r + 1] = p end return r

local r = {} for p in ("a,b,,c"):gmatch("([^,]*)") do r[#r + 1] = p end return r

local f = ("abc"):gmatch(".") return f(), f(), f(), f(), f()

local f = ("x"):gmatch("(") return f()

local f = ("x"):gmatch("%") return f()

local f = ("abc"):gmatch("b") return select('#', f()), select('#', f())

for a in ("x"):gmatch({}) do end

for a in string.gmatch("x") do end
]]
--@ both gsub
E[[
("hello"):gsub("l", "L"), ("hello"):gsub("l", "L", 1), ("hello"):gsub("l", "L", 0), ("hello"):gsub("l", "L", -1), ("hello"):gsub("x", "y")
("hello"):gsub("", "-"), ("hello"):gsub("", "-", 2), (""):gsub("", "-"), (""):gsub("x", "-"), ("abc"):gsub(".", "%0%0"), ("abc"):gsub("(a)(b)", "%2%1")
("abc"):gsub("%w", "%%"), ("abc"):gsub("(.)", "%1%1"), ("abc"):gsub(".", "%1"), ("abc"):gsub("b", "%0%1%0")
("abc"):gsub("b", "%2")
("abc"):gsub("(b)", "%2")
("abc"):gsub("b", "%")
("abc"):gsub("b", "%a")
("abc"):gsub("b", "x%")
("abc"):gsub("x", "%9")
("abc"):gsub("b", {b = "B"}), ("abc"):gsub("%w", {a = 1, b = false, c = true})
("abc"):gsub("%w", {a = 1, b = false})
("abc"):gsub("(%w)(%w)", {a = "first"}), ("abc"):gsub("()", {1, 2, 3, 4}), ("abc"):gsub("%w", {})
("abc"):gsub("%w", {a = {}})
("abc"):gsub("%w", setmetatable({}, {__index = function(_, k) return k:upper() end}))
("abc"):gsub("%w", function(c) return c:byte() end), ("abc"):gsub("%w", function() end), ("abc"):gsub("%w", function() return false end), ("abc"):gsub("%w", function() return nil end)
("abc"):gsub("%w", function() return true end)
("abc"):gsub("%w", function() return {} end)
("abc"):gsub("%w", function() return print end)
("abc"):gsub("%w", function() error("inside", 0) end)
("abc"):gsub("%w", function(c) error("at " .. c) end)
("abc"):gsub("(a)(b)(c)", function(...) return select('#', ...) .. table.concat({...}) end), ("abc"):gsub("a()b", function(p) return p end)
("abc"):gsub("b", nil)
("abc"):gsub("b")
("abc"):gsub("b", true)
("abc"):gsub("b", 5), ("abc"):gsub("b", 1.5)
("abc"):gsub()
string.gsub()
string.gsub(nil, "x", "y")
("abc"):gsub({}, "y")
("abc"):gsub("b", "x", "y")
("abc"):gsub("b", "x", {})
("abc"):gsub("b", "x", "1"), ("abc"):gsub("%w", "x", 2.0), ("abc"):gsub("%w", "x", nil)
("abc def"):gsub("^%w", "X"), ("aaa"):gsub("^a", "b"), ("abc"):gsub("$", "!"), ("abc"):gsub("^", "!"), ("abc"):gsub("c$", "!")
("hello world"):gsub("o", "0", 1), ("  trim  "):gsub("^%s*(.-)%s*$", "%1"), ("a.b.c"):gsub("%.", "/"), ("a\0b"):gsub("\0", "0"), ("a\0b"):gsub("%z", "0")
("abc"):gsub("b*", "-"), ("abc"):gsub("x*", "-"), ("abc"):gsub(".-", "-"), ("hello"):gsub("l*", "x"), ("abb"):gsub("b*$", "x"), ("a b"):gsub("%s*", "_")
("$name is $age"):gsub("%$(%w+)", {name = "Lua", age = 30}), ("4+5 = $return 4+5$"):gsub("%$(.-)%$", function(s) return (loadstring or load)(s)() end)
("x"):rep(1000):gsub("x", "yy") == ("yy"):rep(1000), select(2, ("x"):rep(1000):gsub("x", "yy"))
("abc"):gsub("%f[%w]", "<"), ("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("THE (quick) fox"):gsub("%f[%a]%a+", "X")
]]
S[[
local seen = {} ("a=1 b=2"):gsub("(%w)=(%w)", function(k, v) seen[k] = v end) return seen

local n = 0 local r = ("abc"):gsub("%w", function() n = n + 1 if n == 2 then return "X" end end) return r

return (("abc"):gsub("%w", function(c) return (("xyz"):gsub("y", c)) end))

local co = coroutine.wrap(function() return (("ab"):gsub("%w", function(c) return coroutine.yield(c) end)) end) return pcall(co)
]]
