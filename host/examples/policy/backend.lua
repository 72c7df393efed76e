-- A backend in Lua, as it would run in Nauthilus: it looks the user up in a table and compares the
-- password with the stored hash.

local nauthilus_password = require("nauthilus_password")
local accounts = require("accounts")

function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    local account = accounts.find(request.username)

    if account == nil then
        -- The same work as for a user that exists: the time of an answer tells nobody who does.
        if not request.no_auth then
            nauthilus_password.compare_passwords(accounts.decoy, request.password)
        end
        result:user_found(false)
        return nauthilus_builtin.BACKEND_RESULT_OK, result
    end

    result:user_found(true)
    result:account_field("account")
    result:attributes(account.attributes)

    if not request.no_auth then
        local match, err = nauthilus_password.compare_passwords(account.password, request.password)
        if err then
            nauthilus_builtin.custom_log_add("password_error", err)
            return nauthilus_builtin.BACKEND_RESULT_FAIL, result
        end
        result:authenticated(match)
    end

    return nauthilus_builtin.BACKEND_RESULT_OK, result
end

function nauthilus_backend_list_accounts(request)
    return nauthilus_builtin.BACKEND_RESULT_OK, accounts.names()
end
