//! Which logins the decision log gets.

use std::fs;

use serde_json::Value;

use crate::policy::{self, Site, login};

/// What the log holds after the server has ended.
fn decisions(mut site: Site) -> Vec<Value> {
    site.bulkhead.stop();
    let text = fs::read_to_string(site.bulkhead.folder().join("decisions.jsonl")).unwrap();
    assert!(!text.contains("-password"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn without_a_sample_it_gets_temporary_failures_and_what_is_asked_for() {
    let site = policy::start("", "decision_log: decisions.jsonl\ndecision_sample: 0");
    site.accept();
    site.send(&login("alice", "wrong", "imap"));
    site.send(&login("broken", "x", "imap"));
    site.send(&login("alice", "alice-password", "pop3").header("X-Bulkhead-Trace", "1"));
    site.send(&login("alice", "alice-password", "smtp").header("X-Bulkhead-Trace", "0"));
    let written: Vec<_> = decisions(site)
        .iter()
        .map(|record| (record["protocol"].clone(), record["verdict"].clone()))
        .collect();
    assert_eq!(
        written,
        [
            ("imap".into(), "temporary-failure".into()),
            ("pop3".into(), "accept".into())
        ]
    );
}

#[test]
fn by_default_it_gets_all_with_a_time_line() {
    let site = policy::start("", "decision_log: decisions.jsonl");
    site.accept();
    site.send(&login("broken", "x", "imap"));
    let records = decisions(site);
    assert_eq!(records.len(), 2);
    for record in &records {
        let latency = record["latency_us"].as_u64().unwrap();
        let mut last_end = 0;
        for stage in record["stages"].as_array().unwrap() {
            let begin = stage["started_us"].as_u64().unwrap();
            let end = begin + stage["elapsed_us"].as_u64().unwrap();
            assert!(last_end <= begin && end <= latency, "{record}");
            // Whole microseconds: each end may lie one too early.
            last_end = end;
            for plugin in stage["plugins"].as_array().unwrap() {
                let started = plugin["started_us"].as_u64().unwrap();
                let ended = started + plugin["elapsed_us"].as_u64().unwrap();
                assert!(begin <= started && ended <= end + 1, "{record}");
            }
        }
    }
    let broken = &records[1]["stages"][1]["plugins"][0];
    assert_eq!(broken["error_kind"], "plugin");
    assert_eq!(broken["verdict"], "temporary-failure");
}
