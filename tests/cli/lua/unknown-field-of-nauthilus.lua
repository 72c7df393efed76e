local context = require("nauthilus_context")
local http = require("glua_http")

function nauthilus_call_feature(request)
    context.contxt_set("user", request.usernam)
    http.fetch("https://example.org/")
    return nauthilus_builtin.FEATURE_TRIGER_YES, false, nauthilus_builtin.FEATURE_RESULT_OK
end
