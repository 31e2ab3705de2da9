//! When requests are due in an open loop, to fractions of a millisecond.
//!
//! The runtime's own timers round up to whole milliseconds, which is longer than a cached picture takes.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::time::{Duration, Instant};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A timer of the kernel's.
pub(super) struct Timer(AsyncFd<Descriptor>);

struct Descriptor(TimerFd);

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Timer {
    /// Makes one, within a runtime.
    pub(super) fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        // SAFETY: the descriptor is the timer's own, which lives in the value that is handed over and is
        // never replaced or closed before it.
        #[allow(unsafe_code, reason = "the runtime cannot know that a descriptor stays open")]
        let watched =
            unsafe { AsyncFd::register_with_interest(Descriptor(timer), Interest::READABLE) };
        Ok(Self(watched?))
    }

    /// Waits until then.
    pub(super) async fn wait_until(&self, due: Instant) -> io::Result<()> {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let timer = &self.0.get_ref().0;
        let once = Expiration::OneShot(TimeSpec::from_duration(left));
        timer.set(once, TimerSetTimeFlags::empty())?;
        loop {
            let mut ready = self.0.readable().await?;
            match ready.try_io(|_| timer.wait().map_err(io::Error::from)) {
                Ok(done) => return done,
                Err(_not_yet) => {}
            }
        }
    }
}

/// When the request of a number is due, counted from the start.
pub(super) fn due(number: u64, per_s: f64) -> Duration {
    Duration::from_secs_f64(number as f64 / per_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_evenly() {
        assert_eq!(due(0, 1160.0), Duration::ZERO);
        assert_eq!(due(1160 * 600, 1160.0), Duration::from_secs(600));
        assert_eq!(due(1, 4.0), Duration::from_millis(250));
    }

    #[test]
    fn the_timer_never_fires_early() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let timer = Timer::new().unwrap();
            for wait_us in [0, 50, 300, 2_000] {
                let due = Instant::now() + Duration::from_micros(wait_us);
                timer.wait_until(due).await.unwrap();
                assert!(Instant::now() >= due);
            }
        });
    }
}
