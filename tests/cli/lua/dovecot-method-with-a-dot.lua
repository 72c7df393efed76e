function auth_userdb_lookup(req)
    req.log_error("not found")
    req.log_info(req, "fine")
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, ""
end
