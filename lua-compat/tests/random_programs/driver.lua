--! Runs random programs one after the other: the helpers that the programs call, and RUN. Comment lines are dropped.
--! The helpers keep everything out of the output that may differ between two right implementations: addresses, the
--! border of a table with holes, the order of `next`, the sign of a NaN; and they bound time and memory.
local pcall, type, tostring, next, select, error, print = pcall, type, tostring, next, select, error, print
local format, gsub, sub, find, byte, floor = string.format, string.gsub, string.sub, string.find, string.byte, math.floor
local sort, concat, compile, kind = table.sort, table.concat, loadstring or load, math.type
local budget = 0
-- Stands in every loop and function: a program ends after so many rounds, before the C stack of PUC-Rio overflows.
function TICK() budget = budget - 1 if budget < 0 then error("out of budget", 0) end end
-- Around everything that is stored and might have grown.
function CUT(value, ...) if type(value) == "string" and #value > 200 then value = sub(value, 1, 200) end return value, ... end
local function border(value) local count, n = 0, 0 for key in next, value do if type(key) == "number" and key >= 1 and floor(key) == key then count = count + 1 if key > n then n = key end end end return count == n end
-- A table without holes, where the length matters.
function SEQ(value) if type(value) == "table" and not border(value) then return {} end return value end
function LEN(value) return #SEQ(value) end
-- The numbers of a table, in order, without NaN.
function NUMS(value) local found = {} if type(value) == "table" then for index = 1, 20 do local item = rawget(value, index) if type(item) == "number" and item == item then found[#found + 1] = item end end end return found end
-- As text, without addresses.
function TOSTR(value) local of = type(value) if of == "table" or of == "function" or of == "thread" or of == "userdata" then return of elseif value ~= value then return "nan" end return tostring(value) end
-- A number that every C implementation makes the same whole number of.
function INT(value) if type(value) ~= "number" then return value end if value ~= value or value > 1000 or value < -1000 then return 3 end return floor(value) end
-- A whole number, where bits are wanted.
function WHOLE(value) if kind and kind(value) == "float" then return math.tointeger(value) or 5 end return value end
function SAME(value) return value end
-- Not zero.
function SOME(value) if value == 0 then return 3 end return value end
-- The strings and numbers of a table.
function TEXTS(value) local found = {} if type(value) == "table" then for index = 1, 20 do local item = rawget(value, index) if type(item) == "number" or type(item) == "string" then found[#found + 1] = CUT(item) end end end return found end
-- A function whose result may replace text.
function TEXTUAL(value) if type(value) ~= "function" then return value end return function(...) local result = value(...) local of = type(result) if of == "string" or of == "number" or not result then return (CUT(result)) end return of end end
local function escaped(character) return format("\\%03d", byte(character)) end
local function quoted(text) if #text > 200 then text = sub(text, 1, 200) end return '"' .. gsub(gsub(gsub(text, '[%c"\\\128-\255]', escaped), "-nan", "nan"), "0x%x%x%x%x%x%x%x+", "0xADDR") .. '"' end
local function number(value) if value ~= value then return "nan" end if kind and kind(value) == "integer" then return format("%d", value) end if not kind and value == 0 then return "0" end local text = format("%.15g", value) if kind and find(text, "^-?%d+$") then text = text .. ".0" end return text end
local show
local function content(value, depth) if depth > 2 then return "{...}" end local parts = {} for key, field in next, value do parts[#parts + 1] = "[" .. show(key, depth + 1) .. "]=" .. show(field, depth + 1) end sort(parts) return "{" .. concat(parts, ",") .. "}" end
function show(value, depth) local of = type(value) if of == "string" then return quoted(value) elseif of == "number" then return number(value) elseif of == "table" then return content(value, depth or 1) elseif of == "nil" or of == "boolean" then return tostring(value) end return of end
function OUT(...) local parts = {} for index = 1, select("#", ...) do parts[index] = show((select(index, ...))) end print(concat(parts, ", ")) end
function RUN(source) print("#program") budget = 120 g1, g2, g3 = nil, nil, nil local f, message = compile(source, "=p") if not f then OUT("syntax", message) else OUT("end", pcall(f)) end end
