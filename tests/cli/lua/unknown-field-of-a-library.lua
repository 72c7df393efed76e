for word in string.gfind("a b", "%a") do
    print(string.uper(word), table.getn({}), math.pow(2, 3))
end
local t = table
print(t.unpack({ 1 }))
function script_init()
    return 0
end
