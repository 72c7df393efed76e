function auth_passdb_lookup(req)
    dovecot.i_warn(req.usr)
    return dovecot.auth.PASSDB_RESULT_OKAY, {}
end
