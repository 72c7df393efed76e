//! Databases in MaxMind's format: what is read of them, and that no file, however damaged, does harm.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use bulkhead::{
    backend_io::geoip::{Databases, Facts, GeoipError},
    config::GeoipDatabase,
};

use crate::support::database;

fn databases() -> Arc<Databases> {
    Databases::new(Box::new(|_, _| {}))
}

fn one(file: &Path, max_bytes: u64) -> BTreeMap<String, GeoipDatabase> {
    let file = file.to_owned();
    BTreeMap::from([("it".to_owned(), GeoipDatabase { file, max_bytes })])
}

/// The problem, or none when the file is in force.
fn open(databases: &Arc<Databases>, file: &Path) -> Option<String> {
    match databases.prepare(&one(file, 1 << 20)) {
        Ok(prepared) => {
            prepared.commit();
            None
        }
        Err(mut problems) => {
            assert_eq!(problems.len(), 1);
            problems.pop()
        }
    }
}

fn lookup(databases: &Arc<Databases>, address: &str) -> Result<Option<Facts>, GeoipError> {
    databases.lookup("it", address.parse().unwrap())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn what_a_database_knows_of_an_address() {
    let berlin = |network: &str| Facts {
        network: network.to_owned(),
        country: text("DE"),
        country_name: text("Germany"),
        registered_country: text("NL"),
        in_european_union: Some(true),
        continent: text("EU"),
        subdivision: text("BE"),
        city: text("Berlin"),
        postal_code: text("10115"),
        time_zone: text("Europe/Berlin"),
        latitude: Some(52.5),
        longitude: Some(13.4),
        accuracy_radius_km: Some(20),
        ..Facts::default()
    };
    let boston = Facts {
        network: "198.51.100.0/24".to_owned(),
        country: text("US"),
        country_name: text("United States"),
        in_european_union: Some(false),
        continent: text("NA"),
        city: text("Boston"),
        ..Facts::default()
    };
    let system = |network: &str, number, organisation| Facts {
        network: network.to_owned(),
        asn: Some(number),
        organisation: text(organisation),
        ..Facts::default()
    };
    let rows = [
        ("city.mmdb", "192.0.2.0", Some(berlin("192.0.2.0/24"))),
        ("city.mmdb", "192.0.2.255", Some(berlin("192.0.2.0/24"))),
        (
            "city.mmdb",
            "::ffff:192.0.2.7",
            Some(berlin("192.0.2.0/24")),
        ),
        ("city.mmdb", "198.51.100.1", Some(boston)),
        (
            "city.mmdb",
            "2001:db8:1::9",
            Some(berlin("2001:db8:1::/48")),
        ),
        ("city.mmdb", "2001:db8:2::9", None),
        ("city.mmdb", "192.0.3.0", None),
        ("city.mmdb", "::", None),
        (
            "asn.mmdb",
            "192.0.2.1",
            Some(system("192.0.2.0/25", 64496, "Example Networks")),
        ),
        ("asn.mmdb", "192.0.2.128", None),
        (
            "asn.mmdb",
            "203.0.113.9",
            Some(system("203.0.113.0/24", 4_200_000_001, "Another Example")),
        ),
        // It holds IPv4 only.
        ("asn.mmdb", "2001:db8:1::9", None),
    ];
    for (file, address, wanted) in rows {
        let databases = databases();
        assert_eq!(open(&databases, &database(file)), None);
        assert_eq!(lookup(&databases, address), Ok(wanted), "{file} {address}");
    }
}

#[test]
fn numbers_may_be_of_any_type_that_says_the_same() {
    let databases = databases();
    assert_eq!(open(&databases, &database("types.mmdb")), None);
    let system = |number| Facts {
        asn: Some(number),
        ..Facts::default()
    };
    let place = |latitude, longitude, accuracy_radius_km| Facts {
        city: text("X"),
        latitude: Some(latitude),
        longitude: Some(longitude),
        accuracy_radius_km: Some(accuracy_radius_km),
        ..Facts::default()
    };
    for (address, expected) in [
        ("192.0.2.0", system(64496)),
        ("192.0.2.1", system(4_200_000_001)),
        ("192.0.2.2", system(4_200_000_001)),
        ("192.0.2.3", system(64496)),
        ("192.0.2.4", system(64496)),
        ("192.0.2.5", system(4_200_000_001)),
        // The first one is empty.
        ("192.0.2.6", system(64496)),
        ("192.0.2.16", place(52.5, 13.4, 20)),
        ("192.0.2.17", place(-52.0, 13.0, 65535)),
        ("192.0.2.18", place(52.5, -13.4, 20)),
        (
            "192.0.2.19",
            Facts {
                in_european_union: Some(true),
                ..Facts::default()
            },
        ),
    ] {
        let expected = Facts {
            network: format!("{address}/32"),
            ..expected
        };
        assert_eq!(lookup(&databases, address), Ok(Some(expected)));
    }
}

#[test]
fn numbers_that_make_no_sense_are_an_error_of_the_look_up() {
    let databases = databases();
    assert_eq!(open(&databases, &database("types.mmdb")), None);
    for (host, what) in [
        (0, "\"AS64496\", expected a whole number of at most 4 bytes"),
        (1, "4294967296 is not a whole number of at most 4 bytes"),
        (2, "-1 is not a whole number"),
        (3, "64496.5"),
        (4, "true"),
        (5, "map"),
        (6, "sequence"),
        (16, "65536 is not a whole number of at most 2 bytes"),
        (17, "\"north\", expected a number"),
        (18, "NaN"),
        (19, "expected true or false, 1 or 0"),
    ] {
        let found = lookup(&databases, &format!("198.51.100.{host}"));
        let Err(GeoipError::Unusable(why)) = found else {
            panic!("{host}: {found:?}");
        };
        assert!(why.contains(what), "{host}: {why}");
    }
}

#[test]
fn records_of_another_shape_are_an_error_of_the_look_up() {
    let databases = databases();
    assert_eq!(open(&databases, &database("strange.mmdb")), None);
    let found = lookup(&databases, "192.0.2.1");
    assert!(matches!(found, Err(GeoipError::Unusable(_))), "{found:?}");
    assert_eq!(lookup(&databases, "192.0.3.1"), Ok(None));
    let found = databases.lookup("that", "192.0.2.1".parse().unwrap());
    assert_eq!(found, Err(GeoipError::NoSuchDatabase("that".to_owned())));
}

#[test]
fn no_damage_to_a_file_does_harm() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.mmdb");
    let whole = fs::read(database("city.mmdb")).unwrap();
    let mut opened = 0;
    let mut harmless = |bytes: &[u8]| {
        // Another file each time, as whoever replaces one should do.
        fs::write(&file, bytes).unwrap();
        let databases = databases();
        if open(&databases, &file).is_none() {
            opened += 1;
            for address in [
                "192.0.2.1",
                "198.51.100.1",
                "2001:db8:1::1",
                "255.255.255.255",
                "::",
            ] {
                // Whatever it says.
                let _ = lookup(&databases, address);
            }
        }
    };
    for length in 0..whole.len() {
        harmless(&whole[..length]);
    }
    for place in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] ^= flip;
            harmless(&damaged);
        }
    }
    assert!(
        opened > whole.len(),
        "most of the damage is met by look-ups: {opened}"
    );
}

#[test]
fn a_file_may_have_so_many_bytes_and_no_more() {
    let file = database("city.mmdb");
    let bytes = fs::metadata(&file).unwrap().len();
    assert!(databases().prepare(&one(&file, bytes)).is_ok());
    let problems = databases().prepare(&one(&file, bytes - 1)).err().unwrap();
    assert!(
        problems[0].contains("more than `max_bytes`"),
        "{problems:?}"
    );
}

#[test]
fn what_is_no_database_is_refused_and_the_former_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let databases = databases();
    assert_eq!(open(&databases, &database("city.mmdb")), None);
    let written = folder.path().join("text.mmdb");
    fs::write(&written, "no database").unwrap();
    for file in [
        written.as_path(),
        folder.path(),
        &folder.path().join("absent"),
    ] {
        let problem = open(&databases, file).unwrap();
        assert!(
            problem.contains("the database `it` of `geoip` cannot be used"),
            "{problem}"
        );
        let found = lookup(&databases, "192.0.2.1").unwrap().unwrap();
        assert_eq!(found.country, text("DE"));
    }
}

#[test]
fn what_is_prepared_shows_only_when_it_is_put_in_force() {
    let databases = databases();
    assert_eq!(open(&databases, &database("city.mmdb")), None);
    let country = || lookup(&databases, "192.0.2.1").unwrap().unwrap().country;
    let prepared = databases.prepare(&one(&database("city-moved.mmdb"), 1 << 20));
    let prepared = prepared.map_err(|problems| panic!("{problems:?}")).unwrap();
    assert_eq!(country(), text("DE"));
    prepared.commit();
    assert_eq!(country(), text("US"));
}
