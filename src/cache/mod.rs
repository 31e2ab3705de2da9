//! Made pictures, kept: a small tier inside the process, then memcached or a folder on disk.
//!
//! The caches make the server fast and nothing else: whatever goes wrong in one is a miss, and all
//! that one request waits for them stays within 50 ms. A key's text says everything a picture depends
//! on, so that an entry never has to be taken back ([`Key`]); what comes out of a shared tier is
//! checked to be whole and of that key ([`Entry`]). This module knows nothing of pictures, users or
//! URLs.

mod disk;
pub mod edge;
mod entry;
pub mod flight;
mod key;
pub mod memcached;
mod memory;
#[cfg(test)]
mod testing;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use disk::DiskOptions;
pub use entry::Entry;
pub use flight::{Failure, Flights, Guard};
pub use key::Key;
pub use memcached::{Memcached, MemcachedError, MemcachedOptions, MemcachedServer};

use disk::DiskTier;
use memory::MemoryTier;

/// Which tiers to use.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// Bytes for the tier inside each process, 0 for none. Entries over an eighth of it stay out.
    pub memory_bytes: u64,
    /// The tier behind it.
    pub shared: SharedOptions,
}

/// The tier that processes share.
#[derive(Debug, Clone)]
pub enum SharedOptions {
    /// None.
    None,
    /// memcached, shared by all hosts.
    Memcached(MemcachedOptions),
    /// A folder, shared by the processes of this host.
    Disk(DiskOptions),
}

/// Why a cache could not be opened. Later faults are only counted.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The memcached options cannot be used.
    #[error(transparent)]
    Memcached(#[from] MemcachedError),
    /// The folder of the disk cache cannot be used.
    #[error("the folder of the disk cache cannot be used: {0}")]
    Disk(#[source] io::Error),
}

/// What happened in one tier since it was opened, in this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TierCounts {
    /// Look-ups that found their entry.
    pub hits: u64,
    /// Look-ups that did not, faults included.
    pub misses: u64,
    /// Entries stored.
    pub puts: u64,
    /// Calls that failed: no answer, no space, a server that is away.
    pub errors: u64,
    /// Bytes in use: the memory tier's own, the disk's as far as is known, 0 for memcached.
    pub used_bytes: u64,
}

/// What happened in all tiers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// In the tier inside the process.
    pub memory: TierCounts,
    /// In the shared tier.
    pub shared: TierCounts,
}

#[derive(Debug, Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    puts: AtomicU64,
    errors: AtomicU64,
}

#[derive(Debug)]
enum SharedTier {
    None,
    Memcached(Arc<Memcached>),
    Disk(DiskTier),
}

/// The tiers, from the fastest on. To be opened after forking.
#[derive(Debug)]
pub struct Cache {
    memory: Option<MemoryTier>,
    shared: SharedTier,
    memory_counters: Counters,
    shared_counters: Counters,
}

impl Cache {
    /// Opens the tiers. No server is connected and no folder is read yet.
    ///
    /// # Errors
    /// [`CacheError`] when the options cannot be used or the disk cache's folder cannot be made. A
    /// memcached that is away is no error.
    pub fn open(options: &CacheOptions) -> Result<Self, CacheError> {
        let shared = match &options.shared {
            SharedOptions::None => SharedTier::None,
            SharedOptions::Memcached(options) => {
                SharedTier::Memcached(Arc::new(Memcached::open(options)?))
            }
            SharedOptions::Disk(options) => {
                SharedTier::Disk(DiskTier::open(options).map_err(CacheError::Disk)?)
            }
        };
        Ok(Self {
            memory: MemoryTier::new(options.memory_bytes),
            shared,
            memory_counters: Counters::default(),
            shared_counters: Counters::default(),
        })
    }

    /// Looks into the tier inside the process. Takes no lock for long, and no system call.
    #[must_use]
    pub fn get_memory(&self, key: &Key) -> Option<Entry> {
        let found = self.memory.as_ref()?.get(key);
        self.memory_counters.looked_up(found.is_some());
        found
    }

    /// Looks into all tiers. What is found in the shared one is kept in memory as well.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Entry> {
        self.get_memory(key).or_else(|| self.get_shared(key))
    }

    /// Looks into the shared tier, and keeps what is found in memory.
    #[must_use]
    pub fn get_shared(&self, key: &Key) -> Option<Entry> {
        let found = match &self.shared {
            SharedTier::None => return None,
            SharedTier::Memcached(memcached) => memcached.get(key).map_err(drop),
            SharedTier::Disk(disk) => disk.get(key).map_err(drop),
        };
        let found = self.shared_counters.faultless(found).flatten();
        self.shared_counters.looked_up(found.is_some());
        if let (Some(entry), Some(memory)) = (&found, &self.memory) {
            memory.put(key, entry);
        }
        found
    }

    /// Stores an entry in all tiers, each as far as it can.
    pub fn put(&self, key: &Key, entry: &Entry) {
        if let Some(memory) = &self.memory {
            self.memory_counters.stored(memory.put(key, entry));
        }
        let stored = match &self.shared {
            SharedTier::None => return,
            SharedTier::Memcached(memcached) => memcached.put(key, entry).map_err(drop),
            SharedTier::Disk(disk) => disk.put(key, entry).map_err(drop),
        };
        self.shared_counters.stored(self.shared_counters.faultless(stored) == Some(true));
    }

    /// Forgets an entry in this process and in the shared tier; other processes may still hold it
    /// in their memory.
    pub fn remove(&self, key: &Key) {
        if let Some(memory) = &self.memory {
            memory.remove(key);
        }
        match &self.shared {
            SharedTier::None => {}
            SharedTier::Memcached(memcached) => {
                self.shared_counters.faultless(memcached.remove(key).map_err(drop));
            }
            SharedTier::Disk(disk) => disk.remove(key),
        }
    }

    /// Puts the shared tier in order: counts a disk cache anew, makes room in it, clears away what
    /// crashes left. To be called every few minutes by a background job; may take seconds.
    ///
    /// # Errors
    /// When the disk cache's folder cannot be read.
    pub fn housekeeping(&self) -> io::Result<()> {
        match &self.shared {
            SharedTier::Disk(disk) => disk.sweep(),
            SharedTier::None | SharedTier::Memcached(_) => Ok(()),
        }
    }

    /// Removes all that lies in a disk cache: how many entries, of how many bytes. What is in memcached,
    /// which others may use too, goes when there is need of space.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn clear_disk(&self) -> io::Result<(u64, u64)> {
        match &self.shared {
            SharedTier::Disk(disk) => disk.clear(),
            SharedTier::None | SharedTier::Memcached(_) => Ok((0, 0)),
        }
    }

    /// The shared memcached, when there is one: for the leases of [`Flights`].
    #[must_use]
    pub fn memcached(&self) -> Option<Arc<Memcached>> {
        match &self.shared {
            SharedTier::Memcached(memcached) => Some(Arc::clone(memcached)),
            SharedTier::None | SharedTier::Disk(_) => None,
        }
    }

    /// How full the shared tier is: bytes in use, and the most there may be. For memcached its servers
    /// are asked; none when one of them does not answer, or there is no such tier.
    #[must_use]
    pub fn shared_fill(&self) -> Option<(u64, u64)> {
        match &self.shared {
            SharedTier::None => None,
            SharedTier::Disk(disk) => Some((disk.used_bytes(), disk.cap_bytes())),
            SharedTier::Memcached(memcached) => {
                let servers = memcached.usage();
                let known: Option<Vec<_>> = servers.into_iter().map(|(_, usage)| usage).collect();
                let add = |(used, limit), usage: memcached::Usage| {
                    (used + usage.bytes, limit + usage.limit_bytes)
                };
                known.map(|all| all.into_iter().fold((0, 0), add))
            }
        }
    }

    /// The most bytes that the tier inside this process may hold; 0 when there is none.
    #[must_use]
    pub fn memory_limit_bytes(&self) -> u64 {
        self.memory.as_ref().map_or(0, MemoryTier::cap_bytes)
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        let disk_bytes = match &self.shared {
            SharedTier::Disk(disk) => disk.used_bytes(),
            SharedTier::None | SharedTier::Memcached(_) => 0,
        };
        CacheCounts {
            memory: self
                .memory_counters
                .read(self.memory.as_ref().map_or(0, MemoryTier::used_bytes)),
            shared: self.shared_counters.read(disk_bytes),
        }
    }
}

impl Counters {
    fn looked_up(&self, found: bool) {
        let counter = if found { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn stored(&self, stored: bool) {
        self.puts.fetch_add(stored.into(), Ordering::Relaxed);
    }

    fn faultless<T>(&self, result: Result<T, ()>) -> Option<T> {
        if result.is_err() {
            self.errors.fetch_add(1, Ordering::Relaxed);
        }
        result.ok()
    }

    fn read(&self, used_bytes: u64) -> TierCounts {
        TierCounts {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            puts: self.puts.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            used_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use nix::sys::signal::Signal;

    use super::testing::{RealMemcached, options};
    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text.into())
    }

    fn entry() -> Entry {
        Entry::new("image/gif", Bytes::from(vec![3; 5_000]))
    }

    fn open(shared: SharedOptions) -> Cache {
        Cache::open(&CacheOptions { memory_bytes: 1 << 20, shared }).unwrap()
    }

    fn disk(folder: &tempfile::TempDir) -> SharedOptions {
        SharedOptions::Disk(DiskOptions { folder: folder.path().into(), cap_bytes: 1 << 20 })
    }

    /// What one process stores another finds, in the shared tier first and then in its own memory.
    fn check_sharing(shared: &SharedOptions) {
        let (one, two) = (open(shared.clone()), open(shared.clone()));
        assert_eq!(one.get(&key("a")), None);
        one.put(&key("a"), &entry());
        assert_eq!(two.get_memory(&key("a")), None);
        assert_eq!(two.get(&key("a")), Some(entry()));
        assert_eq!(two.get_memory(&key("a")), Some(entry()));
        let (first, second) = (one.counts(), two.counts());
        assert_eq!((first.memory.hits, first.memory.misses, first.memory.puts), (0, 1, 1));
        assert_eq!((first.shared.hits, first.shared.misses, first.shared.puts), (0, 1, 1));
        assert_eq!((second.memory.hits, second.memory.misses, second.memory.puts), (1, 2, 0));
        assert_eq!((second.shared.hits, second.shared.misses, second.shared.puts), (1, 0, 0));
        assert_eq!((first.shared.errors, second.shared.errors), (0, 0));
        assert!(second.memory.used_bytes >= 5_000);
        one.remove(&key("a"));
        assert_eq!(one.get(&key("a")), None);
        assert_eq!(two.get_shared(&key("a")), None);
        one.housekeeping().unwrap();
    }

    #[test]
    fn processes_share_a_disk_cache() {
        check_sharing(&disk(&tempfile::tempdir().unwrap()));
    }

    #[test]
    fn processes_share_memcached() {
        let server = RealMemcached::start();
        check_sharing(&SharedOptions::Memcached(options(&[&server.address])));
    }

    #[test]
    fn memory_alone_is_a_cache() {
        let cache = open(SharedOptions::None);
        cache.put(&key("a"), &entry());
        assert_eq!(cache.get(&key("a")), Some(entry()));
        assert_eq!(cache.counts().shared, TierCounts::default());
    }

    #[test]
    fn no_tier_at_all_is_a_cache_that_forgets() {
        let none = CacheOptions { memory_bytes: 0, shared: SharedOptions::None };
        let cache = Cache::open(&none).unwrap();
        cache.put(&key("a"), &entry());
        assert_eq!(cache.get(&key("a")), None);
        assert_eq!(cache.counts(), CacheCounts::default());
    }

    #[test]
    fn a_memcached_that_is_away_or_hung_costs_one_request_its_bound_once() {
        assert_eq!(MemcachedOptions::default().timeout_ms, 50);
        for signal in [Signal::SIGKILL, Signal::SIGSTOP] {
            let server = RealMemcached::start();
            let options = MemcachedOptions { timeout_ms: 200, ..options(&[&server.address]) };
            let cache = open(SharedOptions::Memcached(options));
            server.process.signal(signal);
            let request = key("a");
            let start = Instant::now();
            assert_eq!(cache.get(&request), None);
            assert_eq!(cache.get(&request), None);
            cache.put(&request, &entry());
            assert_eq!(cache.get(&request), Some(entry()), "memory still serves");
            // Three times the bound would be 600 ms.
            assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
            assert_eq!(cache.counts().shared.errors, 3);
            assert_eq!(cache.counts().shared.puts, 0);
        }
    }

    #[test]
    fn a_disk_that_fails_costs_no_request_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let cache = open(disk(&folder));
        std::fs::remove_dir_all(folder.path().join("tmp")).unwrap();
        std::fs::write(folder.path().join("tmp"), "in the way").unwrap();
        cache.put(&key("a"), &entry());
        let counts = cache.counts();
        assert_eq!((counts.memory.puts, counts.shared.puts, counts.shared.errors), (1, 0, 1));
        assert_eq!(counts.shared.used_bytes, 0);
        assert_eq!(cache.get_shared(&key("a")), None);
    }

    #[test]
    fn unusable_options_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tmp"), "in the way").unwrap();
        let refused =
            |shared| Cache::open(&CacheOptions { memory_bytes: 0, shared }).map(drop).unwrap_err();
        assert!(matches!(refused(disk(&folder)), CacheError::Disk(_)));
        let none = SharedOptions::Memcached(MemcachedOptions::default());
        assert!(matches!(refused(none), CacheError::Memcached(MemcachedError::NoServer)));
    }
}
