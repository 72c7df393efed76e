//! The `request` table: every key, with and without a value.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::rc::Rc;

use bulkhead_lua::wit::bulkhead::policy::types;
use bulkhead_lua::wit::exports::bulkhead::policy::script::Kind;
use support::{FakeHost, loaded, logged, request};

const DUMP: &str = r#"
function nauthilus_call_action(request)
  local keys = {}
  for key in pairs(request) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local value = request[key]
    if type(value) == "table" then
      if value.log_level then
        value = "table " .. value.log_format .. " " .. value.log_level
      else
        value = "table " .. table.concat(value, ",")
      end
    else
      value = type(value) .. " " .. tostring(value)
    end
    print(key .. "=" .. value)
  end
end
"#;

fn dump(request: &types::Request) -> Vec<String> {
    let host = Rc::new(FakeHost::default());
    loaded(&host, Kind::Action, DUMP)
        .run_action(request, types::Event::Post)
        .unwrap();
    logged(&host)
}

fn text(value: &str) -> String {
    value.to_owned()
}

#[test]
fn every_key_carries_its_value() {
    let mut asked = request();
    asked.external_session = text("ext");
    asked.debug = true;
    asked.no_auth = true;
    asked.login_attempt = 3;
    asked.password = Some(vec![b'p', 0xff, b'w']);
    asked.client.hostname = text("host.example");
    asked.client.id = text("id");
    asked.client.user_agent = text("agent");
    asked.client.network = text("192.0.2.0/24");
    asked.tls = Some(types::Tls {
        secured: text("on"),
        protocol: text("TLSv1.3"),
        cipher: text("C"),
        session_id: text("sid"),
        client_verify: text("SUCCESS"),
        client_dn: text("dn"),
        client_cn: text("cn"),
        issuer: text("iss"),
        client_not_before: text("nb"),
        client_not_after: text("na"),
        subject_dn: text("sdn"),
        issuer_dn: text("idn"),
        client_subject_dn: text("csdn"),
        client_issuer_dn: text("cidn"),
        serial: text("ser"),
        fingerprint: text("fp"),
    });
    asked.identity = Some(types::Identity {
        client_id: text("cid"),
        client_name: text("cname"),
        grant_type: text("code"),
        redirect_uri: text("uri"),
        saml_entity_id: text("saml"),
        mfa_completed: true,
        mfa_method: text("totp"),
        requested_scopes: vec![text("a"), text("b")],
        user_groups: vec![text("g")],
        allowed_client_scopes: vec![text("s")],
        allowed_client_grant_types: vec![text("t")],
    });
    asked.progress = types::Progress {
        authenticated: true,
        user_found: true,
        account: text("acc"),
        account_field: text("field"),
        unique_user_id: text("uid"),
        display_name: text("Anna"),
        backend: text("lua"),
        attributes: Vec::new(),
        feature: text("rbl"),
        status_message: text("no"),
        brute_force_bucket: text("b1"),
        brute_force_counter: 7,
        repeating: true,
        repeated_wrong_password: true,
        latency_ms: 1.5,
        http_status: 403,
    };
    let mut lines = dump(&asked);
    let password = lines
        .iter()
        .position(|line| line.starts_with("password="))
        .unwrap();
    // The log replaces the byte that is not UTF-8; the script has it.
    assert_eq!(lines.remove(password), "password=string p\u{fffd}w");
    let wanted = "account=string acc
account_field=string field
allowed_client_grant_types=table t
allowed_client_scopes=table s
auth_login_attempt=number 3
authenticated=boolean true
brute_force_bucket=string b1
brute_force_counter=number 7
client_host=string host.example
client_hostname=string host.example
client_id=string id
client_ip=string 192.0.2.1
client_net=string 192.0.2.0/24
client_port=string 4711
debug=boolean true
display_name=string Anna
environment=string rbl
environment_rejected=boolean true
environment_stage_expected=boolean false
external_session=string ext
feature=string rbl
grant_type=string code
health_check=boolean false
http_status=number 403
latency=number 1.5
local_ip=string 198.51.100.1
local_port=string 993
log_format=string default
log_level=string debug
logging=table default debug
method=string plain
mfa_completed=boolean true
mfa_method=string totp
no_auth=boolean true
oidc_cid=string cid
oidc_client_name=string cname
protocol=string imap
redirect_uri=string uri
redis_prefix=string nt:
repeating=boolean true
requested_scopes=table a,b
rwp=boolean true
saml_entity_id=string saml
service=string json
session=string 2abcdefghijklmnopqrstuvwxyz
ssl=string on
ssl_cipher=string C
ssl_client_cn=string cn
ssl_client_dn=string dn
ssl_client_issuer_dn=string cidn
ssl_client_not_after=string na
ssl_client_not_before=string nb
ssl_client_subject_dn=string csdn
ssl_client_verify=string SUCCESS
ssl_fingerprint=string fp
ssl_issuer=string iss
ssl_issuer_dn=string idn
ssl_protocol=string TLSv1.3
ssl_serial=string ser
ssl_session_id=string sid
ssl_subject_dn=string sdn
status_message=string no
subject_stage_expected=boolean false
totp_recovery_codes=table 
totp_secret=string 
unique_user_id=string uid
user_agent=string agent
user_found=boolean true
user_groups=table g
username=string anna
webauthn_credential=string 
webauthn_old_credential=string ";
    assert_eq!(lines.join("\n"), wanted);
}

#[test]
fn keys_without_a_value_exist_and_are_empty() {
    let mut asked = request();
    asked.password = None;
    let full: Vec<_> = dump(&asked);
    assert_eq!(full.len(), 73);
    for key in ["password", "ssl", "account", "oidc_cid", "status_message"] {
        assert!(full.contains(&format!("{key}=string ")), "{key}");
    }
    assert!(full.contains(&"brute_force_counter=number 0".to_owned()));
    assert!(full.contains(&"user_groups=table ".to_owned()));
    assert!(full.contains(&"logging=table default info".to_owned()));
}
