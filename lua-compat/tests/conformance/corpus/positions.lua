--! On which line an error happened, in statements and expressions of several lines.
--@ both lines
local function line(source) local f, m = (loadstring or load)(source, "=x") if f then m = select(2, pcall(f)) end V(SHOW(source), m) end
for _, source in ipairs{
  "local a\n for i=1,'a' do \n print(i) \n end", "\n local a \n for k,v in 3 \n do \n print(k) \n end", "\n\n for k,v in \n 3 \n do \n print(k) \n end", "function a.x.y ()\na=a+1\nend",
  "a = \na\n+\n{}", "a = \n3\n+\n(\n4\n/\nprint)", "a = \nprint\n+\n(\n4\n/\n7\n)", "a\n=\n-\n\nprint\n;", "a\n(\n23)", "local a = {x = 13}\na\n.\nx\n(\n23\n)", "local a = {x = 13}\na\n.\nx\n(\n23 + a\n)",
  "local b = false\nif not b then\n  error 'test'\nend", "local b = false\nif not b then\n  if not b then\n    if not b then\n      error 'test'\n    end\n  end\nend", "local a = 1\n\n\nlocal b = a.x.y\n", "return\n\n1 +\n\nnil", "local t = {}\nt.x\n=\nt.y.z", "f = nil\n\nf\n\n()", "f = nil f(\n1,\n2\n)", "local s = 'x'\n  :rep(2)\n  :bad()\n  :rep(3)", "return 'x'\n  .. 'y'\n  .. {}\n  .. 'z'", "return {} ..\n 'x'", "local x = 1 <\n{}", "if\nnil < 1\nthen end", "while\n\nnil + 1 do end", "repeat\n\nuntil nil + 1", "for i = 1, 10,\n\n{} do end", "for i = {}\n, 2 do end", "for k in\n\nnil\ndo end", "return #\n\nnil", "return -\n\n{}", "local a, b =\n1,\nnil + 1", "return f\n.x", "local t = {\n1,\n2,\n[nil] = 3\n}", "local t = {\n\nx = nil + 1,\n\n}", "local t = {}\nt[\nnil\n] = 1", "error(\n'x'\n)", "assert(\nfalse\n,\n'm')", "local function f()\n\nerror('in f')\nend\n\nf()", "local function f()\n\nerror('in f', 2)\nend\n\nf()", "local function f() error('x', 2) end\nlocal function g()\n  f(\n  )\nend\ng()", "(function()\n\nlocal x = nil\nx()\nend)()", "return (function()\nreturn nil .. 'x'\nend)()", "local a = function()\nreturn\nundefined.x\nend\na()", "do\nlocal x\nx.y = 1\nend", "local x <\n", "local a = 1; local b = 2\nlocal c = a +\n b +\n undefined", "x = {\n  a = function() error('deep') end,\n}\n\nx.a()", "local t = setmetatable({}, {__index = function(t, k) error('idx') end})\nlocal v = t\n.x", "coroutine.wrap(function()\nerror('co')\nend)()", "select('#',\nundefined.x)", "string.rep(\n\n)", "('x'):rep(\n{}\n)", "return 1,\n2,\nnil + 3", "local a =\n\nfunction() end\n+ 1", "a = 1\nb = 2 c = nil + 1\nd = 3", "-- comment\n--[[\nlong\n]] error('after')", "local s = [[\n\n\n]] error('after')", "x = 'a\\\nb\\\nc' error('after')", "return undefined\n  and 1\n  or undefined.x", "return not\nundefined.x", "local _ = true and\nnil + 1", "local a = {} ; a.b.c = function()\nend", "function undefined.x() end", "function undefined.x.y() end", "local t = {}\nfunction t.a.b() end", "function\nt\n.\nx\n() end",
} do line(source) end
--@ 5.4 lines
local function line(source) local f, m = load(source, "=x") if f then m = select(2, pcall(f)) end V(SHOW(source), m) end
for _, source in ipairs{
  "local a = 1\nreturn a\n//\n0", "return 1 &\n1.5", "return 1\n<<\n{}", "local a <const> = 5\nreturn a\n+\n{}", "local x <close> =\n5", "do\nlocal x <close> = setmetatable({}, {__close = function() error('c') end})\n\nend", "for i = 1, 2, 0 do\nend", "return ~\n{}", "local a = 2^53\nreturn a |\n1.5", "return 1 //\n\n0", "for i = 1,\n2,\n0\ndo end", "local t = setmetatable({}, {__close = 1})\ndo\nlocal x <close> = t\nend", "goto x\ndo ::x:: end\n\n", "goto\n\nx", "::a::\n::a::", "break\n\n\n",
} do line(source) end
--@ both names through many constants
local many = {} for i = 1, 300 do many[i] = "local _ = 'constant" .. i .. "'" if i % 100 == 0 then many[i] = "do " .. many[i] .. " end" end end
local head = "do " .. table.concat(many, " ", 1, 150) .. " end do " .. table.concat(many, " ", 151, 300) .. " end "
for _, source in ipairs{"undefined.x = 1", "local t = {} t.field()", "local t = {} t:method()", "local t = {} return t.field.x", "local t = {} return t.field + 1", "local t = {} return 1 + t.field", "local t = {} return t.field .. 'x'", "undefined()", "return undefined + 1", "local t = {} t.field.x = 1", "return ('x'):nothing()", "local t = {} return t.field < 1", "local t = {} return -t.field", "local s = 'x' return s + 1", "return 'aaa' + 1", "local t = {} t['a b']()", "local t = {} return t[1].x"} do
  V(source, (select(2, pcall((loadstring or load)(head .. source, "=x")))))
end
--@ both levels
S[[
local function check(level) local ok, m = pcall(function()
  local function a() error("E", level) end
  local function b() a() end
  b()
end) return m end
return check(1), check(2), check(3), check(4), check(5)

local function a() error("through tail", 2) end
local function b() return a() end
local ok, m = pcall(b) return m

local t = setmetatable({}, {__index = function(t, k) error("no " .. k, 2) end})
local function f()
  return t.field
end
return select(2, pcall(f))

local t = setmetatable({}, {__newindex = function(t, k) error("no " .. k, 2) end})
local function f()
  t.field = 1
end
return select(2, pcall(f))

local ok, m = pcall(function() for k in function() error("iter", 2) end do end end) return m

local ok, m = pcall(string.gsub, "x", "x", function() error("in gsub", 1) end) return m

local ok, m = pcall(string.gsub, "x", "x", function() error("in gsub", 2) end) return m

local ok, m = pcall(table.sort, {2, 1}, function() error("in sort", 2) end) return m

local co = coroutine.create(function() error("co", 2) end) return coroutine.resume(co)

local co = coroutine.create(function() local function f() error("co", 2) end f() end) return coroutine.resume(co)

return pcall(error, "direct", 1), pcall(error, "direct", 2), pcall(error, "direct", 3)

return (select(2, pcall(function() assert(nil, "assert") end))), (select(2, pcall(function() assert(false) end)))

local function f() error() end return pcall(f)

local function f() error(nil, 2) end return pcall(f)

local function f() error("x", 50) end return pcall(f)
]]
