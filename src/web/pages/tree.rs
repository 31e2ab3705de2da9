//! The tree of folders beside a folder: the way down to it, with what lies beside each step.

use std::ops::Range;

use super::frame::with_value;
use crate::db::STATUS_ACTIVE;
use crate::db::folders::{self, Folder, Which, Within};
use crate::web::{App, Error};

/// The most folders that are shown of one, unless it is said which ones are.
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

/// A folder, those that it lies in, and what lies in each of them.
pub struct Tree {
    /// From the root down to the folder, itself last.
    chain: Vec<Folder>,
    /// Which folders are to be seen in each of these.
    which: Vec<Which>,
}

impl Tree {
    /// Around a folder; `which` tells by the path of each folder which ones in it are to be seen.
    pub fn around(
        app: &App,
        folder: &Folder,
        which: impl Fn(&str) -> Which,
    ) -> Result<Self, Error> {
        let mut chain = folders::above(&app.db, &folder.path)?;
        chain.push(folder.clone());
        let which = chain.iter().map(|folder| which(&folder.path)).collect();
        Ok(Self { chain, which })
    }

    /// The folders in the folder whose names have something in them; blank for all.
    pub fn children<'a>(&'a self, named: &'a str) -> Within<'a> {
        self.within(self.chain.len() - 1, named)
    }

    fn within<'a>(&'a self, depth: usize, named: &'a str) -> Within<'a> {
        Within { parent_id: self.chain[depth].id, which: &self.which[depth], named }
    }

    /// The rows; of the folders in the folder itself only a part, if one is given.
    pub fn rows(&self, app: &App, part: Option<Range<usize>>) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.add(app, 0, part, &mut rows)?;
        Ok(rows)
    }

    /// Adds a folder of the chain, and below it what lies in it.
    fn add(
        &self,
        app: &App,
        depth: usize,
        part: Option<Range<usize>>,
        rows: &mut Vec<Row>,
    ) -> Result<(), Error> {
        let Some(folder) = self.chain.get(depth) else { return Ok(()) };
        rows.push(self.row(folder, depth));
        let children = self.within(depth, "");
        let next = self.chain.get(depth + 1);
        if let Some(part) = part.as_ref().filter(|_| next.is_none()) {
            let shown = children.page(&app.db, part.start, part.len())?;
            rows.extend(shown.iter().map(|child| self.row(child, depth + 1)));
            return Ok(());
        }
        // One more tells whether there are more.
        let mut shown = children.page(&app.db, 0, MOST + 1)?;
        let are_more = shown.len() > MOST;
        shown.truncate(MOST);
        let is_seen =
            |next: &&Folder| next.status == STATUS_ACTIVE && self.which[depth].has(&next.path);
        if let Some(next) = next.filter(is_seen)
            && shown.iter().all(|child| child.id != next.id)
        {
            shown.push(next.clone());
        }
        for child in &shown {
            if next.is_some_and(|next| next.id == child.id) {
                self.add(app, depth + 1, part.clone(), rows)?;
            } else {
                rows.push(self.row(child, depth + 1));
            }
        }
        if are_more {
            let all = children.count(&app.db)?;
            rows.push(Row { all, is_here: false, ..self.row(folder, depth + 1) });
        }
        Ok(())
    }

    fn row(&self, folder: &Folder, depth: usize) -> Row {
        Row {
            name: folder.name.clone(),
            path: folder.path.clone(),
            href: with_value("/browse", "path", &folder.path),
            depth: depth.min(8),
            is_here: self.chain.last().is_some_and(|here| here.id == folder.id),
            all: 0,
        }
    }
}
