//! A bound on work that waits: whoever is to wait takes a place first, and gives it back in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of places. Clones share them.
#[derive(Debug, Clone)]
pub struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// A place, until dropped.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Places {
    /// `most` places, all free.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Takes a place, if one is free.
    #[must_use]
    pub fn take(&self) -> Option<Place> {
        let one_more = |taken: usize| (taken < self.most).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.is_ok().then(|| Place(Arc::clone(&self.taken)))
    }

    /// Places that are taken now.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_than_said() {
        let places = Places::new(2);
        let first = places.take().expect("both are free");
        let second = places.clone().take().expect("one is free");
        assert!(places.take().is_none());
        drop(first);
        assert_eq!(places.taken(), 1);
        let third = places.take().expect("one was given back");
        drop((second, third));
        assert_eq!(places.taken(), 0);
        assert!(Places::new(0).take().is_none());
    }
}
