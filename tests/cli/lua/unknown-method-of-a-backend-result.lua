function nauthilus_backend_verify_password(request)
    local result = nauthilus_backend_result.new()
    result:user_found(true)
    result:autenticated(true)
    result.account_field("account")
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
