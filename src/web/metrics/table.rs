//! Which count is what.

use std::time::Duration;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    Image,
    /// An original.
    Original,
    /// The API.
    Api,
    /// A page, or what belongs to one.
    Page,
    /// Metrics and states of health.
    Probe,
}

impl Kind {
    /// Every kind with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Image, "image"),
        (Self::Original, "original"),
        (Self::Api, "api"),
        (Self::Page, "page"),
        (Self::Probe, "probe"),
    ];

    /// What a path is for.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "/image" => Self::Image,
            "/original" => Self::Original,
            "/metrics" => Self::Probe,
            path if path.starts_with("/healthz/") => Self::Probe,
            path if path.starts_with("/erez") => Self::Image,
            path if crate::http::is_for_programs(path) => Self::Api,
            _ => Self::Page,
        }
    }
}

/// The classes of statuses.
pub const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Where a picture came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// From memory, without a look at anything else.
    Memory,
    /// From one of the caches.
    Cached,
    /// The client has it already.
    Unchanged,
    /// It was made for this request.
    Made,
    /// It was made for another request that came first.
    Joined,
}

impl Verdict {
    /// Every verdict with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Memory, "memory"),
        (Self::Cached, "cached"),
        (Self::Unchanged, "unchanged"),
        (Self::Made, "made"),
        (Self::Joined, "joined"),
    ];
}

/// Why a request for a picture was refused that might have been answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The address had to be signed.
    Signature,
    /// The page may not show it.
    Referer,
    /// The client has had too many new ones made.
    Rate,
    /// Too many wait already.
    Places,
    /// It waited too long for its turn.
    Wait,
}

impl Cause {
    /// Every cause with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Signature, "signature"),
        (Self::Referer, "referer"),
        (Self::Rate, "rate"),
        (Self::Places, "places"),
        (Self::Wait, "wait"),
    ];
}

/// Upper ends of the buckets of times, in milliseconds; one more holds the rest.
pub const BUCKETS_MS: [u64; 11] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/// Times by how long they were.
pub struct Histogram {
    first: usize,
}

impl Histogram {
    const LEN: usize = BUCKETS_MS.len() + 2;

    /// The bucket that a time belongs to.
    pub fn bucket(&self, took: Duration) -> usize {
        let ends = BUCKETS_MS.iter().map(|ms| Duration::from_millis(*ms));
        self.first + ends.take_while(|end| took > *end).count()
    }

    /// The buckets, the last of which holds the rest.
    pub fn buckets(&self) -> std::ops::RangeInclusive<usize> {
        self.first..=self.first + BUCKETS_MS.len()
    }

    /// The sum of all times.
    pub fn sum_micros(&self) -> usize {
        self.first + BUCKETS_MS.len() + 1
    }
}

const REQUESTS: usize = 0;
const MICROS: usize = REQUESTS + Kind::ALL.len() * CLASSES.len();
const PICTURES: usize = MICROS + Kind::ALL.len();
const REFUSALS: usize = PICTURES + Verdict::ALL.len();

/// How long making took.
pub const MAKING: Histogram = Histogram { first: REFUSALS + Cause::ALL.len() };

/// How long pictures waited for their turn.
pub const WAITING: Histogram = Histogram { first: MAKING.first + Histogram::LEN };

const END: usize = WAITING.first + Histogram::LEN;
const _: () = assert!(END <= crate::process::COUNTS, "every count has its word");

/// Answers, by kind and class of status.
pub fn requests(kind: Kind, class: usize) -> usize {
    REQUESTS + kind as usize * CLASSES.len() + class
}

/// The time that answers took, by kind.
pub fn micros(kind: Kind) -> usize {
    MICROS + kind as usize
}

/// Pictures, by where they came from.
pub fn pictures(verdict: Verdict) -> usize {
    PICTURES + verdict as usize
}

/// Refusals, by their cause.
pub fn refusals(cause: Cause) -> usize {
    REFUSALS + cause as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_a_word_of_its_own() {
        let mut words = Vec::new();
        for (kind, _) in Kind::ALL {
            words.extend((0..CLASSES.len()).map(|class| requests(kind, class)));
            words.push(micros(kind));
        }
        words.extend(Verdict::ALL.map(|(verdict, _)| pictures(verdict)));
        words.extend(Cause::ALL.map(|(cause, _)| refusals(cause)));
        for histogram in [MAKING, WAITING] {
            words.extend(histogram.buckets());
            words.push(histogram.sum_micros());
        }
        words.sort_unstable();
        assert_eq!(words, (0..END).collect::<Vec<_>>());
    }

    #[test]
    fn times_fall_into_their_buckets() {
        let at = |ms| MAKING.bucket(Duration::from_millis(ms)) - MAKING.first;
        assert_eq!([at(0), at(10), at(11), at(25), at(30_000), at(30_001)], [0, 0, 1, 1, 10, 11]);
        assert_eq!(*MAKING.buckets().end(), MAKING.bucket(Duration::MAX));
    }

    #[test]
    fn paths_have_kinds() {
        for (path, kind) in [
            ("/image", Kind::Image),
            ("/image/", Kind::Image),
            ("/erez5/erez", Kind::Image),
            ("/original", Kind::Original),
            ("/api/v1/list", Kind::Api),
            ("/", Kind::Page),
            ("/images", Kind::Page),
            ("/metrics", Kind::Probe),
            ("/healthz/live", Kind::Probe),
        ] {
            assert_eq!(Kind::of(path), kind, "{path}");
        }
    }
}
