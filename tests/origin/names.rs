//! The resolver against NSD: what each kind of record says, and what is kept.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bulkhead::{
    backend_io::dns::{Answer, Data, DnsError, Kind, Question, Resolver},
    config::DnsConfig,
};
use bulkhead_harness::Nsd;

const ZONE: &str = "
mail A 192.0.2.25
mail A 192.0.2.26
mail AAAA 2001:DB8::19
alias CNAME Mail
@ MX 20 backup
@ MX 10 MAIL
note TXT \"v=one \" \"and two\"
99.2.0.192.in-addr PTR Host.Example.
_dmarc TXT \"v=DMARC1\"
";

fn resolver(server: SocketAddr, change: impl FnOnce(&mut DnsConfig)) -> Resolver {
    let mut config = DnsConfig {
        servers: vec![server],
        timeout: Duration::from_secs(5),
        ..DnsConfig::default()
    };
    change(&mut config);
    Resolver::new(&config, Box::new(|_, _, _| {})).unwrap()
}

fn question(name: &str, kind: Kind) -> Question {
    Question {
        name: name.to_owned(),
        kind,
    }
}

async fn ask(resolver: &Resolver, name: &str, kind: Kind) -> Result<Vec<Data>, DnsError> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut answers = resolver.lookup(vec![question(name, kind)], deadline).await;
    assert_eq!(answers.len(), 1);
    answers.remove(0).records
}

fn address(text: &str) -> Data {
    Data::Address(text.parse().unwrap())
}

fn mail(preference: u16, host: &str) -> Data {
    Data::Mail {
        preference,
        host: host.to_owned(),
    }
}

fn sorted(records: Result<Vec<Data>, DnsError>) -> Result<Vec<String>, DnsError> {
    records.map(|records| {
        let mut texts: Vec<String> = records.iter().map(|one| format!("{one:?}")).collect();
        texts.sort();
        texts
    })
}

#[tokio::test]
async fn each_kind_of_record_says_what_it_holds() {
    let large = (0..60).map(|host| format!("many A 10.9.8.{host}\n"));
    let zone = format!("{ZONE}{}", large.collect::<String>());
    let nsd = Nsd::start(&[("a.example", &zone)]);
    let resolver = resolver(nsd.address(), |_| {});
    let many: Vec<Data> = (0..60)
        .map(|host| address(&format!("10.9.8.{host}")))
        .collect();
    let two = vec![address("192.0.2.25"), address("192.0.2.26")];
    let rows = [
        ("mail.a.example", Kind::A, Ok(two.clone())),
        ("MAIL.A.Example.", Kind::A, Ok(two.clone())),
        (
            "mail.a.example",
            Kind::Aaaa,
            Ok(vec![address("2001:db8::19")]),
        ),
        // Aliases are followed.
        ("alias.a.example", Kind::A, Ok(two)),
        (
            "a.example",
            Kind::Mx,
            Ok(vec![
                mail(10, "mail.a.example"),
                mail(20, "backup.a.example"),
            ]),
        ),
        (
            "note.a.example",
            Kind::Txt,
            Ok(vec![Data::Text(b"v=one and two".to_vec())]),
        ),
        (
            "_dmarc.a.example",
            Kind::Txt,
            Ok(vec![Data::Text(b"v=DMARC1".to_vec())]),
        ),
        (
            "99.2.0.192.in-addr.a.example",
            Kind::Ptr,
            Ok(vec![Data::Name("host.example".to_owned())]),
        ),
        // The name exists; such records do not.
        ("note.a.example", Kind::A, Ok(Vec::new())),
        ("nobody.a.example", Kind::A, Err(DnsError::NoSuchName)),
        ("elsewhere.example", Kind::A, Err(DnsError::Refused)),
        // More than fits into a datagram: it is asked for again over TCP.
        ("many.a.example", Kind::A, Ok(many)),
    ];
    for (name, kind, wanted) in rows {
        let found = ask(&resolver, name, kind).await;
        assert_eq!(
            sorted(found),
            sorted(wanted),
            "{name} {kind:?}; {}",
            nsd.log()
        );
    }
}

#[tokio::test]
async fn questions_are_asked_together_and_answered_in_their_order() {
    let nsd = Nsd::start(&[("a.example", ZONE)]);
    let resolver = resolver(nsd.address(), |config| config.questions = 4);
    let four = vec![
        question("nobody.a.example", Kind::A),
        question("mail.a.example", Kind::Aaaa),
        question("bad..name", Kind::A),
        question("note.a.example", Kind::Txt),
    ];
    let deadline = Instant::now() + Duration::from_secs(10);
    let answers = resolver.lookup(four.clone(), deadline).await;
    let records: Vec<_> = answers.into_iter().map(|one| one.records).collect();
    assert_eq!(records[0], Err(DnsError::NoSuchName));
    assert_eq!(records[1], Ok(vec![address("2001:db8::19")]));
    assert!(
        matches!(&records[2], Err(DnsError::Invalid(_))),
        "{records:?}"
    );
    assert!(matches!(&records[3], Ok(texts) if texts.len() == 1));
    // One more than `dns.questions`: none is asked.
    let five = [four, vec![question("mail.a.example", Kind::A)]].concat();
    let answers: Vec<Answer> = resolver.lookup(five, deadline).await;
    assert_eq!(answers.len(), 5);
    for answer in answers {
        let Err(DnsError::Invalid(text)) = answer.records else {
            panic!("{answer:?}");
        };
        assert!(text.contains("dns.questions allows 4"), "{text}");
    }
}

#[tokio::test]
async fn that_a_name_does_not_exist_is_kept_as_long_as_configured() {
    let hour = Duration::from_secs(60 * 60);
    // The zone says: for a second.
    for (min_ttl, max_negative_ttl, is_kept) in
        [(Duration::ZERO, Duration::ZERO, false), (hour, hour, true)]
    {
        let mut nsd = Nsd::start(&[("a.example", ZONE)]);
        let resolver = resolver(nsd.address(), |config| {
            config.timeout = Duration::from_secs(2);
            config.min_ttl = min_ttl;
            config.max_negative_ttl = max_negative_ttl;
        });
        let found = ask(&resolver, "nobody.a.example", Kind::A).await;
        assert_eq!(found, Err(DnsError::NoSuchName));
        nsd.kill();
        let found = ask(&resolver, "nobody.a.example", Kind::A).await;
        assert_eq!(found == Err(DnsError::NoSuchName), is_kept, "{found:?}");
    }
}

#[tokio::test]
async fn without_any_server_every_question_is_a_failure() {
    // Nobody listens there.
    let nowhere = bulkhead_harness::port::free();
    let resolver = resolver(nowhere, |config| {
        config.timeout = Duration::from_millis(300)
    });
    let found = ask(&resolver, "mail.a.example", Kind::A).await;
    assert!(
        matches!(found, Err(DnsError::Network(_) | DnsError::TimedOut)),
        "{found:?}"
    );
}
