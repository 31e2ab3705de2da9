//! How often each client may do something, counted over all processes of a host.
//!
//! Every client has a bucket that fills at a steady rate up to a bound. It is kept as one number: when the
//! bucket will be full again (the "generic cell rate algorithm" of ATM networks, ITU-T I.371). The numbers stand
//! in a file that all processes map, in sets of a few places each; a full bucket needs no place, and where a
//! set has too many clients the one nearest to being full loses its own. So memory is bounded, nothing has to be
//! swept, no process waits for another, and none that dies leaves anything held.

use std::fs::OpenOptions;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::sys::{SharedWords, monotonic_ms};

const SETS: usize = 2_048;
const PLACES: usize = 8;
/// Words of a place: the client, and when its bucket is full again.
const PLACE_WORDS: usize = 2;
/// Words before the places; the first is a random number, so that nobody can choose their set.
const HEAD_WORDS: usize = 8;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateOptions {
    /// How often a minute, in the long run; more than 0.
    pub per_min: u32,
    /// How often at once, after a pause that is long enough; at least 1.
    pub burst: u32,
}

/// The buckets.
#[derive(Debug)]
pub struct Rates {
    words: SharedWords,
    salt: u64,
    /// What doing it once costs, in microseconds of filling.
    cost_us: f64,
    /// How much a full bucket holds, in the same measure.
    full_us: u64,
}

impl Rates {
    /// Opens the file that all processes of the host share, making it where there is none.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub fn open(path: &Path, options: RateOptions) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let words = HEAD_WORDS + SETS * PLACES * PLACE_WORDS;
        let words = NonZeroUsize::new(words).expect("there are places");
        Self::over(SharedWords::of_file(&file, words)?, options)
    }

    fn over(words: SharedWords, options: RateOptions) -> io::Result<Self> {
        let salt = &words.words()[0];
        let mine = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))? | 1;
        let salt = match salt.compare_exchange(0, mine, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => mine,
            Err(theirs) => theirs,
        };
        let cost_us = 60e6 / f64::from(options.per_min.max(1));
        let full_us = (cost_us * f64::from(options.burst.max(1))) as u64;
        Ok(Self { words, salt, cost_us, full_us })
    }

    /// Takes a share (0 to 1) of one time from a client's bucket.
    ///
    /// # Errors
    /// How long until there is that much in it.
    pub fn take(&self, client: Option<IpAddr>, share: f64) -> Result<(), Duration> {
        self.take_at(client, share, monotonic_ms() * 1000)
    }

    fn take_at(&self, client: Option<IpAddr>, share: f64, now_us: u64) -> Result<(), Duration> {
        let client = self.name_of(client);
        let cost_us = (self.cost_us * share.clamp(0.0, 1.0)) as u64;
        let full_at = self.place_of(client, now_us);
        let mut known = full_at.load(Ordering::Relaxed);
        loop {
            let since = self.sensible(known, now_us).max(now_us);
            let then = since + cost_us;
            if then > now_us + self.full_us {
                return Err(Duration::from_micros(then - now_us - self.full_us));
            }
            let swapped =
                full_at.compare_exchange(known, then, Ordering::Relaxed, Ordering::Relaxed);
            match swapped {
                Ok(_) => return Ok(()),
                Err(newer) => known = newer,
            }
        }
    }

    /// A time at which a bucket is full; no bucket can take longer than one that is empty. What says so
    /// was written before the clock began anew, or under other bounds.
    fn sensible(&self, full_at_us: u64, now_us: u64) -> u64 {
        if full_at_us > now_us + self.full_us { now_us } else { full_at_us }
    }

    /// The number that stands for a client: not 0, and not to be foreseen.
    fn name_of(&self, client: Option<IpAddr>) -> u64 {
        let mut hash = Sha256::new_with_prefix(self.salt.to_ne_bytes());
        match client.map(|client| client.to_canonical()) {
            None => hash.update([0]),
            Some(IpAddr::V4(address)) => hash.update(address.octets()),
            Some(IpAddr::V6(address)) => hash.update(&network_of(address).octets()[..8]),
        }
        let first = hash.finalize();
        u64::from_ne_bytes(first[..8].try_into().expect("a digest has 32 bytes")) | 1
    }

    /// Where a client's number stands, or is to.
    fn place_of(&self, client: u64, now_us: u64) -> &AtomicU64 {
        let set = (client >> 32) as usize % SETS;
        let start = HEAD_WORDS + set * PLACES * PLACE_WORDS;
        let words = &self.words.words()[start..start + PLACES * PLACE_WORDS];
        let places = words.as_chunks::<PLACE_WORDS>().0;
        let find = || places.iter().find(|[of, _]| of.load(Ordering::Acquire) == client);
        if let Some([_, full_at]) = find() {
            return full_at;
        }
        let seen = places.iter().map(|place| {
            let [of, full_at_us] = [0, 1].map(|word| place[word].load(Ordering::Acquire));
            (place, of, full_at_us)
        });
        let debt = |full_at_us| self.sensible(full_at_us, now_us).saturating_sub(now_us);
        let least = seen.min_by_key(|(_, _, full_at_us)| debt(*full_at_us));
        let ([of, full_at], was_of, was_full_at) = least.expect("a set has places");
        // Another thread may have given this client a place meanwhile, and taken something from it.
        if let Some([_, full_at]) = find() {
            return full_at;
        }
        // Two that take the same place at the same moment share a bucket until one comes again.
        let (order, any) = (Ordering::AcqRel, Ordering::Acquire);
        if full_at.compare_exchange(was_full_at, now_us, order, any).is_ok() {
            let _ = of.compare_exchange(was_of, client, order, any);
        }
        full_at
    }
}

/// The network that a client has to itself: whoever has one IPv6 address has 2⁶⁴.
fn network_of(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    fn rates(per_min: u32, burst: u32) -> Rates {
        let dir = tempfile::tempdir().unwrap();
        Rates::open(&dir.path().join("rates"), RateOptions { per_min, burst }).unwrap()
    }

    fn at(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_burst_then_the_rate() {
        let rates = rates(60, 3);
        let me = at("192.0.2.1");
        for _ in 0..3 {
            assert_eq!(rates.take_at(me, 1.0, 100 * S), Ok(()));
        }
        assert_eq!(rates.take_at(me, 1.0, 100 * S), Err(Duration::from_secs(1)));
        // Being refused costs nothing.
        assert_eq!(rates.take_at(me, 1.0, 100 * S + S / 4), Err(Duration::from_millis(750)));
        assert_eq!(rates.take_at(me, 1.0, 101 * S), Ok(()));
        assert!(rates.take_at(me, 1.0, 101 * S).is_err());
        for _ in 0..3 {
            assert_eq!(rates.take_at(me, 1.0, 1_000 * S), Ok(()), "no more than a full bucket");
        }
        assert!(rates.take_at(me, 1.0, 1_000 * S).is_err());
    }

    #[test]
    fn parts_cost_their_share() {
        let rates = rates(60, 1);
        for _ in 0..16 {
            assert_eq!(rates.take_at(at("192.0.2.1"), 1.0 / 16.0, S), Ok(()));
        }
        assert!(rates.take_at(at("192.0.2.1"), 1.0 / 16.0, S).is_err());
    }

    #[test]
    fn clients_are_addresses_and_networks() {
        let rates = rates(60, 1);
        assert_eq!(rates.take_at(at("2001:db8:1:2::1"), 1.0, S), Ok(()));
        assert!(rates.take_at(at("2001:db8:1:2:ffff::9"), 1.0, S).is_err());
        assert_eq!(rates.take_at(at("2001:db8:1:3::1"), 1.0, S), Ok(()));
        assert_eq!(rates.take_at(at("192.0.2.1"), 1.0, S), Ok(()));
        assert!(rates.take_at(at("::ffff:192.0.2.1"), 1.0, S).is_err());
        assert_eq!(rates.take_at(None, 1.0, S), Ok(()));
        assert!(rates.take_at(None, 1.0, S).is_err());
    }

    #[test]
    fn those_who_share_the_file_share_the_buckets() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rates");
        let options = RateOptions { per_min: 1, burst: 100 };
        let first = Rates::open(&path, options).unwrap();
        let second = Rates::open(&path, options).unwrap();
        let client = at("198.51.100.7");
        let taken = std::thread::scope(|scope| {
            let threads = [&first, &second, &first, &second].map(|rates| {
                scope.spawn(move || {
                    (0..100).filter(|_| rates.take_at(client, 1.0, S).is_ok()).count()
                })
            });
            threads.map(|thread| thread.join().unwrap()).iter().sum::<usize>()
        });
        assert_eq!(taken, 100);
    }

    #[test]
    fn a_clock_that_began_anew_keeps_nobody_out() {
        let rates = rates(1, 1);
        assert_eq!(rates.take_at(at("192.0.2.1"), 1.0, 1_000_000 * S), Ok(()));
        assert_eq!(rates.take_at(at("192.0.2.1"), 1.0, 5 * S), Ok(()));
        assert!(rates.take_at(at("192.0.2.1"), 1.0, 5 * S).is_err());
    }

    #[test]
    fn many_clients_find_a_place_and_debtors_keep_theirs() {
        let rates = rates(1, 10);
        let debtor = at("203.0.113.1");
        for _ in 0..10 {
            assert_eq!(rates.take_at(debtor, 1.0, S), Ok(()));
        }
        for number in 0..20_000_u32 {
            let client = Some(IpAddr::from(number.to_be_bytes()));
            assert_eq!(rates.take_at(client, 1.0, S), Ok(()));
        }
        assert!(rates.take_at(debtor, 1.0, S).is_err());
    }
}
