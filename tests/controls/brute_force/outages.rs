//! What nobody could check is not counted.

use super::policy::{HOSTS, is_banned, log_in, with_files};

const BACKEND: &str = "
function nauthilus_backend_verify_password(request)
    if request.username == 'broken' then
        error('the directory is away')
    end
    local result = nauthilus_backend_result.new()
    result:user_found(false)
    return nauthilus_builtin.BACKEND_RESULT_OK, result
end
";

#[test]
fn a_backend_that_is_away_bans_nobody() {
    let server = with_files(
        HOSTS,
        "    - {name: directory, script: backend.lua}",
        "  directory: {grants: {password: true}}",
        &[("backend.lua", BACKEND)],
    );
    for _ in 0..20 {
        let response = log_in(&server, "broken", "guess", "192.0.2.1");
        assert_eq!(response.status, 500);
    }
    assert!(!is_banned(&server, "192.0.2.1"));
}
