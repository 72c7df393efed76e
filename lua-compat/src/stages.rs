//! One method per kind of plugin: calls the script's entry function and reads what it returns, as the
//! peer does (booleans by truthiness, integers leniently).

use piccolo::Value;

use crate::call;
use crate::convert::{lenient_integer, strings};
use crate::host;
use crate::json;
use crate::request::{fill, fill_hook, fill_operation};
use crate::results;
use crate::runtime::{Runtime, Stopped};
use crate::wit::bulkhead::policy::log;
use crate::wit::bulkhead::policy::types::{Event, Failure, Header, Request};
use crate::wit::exports::bulkhead::policy::{backend, cache_flush, feature, filter, hook};

/// The result code with which a script says that it could not do its work.
const RESULT_FAIL: i64 = 1;

fn failure(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(error) if error.traceback.is_empty() => failure(error.message),
            Stopped::Failed(error) => failure(format!("{}\n{}", error.message, error.traceback)),
            Stopped::Exited(code) => failure(format!("the script called os.exit({code})")),
            Stopped::NotStarted => failure("the script defines no entry function"),
        }
    }
}

/// The failure of a script without an entry function.
fn missing(names: &[&str]) -> Failure {
    match names {
        [only] => failure(format!("the script does not define the function `{only}`")),
        names => failure(format!(
            "the script defines neither `{}`",
            names.join("` nor `")
        )),
    }
}

fn log_failed_result(function: &str) {
    host::with(|host| {
        host.log_write(
            log::Level::Error,
            &format!("`{function}` returned a result code that says it failed"),
        );
    });
}

impl Runtime {
    /// Asks an environment source (v1 name: feature).
    pub fn run_feature(&mut self, request: &Request) -> Result<feature::Answer, Failure> {
        const NAMES: [&str; 2] = ["nauthilus_call_environment", "nauthilus_call_feature"];
        self.begin();
        self.run_top_level()?;
        let (triggered, abort, result) = self
            .run_entry(
                &NAMES,
                |ctx, table| {
                    fill(ctx, table, request);
                    vec![table.into()]
                },
                |_, values| (truth(values, 0), truth(values, 1), integer(values, 2)),
            )?
            .ok_or_else(|| missing(&NAMES))?;
        if result == RESULT_FAIL {
            log_failed_result("nauthilus_call_environment");
        }
        let verdict = match (triggered, abort) {
            (true, _) => feature::Verdict::Reject,
            (false, true) => feature::Verdict::Abort,
            (false, false) => feature::Verdict::Pass,
        };
        Ok(call::with(|call| feature::Answer {
            verdict,
            event: triggered.then_some(Event::Lua),
            status_message: call.status_message.take(),
            response_headers: std::mem::take(&mut call.response_headers),
        }))
    }

    /// Asks a subject source (v1 name: filter).
    pub fn run_filter(&mut self, request: &Request) -> Result<filter::Answer, Failure> {
        const NAMES: [&str; 2] = ["nauthilus_call_subject", "nauthilus_call_filter"];
        self.begin();
        self.run_top_level()?;
        let (reject, result) = self
            .run_entry(
                &NAMES,
                |ctx, table| {
                    fill(ctx, table, request);
                    vec![table.into()]
                },
                |_, values| (truth(values, 0), integer(values, 1)),
            )?
            .ok_or_else(|| missing(&NAMES))?;
        if result == RESULT_FAIL {
            log_failed_result("nauthilus_call_subject");
        }
        Ok(call::with(|call| filter::Answer {
            verdict: if reject {
                filter::Verdict::Reject
            } else {
                filter::Verdict::Accept
            },
            status_message: call.status_message.take(),
            add_attributes: std::mem::take(&mut call.add_attributes),
            remove_attributes: std::mem::take(&mut call.remove_attributes),
            response_headers: std::mem::take(&mut call.response_headers),
        }))
    }

    /// Runs an action. Its result code is only logged, as in the peer.
    pub fn run_action(&mut self, request: &Request, _event: Event) -> Result<(), Failure> {
        const NAMES: [&str; 1] = ["nauthilus_call_action"];
        self.begin();
        self.run_top_level()?;
        let result = self
            .run_entry(
                &NAMES,
                |ctx, table| {
                    fill(ctx, table, request);
                    vec![table.into()]
                },
                |_, values| integer(values, 0),
            )?
            .ok_or_else(|| missing(&NAMES))?;
        if result == RESULT_FAIL {
            log_failed_result("nauthilus_call_action");
        }
        Ok(())
    }

    /// Asks a backend. An operation that the script does not define is unsupported; only the password
    /// check is not optional.
    pub fn run_backend(
        &mut self,
        request: &Request,
        operation: &backend::Operation,
    ) -> Result<backend::Answer, Failure> {
        let name = backend_function(operation);
        self.begin();
        self.run_top_level()?;
        let returned = self.run_entry(
            &[name],
            |ctx, table| {
                fill(ctx, table, request);
                fill_operation(ctx, table, operation);
                vec![table.into()]
            },
            |_, values| backend_answer(name, operation, values),
        )?;
        match (returned, operation) {
            (Some(answer), _) => answer,
            (None, backend::Operation::Verify | backend::Operation::LookUp) => {
                Err(missing(&[name]))
            }
            (None, _) => Ok(backend::Answer::Unsupported),
        }
    }

    /// Answers an HTTP request at a location of its own. An error of the script is an answer too: 500
    /// with its message.
    pub fn run_hook(&mut self, request: hook::HookRequest) -> Result<hook::HookResponse, Failure> {
        const NAMES: [&str; 1] = ["nauthilus_run_hook"];
        self.begin();
        call::with(|call| call.hook = Some(request.clone()));
        let answer = match self.run_top_level() {
            Ok(()) => self.run_entry(
                &NAMES,
                |ctx, table| {
                    fill_hook(ctx, table, &request);
                    let session = crate::arguments::new_string(ctx, &request.session);
                    vec![table.into(), session]
                },
                |_, values| hook_response(values.first().copied().unwrap_or_default()),
            ),
            Err(stopped) => Err(stopped),
        };
        let mut response = match answer {
            Ok(Some(response)) => response,
            Ok(None) => return Err(missing(&NAMES)),
            Err(Stopped::Failed(error)) => {
                host::with(|host| {
                    host.log_write(
                        log::Level::Error,
                        &format!("{}\n{}", error.message, error.traceback),
                    );
                });
                // They described another answer.
                call::with(|call| call.response_headers.clear());
                message_response(&error.message)
            }
            Err(stopped) => return Err(stopped.into()),
        };
        response.headers.append(&mut call::with(|call| {
            std::mem::take(&mut call.response_headers)
        }));
        Ok(response)
    }

    /// Runs an init script: its top level, and `nauthilus_run_hook(logging)` if it defines that.
    pub fn run_init(&mut self) -> Result<(), Failure> {
        self.begin();
        self.run_top_level()?;
        self.run_entry(
            &["nauthilus_run_hook"],
            |_, table| vec![table.into()],
            |_, _| (),
        )?;
        Ok(())
    }

    /// Asks what else to forget about a user.
    pub fn run_cache_flush(&mut self, request: &Request) -> Result<cache_flush::Answer, Failure> {
        const NAMES: [&str; 1] = ["nauthilus_cache_flush"];
        self.begin();
        self.run_top_level()?;
        self.run_entry(
            &NAMES,
            |ctx, table| {
                fill(ctx, table, request);
                vec![table.into()]
            },
            |_, values| cache_flush::Answer {
                keys: match values.first() {
                    Some(Value::Table(keys)) => (1..=keys.length())
                        .filter_map(|index| match keys.get_raw(Value::Integer(index)) {
                            Value::String(key) => Some(crate::arguments::lossy(key)),
                            _ => None,
                        })
                        .collect(),
                    _ => Vec::new(),
                },
                account: match values.get(1) {
                    Some(Value::String(account)) if !account.as_bytes().is_empty() => {
                        Some(crate::arguments::lossy(*account))
                    }
                    _ => None,
                },
            },
        )?
        .ok_or_else(|| missing(&NAMES))
    }
}

fn truth(values: &[Value<'_>], index: usize) -> bool {
    values.get(index).is_some_and(|value| value.to_bool())
}

fn integer(values: &[Value<'_>], index: usize) -> i64 {
    values.get(index).map_or(0, |value| lenient_integer(*value))
}

fn backend_function(operation: &backend::Operation) -> &'static str {
    use backend::Operation;
    match operation {
        Operation::Verify | Operation::LookUp => "nauthilus_backend_verify_password",
        Operation::ListAccounts => "nauthilus_backend_list_accounts",
        Operation::AddTotp(_) => "nauthilus_backend_add_totp",
        Operation::DeleteTotp => "nauthilus_backend_delete_totp",
        Operation::AddRecoveryCodes(_) => "nauthilus_backend_add_totp_recovery_codes",
        Operation::DeleteRecoveryCodes => "nauthilus_backend_delete_totp_recovery_codes",
        Operation::GetWebauthnCredentials => "nauthilus_backend_get_webauthn_credentials",
        Operation::SaveWebauthnCredential(_) => "nauthilus_backend_save_webauthn_credential",
        Operation::UpdateWebauthnCredential(_) => "nauthilus_backend_update_webauthn_credential",
        Operation::DeleteWebauthnCredential(_) => "nauthilus_backend_delete_webauthn_credential",
    }
}

fn backend_answer(
    function: &str,
    operation: &backend::Operation,
    values: &[Value<'_>],
) -> Result<backend::Answer, Failure> {
    use backend::{Answer, Operation};
    let code = integer(values, 0);
    if code != 0 {
        return Err(failure(format!("`{function}` returned the result {code}")));
    }
    let second = values.get(1).copied().unwrap_or_default();
    let list = || match second {
        Value::Table(list) => Ok(strings(list)),
        Value::Nil => Ok(Vec::new()),
        other => Err(failure(format!(
            "`{function}` must return an array as its second value, not a {}",
            other.type_name()
        ))),
    };
    match operation {
        Operation::Verify | Operation::LookUp => match results::of(second) {
            Some(result) => Ok(Answer::User(result.user())),
            None => Err(failure(format!(
                "`{function}` must return a nauthilus_backend_result as its second value, not a {}",
                second.type_name()
            ))),
        },
        Operation::ListAccounts => list().map(Answer::Accounts),
        Operation::GetWebauthnCredentials => list().map(Answer::Credentials),
        _ => Ok(Answer::Done),
    }
}

fn json_response(status: u16, body: String) -> hook::HookResponse {
    hook::HookResponse {
        status,
        headers: vec![Header {
            name: "Content-Type".to_owned(),
            value: b"application/json".to_vec(),
        }],
        body: body.into_bytes(),
    }
}

fn message_response(message: &str) -> hook::HookResponse {
    json_response(
        500,
        format!("{{\"msg\":{}}}", json::quoted(message.as_bytes())),
    )
}

fn hook_response(value: Value<'_>) -> hook::HookResponse {
    match value {
        // What the script wrote itself, if it did.
        Value::Nil => call::with(|call| hook::HookResponse {
            status: call.response_status.unwrap_or(200),
            headers: Vec::new(),
            body: call.response_body.take().unwrap_or_default(),
        }),
        Value::Table(table) if table.length() > 0 => {
            message_response("the hook returned an array, but a map with string keys was expected")
        }
        Value::Table(table) if table.iter().next().is_none() => json_response(200, "{}".to_owned()),
        Value::Table(_) => match json::encode(value) {
            Ok(body) => json_response(200, body),
            Err(error) => message_response(&error),
        },
        other => message_response(&format!(
            "the hook returned a {}, but a map with string keys was expected",
            other.type_name()
        )),
    }
}
