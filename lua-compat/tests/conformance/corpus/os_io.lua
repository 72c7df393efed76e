--! The os library with fixed times, and io on files that may be read.
--@ both os.date
for _, letter in ipairs{"a", "A", "b", "B", "c", "d", "H", "I", "j", "m", "M", "p", "S", "U", "w", "W", "x", "X", "y", "Y", "%"} do
  for _, time in ipairs{"0", "86399", "951782400", "1234567890", "1709210096", "4102444799", "1735689599", "1"} do E("os.date('!%" .. letter .. "', " .. time .. ")") end
end
E[[
os.date("!%Y-%m-%d %H:%M:%S", 0), os.date("%Y-%m-%d %H:%M:%S", 86400), os.date("!%c", 1e9), os.date("%x %X %p", 1e9)
os.date("!*t", 1234567890)
os.date("*t", 0)
os.date("*t", 1e9).isdst
os.date("!plain text", 0), os.date("!", 0), os.date("", 0), os.date("!%%", 0), os.date("!a%db%mc", 0)
os.date("!%H:%M", "3600")
os.date("%Z", 0), os.date("!%Z", 0)
os.date("!*t", "x")
os.date("!%Y", {})
os.date({})
os.date(1, 0)
os.date("!*tx", 0).year
type(os.date()), #os.date("%c", 0)
os.date("!%Y", -1), os.date("!%Y-%m-%d", -86400 * 365), os.date("!*t", -1)
]]
--@ 5.4 os.date
for _, letter in ipairs{"C", "D", "e", "F", "g", "G", "h", "n", "R", "t", "T", "u", "V", "r", "Ec", "Od", "EY", "OH", "z"} do
  for _, time in ipairs{"0", "951782400", "1709210096", "1735689599"} do E("os.date('!%" .. letter .. "', " .. time .. ")") end
end
E[[
os.date("!%Ez", 0)
os.date("!%E", 0)
os.date("!%Q", 0)
os.date("!%", 0)
os.date("!%5", 0)
os.date("!%O", 0)
os.date("!%Ea", 0)
os.date("!%Y", 1.5)
os.date("!%Y", 2^53)
os.date("!%Y", 2^60)
os.date("!%Y", 2^63)
os.date("!*t", 2^55)
os.date("!%Y", 67767976233532799), os.date("!%s", 0) == nil
os.date("!%Y", "1.5")
math.type(os.date("*t", 0).year), math.type(os.time({year = 2000, month = 1, day = 1}))
]]
--@ both os.time
E[[
os.time({year = 1970, month = 1, day = 1, hour = 0}), os.time({year = 2000, month = 1, day = 1}), os.time({year = 2024, month = 2, day = 29, hour = 12, min = 30, sec = 15})
os.time({year = 2024, month = 13, day = 1, hour = 0}), os.time({year = 2024, month = 0, day = 1, hour = 0}), os.time({year = 2024, month = 3, day = 0, hour = 0}), os.time({year = 2024, month = 1, day = 366, hour = 0}), os.time({year = 2024, month = 1, day = 1, hour = -1}), os.time({year = 2024, month = 1, day = 1, min = 90, sec = -30})
os.time({year = 1960, month = 1, day = 1}), os.time({year = 2038, month = 1, day = 19, hour = 3, min = 14, sec = 8}), os.time({year = 1900, month = 1, day = 1}), os.time({year = 3000, month = 12, day = 31})
os.time({year = "2024", month = "1", day = "2", hour = "0"})
os.time({year = 2024, month = 1, day = 1, isdst = false}), os.time({year = 2024, month = 1, day = 1, hour = 5, isdst = nil})
os.time({year = 2024, month = 1})
os.time({year = 2024, day = 1})
os.time({month = 1, day = 1})
os.time({})
os.time({year = "x", month = 1, day = 1})
os.time({year = {}, month = 1, day = 1})
os.time({year = 2024, month = true, day = 1})
os.time(1)
os.time("x")
type(os.time()), os.time() > 1e9, type(os.time(nil))
os.time(os.date("*t", 1234567890)), os.time(os.date("!*t", 86400))
os.time(setmetatable({}, {__index = {year = 2000, month = 1, day = 1, hour = 0}}))
]]
S[[
local t = {year = 2024, month = 14, day = -3, hour = 25, min = 61, sec = 61} local time = os.time(t) return time, t.year == 2024 or t
]]
--@ 5.4 os.time
E[[
os.time({year = 2024.0, month = 1, day = 1})
os.time({year = 2024.5, month = 1, day = 1})
os.time({year = 2024, month = 1.5, day = 1})
os.time({year = 2^40, month = 1, day = 1})
os.time({year = 2^31 + 1900, month = 1, day = 1})
os.time({year = -2^40, month = 1, day = 1})
os.time({year = math.maxinteger, month = 1, day = 1})
os.time({year = math.mininteger, month = 1, day = 1})
os.time({year = 2024, month = math.maxinteger, day = 1})
os.time({year = 2024, month = 1, day = "1.5"})
os.time({year = "0x7e8", month = 1, day = 1, hour = 0})
os.time({year = 2024, month = 1, day = 2^31})
]]
S[[
local t = {year = 2024, month = 14, day = -3, hour = 25, min = 61, sec = 61} local time = os.time(t) return time, t

local t = {year = 2024, month = 1, day = 1} os.time(t) return t
]]
--@ both os
E[[
os.difftime(10, 5), os.difftime(5, 10), os.difftime(1.5, 1) == 0.5 or true
os.difftime()
os.difftime("x", 1)
os.difftime({}, 1)
type(os.clock()), os.clock() >= 0
os.getenv("BULKHEAD_NOT_SET")
os.getenv()
os.getenv({})
os.setlocale(), os.setlocale("C"), os.setlocale(nil), os.setlocale("C", "all"), os.setlocale("C", "numeric"), os.setlocale("", "collate")
os.setlocale("no_SUCH")
os.setlocale("C", "nonsense")
os.setlocale({})
os.setlocale("C", {})
]]
--@ 5.4 os.difftime
E[[
os.difftime(10)
os.difftime(1.5, 1)
os.difftime(2^53, 0)
]]
--@ 5.1 os.difftime
E[[
os.difftime(10)
os.difftime(1.5, 1)
]]
--@ both io.open
E[[
io.open("missing.txt")
io.open("missing.txt", "r")
io.open("missing.txt", "rb")
io.open("lines.txt", "z")
io.open("lines.txt", "rz")
io.open("lines.txt", {})
io.open()
io.open(nil)
io.open({})
io.type(io.stdout), io.type(io.stdin), io.type(io.stderr), io.type(1), io.type({}), io.type(nil)
io.type()
io.type(io.open("lines.txt"))
tostring(io.open("lines.txt")):match("^file %(0x%x+%)$") ~= nil
io.lines("missing.txt")
io.lines({})
io.input("missing.txt")
io.close(1)
io.read(nil) == nil
]]
--@ both io reading
S[[
local f = io.open("lines.txt") local r = {f:read(), f:read("*l"), f:read("*l"), f:read("*n", "*n", "*n", "*n")} f:close() return r

local f = io.open("lines.txt") return f:read("*a")

local f = io.open("lines.txt") f:read("*a") return f:read("*a"), f:read("*l"), f:read("*n"), f:read(1), f:read(0)

local f = io.open("lines.txt") return f:read(5), f:read(0), f:read(1), f:read(100), f:read(100), f:read(0)

local f = io.open("lines.txt") return f:read(5, "*l", 3)

local f = io.open("lines.txt") return f:read("*n")

local f = io.open("lines.txt") f:seek("set", 24) return f:read("*n", "*n", "*n", "*n", "*n")

local f = io.open("lines.txt") return f:seek(), f:seek("cur", 3), f:read(2), f:seek("end"), f:seek("set"), f:seek("set", 5), f:read(1), f:seek("cur", -1), f:read(1), f:seek("end", -3), f:read("*a")

local f = io.open("lines.txt") return f:seek("set", -1)

local f = io.open("lines.txt") return f:seek("nowhere")

local f = io.open("lines.txt") return f:seek("set", "x")

local f = io.open("lines.txt") return f:seek("set", 1000), f:read("*a"), f:read(1)

local f = io.open("lines.txt") return f:read("*x")

local f = io.open("lines.txt") return f:read("x")

local f = io.open("lines.txt") return f:read({})

local f = io.open("lines.txt") return f:close(), io.type(f), tostring(f)

local f = io.open("lines.txt") f:close() return f:read()

local f = io.open("lines.txt") f:close() return f:close()

local f = io.open("lines.txt") f:close() return f:lines()

local f = io.open("lines.txt") f:close() return f:seek()

local f = io.open("lines.txt") f:close() return io.close(f)

local f = io.open("lines.txt") return io.close(f), io.type(f)

local f = io.open("lines.txt") local r = {} for line in f:lines() do r[#r + 1] = line end return r, io.type(f), f:read()

local r = {} for line in io.lines("lines.txt") do r[#r + 1] = line end return r

local f = io.lines("lines.txt") local n = 0 while f() do n = n + 1 end return n, pcall(f)

local f = io.open("lines.txt") return f.read == io.stdout.read, f.nothing, pcall(function() return f.x.y end)

local f = io.open("lines.txt") f.x = 1

local f = io.open("lines.txt") return f:nothing()

local f = io.open("lines.txt") return f.read()

local f = io.open("lines.txt") return f.read({})

local f = io.open("lines.txt") return f:write("x")

return io.input("lines.txt") == io.input(), io.read(), io.read(3), io.read("*l"), io.type(io.input())

io.input("lines.txt") local r = {} for line in io.lines() do r[#r + 1] = line end return r

io.input("lines.txt") io.close(io.input()) return io.read()

io.input("lines.txt") io.input():close() return pcall(io.lines)

local f = io.open("lines.txt") io.input(f) return io.read(), io.input() == f

return io.input({})

local f = io.open("lines.txt") return f:setvbuf("no"), f:setvbuf("full", 1024), f:setvbuf("line")

local f = io.open("lines.txt") return f:setvbuf("x")

local f = io.open("lines.txt") local m = getmetatable(f) return type(m), m.__index == m or type(m.__index), type(m.__gc), type(m.__tostring)

local f, g = io.open("lines.txt"), io.open("lines.txt") f:read() return f:read(), g:read(), f == g, f == f
]]
--@ 5.4 io reading
S[[
local f = io.open("lines.txt") return f:read("l", "L", "n", "a")

local f = io.open("lines.txt") return f:read("L"), f:read("L"), f:read("L"), f:read("L"), f:read("L"), f:read("L")

local f = io.open("lines.txt") f:seek("set", 24) return math.type(f:read("n")), math.type(f:read("n")), math.type(f:read("n")), math.type(f:read("n"))

local r = {} for a, b in io.lines("lines.txt", 1, "l") do r[#r + 1] = a .. "|" .. tostring(b) end return r

local r = {} for line in io.lines("lines.txt", "L") do r[#r + 1] = line end return r

for x in io.lines("lines.txt", "x") do end

for x in io.lines("lines.txt", 1, {}) do end

local r = {} for a in io.open("lines.txt"):lines(8) do r[#r + 1] = a end return r

return select('#', io.lines("lines.txt")), select(4, io.lines("lines.txt")) ~= nil

for l in io.lines("missing.txt") do end

local f <close> = io.open("lines.txt") local g do local h <close> = io.open("lines.txt") g = h end return io.type(f), io.type(g)

local f = io.open("lines.txt") local m = getmetatable(f) local names = {} for k, v in pairs(m) do names[#names + 1] = k .. ":" .. type(v) end table.sort(names) return names, m.__name

local f = io.open("lines.txt") local names = {} for k, v in pairs(getmetatable(f).__index) do names[#names + 1] = k end table.sort(names) return names

local f = io.open("lines.txt") return f:read(1.5)

local f = io.open("lines.txt") return f:read(-1)

local f = io.open("lines.txt") return f:read(2.0)

return f.read

local f = io.open("lines.txt") f.read = 1

io.open("lines.txt"):read("n", {})

local f = io.lines("lines.txt") for i = 1, 5 do f() end return f(), pcall(f)
]]
--@ 5.1 io reading
S[[
local f = io.open("lines.txt") return f:read("*lines"), f:read("*line"), f:read("*all")

local f = io.open("lines.txt") return f:read("*L")

local f = io.open("lines.txt") return f:read("l")

local f = io.open("lines.txt") return f:lines("x")()

local f = io.open("lines.txt") return f:read(2.9)

local names = {} for k, v in pairs(getmetatable(io.stdout)) do names[#names + 1] = k .. ":" .. type(v) end table.sort(names) return names

local f = io.open("lines.txt") return f + 1

local f = io.open("lines.txt") return #f
]]
--@ both io.write
S[[
io.write("plain", 1, " ", 1.5, "\n")

return io.write("") == io.stdout, io.stdout:write("") == io.stdout

io.write({})

io.write(nil)

io.write("a", {}, "b")

io.write(true)

io.stdout:write("x", nil)

io.write() print()

io.write(1e15, " ", 2^53, " ", 0.1, " ", -1, "\n")

io.stdout:write("chained ", "text"):write(" more\n")

return io.output() == io.stdout, io.type(io.output())

io.stderr:write("") return io.stdout:flush() == io.stdout, select('#', io.flush())

return io.stdout:seek("nowhere")

return io.stdout.write()

io.stdout.write({}, "x")

io.stdout.write("x")

return io.output({})
]]
--@ 5.4 io.write
S[[
io.write(1, " ", 1.0, " ", -0.0, " ", 2^63, " ", math.mininteger, "\n")

io.write(setmetatable({}, {__tostring = function() return "x" end}))
]]
--@ 5.4 io numbers
S[[
local f = io.open("numbers.txt") local r = {} for i = 1, 12 do local n = f:read("n") r[#r + 1] = n or "no" end return r

local f = io.open("numbers.txt") f:read("l") local r = {} for i = 1, 20 do r[#r + 1] = tostring(f:read("n")) .. "|" .. tostring(f:read(1)) end return r

local f = io.open("numbers.txt") return f:read("n", "l", "n", "l")
]]
--@ 5.1 io numbers
S[[
local f = io.open("numbers.txt") local r = {} for i = 1, 12 do local n = f:read("*n") r[#r + 1] = n or "no" end return r[1], r[2], r[3]
]]
--@ both io odd ends of lines
S[[
local r = {} for l in io.lines("odd.txt") do r[#r + 1] = l end return r

local f = io.open("odd.txt") return f:read("*l", "*l", "*l", "*l", "*l", "*l")

local f = io.open("odd.txt", "rb") return f:read("*a")

local f = io.open("odd.txt") f:seek("set", 3) return f:read(3, "*l"), f:seek()
]]
