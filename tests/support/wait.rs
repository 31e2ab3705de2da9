//! Waiting on conditions, with deadlines.

use std::time::{Duration, Instant};

/// How long a test waits for anything before it fails. Generous: it is reached only by failures.
pub const PATIENCE: Duration = Duration::from_secs(120);

const STEP: Duration = Duration::from_millis(10);

/// Asks `condition` again and again until it gives a value.
///
/// # Panics
/// When [`PATIENCE`] has passed, with `what` in the message.
pub fn until_some<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain: {what}");
        std::thread::sleep(STEP);
    }
}

/// Asks `condition` again and again until it holds.
///
/// # Panics
/// When [`PATIENCE`] has passed, with `what` in the message.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    until_some(what, || condition().then_some(()));
}

/// Asks `condition` again and again until it holds; it tells what is amiss while it does not.
///
/// # Panics
/// When [`PATIENCE`] has passed, with `what` and what was amiss last in the message.
pub fn until_told(what: &str, mut condition: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + PATIENCE;
    while let Err(amiss) = condition() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain: {what}: {amiss}");
        std::thread::sleep(STEP);
    }
}
