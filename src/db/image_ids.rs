//! What a worker remembers of the images it serves, so that a known picture needs no query, and is
//! served on when the database is away.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::Result;
use super::images::{self, FocalPoint};
use super::sql::Sql;

/// Who an image is, as far as a cache key has to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageId {
    /// The id of its row.
    pub id: i64,
    /// The counter that every write through the server raises.
    pub revision_counter: i64,
    /// Its focal point, if it has one.
    pub focal_point: Option<FocalPoint>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    image: ImageId,
    size_bytes: i64,
    mtime_ns: i64,
    checked: Instant,
}

/// A bounded memory of path → [`ImageId`].
///
/// Two generations: when the younger one has grown to half the bound it becomes the older one, and
/// what was the older one is dropped. Whatever is used moves to the younger one.
#[derive(Debug)]
pub struct ImageIds {
    generations: Mutex<Generations>,
    half: usize,
    recheck: Duration,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<str>, Known>,
    old: HashMap<Box<str>, Known>,
    /// Paths whose rows were marked deleted: a flood of requests for a missing file is one statement.
    absent: HashSet<Box<str>>,
    /// The number of purges that is known of, and when it was heard of.
    purges: (i64, Option<Instant>),
}

impl ImageIds {
    /// Remembers up to `capacity` images, and looks into the database again when what it knows of
    /// one is older than `recheck`. That heals rows which another process marked deleted, and
    /// learns counters that another one raised.
    #[must_use]
    pub fn new(capacity: usize, recheck: Duration) -> Self {
        Self { generations: Mutex::default(), half: (capacity / 2).max(1), recheck }
    }

    /// The image of a file with this length and modification time, if it is known and needs no
    /// check. Never blocks on the database.
    #[must_use]
    pub fn known(&self, path: &str, size_bytes: i64, mtime_ns: i64) -> Option<ImageId> {
        let mut generations = self.lock();
        let known = generations.touch(path, self.half)?;
        let purged = generations.purges.1.is_some_and(|heard| known.checked <= heard);
        let same = known.size_bytes == size_bytes && known.mtime_ns == mtime_ns;
        (same && !purged && known.checked.elapsed() < self.recheck).then_some(known.image)
    }

    /// Hears how often made pictures have been purged: what is known of images from before the last time
    /// has to be looked up again.
    pub fn heed(&self, purges: i64) {
        let mut generations = self.lock();
        if generations.purges.0 != purges {
            generations.purges = (purges, Some(Instant::now()));
        }
    }

    /// The image of a file with this length and modification time: from memory, or from its row,
    /// which is made when it is missing ([`images::seen`]). When the database is away, what is known
    /// of the path holds, even of an older state of the file: length and modification time are part
    /// of the revision beside the counter.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] for an unknown path while the database is away; see
    /// [`super::Error`].
    pub fn resolve(
        &self,
        sql: &dyn Sql,
        path: &str,
        size_bytes: i64,
        mtime_ns: i64,
    ) -> Result<ImageId> {
        if let Some(image) = self.known(path, size_bytes, mtime_ns) {
            return Ok(image);
        }
        match images::seen(sql, path, size_bytes, mtime_ns) {
            Ok(row) => {
                let image = ImageId {
                    id: row.id,
                    revision_counter: row.revision_counter,
                    focal_point: row.focal_point,
                };
                let known = Known { image, size_bytes, mtime_ns, checked: Instant::now() };
                let mut generations = self.lock();
                generations.absent.remove(path);
                generations.insert(path.into(), known, self.half);
                Ok(image)
            }
            Err(error) if error.is_unavailable() => {
                self.lock().touch(path, self.half).map(|known| known.image).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes note that there is no file at a path, and marks its image deleted if there is one.
    ///
    /// # Errors
    /// See [`super::Error`].
    pub fn vanished(&self, sql: &dyn Sql, path: &str) -> Result<()> {
        {
            let mut generations = self.lock();
            let known = generations.remove(path);
            if generations.absent.contains(path) && !known {
                return Ok(());
            }
        }
        images::vanished(sql, path)?;
        let mut generations = self.lock();
        if generations.absent.len() >= self.half {
            generations.absent.clear();
        }
        generations.absent.insert(path.into());
        Ok(())
    }

    /// Forgets an image that was written through the server.
    pub fn forget(&self, path: &str) {
        self.lock().remove(path);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn touch(&mut self, path: &str, half: usize) -> Option<Known> {
        if let Some(known) = self.young.get(path) {
            return Some(*known);
        }
        let (path, known) = self.old.remove_entry(path)?;
        self.insert(path, known, half);
        Some(known)
    }

    fn remove(&mut self, path: &str) -> bool {
        let young = self.young.remove(path).is_some();
        self.old.remove(path).is_some() || young
    }

    fn insert(&mut self, path: Box<str>, known: Known, half: usize) {
        if self.young.len() >= half && !self.young.contains_key(&path) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(path, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: i64) -> Known {
        let image = ImageId { id, revision_counter: 0, focal_point: None };
        Known { image, size_bytes: 1, mtime_ns: 2, checked: Instant::now() }
    }

    fn filled(capacity: usize, recheck: Duration, paths: &[&str]) -> ImageIds {
        let ids = ImageIds::new(capacity, recheck);
        for (id, path) in (1..).zip(paths) {
            ids.lock().insert((*path).into(), known(id), ids.half);
        }
        ids
    }

    #[test]
    fn only_the_same_state_of_the_file_is_known() {
        let ids = filled(10, Duration::from_secs(60), &["a"]);
        assert_eq!(ids.known("a", 1, 2).map(|image| image.id), Some(1));
        assert_eq!(ids.known("a", 9, 2), None);
        assert_eq!(ids.known("a", 1, 9), None);
        assert_eq!(ids.known("b", 1, 2), None);
        ids.forget("a");
        assert_eq!(ids.known("a", 1, 2), None);
    }

    #[test]
    fn old_knowledge_is_checked_again() {
        let ids = filled(10, Duration::ZERO, &["a"]);
        assert_eq!(ids.known("a", 1, 2), None);
    }

    #[test]
    fn it_stays_within_its_bound_and_keeps_what_is_used() {
        let ids = ImageIds::new(10, Duration::from_secs(60));
        for id in 0..1000 {
            ids.lock().insert(id.to_string().into(), known(id), ids.half);
            assert!(ids.known("0", 1, 2).is_some(), "lost after {id}");
        }
        let generations = ids.lock();
        assert!(generations.young.len() + generations.old.len() <= 10);
    }
}
