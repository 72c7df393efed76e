--! The debug library.
--@ both debug.traceback
S[[
return (debug.traceback("message"):match("^message\nstack traceback:\n"))

return debug.traceback("message", 1):match("^[^\n]*\n[^\n]*\n[^\n]*")

local function inner() return debug.traceback("in inner", 1) end local function outer() local t = inner() return t end return (outer():gsub("\n\t%[C%].*", ""))

return debug.traceback({}) ~= nil, debug.traceback(nil) ~= nil, type(debug.traceback())

local t = {} return debug.traceback(t) == t, debug.traceback(print) == print, debug.traceback(true)

return (debug.traceback(12):match("^12\n"))

return debug.traceback("m", 100)

return debug.traceback("", 100)

return debug.traceback(nil, 100)

return debug.traceback("x", "y")

local co = coroutine.create(function() local x = 1 coroutine.yield(x) end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() coroutine.yield() end) return debug.traceback(co), debug.traceback(co, "m"), debug.traceback(co, nil)

local co = coroutine.create(function() error("x") end) coroutine.resume(co) return debug.traceback(co, "dead")

local co = coroutine.create(function() end) coroutine.resume(co) return debug.traceback(co)

local function named() coroutine.yield() end local co = coroutine.create(function() named() end) coroutine.resume(co) return debug.traceback(co), debug.traceback(co, "msg", 1), debug.traceback(co, "msg", 0)

local t = {} function t.field() coroutine.yield() end local co = coroutine.create(function() t.field() end) coroutine.resume(co) return debug.traceback(co)

function global_function() coroutine.yield() end local co = coroutine.create(function() global_function() end) coroutine.resume(co) return debug.traceback(co)

local t = {} function t:method() coroutine.yield() end local co = coroutine.create(function() t:method() end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() (function() coroutine.yield() end)() end) coroutine.resume(co) return debug.traceback(co)

local function tail() coroutine.yield() end local co = coroutine.create(function() return tail() end) coroutine.resume(co) return debug.traceback(co)

local up = function() coroutine.yield() end local co = coroutine.create(function() up() end) coroutine.resume(co) return debug.traceback(co)

local function rec(n) if n == 0 then coroutine.yield() end rec(n - 1) end local co = coroutine.create(function() rec(40) end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() for i = 1, 2 do pcall(coroutine.yield) end end) coroutine.resume(co) return type(debug.traceback(co))
]]
--@ 5.4 debug.traceback
S[[
local t = setmetatable({}, {__index = function(_, k) coroutine.yield() end}) local co = coroutine.create(function() local x = t.x end) coroutine.resume(co) return debug.traceback(co)

local t = setmetatable({}, {__add = function() coroutine.yield() end}) local co = coroutine.create(function() local x = t + 1 end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() for k in coroutine.yield do end end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() table.sort({2, 1}, error) end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() string.rep() end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() pcall(coroutine.yield) end) coroutine.resume(co) return debug.traceback(co)

local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() coroutine.yield() end}) end) coroutine.resume(co) return debug.traceback(co)
]]
--@ both debug.getinfo
S[[
local i = debug.getinfo(1) return i.source, i.short_src, i.what, i.currentline, i.linedefined, i.lastlinedefined, i.nups, type(i.func), i.namewhat

local i = debug.getinfo(print) return i.source, i.short_src, i.what, i.currentline, i.linedefined, i.lastlinedefined, i.nups, i.func == print, i.name, i.namewhat

local function f()
  return debug.getinfo(1, "nSl")
end
local i = f() return i.name, i.namewhat, i.currentline, i.linedefined, i.lastlinedefined, i.what, i.short_src

local function f() local i = debug.getinfo(1, "n") return i.name, i.namewhat end local a, b = f() return a, b

function gf() local i = debug.getinfo(1, "n") return i.name, i.namewhat end local a, b = gf() return a, b

local t = {f = function() local i = debug.getinfo(1, "n") return i.name, i.namewhat end} local a, b = t.f() return a, b

local t = {f = function() local i = debug.getinfo(1, "n") return i.name, i.namewhat end} local a, b = t:f() return a, b

local up = function() local i = debug.getinfo(1, "n") return i.name, i.namewhat end local function g() local a, b = up() return a, b end local a, b = g() return a, b

local a, b = (function() local i = debug.getinfo(1, "n") return i.name, i.namewhat end)() return a, b

local function f() return debug.getinfo(2, "l").currentline end
local a = f()
local b = f() return a, b

return debug.getinfo(1, "l").currentline, debug.getinfo(1, "S").short_src, debug.getinfo(1, "l").source

return debug.getinfo(100), debug.getinfo(1, "f").func == nil

return debug.getinfo(0, "n").name, debug.getinfo(0, "S").what

return debug.getinfo(-1)

return debug.getinfo("x")

return debug.getinfo()

return debug.getinfo({})

return debug.getinfo(1, "X")

return debug.getinfo(1, ">")

return debug.getinfo(1, 5) == nil

return debug.getinfo(print, "f").func == print

local function f(a, b)
  local c = 1
  return c
end
local lines = {} for l in pairs(debug.getinfo(f, "L").activelines) do lines[#lines + 1] = l end table.sort(lines) return lines

local f = (loadstring or load)("return 1", "@file.lua") local i = debug.getinfo(f, "S") return i.source, i.short_src, i.what, i.linedefined, i.lastlinedefined

local f = (loadstring or load)("return 1", "text of it") local i = debug.getinfo(f, "S") return i.source, i.short_src, i.what

local f = (loadstring or load)("return 1\n-- more") local i = debug.getinfo(f, "S") return i.source, i.short_src

local f = (loadstring or load)("return 1", "=named") local i = debug.getinfo(f, "S") return i.source, i.short_src

local f = (loadstring or load)("return 1", "@" .. ("x"):rep(100)) local i = debug.getinfo(f, "S") return i.short_src, #i.source

local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) return debug.getinfo(co, 1, "l").currentline, debug.getinfo(co, 0, "S").what, debug.getinfo(co, 5)

local a, b = 1, 2 local function f() return a, b end return debug.getinfo(f, "u").nups

return debug.getinfo(function(a, b, ...) end, "u").nups

local i = debug.getinfo(1, "n") return i.name, i.namewhat

local keys = {} for k in pairs(debug.getinfo(1)) do keys[#keys + 1] = k end table.sort(keys) return table.concat(keys, " ")
]]
--@ 5.4 debug.getinfo
S[[
local i = debug.getinfo(function(a, b, ...) end, "u") return i.nparams, i.isvararg, i.nups

local i = debug.getinfo(print, "u") return i.nparams, i.isvararg, i.nups

local i = debug.getinfo(1, "u") return i.nparams, i.isvararg, i.nups

local function f() return debug.getinfo(1, "t").istailcall end local function g() return f() end local a = f() return a, g()

local function f(a) return debug.getinfo(1, "r") end local i = f(1) return i.ftransfer, i.ntransfer

local t = setmetatable({}, {__index = function() local i = debug.getinfo(1, "n") return i.namewhat .. " " .. i.name end, __add = function() local i = debug.getinfo(1, "n") return i.namewhat .. " " .. i.name end, __call = function() local i = debug.getinfo(1, "n") return tostring(i.namewhat) .. " " .. tostring(i.name) end, __lt = function() X = debug.getinfo(1, "n").name return true end, __concat = function() return debug.getinfo(1, "n").name end, __len = function() return debug.getinfo(1, "n").name end, __unm = function() return debug.getinfo(1, "n").name end}) local r = {t.x, t + 1, t(), t < 1 and X, t .. "", #t, -t} return r

for k in function() local i = debug.getinfo(1, "n") return i.namewhat .. " " .. i.name end do return k end

local r do local x <close> = setmetatable({}, {__close = function() local i = debug.getinfo(1, "n") r = i.namewhat .. " " .. i.name end}) end return r

return debug.getinfo(1, "S").srclen, debug.getinfo(1.0, "l").currentline

return debug.getinfo(1.5)

local f = load("return 1", "") return debug.getinfo(f, "S").source, debug.getinfo(f, "S").short_src

return debug.getinfo(load("return 1", "x\ny"), "S").short_src
]]
--@ both debug.getlocal setlocal
S[[
local a, b = 1, "two" return debug.getlocal(1, 1), select(2, debug.getlocal(1, 2)), debug.getlocal(1, 3)

local function f(x, y) local z = 3 return debug.getlocal(1, 1), debug.getlocal(1, 2), debug.getlocal(1, 3) end return f(1, 2)

local function f(x, y) local n, v = debug.getlocal(1, 2) return n, v end return f("a", "b")

local x = 1 local n = debug.setlocal(1, 1, 5) return n, x

return debug.getlocal(100, 1)

return debug.getlocal(1, 1000)

return debug.setlocal(100, 1, 1)

debug.getlocal()

debug.getlocal("x", 1)

debug.getlocal(1, "x")

local co = coroutine.create(function(a) local b = 2 coroutine.yield() end) coroutine.resume(co, "arg") return debug.getlocal(co, 1, 1), debug.getlocal(co, 1, 2)

local names = {} local a, b, c = 1, 2, 3 do local d = 4 local i = 1 while true do local n = debug.getlocal(1, i) if not n then break end names[#names + 1] = n i = i + 1 end end return names
]]
--@ 5.4 debug.getlocal
S[[
return debug.getlocal(function(a, b) end, 1), debug.getlocal(function(a, b) end, 2), debug.getlocal(function(a, b) end, 3), debug.getlocal(print, 1)

local function f(...) return debug.getlocal(1, -1), select(2, debug.getlocal(1, -2)), debug.getlocal(1, -3) end return f("a", "b")

local function f(...) debug.setlocal(1, -1, "changed") return ... end return f("a", "b")
]]
--@ both upvalues
S[[
local a, b = 1, 2 local function f() return a, b end return debug.getupvalue(f, 1), select(2, debug.getupvalue(f, 2)), debug.getupvalue(f, 3)

local a = 1 local function f() return a end return debug.setupvalue(f, 1, 10), a, f(), debug.setupvalue(f, 2, 1)

return debug.getupvalue(print, 1), debug.getupvalue(print, 2)

debug.getupvalue()

debug.getupvalue(1, 1)

debug.getupvalue(print)

debug.setupvalue(print, 1)

return debug.getupvalue(function() end, 1), debug.getupvalue(function() end, 0), debug.getupvalue(function() end, -1)
]]
--@ 5.4 upvalues
S[[
return debug.getupvalue(load("return x"), 1), (debug.getupvalue(function() return print end, 1))

local a = 1 local function f() return a end local function g() return a end return debug.upvalueid(f, 1) == debug.upvalueid(g, 1), debug.upvalueid(f, 2), type(debug.upvalueid(f, 1))

local a, b = 1, 2 local function f() return a end local function g() return b end debug.upvaluejoin(f, 1, g, 1) return f()

local f = load("return x") debug.setupvalue(f, 1, {x = "own"}) return f()

debug.upvalueid()

debug.upvaluejoin(print, 1, print, 1)

local function f() end debug.upvaluejoin(f, 5, f, 1)

return debug.upvalueid(function() end, 5)
]]
--@ both metatables and registry
S[[
local t = setmetatable({}, {__metatable = "locked"}) return type(debug.getmetatable(t)), debug.getmetatable(t).__metatable

local t = setmetatable({}, {__metatable = "locked"}) debug.setmetatable(t, {__index = {x = 1}}) return t.x

return debug.getmetatable(""), debug.getmetatable(5), debug.getmetatable(nil) == nil and "none"

debug.setmetatable(5, {__index = {double = function(n) return n * 2 end}}) local r = (5):double() debug.setmetatable(5, nil) return r

debug.setmetatable(nil, {__index = function() return "nil indexed" end}) local n = nil local r = n.x debug.setmetatable(nil, nil) return r

debug.setmetatable(print, {__index = {name = "function"}}) local r = print.name debug.setmetatable(print, nil) return r

debug.setmetatable(true, {__add = function() return "added" end}) local r = true + 1 debug.setmetatable(true, nil) return r

debug.setmetatable()

debug.setmetatable({})

debug.setmetatable({}, 1)

debug.getmetatable()

return type(debug.getregistry())

return debug.getuservalue and debug.getuservalue(io.stdout) or nil
]]
--@ both hooks
S[[
return debug.gethook()

local lines = {} debug.sethook(function(e, l) lines[#lines + 1] = e .. " " .. l end, "l")
local x = 1
local y = 2
debug.sethook() return lines

local n = 0 debug.sethook(function(e) n = n + 1 end, "c") local s = ("x"):rep(2) debug.sethook() return n > 0

local n = 0 debug.sethook(function(e) n = n + 1 end, "", 10) for i = 1, 100 do end debug.sethook() return n > 0

local h = function() end debug.sethook(h, "crl") local a, b, c = debug.gethook() debug.sethook() return a == h, b, c

debug.sethook(5)

debug.sethook(print)

local calls = {} debug.sethook(function(e) calls[#calls + 1] = e end, "cr") local function f() end f() debug.sethook() return #calls > 2
]]
--@ 5.1 debug.getfenv setfenv
S[[
local function f() return x end debug.setfenv(f, {x = "own"}) return f(), debug.getfenv(f).x

return debug.getfenv(print) == _G, debug.getfenv(function() end) == _G, debug.getfenv(1), debug.getfenv({})

debug.setfenv(1, {})

debug.setfenv()

debug.getfenv()
]]
