//! A database that goes and comes back.

use std::fs;

use crate::{
    databases::{self, Database},
    support::{self, ACCEPTED, REJECTED, SHORT, TEMPORARY, await_status, expect},
};

fn restart(mut database: Database) {
    let section = format!("{}, {SHORT}", database.section());
    let server = support::start(&support::policy(&section, &support::usual()));
    expect(&server, "alice", "secret", ACCEPTED);

    // Nobody logs in meanwhile: the connections break unseen, and the next login does not see it either.
    database.restart();
    support::await_health(&server, "ok");
    expect(&server, "alice", "secret", ACCEPTED);
    expect(&server, "alice", "guess", REJECTED);

    database.stop();
    for (name, password) in [("alice", "secret"), ("alice", "guess"), ("mallory", "x")] {
        expect(&server, name, password, TEMPORARY);
    }
    support::await_health(&server, "degraded");
    database.restart();
    await_status(&server, "alice", "secret", ACCEPTED);
    support::await_health(&server, "ok");
}

#[test]
fn a_postgresql_that_restarts_is_back_at_once() {
    restart(databases::postgres(&[]));
}

#[test]
fn a_mariadb_that_restarts_is_back_at_once() {
    restart(databases::mariadb(&[]));
}

#[test]
fn a_server_starts_without_its_database_and_serves_when_it_comes() {
    let mut database = databases::postgres(&[]);
    database.stop();
    let section = format!("{}, {SHORT}", database.section());
    let server = support::start(&support::policy(&section, &support::usual()));
    expect(&server, "alice", "secret", TEMPORARY);
    database.restart();
    await_status(&server, "alice", "secret", ACCEPTED);
}

#[test]
fn a_file_that_is_damaged_is_an_outage_until_it_is_whole_again() {
    let database = databases::sqlite();
    let Database::Sqlite(scratch) = &database else {
        return;
    };
    let section = format!("{}, {SHORT}", database.section());
    let server = support::start(&support::policy(&section, &support::usual()));
    expect(&server, "alice", "secret", ACCEPTED);
    let file = scratch.file("mail.db");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "this is no database ".repeat(1000)).unwrap();
    for (name, password) in [("alice", "secret"), ("alice", "guess"), ("mallory", "x")] {
        expect(&server, name, password, TEMPORARY);
    }
    support::await_health(&server, "degraded");
    fs::write(&file, whole).unwrap();
    await_status(&server, "alice", "secret", ACCEPTED);
    expect(&server, "alice", "guess", REJECTED);
}
