//! Reading the tables over there. Every column is cast, so that it does not matter which of several
//! types a release has given it; times there have no zone and are UTC.

use super::{Error, Import, Result};
use crate::db::{self, Db, Row, Sql, Value, properties};

/// Rows that are held in memory at a time.
const PAGE_ROWS: usize = 500;

/// Ids beyond this cannot be told exactly by every client, and leave few to those that come after them.
const MAX_ID: i64 = (1 << 53) - 1;

/// Tables without which it is another database.
const NEEDED: &[&str] = &["users", "groups", "folders", "images", "imagetemplates", "folios"];

/// A time column in milliseconds since 1970 UTC.
macro_rules! ms {
    ($column:literal) => {
        concat!("CAST(ROUND(EXTRACT(EPOCH FROM ", $column, ") * 1000) AS BIGINT)")
    };
}
pub(super) use ms;

/// Looks whether the tables are there.
pub fn check(source: &Db) -> Result<()> {
    for table in NEEDED {
        let found = source.query_opt("{tables_named}", &[Value::from(*table)]);
        if found.map_err(Error::Source)?.is_none() {
            return Err(Error::NotThere(table));
        }
    }
    Ok(())
}

impl Import<'_> {
    /// Every row of a table over there, in the order of its ids, a page at a time. The id comes before
    /// the columns.
    pub(super) fn each_page(
        &mut self,
        table: &str,
        columns: &str,
        mut work: impl FnMut(&mut Self, &[Row]) -> Result<()>,
    ) -> Result<()> {
        let statement = format!(
            "SELECT CAST(id AS BIGINT), {columns} FROM {table} WHERE CAST(id AS BIGINT) > $1 \
             ORDER BY id LIMIT {PAGE_ROWS}"
        );
        let mut after = i64::MIN;
        loop {
            let page = self.source.query(&statement, &[Value::from(after)]);
            let of_table = |reason| Error::Table { table: table.to_owned(), reason };
            let page = page.map_err(|reason| match reason {
                reason @ db::Error::Statement(_) => of_table(reason),
                reason => Error::Source(reason),
            })?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.int(0)?;
            if after > MAX_ID {
                let reason = format!("ids go up to {MAX_ID}");
                return Err(Error::Row { table: table.to_owned(), id: after, reason });
            }
            work(self, &page).map_err(|error| match error {
                Error::Db(reason @ db::Error::Statement(_)) => of_table(reason),
                error => error,
            })?;
        }
    }

    /// As [`Self::each_page`], a row at a time.
    pub(super) fn each(
        &mut self,
        table: &str,
        columns: &str,
        mut work: impl FnMut(&mut Self, &Row) -> Result<()>,
    ) -> Result<()> {
        self.each_page(table, columns, |import, rows| {
            rows.iter().try_for_each(|row| {
                work(import, row).map_err(|error| match error {
                    Error::Db(db::Error::Statement(reason)) => {
                        let id = row.int(0).unwrap_or_default();
                        Error::Row { table: table.to_owned(), id, reason }
                    }
                    error => error,
                })
            })
        })
    }

    /// The rows of a table without ids.
    pub(super) fn rows(&self, table: &str, columns: &str) -> Result<Vec<Row>> {
        let statement = format!("SELECT {columns} FROM {table}");
        self.source.query(&statement, &[]).map_err(Error::Source)
    }

    /// The highest id of a table.
    pub(super) fn highest(&self, table: &str) -> Result<i64> {
        let statement = format!("SELECT MAX(CAST(id AS BIGINT)) FROM {table}");
        let row = self.source.query_one(&statement, &[]).map_err(Error::Source)?;
        Ok(row.opt_int(0)?.unwrap_or(0))
    }

    /// A property, when there is one.
    pub(super) fn property(&self, key: &str) -> Result<Option<String>> {
        properties::get(self.source, key).map_err(Error::Source)
    }
}

/// A text column, blank when there is none.
pub fn text(row: &Row, column: usize) -> crate::db::Result<String> {
    Ok(row.opt_text(column)?.unwrap_or_default())
}
