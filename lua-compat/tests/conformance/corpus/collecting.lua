--! Garbage: weak tables, finalizers, collectgarbage.
--@ both weak tables
S[[
local t = setmetatable({}, {__mode = "k"}) for i = 1, 100 do t[{}] = i end collectgarbage() collectgarbage() return next(t)

local t = setmetatable({}, {__mode = "v"}) for i = 1, 100 do t[i] = {} end collectgarbage() collectgarbage() return next(t)

local t = setmetatable({}, {__mode = "v"}) for i = 1, 10 do t["k" .. i] = {} end for i = 1, 10 do t[i] = i end collectgarbage() collectgarbage() local n = 0 for k in pairs(t) do n = n + 1 end return n

local t = setmetatable({}, {__mode = "k"}) t[1] = "number" t.x = "string" t[true] = "boolean" t[print] = "function" collectgarbage() local n = 0 for k in pairs(t) do n = n + 1 end return n

local a, t = {}, setmetatable({}, {__mode = "kv"}) t[a] = a t[{}] = a t[a.x or 1] = {} collectgarbage() collectgarbage() local n = 0 for k in pairs(t) do n = n + 1 end return n, t[a] == a

local t = setmetatable({}, {__mode = "x"}) t[1] = {} collectgarbage() return type(t[1])

local t = setmetatable({}, {__mode = 5}) t[1] = {} collectgarbage() return type(t[1])

local cache = setmetatable({}, {__mode = "v"}) local function get(n) local v = cache[n] if not v then v = {n} cache[n] = v end return v end local keep = get(1) get(2) collectgarbage() collectgarbage() return cache[1] == keep, cache[2]

local t = setmetatable({}, {__mode = "v"}) t[1] = function() end t[2] = coroutine.create(print) t[3] = "text" t[4] = 5 collectgarbage() collectgarbage() return t[2], t[3], t[4]

local t = {} setmetatable(t, {__mode = "k"}) local k = {} t[k] = {k} k = nil collectgarbage() collectgarbage() return type(next(t)) == "nil" or type(next(t)) == "table"
]]
--@ 5.4 weak tables
S[[
local t = setmetatable({}, {__mode = "k"}) do local k = {} t[k] = {k} end collectgarbage() collectgarbage() return next(t)

local t = setmetatable({}, {__mode = "k"}) local first = {} do local k = first for i = 1, 50 do local n = {} t[k] = n k = n end end collectgarbage() local n = 0 for k in pairs(t) do n = n + 1 end first = nil collectgarbage() collectgarbage() return n, next(t)

local a, b = setmetatable({}, {__mode = "k"}), setmetatable({}, {__mode = "k"}) do local x, y = {}, {} a[x] = y b[y] = x end collectgarbage() collectgarbage() return next(a), next(b)
]]
--@ 5.4 finalizers
S[[
local log = {} for i = 1, 3 do setmetatable({}, {__gc = function() log[#log + 1] = i end}) end collectgarbage() collectgarbage() return log

local kept do local x = setmetatable({v = 5}, {__gc = function(o) kept = o end}) end collectgarbage() collectgarbage() return kept and kept.v

local n = 0 local m = {__gc = function(o) n = n + 1 if n < 3 then setmetatable(o, getmetatable(o)) end end} setmetatable({}, m) for i = 1, 6 do collectgarbage() end return n

local n = 0 local m = {} local o = setmetatable({}, m) m.__gc = function() n = n + 1 end o = nil collectgarbage() collectgarbage() return n

local n = 0 local o = setmetatable({}, {__gc = true}) getmetatable(o).__gc = function() n = n + 1 end o = nil collectgarbage() collectgarbage() return n

local n = 0 do local o = setmetatable({}, {__gc = function() n = n + 1 end}) end collectgarbage("step", 0) collectgarbage() return n

local n = 0 do local o <close> = setmetatable({}, {__gc = function() n = n + 10 end, __close = function() n = n + 1 end}) end collectgarbage() collectgarbage() return n
]]
--@ 5.4 finalizers at the end
setmetatable({}, {__gc = function() print("at the end") end})
KEEP = setmetatable({}, {__gc = function() print("kept to the end") end})
print("the program ends")
--@ 5.1 finalizers
S[[
local n = 0 do local p = newproxy(true) getmetatable(p).__gc = function() n = n + 1 end end collectgarbage() collectgarbage() return n

local n = 0 setmetatable({}, {__gc = function() n = n + 1 end}) collectgarbage() collectgarbage() return n

local log = {} for i = 1, 3 do local p = newproxy(true) getmetatable(p).__gc = function() log[#log + 1] = i end end collectgarbage() collectgarbage() return log
]]
--@ both counting
S[[
local before = collectgarbage("count") local t = {} for i = 1, 10000 do t[i] = {} end local during = collectgarbage("count") t = nil collectgarbage() collectgarbage() local after = collectgarbage("count") return during > before, after < during

local x for i = 1, 20000 do x = ("text " .. i):rep(3) end return x

for i = 1, 1000 do local t = {} t.self = t end collectgarbage() return "done"

collectgarbage("stop") local n = collectgarbage("count") collectgarbage("restart") return type(n)

local s = {} for i = 1, 50 do s[i] = coroutine.wrap(function() coroutine.yield({}) end) s[i]() end s = nil collectgarbage() return "done"
]]
