--! Statements: loops, assignments, functions, closures, varargs, goto.
--@ both numeric for
S[[
local r = {} for i = 1, 5 do r[#r + 1] = i end return r

local r = {} for i = 5, 1, -1 do r[#r + 1] = i end return r

local r = {} for i = 1, 10, 3 do r[#r + 1] = i end return r

local r = {} for i = 1, 0 do r[#r + 1] = i end return r

local r = {} for i = 1, 1 do r[#r + 1] = i end return r

local r = {} for i = 0, 1, 0.25 do r[#r + 1] = i end return r

local r = {} for i = 1, 0, -0.25 do r[#r + 1] = i end return r

local r = {} for i = 1.5, 4 do r[#r + 1] = i end return r

local n = 0 for i = 1, 1/0 do n = n + 1 if n == 5 then break end end return n

local n = 0 for i = 1, -1/0, -1 do n = n + 1 if n == 5 then break end end return n

local n = 0 for i = 1/0, 1 do n = n + 1 end return n

for i = 1, 3 do local j = i i = 10 io.write(j, " ") end print()

for i = "a", 3 do end

for i = 1, "b" do end

for i = 1, 3, "c" do end

for i = {}, 3 do end

for i = 1, {} do end

for i = 1, 3, {} do end

for i = nil, 3 do end

for i = 1, nil do end

for i = 1, 3, nil do end

for i = print, 1 do end

local n = 0 for i = 1, 0/0 do n = n + 1 end return n

local n = 0 for i = 0/0, 1 do n = n + 1 break end return n

local function f() return 1, 2 end local n = 0 for i = f(), 3 do n = n + i end return n

local order = {} local function f(x) order[#order + 1] = x return x end for i = f(1), f(2), f(3) do end return order

for i = 1, 3 do for j = 1, 3 do if j == 2 then break end io.write(i, j, " ") end end print()

local fs = {} for i = 1, 3 do fs[i] = function() i = i + 10 return i end end return fs[1](), fs[1](), fs[2](), fs[3]()

local r = 0 for i = 1, 100 do if i % 2 == 0 then r = r + i elseif i % 3 == 0 then r = r - i else r = r + 1 end end return r

for i = 3, 1 do return "never" end return "after"

local i = 5 for i = 1, 2 do end return i
]]
--@ 5.1 numeric for
S[[
for i = "1", 3 do io.write(i, " ") end print()

for i = 1, "3" do io.write(i, " ") end print()

for i = 1, 3, "2" do io.write(i, " ") end print()

local n = 0 for i = 1, 3, 0 do n = n + 1 if n > 5 then break end end return n

local n = 0 for i = 3, 1, 0 do n = n + 1 if n > 5 then break end end return n

local n = 0 for i = 2^53, 2^53 + 4 do n = n + 1 if n > 10 then break end end return n
]]
--@ 5.4 numeric for
S[[
for i = "1", 3 do io.write(i, " ") end print()

for i = 1, "3" do io.write(i, " ") end print()

for i = 1, 3, "2" do io.write(i, " ") end print()

for i = 1, 3, 0 do end

for i = 1.0, 3, 0 do end

for i = 1, 3, 0.0 do end

local r = {} for i = 1.0, 3 do r[#r + 1] = i end return r

local r = {} for i = 1, 3.5 do r[#r + 1] = i end return r

local r = {} for i = 1, 3, 1.0 do r[#r + 1] = i end return r

local r = {} for i = 3, 1.5, -1 do r[#r + 1] = i end return r

local r = {} for i = math.maxinteger - 2, math.maxinteger do r[#r + 1] = i end return r

local r = {} for i = math.mininteger + 2, math.mininteger, -1 do r[#r + 1] = i end return r

local r = {} for i = math.maxinteger - 1, 1/0 do r[#r + 1] = i end return r

local r = {} for i = math.mininteger + 1, -1/0, -1 do r[#r + 1] = i end return r

local n = 0 for i = 1, math.mininteger do n = n + 1 end return n

local n = 0 for i = math.maxinteger, math.mininteger, math.mininteger do n = n + 1 end return n

local n = 0 for i = math.mininteger, math.maxinteger, math.maxinteger do n = n + 1 end return n

local n = 0 for i = 1, 2^63 do n = n + 1 if n == 3 then break end end return n

local n = 0 for i = 1, 0/0 do n = n + 1 end for i = 1, -0/0 do n = n + 1 end return n

local n = 0 for i = 1, 10, 1 << 62 do n = n + 1 end return n

for i = 0.1, 0.35, 0.1 do io.write(i, " ") end print()

for i = 1, 2, 2^-53 do return i end

local r = {} for i = 3, -3.5, -2 do r[#r + 1] = i end return r

for i <const> = 1, 2 do end

local r = {} for i = 1, 3 do local i <const> = i * 2 r[#r + 1] = i end return r
]]
--@ both generic for
S[[
local function iter(s, c) c = c + 1 if c <= s then return c, c * c end end local r = {} for i, sq in iter, 3, 0 do r[#r + 1] = i .. ":" .. sq end return r

for k in nil do end

for k in 5 do end

for k in {} do end

for k in "x" do end

for k, v in undefined_global do end

local t = {} for k in t.x do end

local t = {f = {}} for k in t.f do end

local r = {} for a, b, c, d in (function(s, c) if c < 2 then return c + 1, "b", nil, "d" end end), nil, 0 do r[#r + 1] = tostring(a) .. tostring(b) .. tostring(c) .. tostring(d) end return r

for k in function() return nil, 1 end do return "never" end return "ended"

for k in function() return false end do return k end

local n = 0 for k, v in next, {1, 2, 3} do n = n + v end return n

local r = {} for w in ("a b c"):gmatch("%a") do local x = w r[#r + 1] = function() return x .. w end end return r[1](), r[2](), r[3]()

for k in error do end

for k in error, "the state" do end

for k in (function() error("in iterator") end) do end

local t = {1, 2, 3, 4} for i, v in ipairs(t) do if v == 2 then table.remove(t, i) end end return t

for i, i in ipairs({5}) do return i end

local r = {} for k in pairs({a = 1}) do k = k .. "!" r[#r + 1] = k end return r

local f = function() return 1, 2 end local a = 0 for x in f do a = a + x if a > 3 then break end end return a
]]
--@ 5.4 generic for
S[[
local log = {} do for k in function(s, c) c = (c or 0) + 1 if c < 3 then return c end end, nil, nil, setmetatable({}, {__close = function(_, e) log[#log + 1] = "closed " .. tostring(e) end}) do log[#log + 1] = k end end return log

local log = {} for k in function() return 1 end, nil, nil, setmetatable({}, {__close = function() log[#log + 1] = "closed" end}) do break end return log

local log = {} local ok, m = pcall(function() for k in function() return 1 end, nil, nil, setmetatable({}, {__close = function(_, e) log[#log + 1] = e end}) do error("out", 0) end end) return ok, m, log

local function f() for k in function() return 1 end, nil, nil, setmetatable({}, {__close = function() X = "closed" end}) do return "returned" end end X = nil return f(), X

for k in next, {}, nil, 5 do end

for k in next, {}, nil, {} do end

for k in next, {}, nil, nil do end return "fine"

for k in next, {}, nil, false do end return "fine"

for k in next, {}, nil, nil, 6 do end return "fine"

for k in coroutine.wrap(function() coroutine.yield(1) end) do io.write(k, " ") end print()
]]
--@ both while and repeat
S[[
local n = 0 while n < 5 do n = n + 1 end return n

local n = 0 while true do n = n + 1 if n == 3 then break end end return n

while false do return "never" end return "after"

while nil do return "never" end return "after"

local n = 0 repeat n = n + 1 until n == 5 return n

local n = 0 repeat local done = n >= 3 n = n + 1 until done return n

repeat until true return "once"

local n = 0 repeat n = n + 1 if n == 2 then break end until false return n

local fs = {} local i = 1 repeat local j = i fs[i] = function() j = j + 1 return j end i = i + 1 until j == 3 return fs[1](), fs[1](), fs[3]()

local fs = {} local i = 0 while i < 3 do i = i + 1 local j = i fs[i] = function() return j end end return fs[1](), fs[2](), fs[3]()

local n = 0 while n < 10 do n = n + 1 while true do break end if n % 2 == 0 then n = n + 1 end end return n

local a = 0 repeat local x = a a = a + 1 until x >= 2 and (function() return x == 2 end)() return a
]]
--@ 5.4 goto
S[[
local n = 0 ::top:: n = n + 1 if n < 5 then goto top end return n

for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end io.write(i, j, " ") ::continue:: end end print()

goto done do return "skipped" end ::done:: return "done"

local i = 1 while i <= 5 do if i == 3 then goto next end io.write(i, " ") ::next:: i = i + 1 end print()

do goto inner ::inner:: end return "fine"

local fs = {} local i = 1 ::again:: local x = i fs[i] = function() x = x + 1 return x end i = i + 1 if i <= 3 then goto again end return fs[1](), fs[1](), fs[2](), fs[3]()

for i = 1, 3 do for j = 1, 3 do if i * j == 4 then goto out end io.write(i * j, " ") end end ::out:: print()

local r = {} do local i = 1 ::a:: if i > 3 then goto b end r[#r + 1] = i i = i + 1 goto a ::b:: end return r

repeat local x = 1 if x then goto continue end local y = 2 ::continue:: until true return "fine"

goto l1 local a = 1 ::l1:: return a

goto l1 do local a = 1 end ::l1:: return "ok"

::a:: ::b:: return "two labels"

::x:: do ::y:: end ::x::

::x:: do ::x:: end

do goto undefined end

goto undefined

do ::inside:: end goto inside

local function f() goto out end ::out::

::out:: local function f() goto out end

goto f local x ::f::

goto f local x ::f:: ;;

goto f local x ::f:: print(x)

repeat goto continue local z ::continue:: until z

repeat if true then break end local z = 1 until z return "ok"

break

if true then break end

while true do local function f() break end end

for i = 1, 2 do goto continue local a <const> = 1 ::continue:: end return "ok"

goto = 1

local goto = 1

return goto

::1::

goto 1

:: spaced :: goto spaced2 ::spaced2:: return "ok"

do local x <close> = setmetatable({}, {__close = function() print("closed by goto") end}) goto out end ::out:: return "out"

local n = 0 ::top:: do local x <close> = setmetatable({}, {__close = function() n = n + 10 end}) n = n + 1 if n < 30 then goto top end end return n
]]
--@ both local and assignment
S[[
local a, b, c = 1, 2 return a, b, c

local a, b = 1, 2, 3 return a, b

local a = 1 local a = a + 1 return a

local a = 1 do local a = 2 end return a

local a do a = 5 end return a

x, y = 1, 2 x, y = y, x return x, y

local t = {} t.a, t.b, t.c = 1, 2 return t

local a, b, c = (function() return 1, 2, 3 end)() return a, b, c

local a, b, c = 0, (function() return 1, 2, 3 end)() return a, b, c

local a, b, c = (function() return 1, 2, 3 end)(), 10 return a, b, c

local a, b = ((function() return 1, 2 end)()) return a, b

local i, t = 1, {} i, t[i] = 2, "x" return i, t[1], t[2]

local a = {} a[1], a[2], a[3] = (function() return 1, 2 end)() return a

local t = {1, 2, 3} local i = 1 i, t[i], t[i + 1] = 3, "a", "b" return i, t

local function f(a) a = a or 5 return a end return f(), f(1), f(false)

local function f(t) t.x = 1 t = {} t.x = 2 end local t = {} f(t) return t.x

local a <const> = nil return a == nil

local x = x return x

local function x() return x ~= nil end local y = function() return y end return x(), y()

local t = {f = function() return 1 end} function t.g() return 2 end function t:h() return self == t end t.a = {b = {}} function t.a.b.c() return 3 end function t.a.b:d() return self == t.a.b end return t.f(), t.g(), t:h(), t.a.b.c(), t.a.b:d()

do local a = 1 b_global = a end return a, b_global

local a; local b = 2; ; return a, b
]]
--@ both functions and varargs
S[[
local function f(...) return select('#', ...), ... end return f(), f(nil), f(1, 2), (f(1, 2))

local function f(a, ...) local b, c = ... return a, b, c, select('#', ...) end return f(1, 2, 3, 4)

local function f(...) local t = {...} return #t, t[1] end return f(1, 2, 3)

local function f(...) return ..., "end" end return f(1, 2, 3)

local function f(...) return (...) end return f(1, 2, 3), f()

local function f(...) local a, b = ... ; local c = ... return a, b, c end return f(1, 2)

local function f(...) return function() return 1 end, ... end return select('#', f(1, 2))

local function f(a, b) return a, b end return f(1), f(1, 2, 3), f()

local function sum(...) local s = 0 for _, v in ipairs{...} do s = s + v end return s end return sum(1, 2, 3), sum()

local function f(...) for i = 1, select('#', ...) do io.write(tostring((select(i, ...))), " ") end print() end f(1, nil, "x", nil)

local function f(...) local function g(...) return ... end return g(...), g(1, ...) end return f("a", "b")

return (function(...) return ... end)(1, 2, 3)

return (function(...) return select('#', ...) end)((unpack or table.unpack)({}, 1, 200))

return ...

local f = function() end return f(), (f()), select('#', f()), select('#', (f()))

local function f() return end return select('#', f())

local function f(n) if n == 0 then return "done" end return f(n - 1) end return f(100000)

local function even(n) if n == 0 then return true end return odd(n - 1) end function odd(n) if n == 0 then return false end return even(n - 1) end return even(10001)

local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end return f(5000)

local function f(a, b, c, d, e, g, h, i, j, k) return k, j, a end return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)

local function f(x) return x end return f{1}, f"s", f[=[long]=], f{f"nested"}

local t = {f = function(self, x) return x end} return t:f{1}, t:f"s", t.f(t, 2), t["f"](t, 3)

local s = "x" return s:rep(3), ("y"):rep(2), #s:rep(5), -s:len()

local function f() return 1, 2, 3 end local t = {f(), f()} return #t, f() + f(), {f(), [10] = f()}

local function apply(f, ...) return f(...) end return apply(math.max, 1, 5, 3), apply(string.rep, "x", 2)

local Y = function(f) return (function(x) return x(x) end)(function(x) return f(function(...) return x(x)(...) end) end) end return Y(function(self) return function(n) return n == 0 and 1 or n * self(n - 1) end end)(10)

local function f(...) return pcall(function(...) return ... end, ...) end return f(1, nil, 3)

local function f(...) local arg = {n = select('#', ...), ...} return arg.n end return f(nil, nil)

local function f(...) return {...}, ... end return f(1, 2)

local function f(...) if ... then return "first" else return "none" end end return f(), f(false), f(0)
]]
--@ 5.1 arg of vararg functions
S[[
local function f(...) return arg end return type(f(1, 2))

local function f(...) return arg.n, arg[1], arg[2], #arg end return f(5, nil, 7)

local function f(...) local x = ... return arg end return f(1)

local function f(...) return (select('#', ...)), arg end return f(1)

function f(a, ...) return arg.n end return f(1, 2, 3)
]]
--@ both closures
S[[
local function counter() local n = 0 return function() n = n + 1 return n end end local a, b = counter(), counter() return a(), a(), b(), a()

local a, b do local x = 0 a = function() x = x + 1 return x end b = function() x = x + 10 return x end end return a(), b(), a()

local fs = {} for i = 1, 3 do fs[i] = function() return i end end return fs[1](), fs[2](), fs[3]()

local fs = {} for i = 1, 3 do local j = i * 10 fs[i] = function(d) j = j + (d or 0) return j end end fs[1](5) return fs[1](), fs[2]()

local function f() local x = 1 local function g() local function h() x = x + 1 return x end return h end return g(), function() return x end end local h, get = f() h() h() return get()

local x = 1 local function f() return x end x = 2 return f()

local function f(x) return function(y) return function(z) return x + y + z end end end return f(1)(2)(3)

local t = {} for i = 1, 5 do t[#t + 1] = function() i = i * 2 return i end end return t[2](), t[2](), t[3]()

local function make() local list = {} for w in ("a b c"):gmatch("%a") do list[#list + 1] = function() return w end end return list end local l = make() return l[1](), l[2](), l[3]()

local co = coroutine.wrap(function() local x = 0 local inc = function() x = x + 1 return x end while true do coroutine.yield(inc()) end end) return co(), co(), co()

local function outer(...) local a, b = ... return function() a, b = b, a return a, b end end local f = outer(1, 2) return f(), f()

local function rec(n) local function inner() if n > 0 then n = n - 1 return inner() end return n end return inner() end return rec(1000)

local u = {} for i = 1, 60 do u[i] = "local a" .. i .. " = " .. i end local names = {} for i = 1, 60 do names[i] = "a" .. i end return (loadstring or load)(table.concat(u, " ") .. " return function() return " .. table.concat(names, "+") .. " end")()()

return (function() end) == (function() end)

local function mk() return function() end end return mk() == mk()
]]
--@ both if and logic
S[[
if nil then return 1 elseif false then return 2 else return 3 end

if 0 then return "0 is true" end

if "" then return "empty is true" end

local a = nil if not a then return "not nil" end

local x = 5 if x > 3 and x < 10 then return "between" end

local function f(x) if x == 1 then return "one" elseif x == 2 then return "two" elseif x == 3 then return "three" else return "many" end end return f(1), f(2), f(3), f(4)

return nil and 1, false and 1, 1 and nil, nil or 1, false or nil, 1 or 2, nil or false, not nil, not 0

local a = false local b = a == false and "yes" or "no" return b, a and 1 or 2

local n = 0 local function inc() n = n + 1 return true end local r = false and inc() or true or inc() return n

return 1 == 1 and 2 == 2 and "both" or "not", (nil == false), not (1 > 2)

local t = {} t.x = t.x or 5 t.y = t.x and t.x + 1 return t.x, t.y

local a, b = 1 if a and b then return 1 elseif a or b then return 2 end

return (1 and 2) == 2, (nil or false) == false, not not "x"
]]
--@ both deep nesting
S[[
local s = "return " .. ("("):rep(100) .. "1" .. (")"):rep(100) return (loadstring or load)(s)()

local s = ("do "):rep(100) .. "x = 1 " .. ("end "):rep(100) return (loadstring or load)(s) ~= nil

local s = "return " .. ("{"):rep(100) .. ("}"):rep(100) return type((loadstring or load)(s)())

local s = "return " .. ("not "):rep(100) .. "nil" return (loadstring or load)(s)()

local s = "return " .. ("-"):rep(1) .. ("- "):rep(50) .. "1" return (loadstring or load)(s)()

local s = "return " .. ("1 .. "):rep(100) .. "1" return #(loadstring or load)(s)()

local s = "return " .. ("1 + "):rep(1000) .. "1" return (loadstring or load)(s)()

local s = ("if true then "):rep(50) .. "x = 7 " .. ("end "):rep(50) .. "return x" return (loadstring or load)(s)()

local s = "local t = {} t" .. (".x"):rep(1) .. " = 5 return t.x" return (loadstring or load)(s)()

local s = "return " .. ("function() return "):rep(30) .. "1 " .. ("end "):rep(30) return type((loadstring or load)(s)())

local s = "return " .. ("("):rep(300) .. "1" .. (")"):rep(300) return (loadstring or load)(s, "=x")

local s = ("do "):rep(300) .. ("end "):rep(300) return (loadstring or load)(s, "=x")

local s = "return " .. ("{"):rep(300) .. ("}"):rep(300) return (loadstring or load)(s, "=x")

local s = "return " .. ("not "):rep(300) .. "nil" return (loadstring or load)(s, "=x")

local s = "return " .. ("1 .. "):rep(300) .. "1" return (loadstring or load)(s, "=x")

local s = "return " .. ("2 ^ "):rep(300) .. "1" return (loadstring or load)(s, "=x")

local s = "x = " .. ("a."):rep(300) .. "b" return type((loadstring or load)(s, "=x"))

local s = "x = f" .. ("()"):rep(300) return type((loadstring or load)(s, "=x"))

local s = ("function f() "):rep(300) .. ("end "):rep(300) return (loadstring or load)(s, "=x")

local s = ("if x then else"):rep(300) .. "if x then " .. "end" return type((loadstring or load)(s, "=x"))
]]
--@ both many locals
S[[
local s = {} for i = 1, 200 do s[i] = "local a" .. i .. " = " .. i end return (loadstring or load)(table.concat(s, "\n") .. "\nreturn a1 + a200", "=x")()

local s = {} for i = 1, 201 do s[i] = "local a" .. i .. " = " .. i end return (loadstring or load)(table.concat(s, "\n"), "=x")

local s = {} for i = 1, 250 do s[i] = "a" .. i end return (loadstring or load)("local " .. table.concat(s, ", "), "=x")

local s = {} for i = 1, 300 do s[i] = "a" .. i end return (loadstring or load)("local function f(" .. table.concat(s, ", ") .. ") end", "=x")

local s = {} for i = 1, 250 do s[i] = tostring(i) end return select('#', (loadstring or load)("return " .. table.concat(s, ", "), "=x")())

local s = {} for i = 1, 300 do s[i] = "'k" .. i .. "'" end return #(loadstring or load)("return {" .. table.concat(s, ", ") .. "}", "=x")()

local s = {} for i = 1, 70000 do s[i] = "'" .. i .. "'" end return #(loadstring or load)("return {" .. table.concat(s, ", ") .. "}", "=x")()

local s = {} for i = 1, 3000 do s[i] = "x = x + " .. i .. ".5" end x = 0 (loadstring or load)(table.concat(s, "\n"), "=x")() return x

local s = {} for i = 1, 100 do s[i] = "local a" .. i .. " = " .. i end local u = {} for i = 1, 100 do u[i] = "a" .. i end return (loadstring or load)(table.concat(s, "\n") .. "\nreturn function() return " .. table.concat(u, " + ") .. " end", "=x")

local s = {} for i = 1, 150 do s[i] = "f(" .. i .. ")" end f = function(x) return x end return (loadstring or load)("return " .. table.concat(s, " + "), "=x")()
]]
--@ 5.4 upvalue limit
S[[
local parts = {} for f = 1, 2 do parts[#parts + 1] = "local function f" .. f .. "() " for i = 1, 150 do parts[#parts + 1] = "local v" .. f .. "_" .. i .. " " end end parts[#parts + 1] = "return function() return " for f = 1, 2 do for i = 1, 150 do parts[#parts + 1] = "v" .. f .. "_" .. i .. "," end end parts[#parts + 1] = "1 end end end" return load(table.concat(parts), "=x")
]]
