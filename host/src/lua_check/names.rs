//! Which names there are: the one table of the libraries and interfaces that scripts find.
//!
//! Tests compare the libraries with the reference interpreters and the interfaces with the runtime. A
//! table is named as a script reaches it: `string`, `dovecot.auth`; a module that is no global has an
//! `@` in front, an object that a function gets or returns a colon.

use crate::config::Dialect;

/// What `require` gives for a name that no file has to provide.
pub(super) const MODULE: char = '@';
/// The first argument of Nauthilus' entry functions.
pub(super) const NAUTHILUS_REQUEST: &str = ":request";
/// The first argument of Dovecot's entry functions.
pub(super) const DOVECOT_REQUEST: &str = ":dovecot request";
/// What `nauthilus_backend_result.new` returns.
pub(super) const BACKEND_RESULT: &str = ":backend result";

struct Table {
    name: &'static str,
    /// In both dialects, in 5.1 only, in 5.4 only; blanks between them.
    both: &'static str,
    lua51: &'static str,
    lua54: &'static str,
}

const fn both(name: &'static str, fields: &'static str) -> Table {
    table(name, fields, "", "")
}

const fn table(
    name: &'static str,
    both: &'static str,
    lua51: &'static str,
    lua54: &'static str,
) -> Table {
    Table {
        name,
        both,
        lua51,
        lua54,
    }
}

/// The language's own globals.
const GLOBALS: Table = table(
    "_G",
    "_G _VERSION arg assert collectgarbage coroutine debug dofile error getmetatable io ipairs load \
     loadfile math next os package pairs pcall print rawequal rawget rawset require select \
     setmetatable string table tonumber tostring type xpcall",
    "gcinfo getfenv loadstring module newproxy setfenv unpack",
    "_ENV rawlen utf8 warn",
);

/// Globals of the two systems that scripts were written for.
const NAUTHILUS_GLOBALS: &str =
    "nauthilus_builtin nauthilus_backend_result backend_result dynamic_loader";
const DOVECOT_GLOBALS: &str = "dovecot";

static LIBRARIES: [Table; 9] = [
    table(
        "coroutine",
        "create resume running status wrap yield",
        "",
        "close isyieldable",
    ),
    table(
        "debug",
        "debug gethook getinfo getlocal getmetatable getregistry getupvalue sethook setlocal \
         setmetatable setupvalue traceback",
        "getfenv setfenv",
        "getuservalue setcstacklimit setuservalue upvalueid upvaluejoin",
    ),
    both(
        "io",
        "close flush input lines open output popen read stderr stdin stdout tmpfile type write",
    ),
    table(
        "math",
        "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max \
         min modf pi pow rad random randomseed sin sinh sqrt tan tanh",
        "mod",
        "maxinteger mininteger tointeger type ult",
    ),
    both(
        "os",
        "clock date difftime execute exit getenv remove rename setlocale time tmpname",
    ),
    table(
        "package",
        "config cpath loaded loadlib path preload",
        "loaders seeall",
        "searchers searchpath",
    ),
    table(
        "string",
        "byte char dump find format gmatch gsub len lower match rep reverse sub upper",
        "gfind",
        "pack packsize unpack",
    ),
    table(
        "table",
        "concat insert remove sort",
        "foreach foreachi getn maxn setn",
        "move pack unpack",
    ),
    table(
        "utf8",
        "",
        "",
        "char charpattern codepoint codes len offset",
    ),
];

static INTERFACES: [Table; 15] = [
    both(
        "nauthilus_builtin",
        "ACTION_RESULT_FAIL ACTION_RESULT_OK BACKEND_RESULT_FAIL BACKEND_RESULT_OK \
         ENVIRONMENT_ABORT_NO ENVIRONMENT_ABORT_YES ENVIRONMENT_RESULT_FAIL ENVIRONMENT_RESULT_OK \
         ENVIRONMENT_TRIGGER_NO ENVIRONMENT_TRIGGER_YES FEATURES_ABORT_NO FEATURES_ABORT_YES \
         FEATURE_RESULT_FAIL FEATURE_RESULT_OK FEATURE_TRIGGER_NO FEATURE_TRIGGER_YES FILTER_ACCEPT \
         FILTER_REJECT FILTER_RESULT_FAIL FILTER_RESULT_OK SUBJECT_ACCEPT SUBJECT_REJECT \
         SUBJECT_RESULT_FAIL SUBJECT_RESULT_OK custom_log_add status_message_set",
    ),
    both("nauthilus_backend_result", "new"),
    both(
        BACKEND_RESULT,
        "account_field attributes authenticated display_name_field group_dns groups \
         totp_recovery_field totp_secret_field unique_user_id_field user_found webauthn_credentials",
    ),
    both(
        NAUTHILUS_REQUEST,
        "account account_field allowed_client_grant_types allowed_client_scopes auth_login_attempt \
         authenticated brute_force_bucket brute_force_counter client_host client_hostname client_id \
         client_ip client_net client_port debug display_name environment environment_rejected \
         environment_stage_expected external_session feature grant_type health_check http_status \
         latency local_ip local_port log_format log_level logging method mfa_completed mfa_method \
         no_auth oidc_cid oidc_client_name password protocol redirect_uri redis_prefix repeating \
         requested_scopes rwp saml_entity_id service session ssl ssl_cipher ssl_client_cn \
         ssl_client_dn ssl_client_issuer_dn ssl_client_not_after ssl_client_not_before \
         ssl_client_subject_dn ssl_client_verify ssl_fingerprint ssl_issuer ssl_issuer_dn \
         ssl_protocol ssl_serial ssl_session_id ssl_subject_dn status_message \
         subject_stage_expected totp_recovery_codes totp_secret unique_user_id user_agent \
         user_found user_groups username webauthn_credential webauthn_old_credential",
    ),
    both(
        "@nauthilus_context",
        "context_delete context_get context_set",
    ),
    both(
        "@nauthilus_http_request",
        "get_all_http_request_headers get_http_method get_http_path get_http_query_param \
         get_http_request_body get_http_request_header url_partial_decode",
    ),
    both(
        "@nauthilus_http_response",
        "add_http_response_header data html redirect remove_http_response_header \
         set_http_content_type set_http_response_header set_http_status string \
         write_http_response_body",
    ),
    both(
        "@nauthilus_password",
        "check_password_policy compare_passwords generate_password_hash",
    ),
    both(
        "@nauthilus_backend",
        "apply_backend_result remove_from_backend_result",
    ),
    both(
        "@glua_http",
        "delete get head patch post put request request_batch",
    ),
    both("@json", "decode encode"),
    both(
        "dovecot",
        "auth base64 clear_flag dict doveadm event gettimeofday has_flag http i_debug i_error i_info \
         i_warning restrict_global_variables set_flag",
    ),
    both(
        "dovecot.auth",
        "PASSDB_RESULT_INTERNAL_FAILURE PASSDB_RESULT_NEXT PASSDB_RESULT_OK \
         PASSDB_RESULT_PASSWORD_MISMATCH PASSDB_RESULT_PASS_EXPIRED \
         PASSDB_RESULT_SCHEME_NOT_AVAILABLE PASSDB_RESULT_USER_DISABLED PASSDB_RESULT_USER_UNKNOWN \
         USERDB_RESULT_INTERNAL_FAILURE USERDB_RESULT_OK USERDB_RESULT_USER_UNKNOWN",
    ),
    both("dovecot.http", "client"),
    // Members of 2.3 and of 2.4, methods and raw keys.
    both(
        DOVECOT_REQUEST,
        "auth_domain auth_user auth_username cert client_id client_pid domain domain_first \
         domain_last event home id item lip local_ip local_name local_port log_debug log_error \
         log_info log_warning login_domain login_user login_username lport master_user mech \
         mechanism orig_domain orig_user orig_username original_domain original_user \
         original_username owner_user passdb passdbs_seen_internal_failure \
         passdbs_seen_user_unknown password password_verify pid protocol real_lip real_local_ip \
         real_local_port real_lport real_remote_ip real_remote_port real_rip real_rport remote_ip \
         remote_port response_from_template rip rport secured service session session_pid \
         skip_password_check ssl_client_cert_fp ssl_client_cert_pubkey_fp ssl_ja3_hash user userdb \
         userdbs_seen_internal_failure username var_expand",
    ),
];

/// Entry functions of Nauthilus scripts; each gets the request first.
pub(super) const NAUTHILUS_ENTRIES: [&str; 17] = [
    "nauthilus_call_environment",
    "nauthilus_call_feature",
    "nauthilus_call_subject",
    "nauthilus_call_filter",
    "nauthilus_call_action",
    "nauthilus_backend_verify_password",
    "nauthilus_backend_list_accounts",
    "nauthilus_backend_add_totp",
    "nauthilus_backend_delete_totp",
    "nauthilus_backend_add_totp_recovery_codes",
    "nauthilus_backend_delete_totp_recovery_codes",
    "nauthilus_backend_get_webauthn_credentials",
    "nauthilus_backend_save_webauthn_credential",
    "nauthilus_backend_update_webauthn_credential",
    "nauthilus_backend_delete_webauthn_credential",
    "nauthilus_run_hook",
    "nauthilus_cache_flush",
];

/// Entry functions of Dovecot scripts that get a request and return two values.
pub(super) const DOVECOT_LOOKUPS: [&str; 3] = [
    "auth_passdb_lookup",
    "auth_password_verify",
    "auth_userdb_lookup",
];
/// The others.
pub(super) const DOVECOT_ENTRIES: [&str; 5] = [
    "auth_userdb_iterate",
    "auth_passdb_get_cache_key",
    "auth_userdb_get_cache_key",
    "script_init",
    "script_deinit",
];

/// What the first parameter of an entry function is.
pub(super) fn request_of(function: &str) -> Option<&'static str> {
    if NAUTHILUS_ENTRIES.contains(&function) {
        Some(NAUTHILUS_REQUEST)
    } else if DOVECOT_LOOKUPS.contains(&function) || DOVECOT_ENTRIES.contains(&function) {
        Some(DOVECOT_REQUEST)
    } else {
        None
    }
}

/// Modules of Nauthilus and of Dovecot scripts that this server does not have yet.
const LATER: &str = "nauthilus_redis nauthilus_misc nauthilus_mail nauthilus_dns nauthilus_cache \
    nauthilus_prometheus nauthilus_psnet nauthilus_soft_whitelist nauthilus_brute_force \
    nauthilus_ldap nauthilus_policy nauthilus_i18n nauthilus_cbor nauthilus_opentelemetry \
    glua_crypto time strings template tcp http http_client http_util telegram base64 db crypto yaml \
    regexp inspect filepath log loglevel humanize hex ioutil goos cmd argparse storage cjson \
    cjson.safe socket socket.http ssl.https ltn12 luasql.mysql bcrypt redis dkjson rapidjson";

/// Names that are gone or never were, and what to write.
const INSTEAD: [(&str, &str); 17] = [
    (
        "nauthilus",
        "since Nauthilus 1.3 constants are in `nauthilus_builtin`, functions in modules",
    ),
    ("bit", "write `local bit = require(\"bit\")`"),
    (
        "bit32",
        "write `local bit = require(\"bit\")` in Lua 5.1; Lua 5.4 has operators",
    ),
    ("utf8", "Lua 5.1 has no `utf8`"),
    ("unpack", "write `table.unpack`"),
    ("loadstring", "write `load`"),
    ("setfenv", "Lua 5.4 has `_ENV` instead"),
    ("getfenv", "Lua 5.4 has `_ENV` instead"),
    ("module", "let the module return a table"),
    ("rawlen", "Lua 5.1 has only `#`"),
    ("table.unpack", "write `unpack`"),
    ("table.pack", "write `{n = select(\"#\", ...), ...}`"),
    ("table.getn", "write `#list`"),
    ("table.maxn", "write `#list`"),
    ("string.gfind", "write `string.gmatch`"),
    ("math.mod", "write `math.fmod`, or the operator `%`"),
    ("table.foreach", "write a loop over `pairs(list)`"),
];

fn words(dialect: Dialect, table: &'static Table) -> Vec<&'static str> {
    let own = match dialect {
        Dialect::Lua51 => table.lua51,
        Dialect::Lua54 => table.lua54,
    };
    table
        .both
        .split_whitespace()
        .chain(own.split_whitespace())
        .collect()
}

/// The fields of a table; nothing if the table is not known. HTTP statuses are left out.
pub fn fields(dialect: Dialect, table: &str) -> Option<Vec<&'static str>> {
    let known = LIBRARIES.iter().chain(&INTERFACES);
    let fields = words(
        dialect,
        known.into_iter().find(|known| known.name == table)?,
    );
    (!fields.is_empty()).then_some(fields)
}

/// The language's own globals in a dialect.
pub fn language(dialect: Dialect) -> Vec<&'static str> {
    static OWN: Table = GLOBALS;
    words(dialect, &OWN)
}

/// All globals that a script finds.
pub(super) fn globals(dialect: Dialect) -> Vec<&'static str> {
    let peers = match dialect {
        Dialect::Lua51 => NAUTHILUS_GLOBALS,
        Dialect::Lua54 => DOVECOT_GLOBALS,
    };
    let mut names = language(dialect);
    names.extend(peers.split_whitespace());
    names
}

/// The table that a module is, if a script need not bring it along.
pub(super) fn module(dialect: Dialect, name: &str) -> Option<String> {
    let as_module = format!("{MODULE}{name}");
    if fields(dialect, &as_module).is_some() {
        return Some(as_module);
    }
    let also_global = ["_G", "nauthilus_builtin", "nauthilus_backend_result"];
    let library = LIBRARIES.iter().any(|library| library.name == name);
    ((library && fields(dialect, name).is_some()) || also_global.contains(&name))
        .then(|| name.to_owned())
}

/// Whether it is a module of the systems that scripts come from, not yet of this one.
pub(super) fn comes_later(module: &str) -> bool {
    LATER.split_whitespace().any(|name| name == module)
}

/// What to write instead of a name that is known to be missing.
pub(super) fn instead(name: &str) -> Option<&'static str> {
    INSTEAD
        .iter()
        .find(|(missing, _)| *missing == name)
        .map(|(_, text)| *text)
}

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = written.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != written)
        .map(|candidate| {
            let likeness =
                strsim::normalized_damerau_levenshtein(&folded, &candidate.to_lowercase());
            (likeness, candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.65)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{collections::BTreeSet, process::Command};

    use super::*;

    const LIST: &str = r#"
        local function list(name, of)
            local names = {}
            for key in pairs(of) do names[#names + 1] = key end
            print(name .. " " .. table.concat(names, " "))
        end
        list("_G", _G)
        for key, value in pairs(_G) do
            if type(value) == "table" and key ~= "_G" and key ~= "arg" then list(key, value) end
        end
    "#;

    #[test]
    fn the_libraries_are_those_of_the_reference_interpreters() {
        for (dialect, interpreter) in [(Dialect::Lua51, "lua5.1"), (Dialect::Lua54, "lua5.4")] {
            let ran = Command::new(interpreter).args(["-e", LIST]).output();
            let required = std::env::var_os("BULKHEAD_REQUIRE_SERVERS").is_some();
            let Ok(ran) = ran else {
                assert!(!required, "{interpreter} is missing");
                continue;
            };
            for line in String::from_utf8(ran.stdout).unwrap().lines() {
                let mut names = line.split_whitespace();
                let table = names.next().unwrap();
                let real: BTreeSet<_> = names.collect();
                let ours: BTreeSet<_> = match table {
                    // The first is a name but no field; the second is there when a file runs.
                    "_G" => language(dialect)
                        .into_iter()
                        .filter(|name| !["_ENV", "arg"].contains(name))
                        .collect(),
                    _ => fields(dialect, table).unwrap().into_iter().collect(),
                };
                let real: BTreeSet<_> = real.into_iter().filter(|name| *name != "arg").collect();
                assert_eq!(ours, real, "{interpreter} {table}");
            }
        }
    }
}
