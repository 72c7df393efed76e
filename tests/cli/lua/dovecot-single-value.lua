function auth_passdb_lookup(req)
    if req.user == "alice" then
        return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN
    elseif req.user == "bob" then
        return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, nil
    end
    local helper = function()
        return 1
    end
    return helper()
end
