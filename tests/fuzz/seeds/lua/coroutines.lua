local co = coroutine.create(function(a) local b = coroutine.yield(a) local ok, e = pcall(function() coroutine.yield(b) error({}) end) return ok end)
print(coroutine.resume(co, 1)) print(coroutine.resume(co, 2)) print(coroutine.resume(co)) print(coroutine.status(co), coroutine.resume(co))
for v in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do print(v) end
print(xpcall(function() error("x", 2) end, debug.traceback))
local t = {3, 1, 2} table.sort(t, function(x, y) return x > y end) print(table.concat(t, ","))
print((load or loadstring)("return 1 +"), pcall(string.rep, "x", -1), select(-1, 1, 2))
