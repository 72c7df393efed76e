-- Lua 5.1 has no integer division.
local half = 7 // 2
return half
