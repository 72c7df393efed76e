-- A feature: clients of a few networks are told apart, none is refused.

local nauthilus_context = require("nauthilus_context")

local INTERNAL = { "^10%.", "^192%.168%.", "^172%.1[6-9]%." }

function nauthilus_call_feature(request)
  local origin = "external"
  for _, pattern in ipairs(INTERNAL) do
    if request.client_ip:match(pattern) then
      origin = "internal"
    end
  end
  nauthilus_context.context_set("origin", origin)
  nauthilus_builtin.custom_log_add("origin", origin)
  return nauthilus_builtin.FEATURE_TRIGGER_NO, nauthilus_builtin.FEATURES_ABORT_NO, nauthilus_builtin.FEATURE_RESULT_OK
end
