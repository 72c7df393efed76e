--! The math library, and numbers as text.
--@ both rounding
E[[
math.floor(3.7), math.floor(-3.7), math.floor(3), math.floor(-0.5), math.floor("3.7"), math.floor(0), math.floor(2^52 + 0.5)
math.ceil(3.2), math.ceil(-3.7), math.ceil(3), math.ceil(0.5), math.ceil("3.2"), math.ceil(2^52 + 0.5)
math.abs(-5), math.abs(5), math.abs(-5.5), math.abs("-5"), math.abs(-1/0)
math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), math.fmod(-7, -3), math.fmod(5.5, 2), math.fmod(-5.5, 2), math.fmod(1, 1/0), math.fmod("7", "3")
math.modf(3.7)
math.modf(-3.7)
math.modf(5)
math.modf(1/0)
math.modf(-1/0)
math.modf(0.5)
math.modf(-0.25)
math.modf("2.5")
math.floor(1e300), math.ceil(-1e300), math.floor(1/0), math.ceil(-1/0)
math.max(1, 2, 3), math.max(3, 1), math.max(-1), math.max(1.5, 1), math.max("10", 9), math.max(1/0, 1), math.max(-1/0, -1e308)
math.min(1, 2, 3), math.min(3, 1), math.min(-1), math.min(1.5, 2), math.min("10", 9), math.min(1/0, 1), math.min(-1/0, -1e308)
math.max(1, 2.5), math.max(2, 2), math.min(1, 1.5)
math.max(0/0, 1) ~= math.max(0/0, 1), math.max(1, 0/0), math.min(1, 0/0)
]]
for _, name in ipairs{"floor", "ceil", "abs", "sqrt", "sin", "cos", "tan", "asin", "acos", "exp", "deg", "rad", "modf", "fmod", "max", "min", "log", "atan"} do
  E("math." .. name .. "()") E("math." .. name .. "(nil)") E("math." .. name .. "({})") E("math." .. name .. "('x')") E("math." .. name .. "(true, 1)") E("math." .. name .. "(1, {})") E("math." .. name .. "('1', 1)")
end
--@ both functions
E[[
math.sqrt(2), math.sqrt(16), math.sqrt(0), math.sqrt("4"), math.sqrt(-1) ~= math.sqrt(-1)
math.sin(0), math.cos(0), math.tan(0), math.sin(1), math.cos(1), math.tan(1), math.asin(1), math.acos(1), math.acos(0), math.atan(1), math.sin(1e10), math.cos(-3), math.asin(0.5), math.tan(1.5)
math.exp(0), math.exp(1), math.exp(-1), math.exp(710), math.exp(-1000), math.exp(0.5)
math.log(1), math.log(10), math.log(2), math.log(0), math.log(0.5), math.log(1e300), math.log(-1) ~= math.log(-1)
math.deg(math.pi), math.rad(180), math.deg(1), math.rad(1)
math.pi, math.huge, -math.huge, math.huge > 1e308
math.pi == 3.141592653589793, math.huge == 1/0
math.asin(2) ~= math.asin(2), math.acos(-2) ~= math.acos(-2), math.fmod(1/0, 1) ~= math.fmod(1/0, 1)
]]
--@ both math.random
E[[
math.random(1), math.random(1, 1), math.random(5, 5), math.random(-3, -3)
math.random(0) == nil
math.random(2, 1)
math.random(-1)
math.random(1, 2, 3)
math.random("x")
math.random({})
math.random(1, {})
math.random(1, 2, nil)
math.randomseed({})
math.randomseed("x")
math.randomseed(nil)
math.random("1"), math.random("3", "3")
]]
S[[
for i = 1, 200 do local r = math.random() if r < 0 or r >= 1 then return "out of range" end end return "fine"

for i = 1, 200 do local r = math.random(6) if r < 1 or r > 6 or r ~= math.floor(r) then return "out of range" end end return "fine"

for i = 1, 200 do local r = math.random(-3, 3) if r < -3 or r > 3 or r ~= math.floor(r) then return "out of range" end end return "fine"

local seen = {} for i = 1, 500 do seen[math.random(3)] = true end return seen

math.randomseed(42) local a = {math.random(1000), math.random(1000), math.random(1000)} math.randomseed(42) local b = {math.random(1000), math.random(1000), math.random(1000)} return a[1] == b[1] and a[2] == b[2] and a[3] == b[3]

math.randomseed(1) local a = math.random() math.randomseed(1) return a == math.random()
]]
--@ 5.4 math.random
E[[
math.type(math.random(10)), math.type(math.random()), math.type(math.random(0))
math.random(1.5)
math.random(1, 2.5)
math.random(2.0, 2.0)
math.random(math.mininteger, math.maxinteger) ~= nil
math.random(math.maxinteger, math.maxinteger)
math.random(math.maxinteger, math.mininteger)
math.random(0, math.mininteger)
math.randomseed(1, {})
math.randomseed(1, 2.5)
select('#', math.randomseed(1)), select('#', math.randomseed())
math.type((math.randomseed()))
]]
S[[
math.randomseed(42) return math.random(1000), math.random(1000), math.random(1000), math.random(0), math.random()

math.randomseed(42, 7) return math.random(100), math.random(-5, 5), math.random(2^53|0)

math.randomseed(1.5) return math.random(1000000)

math.randomseed(math.maxinteger) return math.random(math.mininteger, math.maxinteger), math.random(0, 2^40|0), math.random(7)

math.randomseed(123) local r = {} for i = 1, 10 do r[i] = math.random(6) end return r
]]
--@ 5.1 math only there
E[[
math.pow(2, 10), math.pow(2, 0.5), math.pow(0, 0), math.pow(-8, 1/3) ~= math.pow(-8, 1/3)
math.log10(1000), math.log10(1), math.log10(0), math.log10(2)
math.ldexp(1, 10), math.ldexp(0.5, 1), math.ldexp(1, -1), math.ldexp(3, 2.9), math.ldexp(1, 2000), math.ldexp(1, -2000)
math.frexp(8)
math.frexp(0.5)
math.frexp(0)
math.frexp(-10)
math.frexp(1/0)
math.frexp(1e-320)
math.cosh(1), math.sinh(1), math.tanh(1), math.cosh(0), math.sinh(0), math.tanh(1000)
math.atan2(1, 1), math.atan2(-1, -1), math.atan2(0, -1), math.atan2(1, 0), math.atan2(0, 1)
math.mod == nil, math.mod and math.mod(7, 3)
math.log(8, 2), math.log(100, 10)
math.atan(1, 2)
math.fmod(1, 0) ~= math.fmod(1, 0), math.fmod(0, 5)
math.max()
math.min()
math.pow(1)
math.ldexp(1)
math.random(0)
math.random(1.9), math.random(1.1, 1.9)
math.floor(-0.5), math.abs(-0)
math.randomseed()
math.randomseed(1, 2)
]]
--@ 5.4 math only there
E[[
math.type(1), math.type(1.0), math.type("1"), math.type(nil), math.type({}), math.type(2^53), math.type(1//1), math.type(1/1), math.type(3 // 1.0)
math.type()
math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.tointeger({}), math.tointeger(2^63), math.tointeger(-2^63), math.tointeger(5), math.tointeger("x"), math.tointeger(0/0), math.tointeger("3.0")
math.tointeger()
math.tointeger(nil)
math.ult(1, 2), math.ult(-1, 1), math.ult(1, -1), math.ult(0, 0), math.ult(math.maxinteger, math.mininteger)
math.ult(1)
math.ult(1.5, 2)
math.ult("1", "2")
math.ult("x", 1)
math.maxinteger, math.mininteger, math.maxinteger // 1 == math.maxinteger
math.log(8, 2), math.log(100, 10), math.log(27, 3), math.log(2, 4), math.log(10, 0), math.log(1024, 2), math.log(0, 2), math.log(8, 2.0)
math.log(1, "x")
math.log(8, 1)
math.atan(1, 2), math.atan(1, 1), math.atan(-1, -1), math.atan(0, -1), math.atan(1, 0), math.atan(0.0, -0.0), math.atan(1)
math.atan(1, "x")
math.abs(math.mininteger), math.abs(-0.0), math.abs(math.mininteger + 0.0), math.abs("-5.0")
math.floor(-0.0), math.ceil(-0.5), math.floor(2^62), math.floor(2^63), math.ceil(-2^63), math.floor(1e100), math.floor(0/0) ~= math.floor(0/0)
math.fmod(7, 0)
math.fmod(7, 0.0) ~= math.fmod(7, 0.0)
math.fmod(math.mininteger, -1), math.fmod(-6, 2), math.fmod(6, -4), math.fmod(-6.0, 2), math.fmod(math.mininteger, math.mininteger), math.fmod(math.maxinteger, math.mininteger), math.fmod(5, math.mininteger)
math.modf(2^53), math.modf(-0.0)
math.max(1, 2.5), math.max(2, 2.0), math.max(2.0, 2), math.min(1, 1.0), math.min(1.0, 1), math.max(math.maxinteger, 2^63)
math.max()
math.min()
math.sqrt(4), math.exp(0), math.sin(0), math.floor(3.0), math.ceil(3.0), math.floor("3"), math.floor("3.0"), math.ceil("0x10")
math.pow, math.cosh, math.log10, math.ldexp
]]
--@ both number literals
E[[
0, 1, 10, 007, 1.5, .5, 5., 0.0, 1e1, 1E1, 1e+1, 1e-1, .5e1, 5.e1, 1e0, 0e0, 0e10
0x0, 0xff, 0XFF, 0xAbC, 0x10, 0xfffffff
3.14159265358979323846, 1e308, 1e309, 1e-308, 1e-320, 1e-324, 2.5e-324, 4.9e-324
123456789012345678, 12345678901234567890, 99999999999999999999999999
0.1, 0.2, 0.1 + 0.2, 1/3, 100, 1e2, 1e15, 1e16, 123456.789e3
9007199254740993, 9007199254740992, 1e22, 1e23, 5e-1
]]
--@ 5.4 number literals
E[[
0x7fffffffffffffff, 0xffffffffffffffff, 0x10000000000000000, 0x1ffffffffffffffff, 0x8000000000000000
9223372036854775807, 9223372036854775808, -9223372036854775808, -9223372036854775807 - 1, 1e1, 1.0, 10 // 1
0x.8, 0x8., 0x.8p1, 0xA.8p-1, 0x1p4, 0x1P+4, 0x1p-1074, 0x1p1023, 0x1p1024, 0xffp0, 0x0.1, 0x.0p0
0x1.fffffffffffffp1023, 0x1.0000000000000000001, 0x123456789abcdef0p-4
1 == 1.0, 3 | 0, 1e2 | 0, 2^31 | 0
]]
--@ both number text
E[[
tostring(1), tostring(-1), tostring(0), tostring(123456789), tostring(1234567890123), tostring(0.1), tostring(1/3), tostring(-1/3), tostring(1e-10), tostring(123.456), tostring(1e14 + 0.5)
tostring(1e99), tostring(1e-99), tostring(123456789.123456789), tostring(0.1 + 0.2), tostring(100 * 1.1), tostring(1e21), tostring(3.14159265358979)
tostring(2^24), tostring(2^31), tostring(2^32), tostring(2^52), tostring(2^53), tostring(2^63), tostring(2^64), tostring(-2^63)
99999999999999 .. "", 999999999999999 .. "", 0.00001 .. "", 0.0001 .. "", 12345678.9 .. ""
]]
--@ 5.4 conversions between kinds of numbers
S[[
local t = {} for i = 1, 3 do t[i] = i / 1 end return t, 3 // 1, 3.0 // 1, 7 / 7

return 10 == 10.0, "10" == 10, 1 < 1.5, 2^53 == 2^53|0, math.type(2^2), math.type(10 // 2), math.type(10 / 2), math.type(10 % 3.0)

for i = 1, 3 do io.write(i, " ") end for i = 1.0, 3 do io.write(i, " ") end for i = 1, 2, 0.5 do io.write(i, " ") end print()

return 1e15, 1e14, 123456789012345.0, -1e15, 1e16 // 1, 2^53 // 1

return string.format("%d", 3.0), ("x"):rep(2.0), ({10, 20})[2.0], #("x"):rep(3.0)

return "0x10" + 0, "1e1" + 0, "10" + 0, "10." + 0, " 10 " + 0, "0x1p4" + 0, 10 .. 20

return math.maxinteger + 0.0, math.maxinteger + 1.0 == 2^63, (math.maxinteger + 0.0) | 0
]]
