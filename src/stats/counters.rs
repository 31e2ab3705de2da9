//! The counters of a worker.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::db::host_stats::{HostBucket, HostNumbers};
use crate::db::stats::{Batch, Bucket, Numbers, add};
use crate::db::{self, Sql};

/// Request threads spread over this many maps.
const SHARDS: usize = 8;

/// Buckets that are added in one transaction.
const BATCH: usize = 1000;

/// What kind of answer a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture.
    View {
        /// It came from a cache.
        cached: bool,
    },
    /// An original.
    Download,
    /// Anything else: a page, an error.
    Other,
}

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// The image it was for, unless none or one whose statistics are off.
    pub image_id: Option<i64>,
    /// The kind of answer.
    pub kind: Kind,
    /// Bytes of the answer's body.
    pub bytes: u64,
    /// Time it took, in microseconds.
    pub micros: u64,
}

/// How counters are kept.
#[derive(Debug, Clone)]
pub struct CountersOptions {
    /// Length of the time buckets.
    pub bucket: Duration,
    /// Time between two flushes.
    pub flush_every: Duration,
    /// Buckets of images held while the database is away. Beyond it images that are not among them
    /// go uncounted; the system's numbers are always kept.
    pub max_held: usize,
}

impl Default for CountersOptions {
    fn default() -> Self {
        Self {
            bucket: Duration::from_secs(3600),
            flush_every: Duration::from_secs(5),
            max_held: 100_000,
        }
    }
}

/// Image (none for the system) and start of the bucket.
type Buckets = HashMap<(Option<i64>, i64), Numbers>;

/// The counters of a worker.
#[derive(Debug)]
pub struct Counters {
    pub(super) options: CountersOptions,
    bucket_ms: i64,
    shards: [Mutex<Buckets>; SHARDS],
    outgoing: Mutex<Outgoing>,
    dropped: AtomicU64,
}

/// What is on its way to the database.
#[derive(Debug, Default)]
struct Outgoing {
    gathered: Buckets,
    /// A batch whose end is not known: it is sent again just as it is, under the same id, so that
    /// the database can tell whether it was added.
    sent: Option<(String, Batch)>,
    /// What the host took: host, worker and start of the bucket.
    hosts: HashMap<(String, i64, i64), HostNumbers>,
}

impl Counters {
    /// Counts from zero.
    #[must_use]
    pub fn new(options: CountersOptions) -> Self {
        let bucket_ms = i64::try_from(options.bucket.as_millis()).unwrap_or(i64::MAX).max(1);
        Self {
            options,
            bucket_ms,
            shards: Default::default(),
            outgoing: Mutex::default(),
            dropped: AtomicU64::new(0),
        }
    }

    /// Counts a request. Takes well under a microsecond and never waits for the database.
    pub fn count(&self, served: &Served) {
        self.count_at(served, db::now_ms());
    }

    /// Counts a request for its image alone, if it has one: for the system it was counted as another.
    pub fn count_for_image(&self, served: &Served) {
        if served.image_id.is_some() {
            self.add_at(served, db::now_ms(), false);
        }
    }

    fn count_at(&self, served: &Served, now_ms: i64) {
        self.add_at(served, now_ms, true);
    }

    fn add_at(&self, served: &Served, now_ms: i64, for_system: bool) {
        let from_ms = now_ms - now_ms.rem_euclid(self.bucket_ms);
        let numbers = served.numbers();
        let mut shard = lock(&self.shards[shard_of_this_thread()]);
        if for_system {
            shard.entry((None, from_ms)).or_default().add(&numbers);
        }
        if served.image_id.is_some() {
            let bound = self.options.max_held / SHARDS;
            self.add_bounded(&mut shard, (served.image_id, from_ms), &numbers, bound);
        }
    }

    fn add_bounded(
        &self,
        buckets: &mut Buckets,
        key: (Option<i64>, i64),
        numbers: &Numbers,
        bound: usize,
    ) {
        if key.0.is_some() && buckets.len() > bound && !buckets.contains_key(&key) {
            self.dropped.fetch_add(numbers.requests.unsigned_abs(), Ordering::Relaxed);
        } else {
            buckets.entry(key).or_default().add(numbers);
        }
    }

    /// Adds what was used on a host since the last time, see [`super::Sampler`].
    pub fn add_host(&self, host: &str, worker: i64, numbers: &HostNumbers) {
        let now_ms = db::now_ms();
        let from_ms = now_ms - now_ms.rem_euclid(self.bucket_ms);
        let key = (host.to_owned(), worker, from_ms);
        lock(&self.outgoing).hosts.entry(key).or_default().add(numbers);
    }

    /// Requests whose image went uncounted because too many were held.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Adds what was counted to the database.
    ///
    /// # Errors
    /// See [`db::Error`]. What could not be added is kept, unless the database refused the numbers
    /// themselves.
    pub fn flush(&self, sql: &dyn Sql) -> db::Result<()> {
        let mut outgoing = lock(&self.outgoing);
        for shard in &self.shards {
            // Out of the shard first, so that counting goes on while they are added up.
            let counted = std::mem::take(&mut *lock(shard));
            for (key, numbers) in counted {
                self.add_bounded(&mut outgoing.gathered, key, &numbers, self.options.max_held);
            }
        }
        loop {
            if outgoing.sent.is_none() {
                let outgoing = &mut *outgoing;
                outgoing.sent = self.next_batch(&mut outgoing.gathered, &mut outgoing.hosts)?;
            }
            let Some((id, batch)) = &outgoing.sent else { return Ok(()) };
            let added = add(sql, id, batch);
            if !matches!(added, Err(db::Error::Unavailable(_) | db::Error::Conflict)) {
                outgoing.sent = None;
            }
            added?;
        }
    }

    /// The next buckets to send, sorted so that workers wait for one another instead of deadlocking.
    fn next_batch(
        &self,
        gathered: &mut Buckets,
        hosts: &mut HashMap<(String, i64, i64), HostNumbers>,
    ) -> db::Result<Option<(String, Batch)>> {
        if gathered.is_empty() && hosts.is_empty() {
            return Ok(None);
        }
        let id = batch_id()?;
        let mut keys: Vec<_> = gathered.keys().copied().collect();
        // Images first: the system's row is everybody's, and locked for the shortest time.
        keys.sort_unstable_by_key(|(image, from_ms)| (image.is_none(), *image, *from_ms));
        keys.truncate(BATCH);
        let buckets = keys.into_iter().filter_map(|key| {
            let numbers = gathered.remove(&key)?;
            let (image_id, from_ms) = key;
            Some(Bucket { image_id, from_ms, to_ms: from_ms + self.bucket_ms, numbers })
        });
        let host = |((host, worker, from_ms), numbers)| HostBucket {
            host,
            worker,
            from_ms,
            to_ms: from_ms + self.bucket_ms,
            numbers,
        };
        let mut hosts: Vec<_> = hosts.drain().map(host).collect();
        hosts.sort_unstable_by(|a, b| (&a.host, a.worker).cmp(&(&b.host, b.worker)));
        Ok(Some((id, Batch { buckets: buckets.collect(), hosts, place: None })))
    }
}

/// A name for a batch that no other has.
pub(super) fn batch_id() -> db::Result<String> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random)
        .map_err(|error| db::Error::Statement(format!("no random numbers: {error}")))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Served {
    fn numbers(&self) -> Numbers {
        let micros = i64::try_from(self.micros).unwrap_or(i64::MAX);
        let is = |kind: bool| i64::from(kind);
        Numbers {
            requests: 1,
            views: is(matches!(self.kind, Kind::View { .. })),
            cached_views: is(self.kind == Kind::View { cached: true }),
            downloads: is(self.kind == Kind::Download),
            total_bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
            request_us: micros,
            max_request_us: micros,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shard_of_this_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    SHARD.with(|shard| *shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(max_held: usize) -> Counters {
        let bucket = Duration::from_secs(60);
        Counters::new(CountersOptions { bucket, max_held, ..CountersOptions::default() })
    }

    fn view(image: i64) -> Served {
        let kind = Kind::View { cached: false };
        Served { image_id: Some(image), kind, bytes: 10, micros: 100 }
    }

    fn held(counters: &Counters) -> Buckets {
        let mut all = Buckets::new();
        for shard in &counters.shards {
            for (key, numbers) in &*lock(shard) {
                all.entry(*key).or_default().add(numbers);
            }
        }
        all
    }

    #[test]
    fn requests_fall_into_the_bucket_of_their_time() {
        let counters = counters(1000);
        for now_ms in [59_999, 60_000, 119_999, 120_000] {
            counters.count_at(&view(7), now_ms);
        }
        let held = held(&counters);
        for (from_ms, requests) in [(0, 1), (60_000, 2), (120_000, 1)] {
            assert_eq!(held[&(Some(7), from_ms)].requests, requests);
            assert_eq!(held[&(None, from_ms)].requests, requests);
        }
        assert_eq!(held.len(), 6);
    }

    #[test]
    fn every_kind_is_counted_as_itself() {
        let counters = counters(1000);
        let served = |kind, bytes, micros| Served { image_id: Some(1), kind, bytes, micros };
        counters.count_at(&served(Kind::View { cached: true }, 10, 5), 0);
        counters.count_at(&served(Kind::View { cached: false }, 20, 50), 0);
        counters.count_at(&served(Kind::Download, 40, 7), 0);
        counters.count_at(&served(Kind::Other, 80, 8), 0);
        let expected = Numbers {
            requests: 4,
            views: 2,
            cached_views: 1,
            downloads: 1,
            total_bytes: 150,
            request_us: 70,
            max_request_us: 50,
        };
        assert_eq!(held(&counters)[&(Some(1), 0)], expected);
        assert_eq!(held(&counters)[&(None, 0)], expected);
    }

    #[test]
    fn what_was_counted_as_another_counts_for_the_image_alone() {
        let counters = counters(1000);
        counters.count_for_image(&view(7));
        counters.count_for_image(&Served { image_id: None, ..view(7) });
        let keys: Vec<Option<i64>> = held(&counters).into_keys().map(|(image, _)| image).collect();
        assert_eq!(keys, [Some(7)]);
    }

    #[test]
    fn beyond_the_bound_only_the_system_counts() {
        let counters = counters(SHARDS * 10);
        for image in 0..1000 {
            counters.count_at(&view(image), 0);
        }
        let held = held(&counters);
        assert_eq!(held[&(None, 0)].requests, 1000);
        let images = held.len() as u64 - 1;
        assert_eq!(images, 10);
        assert_eq!(counters.dropped(), 1000 - images);
    }

    #[test]
    fn batches_hold_every_bucket_once_and_images_first() {
        let counters = counters(100_000);
        let mut gathered: Buckets =
            (0..2500).map(|image| ((Some(image), 0), Numbers::default())).collect();
        gathered.insert((None, 0), Numbers::default());
        let mut seen = Vec::new();
        let mut ids = std::collections::HashSet::new();
        let mut hosts = HashMap::new();
        while let Some((id, batch)) = counters.next_batch(&mut gathered, &mut hosts).unwrap() {
            assert!(batch.buckets.len() <= BATCH);
            assert!(ids.insert(id));
            seen.extend(batch.buckets.into_iter().map(|bucket| bucket.image_id));
        }
        let expected: Vec<Option<i64>> = (0..2500).map(Some).chain([None]).collect();
        assert_eq!(seen, expected);
    }
}
