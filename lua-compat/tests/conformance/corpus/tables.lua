--! The table library and table constructors.
--@ both table.insert
S[[
local t = {1, 2, 3} table.insert(t, 4) return t

local t = {1, 2, 3} table.insert(t, 1, 0) return t

local t = {1, 2, 3} table.insert(t, 2, "x") return t, #t

local t = {1, 2, 3} table.insert(t, 4, "x") return t

local t = {} table.insert(t, "a") table.insert(t, "b") table.insert(t, 1, "c") return t

local t = {} table.insert(t, nil) return t, #t

local t = {1} table.insert(t, 1, nil) return #t, t[2]

table.insert({})

table.insert({}, 1, 2, 3)

table.insert()

table.insert(nil, 1)

table.insert(1, 1)

table.insert("x", 1)

table.insert({1, 2}, "x", 1)

table.insert({1, 2}, {}, 1)

local t = {1, 2} table.insert(t, "1", 0) return t

return select('#', table.insert({}, 1))
]]
--@ 5.4 table.insert
S[[
table.insert({1, 2, 3}, 0, "x")

table.insert({1, 2, 3}, 5, "x")

table.insert({1, 2, 3}, -1, "x")

table.insert({}, 2, "x")

table.insert({1}, 1.5, "x")

table.insert({1}, math.maxinteger, "x")

table.insert({1}, math.mininteger, "x")

local t = {1} table.insert(t, 2.0, "x") return t

local log = {} local t = setmetatable({}, {__len = function() return 3 end, __newindex = function(t, k, v) log[#log + 1] = k .. "=" .. tostring(v) end}) table.insert(t, "x") return log

local log = {} local t = setmetatable({}, {__index = function(_, k) log[#log + 1] = "get " .. k return k end, __len = function() return 2 end, __newindex = function(t, k, v) log[#log + 1] = "set " .. k .. "=" .. tostring(v) end}) table.insert(t, 1, "x") return log

table.insert(setmetatable({}, {__len = function() return "x" end}), 1)

local t = setmetatable({}, {__index = function() end}) table.insert(t, 1) return rawlen(t)
]]
--@ both table.remove
S[[
local t = {1, 2, 3} return table.remove(t), t

local t = {1, 2, 3} return table.remove(t, 1), t

local t = {1, 2, 3} return table.remove(t, 2), t

local t = {1, 2, 3} return table.remove(t, 3), t

local t = {} return table.remove(t), t

return select('#', table.remove({1}))

table.remove()

table.remove(nil)

table.remove(1)

table.remove({1, 2}, "x")

table.remove({1, 2}, {})

local t = {1, 2} return table.remove(t, "1"), t

local t = {"a"} return table.remove(t, 1), table.remove(t, 1), #t

local t = {n = 1} return table.remove(t)
]]
--@ 5.1 table.remove
S[[
return select('#', table.remove({}))

return table.remove({1, 2, 3}, 4)

return table.remove({1, 2, 3}, 0)

return table.remove({1, 2, 3}, -5)

return table.remove({1, 2, 3}, 1.9)
]]
--@ 5.4 table.remove
S[[
return select('#', table.remove({}))

return table.remove({1, 2, 3}, 4)

return table.remove({1, 2, 3}, 5)

return table.remove({1, 2, 3}, 0)

return table.remove({1, 2, 3}, -1)

return table.remove({}, 0), table.remove({}, 1)

return table.remove({[0] = "zero"}, 0)

return table.remove({[0] = "zero"})

return table.remove({}, 2)

return table.remove({1}, 1.5)

return table.remove({1}, math.maxinteger)

return table.remove(setmetatable({}, {__len = function() return 2 end, __index = function(_, k) return k * 10 end}), 1)
]]
--@ both table.concat
E[[
table.concat({}), table.concat({1, 2, 3}), table.concat({1, 2, 3}, ","), table.concat({"a"}, ","), table.concat({1, 2.5, "x"}, "-")
table.concat({1, 2, 3}, ",", 2), table.concat({1, 2, 3}, ",", 2, 3), table.concat({1, 2, 3}, ",", 3, 2), table.concat({1, 2, 3}, ",", 1, 1)
table.concat({1, 2, 3}, ",", 1, 4)
table.concat({1, 2, 3}, ",", 0, 1)
table.concat({1, nil, 3}, ",", 1, 3)
table.concat({1, {}, 3})
table.concat({true})
table.concat({print}, ",")
table.concat({"a", "b"}, 1), table.concat({"a", "b"}, 1.5), table.concat({"a", "b"}, nil), table.concat({"a", "b"}, "\0")
table.concat({"a", "b"}, {})
table.concat({"a", "b"}, true)
table.concat({"a"}, ",", "x")
table.concat({"a"}, ",", 1, "x")
table.concat({"a"}, ",", "1", "1")
table.concat()
table.concat(nil)
table.concat(1)
table.concat("x")
table.concat({[0] = "z", "a"}, ",", 0), table.concat({[-1] = "m", [0] = "z", "a"}, ",", -1, 1)
table.concat({1e15, 2^53, 0.1, 1e100}, " ")
#table.concat({("x"):rep(1000), ("y"):rep(1000)}, ("z"):rep(1000))
]]
--@ 5.4 table.concat
E[[
table.concat({1, 1.0, -0.0, 2^63}, " ")
table.concat({}, ",", math.maxinteger, math.mininteger)
table.concat({}, ",", math.maxinteger, math.maxinteger)
table.concat({[math.maxinteger] = "x"}, ",", math.maxinteger, math.maxinteger)
table.concat({}, ",", 1.5)
table.concat(setmetatable({}, {__len = function() return 3 end, __index = function(_, i) return "i" .. i end}), ",")
table.concat(setmetatable({}, {__len = function() return 1.5 end}))
table.concat(setmetatable({}, {__index = function() return 1 end}))
]]
--@ 5.4 table.unpack table.pack
E[[
table.unpack({1, 2, 3})
table.unpack({1, 2, 3}, 2)
table.unpack({1, 2, 3}, 2, 3)
table.unpack({1, 2, 3}, 3, 2)
table.unpack({1, 2, 3}, -1, 1)
table.unpack({1, 2}, 1, 4)
table.unpack({}, 1, 1e8)
table.unpack({}, 1, 1e7)
table.unpack({}, math.mininteger, math.maxinteger)
table.unpack({}, 0, math.maxinteger)
table.unpack({}, math.maxinteger, 0)
table.unpack({}, math.maxinteger, math.maxinteger)
select('#', table.unpack({}, math.maxinteger - 1, math.maxinteger))
select('#', table.unpack({}, math.mininteger, math.mininteger + 1))
table.unpack()
table.unpack(nil)
table.unpack(1)
table.unpack("abc")
table.unpack("abc", 1, 2)
table.unpack({1, nil, 3}, 1, 3)
table.unpack({}, "x")
table.unpack({1, 2}, "1", "2")
table.unpack({1, 2}, 1.5)
table.unpack({1, 2}, 1.0, 2.0)
table.unpack(setmetatable({}, {__index = function(_, i) return i * 2 end}), 1, 3)
table.unpack(setmetatable({}, {__len = function() return 2 end, __index = function(_, i) return i end}))
select('#', table.unpack({}, 1, 200))
table.pack()
table.pack(1, nil, 3)
table.pack(nil)
table.pack(1, 2, 3).n
select('#', table.unpack({n = 3}, 1, 3))
]]
--@ 5.4 table.move
E[[
table.move({1, 2, 3}, 1, 3, 2)
table.move({1, 2, 3}, 2, 3, 1)
table.move({1, 2, 3}, 1, 3, 1)
table.move({1, 2, 3}, 1, 3, 5)
table.move({1, 2, 3}, 1, 0, 5)
table.move({1, 2, 3}, 3, 1, 5)
table.move({1, 2, 3}, 1, 3, 1, {9, 9, 9, 9})
table.move({1, 2, 3}, 2, 3, 1, {})
table.move({1, nil, 3}, 1, 3, 2)
table.move({}, 1, 3, 1)
table.move({1}, math.maxinteger, math.maxinteger, 1)
table.move({1}, 1, 1, math.maxinteger)
table.move({1, 2}, 1, 2, math.maxinteger)
table.move({1}, math.mininteger, math.maxinteger, 1)
table.move({1}, -1, math.maxinteger, 1)
table.move({1}, 1, math.maxinteger, 2)
table.move()
table.move({})
table.move({}, 1)
table.move({}, 1, 2)
table.move({}, 1, 2, "x")
table.move({}, 1.5, 2, 3)
table.move({}, 1, 2, 3, 4)
table.move(nil, 1, 2, 3)
table.move({1, 2}, 1, 2, 1, "x")
table.move({1, 2}, "1", "2", "3")
]]
S[[
local log = {} local t = setmetatable({}, {__index = function(_, k) log[#log + 1] = "r" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "w" .. k end})
table.move(t, 1, 3, 2) return table.concat(log, " ")

local log = {} local t = setmetatable({}, {__index = function(_, k) log[#log + 1] = "r" .. k return k end, __newindex = function(_, k, v) log[#log + 1] = "w" .. k end})
table.move(t, 2, 4, 1) return table.concat(log, " ")

local a, b = {1, 2}, {} return table.move(a, 1, 2, 1, b) == b, b
]]
--@ both table.sort
S[[
local t = {3, 1, 2} table.sort(t) return t

local t = {} table.sort(t) return t

local t = {1} table.sort(t) return t

local t = {"banana", "apple", "cherry", "Apple", "10", "9"} table.sort(t) return t

local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t

local t = {5, 2, 8, 1, 9, 3, 7, 4, 6, 0} table.sort(t) return t

local t = {} for i = 1, 200 do t[i] = (i * 7919) % 1009 end table.sort(t) for i = 2, 200 do if t[i - 1] > t[i] then return "not sorted" end end return t[1], t[100], t[200]

local t = {} for i = 1, 300 do t[i] = i end table.sort(t, function(a, b) return a > b end) return t[1], t[300]

local t = {2, 2, 1, 1, 3, 3} table.sort(t) return t

local t = {1.5, -1, 0, 1e10, -1e10} table.sort(t) return t

table.sort({1, "x"})

table.sort({1, {}})

table.sort({{}, {}})

table.sort({1, nil, 3})

table.sort({"x", 1, "y"})

table.sort({true, false})

table.sort({3, 1, 2}, 1)

table.sort({3, 1, 2}, "x")

table.sort({3, 1, 2}, {})

local t = {3, 1, 2} table.sort(t, nil) return t

table.sort()

table.sort(nil)

table.sort(1)

table.sort({3, 1, 2}, function(a, b) error("in order", 0) end)

table.sort({3, 1, 2}, function(a, b) error("in order") end)

table.sort({3, 1, 2}, function(a, b) return a.x < b.x end)

return select('#', table.sort({2, 1}))

table.sort({3, 1, 2, 5, 4}, function(a, b) return true end)

local t = {} for i = 1, 100 do t[i] = i end table.sort(t, function(a, b) return true end)

local t = {3, 1, 2} table.sort(t, function(a, b) return false end) return #t

local t = {{k = 2}, {k = 1}, {k = 3}} table.sort(t, function(a, b) return a.k < b.k end) return t[1].k, t[2].k, t[3].k

local m = {__lt = function(a, b) return a.v < b.v end} local t = {} for i, v in ipairs{3, 1, 2} do t[i] = setmetatable({v = v}, m) end table.sort(t) return t[1].v, t[2].v, t[3].v

local words = {} for w in ("the quick brown fox jumps over the lazy dog"):gmatch("%a+") do words[#words + 1] = w end table.sort(words) return table.concat(words, " ")

local calls = 0 local t = {1, 2, 3} table.sort(t, function(a, b) calls = calls + 1 return a < b end) return calls > 0

local co = coroutine.wrap(function() table.sort({2, 1, 3}, function(a, b) coroutine.yield(a) return a < b end) end) return pcall(co)
]]
--@ 5.4 table.sort
S[[
local t = setmetatable({}, {__len = function() return 3 end, __index = function(_, k) return 4 - k end, __newindex = function(t, k, v) rawset(t, k, v) end}) table.sort(t) return rawget(t, 1), rawget(t, 3)

table.sort(setmetatable({}, {__len = function() return math.maxinteger end}))

local t = {3, 2.5, 1, 2^53, math.mininteger} table.sort(t) return t
]]
--@ both order of comparisons in sort
S[[
local log = {} local t = {3, 1, 2} table.sort(t, function(a, b) log[#log + 1] = a .. "<" .. b return a < b end) return table.concat(log, " ")

local log = {} local t = {5, 4, 3, 2, 1} table.sort(t, function(a, b) log[#log + 1] = a .. "<" .. b return a < b end) return table.concat(log, " ")

local t = {} for i, w in ipairs{"b2", "a1", "b1", "a2", "c1", "a3", "b3"} do t[i] = w end table.sort(t, function(a, b) return a:sub(1, 1) < b:sub(1, 1) end) return table.concat(t, " ")

local t = {1, 2, 3, 4, 5, 6, 7, 8} table.sort(t, function(a, b) return a % 2 < b % 2 end) return table.concat(t, " ")
]]
--@ 5.1 table.getn setn maxn foreach foreachi
E[[
table.getn({1, 2, 3}), table.getn({})
table.getn()
table.getn(nil)
table.setn({}, 1)
table.setn()
table.maxn({}), table.maxn({1, 2, 3}), table.maxn({[10] = 1, [2.5] = 1, [-1] = 1}), table.maxn({x = 1}), table.maxn({[1e10] = 1})
table.maxn()
table.maxn(1)
table.foreach({}, print)
table.foreach({5}, function(k, v) return k, v end)
table.foreach({a = 1}, function(k, v) return k .. v end)
table.foreach({1, 2, 3}, function(k, v) if v == 2 then return "found" end end)
table.foreach()
table.foreach({})
table.foreach(1, print)
table.foreachi({1, 2, 3}, function(i, v) if i == 2 then return i * 10 end end)
table.foreachi({x = 1}, error)
table.foreachi()
table.foreachi({}, 1)
table.foreachi({1}, function() error("inside", 0) end)
]]
S[[
local sum = 0 table.foreach({1, 2, 3, x = 4}, function(k, v) sum = sum + v end) return sum

local r = {} table.foreachi({"a", "b", nil, "d"}, function(i, v) r[#r + 1] = i .. tostring(v) end) return r[1], r[2]
]]
--@ both constructors
S[[
return {}, {1, 2, 3}, {x = 1, y = 2}, {[1] = "a", [2] = "b"}, {1, x = 2, 3}, {["a b"] = 1}

return {1, 2, 3,}, {1; 2; 3;}, {x = 1; y = 2,}

return {[1] = "explicit", "positional"}

return {"positional", [1] = "explicit"}

local function f() return 1, 2, 3 end return {f()}, {f(), f()}, {(f())}, {f(), x = 1}, {x = f()}, {f(), nil}

local function f(...) return {...}, {n = select('#', ...), ...}, {..., "last"} end return f(1, nil, 3)

local t = {[1.0] = "one", [2] = "two"} return t[1], t[2.0]

local t = {[1e300] = 1, [-1] = 2, [0] = 3, [true] = 4, [print] = 5} return t[1e300], t[-1], t[0], t[true], t[print]

return {[nil] = 1}

return {[0/0] = 1}

local t = {} t[nil] = 1

local t = {} t[0/0] = 1

local t = {} return t[nil], t[0/0], t.x, t[1.5]

local k = nil local t = {} t[k] = 1

return #{1, 2, 3, nil}, #{n = 1, 2}, #{nil, 2} >= 0

local t = {} for i = 1, 60 do t[i] = i end return #t, #{t, t}, #{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60}

local t = {{1, {2, {3}}}} return t[1][2][2][1], t

return ({10, 20, 30})[2], ({x = 5}).x, (function() return {7} end)()[1]

local t = {f = function(self, x) return self.v + x end, v = 5} return t:f(1), t.f(t, 2), t["f"](t, 3)

local t = {} t.a, t.b, t["c d"] = 1, 2, 3 t[#t + 1] = "x" return t

local t = {[1] = 1, [2] = 2, [3] = 3, n = 0} t[2] = nil return t[1], t[2], t[3]

local t = {} t[2^53] = "big" t[-2^53] = "neg" return t[2^53], t[-2^53], t[2^53 + 2]

local a = {} a.self = a return a.self.self == a

local t = {1, 2, 3} t.x = nil t[10] = nil return t
]]
--@ 5.4 keys
S[[
local t = {} t[1.0] = "a" t[2^53] = "b" return math.type(next(t)), t[1], t[2^53|0], t["1"]

local t = {} t[1] = "int" t[1.5] = "float" t["1"] = "string" return t

local t = {[math.maxinteger] = 1, [math.mininteger] = 2, [2^63] = 3, [-2^63] = 4} return t[math.maxinteger], t[math.mininteger], t[2^63]

local t = {} t[-0.0] = "zero" return t[0], t[0.0], math.type(next(t))

local t = {} t[1/0] = "inf" t[-1/0] = "-inf" return t[1/0], t[-1/0]

local k = 3.0 local t = {} t[k] = 1 for i in pairs(t) do return math.type(i), i end
]]
--@ both big tables
S[[
local t = {} for i = 1, 10000 do t[i] = i end local s = 0 for i, v in ipairs(t) do s = s + v end return s, #t

local t = {} for i = 10000, 1, -1 do t[i] = i end return #t

local t = {} for i = 1, 1000 do t["k" .. i] = i end local n = 0 for k, v in pairs(t) do n = n + v end for i = 1, 1000, 2 do t["k" .. i] = nil end local m = 0 for k in pairs(t) do m = m + 1 end return n, m

local t = {} for i = 1, 1000 do table.insert(t, 1, i) end for i = 1, 500 do table.remove(t, 1) end return #t, t[1], t[500]
]]
