--! Broken sources: each with its message.
--@ both statements
C{
  "x", "x y", "x 1", "1", "'a'", "x.y", "x[1]", "x =", "x = )", "x = 1 2", "x, = 1", "x, y", "x, y = ", "x() = 1", "(x) = 1", "(x)", "x.y() = 1", "f() + 1", "f", "f.", "f:", "f:x", "f:x = 1", "f:x.y()", "-x", "not x", "{}", "x = {", "x = {1", "x = {1,", "x = {1 2}", "x = {[1]}", "x = {[1] 2}", "x = {[1] = }", "x = {a = }", "x = {a b}", "x = {,}", "x = {;}", "x = {1,,2}", "x = {a.b = 1}", "x = {'a' = 1}", "x = {1 = 2}", "x = {f() = 1}", "x = {...}",
  "local", "local x =", "local x y", "local 1", "local x.y", "local x, = 1", "local x, 1", "local function", "local function x", "local function x.y() end", "local function (x) end", "local function f( end", "local function f(a b) end", "local function f(a,) end", "local function f(..., a) end", "local function f(1) end", "local x = 1 = 2", "local x[1]",
  "function", "function f", "function f(", "function f()", "function f(a", "function f(a,", "function f(a) return", "function 1() end", "function f.1() end", "function f:a.b() end", "function f:a:b() end", "function f.a.b:c() end", "function (x) end", "function f[1]() end", "x = function f() end", "x = function", "x = function(", "x = function()", "function f() end end",
  "if", "if x", "if x then", "if x then else", "if x then elseif", "if x then elseif y", "if x then else else end", "if x then else elseif y then end", "if then end", "if x do end", "if x = 1 then end", "else", "elseif", "end", "then", "do", "do end end",
  "while", "while x", "while x do", "while do end", "while x then end", "for", "for x", "for x =", "for x = 1", "for x = 1,", "for x = 1, 2", "for x = 1, 2 do", "for x = 1, 2, 3", "for x = 1, 2, 3, 4 do end", "for x in", "for x in y", "for x in y do", "for x, y", "for x, y = 1, 2 do end", "for 1 = 1, 2 do end", "for x.y = 1, 2 do end", "for x in do end", "for in y do end", "for x, in y do end", "for x of y do end", "repeat", "repeat x = 1", "repeat until", "until", "until x", "in", "in x",
  "return", "return 1,", "return 1, ,", "return return", "return 1 x = 2", "return;", "return 1;", "return;;", "return end", "do return end", "do return end x = 1", "break", "while x do break end", "while x do break x = 1 end", "break x", "do break end", "repeat break until x", "function f() break end", "while x do function f() break end end",
  "x = = 1", "x = 1 +", "x = + 1", "x = 1 + + 2", "x = 1 * * 2", "x = (1", "x = 1)", "x = (1 + 2", "x = ((1)", "x = ()", "x = 1 and", "x = and 1", "x = not", "x = #", "x = -", "x = a.", "x = a[", "x = a[1", "x = a]", "x = a[]", "x = a:", "x = a:b", "x = a:b.c()", "x = f(", "x = f(1", "x = f(1,", "x = f(,)", "x = f(1 2)", "x = f)", "x = a b", "x = 'a' 'b'", "x = {} {}", "x = 1 {}", "x = ... ...", "x = a.b.", "x = a..", "x = ..a", "x = a...b", "x = :a", "x = a = b", "x = (a = b)", "x = function() = 1", "x = a ? b", "x = a != b", "x = a =< b", "x = a => b", "x = a <> b", "x = a && b", "x = !a", "x = a || b", "x = a ** b", "x = ++a",
  "f(\n1", "f(\n\n1\n\nx", "do\n\n\nx = 1", "if x then\n\n", "x = {\n\n1", "function f()\n\n", "while x do\n\ny = 1\n", "repeat\n\nx = 1", "for i = 1, 2 do\n\n", "x = (\n\n1", "x = a[\n\n1", "x = function()\n\nreturn 1", "if x then\n y()\nelse\n z()\n", "x = 'a\nb'", "\n\n\nx = = 1", "return {\n a = 1,\n b = 2\n c = 3\n}", "x = 1\ny = 2\nz = = 3", "f()\n(g)()", "f\n()", "local x = f\n()", "x = {}\n{}",
  "...", "x = ...", "function f() return ... end", "function f() x = {...} end", "function f(...) return function() return ... end end", "local function f() print(...) end", "x = function() return ... end",
  "local a <const = 1", "local a <const> = 1 a = 2", "x = 1 // 2", "x = 1 & 2", "x = ~1", "x = 1 << 2", ";", ";;", "x = 1;; y = 2", "; x = 1", "f();", "do ; end", "local x; local y", "return 1; x = 1"
}
--@ both near long tokens
C{
  "x = 'a long string that goes on and on and on and on and on and on and on and on and on and on and on' 5 5", "aVeryLongNameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOn aVeryLongNameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOn", "x = 12345678901234567890123456789012345678901234567890 y z", "x = [[long\nstring\nwith lines]] 5 5", "x y [[long]]", "x [[long\ntext]] y", "x = 5 'str'", "x = 5 \"dq\"", "x = 5 [==[lb]==]", "x = 5 1e10", "x = 5 0x10", "x 'abc", "x = 'a\\tb' 'c\\td'", "x = } 'quoted'", "x = 1 '\1\2'", "x = 1 \1"
}
--@ both what compiles
C{
  "x = 1", "x, y = 1, 2", "x.y.z = 1", "x[1][2] = 3", "x.y[1].z = 1", "f()", "f{}", "f''", "f[[x]]", "f():g():h()", "f().x = 1", "f()[1] = 2", "(f)()", "(f)().x = 1", "('x'):rep(3)", "local x", "local x, y, z", "local function f() end", "function f.a.b.c() end", "function f.a:b() end", "return", "return 1, 2, 3", "return f()", "return ...", "do end", "while x do end", "for i = 1, 2 do end", "for k, v in pairs(t) do end", "repeat until x", "if x then elseif y then else end", "x = {1, 2; 3, a = 4, ['b'] = 5, f(), ...}", "x = function(a, b, ...) end", "x = a and b or c", "x = -a ^ b", "x = not a == b", "x = a .. b .. c", "x = #t", "x = (a)", "x = ((((a))))", "x = f(g(h(1)))", "x = a.b.c:d(e)[f]", "", " ", "\n", "-- comment", "--[[ ]]", "return f{...}", "local a = {} ; (f or g)()", "x = {f = function() return 1 end, [1 + 1] = 2,}"
}
--@ 5.4 statements
C{
  "goto x", "::x::", "::x", "::", "::x:: ::x::", "goto", "goto 1", "goto x ::x::", "::a:: goto a", "::a::", "do ::a:: end ::a::", "::a:: do goto a end", "goto a; local x; ::a::", "goto a; local x; ::a:: x = 1", "while true do goto a end ::a::", "for i = 1, 2 do goto c ::c:: end", "::a:: ::a::", "::a b::", "::a:", ":: a ::", "goto a b", "local x <const>", "local x <const> = 1", "local x <close> = f()", "local x <const>, y <close>, z = 1, 2, 3", "local x <close>, y <close> = 1, 2", "local x <foo> = 1", "local x <> = 1", "local x <const = 1", "local x const> = 1", "local <const> x = 1", "local function f <const>() end", "for i <const> = 1, 2 do end", "x <const> = 1", "local x <const> = 1; x = 2", "local x <const> = 1; local function f() x = 2 end", "local x <close> = nil; x = 2", "local x <const> = 1; x.y = 2", "local x <const> = 1; for x = 1, 2 do end", "local x <const> = 1; x, y = 1, 2", "local x <const> = 1; function x() end",
  "x = 1 // 2", "x = a & b | c ~ d", "x = ~a", "x = a >> b << c", "x = a ~ b", "x = 1 ~", "x = & 1", "x = 1 // // 2", "x = 1 >>> 2", "x = 1 <<", "x = ~", "x = a ~= ~b", "local _ENV = {}", "local _ENV <const> = {}; x = 1", "function f(_ENV) x = 1 end", "return _ENV", "_ENV = nil", "local function f(...) local a <const> = ... end", "return goto", "goto continue", "do goto a end", "repeat goto a; local x; ::a:: until x", "repeat local x; goto a; ::a:: until x", "repeat if a then goto continue end; local b = 1; ::continue:: until b", "break", "if x then break end", "function f() goto out end ::out::", "break break", "while x do break; break end", "for i = 1, 2 do break ::a:: end", "return 1 ::a::", "x = 5 ::a:: y = 6", "; ::a::", "::a:: ;", "do ::a:: ::b:: goto b end"
}
--@ both through load
E[[
(loadstring or load)("x = ", "=(load)")
(loadstring or load)("x = ", "@script.lua")
(loadstring or load)("x = ", "x = ")
(loadstring or load)("x = ", "line one\nline two")
(loadstring or load)("x = ", "\nstarts with a line end")
(loadstring or load)("x = ", ("chunk"):rep(30))
(loadstring or load)("x = ", "@" .. ("c"):rep(58))
(loadstring or load)("x = ", "@" .. ("c"):rep(59))
(loadstring or load)("x = ", "@" .. ("c"):rep(60))
(loadstring or load)("x = ", "@" .. ("c"):rep(61))
(loadstring or load)("x = ", "=" .. ("c"):rep(58))
(loadstring or load)("x = ", "=" .. ("c"):rep(59))
(loadstring or load)("x = ", "=" .. ("c"):rep(60))
(loadstring or load)("x = ", ("c"):rep(40))
(loadstring or load)("x = ", ("c"):rep(44))
(loadstring or load)("x = ", ("c"):rep(45))
(loadstring or load)("x = ", ("c"):rep(46))
(loadstring or load)("x = ", ("c"):rep(47))
(loadstring or load)("x = ", ("c"):rep(48))
(loadstring or load)("x = ", ("c"):rep(60))
(loadstring or load)("x = ", ("c"):rep(20) .. "\n" .. ("d"):rep(60))
(loadstring or load)("x = ", "a\0b")
(loadstring or load)("x = \n\n")
(loadstring or load)("local x = 5; x = = 3")
]]
