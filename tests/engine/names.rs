//! The names that `bulkhead lua check` knows are those that scripts find.

use std::collections::BTreeSet;

use bulkhead::{auth::Value, config::Dialect, engine::PluginKind, lua_check};

use crate::support::{ask_filter, load, script};

/// Logs the fields of everything that a filter finds.
const LISTER: &str = r#"
local function list(name, of)
    local names = {}
    for key in pairs(of) do names[#names + 1] = key end
    nauthilus_builtin.custom_log_add(name, table.concat(names, " "))
end

function nauthilus_call_filter(request)
    list(":request", request)
    list(":backend result", getmetatable(nauthilus_backend_result.new()).__index)
    list("nauthilus_builtin", nauthilus_builtin)
    list("nauthilus_backend_result", nauthilus_backend_result)
    for _, name in ipairs({
        "nauthilus_context", "nauthilus_http_request", "nauthilus_http_response",
        "nauthilus_password", "nauthilus_backend", "glua_http", "json",
    }) do
        list("@" .. name, require(name))
    end
    return nauthilus_builtin.FILTER_ACCEPT, nauthilus_builtin.FILTER_RESULT_OK
end
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_knows_the_interfaces_as_scripts_find_them() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = load(script(&folder, PluginKind::Filter, LISTER)).await;
    let ran = ask_filter(&plugin, "alice").await;
    assert_eq!(ran.log_fields.len(), 11, "{:?}", ran.answer);
    for (table, value) in ran.log_fields {
        let Value::Text(names) = value else {
            panic!("{table}: {value:?}");
        };
        let found: BTreeSet<_> = names
            .split(' ')
            .filter(|name| !name.starts_with("STATUS_"))
            .collect();
        let known = lua_check::names::fields(Dialect::Lua51, &table).unwrap_or_default();
        assert_eq!(known.into_iter().collect::<BTreeSet<_>>(), found, "{table}");
    }
}
