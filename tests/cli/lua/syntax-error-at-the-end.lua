function nauthilus_call_filter(request)
    if request.username == "alice" then
        return nauthilus_builtin.FILTER_ACCEPT
end
