//! Backends: they know users. They check passwords, find accounts and list them.

use std::marker::PhantomData;

use crate::{Attribute, Failure, Plugin, Request, Value};

#[doc(hidden)]
pub mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        clippy::all,
        reason = "generated"
    )]
    wit_bindgen::generate!({
        path: "../wit",
        inline: "package bulkhead:sdk; world backend { export bulkhead:policy/backend@0.1.0; }",
        world: "bulkhead:sdk/backend",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "bulkhead:policy/types@0.1.0": crate::bindings::bulkhead::policy::types,
            "bulkhead:policy/types@0.1.0/failure": crate::Failure,
        },
    });
}

pub use bindings::exports::bulkhead::policy::backend::{Answer, Operation, User, WebauthnChange};

/// A plugin that knows users.
pub trait Backend: Plugin {
    /// Does one operation for `request.username`. Answer [`Answer::Unsupported`] to what the backend
    /// does not do: the next one is asked.
    ///
    /// # Errors
    /// When the backend cannot tell, such as in an outage: never the same as "unknown user".
    fn run(&self, request: &Request, operation: Operation) -> Result<Answer, Failure>;
}

impl User {
    fn new(found: bool, authenticated: bool) -> Self {
        Self {
            found,
            authenticated,
            account_field: String::new(),
            totp_secret_field: String::new(),
            totp_recovery_field: String::new(),
            unique_user_id_field: String::new(),
            display_name_field: String::new(),
            attributes: Vec::new(),
            groups: Vec::new(),
            group_dns: Vec::new(),
        }
    }

    /// This backend does not know the user: the next one is asked.
    pub fn unknown() -> Self {
        Self::new(false, false)
    }

    /// A known user whose password was not checked, or is wrong.
    pub fn known() -> Self {
        Self::new(true, false)
    }

    /// A known user whose password is right.
    pub fn authenticated() -> Self {
        Self::new(true, true)
    }

    /// Sets the account: an attribute `field` with the account's name, and the field that says so.
    #[must_use]
    pub fn with_account(self, field: impl Into<String>, account: impl Into<Value>) -> Self {
        let field = field.into();
        let mut user = self.with_attribute(field.clone(), account);
        user.account_field = field;
        user
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.attributes.push(Attribute::new(name, value));
        self
    }
}

impl From<User> for Answer {
    fn from(user: User) -> Self {
        Self::User(user)
    }
}

/// The component that [`export_backend!`](crate::export_backend) registers.
#[doc(hidden)]
pub struct Component<P>(PhantomData<P>);

impl<P: Backend> bindings::exports::bulkhead::policy::backend::Guest for Component<P> {
    fn run(
        request: crate::bindings::bulkhead::policy::types::Request,
        operation: Operation,
    ) -> Result<Answer, Failure> {
        crate::instance::with(|plugin: &P| plugin.run(&Request::from(request), operation))
    }
}

/// Compiles for plugins of this kind only.
#[doc(hidden)]
pub fn registered<P: Backend + crate::Described>(_: &P) {}

/// Makes the crate a backend component: `bulkhead_sdk::export_backend!(Type);`
#[macro_export]
macro_rules! export_backend {
    ($plugin:ty) => {
        $crate::describe!($plugin);
        // Natively too, a type without the trait is an error, and one with it is in use.
        const _: fn(&$plugin) = $crate::backend::registered::<$plugin>;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type Lifecycle = $crate::instance::Lifecycle<$plugin>;
            type Component = $crate::backend::Component<$plugin>;
    $crate::bindings::export!(Lifecycle with_types_in $crate::bindings);
    $crate::backend::bindings::export!(Component with_types_in $crate::backend::bindings);
        };
    };
}
