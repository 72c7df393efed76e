--! What every block of the corpus starts with: one line of output per assertion, the same text in every Lua that
--! follows the manual. Comment lines are dropped and the rest becomes line 1 of the block, so that the lines of the
--! block keep the numbers they have in their file; the prelude is written in what 5.1 and 5.4 have in common.
local pcall, type, tostring, next, print, select, unpack = pcall, type, tostring, next, print, select, unpack or table.unpack
local format, gsub, sub, find, byte = string.format, string.gsub, string.sub, string.find, string.byte
local sort, concat, compile, kind = table.sort, table.concat, loadstring or load, math.type
local function hidden(text) return (gsub(text, "0x%x%x%x%x%x%x+", "0xADDR")) end
local function escaped(character) return format("\\%03d", byte(character)) end
local function quoted(text) return '"' .. gsub(hidden(text), '[%c"\\\128-\255]', escaped) .. '"' end
local function number(value) if value ~= value then return "nan" end if kind and kind(value) == "integer" then return format("%d", value) end local text = format("%.17g", value) if kind and find(text, "^-?%d+$") then text = text .. ".0" end return text end
local show
local function content(value, depth) if depth > 3 then return "{...}" end local parts = {} for key, field in next, value do parts[#parts + 1] = "[" .. show(key, depth + 1) .. "]=" .. show(field, depth + 1) end sort(parts) return "{" .. concat(parts, ",") .. "}" end
function show(value, depth) local of = type(value) if of == "string" then return quoted(value) elseif of == "number" then return number(value) elseif of == "table" then return content(value, depth or 1) elseif of == "nil" or of == "boolean" then return tostring(value) end return of end
local function all(from, ...) local count = select("#", ...) if count < from then return "(nothing)" end local parts = {} for index = from, count do parts[#parts + 1] = show((select(index, ...))) end return concat(parts, ", ") end
local function ended(from, good, ...) if good then return all(from, ...) end return "error: " .. show((...)) end
local function squeezed(text) text = gsub(gsub(text, "[%s%z]+", " "), "^ ", "") return (gsub(text, " $", "")) end
SHOW = show
ALL = function(...) return all(1, ...) end
-- T(label, f, ...): what the function does with these arguments.
function T(label, f, ...) print(label .. " => " .. ended(1, pcall(f, ...))) end
-- V(label, ...): values as they are.
function V(label, ...) print(label .. " => " .. all(1, ...)) end
local function run(label, source, from) local f, message = compile(source, "=x") if f then print(label .. " => " .. ended(from, pcall(f))) else print(label .. " => syntax: " .. show(message)) end end
-- E[[...]]: each line is a list of expressions. They are no tail calls: those have no names in messages.
function E(text) for line in string.gmatch(text, "[^\n]+") do local label = squeezed(line) if label ~= "" then run(label, "return '', " .. label, 2) end end end
-- S[[...]]: each paragraph is a chunk.
function S(text) text = text .. "\n\n" local from = 1 while true do local first, last = find(text, "\n[ \t]*\n", from) if not first then return end local chunk = sub(text, from, first) if squeezed(chunk) ~= "" then run(squeezed(chunk), (gsub(chunk, "^\n+", "")), 1) end from = last end end
-- C{...}: each text is compiled and not run.
function C(sources) for index = 1, #sources do local f, message = compile(sources[index], "=x") print("compile " .. quoted(sources[index]) .. " => " .. (f and "compiles" or show(message))) end end
-- M{{subject, pattern}, ...}: each pair through every function that takes a pattern.
local function each(subject, pattern) local parts, count = {}, 0 for a, b, c in string.gmatch(subject, pattern) do count = count + 1 if count > 20 then break end parts[count] = all(1, a, b, c) end return concat(parts, "; ") end
function M(pairs) for index = 1, #pairs do local subject, pattern = pairs[index][1], pairs[index][2] local of = " " .. quoted(subject) .. " " .. quoted(pattern) T("find" .. of, string.find, subject, pattern) T("match" .. of, string.match, subject, pattern) T("gmatch" .. of, each, subject, pattern) T("gsub" .. of, string.gsub, subject, pattern, "<%0>") end end
