-- A filter: who logs in from outside may use some protocols only.

local nauthilus_context = require("nauthilus_context")

local FROM_OUTSIDE = { imap = true, pop3 = true, submission = true }

function nauthilus_call_filter(request)
  if not request.authenticated then
    return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
  end
  if nauthilus_context.context_get("origin") == "external" and not FROM_OUTSIDE[request.protocol] then
    nauthilus_builtin.status_message_set("not from outside")
    return nauthilus_builtin.FILTER_REJECT, nauthilus_builtin.FILTER_RESULT_OK
  end
  return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
