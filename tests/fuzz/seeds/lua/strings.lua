print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("abc"):gsub("%w", "%0%0"), ("f(a(b))"):find("%b()"))
for w in ("one two"):gmatch("%a+") do print(w:upper():rep(2, ",")) end
print(string.format("%5.2f|%-5s|%q|%x", 3.14159, "a", "b\n", 255), #"a\0b", "\65\x41\z
  b", [[long]], [==[ ]] ]==])
print(tostring(1e15), 2^53, 10 / 2, 0.1, -0.0, tonumber("0x10"), tonumber("z", 36))
