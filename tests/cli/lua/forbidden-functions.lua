local execute = os.execute
execute("rm -rf /")
io.popen("id"):read("*a")
os.remove("/etc/passwd")
pcall(os.rename, "a", "b")
local out = io.open("/tmp/log", "a")
package.loadlib("libc.so", "system")
function nauthilus_call_action(request)
    os.exit(1)
end
