//! What a load has seen: for each kind of request how often, how it ended, how long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::response::{Head, Verdict};

/// What front servers say of their caches, in the order of [`OfKind::verdicts`].
pub const VERDICTS: [&str; 7] =
    ["none", "HIT", "REVALIDATED", "EXPIRED", "MISS", "BYPASS", "other"];

/// The longest time that is told apart, in microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Requests of one kind.
#[derive(Debug, Clone)]
pub struct OfKind {
    /// Microseconds of every request, those that failed too: in an open loop from when it was due, else
    /// from when it was begun.
    pub latency_us: Histogram<u64>,
    /// How many answers had which status.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests had no whole answer, by the reason.
    pub failures: BTreeMap<&'static str, u64>,
    /// Bytes of bodies.
    pub bytes: u64,
    /// Answers by the front server's verdict.
    pub verdicts: [u64; VERDICTS.len()],
    /// Answers that came from a cache, and those that did not, by the program's own word.
    pub from_cache: [u64; 2],
}

impl Default for OfKind {
    fn default() -> Self {
        let latency_us = Histogram::new_with_bounds(1, LONGEST_US, 3)
            .expect("the bounds are in order and three digits are allowed");
        Self {
            latency_us,
            statuses: BTreeMap::new(),
            failures: BTreeMap::new(),
            bytes: 0,
            verdicts: [0; VERDICTS.len()],
            from_cache: [0; 2],
        }
    }
}

impl OfKind {
    /// Requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.latency_us.len()
    }

    /// Those without an answer, and those whose answer is an error.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let refused = self.statuses.iter().filter(|(status, _)| **status >= 400);
        refused.map(|(_, count)| count).chain(self.failures.values()).sum()
    }

    /// Milliseconds within which such a part of the requests ended.
    #[must_use]
    pub fn within_ms(&self, part: f64) -> f64 {
        self.latency_us.value_at_quantile(part) as f64 / 1e3
    }

    /// Milliseconds of the slowest.
    #[must_use]
    pub fn longest_ms(&self) -> f64 {
        self.latency_us.max() as f64 / 1e3
    }

    /// Answers with this verdict of the front server's.
    #[must_use]
    pub fn verdict(&self, name: &str) -> u64 {
        VERDICTS.iter().position(|known| *known == name).map_or(0, |at| self.verdicts[at])
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.latency_us.add(&other.latency_us).expect("both have the same bounds");
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (name, count) in &other.failures {
            *self.failures.entry(name).or_default() += count;
        }
        self.bytes += other.bytes;
        for (sum, more) in self.verdicts.iter_mut().zip(other.verdicts) {
            *sum += more;
        }
        for (sum, more) in self.from_cache.iter_mut().zip(other.from_cache) {
            *sum += more;
        }
    }

    fn record(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
        self.latency_us.saturating_record(us.max(1));
    }
}

/// What ended within one second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Second {
    /// Requests.
    pub requests: u64,
    /// Errors among them.
    pub errors: u64,
    /// Microseconds of the slowest.
    pub longest_us: u64,
}

/// What a load has seen.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// In the order of the kinds that were asked for.
    pub kinds: Vec<OfKind>,
    /// Second by second.
    pub seconds: Vec<Second>,
    /// From the first counted request to the end of the last.
    pub elapsed: Duration,
    /// CPU time of the load generator itself.
    pub client_cpu: Duration,
    /// Kept connections that the server had closed and that were opened anew.
    pub reopened: u64,
}

impl Tally {
    pub(super) fn new(kinds: usize) -> Self {
        Self { kinds: vec![OfKind::default(); kinds], ..Self::default() }
    }

    pub(super) fn answered(&mut self, kind: usize, head: &Head, bytes: u64, took: Duration) {
        let of = &mut self.kinds[kind];
        of.record(took);
        *of.statuses.entry(head.status).or_default() += 1;
        of.bytes += bytes;
        of.verdicts[head.verdict as usize] += 1;
        if let Some(from_cache) = head.from_cache {
            of.from_cache[usize::from(!from_cache)] += 1;
        }
    }

    pub(super) fn failed(&mut self, kind: usize, name: &'static str, took: Duration) {
        let of = &mut self.kinds[kind];
        of.record(took);
        *of.failures.entry(name).or_default() += 1;
    }

    /// Notes an end, so long after the first counted request could begin.
    pub(super) fn ended(&mut self, at: Duration, took: Duration, error: bool) {
        let index = usize::try_from(at.as_secs()).unwrap_or(usize::MAX).min(MOST_SECONDS - 1);
        if self.seconds.len() <= index {
            self.seconds.resize(index + 1, Second::default());
        }
        let second = &mut self.seconds[index];
        second.requests += 1;
        second.errors += u64::from(error);
        second.longest_us =
            second.longest_us.max(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.elapsed = self.elapsed.max(at);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.kinds.iter_mut().zip(&other.kinds) {
            sum.add(more);
        }
        if self.seconds.len() < other.seconds.len() {
            self.seconds.resize(other.seconds.len(), Second::default());
        }
        for (sum, more) in self.seconds.iter_mut().zip(&other.seconds) {
            sum.requests += more.requests;
            sum.errors += more.errors;
            sum.longest_us = sum.longest_us.max(more.longest_us);
        }
        self.elapsed = self.elapsed.max(other.elapsed);
        self.client_cpu += other.client_cpu;
        self.reopened += other.reopened;
    }

    /// All kinds in one.
    #[must_use]
    pub fn all(&self) -> OfKind {
        let mut all = OfKind::default();
        self.kinds.iter().for_each(|kind| all.add(kind));
        all
    }

    /// Requests per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let requests: u64 = self.kinds.iter().map(OfKind::requests).sum();
        requests as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The part of one core that the load generator took.
    #[must_use]
    pub fn client_share(&self) -> f64 {
        self.client_cpu.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Ten days, after which seconds are no longer told apart.
const MOST_SECONDS: usize = 10 * 24 * 3600;

const _: () = assert!(Verdict::Other as usize + 1 == VERDICTS.len());
