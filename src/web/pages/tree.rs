//! The tree of folders beside a folder: the way down to it, with what lies beside each step.

use super::frame::with_value;
use crate::auth::{Identity, Level, Rights};
use crate::db::folders::{self, Folder};
use crate::db::{self, STATUS_ACTIVE};
use crate::web::{App, Error};

/// The most folders that are shown of one.
const MOST: usize = 60;

/// A folder of the tree.
pub struct Row {
    /// Its name; blank for the root.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its page.
    pub href: String,
    /// How far below the root, at most 8.
    pub depth: usize,
    /// Whether it is the one that is looked at.
    pub is_here: bool,
    /// Of a row that leads to all folders of one, of which only some are shown: how many there are; else 0.
    pub all: usize,
}

/// The folders in a folder that somebody may see.
pub fn children(
    app: &App,
    rights: &Rights,
    identity: &Identity,
    folder: &Folder,
) -> Result<Vec<Folder>, Error> {
    within(app, folder, &|child| rights.level(identity, &child.path) >= Level::View)
}

/// The folders in a folder that are to be seen, by name.
fn within(
    app: &App,
    folder: &Folder,
    is_seen: &dyn Fn(&Folder) -> bool,
) -> Result<Vec<Folder>, Error> {
    let mut children = folders::children(&app.db, folder.id, Some(STATUS_ACTIVE))?;
    children.retain(is_seen);
    children.sort_by_cached_key(|child| super::listing::natural_key(&child.name));
    Ok(children)
}

/// The tree around a folder, of what somebody may see.
pub fn rows(
    app: &App,
    rights: &Rights,
    identity: &Identity,
    folder: &Folder,
) -> Result<Vec<Row>, Error> {
    around(app, folder, &|child| rights.level(identity, &child.path) >= Level::View)
}

/// The tree around a folder, of those folders that are to be seen.
pub fn around(
    app: &App,
    folder: &Folder,
    is_seen: &dyn Fn(&Folder) -> bool,
) -> Result<Vec<Row>, Error> {
    let chain = chain(&app.db, folder)?;
    let mut rows = Vec::new();
    let walk = Walk { app, is_seen, chain: &chain, here: folder.id };
    if let Some(root) = chain.first() {
        walk.add(root, 0, &mut rows)?;
    }
    Ok(rows)
}

/// The folders from the root down to one, itself last.
fn chain(db: &db::Db, folder: &Folder) -> Result<Vec<Folder>, Error> {
    let mut chain = vec![folder.clone()];
    while let Some(id) = chain.last().and_then(|folder| folder.parent_id) {
        match folders::by_id(db, id)? {
            Some(parent) if chain.len() < 64 => chain.push(parent),
            _ => break,
        }
    }
    chain.reverse();
    Ok(chain)
}

struct Walk<'a> {
    app: &'a App,
    is_seen: &'a dyn Fn(&Folder) -> bool,
    chain: &'a [Folder],
    here: i64,
}

impl Walk<'_> {
    /// Adds a folder of the chain, and below it what lies in it.
    fn add(&self, folder: &Folder, depth: usize, rows: &mut Vec<Row>) -> Result<(), Error> {
        rows.push(self.row(folder, depth));
        let next = self.chain.get(depth + 1);
        let children = within(self.app, folder, self.is_seen)?;
        for (at, child) in children.iter().enumerate() {
            if next.is_some_and(|next| next.id == child.id) {
                self.add(child, depth + 1, rows)?;
            } else if at < MOST {
                rows.push(self.row(child, depth + 1));
            }
        }
        if children.len() > MOST {
            let all = Row { all: children.len(), is_here: false, ..self.row(folder, depth + 1) };
            rows.push(all);
        }
        Ok(())
    }

    fn row(&self, folder: &Folder, depth: usize) -> Row {
        Row {
            name: folder.name.clone(),
            path: folder.path.clone(),
            href: with_value("/browse", "path", &folder.path),
            depth: depth.min(8),
            is_here: folder.id == self.here,
            all: 0,
        }
    }
}
