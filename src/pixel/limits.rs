//! Bounds on the work that one picture may cause, checked before anything is allocated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{Error, Result};

/// Upper bounds on pixel counts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pixels that may be held in memory at once for one picture (default 250 million).
    pub held_pixels: u64,
    /// Pixels that a source may declare where it can be read by region, strip or scale, so that
    /// they are never all held (default 1,000 million).
    pub declared_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { held_pixels: 250_000_000, declared_pixels: 1_000_000_000 }
    }
}

impl Limits {
    /// Checks a source's declared size, before anything is allocated for it.
    ///
    /// # Errors
    /// [`Error::Malformed`] for an empty image, [`Error::Limit`] beyond `declared_pixels`.
    pub fn check_declared(&self, width: u32, height: u32) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::Malformed("it declares no pixels".into()));
        }
        check(width, height, self.declared_pixels)
    }

    /// Checks a size that is to be held in memory.
    ///
    /// # Errors
    /// [`Error::Limit`] beyond `held_pixels`.
    pub fn check_held(&self, width: u32, height: u32) -> Result<()> {
        check(width, height, self.held_pixels)
    }

    /// Checks a number of pixels that are to be held in memory together.
    ///
    /// # Errors
    /// [`Error::Limit`] beyond `held_pixels`.
    pub fn check_total(&self, held: u64) -> Result<()> {
        if held > self.held_pixels {
            return Err(Error::Limit(format!(
                "{} megapixels would have to be held, the limit is {}",
                held.div_ceil(1_000_000),
                self.held_pixels / 1_000_000
            )));
        }
        Ok(())
    }
}

fn check(width: u32, height: u32, limit: u64) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limit {
        return Err(Error::Limit(format!(
            "{width}×{height} pixels exceed the limit of {} megapixels",
            limit / 1_000_000
        )));
    }
    Ok(())
}

/// Tells work in progress to stop: a deadline, a flag, or both.
///
/// The pipeline looks at it between operations, and decoders between strips.
#[derive(Debug, Default)]
pub struct Cancel {
    deadline: Option<Instant>,
    flag: AtomicBool,
}

impl Cancel {
    /// Never cancels by itself.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// Cancels when `deadline` has passed.
    #[must_use]
    pub fn at(deadline: Instant) -> Self {
        Self { deadline: Some(deadline), flag: AtomicBool::new(false) }
    }

    /// Calls the work off.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has called the work off: a deadline that has passed does not count.
    #[must_use]
    pub fn is_called_off(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    /// The deadline, if there is one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Fails when the work has been called off.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || self.is_called_off() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
