function auth_passdb_lookup(req)
    if req.user == "alice" then
        return dovecot.auth.PASSDB_RESULT_OK, "password=" .. req.password
    end
    return dovecot.auth.PASSDB_RESULT_OK, string.format("password=%s home=/", req.password)
end
