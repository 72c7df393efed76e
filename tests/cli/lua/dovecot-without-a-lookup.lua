function auth_password_verify(request, password)
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, "no"
end
