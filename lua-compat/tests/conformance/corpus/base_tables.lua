--! Functions of the base library that are about tables.
--@ both rawget rawset rawequal
E[[
rawget({5}, 1), rawget({}, 1), rawget({x = 1}, "x")
rawget(setmetatable({}, {__index = function() return 1 end}), "x")
rawget(1, 1)
rawget()
rawget({})
rawget({}, nil)
rawget(nil, 1)
rawset({}, "x", 5).x
rawset({}, nil, 1)
rawset({}, 0/0, 1)
rawset({}, 1)
rawset(1, 1, 1)
rawset({})
rawset()
rawset({}, "x", nil)
rawset(setmetatable({}, {__newindex = error}), 1, 2)
rawequal(1, 1), rawequal("a", "a"), rawequal({}, {}), rawequal(nil, nil), rawequal(nil, false)
rawequal(1, "1"), rawequal(0, -0), rawequal(0/0, 0/0)
rawequal(1)
rawequal()
rawequal(setmetatable({}, {__eq = function() return true end}), setmetatable({}, {__eq = function() return true end}))
]]
--@ 5.4 rawlen rawequal
E[[
rawlen({1, 2, 3}), rawlen("abc"), rawlen({}), rawlen("")
rawlen(setmetatable({1}, {__len = function() return 10 end}))
rawlen(1)
rawlen(nil)
rawlen()
rawequal(1, 1.0), rawequal(2^53, 2^53|0), rawequal(-0.0, 0)
]]
--@ both next
E[[
next({}), next({5}), next({x = 1})
next({}, nil)
next({5}, 1)
next({}, 1)
next({}, "x")
next({5}, 2)
next()
next(nil)
next(1)
next("x")
next({10, 20}, 1)
next({}, 0/0)
type(next), next ~= nil
]]
S[[
local t, keys = {1, 2, 3, x = 4}, 0
local k, v = next(t)
while k do keys = keys + 1 k, v = next(t, k) end
return keys

local t = {a = 1, b = 2, c = 3, d = 4}
for k in next, t do t[k] = nil end
return next(t)

local t = {a = 1, b = 2, c = 3}
for k in pairs(t) do t[k] = 10 end
return t

local t = {} for i = 1, 100 do t[i] = i end
local sum = 0
for k, v in pairs(t) do t[k] = nil sum = sum + v end
return sum, next(t)
]]
--@ both pairs
E[[
select('#', pairs({}))
pairs(nil)
pairs()
pairs(1)
pairs("x")
pairs(print)
(pairs({})) == next, type(select(2, pairs({}))), select(3, pairs({}))
]]
S[[
local order = {}
for k, v in pairs({10, 20, 30}) do order[#order + 1] = k .. "=" .. v end
return table.concat(order, " ")

local n = 0
for k, v in pairs({1, nil, 3, x = 1, [2.5] = 2, [true] = 3}) do n = n + 1 end
return n

for k in pairs(undefined_global) do end

local t = {} for k in pairs(t.x) do end
]]
--@ 5.4 pairs
E[[
pairs(setmetatable({}, {__pairs = function(t) return 1, 2, 3, 4 end}))
select('#', pairs(setmetatable({}, {__pairs = function(t) return 1 end})))
pairs(setmetatable({}, {__pairs = 1}))
pairs(setmetatable({}, {__pairs = function() error("in pairs", 0) end}))
]]
S[[
local t = setmetatable({}, {__pairs = function(self) return function(_, k) k = (k or 0) + 1 if k <= 3 then return k, k * k end end, self, nil end})
local r = {} for k, v in pairs(t) do r[#r + 1] = k .. ":" .. v end
return table.concat(r, ",")
]]
--@ both ipairs
E[[
select('#', ipairs({}))
type((ipairs({}))), type(select(2, ipairs({}))), select(3, ipairs({}))
ipairs(nil)
ipairs()
]]
S[[
local r = {} for i, v in ipairs({1, 2, nil, 4}) do r[#r + 1] = i .. v end
return table.concat(r, ",")

local r = {} for i, v in ipairs({[0] = 0, 1, 2}) do r[#r + 1] = i end
return table.concat(r, ",")

local t = {1, 2, 3} local r = {}
for i, v in ipairs(t) do r[#r + 1] = v if i < 5 then t[#t + 1] = v * 10 end end
return table.concat(r, ",")

local r = {} for i, v in ipairs({false, true, "x"}) do r[#r + 1] = tostring(v) end
return table.concat(r, ",")

for i, v in ipairs(undefined_global) do end

local f, t, i = ipairs({"a", "b"})
return f(t, 0), f(t, 1), f(t, 2), select('#', f(t, 2))
]]
--@ 5.1 ipairs
E[[
ipairs(1)
ipairs("x")
]]
S[[
local r = {} for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 4 then return i end end})) do r[#r + 1] = v end
return #r
]]
--@ 5.4 ipairs
E[[
select('#', ipairs(1))
select('#', ipairs("x"))
]]
S[[
local r = {} for i, v in ipairs(setmetatable({}, {__index = function(_, i) if i < 4 then return i * i end end})) do r[#r + 1] = v end
return table.concat(r, ",")

for i, v in ipairs(1) do end

for i, v in ipairs("x") do end return "nothing"
]]
--@ both setmetatable getmetatable
E[[
getmetatable({}), getmetatable(1), getmetatable(nil), getmetatable(print)
getmetatable("").__index == string
getmetatable()
getmetatable(setmetatable({}, {__metatable = "hidden"}))
getmetatable(setmetatable({}, {__metatable = false}))
setmetatable(setmetatable({}, {__metatable = 1}), {})
setmetatable(setmetatable({}, {__metatable = 1}), nil)
setmetatable(setmetatable({}, {}), nil)
setmetatable({}, 1)
setmetatable({})
setmetatable(1, {})
setmetatable()
setmetatable("x", {})
setmetatable({}, "x")
setmetatable({}, false)
select('#', setmetatable({}, {}))
setmetatable(nil, {})
]]
