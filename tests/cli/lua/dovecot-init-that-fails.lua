function script_init()
    return 1
end
