-- The compare that `host/examples/bare.rs` does, as a backend: a table of users, a password, three
-- attributes.

local nauthilus_backend_result = require("nauthilus_backend_result")

local function password_of(username)
  local number = username:match("^user(%d+)$")
  if number and tonumber(number) < 1000 then
    return "password" .. number
  end
  return nil
end

function nauthilus_backend_verify_password(request)
  local result = nauthilus_backend_result.new()
  local password = password_of(request.username)
  if password then
    result:user_found(true)
    result:authenticated(request.no_auth or request.password == password)
    result:account_field("account")
    result:attributes({
      account = request.username,
      home = "/home/" .. request.username,
      uid = 1000,
    })
  end
  return nauthilus_builtin.BACKEND_RESULT_OK, result
end
