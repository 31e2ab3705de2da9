//! Whoever runs statements: the database as a whole, or a transaction on it.

use std::cell::{Cell, RefCell};

use super::dialect::Dialect;
use super::error::{Error, Result};
use super::open::Conn;
use super::value::{Row, Value};

/// Runs statements. The functions of the tables take it, so that they serve alone and as a part of
/// a larger transaction.
pub trait Sql {
    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// Runs a statement and gives back its rows. `$1` is the first of `values`; differences of the
    /// dialects stand in braces, see [`super::dialect`].
    ///
    /// # Errors
    /// See [`Error`].
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>>;

    /// Runs a statement and gives back how many rows it changed.
    ///
    /// # Errors
    /// See [`Error`].
    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64>;

    /// Runs `work` as one transaction, or as a part of the one that is under way. It may be run
    /// more than once. [`atomic`] is the comfortable form.
    ///
    /// # Errors
    /// What `work` returns.
    fn atomically(&self, work: &mut dyn FnMut(&dyn Sql) -> Result<()>) -> Result<()>;

    /// The first row, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    fn query_opt(&self, sql: &str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The first row of a statement that always gives one.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Statement`] without a row.
    fn query_one(&self, sql: &str, values: &[Value]) -> Result<Row> {
        self.query_opt(sql, values)?.ok_or_else(|| Error::Statement("it gave no row".into()))
    }
}

/// Runs `work` as one transaction, or as a part of the one that `sql` is. It may be run more than
/// once, when it meets other transactions.
///
/// # Errors
/// What `work` returns; nothing was written then.
pub fn atomic<T>(sql: &dyn Sql, mut work: impl FnMut(&dyn Sql) -> Result<T>) -> Result<T> {
    let mut done = None;
    sql.atomically(&mut |sql| {
        done = Some(work(sql)?);
        Ok(())
    })?;
    done.ok_or_else(|| Error::Statement("the transaction did not run".into()))
}

/// A transaction; rolled back unless it is committed.
pub(super) struct Transaction<'a> {
    conn: RefCell<&'a mut Conn>,
    dialect: Dialect,
    open: Cell<bool>,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(conn: &'a mut Conn, dialect: Dialect, begin: &str) -> Result<Self> {
        conn.run(begin)?;
        Ok(Self { conn: RefCell::new(conn), dialect, open: Cell::new(true) })
    }

    pub(super) fn commit(self) -> Result<()> {
        self.conn.borrow_mut().run("COMMIT")?;
        self.open.set(false);
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // A connection on which even this fails is broken, and the pool drops it.
        if self.open.get()
            && let Err(error) = self.conn.get_mut().run("ROLLBACK")
        {
            log::debug!("a transaction could not be rolled back: {error}");
        }
    }
}

impl Sql for Transaction<'_> {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        self.conn.borrow_mut().query(sql, values)
    }

    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.conn.borrow_mut().execute(sql, values)
    }

    fn atomically(&self, work: &mut dyn FnMut(&dyn Sql) -> Result<()>) -> Result<()> {
        work(self)
    }
}
