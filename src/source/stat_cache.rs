//! Short memory of what files are like, and the bound on how long anybody waits to learn it.
//!
//! One file is asked for once at a time, whoever wants to know. An answer serves for a short while;
//! the last one is kept beyond that, for when the file system stops answering: a picture that is
//! cached can then still be served under the revision it had.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;

use super::pool::{Go, Handover, Pool};
use super::{SourceError, SourcePath, Stat};

/// How many files are remembered at most: two generations of this many.
const GENERATION: usize = 8192;

/// A missing file that has just been copied in should be seen soon: its absence is remembered for
/// this fraction of the time.
const MISSING_FRACTION: u32 = 4;

type Answer = Result<Stat, SourceError>;

/// Asks the file system. May block for any time.
pub trait StatSource: Send + Sync + 'static {
    /// What the file is like now.
    fn stat(&self, path: &SourcePath) -> Answer;
}

/// The memory, and the threads that ask.
pub struct StatCache {
    source: Arc<dyn StatSource>,
    pool: Pool,
    regions: RandomState,
    remembered: RwLock<Generations>,
    fresh_for: Duration,
    timeout: Duration,
}

/// Two maps instead of a list by age: when the young one is full it becomes the old one, and what
/// was in the old one and not used since is forgotten.
#[derive(Default)]
struct Generations {
    young: HashMap<SourcePath, Arc<Entry>>,
    old: HashMap<SourcePath, Arc<Entry>>,
}

#[derive(Default)]
struct Entry {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    /// The latest answer and when it was asked for: what it says may be that old.
    latest: Option<(Answer, Instant)>,
    /// The last that was known of the file while it could be reached.
    known: Option<Stat>,
    /// Since when an answer is awaited.
    asking: Option<Instant>,
}

impl StatCache {
    pub fn new(
        source: Arc<dyn StatSource>,
        fresh_for: Duration,
        timeout: Duration,
        threads: usize,
    ) -> Self {
        let pool = Pool::new(threads, timeout);
        let (regions, remembered) = (RandomState::new(), RwLock::default());
        Self { source, pool, regions, remembered, fresh_for, timeout }
    }

    /// What the file is like, at most `fresh_for` ago. Past the timeout, or when the file system
    /// fails, the last that is known of it.
    pub fn stat(&self, path: &SourcePath) -> Answer {
        let entry = self.entry(path);
        let mut state = entry.lock();
        if let Some(answer) = state.fresh(self.fresh_for) {
            return answer;
        }
        let since = match state.asking {
            Some(since) => since,
            None => {
                let now = Instant::now();
                match self.ask(&entry, path, now) {
                    Handover::Taken => state.asking = Some(now),
                    Handover::Refused => return state.fallback(SourceError::TimedOut),
                    Handover::Failed(error) => {
                        return state.fallback(SourceError::unreachable(error));
                    }
                }
                now
            }
        };
        // Whoever joins later has the same deadline, so that a hung call delays nobody twice.
        let patience = (since + self.timeout).saturating_duration_since(Instant::now());
        let (state, _) = entry
            .answered
            .wait_timeout_while(state, patience, |state| state.asking == Some(since))
            .unwrap_or_else(PoisonError::into_inner);
        if state.asking == Some(since) {
            return state.fallback(SourceError::TimedOut);
        }
        state.answer().unwrap_or(Err(SourceError::TimedOut))
    }

    /// Makes a call about a file, and waits for it as long as for a look-up. A call that comes back later has
    /// its result dropped.
    pub fn within<T: Send + 'static>(
        &self,
        path: &SourcePath,
        call: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let (tell, told) = bounded(1);
        let handover = self.pool.hand_over(self.region(path), move |go| {
            let result = match go {
                Go::Ahead => call(),
                Go::Back => Err(SourceError::TimedOut),
            };
            // Nobody may wait for it any more.
            let _ = tell.send(result);
        });
        match handover {
            Handover::Taken => {
                told.recv_timeout(self.timeout).unwrap_or(Err(SourceError::TimedOut))
            }
            Handover::Refused => Err(SourceError::TimedOut),
            Handover::Failed(error) => Err(SourceError::unreachable(error)),
        }
    }

    /// Fails when the latest look-up of a file was not answered, or is not within the time. Never waits.
    pub fn require_answer(&self, path: &SourcePath) -> Result<(), SourceError> {
        let entry = self.entry(path);
        let state = entry.lock();
        if state.asking.is_some_and(|since| since.elapsed() >= self.timeout) {
            return Err(SourceError::TimedOut);
        }
        match &state.latest {
            Some((Err(error), _)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// What the file is like when that is known and fresh. Never waits, not even for a lock.
    pub fn cached(&self, path: &SourcePath) -> Option<Stat> {
        let entry = Arc::clone(self.remembered.try_read().ok()?.find(path)?);
        let state = entry.state.try_lock().ok()?;
        state.fresh(self.fresh_for)?.ok()
    }

    /// Forgets a file, because it has just been changed.
    pub fn forget(&self, path: &SourcePath) {
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        remembered.young.remove(path);
        remembered.old.remove(path);
    }

    fn entry(&self, path: &SourcePath) -> Arc<Entry> {
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = remembered.young.get(path) {
            return Arc::clone(entry);
        }
        drop(remembered);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        let (entry, forgotten) = remembered.keep(path);
        drop(remembered);
        // Thousands of entries are freed without the lock.
        drop(forgotten);
        entry
    }

    fn ask(&self, entry: &Arc<Entry>, path: &SourcePath, now: Instant) -> Handover {
        let (entry, source, path) = (Arc::clone(entry), Arc::clone(&self.source), path.clone());
        self.pool.hand_over(self.region(&path), move |go| {
            let answer = match go {
                Go::Ahead => source.stat(&path),
                Go::Back => Err(SourceError::TimedOut),
            };
            entry.lock().settle(answer, now);
            entry.answered.notify_all();
        })
    }

    /// Other file systems are usually mounted at folders right below the root.
    fn region(&self, path: &SourcePath) -> u64 {
        self.regions.hash_one(path.as_str().split_once('/').map(|(folder, _)| folder))
    }
}

impl Generations {
    fn find(&self, path: &SourcePath) -> Option<&Arc<Entry>> {
        self.young.get(path).or_else(|| self.old.get(path))
    }

    /// The entry of `path`, made young or new, and what was forgotten for it.
    fn keep(&mut self, path: &SourcePath) -> (Arc<Entry>, HashMap<SourcePath, Arc<Entry>>) {
        if let Some(entry) = self.young.get(path) {
            return (Arc::clone(entry), HashMap::new());
        }
        let entry = self.old.remove(path).unwrap_or_default();
        let mut forgotten = HashMap::new();
        if self.young.len() >= GENERATION {
            forgotten = mem::replace(&mut self.old, mem::take(&mut self.young));
        }
        self.young.insert(path.clone(), Arc::clone(&entry));
        (entry, forgotten)
    }
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn settle(&mut self, answer: Answer, asked: Instant) {
        match &answer {
            Ok(stat) => self.known = Some(*stat),
            Err(SourceError::NotFound | SourceError::NotAFile) => self.known = None,
            Err(SourceError::Unreachable(_) | SourceError::TimedOut) => {}
        }
        self.latest = Some((answer, asked));
        self.asking = None;
    }

    fn fresh(&self, fresh_for: Duration) -> Option<Answer> {
        let (answer, asked) = self.latest.as_ref()?;
        let fresh_for = if answer.is_ok() { fresh_for } else { fresh_for / MISSING_FRACTION };
        if asked.elapsed() >= fresh_for { None } else { self.answer() }
    }

    /// The latest answer; when it is that the file system failed, the last that is known instead.
    fn answer(&self) -> Option<Answer> {
        let (answer, _) = self.latest.as_ref()?;
        Some(match answer {
            Err(SourceError::Unreachable(error)) if is_refusal(error) => answer.clone(),
            Err(error @ (SourceError::Unreachable(_) | SourceError::TimedOut)) => {
                self.fallback(error.clone())
            }
            answer => answer.clone(),
        })
    }

    fn fallback(&self, error: SourceError) -> Answer {
        self.known.ok_or(error)
    }
}

/// Whether the file system works and says no: that is to be obeyed.
fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SOON: Duration = Duration::from_secs(10);

    /// A file system whose answer is set by the test and which hangs while `gate` is held, but for
    /// the folder `sound`.
    struct Scripted {
        answer: Mutex<Answer>,
        gate: Mutex<()>,
        calls: AtomicUsize,
    }

    impl StatSource for Scripted {
        fn stat(&self, path: &SourcePath) -> Answer {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if path.folder() != "/sound" {
                drop(self.gate.lock());
            }
            self.answer.lock().unwrap().clone()
        }
    }

    impl Scripted {
        fn new(answer: Answer) -> Arc<Self> {
            let calls = AtomicUsize::new(0);
            Arc::new(Self { answer: Mutex::new(answer), gate: Mutex::new(()), calls })
        }

        fn set(&self, answer: Answer) {
            *self.answer.lock().unwrap() = answer;
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }
    }

    fn cache(source: &Arc<Scripted>, fresh_for: Duration, timeout: Duration) -> StatCache {
        StatCache::new(Arc::<Scripted>::clone(source), fresh_for, timeout, 2)
    }

    fn path(text: &str) -> SourcePath {
        SourcePath::parse(text).unwrap()
    }

    fn sized(size: u64) -> Stat {
        Stat { size, mtime_ns: 7 }
    }

    fn until(mut condition: impl FnMut() -> bool) {
        let limit = Instant::now() + SOON;
        while !condition() {
            assert!(Instant::now() < limit, "the condition never came true");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn an_answer_serves_while_it_is_fresh() {
        let source = Scripted::new(Ok(sized(1)));
        let cache = cache(&source, LONG, SOON);
        assert_eq!(cache.cached(&path("a")), None);
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(1));
        source.set(Ok(sized(2)));
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(1));
        assert_eq!(cache.cached(&path("a")), Some(sized(1)));
        assert_eq!(source.calls(), 1);
        cache.forget(&path("a"));
        assert_eq!(cache.cached(&path("a")), None);
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(2));
    }

    #[test]
    fn a_stale_answer_is_asked_for_again() {
        let source = Scripted::new(Ok(sized(1)));
        let cache = cache(&source, Duration::ZERO, SOON);
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(1));
        assert_eq!(cache.cached(&path("a")), None);
        source.set(Ok(sized(2)));
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(2));
        source.set(Err(SourceError::NotFound));
        assert!(matches!(cache.stat(&path("a")), Err(SourceError::NotFound)));
    }

    #[test]
    fn absence_is_remembered_but_never_given_to_the_event_loop() {
        let source = Scripted::new(Err(SourceError::NotFound));
        let cache = cache(&source, LONG, SOON);
        for _ in 0..3 {
            assert!(matches!(cache.stat(&path("a")), Err(SourceError::NotFound)));
        }
        assert_eq!(source.calls(), 1);
        assert_eq!(cache.cached(&path("a")), None);
    }

    #[test]
    fn many_who_ask_at_once_cause_one_call() {
        let source = Scripted::new(Ok(sized(5)));
        let cache = cache(&source, LONG, SOON);
        let gate = source.gate.lock().unwrap();
        thread::scope(|scope| {
            let asking: Vec<_> =
                (0..8).map(|_| scope.spawn(|| cache.stat(&path("a")).unwrap())).collect();
            until(|| source.calls() == 1);
            drop(gate);
            for thread in asking {
                assert_eq!(thread.join().unwrap(), sized(5));
            }
        });
        assert_eq!(source.calls(), 1);
    }

    #[test]
    fn a_hung_file_system_leaves_what_was_known_and_delays_nobody_twice() {
        let source = Scripted::new(Ok(sized(1)));
        let timeout = Duration::from_millis(200);
        let cache = cache(&source, Duration::ZERO, timeout);
        assert_eq!(cache.stat(&path("known")).unwrap(), sized(1));

        let gate = source.gate.lock().unwrap();
        let begun = Instant::now();
        assert_eq!(cache.stat(&path("known")).unwrap(), sized(1));
        assert!(begun.elapsed() >= timeout);
        assert!(matches!(cache.stat(&path("new")), Err(SourceError::TimedOut)));
        // Both threads hang now: nobody waits any more, for these files or for others.
        let region = cache.region(&path("new"));
        until(|| matches!(cache.pool.hand_over(region, |_| {}), Handover::Refused));
        let begun = Instant::now();
        for _ in 0..20 {
            assert_eq!(cache.stat(&path("known")).unwrap(), sized(1));
            assert!(matches!(cache.stat(&path("new")), Err(SourceError::TimedOut)));
            assert!(matches!(cache.stat(&path("other")), Err(SourceError::TimedOut)));
        }
        assert!(begun.elapsed() < timeout, "{:?}", begun.elapsed());
        // Another folder may lie on another file system: it is asked, and seen to change.
        until(|| matches!(cache.stat(&path("sound/a")), Ok(stat) if stat == sized(1)));
        source.set(Ok(sized(3)));
        until(|| matches!(cache.stat(&path("sound/a")), Ok(stat) if stat == sized(3)));

        source.set(Ok(sized(2)));
        drop(gate);
        until(|| matches!(cache.stat(&path("known")), Ok(stat) if stat == sized(2)));
        until(|| matches!(cache.stat(&path("other")), Ok(stat) if stat == sized(2)));
    }

    #[test]
    fn a_failing_file_system_leaves_what_was_known_but_a_refusal_is_obeyed() {
        let source = Scripted::new(Ok(sized(1)));
        let cache = cache(&source, Duration::ZERO, SOON);
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(1));
        let failure = |errno| Err(SourceError::unreachable(io::Error::from_raw_os_error(errno)));
        source.set(failure(libc::ESTALE));
        assert_eq!(cache.stat(&path("a")).unwrap(), sized(1));
        assert!(matches!(cache.stat(&path("b")), Err(SourceError::Unreachable(_))));
        source.set(failure(libc::EACCES));
        assert!(matches!(cache.stat(&path("a")), Err(SourceError::Unreachable(_))));
        // A file that went away is no longer known.
        source.set(Err(SourceError::NotFound));
        assert!(matches!(cache.stat(&path("a")), Err(SourceError::NotFound)));
        source.set(failure(libc::EIO));
        assert!(matches!(cache.stat(&path("a")), Err(SourceError::Unreachable(_))));
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_is_used() {
        let source = Scripted::new(Ok(sized(1)));
        let cache = cache(&source, LONG, SOON);
        for i in 0..3 * GENERATION {
            cache.entry(&path(&format!("{i}.jpg")));
            if i % 1000 == 0 {
                cache.stat(&path("used.jpg")).unwrap();
            }
        }
        let remembered = cache.remembered.read().unwrap();
        assert!(remembered.young.len() + remembered.old.len() <= 2 * GENERATION);
        assert_eq!(source.calls(), 1);
    }

    #[test]
    fn a_call_that_hangs_is_waited_for_no_longer_than_a_look_up() {
        let source = Scripted::new(Ok(sized(1)));
        let cache = cache(&source, LONG, Duration::from_millis(50));
        let (release, held) = mpsc::channel::<()>();
        let late = cache.within(&path("far/a"), move || Ok(held.recv().is_ok()));
        assert!(matches!(late, Err(SourceError::TimedOut)));
        until(|| cache.within(&path("near/a"), || Ok(7)).is_ok_and(|seven| seven == 7));
        drop(release);
    }
}
