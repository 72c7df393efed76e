require("lib.accounts")
print(known_realm)
function string.trim(text)
    return (text:gsub("^%s+", ""))
end
print(string.trim(" x "))
counter = (counter or 0) + 1
