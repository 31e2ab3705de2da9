//! Moves of folders that are under way: a journal, written before the files move and ended with the
//! change of the rows, so that whoever reads rights knows of both places, and what an interruption has
//! left can be settled.

use super::error::Result;
use super::folders::normal_path;
use super::sql::{Sql, atomic};
use super::value::{Row, values};
use super::walk::range_below;
use super::{now_ms, properties};

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Nothing has been done on disk.
    Announced = 0,
    /// The folder has its new name, or may have it at any moment.
    Going = 1,
    /// All of it stands at its new place, on another disk; what is at the old one goes.
    Copied = 2,
}

/// A move to be announced.
#[derive(Debug, Clone, Copy)]
pub struct NewMove<'a> {
    /// The folder.
    pub folder_id: i64,
    /// Its path.
    pub from: &'a str,
    /// Its path to be.
    pub to: &'a str,
    /// The task that does it, if one does.
    pub task_id: Option<i64>,
    /// Who wants it.
    pub user_id: Option<i64>,
}

/// A move that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderMove {
    /// Its id.
    pub id: i64,
    /// The folder.
    pub folder_id: i64,
    /// The folder's path before, as rows hold it.
    pub from: String,
    /// Its path to be.
    pub to: String,
    /// The task that does it, if one does.
    pub task_id: Option<i64>,
    /// Who wants it.
    pub user_id: Option<i64>,
    /// How far it has come.
    pub state: State,
    /// When that was noted.
    pub changed_ms: i64,
}

impl FolderMove {
    /// Whether it concerns what lies at or below one of two other paths, or above them.
    fn meets(&self, from: &str, to: &str) -> bool {
        let related = |one: &str, other: &str| is_within(one, other) || is_within(other, one);
        [&self.from, &self.to].iter().any(|own| related(own, from) || related(own, to))
    }
}

/// Whether a path is that of a folder or of something below it; all begin with a slash.
#[must_use]
pub fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Announces a move, and raises the counter of rights; none while another one is under way that has to
/// do with the same folders. Of several at once, each sees those before it.
///
/// # Errors
/// See [`super::Error`].
pub fn announce(sql: &dyn Sql, new: &NewMove<'_>) -> Result<Option<i64>> {
    let (from, to) = (normal_path(new.from), normal_path(new.to));
    atomic(sql, |sql| {
        // Whoever else announces waits here until this transaction has ended.
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        if all(sql)?.iter().any(|other| other.meets(&from, &to)) {
            return Ok(None);
        }
        let row = sql.query_one(
            "INSERT INTO folder_moves \
             (folder_id, from_path, to_path, task_id, user_id, state, begun_ms, changed_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) RETURNING id",
            values![
                new.folder_id,
                from.as_str(),
                to.as_str(),
                new.task_id,
                new.user_id,
                number(State::Announced),
                now_ms(),
            ],
        )?;
        row.int(0).map(Some)
    })
}

/// Notes how far a move has come; false when it was settled by somebody else meanwhile.
///
/// # Errors
/// See [`super::Error`].
pub fn advance(sql: &dyn Sql, id: i64, state: State) -> Result<bool> {
    let changed = sql.execute(
        "UPDATE folder_moves SET state = $2, changed_ms = $3 WHERE id = $1",
        values![id, number(state), now_ms()],
    )?;
    Ok(changed == 1)
}

/// Ends a move, and raises the counter of rights; false when somebody else has ended it. In the
/// transaction of what follows from it.
///
/// # Errors
/// See [`super::Error`].
pub fn end(sql: &dyn Sql, id: i64) -> Result<bool> {
    atomic(sql, |sql| {
        let ended = sql.execute("DELETE FROM folder_moves WHERE id = $1", values![id])?;
        properties::bump(sql, properties::RIGHTS_VERSION)?;
        Ok(ended == 1)
    })
}

/// The moves under way, the oldest first.
///
/// # Errors
/// See [`super::Error`].
pub fn all(sql: &dyn Sql) -> Result<Vec<FolderMove>> {
    let rows = sql.query(
        "SELECT id, folder_id, from_path, to_path, task_id, user_id, state, changed_ms \
         FROM folder_moves \
         ORDER BY id",
        &[],
    )?;
    rows.iter().map(read).collect()
}

/// Whether any record of access or of a template stands at a folder or below it, of folders that are
/// gone too.
///
/// # Errors
/// See [`super::Error`].
pub fn has_records(sql: &dyn Sql, folder: &str) -> Result<bool> {
    let path = normal_path(folder);
    let (first, end) = range_below(&path);
    let row = sql.query_opt(
        "SELECT f.id FROM folders f WHERE (f.path = $1 OR (f.path >= $2 AND f.path < $3)) \
         AND f.id IN (SELECT folder_id FROM folder_permissions UNION ALL \
         SELECT folder_id FROM folder_templates) LIMIT 1",
        values![path, first, end],
    )?;
    Ok(row.is_some())
}

fn number(state: State) -> i64 {
    i64::from(state as u8)
}

fn read(row: &Row) -> Result<FolderMove> {
    Ok(FolderMove {
        id: row.int(0)?,
        folder_id: row.int(1)?,
        from: row.text(2)?,
        to: row.text(3)?,
        task_id: row.opt_int(4)?,
        user_id: row.opt_int(5)?,
        state: match row.int(6)? {
            0 => State::Announced,
            1 => State::Going,
            _ => State::Copied,
        },
        changed_ms: row.int(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_meet_where_one_lies_within_the_other() {
        let moving = FolderMove {
            id: 1,
            folder_id: 1,
            from: "/a/b".into(),
            to: "/c".into(),
            task_id: None,
            user_id: None,
            state: State::Going,
            changed_ms: 0,
        };
        for (from, to, meets) in [
            ("/a/b", "/x", true),
            ("/a/b/d", "/x", true),
            ("/a", "/x", true),
            ("/x", "/c/d", true),
            ("/c", "/x", true),
            ("/a/bb", "/cc", false),
            ("/a/x", "/a/y", false),
        ] {
            assert_eq!(moving.meets(from, to), meets, "{from} to {to}");
        }
    }
}
