--! Every operator with every pair of kinds of operands: literals, which the compiler may fold, and locals.
--@ both arithmetic of literals
local values = {"nil", "true", "2", "-3", "0.5", "'10'", "'abc'", "''", "'0x10'", "' 7 '", "{}", "print", "1e308", "0"}
for _, operator in ipairs{"+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"} do
  for _, left in ipairs(values) do for _, right in ipairs(values) do
    -- Whether 0/0 is a negative NaN shows in text only.
    if not (operator == ".." and false) then E("(" .. left .. ") " .. operator .. " (" .. right .. ")") end
  end end
end
--@ both arithmetic of locals
local values = {"nil", "true", "2", "-3", "0.5", "'10'", "'abc'", "{}", "print", "1e308", "0"}
for _, operator in ipairs{"+", "-", "*", "/", "%", "^", "..", "<", "<=", ">", ">=", "=="} do
  for _, left in ipairs(values) do for _, right in ipairs(values) do
    S("local a, b = " .. left .. ", " .. right .. " return a " .. operator .. " b")
  end end
end
--@ both one operand
for _, value in ipairs{"nil", "true", "false", "2", "-3", "0.5", "'10'", "'abc'", "''", "{}", "{1, 2}", "print", "'0x1p1'"} do
  for _, operator in ipairs{"-", "not ", "#", "- -", "not not "} do
    E(operator .. "(" .. value .. ")")
    S("local a = " .. value .. " return " .. operator .. "a")
  end
end
--@ 5.4 integer operators of literals
local values = {"nil", "true", "2", "-3", "0.5", "2.0", "'10'", "'3.0'", "'1.5'", "'abc'", "{}", "1e308", "0", "-0.0", "math.maxinteger", "math.mininteger", "64", "-1", "1e15", "(1/0)"}
for _, operator in ipairs{"//", "%", "&", "|", "~", "<<", ">>", "+", "-", "*", "/", "^", "<", "<=", "=="} do
  for _, left in ipairs(values) do for _, right in ipairs(values) do
    E("(" .. left .. ") " .. operator .. " (" .. right .. ")")
  end end
end
--@ 5.4 integer operators of locals
local values = {"nil", "2", "-3", "0.5", "2.0", "'10'", "'1.5'", "'abc'", "{}", "0", "math.maxinteger", "math.mininteger", "-1", "1e100"}
for _, operator in ipairs{"//", "%", "&", "|", "~", "<<", ">>", "*", "-"} do
  for _, left in ipairs(values) do for _, right in ipairs(values) do
    S("local a, b = " .. left .. ", " .. right .. " return a " .. operator .. " b")
  end end
end
for _, value in ipairs(values) do S("local a = " .. value .. " return ~a") S("local a = " .. value .. " return -a") E("~(" .. value .. ")") end
--@ 5.4 constant operands
for _, value in ipairs{"nil", "2", "-3", "0.5", "'10'", "'abc'", "{}", "math.maxinteger"} do
  for _, expression in ipairs{"a + 1", "1 + a", "a - 1", "1 - a", "a * 2", "2 * a", "a / 2", "2 / a", "a // 2", "2 // a", "a % 2", "2 % a", "a ^ 2", "2 ^ a", "a & 1", "1 & a", "a | 1", "a ~ 1", "a << 1", "1 << a", "a >> 1", "1 >> a", "a < 1", "1 < a", "a <= 1", "1 <= a", "a > 1", "a >= 1", "a == 1", "a ~= 1", "a == 'abc'", "a + 1.5", "a < 1.5", "a .. 1", "1 .. a", "a + 300", "a < 300", "a == nil"} do
    S("local a = " .. value .. " return " .. expression)
  end
end
--@ 5.1 constant operands
for _, value in ipairs{"nil", "2", "-3", "0.5", "'10'", "'abc'", "{}"} do
  for _, expression in ipairs{"a + 1", "1 + a", "a - 1", "1 - a", "a * 2", "2 * a", "a / 2", "2 / a", "a % 2", "2 % a", "a ^ 2", "2 ^ a", "a < 1", "1 < a", "a <= 1", "1 <= a", "a > 1", "a >= 1", "a == 1", "a ~= 1", "a == 'abc'", "a + 1.5", "a < 1.5", "a .. 1", "1 .. a", "a == nil"} do
    S("local a = " .. value .. " return " .. expression)
  end
end
--@ both precedence
E[[
1 + 2 * 3, (1 + 2) * 3, 2 ^ 3 ^ 2, -2 ^ 2, 2 ^ -1, not nil == true, not (nil == true)
1 .. 2 .. 3, "a" .. 1 + 2, 2 * 3 .. 4, #"abc" + 1, -"2" + 1, - - 2, not not 1
1 < 2 == true, "a" < "b" == true, 1 == 1 == true
1 and 2 or 3, nil and 2 or 3, false or nil, nil or false, 1 or error("not reached"), nil and error("not reached")
5 % 3 * 2, 5 * 3 % 4, 2 * 3 ^ 2, -3 % 5, -(3 % 5), 7 - 3 - 2, 8 / 4 / 2
"x" .. "y" == "xy", #"a" .. "b", 2 ^ 2 * 3, -2 * -3, not 1 == 2
1 or 2 and 3, 1 and 2 or 3 and 4, (1 or 2) and 3, nil == false, 0 == false
1 .. 2 == "12", 2 > 1 and 1 < 2, "10" + 5 .. ""
]]
--@ 5.4 precedence
E[[
1 | 2 & 3, 1 | 2 ~ 3, 5 & 3 == 3 & 5, 1 << 2 + 1, (1 << 2) + 1, 1 .. 2 << 1
~0 & 0xF, ~5 + 1, -1 >> 60, 7 // 2 * 2, 7 // 2 ^ 2, 2 ^ 3 // 1, not ~0
3 | 4 ~ 1 & 7 << 1, "a" .. 1 | 2 == 3
1 < 2 | 4, 5 ~= 5 ~ 1, #"abc" << 1, 2 ~ 3 ~ 2
]]
--@ 5.4 integer limits
E[[
math.maxinteger + 1 == math.mininteger, math.mininteger - 1 == math.maxinteger, math.maxinteger * 2
math.mininteger // -1, math.mininteger % -1, -math.mininteger, math.abs(math.mininteger)
1 // 0
1 % 0
0 // 0
1.0 // 0, -1.0 // 0, 1 // 0.0, 1 % 0.0, 0.0 / 0 ~= 0.0 / 0
7 // 2, -7 // 2, 7 // -2, -7 // -2, 7.0 // 2, -7 // 2.0, 7 // -2.0
7 % 2, -7 % 3, 7 % -3, -7 % -3, 7.5 % 2, -7.5 % 2, 7.5 % -2, -7.5 % -2, 5 % math.huge, -5 % math.huge, 5 % -math.huge
1 << 0, 1 << 63, 1 << 64, 1 << -1, 1 << -64, -1 >> 1, -1 >> 63, -1 >> 64, -1 << 63, 1 >> -1, 2^53 << 1
1 << 1.5
1 << 2^63
"1" << 1, 1 << "1", "0x10" | 0, "3.0" | 0
"1.5" | 0
"a" | 0
1 | 2^53, 1 | -2^63
1 | 2^64
1 | 1.5
1 | (0/0)
1 | math.huge
1 == 1.0, math.maxinteger == math.maxinteger + 0.0, math.maxinteger < math.maxinteger + 0.0, math.maxinteger + 0.0 == 2^63
math.mininteger == -2^63, math.mininteger <= -2^63, math.mininteger < -2^63, math.maxinteger < 2^63, math.maxinteger >= 2^63
2^53 == 2^53 + 1, (2^53|0) + 1 == 2^53 + 1, (2^53|0) + 1 < 2^53, (2^53|0) + 1 > 2^53
1 < 1.5, 2 > 1.5, -1 < -0.5, 1 <= 1.0, 1 >= 1.0, 1 < 0/0, 1 > 0/0, 1 == 0/0, 0/0 ~= 0/0
3 / 2, 4 / 2, 1e308 * 10, -1e308 * 10, 2^1024, 2^-1074, 2^-1075
10 // 3.0, 10 % 3.0, 2^2, 10 / 2, 3 | 0, 3.0 | 0, 100000000000000 * 100000000000000
5 // -0.0, -5 // 0.0, 0.0 // -1, -0.0 // 1
1e15 // 1, 1e15 % 7, 2^53 % 3, -2^53 % 3, 5.3 % 0.1
math.tointeger(2^53), 9007199254740993 < 9007199254740992.0, 9007199254740993 == 9007199254740992.0
]]
--@ both comparison
E[[
"a" < "b", "a" < "B", "" < "a", "a" < "", "a\0b" < "a\0c", "a\0" > "a", "Z" < "a", "10" < "9", "a" <= "a"
"\255" > "a", "\200" < "\201", "abc" < "abd", "ab" < "abc"
1 < "2"
"1" < 2
{} < {}
{} < 1
nil < 1
1 <= nil
true < false
print < print
"a" < {}
nil <= nil
1 == "1", "1" == 1, nil == false, 0 == -0, {} == {}, print == print, "a" == "a"
0/0 == 0/0, 0/0 < 1, 0/0 > 1, 0/0 <= 0/0, not (0/0 == 0/0)
1/0 > 1e308, -1/0 < -1e308, 1/0 == 1/0, 1/0 == -1/0
1/0 - 1/0 ~= 1/0 - 1/0
"a" .. 1 == "a1", 1 .. "" == "1"
]]
--@ both concat
E[[
1 .. 2, 1.5 .. "x", -1 .. "x", 1e100 .. "", "a" .. "b" .. "c" .. 1 .. 2
"x" .. nil
nil .. "x"
"x" .. {}
{} .. "x"
"x" .. true
"x" .. print
"a" .. "b" .. nil
"a" .. nil .. "b"
1 .. nil
("x"):rep(100) .. ("y"):rep(100) == ("x"):rep(100) .. ("y"):rep(100)
"a\0b" .. "c\0d"
(1) .. (2) .. (3)
1/0 .. "", -1/0 .. ""
2^63 .. "", 2^31 .. "", 1e15 .. "", 1e14 .. "", 123456789012 .. ""
0.1 .. "", 1/3 .. "", 100 .. "", 3.14159265358979 .. ""
]]
--@ both length
E[[
#"", #"abc", #"a\0b", #{}, #{1, 2, 3}, #{n = 1}, #{[1] = 1, [2] = 2}
#nil
#5
#print
#true
#{1, 2, nil}, #{nil}, #{nil, nil}
#"\u{48}" > 0
]]
S[[
local t = {} for i = 1, 100 do t[i] = i end for i = 100, 51, -1 do t[i] = nil end return #t

local t = {1, 2, 3} t[#t + 1] = 4 t[#t] = nil return #t

local t = {} t[1] = 1 t[2] = 2 t[4] = 4 return #t == 2 or #t == 4

local t = {n = 1, [0] = 5} return #t
]]
--@ 5.4 length
E[[
#setmetatable({}, {__len = function() return 5 end}), #setmetatable({}, {__len = function() return "x" end})
#setmetatable({1}, {__len = function(t) return rawlen(t) * 2 end})
#setmetatable({}, {__len = 1})
]]
--@ 5.1 powers and modulo
E[[
2 ^ 0.5 == math.sqrt(2), (-8) ^ (1/3) ~= (-8) ^ (1/3), 0 ^ 0, 2 ^ -1, (-2) ^ 2, (-2) ^ 3
5 % 3, -5 % 3, 5 % -3, -5 % -3, 5.5 % 2, -5.5 % 2, 5 % 0 ~= 5 % 0, 0 % 5
1 / 0, -1 / 0, 2^53 + 1 == 2^53, 1e308 * 10
5 % (1/0), -5 % (1/0), 5 % (-1/0)
1e15 % 7, 2^60 % 1000, -2^60 % 1000
"10" + 1, "0x10" + 1, "1e1" * 2, " 5 " - 1, "5" / "2", "7" % "4", "2" ^ "3", -"5"
10 == "10", "abc" + 0 == nil
]]
--@ 5.4 string arithmetic
E[[
"10" + 1, "10" + 1.0, "10.0" + 1, "0x10" + 1, "1e1" * 2, " 5 " - 1, "5" / "2", "7" % "4", "2" ^ "3", -"5", -"5.0", "7" // "2"
"9223372036854775807" + 1, "9223372036854775808" + 1, -"9223372036854775808"
"10" | 1, "0xff" & "0x0f", ~"0", "1" << "4"
"abc" + 1
1 + "abc"
"abc" + "def"
{} + "1"
"1" + {}
"a" | 1
"1.5" & 1
1 & "1.5"
nil & "a"
"5" < 6
-"abc"
-{}
~"abc"
~1.5
~nil
"10" // 0
"10" % 0
]]
--@ both side effects
S[[
local order = {}
local function f(x) order[#order + 1] = x return x end
local r = f(1) + f(2) * f(3) - f(4) ^ f(5)
return table.concat(order, ","), r

local order = {}
local function f(x) order[#order + 1] = x return x end
local r = f("a") .. f("b") .. f("c")
return table.concat(order, ","), r

local order = {}
local function f(x) order[#order + 1] = x return x end
local r = f(1) < f(2)
r = f(3) > f(4)
r = f(5) <= f(6)
r = f(7) >= f(8)
return table.concat(order, ",")

local order = {}
local function mark(x) order[#order + 1] = x return {} end
local t = {[mark("key")] = mark("value"), mark("item")}
return table.concat(order, ",")

local a, b = 1, 2 a, b = b, a return a, b

local t = {} local i = 1 i, t[i] = i + 1, 20 return i, t[1], t[2]

local function f() return 1, 2, 3 end
local a, b, c, d = f() local e, g = f(), 10 local h = (f())
return a, b, c, d, e, g, h

local t = {1, 2} local function f() t = {3, 4} return 1 end
return t[f()]

local x = 1 local function set() x = 5 return 1 end
return x + set(), x

local a = {} local function ret() return a end
ret().x, ret().y = 1, 2 return a.x, a.y

local a, b, c = (function() return 1, 2 end)() return a, b, c

local x, x = 1, 2 return x
]]
