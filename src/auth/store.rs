//! What a worker knows of rights and templates, kept up to date by a thread of its own.
//!
//! The thread looks at two counters in the database at least once a second and reads again what has
//! changed. While the database is away, the last known state holds for a set time.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use super::identity::SessionId;
use super::rights::Rights;
use super::session::Session;
use crate::db::{self, Db};

/// Rights that were taken away must be gone within this time.
const LONGEST_POLL: Duration = Duration::from_secs(1);

/// After this time every worker that reaches the database knows of a change of rights: it looks for one at
/// least every second, and reads them in less than another.
pub const KNOWN_AFTER: Duration = Duration::from_secs(2);

/// How often the use of one named key is noted.
const KEY_USE_APART: Duration = Duration::from_secs(60);

/// Looks at the database that unknown keys may cause: so many at once, one more each `LOOK_EVERY`,
/// and so many under way together. Beyond that the next poll tells.
const MOST_LOOKS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(100);
const MOST_LOOKERS: u32 = 4;

/// How current the knowledge has to be.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Time between two looks at the database; more than a second counts as one.
    pub poll: Duration,
    /// How old the last successful look may be for [`RightsStore::fresh`].
    pub fresh_for: Duration,
    /// How long the last known state holds while the database is away.
    pub max_age: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(500),
            fresh_for: Duration::from_secs(1),
            max_age: Duration::from_secs(300),
        }
    }
}

/// Nothing is known that is recent enough: the database is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("rights and templates are not known: the database is away")]
pub struct Unavailable;

/// Every template at one moment, as JSON: what it means is known to whoever reads it.
#[derive(Debug, Default)]
pub struct Templates {
    version: i64,
    default_name: String,
    by_key: HashMap<String, Arc<db::templates::Template>>,
    by_id: HashMap<i64, Arc<db::templates::Template>>,
}

impl Templates {
    /// Reads them. For one state of all tables, `sql` has to be a snapshot.
    ///
    /// # Errors
    /// See [`db::Error`].
    pub fn load(sql: &dyn db::Sql) -> db::Result<Self> {
        let default_name = db::properties::get(sql, db::properties::DEFAULT_TEMPLATE)?;
        let all: Vec<_> = db::templates::all(sql)?.into_iter().map(Arc::new).collect();
        Ok(Self {
            version: db::properties::versions(sql)?.templates,
            default_name: default_name.unwrap_or_default(),
            by_key: all.iter().map(|t| (db::users::name_key(&t.name), Arc::clone(t))).collect(),
            by_id: all.into_iter().map(|t| (t.id, t)).collect(),
        })
    }

    /// The number of the state: it changes with every change of a template.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The template with this name, ignoring case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<db::templates::Template>> {
        self.by_key.get(&db::users::name_key(name))
    }

    /// The template with this id.
    #[must_use]
    pub fn by_id(&self, id: i64) -> Option<&Arc<db::templates::Template>> {
        self.by_id.get(&id)
    }

    /// The template that holds when none is named.
    #[must_use]
    pub fn default_template(&self) -> Option<&Arc<db::templates::Template>> {
        self.get(&self.default_name)
    }

    /// Every template, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<db::templates::Template>> {
        self.by_key.values()
    }
}

/// The sessions that were ended before their time, by name.
#[derive(Debug, Default)]
struct EndedSessions {
    version: i64,
    names: HashSet<String>,
}

impl EndedSessions {
    fn load(sql: &dyn db::Sql) -> db::Result<Self> {
        let names = db::sessions::ended(sql)?.into_iter().collect();
        Ok(Self { version: db::properties::versions(sql)?.sessions, names })
    }
}

/// How often unknown things were looked for of late.
#[derive(Debug, Default)]
struct Looks {
    spent: u32,
    /// When one of those spent was given back.
    given_back: Option<Instant>,
    under_way: u32,
}

impl Looks {
    /// Takes one, if there is one.
    fn begin(&mut self, now: Instant) -> bool {
        let since = self.given_back.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let back = u32::try_from(since.as_millis() / LOOK_EVERY.as_millis()).unwrap_or(u32::MAX);
        if self.spent <= back {
            (self.spent, self.given_back) = (0, Some(now));
        } else {
            self.spent -= back;
            self.given_back = self.given_back.map(|at| at + LOOK_EVERY * back);
        }
        let allowed = self.spent < MOST_LOOKS && self.under_way < MOST_LOOKERS;
        if allowed {
            self.spent += 1;
            self.under_way += 1;
        }
        allowed
    }
}

/// What a worker knows of rights and templates.
#[derive(Debug)]
pub struct RightsStore {
    db: Db,
    options: StoreOptions,
    rights: RwLock<Arc<Rights>>,
    templates: RwLock<Arc<Templates>>,
    ended: RwLock<Arc<EndedSessions>>,
    /// How often made pictures were purged.
    purges: AtomicI64,
    /// Named keys that were used since that was last noted.
    used_keys: Mutex<HashSet<i64>>,
    refreshing: Mutex<()>,
    looks: Mutex<Looks>,
    born: Instant,
    /// When the last successful look began, in microseconds since `born`, plus 1; 0 before.
    looked_us: AtomicU64,
}

impl RightsStore {
    /// Knows nothing yet, and asks nothing.
    #[must_use]
    pub fn new(db: Db, options: StoreOptions) -> Arc<Self> {
        Arc::new(Self {
            db,
            options,
            rights: RwLock::default(),
            templates: RwLock::default(),
            ended: RwLock::default(),
            purges: AtomicI64::new(0),
            used_keys: Mutex::default(),
            refreshing: Mutex::new(()),
            looks: Mutex::default(),
            born: Instant::now(),
            looked_us: AtomicU64::new(0),
        })
    }

    /// Starts the thread that keeps it up to date until the store is dropped. To be called once, in
    /// the process that uses it.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let store = Arc::downgrade(self);
        std::thread::Builder::new().name("rights".into()).spawn(move || watch(&store))?;
        Ok(())
    }

    /// Looks at the database now: at the start, and after an own change.
    ///
    /// # Errors
    /// See [`db::Error`]; what was known before stays.
    pub fn refresh(&self) -> db::Result<()> {
        // One at a time: a slow look must not bring back what a later one has replaced.
        let _turn = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let began = self.since_born() + 1;
        let versions = db::properties::versions(&self.db)?;
        let first = self.looked_us.load(Ordering::Acquire) == 0;
        if first || versions.rights != read(&self.rights).version() {
            replace(&self.rights, self.db.snapshot(Rights::load)?);
        }
        if first || versions.templates != read(&self.templates).version() {
            replace(&self.templates, self.db.snapshot(Templates::load)?);
        }
        if first || versions.sessions != read(&self.ended).version {
            replace(&self.ended, self.db.snapshot(EndedSessions::load)?);
        }
        self.purges.store(versions.purges, Ordering::Release);
        self.looked_us.store(began, Ordering::Release);
        Ok(())
    }

    /// Looks at the database now for something that a stranger says is there and that is not known
    /// here: it may have been made a moment ago. Tells whether it looked; strangers cannot have it look
    /// as often as they like.
    ///
    /// # Errors
    /// See [`db::Error`]; what was known before stays.
    pub fn look_for_unknown(&self) -> db::Result<bool> {
        if !self.looks().begin(Instant::now()) {
            return Ok(false);
        }
        let looked = self.refresh();
        self.looks().under_way -= 1;
        looked.map(|()| true)
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody's rights.
    ///
    /// # Errors
    /// [`Unavailable`] when the last successful look is longer ago than `max_age`, or never was.
    pub fn rights(&self) -> Result<Arc<Rights>, Unavailable> {
        self.check(self.options.max_age).then(|| read(&self.rights)).ok_or(Unavailable)
    }

    /// Every template.
    ///
    /// # Errors
    /// [`Unavailable`] when the last successful look is longer ago than `max_age`, or never was.
    pub fn templates(&self) -> Result<Arc<Templates>, Unavailable> {
        self.check(self.options.max_age).then(|| read(&self.templates)).ok_or(Unavailable)
    }

    /// Whether a session was ended before its time.
    ///
    /// # Errors
    /// [`Unavailable`] when the last successful look is longer ago than `max_age`, or never was.
    pub fn is_ended(&self, session: &SessionId) -> Result<bool, Unavailable> {
        let known = self.check(self.options.max_age).then(|| read(&self.ended));
        Ok(known.ok_or(Unavailable)?.names.contains(&Session::name(session)))
    }

    /// Has the use of a named key noted, soon and by the store's own thread.
    pub fn key_used(&self, id: i64) {
        self.used_keys.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// Notes the use of keys, except those that were noted here less than a minute ago.
    fn note_keys(&self, noted: &mut HashMap<i64, Instant>) {
        let mut used = self.used_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let used = std::mem::take(&mut *used);
        noted.retain(|_, at| at.elapsed() < KEY_USE_APART);
        for id in used {
            if noted.contains_key(&id) {
                continue;
            }
            match db::api_keys::used(&self.db, id, KEY_USE_APART.as_millis() as i64) {
                Ok(()) => drop(noted.insert(id, Instant::now())),
                // It is noted at the key's next use.
                Err(error) => log::debug!("the use of a key could not be noted: {error}"),
            }
        }
    }

    /// A number that changes whenever made pictures are purged: what is remembered of images then has to
    /// be looked up again.
    #[must_use]
    pub fn purges(&self) -> i64 {
        self.purges.load(Ordering::Acquire)
    }

    /// Whether the last successful look is at most `fresh_for` ago.
    #[must_use]
    pub fn fresh(&self) -> bool {
        self.check(self.options.fresh_for)
    }

    fn check(&self, max_age: Duration) -> bool {
        let looked = self.looked_us.load(Ordering::Acquire);
        let max_age = u64::try_from(max_age.as_micros()).unwrap_or(u64::MAX);
        looked != 0 && self.since_born().saturating_sub(looked - 1) <= max_age
    }

    fn since_born(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX - 1)
    }
}

fn read<T>(lock: &RwLock<Arc<T>>) -> Arc<T> {
    Arc::clone(&lock.read().unwrap_or_else(PoisonError::into_inner))
}

fn replace<T>(lock: &RwLock<Arc<T>>, new: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
}

fn watch(store: &Weak<RightsStore>) {
    let mut failing = false;
    let mut noted = HashMap::new();
    while let Some(strong) = store.upgrade() {
        match strong.refresh() {
            Ok(()) => {
                failing = false;
                strong.note_keys(&mut noted);
            }
            // The pool reports that the database is away; anything else is worth a line, once.
            Err(error) => {
                if !failing && !error.is_unavailable() {
                    log::error!("rights and templates could not be read: {error}");
                }
                failing = true;
            }
        }
        let poll = strong.options.poll.min(LONGEST_POLL);
        drop(strong);
        std::thread::sleep(poll);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_have_it_look_so_often_and_no_oftener() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let mut finished = |at: u32| {
            let begun = looks.begin(start + LOOK_EVERY * at);
            looks.under_way -= u32::from(begun);
            begun
        };
        assert!((0..MOST_LOOKS).all(|_| finished(0)));
        assert!(!finished(0));
        // Each interval gives one back, however the attempts lie.
        assert_eq!((0..50).filter(|_| finished(1)).count(), 1);
        assert_eq!((0..50).filter(|_| finished(4)).count(), 3);
        let after = 4 + 10 * MOST_LOOKS;
        assert_eq!((0..50).filter(|_| finished(after)).count(), MOST_LOOKS as usize);
    }

    #[test]
    fn so_many_look_at_once_and_no_more() {
        let (mut looks, now) = (Looks::default(), Instant::now());
        assert!((0..MOST_LOOKERS).all(|_| looks.begin(now)));
        assert!(!looks.begin(now));
        looks.under_way -= 1;
        assert!(looks.begin(now));
    }
}
