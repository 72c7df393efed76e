//! LDAP messages (RFC 4511): requests to bytes, and bytes to responses.
//!
//! Knows neither connections nor pools.

use zeroize::Zeroizing;

use super::{
    Attribute, Change, ChangeKind, Entry, LdapError, Scope,
    ber::{ENUMERATED, INTEGER, Malformed, Reader, SEQUENCE, SET, Writer},
};

/// Result codes that mean something to us (RFC 4511, appendix A).
pub(super) mod code {
    pub(in super::super) const SUCCESS: u32 = 0;
    pub(in super::super) const TIME_LIMIT: u32 = 3;
    pub(in super::super) const SIZE_LIMIT: u32 = 4;
    pub(in super::super) const REFERRAL: u32 = 10;
    pub(in super::super) const ADMIN_LIMIT: u32 = 11;
    pub(in super::super) const NO_SUCH_OBJECT: u32 = 32;
    pub(in super::super) const INVALID_CREDENTIALS: u32 = 49;
    pub(in super::super) const BUSY: u32 = 51;
    pub(in super::super) const UNAVAILABLE: u32 = 52;
}

/// Tags of the responses that end an operation.
pub(super) mod done {
    pub(in super::super) const BIND: u8 = 0x61;
    pub(in super::super) const SEARCH: u8 = 0x65;
    pub(in super::super) const MODIFY: u8 = 0x67;
    pub(in super::super) const EXTENDED: u8 = 0x78;
}

const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// A search as it is sent.
pub(super) struct SearchMessage<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    /// In BER.
    pub(super) filter: &'a [u8],
    pub(super) attributes: &'a [String],
    pub(super) size_limit: u32,
    pub(super) seconds: u32,
    /// Entries per page, and the cookie of the page before.
    pub(super) page: Option<(u32, &'a [u8])>,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Which operation it ends ([`done`]).
    pub(super) ends: u8,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) referrals: Vec<String>,
    /// The cookie for the next page; empty after the last one, and without pages.
    pub(super) cookie: Vec<u8>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Response {
    Entry(Entry),
    /// More may be found there.
    Reference(Vec<String>),
    Intermediate,
    Done(Outcome),
}

fn message(id: u32, room: usize, write: impl FnOnce(&mut Writer)) -> Zeroizing<Vec<u8>> {
    let mut writer = Writer::with_room(room + 64);
    writer.nest(SEQUENCE, |writer| {
        writer.number(INTEGER, id);
        write(writer);
    });
    writer.finish()
}

pub(super) fn bind(id: u32, dn: &str, password: &[u8]) -> Zeroizing<Vec<u8>> {
    message(id, dn.len() + password.len(), |writer| {
        writer.nest(0x60, |writer| {
            writer.number(INTEGER, 3);
            writer.octets(dn.as_bytes());
            writer.element(0x80, password);
        });
    })
}

/// SASL EXTERNAL: as whoever the certificate or the socket says (RFC 4422, appendix A).
pub(super) fn bind_external(id: u32) -> Zeroizing<Vec<u8>> {
    message(id, 0, |writer| {
        writer.nest(0x60, |writer| {
            writer.number(INTEGER, 3);
            writer.octets(b"");
            writer.nest(0xa3, |writer| {
                writer.octets(b"EXTERNAL");
                writer.octets(b"");
            });
        });
    })
}

pub(super) fn start_tls(id: u32) -> Zeroizing<Vec<u8>> {
    message(id, 0, |writer| {
        writer.nest(0x77, |writer| writer.element(0x80, START_TLS.as_bytes()));
    })
}

pub(super) fn search(id: u32, search: &SearchMessage<'_>) -> Zeroizing<Vec<u8>> {
    message(id, search.base.len() + search.filter.len(), |writer| {
        writer.nest(0x63, |writer| {
            writer.octets(search.base.as_bytes());
            let scope = match search.scope {
                Scope::Base => 0,
                Scope::OneLevel => 1,
                Scope::Subtree => 2,
            };
            writer.number(ENUMERATED, scope);
            writer.number(ENUMERATED, 0); // neverDerefAliases
            writer.number(INTEGER, search.size_limit);
            writer.number(INTEGER, search.seconds);
            writer.boolean(false);
            writer.raw(search.filter);
            writer.nest(SEQUENCE, |writer| {
                for attribute in search.attributes {
                    writer.octets(attribute.as_bytes());
                }
            });
        });
        if let Some((size, cookie)) = search.page {
            let mut value = Writer::with_room(cookie.len() + 16);
            value.nest(SEQUENCE, |writer| {
                writer.number(INTEGER, size);
                writer.octets(cookie);
            });
            writer.nest(0xa0, |writer| {
                writer.nest(SEQUENCE, |writer| {
                    writer.octets(PAGED_RESULTS.as_bytes());
                    // A server without pages must not answer as if there were one.
                    writer.boolean(true);
                    writer.octets(&value.finish());
                });
            });
        }
    })
}

pub(super) fn modify(id: u32, dn: &str, changes: &[Change]) -> Zeroizing<Vec<u8>> {
    let values = changes.iter().flat_map(|change| &change.values);
    let room = dn.len() + values.map(|value| value.len() + 64).sum::<usize>();
    message(id, room, |writer| {
        writer.nest(0x66, |writer| {
            writer.octets(dn.as_bytes());
            writer.nest(SEQUENCE, |writer| {
                for change in changes {
                    writer.nest(SEQUENCE, |writer| one_change(writer, change));
                }
            });
        });
    })
}

fn one_change(writer: &mut Writer, change: &Change) {
    let kind = match change.kind {
        ChangeKind::Add => 0,
        ChangeKind::Delete => 1,
        ChangeKind::Replace => 2,
    };
    writer.number(ENUMERATED, kind);
    writer.nest(SEQUENCE, |writer| {
        writer.octets(change.attribute.as_bytes());
        writer.nest(SET, |writer| {
            for value in &change.values {
                writer.octets(value);
            }
        });
    });
}

/// A filter in the text form of RFC 4515 as BER.
pub(super) fn filter(text: &str) -> Result<Vec<u8>, LdapError> {
    let wrong = || LdapError::Invalid("the filter is not one (RFC 4515)".to_owned());
    let parsed = ldap3::parse_filter(text).map_err(|()| wrong())?;
    let mut bytes = bytes::BytesMut::new();
    let structure = ldap3::asn1::ASNTag::into_structure(parsed);
    ldap3::asn1::write::encode_into(&mut bytes, structure).map_err(|_| wrong())?;
    Ok(bytes.to_vec())
}

/// Reads the content of one message: its id and what it says.
pub(super) fn response(content: &[u8]) -> Result<(u32, Response), Malformed> {
    let mut reader = Reader::new(content);
    let id = reader.number(INTEGER)?;
    let (tag, body) = reader.next()?.ok_or(Malformed)?;
    let response = match tag {
        0x64 => Response::Entry(entry(body)?),
        0x73 => Response::Reference(texts(body)?),
        0x79 => Response::Intermediate,
        done::BIND | done::SEARCH | done::MODIFY | done::EXTENDED => {
            let mut outcome = outcome(tag, body)?;
            if let Some((0xa0, controls)) = reader.next()? {
                outcome.cookie = cookie(controls)?;
            }
            Response::Done(outcome)
        }
        _ => return Err(Malformed),
    };
    Ok((id, response))
}

fn entry(body: &[u8]) -> Result<Entry, Malformed> {
    let mut reader = Reader::new(body);
    let dn = reader.text()?;
    let mut attributes = Vec::new();
    let mut list = Reader::new(reader.expect(SEQUENCE)?);
    while let Some((SEQUENCE, one)) = list.next()? {
        let mut one = Reader::new(one);
        let name = one.text()?;
        let mut values = Vec::new();
        let mut set = Reader::new(one.expect(SET)?);
        while let Some((_, value)) = set.next()? {
            values.push(value.to_vec());
        }
        attributes.push(Attribute { name, values });
    }
    Ok(Entry { dn, attributes })
}

fn outcome(ends: u8, body: &[u8]) -> Result<Outcome, Malformed> {
    let mut reader = Reader::new(body);
    let code = reader.number(ENUMERATED)?;
    let _matched = reader.text()?;
    let message = reader.text()?;
    let mut referrals = Vec::new();
    while let Some((tag, content)) = reader.next()? {
        if tag == 0xa3 {
            referrals = texts(content)?;
        }
    }
    Ok(Outcome {
        ends,
        code,
        message,
        referrals,
        cookie: Vec::new(),
    })
}

fn texts(body: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut reader = Reader::new(body);
    let mut texts = Vec::new();
    while let Some((_, text)) = reader.next()? {
        texts.push(String::from_utf8_lossy(text).into_owned());
    }
    Ok(texts)
}

/// The cookie of the paged-results control among these.
fn cookie(controls: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut controls = Reader::new(controls);
    while let Some((SEQUENCE, control)) = controls.next()? {
        let mut control = Reader::new(control);
        if control.text()? != PAGED_RESULTS {
            continue;
        }
        while let Some((tag, value)) = control.next()? {
            if tag == super::ber::OCTET_STRING {
                let mut value = Reader::new(Reader::new(value).expect(SEQUENCE)?);
                value.number(INTEGER)?;
                return Ok(value.expect(super::ber::OCTET_STRING)?.to_vec());
            }
        }
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_those_of_the_rfc() {
        // As OpenLDAP's own client sends them.
        for (bytes, expected) in [
            (
                bind(1, "cn=a", b"pw"),
                "3012020101600d020103 0404636e3d61 80027077",
            ),
            (
                bind_external(2),
                "301802010260130201030400a30c0408 45585445524e414c 0400",
            ),
            (
                start_tls(4),
                "301d02010477188016 312e332e362e312e342e312e313436362e3230303337",
            ),
        ] {
            assert_eq!(hex::encode(&*bytes), expected.replace(' ', ""));
        }
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        assert!(filter("(uid=a)").is_ok());
        for text in ["", "uid", "(uid)", "(&(a=b)", r"(a=\2)"] {
            assert!(matches!(filter(text), Err(LdapError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn a_result_with_a_referral_and_a_cookie_is_read() {
        let mut writer = Writer::with_room(0);
        writer.number(INTEGER, 5);
        writer.nest(0x65, |writer| {
            writer.number(ENUMERATED, 10);
            writer.octets(b"");
            writer.octets(b"no");
            writer.nest(0xa3, |writer| writer.octets(b"ldap://x/"));
        });
        writer.nest(0xa0, |writer| {
            writer.nest(SEQUENCE, |writer| {
                writer.octets(PAGED_RESULTS.as_bytes());
                let mut value = Writer::with_room(0);
                value.nest(SEQUENCE, |writer| {
                    writer.number(INTEGER, 0);
                    writer.octets(b"next");
                });
                writer.octets(&value.finish());
            });
        });
        let (id, read) = response(&writer.finish()).unwrap();
        let expected = Outcome {
            ends: done::SEARCH,
            code: 10,
            message: "no".to_owned(),
            referrals: vec!["ldap://x/".to_owned()],
            cookie: b"next".to_vec(),
        };
        assert_eq!((id, read), (5, Response::Done(expected)));
    }

    proptest! {
        #[test]
        fn no_response_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = response(&bytes);
            let mut framed = vec![2, 1, 1, 0x64, u8::try_from(bytes.len()).unwrap().min(127)];
            framed.extend(&bytes);
            let _ = response(&framed);
        }
    }
}
