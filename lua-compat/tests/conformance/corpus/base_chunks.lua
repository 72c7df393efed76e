--! Functions of the base library that load, print and collect, and which globals there are.
--@ both dofile loadfile
E[[
loadfile("missing.lua")
loadfile("broken.lua")
type(loadfile("answers.lua"))
loadfile("answers.lua")("given")
dofile("answers.lua")
dofile("missing.lua")
dofile("broken.lua")
dofile("raises.lua")
loadfile("raises.lua")()
loadfile({})
]]
--@ 5.4 loadfile
E[[
loadfile("answers.lua", "t", {})("x")
loadfile("answers.lua", "b")
loadfile("answers.lua", "bt")("x")
loadfile("answers.lua", 1)
]]
--@ both collectgarbage
E[[
collectgarbage(), collectgarbage("collect")
type(collectgarbage("count"))
collectgarbage("count") > 0
collectgarbage("stop"), collectgarbage("restart")
type(collectgarbage("step"))
type(collectgarbage("step", 100))
type(collectgarbage("setpause", 200)), type(collectgarbage("setstepmul", 200))
collectgarbage("nonsense")
collectgarbage(1)
collectgarbage({})
collectgarbage(nil)
]]
--@ 5.4 collectgarbage
E[[
collectgarbage("isrunning")
collectgarbage("incremental")
collectgarbage("generational")
collectgarbage("incremental", 100, 100, 10)
math.type(collectgarbage("count"))
collectgarbage("step", "x")
]]
--@ both print
S[[
print()

print(nil, true, 1, "x")

print("a\0b", "tab\tin", "")

print(setmetatable({}, {__tostring = function() return "shown" end}))

print(setmetatable({}, {__tostring = function() return 1 end}))

print(1, setmetatable({}, {__tostring = function() error("in tostring", 0) end}))

print(1e15, 1e100, -1.5, 2^31, 10 / 2)

return print(1), select('#', print())

print((("x"):rep(10000)):len())
]]
--@ both globals
E[[
_G == _G._G, _G.print == print, type(_G)
_VERSION
type(_VERSION)
_ENV ~= nil, unpack ~= nil, loadstring ~= nil, setfenv ~= nil, getfenv ~= nil, module ~= nil
rawlen ~= nil, utf8 ~= nil, table.pack ~= nil, table.unpack ~= nil, table.move ~= nil, warn ~= nil, gcinfo ~= nil, newproxy ~= nil
math.pow ~= nil, math.cosh ~= nil, math.type ~= nil, math.ult ~= nil, math.log10 ~= nil, math.ldexp ~= nil, math.mod ~= nil
table.getn ~= nil, table.setn ~= nil, table.foreach ~= nil, table.foreachi ~= nil, table.maxn ~= nil
string.pack ~= nil, string.gfind ~= nil, string.dump ~= nil, string.packsize ~= nil
coroutine.close ~= nil, coroutine.isyieldable ~= nil, debug.setuservalue ~= nil, debug.getfenv ~= nil, debug.upvalueid ~= nil
package.loaders ~= nil, package.searchers ~= nil, package.seeall ~= nil, package.searchpath ~= nil, package.config
bit32 ~= nil, bit ~= nil
]]
S[[
local names = {} for name, value in pairs(_G) do if not ("SHOW ALL T V E S C M arg nauthilus_builtin"):find(name, 1, true) then names[#names + 1] = name .. ":" .. type(value) end end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(string) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(table) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(math) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(coroutine) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(os) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(io) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(debug) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name, value in pairs(package) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")

local names = {} for name in pairs(package.loaded) do names[#names + 1] = name end
table.sort(names) return table.concat(names, " ")
]]
--@ 5.4 utf8 names
S[[
local names = {} for name, value in pairs(utf8) do names[#names + 1] = name .. ":" .. type(value) end
table.sort(names) return table.concat(names, " ")
]]
--@ 5.4 load
E[[
load("return 1 + 1")()
load("return ...")(1, 2, 3)
load("x =")
load("x =", "@file.lua")
load("x =", "=name")
load("x =", "some text")
load("x =", "first line\nsecond line")
load("x =", ("long text "):rep(20))
load("x =", "@" .. ("long/path/"):rep(20) .. "file.lua")
load("x =", "=" .. ("longname"):rep(20))
load("x =", "")
load("x =", "=")
load("x =", "@")
load("x =\n\n\n=")
load("error('run')", "=named")()
load("error('run')", "text of the chunk")()
load("error('run')")()
load("return x", "n", "t", {x = 5})()
load("x = 5; return x", "n", "t", setmetatable({}, {__index = _G}))()
load("return x", "n", "b")
load("return x", "n", "q")
load("return 1", "n", "bt")()
load("return 1", "n", nil, nil)()
load("return print", "n", "t", nil)()
load("return _ENV", "n", "t", 5)()
load("return y.z", "n", "t", {})()
load(nil)
load()
load({})
load(5)
load(true)
load("return 1", {})
load("return 1", nil, {})
load(function() return nil end)
load(function() return nil end)()
load(function() return "" end)()
load(function() return {} end)
load(function() error("reader", 0) end)
load(coroutine.wrap(function() coroutine.yield("return ") coroutine.yield("1") coroutine.yield("2") end))()
load("\27Lua")
load("\27Lua", "n", "t")
load("# comment\nreturn 1")
load("#!/bin/lua\nreturn 1")
load("return 'a\0b'")()
load("return\0")
select('#', load("x x"))
load("local x <const> = 5; return x")()
load("goto nowhere")
load("break")
load("return return")
load(("x = 1 "):rep(1000)) ~= nil
]]
S[[
local parts, i = {"return ", "{", "1,", "2", "}"}, 0
return load(function() i = i + 1 return parts[i] end)()

local i = 0
return load(function() i = i + 1 return ("return 'byte by byte', 42"):sub(i, i) end)()

local f = load("x = 1") local env = {} 
local g = load("x = 1; return x", "c", "t", env)
return g(), env.x, rawget(_G, "x")

local f = load("local a = ... ; return function() a = (a or 0) + 1 return a end")
local g, h = f(10), f(20)
return g(), g(), h()
]]
--@ 5.1 load loadstring
E[[
loadstring("return 1 + 1")()
loadstring("return ...")(1, 2, 3)
loadstring("x =")
loadstring("x =", "@file.lua")
loadstring("x =", "=name")
loadstring("x =", "some text")
loadstring("x =", "first line\nsecond line")
loadstring("x =", ("long text "):rep(20))
loadstring("x =", "@" .. ("long/path/"):rep(20) .. "file.lua")
loadstring("x =", "=" .. ("longname"):rep(20))
loadstring("x =", "")
loadstring("x =", "=")
loadstring("x =\n\n\n=")
loadstring("error('run')", "=named")()
loadstring("error('run')", "text of the chunk")()
loadstring("error('run')")()
loadstring()
loadstring(nil)
loadstring({})
loadstring(5)
loadstring("5")
loadstring(function() end)
load(function() return nil end)()
load(function() return {} end)
load(function() error("reader", 0) end)
load("return 1")
load()
load(nil)
load(5)
load(coroutine.wrap(function() coroutine.yield("return ") coroutine.yield("1") coroutine.yield("2") end))()
loadstring("# comment\nreturn 1")
loadstring("return 'a\\0b'")()
loadstring("x x")
loadstring("break")
loadstring("return return")
loadstring(("x = 1 "):rep(1000)) ~= nil
loadstring("return 1", {})
load(function() return nil end, "name")
]]
S[[
local parts, i = {"return ", "{", "1,", "2", "}"}, 0
return load(function() i = i + 1 return parts[i] end)()

local i = 0
return load(function() i = i + 1 return ("return 'byte by byte', 42"):sub(i, i) end)()

local i = 0
return load(function() i = i + 1 return ({"x = ", "= 1"})[i] end, "@named.lua")

local f = loadstring("local a = ... ; return function() a = (a or 0) + 1 return a end")
local g, h = f(10), f(20)
return g(), g(), h()
]]
--@ 5.1 unpack
E[[
unpack({1, 2, 3})
unpack({1, 2, 3}, 2)
unpack({1, 2, 3}, 2, 3)
unpack({1, 2, 3}, 3, 2)
unpack({1, 2, 3}, -1, 1)
unpack({1, 2}, 1, 4)
unpack({}, 1, 1e8)
unpack({}, 1, 2^31)
unpack()
unpack(nil)
unpack(1)
unpack({1, nil, 3}, 1, 3)
unpack({}, "x")
unpack({1, 2}, "1", "2")
unpack(setmetatable({}, {__index = function(_, i) return i end}), 1, 3)
unpack({1.5, 2.5}, 1.9)
]]
--@ 5.1 gcinfo newproxy
E[[
type(gcinfo())
type(newproxy()), type(newproxy(true)), type(newproxy(false))
getmetatable(newproxy()), type(getmetatable(newproxy(true)))
newproxy(1)
newproxy({})
newproxy("x")
type(newproxy(newproxy(true)))
newproxy(newproxy())
]]
S[[
local p = newproxy(true)
local m = getmetatable(p)
m.__index = function(_, k) return k .. "!" end
m.__len = function() return 7 end
m.__call = function(_, a) return a end
m.__tostring = function() return "proxy" end
m.__add = function() return "sum" end
return p.field, #p, p(3), tostring(p), p + 1

local p = newproxy(true) local q = newproxy(p)
return getmetatable(p) == getmetatable(q), p == q, rawequal(p, p)

local p = newproxy() return p.x

local p = newproxy() p.x = 1

local p = newproxy() return p + 1

local p = newproxy() return #p
]]
--@ 5.4 warn
S[[
warn("@off") warn("nothing is seen") return select('#', warn("x"))

warn()

warn(nil)

warn(1, {})

warn("a", "b", 1)
]]
