//! Arbitrary grants and URLs: nothing panics, and nothing that is not granted gets as far as a lookup
//! or a connection.

use std::sync::Arc;

use bulkhead::backend_io::http::{HttpClient, HttpEgress, HttpError};
use proptest::prelude::*;

use crate::server::{Names, get, grant, soon};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_entry_of_hosts_panics(entry in "(\\*\\.)?[\\[\\]a-f0-9.:/*x-]{0,24}|\\PC{0,20}") {
        if let Err(error) = HttpEgress::compile(&grant(&[&entry])) {
            prop_assert!(error.to_string().contains(&entry));
        }
    }

    #[test]
    fn no_url_passes_a_grant_for_another_host(
        url in "(http|https|HTTP|)(:|)(/|//|\\\\\\\\|)([a-z@:.\\[\\]0-9%]{0,16}|\\PC{0,12})(granted\\.example)?[@#/?:.]?\\PC{0,8}",
    ) {
        let names = Names::default();
        let asked = names.asked.clone();
        let client = HttpClient::with_lookup(vec![], Arc::new(names));
        let egress = HttpEgress::compile(&grant(&["granted.example"])).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let result = runtime.block_on(client.send(&egress, get(&url), soon()));
        let asked = asked.lock().unwrap().clone();
        match result {
            Err(HttpError::Denied(_) | HttpError::Invalid(_)) => prop_assert!(asked.is_empty()),
            Err(HttpError::NameLookup(_)) => {
                let name = asked[0].trim_end_matches('.');
                prop_assert_eq!(name, "granted.example");
            }
            other => prop_assert!(false, "{}: {:?}", url, other),
        }
    }
}
