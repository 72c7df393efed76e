--! Numbers at their limits, big programs, deep nesting.
--@ 5.4 comparison of integers and floats
local values = {"math.maxinteger", "math.mininteger", "math.maxinteger + 0.0", "math.mininteger + 0.0", "2^53", "2^53 + 1", "(2^53|0) + 1", "-(2^53|0) - 1", "0", "-0.0", "0.5", "-0.5", "1", "1.0", "1/0", "-1/0", "0/0", "2^63", "-2^63", "math.maxinteger - 1", "math.mininteger + 1", "1e308"}
for _, operator in ipairs{"<", "<=", "==", ">"} do for _, left in ipairs(values) do for _, right in ipairs(values) do
  E("(" .. left .. ") " .. operator .. " (" .. right .. ")")
end end end
--@ 5.4 arithmetic at the limits
local values = {"math.maxinteger", "math.mininteger", "math.maxinteger + 0.0", "-1", "1", "2", "0", "-0.0", "0.5", "2^53", "1/0", "-1/0", "3", "-3", "7.5", "1 << 62"}
for _, operator in ipairs{"+", "-", "*", "/", "%", "//", "&", "|", "<<", ">>"} do for _, left in ipairs(values) do for _, right in ipairs(values) do
  E("(" .. left .. ") " .. operator .. " (" .. right .. ")")
end end end
--@ 5.4 strings as integers
E[[
"0xffffffffffffffff" | 0, "0xfffffffffffffffe" & "-1", " \t-0xfffffffffffffffe\n\t" & "-1", "   \n  -45  \t " >> "  -2  ", "1234.0" << "5.0", "0xffff.0" ~ "0xAAAA", ~"0x0.000p4"
"7" .. 3 << 1, "0xffffffff" >> 0, "2" | 1, 2 | "1", "2.0" | 1, "0x10" & 0xff
"0xffffffffffffffff.0" | 0
"0xffffffffffffffff\0" | 0
"1e400" | 0
"" | 0
" " | 1
"0x" | 1
"1" + "0x", 1
"10" // "3", "10" % "3", "10.5" // "3", "7" % "-3", "-7" // "2", "1" // "0.0"
"10" // "0"
"10" % "0"
"9223372036854775807" + 0, "9223372036854775807" + 1, "-9223372036854775808" - 1, "9223372036854775808" + 0
-"0x8000000000000000", -"-0", -"0.0", "0x7fffffffffffffff" + 1
10 .. "" | 0, 1 .. 2 + 1, "5" * "5", "0x5" * "0x5", "5" ^ "2", "1e1" * 1
"a" < "b", "10" < "9", "" < "\0", "\0a" < "\0b", "a\0" < "a", "\xff" > "\x7f"
]]
--@ 5.4 conversions of floats to integers
for _, value in ipairs{"3.0", "3.5", "-3.0", "2^53", "2^62", "2^63", "-2^63", "-2^63 - 1025", "1e100", "1/0", "0/0", "'3'", "'3.0'", "'3.5'", "'x'", "''", "' 3 '", "'0x10'", "'1e1'", "nil", "{}", "true"} do
  for _, use in ipairs{"math.tointeger(V)", "V | 0", "('abcdef'):sub(V)", "string.char(V)", "('x'):rep(V)", "({10, 20, 30})[V]", "string.format('%d', V)", "select(V, 'a', 'b', 'c')", "math.floor(V)", "utf8.char(V)", "table.unpack({1, 2, 3}, V)", "1 << V", "('x'):byte(V)", "tostring(V)", "tonumber(V)", "math.abs(V)", "-V", "V // 1", "V % 2"} do
    -- A number too great makes a string too great: what that says is tested elsewhere.
    if not (use:find("rep") and value:find("2%^[56]")) then E((use:gsub("V", (value:gsub("%%", "%%%%"))))) end
  end
end
--@ 5.1 numbers where others take whole ones
for _, value in ipairs{"3.0", "3.5", "-3.5", "'3'", "'3.5'", "'x'", "''", "' 3 '", "'0x10'", "'1e0'", "nil", "{}", "true"} do
  for _, use in ipairs{"('abcdef'):sub(V)", "string.char(V)", "('x'):rep(V)", "({10, 20, 30})[V]", "string.format('%d', V)", "select(V, 'a', 'b', 'c', 'd')", "math.floor(V)", "unpack({1, 2, 3}, V)", "('xyzabc'):byte(V)", "tostring(V)", "tonumber(V)", "math.abs(V)", "-V", "V % 2", "math.ldexp(1, V)", "table.concat({1, 2, 3}, ',', V)", "math.modf(V)", "math.max(V, 1)", "math.fmod(V, 2)"} do
    E((use:gsub("V", value)))
  end
end
--@ both long programs
local compile = loadstring or load
T("a loop over 20000 statements", function() local s = {} for i = 1, 20000 do s[i] = "x = x + 1" end x = 0 compile("for i = 1, 2 do " .. table.concat(s, "\n") .. " end", "=x")() return x end)
T("an if over 20000 statements", function() local s = {} for i = 1, 20000 do s[i] = "x = x + 1" end x = 0 compile("if x == 0 then " .. table.concat(s, "\n") .. " else x = -1 end", "=x")() return x end)
T("1000 functions", function() local s = {} for i = 1, 1000 do s[i] = "function f" .. i .. "() return " .. i .. " end" end compile(table.concat(s, "\n"), "=x")() return f1() + f500() + f1000() end)
T("1000 elseifs", function() local s = {"local x = ... if x == 0 then return 0 "} for i = 1, 1000 do s[#s + 1] = "elseif x == " .. i .. " then return " .. i * 2 .. " " end s[#s + 1] = "end" local f = compile(table.concat(s), "=x") return f(0), f(500), f(1000), f(2000) end)
T("a long concatenation", function() local s = {} for i = 1, 180 do s[i] = "'" .. i .. "'" end return #compile("return " .. table.concat(s, " .. "), "=x")() end)
T("a long and", function() local s = {} for i = 1, 2000 do s[i] = "true" end return compile("return " .. table.concat(s, " and "), "=x")() end)
T("a long or", function() local s = {} for i = 1, 2000 do s[i] = "nil" end return compile("return " .. table.concat(s, " or ") .. " or 5", "=x")() end)
T("a long sum of calls", function() local s = {} for i = 1, 1000 do s[i] = "f()" end f = function() return 1 end return compile("return " .. table.concat(s, " + "), "=x")() end)
T("a line of a megabyte", function() return #compile("return '" .. ("x"):rep(1000000) .. "'", "=x")() end)
T("a name of 10000 letters", function() local n = ("n"):rep(10000) return compile("local " .. n .. " = 5 return " .. n, "=x")() end)
T("a hundred thousand lines", function() local f, m = compile(("\n"):rep(100000) .. "x = = 1", "=x") return m end)
T("50000 different constants", function() local s = {} for i = 1, 50000 do s[i] = i .. ".25" end local t = compile("return {" .. table.concat(s, ",") .. "}", "=x")() return #t, t[1], t[50000] end)
T("records of 3000 fields", function() local s = {} for i = 1, 3000 do s[i] = "f" .. i .. " = " .. i end local t = compile("return {" .. table.concat(s, ",") .. "}", "=x")() return t.f1, t.f3000 end)
T("200 arguments", function() local s = {} for i = 1, 200 do s[i] = tostring(i) end return select('#', compile("return (function(...) return ... end)(" .. table.concat(s, ",") .. ")", "=x")()) end)
T("a table of 240 mixed", function() local s = {} for i = 1, 240 do s[i] = i % 2 == 0 and "f()" or "x" .. i .. " = 1" end f = function() return 1, 2 end return #compile("return {" .. table.concat(s, ",") .. "}", "=x")() end)
--@ both nested too deep
local compile = loadstring or load
local function nest(name, before, open, middle, close, count) local f, m = compile(before .. open:rep(count) .. middle .. close:rep(count), "=x") V(name .. " " .. count, f and "compiles" or m) end
for _, count in ipairs{100, 1000} do
  nest("assignments", "local a; a", ",a", "= 1", ",1", count) nest("tables", "local a; a=", "{", "0", "}", count) nest("parentheses", "local a; a=", "(", "2", ")", count) nest("calls", "local a; ", "a(", "2", ")", count) nest("blocks", "", "do ", "", " end", count) nest("while", "", "while a do ", "", " end", count) nest("if", "local a; ", "if a then else ", "", " end", count) nest("functions", "", "function foo () ", "", " end", count) nest("concat", "local a; a=", "a..", "a", "", count) nest("power", "local a; a=", "a^", "a", "", count) nest("not", "local a; a=", "not ", "a", "", count) nest("minus", "local a; a=", "- ", "a", "", count) nest("index", "local a; a=", "a[", "a", "]", count) nest("for", "", "for i = 1, 2 do ", "", " end", count) nest("repeat", "", "repeat ", "", " until x", count) nest("function expressions", "local a; a=", "function() return ", "1", " end", count)
end
--@ both recursion through C
T("pcall within pcall", function() local function f(n) if n == 0 then return "bottom" end return select(2, pcall(f, n - 1)) end return f(180) end)
T("metamethods within metamethods", function() local n = 0 local t t = setmetatable({}, {__index = function(_, k) if k == 0 then return "bottom" end return t[k - 1] end}) return t[150] end)
T("coroutines within coroutines", function() local function f(n) if n == 0 then return "bottom" end return coroutine.wrap(f)(n - 1) end return f(150) end)
T("tostring within tostring", function() local function make(n) return setmetatable({}, {__tostring = function() if n == 0 then return "bottom" end return tostring(make(n - 1)) end}) end return tostring(make(150)) end)
T("gsub within gsub", function() local function f(n) if n == 0 then return "bottom" end return (("x"):gsub("x", function() return f(n - 1) end)) end return f(150) end)
T("sort within sort", function() local depth = 0 local function f(n) if n == 0 then return end table.sort({2, 1}, function(a, b) f(n - 1) return a < b end) end f(6) return "done" end)
T("load within load", function() local function f(n) if n == 0 then return "bottom" end return (loadstring or load)("local f, n = ... return f(n - 1)")(f, n) end return f(150) end)
--@ both pcall and varargs in bulk
T("unpack 5000", function() local t = {} for i = 1, 5000 do t[i] = i end return select('#', (unpack or table.unpack)(t)), select(5000, (unpack or table.unpack)(t)) end)
T("pass 5000", function() local t = {} for i = 1, 5000 do t[i] = i end local function f(...) return select('#', ...), ... end return (f((unpack or table.unpack)(t))) end)
T("collect 5000", function() local t = {} for i = 1, 5000 do t[i] = i end local function f(...) return {...} end return #f((unpack or table.unpack)(t)) end)
T("pcall 5000", function() local t = {} for i = 1, 5000 do t[i] = i end return select('#', pcall(function(...) return ... end, (unpack or table.unpack)(t))) end)
T("string.char 5000", function() local t = {} for i = 1, 5000 do t[i] = 65 end return #string.char((unpack or table.unpack)(t)) end)
T("byte 5000", function() return select('#', ("x"):rep(5000):byte(1, -1)) end)
T("max 5000", function() local t = {} for i = 1, 5000 do t[i] = i end return math.max((unpack or table.unpack)(t)) end)
T("yield 5000", function() local t = {} for i = 1, 5000 do t[i] = i end return select('#', coroutine.wrap(function() coroutine.yield((unpack or table.unpack)(t)) end)()) end)
--@ 5.1 results that are too many
E[[
unpack({}, 1, 1e6)
string.byte(("x"):rep(1e7), 1, -1)
]]
--@ 5.4 results that are too many
E[[
table.unpack({}, 1, 1e6)
string.byte(("x"):rep(1e7), 1, -1)
string.rep("abc", 1 << 62)
string.rep("x", 1 << 40)
("x"):rep(1e10)
table.concat({("x"):rep(100)}, ("y"):rep(10), 1, 1)
]]
