//! Against real memcached servers, and against servers that misbehave.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;

use bytes::Bytes;
use nix::sys::signal::Signal;

use super::*;
use crate::cache::testing::{RealMemcached, fake_server, options, read_line};

fn open(server: &RealMemcached) -> Memcached {
    Memcached::open(&options(&[&server.address])).unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text.into())
}

/// A body without repetition, so that parts in the wrong place are noticed.
fn entry(len: usize, seed: u32) -> Entry {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    let body: Vec<u8> = (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    Entry::new("image/jpeg", Bytes::from(body))
}

#[test]
fn entries_come_back_over_tcp_and_unix_sockets() {
    for server in [RealMemcached::start(), RealMemcached::start_unix()] {
        let memcached = open(&server);
        assert_eq!(memcached.get(&key("a")).unwrap(), None);
        for len in [0, 1, 4_000, 4_096, 45_000, 300_000] {
            let stored = entry(len, 1);
            assert!(memcached.put(&key("a"), &stored).unwrap());
            assert_eq!(memcached.get(&key("a")).unwrap(), Some(stored), "{len} bytes");
        }
        memcached.remove(&key("a")).unwrap();
        assert_eq!(memcached.get(&key("a")).unwrap(), None);
    }
}

#[test]
fn large_entries_are_split_and_come_back_whole() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    let head = record_head(&key("sized"), &entry(0, 0)).unwrap().len();
    let largest = 1_000_000 - head;
    for (len, chunks) in
        [(largest, 0), (largest + 1, 2), (1_048_576, 2), (2_000_000 - head, 2), (5 << 20, 6)]
    {
        server.raw(b"flush_all\r\n", "OK");
        let stored = entry(len, 2);
        assert!(memcached.put(&key("sized"), &stored).unwrap());
        let keys = server.keys();
        assert_eq!(keys.iter().filter(|key| key.starts_with("test.c")).count(), chunks, "{len}");
        assert_eq!(keys.iter().filter(|key| key.starts_with("test.e")).count(), 1, "{len}");
        assert_eq!(memcached.get(&key("sized")).unwrap(), Some(stored), "{len} bytes");
    }
}

#[test]
fn what_is_too_large_is_not_stored() {
    let server = RealMemcached::start();
    let options = MemcachedOptions { object_bytes: 3_000_000, ..options(&[&server.address]) };
    let memcached = Memcached::open(&options).unwrap();
    assert!(!memcached.put(&key("large"), &entry(3_000_000, 3)).unwrap());
    assert!(memcached.put(&key("large"), &entry(2_999_000, 3)).unwrap());
}

#[test]
fn an_item_over_the_servers_own_limit_is_not_stored_and_does_no_harm() {
    let server = RealMemcached::start();
    let options = MemcachedOptions { item_bytes: 3_000_000, ..options(&[&server.address]) };
    let memcached = Memcached::open(&options).unwrap();
    for _ in 0..5 {
        assert!(!memcached.put(&key("large"), &entry(1_500_000, 3)).unwrap());
        assert_eq!(memcached.get(&key("large")).unwrap(), None);
    }
    assert!(memcached.put(&key("small"), &entry(1_000, 3)).unwrap());
}

#[test]
fn a_missing_short_or_foreign_chunk_is_a_miss() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    let stored = entry(3_500_000, 4);
    memcached.put(&key("chunked"), &stored).unwrap();
    let chunks: Vec<String> =
        server.keys().into_iter().filter(|key| key.starts_with("test.c")).collect();
    assert_eq!(chunks.len(), 4);
    for chunk in &chunks {
        let value = server.value(chunk);
        let mut foreign = value.clone();
        foreign[value.len() / 2] ^= 1;
        server.set(chunk, &foreign);
        assert_eq!(memcached.get(&key("chunked")).unwrap(), None, "a foreign chunk");
        server.set(chunk, &value[1..]);
        assert_eq!(memcached.get(&key("chunked")).unwrap(), None, "a short chunk");
        server.raw(format!("delete {chunk}\r\n").as_bytes(), "DELETED");
        assert_eq!(memcached.get(&key("chunked")).unwrap(), None, "a missing chunk");
        server.set(chunk, &value);
        assert_eq!(memcached.get(&key("chunked")).unwrap(), Some(stored.clone()));
    }
}

#[test]
fn a_value_of_another_key_or_of_another_program_is_a_miss() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    memcached.put(&key("a"), &entry(1_000, 5)).unwrap();
    let name = |text: &str| format!("test.e{}", key(text).hex());
    server.set(&name("b"), &server.value(&name("a")));
    assert_eq!(memcached.get(&key("b")).unwrap(), None);
    for value in [&b""[..], b"x", &[0; 36], &[0xff; 5_000]] {
        server.set(&name("c"), value);
        assert_eq!(memcached.get(&key("c")).unwrap(), None);
    }
    assert_eq!(memcached.get(&key("a")).unwrap(), Some(entry(1_000, 5)));
}

#[test]
fn no_text_of_a_key_reaches_the_command_line() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    let texts = [
        "x\r\nset injected 0 0 1\r\nA\r\n",
        "x 0 0 1\r\nA\r\nget y",
        "\0\0\0",
        "spaces and\ttabs",
        "\u{2028}é漢",
        &"long ".repeat(5_000),
        "",
    ];
    for (n, text) in (0_u32..).zip(texts) {
        assert!(memcached.put(&key(text), &entry(100, n)).unwrap());
    }
    for (n, text) in (0_u32..).zip(texts) {
        assert_eq!(memcached.get(&key(text)).unwrap(), Some(entry(100, n)), "{text:?}");
    }
    let keys = server.keys();
    assert_eq!(keys.len(), texts.len());
    for name in keys {
        let hex = name.strip_prefix("test.e").unwrap();
        assert!(hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}

#[test]
fn many_threads_share_the_connections() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    std::thread::scope(|scope| {
        for thread in 0..15_u32 {
            let memcached = &memcached;
            scope.spawn(move || {
                for round in 0..60 {
                    let (text, len) = (format!("{thread} {}", round % 7), 20_000 + round as usize);
                    memcached.put(&key(&text), &entry(len, thread)).unwrap();
                    let found = memcached.get(&key(&text)).unwrap();
                    assert_eq!(found, Some(entry(len, thread)));
                }
            });
        }
    });
    let stats = String::from_utf8(server.raw(b"stats\r\n", "END")).unwrap();
    let total = |line: &str| line.strip_prefix("STAT total_connections ")?.parse::<u32>().ok();
    let total = stats.lines().find_map(total).unwrap();
    // One more is this test's own, and memcached counts a few of its listening sockets.
    assert!(total <= 20, "{total} connections for 15 threads");
}

#[test]
fn one_of_three_servers_dying_loses_its_share_only() {
    let mut servers: Vec<RealMemcached> = (0..3).map(|_| RealMemcached::start()).collect();
    let addresses: Vec<&str> = servers.iter().map(|server| server.address.as_str()).collect();
    let memcached = Memcached::open(&options(&addresses)).unwrap();
    let keys: Vec<Key> = (0..300).map(|n| key(&format!("key {n}"))).collect();
    for key in &keys {
        assert!(memcached.put(key, &entry(2_000, 6)).unwrap());
    }
    let held: Vec<usize> = servers.iter().map(|server| server.keys().len()).collect();
    assert_eq!(held.iter().sum::<usize>(), 300);
    assert!(held.iter().all(|count| *count > 40), "{held:?}");
    drop(servers.remove(1));
    let start = Instant::now();
    let (mut hits, mut away) = (0, 0);
    for key in &keys {
        match memcached.get(key) {
            Ok(found) => {
                assert_eq!(found, Some(entry(2_000, 6)));
                hits += 1;
            }
            Err(Fault::Unreachable(_) | Fault::Away) => away += 1,
            Err(fault) => panic!("{fault}"),
        }
    }
    assert_eq!((hits, away), (held[0] + held[2], held[1]));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_restarted_server_is_used_at_once() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    memcached.put(&key("a"), &entry(100, 7)).unwrap();
    let address = server.address.clone();
    drop(server);
    let server = RealMemcached::start_at(&address);
    assert_eq!(memcached.get(&key("a")).unwrap(), None, "the idle connection was stale");
    assert!(memcached.put(&key("a"), &entry(100, 8)).unwrap());
    assert_eq!(server.keys().len(), 1);
}

#[test]
fn a_server_that_comes_back_is_found_by_a_probe() {
    let server = RealMemcached::start();
    let memcached = open(&server);
    let address = server.address.clone();
    drop(server);
    assert!(matches!(memcached.get(&key("a")), Err(Fault::Unreachable(_))));
    assert!(matches!(memcached.get(&key("a")), Err(Fault::Away)));
    let _server = RealMemcached::start_at(&address);
    let start = Instant::now();
    crate::cache::testing::wait_for("the server is asked again", || memcached.get(&key("a")).ok());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_hung_server_costs_its_bound_three_times_and_then_nothing() {
    let server = RealMemcached::start();
    let options = MemcachedOptions { timeout_ms: 50, ..options(&[&server.address]) };
    let memcached = Memcached::open(&options).unwrap();
    server.process.signal(Signal::SIGSTOP);
    for _ in 0..3 {
        let start = Instant::now();
        let fault = memcached.get(&key("a")).unwrap_err();
        assert!(matches!(fault, Fault::Timeout { answered: false }), "{fault}");
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(50), "{waited:?}");
        assert!(waited < Duration::from_secs(1), "{waited:?}");
    }
    let start = Instant::now();
    for _ in 0..1_000 {
        assert!(matches!(memcached.put(&key("a"), &entry(10, 9)), Err(Fault::Away)));
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    server.process.signal(Signal::SIGCONT);
}

#[test]
fn one_request_waits_once_however_often_it_asks() {
    let server = RealMemcached::start();
    let options = MemcachedOptions { timeout_ms: 300, ..options(&[&server.address]) };
    let memcached = Memcached::open(&options).unwrap();
    server.process.signal(Signal::SIGSTOP);
    let request = key("a");
    let start = Instant::now();
    assert!(memcached.get(&request).is_err());
    for _ in 0..10 {
        let fault = memcached.put(&request, &entry(10, 9)).unwrap_err();
        assert!(matches!(fault, Fault::Timeout { .. }), "{fault}");
    }
    assert!(start.elapsed() < Duration::from_millis(800), "{:?}", start.elapsed());
    server.process.signal(Signal::SIGCONT);
    assert_eq!(memcached.get(&key("a")).unwrap(), None, "one failure does not send it away");
}

#[test]
fn an_answer_that_trickles_in_is_cut_off() {
    let address = fake_server(|stream| {
        if read_line(stream).is_some() {
            let value = format!("VALUE test.e{} 0 900000\r\n", key("a").hex());
            for byte in value.bytes().chain(std::iter::repeat(b'x')) {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                sleep(Duration::from_millis(1));
            }
        }
    });
    let options = MemcachedOptions { timeout_ms: 150, ..options(&[&address]) };
    let memcached = Memcached::open(&options).unwrap();
    let start = Instant::now();
    let fault = memcached.get(&key("a")).unwrap_err();
    assert!(matches!(fault, Fault::Timeout { answered: true }), "{fault}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn nonsense_is_an_error_and_its_connection_is_not_used_again() {
    let name = format!("test.e{}", key("a").hex());
    for nonsense in [
        "HELLO\r\n".to_owned(),
        "\r\n".into(),
        "END\n".into(),
        "x".repeat(10_000),
        format!("VALUE {name} 0 99999999999\r\n"),
        format!("VALUE {name} 0 -1\r\n"),
        format!("VALUE {name} 0 3\r\nabcdef\r\nEND\r\n"),
        format!("VALUE {name} 0 3\r\nabc\r\nVALUE {name} 0 3\r\nabc\r\nEND\r\n"),
        "VALUE test.eother 0 3\r\nabc\r\nEND\r\n".into(),
        "SERVER_ERROR out of order\r\n".into(),
    ] {
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, answer) = (Arc::clone(&connections), nonsense.clone());
        let address = fake_server(move |stream: &mut TcpStream| {
            counter.fetch_add(1, Ordering::SeqCst);
            while read_line(stream).is_some() && stream.write_all(answer.as_bytes()).is_ok() {}
        });
        let memcached = Memcached::open(&options(&[&address])).unwrap();
        for attempt in 1..=3 {
            let fault = memcached.get(&key("a")).unwrap_err();
            assert!(matches!(fault, Fault::Protocol(_)), "{nonsense:?}: {fault}");
            assert_eq!(connections.load(Ordering::SeqCst), attempt, "{nonsense:?}");
        }
        assert!(matches!(memcached.get(&key("a")), Err(Fault::Away)), "{nonsense:?}");
    }
}

#[test]
fn an_unasked_answer_does_not_become_the_next_ones() {
    // Each answer is followed by another that nobody asked for.
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let address = fake_server(move |stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        while read_line(stream).is_some() && stream.write_all(b"END\r\nEND\r\n").is_ok() {}
    });
    let memcached = Memcached::open(&options(&[&address])).unwrap();
    for attempt in 1..=5 {
        assert_eq!(memcached.get(&key("a")).unwrap(), None);
        assert_eq!(connections.load(Ordering::SeqCst), attempt);
    }
}

#[test]
fn a_server_that_hangs_up_is_a_fault() {
    let address = fake_server(|stream| drop(read_line(stream)));
    let memcached = Memcached::open(&options(&[&address])).unwrap();
    assert!(matches!(memcached.get(&key("a")), Err(Fault::Closed(_))));
}

#[test]
fn a_full_backlog_is_not_waited_for() {
    use nix::sys::socket::{
        AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
    };
    use std::os::fd::AsRawFd;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None).unwrap();
    bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    listen(&listener, Backlog::new(0).unwrap()).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let memcached = Memcached::open(&options(&[path.to_str().unwrap()])).unwrap();
    let start = Instant::now();
    assert!(matches!(memcached.get(&key("a")), Err(Fault::Unreachable(_))));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn names_are_looked_up() {
    let server = RealMemcached::start();
    let address = server.address.replace("127.0.0.1", "localhost");
    let memcached = Memcached::open(&options(&[&address])).unwrap();
    assert!(memcached.put(&key("a"), &entry(10, 1)).unwrap());
    let memcached = Memcached::open(&options(&["no-such-host.invalid"])).unwrap();
    assert!(matches!(memcached.get(&key("a")), Err(Fault::Unreachable(_))));
}

#[test]
fn a_lease_is_held_by_one_until_given_back_or_over() {
    let server = RealMemcached::start();
    let (one, two) = (open(&server), open(&server));
    assert!(one.take_lease(&key("a"), 60).unwrap());
    assert!(!two.take_lease(&key("a"), 60).unwrap());
    assert!(two.take_lease(&key("b"), 60).unwrap());
    one.give_lease_back(&key("a")).unwrap();
    assert!(two.take_lease(&key("a"), 60).unwrap());
    one.renew_lease(&key("a"), 1).unwrap();
    let start = Instant::now();
    crate::cache::testing::wait_for("the lease ends", || {
        one.take_lease(&key("a"), 60).unwrap().then_some(())
    });
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn unusable_options_are_refused() {
    let with = |change: fn(&mut MemcachedOptions)| {
        let mut options = options(&["127.0.0.1:1"]);
        change(&mut options);
        Memcached::open(&options).map(drop).unwrap_err()
    };
    assert_eq!(with(|options| options.servers.clear()), MemcachedError::NoServer);
    assert_eq!(with(|options| options.servers[0].weight = 0), MemcachedError::NoServer);
    assert_eq!(with(|options| options.prefix = "a b".into()), MemcachedError::Prefix);
    assert_eq!(with(|options| options.prefix = "a\r\n".into()), MemcachedError::Prefix);
    assert_eq!(with(|options| options.prefix = "x".repeat(65)), MemcachedError::Prefix);
    assert_eq!(with(|options| options.item_bytes = 10), MemcachedError::ItemSize);
    let bad = MemcachedError::Address("a b".into());
    assert_eq!(with(|options| options.servers[0].address = "a b".into()), bad);
}
