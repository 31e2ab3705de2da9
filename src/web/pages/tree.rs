//! The tree of folders beside a folder: the way down to it, with what lies beside each step.

use std::collections::HashMap;
use std::ops::Range;

use super::frame::with_value;
use crate::db::STATUS_ACTIVE;
use crate::db::folders::{self, Folder};
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
    /// The folders in each of these, by its id, in the order of their names.
    within: HashMap<i64, Vec<Folder>>,
}

impl Tree {
    /// Around a folder, of those folders that are to be seen.
    pub fn around(
        app: &App,
        folder: &Folder,
        is_seen: impl Fn(&Folder) -> bool,
    ) -> Result<Self, Error> {
        let mut chain = folders::above(&app.db, &folder.path)?;
        chain.push(folder.clone());
        let ids: Vec<i64> = chain.iter().map(|folder| folder.id).collect();
        let mut within: HashMap<i64, Vec<Folder>> = HashMap::new();
        for child in folders::children_of(&app.db, &ids, STATUS_ACTIVE)? {
            if let Some(parent) = child.parent_id.filter(|_| is_seen(&child)) {
                within.entry(parent).or_default().push(child);
            }
        }
        for children in within.values_mut() {
            children.sort_by_cached_key(|child| super::listing::natural_key(&child.name));
        }
        Ok(Self { chain, within })
    }

    /// The folders in the folder.
    pub fn children(&self) -> &[Folder] {
        self.chain.last().map(|folder| self.of(folder)).unwrap_or_default()
    }

    fn of(&self, folder: &Folder) -> &[Folder] {
        self.within.get(&folder.id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The rows; of the folders in the folder itself only a part, if one is given.
    pub fn rows(&self, part: Option<Range<usize>>) -> Vec<Row> {
        let mut rows = Vec::new();
        self.add(0, part, &mut rows);
        rows
    }

    /// Adds a folder of the chain, and below it what lies in it.
    fn add(&self, depth: usize, part: Option<Range<usize>>, rows: &mut Vec<Row>) {
        let Some(folder) = self.chain.get(depth) else { return };
        rows.push(self.row(folder, depth));
        let (next, children) = (self.chain.get(depth + 1), self.of(folder));
        if let Some(part) = part.as_ref().filter(|_| next.is_none()) {
            let shown = children.iter().skip(part.start).take(part.len());
            rows.extend(shown.map(|child| self.row(child, depth + 1)));
            return;
        }
        for (at, child) in children.iter().enumerate() {
            if next.is_some_and(|next| next.id == child.id) {
                self.add(depth + 1, part.clone(), rows);
            } else if at < MOST {
                rows.push(self.row(child, depth + 1));
            }
        }
        if children.len() > MOST {
            let all = Row { all: children.len(), is_here: false, ..self.row(folder, depth + 1) };
            rows.push(all);
        }
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
