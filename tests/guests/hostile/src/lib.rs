//! Everything that a plugin must not do, chosen per call.
//!
//! What to do is said in the configuration, `{"do": "hog", "amount": 1048576, "text": "…"}`, or, where
//! that says nothing, in the user name: `do.DEED`, `do.DEED.AMOUNT` or `do.DEED.AMOUNT.TEXT` (an empty
//! amount is 0). The configuration `{"configure": {"do": …}}` does it while the plugin is configured.
//! Without a deed the plugin is harmless and has no objection.
//!
//! [`Deed`] lists the deeds. `README.md` next to this workspace is the list for authors of tests.

mod memory;
mod tell;

use bulkhead_sdk::{
    Attribute, Failure, Header, Plugin, Problem, Request, clock, context, http, log, metrics,
    random, store,
};
use serde::Deserialize;

/// `plugins.NAME.configuration`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// What to do in each call.
    #[serde(rename = "do")]
    pub deed: Option<Deed>,
    /// How much of it.
    pub amount: u64,
    /// With what.
    pub text: String,
    /// What to do while being configured.
    pub configure: Option<Box<Configuration>>,
}

/// What can be done.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Object to nothing.
    Nothing,
    /// Accept (a feature: abort).
    Accept,
    /// Reject, with `text` as status message.
    Reject,
    /// Answer with a temporary failure, with `text` as status message.
    TemporaryFailure,
    /// Return a failure with `text`.
    Fail,
    /// Loop for ever without calling the host.
    Loop,
    /// Loop for `amount` milliseconds.
    Spin,
    /// Panic with a message of `amount` bytes (0: 1 MiB).
    Panic,
    /// Execute the instruction `unreachable`.
    Unreachable,
    /// Recurse without end.
    Recurse,
    /// Grow the linear memory to `amount` bytes in all (rounded up to pages of 64 KiB) and write to
    /// every page. A refused growth is a failure `growth refused`.
    Hog,
    /// Allocate without end. Ends in a trap.
    HogForever,
    /// Answer with one attribute `big` of `amount` bytes.
    AnswerBytes,
    /// Answer with `amount` attributes `a0`, `a1` …
    AnswerAttributes,
    /// Answer with `amount` attributes of one name.
    AnswerDuplicates,
    /// Answer with a response header; `text` is `Name: value`.
    AnswerHeader,
    /// Call the host `amount` times.
    CallHost,
    /// Call the host for ever.
    CallHostForever,
    /// Write `amount` log lines.
    Log,
    /// Write `text` as a log line.
    LogText,
    /// Hand `amount` bytes over to the host in one call (`context.set`, no grant needed).
    ContextBytes,
    /// Hand `amount` bytes over to the host in one call (`store.set`).
    StoreBytes,
    /// Set the store's key `text` to the user name.
    StoreSet,
    /// Answer with the value of the store's key `text` as attribute `stored`.
    StoreGet,
    /// Make `amount` series of a metric.
    Series,
    /// Ask for `amount` random bytes.
    RandomBytes,
    /// Answer with a random identifier as attribute `random`.
    Random,
    /// GET the URL `text`, and answer with attribute `http_status` or a failure.
    Http,
    /// Answer with all that the request and the HTTP request behind it hold as attribute `request`.
    ShowRequest,
    /// Keep `text` (when empty: the password) in globals, heap, stack and a page of its own.
    CanaryStore,
    /// Search the whole memory for `text` **read backwards**, and answer with the number of hits as
    /// attribute `canary_found`, with the number of searched bytes as `searched`.
    CanaryFind,
}

/// A verdict, in the words of no kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Say {
    Nothing,
    Accept,
    Reject,
    TemporaryFailure,
}

/// What a harmless end looks like.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Outcome {
    pub say: Say,
    pub message: Option<String>,
    pub attributes: Vec<Attribute>,
    pub headers: Vec<Header>,
}

impl Outcome {
    fn new(say: Say) -> Self {
        Self {
            say,
            message: None,
            attributes: Vec::new(),
            headers: Vec::new(),
        }
    }

    fn with(attributes: Vec<Attribute>) -> Self {
        Self {
            attributes,
            ..Self::new(Say::Nothing)
        }
    }
}

/// One thing to do.
struct Order {
    deed: Deed,
    amount: u64,
    text: String,
}

/// The plugin.
pub struct Hostile(Configuration);

impl Plugin for Hostile {
    type Configuration = Configuration;

    fn new(configuration: Configuration) -> Result<Self, Vec<Problem>> {
        if let Some(order) = configuration.configure.as_deref().and_then(order_of) {
            carry_out(&order, &Request::default())
                .map_err(|failure| vec![Problem::at("configure", failure.message)])?;
        }
        Ok(Self(configuration))
    }
}

impl Hostile {
    /// Does what the configuration or else the user name says.
    ///
    /// # Errors
    /// Where the deed says so.
    pub fn run(&self, request: &Request) -> Result<Outcome, Failure> {
        match order_of(&self.0).or_else(|| spoken_order(&request.username)) {
            Some(order) => carry_out(&order, request),
            None => Ok(Outcome::new(Say::Nothing)),
        }
    }
}

fn order_of(configuration: &Configuration) -> Option<Order> {
    Some(Order {
        deed: configuration.deed?,
        amount: configuration.amount,
        text: configuration.text.clone(),
    })
}

/// `do.DEED.AMOUNT.TEXT`
fn spoken_order(username: &str) -> Option<Order> {
    let mut words = username.strip_prefix("do.")?.splitn(3, '.');
    let deed = words.next()?;
    let amount = words.next().and_then(|word| word.parse().ok());
    let deserializer = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(deed);
    Some(Order {
        deed: Deed::deserialize(deserializer).ok()?,
        amount: amount.unwrap_or(0),
        text: words.next().unwrap_or("").to_owned(),
    })
}

fn carry_out(order: &Order, request: &Request) -> Result<Outcome, Failure> {
    let amount = usize::try_from(order.amount).unwrap_or(usize::MAX);
    let text = order.text.as_str();
    let mut attributes = Vec::new();
    match order.deed {
        Deed::Nothing => {}
        Deed::Accept => return Ok(Outcome::new(Say::Accept)),
        Deed::Reject => return Ok(objection(Say::Reject, text)),
        Deed::TemporaryFailure => return Ok(objection(Say::TemporaryFailure, text)),
        Deed::Fail => return Err(Failure::new(text)),
        Deed::Loop => memory::loop_for_ever(),
        Deed::Spin => spin(order.amount),
        Deed::Panic => {
            let length = if amount == 0 { 1 << 20 } else { amount };
            std::panic::panic_any("x".repeat(length));
        }
        Deed::Unreachable => std::process::abort(),
        Deed::Recurse => {
            std::hint::black_box(memory::recurse(0));
        }
        Deed::Hog => memory::hog(amount)?,
        Deed::HogForever => memory::hog_for_ever(),
        Deed::AnswerBytes => attributes.push(Attribute::new("big", "x".repeat(amount))),
        Deed::AnswerAttributes => {
            attributes.extend((0..order.amount).map(|n| Attribute::new(format!("a{n}"), true)));
        }
        Deed::AnswerDuplicates => {
            attributes.extend((0..order.amount).map(|_| Attribute::new("same", true)));
        }
        Deed::AnswerHeader => {
            let (name, value) = text.split_once(": ").unwrap_or((text, ""));
            let mut outcome = Outcome::new(Say::Nothing);
            outcome.headers.push(Header::new(name, value));
            return Ok(outcome);
        }
        Deed::CallHost => {
            for _ in 0..order.amount {
                clock::monotonic();
            }
        }
        Deed::CallHostForever => loop {
            clock::monotonic();
        },
        Deed::Log => {
            for line in 0..order.amount {
                log::info(format_args!("line {line}"));
            }
        }
        Deed::LogText => log::info(text),
        Deed::ContextBytes => context::set("hostile", &"x".repeat(amount))?,
        Deed::StoreBytes => store::set("hostile", "x".repeat(amount), None)?,
        Deed::StoreSet => store::set(text, &request.username, None)?,
        Deed::StoreGet => {
            let stored = store::get(text)?.unwrap_or_else(|| b"(absent)".to_vec());
            attributes.push(Attribute::new(
                "stored",
                String::from_utf8_lossy(&stored).into_owned(),
            ));
        }
        Deed::Series => {
            for n in 0..order.amount {
                metrics::counter_add("hostile_series", &[("n", &n.to_string())], 1.0)?;
            }
        }
        Deed::RandomBytes => {
            let bytes = random::bytes(u32::try_from(amount).unwrap_or(u32::MAX));
            attributes.push(Attribute::new("random_bytes", i64::try_from(bytes.len())?));
        }
        Deed::Random => attributes.push(Attribute::new("random", random::identifier())),
        Deed::Http => {
            let response = http::Request::get(text).send()?;
            attributes.push(Attribute::new("http_status", i64::from(response.status)));
        }
        Deed::ShowRequest => attributes.push(Attribute::new("request", tell::everything(request))),
        Deed::CanaryStore => {
            let password = request
                .password
                .as_ref()
                .map_or(&[][..], |password| password.as_bytes());
            memory::store_canary(if text.is_empty() {
                password
            } else {
                text.as_bytes()
            });
        }
        Deed::CanaryFind => {
            let (found, searched) = memory::find_backwards(text.as_bytes());
            attributes.push(Attribute::new("canary_found", i64::try_from(found)?));
            attributes.push(Attribute::new("searched", i64::try_from(searched)?));
        }
    }
    Ok(Outcome::with(attributes))
}

fn objection(say: Say, text: &str) -> Outcome {
    Outcome {
        message: Some(text.to_owned()).filter(|text| !text.is_empty()),
        ..Outcome::new(say)
    }
}

/// Keeps the processor busy; looks at the clock about every tenth of a millisecond.
fn spin(milliseconds: u64) {
    let end = clock::monotonic() + std::time::Duration::from_millis(milliseconds);
    while clock::monotonic() < end {
        for number in 0..50_000_u32 {
            std::hint::black_box(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use bulkhead_sdk::testing::configure;

    use super::*;

    #[test]
    fn orders_are_read_from_user_names() {
        let cases = [
            ("do.loop", Some((Deed::Loop, 0, ""))),
            ("do.hog.65536", Some((Deed::Hog, 65536, ""))),
            (
                "do.canary-find..yranac",
                Some((Deed::CanaryFind, 0, "yranac")),
            ),
            (
                "do.http.0.http://127.0.0.1:8/a.b",
                Some((Deed::Http, 0, "http://127.0.0.1:8/a.b")),
            ),
            ("do.dance", None),
            ("alice", None),
        ];
        for (username, wanted) in cases {
            let order = spoken_order(username);
            let read = order
                .as_ref()
                .map(|order| (order.deed, order.amount, order.text.as_str()));
            assert_eq!(read, wanted, "{username}");
        }
    }

    #[test]
    fn a_failing_configure_is_a_problem() {
        let json = r#"{"configure": {"do": "fail", "text": "no"}}"#;
        let problems = configure::<Hostile>(json).err();
        assert_eq!(problems, Some(vec![Problem::at("configure", "no")]));
    }
}
