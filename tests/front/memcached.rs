//! memcached that is slow, silent, gone, empty, or back, under the load of many clients: none of them
//! sees anything of it.

use std::time::{Duration, Instant};

use crate::support::config::Config;
use crate::support::fcgi;
use crate::support::files::repository;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::load::{self, Wanted};
use crate::support::memcached::Memcached;
use crate::support::relay::{Manner, Relay};
use crate::support::wait;

/// Far more than any request may take, far less than what a server holds back its answers for.
const LONG: Duration = Duration::from_secs(20);
const HELD_BACK: Duration = Duration::from_secs(45);

/// Many pictures come from memcached: the workers' own memory is too small for all that are known, and the
/// front server keeps nothing.
fn pool(servers: &[String]) -> Pool {
    let listed: Vec<String> = servers.iter().map(|server| format!("'{server}'")).collect();
    Pool::start(load::library, |config: Config| {
        config
            .raw("memcached_servers", &format!("[{}]", listed.join(", ")))
            .raw("memcached_timeout_ms", "50")
            .raw("memory_cache_mb", "1")
            .raw("edge_cache_s", "0")
    })
}

#[test]
fn clients_see_nothing_of_a_memcached_that_is_slow_silent_gone_or_empty() {
    let mut memcached = Memcached::start();
    let relay = Relay::start(&memcached.address());
    let pool = pool(&[relay.address()]);
    let front = Front::start(Kind::Nginx, &pool.socket());
    let wanted = Wanted::pictures(front.http(), 100);
    load::unharmed(&wanted, |load| {
        let is_used = |memcached: &Memcached| {
            let before = memcached.hits();
            wait::until("pictures come from memcached", || memcached.hits() > before);
        };
        is_used(&memcached);
        load.more(10);
        for manner in [Manner::Slow(HELD_BACK), Manner::HalfOpen, Manner::Gone] {
            load.slowest();
            relay.set(manner);
            load.more(20);
            let slowest = load.slowest();
            assert!(slowest < LONG, "{manner:?}: {slowest:?}\n{}", pool.output());
            // What was held back is broken off, as by whoever mends it.
            relay.set(Manner::Gone);
            relay.set(Manner::Through);
            is_used(&memcached);
        }
        memcached.stop();
        load.more(20);
        memcached.again();
        assert_eq!(memcached.hits(), 0);
        is_used(&memcached);
        load.more(10);
        let slowest = load.slowest();
        assert!(slowest < LONG, "{slowest:?}\n{}", pool.output());
    });
    let log = pool.output();
    let told = log.matches("memcached server").count();
    assert!(log.contains("is away") && log.contains("answers again"), "{log}");
    assert!(told < 200, "the log is told {told} times");
}

#[test]
fn one_of_three_goes_and_comes_back() {
    let mut servers = [Memcached::start(), Memcached::start(), Memcached::start()];
    let pool = pool(&servers.each_ref().map(Memcached::address));
    let front = Front::start(Kind::Nginx, &pool.socket());
    let wanted = Wanted::pictures(front.http(), 100);
    assert!(servers.iter().all(|server| server.items() > 0), "each has its share");
    load::unharmed(&wanted, |load| {
        let are_used = |which: &[&Memcached]| {
            let before: Vec<u64> = which.iter().map(|server| server.hits()).collect();
            wait::until("pictures come from each of them", || {
                which.iter().zip(&before).all(|(server, before)| server.hits() > *before)
            });
        };
        let [first, second, third] = &servers;
        are_used(&[first, second, third]);
        servers[1].stop();
        load.more(10);
        are_used(&[&servers[0], &servers[2]]);
        servers[1].again();
        let [first, second, third] = &servers;
        are_used(&[first, second, third]);
        load.more(10);
        let slowest = load.slowest();
        assert!(slowest < LONG, "{slowest:?}\n{}", pool.output());
    });
}

/// The bound is far longer here than what people have, so that what is waited for can be told from what a
/// busy machine takes: the number of waits is what counts.
#[test]
fn a_request_waits_for_memcached_once_however_often_it_asks() {
    const BOUND: Duration = Duration::from_secs(4);
    let shipped = std::fs::read_to_string(repository("conf/halftone.toml")).unwrap();
    assert!(shipped.contains("\n#memcached_timeout_ms = 50\n"), "what is promised");
    let memcached = Memcached::start();
    let relay = Relay::start(&memcached.address());
    let pool = Pool::start(load::library, |config| {
        config
            .raw("memcached_servers", &format!("['{}']", relay.address()))
            .raw("memcached_timeout_ms", &BOUND.as_millis().to_string())
            .raw("workers", "1")
            .raw("edge_cache_s", "0")
    });
    let mut connection = pool.connect();
    let mut ask = |width: usize| {
        let began = Instant::now();
        let answer =
            fcgi::exchange(&mut connection, &format!("/image?src=photo.jpg&width={width}"));
        let answer = answer.unwrap();
        assert!(answer.starts_with(b"Status: 200"), "{}", String::from_utf8_lossy(&answer));
        began.elapsed()
    };
    ask(50);
    wait::until("it is kept in memcached", || memcached.items() > 0);
    relay.set(Manner::HalfOpen);
    // It looks there for the picture, for whoever makes it, and for a failure, and lays the picture down.
    let first = ask(51);
    assert!(first >= BOUND && first < 2 * BOUND, "{first:?}\n{}", pool.output());
    // Then the server is taken to be away, and now and then one request finds out whether it still is.
    let all: Duration = (52..92).map(&mut ask).sum();
    assert!(all < 10 * BOUND, "{all:?}\n{}", pool.output());
    assert!(pool.output().contains("is away"), "{}", pool.output());
}
