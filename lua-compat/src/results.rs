//! The userdata `nauthilus_backend_result`: what a backend script says about a user.
//!
//! Every method reads without an argument and writes with one. Values are copied in and out, as in the
//! peer: changing a table after it was handed over changes nothing.

use std::cell::RefCell;

use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table, UserData, Value};

use crate::arguments::{bad, error, lossy, new_string};
use crate::convert::{attributes, from_attributes, string_array, strings};
use crate::host;
use crate::wit::bulkhead::policy::log;
use crate::wit::bulkhead::policy::types::Attribute;
use crate::wit::exports::bulkhead::policy::backend::User;

/// What the script has said so far.
#[derive(Default)]
pub(crate) struct BackendResult(RefCell<Fields>);

#[derive(Default, Clone)]
struct Fields {
    authenticated: bool,
    user_found: bool,
    texts: [String; TEXTS.len()],
    lists: [Vec<String>; LISTS.len()],
    attributes: Vec<Attribute>,
}

const TEXTS: [&str; 5] = [
    "account_field",
    "totp_secret_field",
    "totp_recovery_field",
    "unique_user_id_field",
    "display_name_field",
];

const LISTS: [&str; 3] = ["webauthn_credentials", "groups", "group_dns"];

impl BackendResult {
    /// The attributes, by name.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        self.0.borrow().attributes.clone()
    }

    /// What the contract wants to know. Without an account field, or with one that names no attribute,
    /// the user counts as not found.
    pub(crate) fn user(&self) -> User {
        let fields = self.0.borrow().clone();
        let [
            account,
            totp_secret,
            totp_recovery,
            unique_user_id,
            display_name,
        ] = fields.texts;
        let [_, groups, group_dns] = fields.lists;
        let named = fields
            .attributes
            .iter()
            .any(|attribute| attribute.name == account && !attribute.values.is_empty());
        let found = fields.user_found && !account.is_empty() && named;
        User {
            found,
            authenticated: found && fields.authenticated,
            account_field: account,
            totp_secret_field: totp_secret,
            totp_recovery_field: totp_recovery,
            unique_user_id_field: unique_user_id,
            display_name_field: display_name,
            attributes: fields.attributes,
            groups,
            group_dns,
        }
    }
}

/// The result that a Lua value holds.
pub(crate) fn of(value: Value<'_>) -> Option<&BackendResult> {
    match value {
        Value::UserData(data) => data.downcast_static::<BackendResult>().ok(),
        _ => None,
    }
}

/// The module: a table with `new`.
pub(crate) fn module(ctx: Context<'_>) -> Table<'_> {
    let methods = Table::new(&ctx);
    flag(ctx, methods, "authenticated", |fields| {
        &mut fields.authenticated
    });
    flag(ctx, methods, "user_found", |fields| &mut fields.user_found);
    for (index, name) in TEXTS.into_iter().enumerate() {
        text(ctx, methods, name, index);
    }
    for (index, name) in LISTS.into_iter().enumerate() {
        list(ctx, methods, name, index);
    }
    attribute_table(ctx, methods);

    let metatable = Table::new(&ctx);
    metatable.set_field(ctx, "__index", methods);
    metatable.set_field(ctx, "__name", "nauthilus_backend_result");

    let module = Table::new(&ctx);
    module.set_field(
        ctx,
        "new",
        Callback::from_fn_with(&ctx, metatable, |metatable, ctx, _, mut stack| {
            let data = UserData::new_static(&ctx, BackendResult::default());
            data.set_metatable(&ctx, Some(*metatable));
            stack.replace(ctx, data);
            Ok(CallbackReturn::Return)
        }),
    );
    module
}

fn receiver<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    method: &str,
) -> Result<&'gc BackendResult, Error<'gc>> {
    match stack.get(0) {
        Value::UserData(data) => data.downcast_static::<BackendResult>().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        error(
            ctx,
            format!("calling '{method}' on bad self (nauthilus_backend_result expected)"),
        )
    })
}

fn flag<'gc>(
    ctx: Context<'gc>,
    methods: Table<'gc>,
    name: &'static str,
    field: fn(&mut Fields) -> &mut bool,
) {
    let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let result = receiver(ctx, &stack, name)?;
        if stack.len() < 2 {
            let value = *field(&mut result.0.borrow_mut());
            stack.replace(ctx, value);
            return Ok(CallbackReturn::Return);
        }
        match stack.get(1) {
            Value::Boolean(value) => *field(&mut result.0.borrow_mut()) = value,
            other => return Err(wrong(ctx, name, "boolean", other)),
        }
        stack.clear();
        Ok(CallbackReturn::Return)
    });
    methods.set_field(ctx, name, callback);
}

fn text<'gc>(ctx: Context<'gc>, methods: Table<'gc>, name: &'static str, index: usize) {
    let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let result = receiver(ctx, &stack, name)?;
        let mut fields = result.0.borrow_mut();
        let Some(field) = fields.texts.get_mut(index) else {
            return Ok(CallbackReturn::Return);
        };
        if stack.len() < 2 {
            let value = new_string(ctx, &*field);
            stack.replace(ctx, value);
            return Ok(CallbackReturn::Return);
        }
        match stack.get(1).into_string(ctx) {
            Some(value) => *field = lossy(value),
            None => return Err(wrong(ctx, name, "string", stack.get(1))),
        }
        stack.clear();
        Ok(CallbackReturn::Return)
    });
    methods.set_field(ctx, name, callback);
}

fn list<'gc>(ctx: Context<'gc>, methods: Table<'gc>, name: &'static str, index: usize) {
    let callback = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let result = receiver(ctx, &stack, name)?;
        let mut fields = result.0.borrow_mut();
        let Some(field) = fields.lists.get_mut(index) else {
            return Ok(CallbackReturn::Return);
        };
        if stack.len() < 2 {
            let value = string_array(ctx, field);
            stack.replace(ctx, value);
            return Ok(CallbackReturn::Return);
        }
        match stack.get(1) {
            Value::Table(value) => *field = strings(value),
            other => return Err(wrong(ctx, name, "table", other)),
        }
        stack.clear();
        Ok(CallbackReturn::Return)
    });
    methods.set_field(ctx, name, callback);
}

fn attribute_table<'gc>(ctx: Context<'gc>, methods: Table<'gc>) {
    const NAME: &str = "attributes";
    let callback = Callback::from_fn(&ctx, |ctx, _, mut stack| {
        let result = receiver(ctx, &stack, NAME)?;
        if stack.len() < 2 {
            let value = from_attributes(ctx, &result.0.borrow().attributes);
            stack.replace(ctx, value);
            return Ok(CallbackReturn::Return);
        }
        let Value::Table(table) = stack.get(1) else {
            return Err(wrong(ctx, NAME, "table", stack.get(1)));
        };
        let (values, refused) = attributes(table);
        if !refused.is_empty() {
            host::with(|host| {
                host.log_write(
                    log::Level::Warning,
                    &format!(
                        "attributes left out, because they are neither scalars nor arrays of \
                         scalars: {}",
                        refused.join(", ")
                    ),
                );
            });
        }
        result.0.borrow_mut().attributes = values;
        stack.clear();
        Ok(CallbackReturn::Return)
    });
    methods.set_field(ctx, NAME, callback);
}

fn wrong<'gc>(ctx: Context<'gc>, method: &str, wanted: &str, got: Value<'gc>) -> Error<'gc> {
    bad(
        ctx,
        // The object is the first argument.
        1,
        method,
        format!("{wanted} expected, got {}", got.type_name()),
    )
}
