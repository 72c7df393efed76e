local unpack = table.unpack or unpack
local bits = bit32 or bit
if utf8 then
    print(utf8.char(65))
end
if type(jit) == "table" then
    print(jit.version)
end
local found, redis = pcall(require, "redis")
print(found and redis, unpack, bits, not string.pack)
