function nauthilus_backend_verify_password(request) return 0 end
