--! How programs end: uncaught errors, os.exit.
--@ both uncaught error
print("before")
local function f() error("nobody catches this") end
f()
--@ both uncaught error without text
error({code = 2})
--@ both uncaught error with __tostring
error(setmetatable({}, {__tostring = function() return "shown as text" end}))
--@ both uncaught nil
error(nil)
--@ both uncaught number
error(42)
--@ both uncaught runtime error
local t = {}
t.x.y = 1
--@ both uncaught in a coroutine
coroutine.wrap(function() error("in coroutine") end)()
--@ both os.exit
print("before") os.exit(3)
--@ both os.exit true
os.exit(true)
--@ both os.exit false
os.exit(false)
--@ both os.exit in a coroutine
coroutine.wrap(function() os.exit(7) end)()
--@ both os.exit in pcall
pcall(os.exit, 9)
--@ both os.exit bad argument
T("table", os.exit, {})
T("text", os.exit, "x")
--@ both the end of a chunk
print("a") return 1, 2
