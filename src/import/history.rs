//! What was done to images and portfolios.

use std::collections::{HashMap, HashSet};

use super::source::{ms, text};
use super::{Import, Result};
use crate::db::{Row, Value, bulk};

/// One kind of history: where it stands over there and here, and whose it is.
struct Kind {
    name: &'static str,
    from: &'static str,
    table: &'static str,
    owner: &'static str,
    /// The ids of what it is about, over there and here.
    owners: for<'a> fn(&'a mut Import<'_>) -> &'a mut HashMap<i64, i64>,
    actions: std::ops::RangeInclusive<i64>,
}

/// Deleted, created, replaced, edited, moved: the numbers are the same here.
const IMAGES: Kind = Kind {
    name: "image history",
    from: "imagesaudit",
    table: "image_history",
    owner: "image_id",
    owners: |import| &mut import.images,
    actions: 0..=4,
};

/// Created, edited, picture change, published, downloaded, unpublished.
const FOLIOS: Kind = Kind {
    name: "portfolio history",
    from: "foliosaudit",
    table: "folio_history",
    owner: "folio_id",
    owners: |import| &mut import.folios,
    actions: 1..=6,
};

impl Import<'_> {
    pub(super) fn image_history(&mut self) -> Result<()> {
        self.history_of(&IMAGES)
    }

    pub(super) fn folio_history(&mut self) -> Result<()> {
        self.history_of(&FOLIOS)
    }

    fn history_of(&mut self, kind: &Kind) -> Result<()> {
        let columns = format!(
            "CAST({} AS BIGINT), CAST(user_id AS BIGINT), CAST(action AS BIGINT), \
             CAST(action_info AS TEXT), {}",
            kind.owner,
            ms!("action_time")
        );
        self.each_page(kind.from, &columns, |import, rows| {
            let owners = std::mem::take((kind.owners)(import));
            let done = import.history(kind, rows, &owners);
            *(kind.owners)(import) = owners;
            done
        })
    }

    /// Entries have no name: one is known again by all that it says.
    fn history(&mut self, kind: &Kind, rows: &[Row], owners: &HashMap<i64, i64>) -> Result<()> {
        let mut ours = Vec::new();
        for row in rows {
            ours.extend(row.opt_int(1)?.and_then(|id| owners.get(&id).copied()));
        }
        ours.sort_unstable();
        ours.dedup();
        let columns = [kind.owner, "user_id", "action", "detail", "at_ms"];
        let times = rows.iter().filter_map(|row| row.opt_int(5).ok().flatten());
        let span = super::span(times).map(|(from, to)| ("at_ms", from, to));
        let here = bulk::rows_of(self.sql, kind.table, &columns, (kind.owner, &ours), span)?;
        let mut here: HashSet<String> = here.iter().map(|entry| format!("{entry:?}")).collect();
        let mut new = Vec::new();
        for row in rows {
            let (owner, action) = (row.opt_int(1)?, row.int(3)?);
            let which = format!("entry {}", row.int(0)?);
            let Some(&owner) = owner.and_then(|id| owners.get(&id)) else {
                self.report.left_out(kind.name, "what it is about does not exist", &which);
                continue;
            };
            let (true, Some(at_ms)) = (kind.actions.contains(&action), row.opt_int(5)?) else {
                self.report.left_out(kind.name, "it has no known action, or no time", &which);
                continue;
            };
            let user = row.opt_int(2)?.and_then(|id| self.users.get(&id).copied());
            let entry: Vec<Value> =
                vec![owner.into(), user.into(), action.into(), text(row, 4)?.into(), at_ms.into()];
            if here.insert(format!("{entry:?}")) {
                self.report.new_row(kind.name);
                new.push(entry);
            } else {
                self.report.here(kind.name);
            }
        }
        bulk::insert(self.sql, kind.table, &columns, new)?;
        Ok(())
    }
}
