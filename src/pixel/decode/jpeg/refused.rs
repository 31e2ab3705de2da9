//! Which shortcuts were refused for which files, so that a file that is asked for again is not decoded
//! in vain again.
//!
//! It remembers no more than what decoding would find out anew: results do not depend on it. It knows
//! nothing of where files come from; they are told apart by length and content.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use super::super::Region;

/// Refusals that are remembered; each takes eight bytes.
const KEPT: usize = 4096;

/// Parts of a file that tell it apart, and the length of each.
const PARTS: usize = 64;
const PART_BYTES: usize = 64;

static REFUSED: Mutex<VecDeque<u64>> = Mutex::new(VecDeque::new());

/// A way to decode a part of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shortcut(u64);

impl Shortcut {
    /// Decoding `region` of the file `data` at a scale of `eighths`.
    pub(super) fn new(data: &[u8], region: Region, eighths: u32) -> Self {
        let mut hasher = DefaultHasher::new();
        data.len().hash(&mut hasher);
        for part in 0..PARTS {
            let start = data.len() / PARTS * part;
            data[start..data.len().min(start + PART_BYTES)].hash(&mut hasher);
        }
        let Region { x, y, width, height } = region;
        (x, y, width, height, eighths).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// Whether it was refused before.
    pub(super) fn is_refused(self) -> bool {
        REFUSED.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.0)
    }

    /// Remembers that it was refused; what was refused longest ago is forgotten.
    pub(super) fn refuse(self) {
        let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() == KEPT {
            refused.pop_front();
        }
        refused.push_back(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_regions_and_scales_are_told_apart() {
        let region = Region::full(640, 480);
        let data: Vec<u8> = (0..100_000_u32).map(|at| (at * 7 % 251) as u8).collect();
        let mut other = data.clone();
        other[data.len() / PARTS * 5 + 3] ^= 1;
        let shortcut = Shortcut::new(&data, region, 2);
        shortcut.refuse();
        assert!(Shortcut::new(&data, region, 2).is_refused());
        assert!(!Shortcut::new(&data, region, 4).is_refused());
        assert!(!Shortcut::new(&data, Region::full(640, 479), 2).is_refused());
        assert!(!Shortcut::new(&other, region, 2).is_refused());
        assert!(!Shortcut::new(&data[..99_999], region, 2).is_refused());
        assert!(!Shortcut::new(b"", region, 2).is_refused());
    }
}
