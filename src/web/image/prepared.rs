//! Prepared reductions from a request's point of view: whether there are any, and wishing for them.
//!
//! A wish is a task in the database, written by a thread of its own and once for a picture in each
//! process, so that no request waits for it. Whoever runs background jobs fulfils it.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use crossbeam_channel::{Sender, TrySendError, bounded};
use serde_json::json;

use super::subject::Subject;
use crate::db::Db;
use crate::db::tasks::{NewTask, enqueue};
use crate::pixel::decode::Info;
use crate::pixel::{Opened, Recipe};
use crate::reduction::{self, Prepared, Reductions};
use crate::source::SourcePath;
use crate::task::job::PrepareReductions;
use crate::web::{App, Error};

/// Wishes waiting to be written.
const QUEUE: usize = 1_000;

/// Wishes remembered; when there are more, all are forgotten, and the queue finds doubles.
const MOST: usize = 10_000;

/// Behind all other background work.
const PRIORITY: i64 = 80;

/// A tiled picture is being looked at closely, and each tile is a wish for all others.
const TILE_PRIORITY: i64 = 40;

/// Reductions, and the way to more of them.
pub struct Prepare {
    store: Reductions,
    wishes: Sender<NewTask>,
    wished: Mutex<HashSet<(i64, u32, String)>>,
}

impl Prepare {
    /// Starts the thread that writes wishes.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(store: Reductions, db: Db) -> io::Result<Self> {
        let (wishes, wished) = bounded::<NewTask>(QUEUE);
        std::thread::Builder::new().name("reductions".into()).spawn(move || {
            for task in wished {
                if let Err(error) = enqueue(&db, &task)
                    && !error.is_unavailable()
                {
                    log::warn!("a wish for reductions could not be written: {error}");
                }
            }
        })?;
        Ok(Self { store, wishes, wished: Mutex::default() })
    }

    /// The reductions of a page of an original in its present revision, if they are there.
    pub fn find(&self, app: &App, subject: &Subject, page: u32) -> Result<Option<Prepared>, Error> {
        let revision = subject.revision_text();
        Ok(self.store.find(&self::subject(app, subject, page, &revision)?))
    }

    /// The original as its reductions show it, when they suffice for a recipe.
    pub fn open(app: &App, prepared: &Prepared, recipe: &Recipe) -> Result<Option<Opened>, Error> {
        let needs = app.engine.needs(prepared.info(), recipe)?;
        Ok(prepared.source(&needs).map(|source| app.engine.opened(source)))
    }

    /// Forgets reductions that turned out to be damaged.
    pub fn discard(&self, app: &App, subject: &Subject, page: u32) -> Result<(), Error> {
        let revision = subject.revision_text();
        self.store.discard(&self::subject(app, subject, page, &revision)?);
        self.lock().remove(&(subject.id, page, revision));
        Ok(())
    }

    /// Has the reductions of an opened original made some time soon, if such an original has any
    /// and they are not there.
    pub fn wish(
        &self,
        app: &App,
        path: &SourcePath,
        subject: &Subject,
        recipe: &Recipe,
        info: &Info,
    ) -> Result<(), Error> {
        let page = recipe.page;
        let wish = (subject.id, page, subject.revision_text());
        if !self.store.suits(info) || self.lock().contains(&wish) {
            return Ok(());
        }
        if self.find(app, subject, page)?.is_some() {
            return Ok(());
        }
        {
            let mut wished = self.lock();
            if wished.len() >= MOST {
                wished.clear();
            }
            if !wished.insert(wish.clone()) {
                return Ok(());
            }
        }
        let task = NewTask {
            name: format!("Prepare smaller versions of {}", path.as_str()),
            params: json!({ "path": path.as_str(), "page": page }).to_string(),
            dedupe_key: Some(format!("reductions:{}:{page}", subject.id)),
            priority: if recipe.tile.is_some() { TILE_PRIORITY } else { PRIORITY },
            max_attempts: 2,
            keep_for_s: 3_600,
            ..NewTask::new(PrepareReductions::KIND)
        };
        if let Err(TrySendError::Full(_)) = self.wishes.try_send(task) {
            self.lock().remove(&wish);
            log::debug!("a wish for reductions was dropped: too many are waiting");
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<(i64, u32, String)>> {
        self.wished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn subject<'a>(
    app: &'a App,
    subject: &Subject,
    page: u32,
    revision: &'a str,
) -> Result<reduction::Subject<'a>, Error> {
    Ok(reduction::Subject {
        installation: app.installation()?,
        image_id: subject.id,
        page,
        revision,
    })
}
