local auth = dovecot.auth

function auth_passdb_lookup(request)
    if request.user ~= "alice" then
        return auth.PASSDB_RESULT_USER_UNKNOWN, ""
    end
    return auth.PASSDB_RESULT_OK, { password = "{PLAIN}secret" }
end

function auth_password_verify(request, password)
    if request:password_verify("{PLAIN}secret", password) == 1 then
        return auth.PASSDB_RESULT_OK, {}
    end
    request:log_error("wrong")
    return auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
end
