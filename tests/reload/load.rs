//! A thousand reloads under load.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use bulkhead_harness::{Bulkhead, http::Connection, wait};

use crate::support::{
    PATIENCE, await_log, generation_of, login_request, marker, reloaded, server, write,
};

const RELOADS: u64 = 1000;
/// Reloads after which memory is looked at first: pools, caches and the allocator are warm then.
const WARM: u64 = 100;
const CONNECTIONS: usize = 3;
/// What memory may have grown by at the end, in KiB. On a computer that is busy with other things generations end
/// late, and the heap keeps the room of those that once lived together; but one generation that is never let go
/// of holds megabytes, so that a hundredth of them would be seen.
const TOLERANCE_KIB: u64 = 80 * 1024;

#[test]
fn a_thousand_reloads_under_load_lose_and_mix_no_login_and_leave_nothing_behind() {
    let server = server(|text| text);
    let stop = Arc::new(AtomicBool::new(false));
    let logins = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (stop, logins, address) = (stop.clone(), logins.clone(), server.address());
            thread::spawn(move || {
                let mut connection = Connection::open(address).unwrap();
                let mut seen = [0_u64; 2];
                while !stop.load(Ordering::Relaxed) {
                    let response = connection.send(&login_request()).unwrap();
                    // Fails on anything but an accept, and on parts of two generations.
                    seen[usize::from(generation_of(&response) == "b")] += 1;
                    logins.fetch_add(1, Ordering::Relaxed);
                }
                seen
            })
        })
        .collect();
    let mut warm = (0, 0);
    for number in 1..=RELOADS {
        let value = if number % 2 == 0 { "a" } else { "b" };
        write(&server, "lua/marker.lua", &marker(value));
        let result = reloaded(&server);
        assert_eq!(result["number"], number + 1);
        assert_eq!(result["loaded"].as_array().unwrap().len(), 2);
        if number == WARM {
            warm = (memory_kib(&server), descriptors(&server));
        }
    }
    stop.store(true, Ordering::Relaxed);
    let seen: Vec<_> = callers
        .into_iter()
        .map(|caller| caller.join().unwrap())
        .collect();
    let of_each = |index: usize| seen.iter().map(|seen| seen[index]).sum::<u64>();
    assert!(of_each(0) > 100 && of_each(1) > 100, "{seen:?}");

    await_log(&server, &format!("Generation {RELOADS} has ended"));
    for number in 1..=RELOADS {
        let ended = format!("Generation {number} has ended");
        assert!(server.log().contains(&ended), "{ended} is missing");
    }
    let (memory, files) = warm;
    let back = || descriptors(&server) <= files && memory_kib(&server) <= memory + TOLERANCE_KIB;
    let is_back = wait::until(PATIENCE, back);
    let figures = format!(
        "{} logins; memory {memory} KiB after {WARM} reloads, {} KiB at the end; open files {files}, then {}",
        logins.load(Ordering::Relaxed),
        memory_kib(&server),
        descriptors(&server)
    );
    println!("{figures}");
    assert!(is_back, "{figures}");
}

fn memory_kib(server: &Bulkhead) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().split_whitespace().next().unwrap();
    number.parse().unwrap()
}

fn descriptors(server: &Bulkhead) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.id()))
        .unwrap()
        .count()
}
