--! Assignments, functions, closures, varargs, conditions, nesting.
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
