local http = require("glua_http")
local url = "https://hook.example.org:8443/login?user="
local health = "http://localhost/health"

function nauthilus_call_action(request)
    local token = os.getenv("HOOK_TOKEN")
    local list = io.open("/etc/bulkhead/list.txt", "r")
    for line in io.lines("blocked.txt") do
        print(line, list, health)
    end
    http.get(url .. request.username, { headers = { token = token, password = request.password } })
    return nauthilus_builtin.ACTION_RESULT_OK
end
