function auth_passdb_lookup(request)
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ""
end

function auth_password_verify(request, password)
    if request:password_verify("{PLAIN}x", password) then
        return dovecot.auth.PASSDB_RESULT_OK, {}
    end
    local match = request:password_verify("{PLAIN}y", password)
    if password ~= "" and match then
        return dovecot.auth.PASSDB_RESULT_OK, {}
    end
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
end
