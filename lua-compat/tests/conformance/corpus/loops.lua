--! Loops and goto.
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
