//! When a server that failed is asked again.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Failures in a row after which a server that can be reached counts as away. One slow answer on
/// a busy host must not turn its whole share of the cache off.
const TOLERATED: u32 = 3;

/// Why a server may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It is taken to be well.
    Normal,
    /// It is away, and this call is the one that finds out whether it has come back.
    Probe,
}

/// How bad a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// No connection could be made.
    Unreachable,
    /// It answered too late, nonsense, or hung up.
    Failing,
}

/// The state of one server: well, or away until a moment after which one call may probe it. The
/// pause doubles with every failed probe, from 1 s to 30 s.
#[derive(Debug, Default)]
pub(super) struct Health {
    failures: u32,
    away: Option<Away>,
}

#[derive(Debug)]
struct Away {
    pause: Duration,
    probe_at: Instant,
}

impl Health {
    /// Whether the server may be asked now. A probe is handed to one caller; the next is due a
    /// pause later, even when that caller never reports back.
    pub(super) fn attempt(&mut self, now: Instant) -> Option<Attempt> {
        match &mut self.away {
            None => Some(Attempt::Normal),
            Some(away) if now >= away.probe_at => {
                away.probe_at = now + away.pause;
                Some(Attempt::Probe)
            }
            Some(_) => None,
        }
    }

    /// The server answered. Tells whether it had been away.
    pub(super) fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.away.take().is_some()
    }

    /// A call failed. Tells whether the server is taken to be away from now on.
    pub(super) fn failed(&mut self, now: Instant, attempt: Attempt, severity: Severity) -> bool {
        match (&mut self.away, attempt) {
            (Some(away), Attempt::Probe) => {
                away.pause = (away.pause * 2).min(LONGEST_PAUSE);
                away.probe_at = now + away.pause;
                false
            }
            // A call that began while the server was still well says nothing new.
            (Some(_), Attempt::Normal) => false,
            (None, _) => {
                self.failures += 1;
                let gone = severity == Severity::Unreachable || self.failures >= TOLERATED;
                if gone {
                    self.away = Some(Away { pause: FIRST_PAUSE, probe_at: now + FIRST_PAUSE });
                }
                gone
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_server_is_probed_by_one_call_after_1_2_4_to_30_seconds() {
        let mut health = Health::default();
        let mut now = Instant::now();
        assert_eq!(health.attempt(now), Some(Attempt::Normal));
        assert!(health.failed(now, Attempt::Normal, Severity::Unreachable));
        for pause_s in [1, 2, 4, 8, 16, 30, 30] {
            let almost = now + Duration::from_millis(pause_s * 1_000 - 1);
            assert_eq!(health.attempt(almost), None, "before {pause_s} s");
            now += Duration::from_secs(pause_s);
            assert_eq!(health.attempt(now), Some(Attempt::Probe), "after {pause_s} s");
            assert_eq!(health.attempt(now), None, "a second probe at once");
            health.failed(now, Attempt::Probe, Severity::Failing);
        }
        now += Duration::from_secs(30);
        assert_eq!(health.attempt(now), Some(Attempt::Probe));
        assert!(health.succeeded());
        assert_eq!(health.attempt(now), Some(Attempt::Normal));
        assert!(!health.succeeded());
    }

    #[test]
    fn a_reachable_server_is_away_after_three_failures_in_a_row() {
        let mut health = Health::default();
        let now = Instant::now();
        for _ in 0..5 {
            assert!(!health.failed(now, Attempt::Normal, Severity::Failing));
            assert!(!health.failed(now, Attempt::Normal, Severity::Failing));
            health.succeeded();
        }
        health.failed(now, Attempt::Normal, Severity::Failing);
        health.failed(now, Attempt::Normal, Severity::Failing);
        assert!(health.failed(now, Attempt::Normal, Severity::Failing));
        assert_eq!(health.attempt(now), None);
    }

    #[test]
    fn calls_that_were_under_way_do_not_lengthen_the_pause() {
        let mut health = Health::default();
        let now = Instant::now();
        health.failed(now, Attempt::Normal, Severity::Unreachable);
        for _ in 0..15 {
            health.failed(now, Attempt::Normal, Severity::Unreachable);
        }
        assert_eq!(health.attempt(now + Duration::from_secs(1)), Some(Attempt::Probe));
    }

    #[test]
    fn a_lost_probe_does_not_silence_the_server_for_ever() {
        let mut health = Health::default();
        let now = Instant::now();
        health.failed(now, Attempt::Normal, Severity::Unreachable);
        assert_eq!(health.attempt(now + Duration::from_secs(1)), Some(Attempt::Probe));
        assert_eq!(health.attempt(now + Duration::from_secs(2)), Some(Attempt::Probe));
    }
}
