//! Where a login stands in a distributed trace: the data of W3C Trace Context, and its text form.
//!
//! Knows the text of `traceparent` (level 1 of the recommendation) and nothing of HTTP. Whether a
//! trace is recorded is decided elsewhere, once, at the beginning.

use std::{fmt::Write as _, sync::Arc};

/// Name of one span.
pub type SpanId = [u8; 8];

/// A span of a trace: that of a login, or of one plugin call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never all zero.
    pub trace_id: [u8; 16],
    /// This span; never all zero.
    pub span_id: SpanId,
    /// The span that caused this one, here or at the caller.
    pub parent: Option<SpanId>,
    /// The trace is recorded. If not, the context is passed on so that nobody behind records a part.
    pub sampled: bool,
    /// The members of `tracestate`, passed on as they came; empty if there were none.
    pub state: Arc<str>,
}

impl TraceContext {
    /// The first span of a new trace.
    pub fn root(trace_id: [u8; 16], sampled: bool) -> Self {
        Self {
            trace_id,
            span_id: new_span_id(),
            parent: None,
            sampled,
            state: Arc::default(),
        }
    }

    /// A span that this one causes.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: new_span_id(),
            parent: Some(self.span_id),
            ..self.clone()
        }
    }

    /// The value of `traceparent` for requests that this span sends.
    pub fn traceparent(&self) -> String {
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        push_hex(&mut text, &self.trace_id);
        text.push('-');
        push_hex(&mut text, &self.span_id);
        text.push_str(if self.sampled { "-01" } else { "-00" });
        text
    }

    /// The trace's name as 32 hexadecimal digits.
    pub fn trace_id_text(&self) -> String {
        let mut text = String::with_capacity(32);
        push_hex(&mut text, &self.trace_id);
        text
    }

    /// The span of the caller that a `traceparent` names. Nothing if it is malformed by the rules of
    /// the recommendation: lower case only, version `ff` and all-zero names forbidden, version 00
    /// without anything behind it, what later versions append ignored.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let (version, rest) = traceparent.split_once('-')?;
        let (trace_id, rest) = rest.split_once('-')?;
        let (span_id, rest) = rest.split_once('-')?;
        let (flags, behind) = match rest.split_once('-') {
            Some((flags, behind)) => (flags, Some(behind)),
            None => (rest, None),
        };
        let [version] = hex(version)?;
        if version == 0xff || (version == 0 && behind.is_some()) {
            return None;
        }
        let trace_id = hex(trace_id).filter(|id| *id != [0; 16])?;
        let span_id = hex(span_id).filter(|id| *id != [0; 8])?;
        let [flags] = hex(flags)?;
        Some(Self {
            trace_id,
            span_id,
            parent: None,
            sampled: flags & 1 == 1,
            state: Arc::default(),
        })
    }
}

/// A name that no other span has.
pub fn new_span_id() -> SpanId {
    // All zero means "none"; one bit less of chance excludes it.
    (rand::random::<u64>() | 1).to_be_bytes()
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
}

/// Exactly so many bytes in lower-case hexadecimal digits.
fn hex<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; BYTES];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_traceparent_counts_only_if_it_keeps_every_rule() {
        let zeros = "0".repeat(32);
        let rows = [
            (format!("00-{TRACE}-{SPAN}-01"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-00"), Some(false)),
            // Unknown flags are nobody's business here.
            (format!("00-{TRACE}-{SPAN}-ff"), Some(true)),
            (format!("00-{TRACE}-{SPAN}-fe"), Some(false)),
            // A later version may append.
            (format!("cc-{TRACE}-{SPAN}-01"), Some(true)),
            (format!("cc-{TRACE}-{SPAN}-01-what-the-future"), Some(true)),
            (format!("cc-{TRACE}-{SPAN}-01.what"), None),
            (format!("00-{TRACE}-{SPAN}-01-"), None),
            (format!("00-{TRACE}-{SPAN}-01-more"), None),
            (format!("ff-{TRACE}-{SPAN}-01"), None),
            (format!("00-{zeros}-{SPAN}-01"), None),
            (format!("00-{TRACE}-0000000000000000-01"), None),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
            (format!("00-{}-{SPAN}-01", &TRACE[1..]), None),
            (format!("00-{TRACE}-{SPAN}0-01"), None),
            (format!("00-{TRACE}-{SPAN}-1"), None),
            (format!("0-{TRACE}-{SPAN}-01"), None),
            (format!("00-{TRACE}-{SPAN}"), None),
            (format!(" 00-{TRACE}-{SPAN}-01"), None),
            (format!("00_{TRACE}_{SPAN}_01"), None),
            (String::new(), None),
        ];
        for (text, expected) in rows {
            let parsed = TraceContext::parse(&text);
            assert_eq!(parsed.map(|context| context.sampled), expected, "{text}");
        }
    }

    #[test]
    fn a_child_stays_in_its_trace_and_names_its_parent() {
        let parent = TraceContext::parse(&format!("00-{TRACE}-{SPAN}-01")).unwrap();
        assert_eq!(parent.traceparent(), format!("00-{TRACE}-{SPAN}-01"));
        let child = parent.child();
        assert_eq!(child.parent, Some(parent.span_id));
        assert_eq!(child.trace_id_text(), TRACE);
        assert_ne!(child.span_id, parent.span_id);
        assert!(TraceContext::parse(&child.traceparent()).is_some());
    }
}
