--! Variables of Lua 5.4 with attributes: const, and to be closed.
--@ 5.4 const
S[[
local x <const> = 5 return x

local x <const> = 5 x = 6

local x <const>, y = 1, 2 y = 3 return x, y

local x <const> = 5 local function f() x = 1 end

local x <const> = 5 local function f() return x + 1 end return f()

local x <const> = "text" return x .. "!", #x

local x <const> = {} x.y = 1 return x.y

local x <const> return x

local x <const>, y <const> = 1 return x, y

local x <nothing> = 1

local x <close>, y <close> = nil, nil

local x < const > = 1 return x

local x <const> = 1 local x = 2 x = 3 return x

local function f() local a <const> = 10 return function() return a end end return f()()

local a <const>, b <const> = 3, 4 return a * b, a + 1, -a, a == 3, a .. b, a // 2, a << b

local a <const> = 2^53 local b <const> = nil local c <const> = true return a, b, c, not c

for i = 1, 2 do local k <const> = i k = 2 end

local x <const> = 1; (function() x = 2 end)()

local x <const> = 1 for x = 1, 2 do x = 5 end return x

local function f(x) local y <const> = x return y end return f(1), f(2)

local x <const> = 5 x, y = 1, 2

local x <const> = 5 local y y, x = 1, 2

local x <const> = 5 function x() end

local x <const> = {} function x.f() return 1 end return x.f()
]]
--@ 5.4 close
S[[
local log = {} do local x <close> = setmetatable({}, {__close = function(v, e) log[#log + 1] = "close " .. tostring(e) end}) log[#log + 1] = "body" end return log

local log = {} local function mk(n) return setmetatable({}, {__close = function() log[#log + 1] = n end}) end do local a <close> = mk(1) local b <close> = mk(2) local c <close> = mk(3) end return log

local log = {} local function f() local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "closed" end}) return "result", #log end return f(), log

local x <close> = nil local y <close> = false return "accepted"

local x <close> = 5

local x <close> = {}

local x <close> = "text"

local x <close> = setmetatable({}, {})

local x <close> = setmetatable({}, {__close = 5}) return 1

local x <close> = print

local x <close> = setmetatable({}, {__close = function() end}) x = nil

local log = {} local ok, m = pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "got " .. tostring(e) end}) error("body", 0) end) return ok, m, log

return pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) error("close after " .. tostring(e), 0) end}) error("body", 0) end)

return pcall(function() local x <close> = setmetatable({}, {__close = function(_, e) error("close", 0) end}) return "fine" end)

local log = {} local ok, m = pcall(function() local a <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "a " .. tostring(e) error("from a", 0) end}) local b <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "b " .. tostring(e) error("from b", 0) end}) error("body", 0) end) return ok, m, log

local log = {} for i = 1, 3 do local x <close> = setmetatable({}, {__close = function() log[#log + 1] = i end}) if i == 2 then break end end return log

local log = {} local i = 0 while i < 3 do i = i + 1 local x <close> = setmetatable({}, {__close = function() log[#log + 1] = i end}) end return log

local log = {} repeat local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "r" end}) until #log == 0 return log

local log = {} local function f() local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "x" end}) local function g() log[#log + 1] = "g" return 1, 2, 3 end return g() end return f(), log

local function f() local x <close> = setmetatable({}, {__close = function() end}) return 1, nil, 3 end return f()

local log = {} local function f(...) local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "x" end}) return ... end return select('#', f(1, nil, nil)), log

local m = {__close = function(self, e) self.closed = true end} local t = setmetatable({}, m) do local x <close> = t end return t.closed

local t = setmetatable({}, {__close = function(a, b, ...) X = {a == nil, b, select('#', ...)} end}) do local x <close> = t end return X

local log = {} do local x <close> = setmetatable({}, {__close = setmetatable({}, {__call = function() log[1] = "callable" end})}) end return log

local log = {} do local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "x" end}) local f = function() return x end log[#log + 1] = f() ~= nil end return log

local ok, m = pcall(function() local x <close> = setmetatable({}, {__close = function() local y = nil + 1 end}) end) return ok, m

local log = {} local co = coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() log[#log + 1] = "x" end}) coroutine.yield(1) return 2 end) co() log[#log + 1] = "between" co() return log

local function f() local x <close> = setmetatable({}, {__close = function() error("e1", 0) end}) local y <close> = setmetatable({}, {__close = function() error("e2", 0) end}) return 1 end return pcall(f)

local log = {} local function f(n) local x <close> = setmetatable({}, {__close = function() log[#log + 1] = n end}) if n > 0 then return f(n - 1) end return "bottom" end return f(3), log

do local x <close> = setmetatable({}, {__close = function() error("position") end}) end

local x <close> = setmetatable({}, {__close = function() print("at the end of the chunk") end}) print("body") return 5

local log = {} xpcall(function() local x <close> = setmetatable({}, {__close = function(_, e) log[#log + 1] = "close " .. tostring(e) end}) error("e", 0) end, function(m) log[#log + 1] = "handler " .. m return "handled" end) return log
]]
