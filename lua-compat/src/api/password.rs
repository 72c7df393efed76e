//! The module `nauthilus_password`. Hashes are compared by the host; the password leaves this
//! component for nowhere else.

use piccolo::{Callback, CallbackReturn, Context, Table, Value};
use sha2::{Digest, Sha256};

use crate::arguments::{new_string, string, table};
use crate::host;
use crate::wit::bulkhead::policy::password::{Error, Verification};

/// The name of the secret that is mixed into `generate_password_hash`.
const NONCE: &str = "password-nonce";

pub(super) fn module(ctx: Context<'_>) -> Table<'_> {
    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "compare_passwords",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let verification = Verification {
                stored: string(ctx, &stack, 0, "compare_passwords")?
                    .as_bytes()
                    .to_vec(),
                password: string(ctx, &stack, 1, "compare_passwords")?
                    .as_bytes()
                    .to_vec(),
                username: String::new(),
                // The peer takes what has no prefix for a crypt(3) string, never for plain text.
                default_scheme: "CRYPT".to_owned(),
            };
            match host::try_with(|host| host.password_verify(&verification)) {
                Some(Ok(matches)) => stack.replace(ctx, (matches, Value::Nil)),
                Some(Err(problem)) => stack.replace(ctx, (false, wording(&problem))),
                None => stack.replace(ctx, (false, "there is no host")),
            }
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "check_password_policy",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let policy = table(ctx, &stack, 0, "check_password_policy")?;
            let password = string(ctx, &stack, 1, "check_password_policy")?;
            let satisfied = satisfies(ctx, policy, &String::from_utf8_lossy(password.as_bytes()));
            stack.replace(ctx, satisfied);
            Ok(CallbackReturn::Return)
        }),
    );
    module.set_field(
        ctx,
        "generate_password_hash",
        Callback::from_fn(&ctx, |ctx, _, mut stack| {
            let password = string(ctx, &stack, 0, "generate_password_hash")?;
            let mut digest = Sha256::new();
            digest.update(host::with(|host| host.secret_get(NONCE)).unwrap_or_default());
            digest.update([0]);
            digest.update(password.as_bytes());
            let hex: String = digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            stack.replace(ctx, new_string(ctx, hex));
            Ok(CallbackReturn::Return)
        }),
    );
    module
}

fn wording(problem: &Error) -> String {
    match problem {
        Error::UnknownScheme(scheme) => format!("unknown password scheme {scheme}"),
        Error::Malformed(text) => format!("malformed password hash: {text}"),
        Error::TooExpensive(text) => format!("password hash is too expensive: {text}"),
        Error::Overloaded => "password verification is overloaded".to_owned(),
    }
}

/// Are there at least as many characters of each kind as the policy wants?
fn satisfies<'gc>(ctx: Context<'gc>, policy: Table<'gc>, password: &str) -> bool {
    let count = |wanted: fn(char) -> bool| password.chars().filter(|c| wanted(*c)).count();
    [
        ("min_length", password.chars().count()),
        ("min_lower", count(char::is_lowercase)),
        ("min_upper", count(char::is_uppercase)),
        ("min_number", count(char::is_numeric)),
        ("min_special", count(|c| !c.is_alphanumeric())),
    ]
    .into_iter()
    .all(|(name, there)| {
        let least = policy.get_value(ctx, name).to_number().unwrap_or(0.0);
        there as f64 >= least
    })
}
