//! What an import did, or would do.

use std::collections::BTreeMap;
use std::fmt;

/// Examples that are named of what happened often.
const EXAMPLES: usize = 10;

/// Counts of one kind of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that came.
    pub new: u64,
    /// Rows here that took over what is over there.
    pub taken_over: u64,
    /// Rows that were here already and stayed as they are.
    pub here: u64,
    /// Rows that cannot come.
    pub left_out: u64,
}

/// What happened to some rows, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Remark {
    count: u64,
    examples: Vec<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    kinds: Vec<(&'static str, Counts)>,
    remarks: BTreeMap<(&'static str, String), Remark>,
    notes: Vec<String>,
}

impl Report {
    /// The counts of a kind.
    #[must_use]
    pub fn counts(&self, kind: &str) -> Counts {
        let found = self.kinds.iter().find(|(known, _)| *known == kind);
        found.map(|(_, counts)| *counts).unwrap_or_default()
    }

    /// Whether a row came or was changed.
    #[must_use]
    pub fn changed_anything(&self) -> bool {
        self.kinds.iter().any(|(_, counts)| counts.new + counts.taken_over > 0)
    }

    fn of(&mut self, kind: &'static str) -> &mut Counts {
        let at = self.kinds.iter().position(|(known, _)| *known == kind);
        let at = at.unwrap_or_else(|| {
            self.kinds.push((kind, Counts::default()));
            self.kinds.len() - 1
        });
        &mut self.kinds[at].1
    }

    pub(super) fn new_row(&mut self, kind: &'static str) {
        self.of(kind).new += 1;
    }

    pub(super) fn taken_over(&mut self, kind: &'static str) {
        self.of(kind).taken_over += 1;
    }

    pub(super) fn here(&mut self, kind: &'static str) {
        self.of(kind).here += 1;
    }

    /// A row that cannot come.
    pub(super) fn left_out(&mut self, kind: &'static str, why: &str, which: &str) {
        self.of(kind).left_out += 1;
        self.remark(kind, why, which);
    }

    /// Something to know of a row that comes.
    pub(super) fn remark(&mut self, kind: &'static str, what: &str, which: &str) {
        let remark = self.remarks.entry((kind, what.to_owned())).or_default();
        remark.count += 1;
        if remark.examples.len() < EXAMPLES {
            remark.examples.push(which.to_owned());
        }
    }

    /// Something to know of the whole.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<22}{:>10}{:>12}{:>10}{:>10}", "", "new", "taken over", "here", "left out")?;
        for (kind, counts) in &self.kinds {
            let Counts { new, taken_over, here, left_out } = counts;
            writeln!(f, "{kind:<22}{new:>10}{taken_over:>12}{here:>10}{left_out:>10}")?;
        }
        for ((kind, what), remark) in &self.remarks {
            writeln!(f, "\n{kind}: {what} ({})", remark.count)?;
            for example in &remark.examples {
                writeln!(f, "  {}", example.escape_debug())?;
            }
            if remark.count > remark.examples.len() as u64 {
                writeln!(f, "  …")?;
            }
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}
