local account = "alice"
function nauthilus_call_filter(request)
    print(acount, account)
    return nauthilus_bultin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
