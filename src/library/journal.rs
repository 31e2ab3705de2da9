//! Folders that change their place, so that nobody has more rights for a moment: neither while the files
//! move, nor when the process that moves them is killed.
//!
//! A move is announced in the database first; from then on the records of the old place hold at the new
//! one too ([`crate::auth::Rights::level`]). Once every worker knows of it the folder gets its new name,
//! and the change of the rows takes the announcement away. What an interruption has left is settled by
//! where the folder stands.

use std::cell::Cell;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::{Caller, Error, Library, Result, job, tree};
use crate::auth::audit::Changes;
use crate::auth::{Actor, KeptRights, Level, Rights, TemplateSetting, Tightening, audit};
use crate::db::folder_moves::{self, FolderMove, NewMove, State, is_within};
use crate::db::image_history::{self, Action};
use crate::db::{
    self, Sql, folder_permissions, folder_templates, folders, moves, now_ms, tasks, templates,
    users, walk,
};
use crate::source::{FolderPath, SourceError};

/// How long a move waits for others that have to do with the same folders.
const PATIENCE: Duration = Duration::from_secs(30);

const NAP: Duration = Duration::from_millis(50);

/// A move that no task does is taken for one that was interrupted after this time.
const FORSAKEN_AFTER_MS: i64 = 3600 * 1000;

/// Paths that are forgotten at once.
const ROWS: u32 = 5000;

impl Library {
    /// Moves a folder on disk and then in the rows.
    pub(super) fn carry_out(
        &self,
        caller: &Caller<'_>,
        (folder_id, task_id): (i64, Option<i64>),
        (from, to): (&FolderPath, &FolderPath),
        go_on: &dyn Fn() -> bool,
    ) -> Result<()> {
        let (above, new_above) =
            (from.parent().unwrap_or_default(), to.parent().unwrap_or_default());
        let (source, target) = (self.open_folder(&above)?, self.open_folder(&new_above)?);
        // Before anybody waits; the move itself sees what comes or goes meanwhile.
        if target.entry(to.name()).is_ok() {
            return Err(Error::Exists(to.to_string()));
        }
        source.entry(from.name()).map_err(|error| refused(error.into(), from, to))?;
        let user_id = caller.user_id();
        let (old, new) = (from.to_string(), to.to_string());
        let announced = NewMove { folder_id, from: &old, to: &new, task_id, user_id };
        let (mut row, recorded) = self.begin_move(&announced, go_on)?;
        let copied = Cell::new(false);
        let note = || {
            copied.set(true);
            self.advance(row.id, State::Copied)
        };
        let moved = tree::move_folder((&source, from.name()), (&target, to.name()), go_on, &note);
        match moved {
            Ok(removed) => {
                row.state = if copied.get() { State::Copied } else { State::Going };
                if recorded {
                    // Workers may remember for a moment that files stood at the old place, and what was
                    // made of them: its records stay until they have forgotten.
                    self.until_rights_are_known(&|| true)?;
                }
                self.finish_move(&row)?;
                removed
            }
            Err(error) => {
                folder_moves::end(&self.db, row.id)?;
                Err(refused(error, from, to))
            }
        }
    }

    /// Announces a move, and waits until every worker knows of it where that makes a difference: where
    /// there are records. Tells whether there are.
    fn begin_move(
        &self,
        new: &NewMove<'_>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<(FolderMove, bool)> {
        let until = Instant::now() + PATIENCE;
        let id = loop {
            if let Some(id) = folder_moves::announce(&self.db, new)? {
                break id;
            }
            self.settle_moves()?;
            if !go_on() {
                return Err(Error::Stopped);
            }
            if Instant::now() >= until {
                return Err(Error::Busy);
            }
            std::thread::sleep(NAP);
        };
        let known = || {
            let recorded = folder_moves::has_records(&self.db, new.from)?
                || folder_moves::has_records(&self.db, new.to)?;
            if recorded {
                self.until_rights_are_known(go_on)?;
            }
            self.advance(id, State::Going)?;
            Ok(recorded)
        };
        let recorded = match known() {
            Ok(recorded) => recorded,
            Err(error) => {
                folder_moves::end(&self.db, id)?;
                return Err(error);
            }
        };
        let row = FolderMove {
            id,
            folder_id: new.folder_id,
            from: folders::normal_path(new.from),
            to: folders::normal_path(new.to),
            task_id: new.task_id,
            user_id: new.user_id,
            state: State::Going,
            changed_ms: now_ms(),
        };
        Ok((row, recorded))
    }

    /// Waits for as long as workers may take to learn of a change of rights.
    pub(super) fn until_rights_are_known(&self, go_on: &dyn Fn() -> bool) -> Result<()> {
        let until = Instant::now() + self.options.rights_known_after;
        loop {
            if !go_on() {
                return Err(Error::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(NAP));
        }
    }

    /// Fails when somebody else has settled the move, having taken it for one that nobody is at.
    fn advance(&self, id: i64, state: State) -> Result<()> {
        match folder_moves::advance(&self.db, id, state)? {
            true => Ok(()),
            false => Err(Error::Busy),
        }
    }

    /// Has the rows follow a folder that stands at its new place.
    fn finish_move(&self, row: &FolderMove) -> Result<()> {
        let left = row.state == State::Copied && self.stands(&row.from)?;
        let actor = self.mover(row)?;
        let change = Changes::default().text("path", &row.from, &row.to);
        self.rename_rows(|sql| {
            if !folder_moves::end(sql, row.id)? {
                return Ok(());
            }
            moves::folder(sql, &row.from, &row.to)?;
            if left {
                keep_at_both(sql, &row.to, &row.from)?;
            }
            let detail = image_history::moved_with_folder_from(&row.from);
            image_history::add_below(sql, &row.to, row.user_id, Action::Moved, &detail)?;
            audit::write(sql, &actor, "folder.move", &row.from, change.detail())?;
            job::want_index(sql, &row.to)
        })?;
        if left {
            log::warn!("the library: {} is left of the folder moved to {}", row.from, row.to);
        }
        self.forget_below(&row.to)
    }

    /// Who wanted a move, for the record of administrative acts.
    fn mover(&self, row: &FolderMove) -> Result<Actor> {
        let Some(id) = row.user_id else { return Ok(Actor::server()) };
        let user = users::by_id(&self.db, id)?;
        let username = user.map(|user| user.username).unwrap_or_default();
        Ok(Actor { user_id: Some(id), username, address: None })
    }

    /// Settles the moves that were interrupted: what has moved has moved, and its rows follow; what has
    /// not stays. Where that cannot be told, the records are set at both places. Moves that somebody is
    /// at are left alone.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn settle_moves(&self) -> Result<()> {
        for row in folder_moves::all(&self.db)? {
            let at_work = match row.task_id {
                Some(task) => tasks::is_at_work(&self.db, task)?,
                None => row.changed_ms > now_ms() - FORSAKEN_AFTER_MS,
            };
            if at_work {
                continue;
            }
            match self.settle_move(&row) {
                // It is tried again; other folders and walks need not wait for that disk.
                Err(Error::Files(error)) => {
                    log::warn!("the move of {} to {} is not settled: {error}", row.from, row.to);
                }
                settled => drop(settled?),
            }
        }
        Ok(())
    }

    /// Settles what an earlier attempt of a task has left; tells whether the folder has moved.
    pub(super) fn settle_task(&self, task_id: i64) -> Result<bool> {
        let rows = folder_moves::all(&self.db)?;
        match rows.iter().find(|row| row.task_id == Some(task_id)) {
            Some(row) => self.settle_move(row),
            None => Ok(false),
        }
    }

    /// Tells whether the folder has moved.
    fn settle_move(&self, row: &FolderMove) -> Result<bool> {
        let ended = || Ok(folder_moves::end(&self.db, row.id)?);
        if row.state == State::Announced {
            ended()?;
            return Ok(false);
        }
        match (self.stands(&row.from)?, self.stands(&row.to)?) {
            (false, true) => self.finish_move(row).map(|()| true),
            (_, true) if row.state == State::Copied => self.finish_move(row).map(|()| true),
            (true, false) if row.state == State::Going => ended().map(|_| false),
            // Its rows have gone elsewhere with a folder above it.
            _ if !self.is_row_of(row.folder_id, &row.from)? => ended().map(|_| false),
            // Which of them is the folder, or will be once its disk is back, nobody can tell.
            (old, new) => {
                log::warn!(
                    "the library: after a move {} is {} and {} is {}: both have its records now",
                    row.from,
                    if old { "there" } else { "not there" },
                    row.to,
                    if new { "there" } else { "not there" },
                );
                self.db
                    .transaction(|sql| {
                        if folder_moves::end(sql, row.id)? {
                            keep_at_both(sql, &row.from, &row.to)?;
                        }
                        Ok(false)
                    })
                    .map_err(Error::from)
            }
        }
    }

    /// Whether there is a folder at a path, as rows hold it.
    pub(super) fn stands(&self, path: &str) -> Result<bool> {
        let path = FolderPath::parse(path).map_err(|error| Error::path("path", error))?;
        match self.files.folder(&path) {
            Ok(_) => Ok(true),
            Err(SourceError::NotFound | SourceError::NotAFile) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn is_row_of(&self, folder_id: i64, path: &str) -> Result<bool> {
        Ok(folders::by_id(&self.db, folder_id)?.is_some_and(|row| row.path == path))
    }

    /// Whether a folder lies at one of the places of a move that is under way: who looks there now sees
    /// one half of it.
    pub(super) fn is_moving(&self, path: &FolderPath) -> Result<bool> {
        let path = folders::normal_path(path.as_str());
        let moves = folder_moves::all(&self.db)?;
        Ok(moves.iter().any(|row| is_within(&path, &row.from) || is_within(&path, &row.to)))
    }

    /// Has what is remembered of the paths below a folder forgotten.
    pub(super) fn forget_below(&self, folder: &str) -> Result<()> {
        let mut after = 0;
        loop {
            let rows = walk::below_after(&self.db, folder, after, ROWS)?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            after = *last;
            for (_, path) in &rows {
                if let Ok(path) = super::images::path_of(path) {
                    self.changed(&path);
                }
            }
        }
    }
}

/// Why a folder could not be moved on disk.
fn refused(error: Error, from: &FolderPath, to: &FolderPath) -> Error {
    match error {
        Error::Io(error) => match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
                Error::Exists(to.to_string())
            }
            ErrorKind::NotFound => Error::NotFound(from.to_string()),
            _ => error.into(),
        },
        error => error,
    }
}

/// Gives a folder the records of another one, as far as those that it has allow more.
fn keep_at_both(sql: &dyn Sql, of: &str, at: &str) -> db::Result<()> {
    let rights = Rights::load(sql)?;
    set_rights(sql, &rights, &rights.kept(of, None), at, true)?;
    Ok(())
}

/// Closes a folder as far as another one is closed that it was, and opens nothing; tells whether there
/// was anything to close.
pub(super) fn close(sql: &dyn Sql, was: &str, at: &str) -> db::Result<bool> {
    let rights = Rights::load(sql)?;
    let kept = rights.kept(was, None);
    let mut levels = rights.tightenings(&kept, at, true);
    let now = |path: &str, group| rights.group_level(group, path).unwrap_or(Level::None);
    levels.retain(|(path, group, level)| *level <= now(path, *group));
    let mut missing = rights.missing_templates(&kept, at);
    missing.retain(|(_, _, required, template)| *required && template.is_some());
    let closes = levels.iter().any(|(path, group, level)| *level < now(path, *group));
    if closes || !missing.is_empty() { set(sql, &levels, &missing) } else { Ok(false) }
}

/// Sets the records without which a folder would be more open at a place than it was; tells whether
/// there were any. See [`Rights::tightenings`].
pub(super) fn set_rights(
    sql: &dyn Sql,
    rights: &Rights,
    kept: &KeptRights,
    at: &str,
    same_above: bool,
) -> db::Result<bool> {
    let levels = rights.tightenings(kept, at, same_above);
    let mut missing = rights.missing_templates(kept, at);
    if !missing.is_empty() {
        let known: Vec<i64> = templates::all(sql)?.iter().map(|template| template.id).collect();
        missing.retain(|(_, _, _, template)| template.is_none_or(|id| known.contains(&id)));
    }
    set(sql, &levels, &missing)
}

/// Sets records; tells whether there were any.
pub(super) fn set(
    sql: &dyn Sql,
    levels: &[Tightening],
    missing: &[TemplateSetting],
) -> db::Result<bool> {
    for (path, group, level) in levels {
        let folder = folders::seen(sql, path)?;
        folder_permissions::set(sql, folder, *group, level.access())?;
    }
    for (path, group, required, template) in missing {
        let folder = folders::seen(sql, path)?;
        folder_templates::set(sql, (folder, *group), *required, *template)?;
    }
    Ok(!levels.is_empty() || !missing.is_empty())
}
