local password = require("nauthilus_password")
local context = require("nauthilus_context")
local accounts = require("lib.accounts")

function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    local account = accounts.find(request.username)
    context.context_set("seen", request.client_ip)
    result:user_found(account ~= nil)
    result:account_field("account")
    result:authenticated(account and password.compare_passwords(account.hash, request.password))
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
