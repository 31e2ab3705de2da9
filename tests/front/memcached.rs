//! memcached that is slow, silent, gone, empty, or back, under the load of many clients: none of them
//! sees anything of it.

use std::path::Path;
use std::time::Duration;

use crate::support::config::Config;
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::Pool;
use crate::support::memcached::Memcached;
use crate::support::mixed::{ORIGINAL, known, under_load};
use crate::support::relay::{Manner, Relay};
use crate::support::wait;

/// Far more than any request may take, far less than what a server holds back its answers for.
const LONG: Duration = Duration::from_secs(20);
const HELD_BACK: Duration = Duration::from_secs(45);

fn library(images: &Path) {
    write_jpeg(&images.join("photo.jpg"), ORIGINAL.0, ORIGINAL.1);
}

/// Many pictures come from memcached: the workers' own memory is too small for all that are known, and the
/// front server keeps nothing.
fn pool(servers: &[String]) -> Pool {
    let listed: Vec<String> = servers.iter().map(|server| format!("'{server}'")).collect();
    Pool::start(library, |config: Config| {
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
    let pictures = known(front.http(), 100);
    under_load(front.http(), &pictures, |watch| {
        let is_used = |memcached: &Memcached| {
            let before = memcached.hits();
            wait::until("pictures come from memcached", || memcached.hits() > before);
        };
        is_used(&memcached);
        watch.more(10);
        for manner in [Manner::Slow(HELD_BACK), Manner::HalfOpen, Manner::Gone] {
            watch.slowest();
            relay.set(manner);
            watch.more(20);
            let slowest = watch.slowest();
            assert!(slowest < LONG, "{manner:?}: {slowest:?}\n{}", pool.output());
            // What was held back is broken off, as by whoever mends it.
            relay.set(Manner::Gone);
            relay.set(Manner::Through);
            is_used(&memcached);
        }
        memcached.stop();
        watch.more(20);
        memcached.again();
        assert_eq!(memcached.hits(), 0);
        is_used(&memcached);
        watch.more(10);
        let slowest = watch.slowest();
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
    let pictures = known(front.http(), 100);
    assert!(servers.iter().all(|server| server.items() > 0), "each has its share");
    under_load(front.http(), &pictures, |watch| {
        let are_used = |which: &[&Memcached]| {
            let before: Vec<u64> = which.iter().map(|server| server.hits()).collect();
            wait::until("pictures come from each of them", || {
                which.iter().zip(&before).all(|(server, before)| server.hits() > *before)
            });
        };
        let [first, second, third] = &servers;
        are_used(&[first, second, third]);
        servers[1].stop();
        watch.more(10);
        are_used(&[&servers[0], &servers[2]]);
        servers[1].again();
        let [first, second, third] = &servers;
        are_used(&[first, second, third]);
        watch.more(10);
        let slowest = watch.slowest();
        assert!(slowest < LONG, "{slowest:?}\n{}", pool.output());
    });
}
