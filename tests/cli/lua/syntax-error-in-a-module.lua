local broken = require("lib.broken")
print(broken)
