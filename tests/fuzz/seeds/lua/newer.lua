local x <const> = 5
do local y <close> = setmetatable({}, {__close = function(v, e) print("closed", e) end}) end
for i = 1, 3 do if i == 2 then goto continue end print(i // 2, i & 1, ~i, 1 << i) ::continue:: end
print(math.maxinteger + 1 == math.mininteger, 3 // 0.0, "10" + 1, 0x1p-2)
print(string.pack("<i4z", 1, "a"), utf8.char(8364), table.unpack({1, 2}, 1, 3))
