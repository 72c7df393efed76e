print(unpack({ 1 }), loadstring("return 1"))
function script_init()
    return 0
end
