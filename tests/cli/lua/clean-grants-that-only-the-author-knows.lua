local http = require("glua_http")
local host = os.getenv("HOST_" .. "NAME")
http.get("https://" .. host .. "/")
