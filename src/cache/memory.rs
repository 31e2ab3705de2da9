//! The tier inside the process: what was asked for lately and often, within a number of bytes.
//!
//! It exists so that a hot picture costs neither a system call nor a copy. Each worker has its own,
//! so it is kept small.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::{Entry, Key};

/// Bytes that an entry costs besides its key, type and body: the index, two shared headers.
const OVERHEAD_BYTES: u64 = 200;

/// Shards share the cap evenly, so there are few: the largest entry must fit one with ease.
const SHARDS: usize = 4;

#[derive(Clone)]
struct Weight;

impl Weighter<Arc<str>, Entry> for Weight {
    fn weight(&self, text: &Arc<str>, entry: &Entry) -> u64 {
        let stored = text.len() + entry.content_type.len() + entry.body.len();
        stored as u64 + OVERHEAD_BYTES
    }
}

type Entries = Cache<Arc<str>, Entry, Weight, DefaultHashBuilder>;

/// A size-capped map that keeps what is used often over what is seen once (S3-FIFO).
pub(super) struct MemoryTier {
    entries: Entries,
    max_entry_bytes: u64,
    cap_bytes: u64,
}

impl std::fmt::Debug for MemoryTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTier").field("used_bytes", &self.used_bytes()).finish_non_exhaustive()
    }
}

impl MemoryTier {
    /// An empty tier of at most `cap_bytes`; none when that is 0.
    pub(super) fn new(cap_bytes: u64) -> Option<Self> {
        if cap_bytes == 0 {
            return None;
        }
        let typical_entries = usize::try_from(cap_bytes / 32_768).unwrap_or(usize::MAX).max(64);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(typical_entries)
            .weight_capacity(cap_bytes)
            .build()
            .expect("both capacities are set");
        let hasher = DefaultHashBuilder::default();
        let entries = Cache::with_options(options, Weight, hasher, DefaultLifecycle::default());
        Some(Self { entries, max_entry_bytes: cap_bytes / 8, cap_bytes })
    }

    /// The most bytes that it may hold.
    pub(super) fn cap_bytes(&self) -> u64 {
        self.cap_bytes
    }

    /// Looks an entry up.
    pub(super) fn get(&self, key: &Key) -> Option<Entry> {
        self.entries.get(key.text())
    }

    /// Keeps an entry, unless it is larger than an eighth of the whole tier. Tells whether it was
    /// small enough.
    pub(super) fn put(&self, key: &Key, entry: &Entry) -> bool {
        let text = key.shared_text();
        if Weight.weight(text, entry) > self.max_entry_bytes {
            self.entries.remove(key.text());
            return false;
        }
        self.entries.insert(Arc::clone(text), entry.clone());
        true
    }

    /// Forgets an entry.
    pub(super) fn remove(&self, key: &Key) {
        self.entries.remove(key.text());
    }

    /// Bytes in use.
    pub(super) fn used_bytes(&self) -> u64 {
        self.entries.weight()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn entry(len: usize) -> Entry {
        Entry::new("image/png", Bytes::from(vec![7; len]))
    }

    #[test]
    fn the_cap_holds_whatever_is_put_in() {
        let tier = MemoryTier::new(1_000_000).unwrap();
        for n in 0..2_000_usize {
            tier.put(&Key::new(format!("key {n}")), &entry(n * 37 % 90_000));
            assert!(tier.used_bytes() <= 1_000_000);
        }
        assert!(tier.used_bytes() > 500_000, "only {} bytes are used", tier.used_bytes());
    }

    #[test]
    fn an_entry_over_an_eighth_of_the_cap_is_not_admitted() {
        let tier = MemoryTier::new(800_000).unwrap();
        let key = Key::new("large".into());
        assert!(tier.put(&key, &entry(99_000)));
        assert_eq!(tier.get(&key), Some(entry(99_000)));
        assert!(!tier.put(&key, &entry(100_001)));
        assert_eq!(tier.get(&key), None, "the older entry would be stale");
    }

    #[test]
    fn what_is_used_again_outlives_what_is_seen_once() {
        let tier = MemoryTier::new(1_000_000).unwrap();
        let hot = Key::new("hot".into());
        tier.put(&hot, &entry(10_000));
        for n in 0..1_000 {
            assert!(tier.get(&hot).is_some(), "lost after {n} others");
            tier.put(&Key::new(format!("once {n}")), &entry(10_000));
        }
    }

    #[test]
    fn no_bytes_means_no_tier() {
        assert!(MemoryTier::new(0).is_none());
    }
}
