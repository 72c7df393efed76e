local C = {} C.__index = C
C.__add = function(a, b) return C.new(a.v + b.v) end
C.__eq = function(a, b) return a.v == b.v end
C.__lt = function(a, b) return a.v < b.v end
C.__le = function(a, b) return a.v <= b.v end
C.__call = function(self, x) return self.v * x end
C.__concat = function(a, b) return tostring(a) .. tostring(b) end
C.__tostring = function(self) return "C" .. self.v end
C.__len = function() return 1 end
C.__newindex = function(t, k, v) rawset(t, k, v) end
function C.new(v) return setmetatable({v = v}, C) end
local a, b = C.new(1), C.new(2)
print(tostring(a + b), a == b, a < b, a <= b, a(3), a .. b, #a, pcall(function() return a.x.y end))
