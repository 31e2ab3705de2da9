//! What the library does in the background, as jobs of the runner.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pages::Wanted;
use super::sync::Report;
use super::{Caller, Error, Library, Result};
use crate::auth::Rights;
use crate::db::recycled::Recycled;
use crate::db::tasks::{self, NewTask};
use crate::db::{self, Db, Sql, search};
use crate::source::FolderPath;
use crate::task::{Job, TaskContext};

/// Walks through the files.
pub const WALK: &str = "sync";
/// Marks deleted what a walk missed, once somebody has said yes.
pub const SWEEP: &str = "sync_sweep";
/// Reads what new and changed files say.
pub const READ: &str = "read_metadata";
/// Moves a folder.
pub const MOVE_FOLDER: &str = "move_folder";
/// Deletes a folder.
pub const DELETE_FOLDER: &str = "delete_folder";
/// Makes the images of a folder findable by its new name.
pub const INDEX: &str = "index_folder";
/// Puts a folder back that was deleted.
pub const RESTORE: &str = "restore_folder";
/// Removes what lies in the recycle folder.
pub const EMPTY: &str = "empty_recycle_folder";
/// Renames a tag, or takes it away.
pub const CHANGE_TAG: &str = "change_tag";
/// Makes the page pictures of a document.
pub const PAGES: &str = "burst_document";
/// Removes what has had its days.
pub const TIDY: &str = "library_housekeeping";

/// A wait that only ends when somebody releases the task.
const HELD_MS: i64 = 100 * 365 * 24 * 3600 * 1000;

const WALK_PRIORITY: i64 = 60;
const READ_PRIORITY: i64 = 70;
const FOLDER_PRIORITY: i64 = 10;

/// Which folder, where to, and who wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderWork {
    /// The folder.
    pub folder_id: i64,
    /// Its new path, when it is to be moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Who wants it; none for the administrator on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
}

/// The folder whose images are to be found by other words.
#[derive(Serialize, Deserialize)]
struct IndexWork {
    path: String,
}

/// What to put back, whether under another name if need be, and who wants it.
#[derive(Serialize, Deserialize)]
struct RestoreWork {
    item: i64,
    rename: bool,
    user: Option<i64>,
}

/// What to remove from the recycle folder for ever: one thing, or all.
#[derive(Serialize, Deserialize)]
struct EmptyWork {
    only: Option<i64>,
    user: Option<i64>,
}

/// Which tag is to have which name; none is to be taken away.
#[derive(Serialize, Deserialize)]
struct TagWork {
    tag: i64,
    name: Option<String>,
    user: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WalkWork {
    yes: bool,
}

#[derive(Deserialize)]
struct SweepWork {
    run: i64,
}

/// Queues a walk, unless one is queued.
///
/// # Errors
/// [`Error::Database`].
pub fn want_walk(db: &Db) -> Result<()> {
    tasks::enqueue(db, &walk_task(false))?;
    Ok(())
}

/// A walk as a task. With `yes` it is believed whatever it misses.
#[must_use]
pub fn walk_task(yes: bool) -> NewTask {
    NewTask {
        name: "Scan library".into(),
        params: json!({ "yes": yes }).to_string(),
        dedupe_key: Some(if yes { "sync:yes".into() } else { WALK.into() }),
        priority: WALK_PRIORITY,
        ..NewTask::new(WALK)
    }
}

pub(super) fn want_reading(db: &Db) -> Result<()> {
    tasks::enqueue(db, &read_task())?;
    Ok(())
}

/// The reading of new and changed files as a task.
#[must_use]
pub fn read_task() -> NewTask {
    NewTask {
        name: "Read new files".into(),
        dedupe_key: Some(READ.into()),
        priority: READ_PRIORITY,
        ..NewTask::new(READ)
    }
}

/// In the transaction that gives the folder its name, so that no image is forgotten.
pub(super) fn want_index(sql: &dyn Sql, path: &str) -> db::Result<()> {
    let params = serde_json::to_string(&IndexWork { path: path.to_owned() }).unwrap_or_default();
    let task = NewTask {
        name: format!("Update the search index for {path}"),
        params,
        priority: READ_PRIORITY,
        ..NewTask::new(INDEX)
    };
    tasks::enqueue(sql, &task)?;
    Ok(())
}

pub(super) fn want_pages(db: &Db, wanted: &Wanted) -> Result<()> {
    let params = serde_json::to_string(wanted).unwrap_or_default();
    let task = NewTask {
        name: format!("Extract the pages of {}", wanted.path),
        params,
        user_id: wanted.user,
        ..NewTask::new(PAGES)
    };
    tasks::enqueue(db, &task)?;
    Ok(())
}

impl Library {
    /// Queues the move of a folder, when the caller may. Gives back the task's id.
    ///
    /// # Errors
    /// As [`move_folder`](Self::move_folder), as far as it can be told now.
    pub fn queue_move_folder(&self, caller: &Caller<'_>, id: i64, to: &str) -> Result<i64> {
        let (from, to) = self.can_move_folder(caller, id, to)?;
        let work = FolderWork { folder_id: id, path: Some(to.to_string()), user: caller.user_id() };
        self.queue_folder(MOVE_FOLDER, format!("Move the folder {from} to {to}"), &work)
    }

    /// Passes when the caller may move the folder there and nothing stands in the way now; gives back
    /// both paths.
    ///
    /// # Errors
    /// As [`move_folder`](Self::move_folder).
    pub fn can_move_folder(
        &self,
        caller: &Caller<'_>,
        id: i64,
        to: &str,
    ) -> Result<(FolderPath, FolderPath)> {
        let (from, to) = self.may_move_folder(caller, id, to)?;
        if from != to
            && self.open_folder(&to.parent().unwrap_or_default())?.entry(to.name()).is_ok()
        {
            return Err(Error::Exists(to.to_string()));
        }
        Ok((from, to))
    }

    /// Passes when the caller may put something back and nothing stands in the way now.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn can_restore(&self, caller: &Caller<'_>, id: i64, rename: bool) -> Result<Recycled> {
        let (item, folder, was) = self.may_restore(caller, id)?;
        let taken = self.files.folder(&folder).is_ok_and(|at| at.entry(was.file_name()).is_ok());
        if taken && !rename {
            return Err(Error::Exists(was.to_string()));
        }
        Ok(item)
    }

    /// Queues the deletion of a folder, when the caller may. Gives back the task's id.
    ///
    /// # Errors
    /// As [`delete_folder`](Self::delete_folder), as far as it can be told now.
    pub fn queue_delete_folder(&self, caller: &Caller<'_>, id: i64) -> Result<i64> {
        let path = self.may_delete_folder(caller, id)?;
        let work = FolderWork { folder_id: id, path: None, user: caller.user_id() };
        self.queue_folder(DELETE_FOLDER, format!("Delete the folder {path}"), &work)
    }

    /// Queues putting a folder back, when the caller may. Gives back the task's id.
    ///
    /// # Errors
    /// As [`restore`](Self::restore), as far as it can be told now.
    pub fn queue_restore(&self, caller: &Caller<'_>, id: i64, rename: bool) -> Result<i64> {
        let item = self.can_restore(caller, id, rename)?;
        let user = caller.user_id();
        let work = RestoreWork { item: id, rename, user };
        let task = NewTask {
            name: format!("Restore the folder {}", item.path),
            params: serde_json::to_string(&work).unwrap_or_default(),
            dedupe_key: Some(format!("{RESTORE}:{id}")),
            user_id: user,
            priority: FOLDER_PRIORITY,
            max_attempts: 3,
            ..NewTask::new(RESTORE)
        };
        Ok(tasks::enqueue(&self.db, &task)?.0)
    }

    /// Queues the removal of one thing, or of all, from the recycle folder. Gives back the task's id.
    ///
    /// # Errors
    /// As [`empty_recycled`](Self::empty_recycled); [`Error::NotFound`].
    pub fn queue_empty(&self, caller: &Caller<'_>, only: Option<i64>) -> Result<i64> {
        caller.require_administrator()?;
        let name = match only {
            None => "Empty the recycle folder".to_owned(),
            Some(id) => {
                let missing = || Error::NotFound(format!("item {id} of the recycle folder"));
                let item = db::recycled::by_id(&self.db, id)?.ok_or_else(missing)?;
                format!("Remove {} from the recycle folder", item.path)
            }
        };
        let user = caller.user_id();
        let which = only.map_or_else(|| "all".to_owned(), |id| id.to_string());
        let task = NewTask {
            name,
            params: serde_json::to_string(&EmptyWork { only, user }).unwrap_or_default(),
            dedupe_key: Some(format!("{EMPTY}:{which}")),
            user_id: user,
            priority: FOLDER_PRIORITY,
            max_attempts: 3,
            ..NewTask::new(EMPTY)
        };
        Ok(tasks::enqueue(&self.db, &task)?.0)
    }

    /// Queues the change of a tag's name, or with none its end. Gives back the task's id.
    ///
    /// # Errors
    /// As [`change_tag`](Self::change_tag), as far as it can be told now.
    pub fn queue_change_tag(
        &self,
        caller: &Caller<'_>,
        id: i64,
        name: Option<&str>,
    ) -> Result<i64> {
        let (tag, name) = self.may_change_tag(caller, id, name)?;
        let user = caller.user_id();
        let task = NewTask {
            name: match &name {
                Some(name) => format!("Rename the tag {} to {name}", tag.name),
                None => format!("Delete the tag {}", tag.name),
            },
            params: serde_json::to_string(&TagWork { tag: id, name, user }).unwrap_or_default(),
            user_id: user,
            priority: FOLDER_PRIORITY,
            max_attempts: 3,
            ..NewTask::new(CHANGE_TAG)
        };
        Ok(tasks::enqueue(&self.db, &task)?.0)
    }

    fn queue_folder(&self, kind: &str, name: String, work: &FolderWork) -> Result<i64> {
        let task = NewTask {
            name,
            params: serde_json::to_string(work).unwrap_or_default(),
            dedupe_key: Some(format!("{kind}:{}", work.folder_id)),
            user_id: work.user,
            priority: FOLDER_PRIORITY,
            max_attempts: 3,
            ..NewTask::new(kind)
        };
        Ok(tasks::enqueue(&self.db, &task)?.0)
    }
}

/// What the library does in the background.
type Work = fn(&Library, &TaskContext<'_>) -> anyhow::Result<Value>;

struct LibraryJob {
    kind: &'static str,
    /// Whether somebody waits for it.
    waited_for: bool,
    library: Arc<Library>,
    work: Work,
}

impl Job for LibraryJob {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn is_waited_for(&self) -> bool {
        self.waited_for
    }

    fn is_final(&self, error: &anyhow::Error) -> bool {
        error.downcast_ref().is_some_and(Error::is_final)
    }

    fn run(&self, context: &TaskContext<'_>) -> anyhow::Result<Value> {
        let done = (self.work)(&self.library, context);
        // Why it was stopped, the context knows better.
        if let Err(error) = &done
            && matches!(error.downcast_ref(), Some(Error::Stopped))
        {
            context.check()?;
        }
        done
    }
}

/// Every kind of work, whether somebody waits for it, and what does it.
const WORKS: [(&str, bool, Work); 11] = [
    (WALK, false, walk),
    (SWEEP, false, sweep),
    (READ, false, read),
    (MOVE_FOLDER, true, move_folder),
    (DELETE_FOLDER, true, delete_folder),
    (INDEX, false, index),
    (RESTORE, true, restore),
    (EMPTY, true, empty),
    (CHANGE_TAG, true, change_tag),
    (PAGES, false, pages),
    (TIDY, false, tidy),
];

/// Every job of a library.
#[must_use]
pub fn all(library: &Arc<Library>) -> Vec<Box<dyn Job>> {
    let job = |(kind, waited_for, work)| -> Box<dyn Job> {
        Box::new(LibraryJob { kind, waited_for, library: Arc::clone(library), work })
    };
    WORKS.into_iter().map(job).collect()
}

/// The kinds of all jobs of a library.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    WORKS.into_iter().map(|(kind, ..)| kind)
}

fn walk(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let WalkWork { yes } = context.params()?;
    let going = |report: &Report| {
        context.progress(i64::try_from(report.files).unwrap_or(i64::MAX), 0);
        context.check().is_ok()
    };
    let report = library.sync(yes, &going)?;
    let db = context.db();
    if library.has_unread()? {
        want_reading(db)?;
    }
    hold_sweep(db, &report)?;
    Ok(report.into())
}

/// Leaves a task that waits for a yes, in place of the one of an earlier walk.
fn hold_sweep(db: &Db, report: &Report) -> db::Result<()> {
    db.transaction(|sql| {
        tasks::cancel_key(sql, SWEEP, "a later walk has taken its place")?;
        if report.waiting > 0 {
            tasks::enqueue(
                sql,
                &NewTask {
                    name: format!("Mark {} missing pictures as deleted", report.waiting),
                    params: json!({ "run": report.run }).to_string(),
                    dedupe_key: Some(SWEEP.into()),
                    delay_ms: HELD_MS,
                    ..NewTask::new(SWEEP)
                },
            )?;
        }
        Ok(())
    })
}

fn sweep(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let SweepWork { run } = context.params()?;
    anyhow::ensure!(library.latest_walk()? == run, "a later walk has taken its place");
    let deleted = library.sweep(run, &|| context.check().is_ok())?;
    Ok(json!({ "deleted": deleted }))
}

fn read(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let (read, failed) = library.read_new(&|done| {
        context.progress(i64::try_from(done).unwrap_or(i64::MAX), 0);
        context.check().is_ok()
    })?;
    Ok(json!({ "read": read, "failed": failed }))
}

/// Rights as they are when the work begins, for the user who wanted it.
fn rights_now(context: &TaskContext<'_>) -> db::Result<Arc<Rights>> {
    Ok(Arc::new(context.db().snapshot(|sql| Rights::load(sql))?))
}

fn caller_of<'a>(rights: &'a Arc<Rights>, user: Option<i64>) -> Caller<'a> {
    match user {
        None => Caller::System,
        user => Caller::Somebody { rights, user },
    }
}

fn move_folder(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let work: FolderWork = context.params()?;
    let rights = rights_now(context)?;
    let caller = caller_of(&rights, work.user);
    let to = work.path.unwrap_or_default();
    let going = || context.check().is_ok();
    library.move_folder_for(Some(context.task().id), &caller, work.folder_id, &to, &going)?;
    Ok(json!({ "folder_id": work.folder_id }))
}

fn delete_folder(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let work: FolderWork = context.params()?;
    let rights = rights_now(context)?;
    let caller = caller_of(&rights, work.user);
    library.delete_folder(&caller, work.folder_id, &|| context.check().is_ok())?;
    Ok(json!({ "folder_id": work.folder_id }))
}

fn index(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let IndexWork { path } = context.params()?;
    let images = library.index_below(&path, &|done| {
        context.progress(i64::try_from(done).unwrap_or(i64::MAX), 0);
        context.check().is_ok()
    })?;
    Ok(json!({ "images": images }))
}

fn restore(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let RestoreWork { item, rename, user } = context.params()?;
    let rights = rights_now(context)?;
    let caller = caller_of(&rights, user);
    let path = library.restore(&caller, item, rename, &|| context.check().is_ok())?;
    Ok(json!({ "path": path }))
}

fn empty(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let EmptyWork { only, user } = context.params()?;
    let rights = rights_now(context)?;
    let caller = caller_of(&rights, user);
    let removed = library.empty_recycled(&caller, only, &|| context.check().is_ok())?;
    Ok(json!({ "removed": removed }))
}

fn change_tag(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let TagWork { tag, name, user } = context.params()?;
    let rights = rights_now(context)?;
    let caller = caller_of(&rights, user);
    let going = || context.check().is_ok();
    match library.change_tag(&caller, tag, name.as_deref(), &going) {
        // Taken away by an attempt before.
        Err(Error::NotFound(_)) if name.is_none() => Ok(json!({ "images": 0 })),
        done => Ok(json!({ "images": done? })),
    }
}

fn pages(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    let Wanted { path, user } = context.params()?;
    let rights = rights_now(context)?;
    let pages = library.burst(&caller_of(&rights, user), &path, &|done, total| {
        context.progress(done.into(), total.into());
        context.check().is_ok()
    })?;
    Ok(json!({ "pages": pages }))
}

fn tidy(library: &Library, context: &TaskContext<'_>) -> anyhow::Result<Value> {
    library.settle_moves()?;
    let uploads = library.expire_uploads()?;
    let recycled = library.purge_recycled(&|| context.check().is_ok())?;
    let words = search::purge(context.db())?;
    Ok(json!({ "uploads": uploads, "recycled": recycled, "words": words }))
}
