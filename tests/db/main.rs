//! The database layer on both databases: every case runs on SQLite and on PostgreSQL.
//!
//! PostgreSQL is the server that `HALFTONE_TEST_POSTGRES` names; every case makes a database of its
//! own there and drops it. `scripts/test` starts such a server and sets the variable.

#![allow(missing_docs)]

mod accounts;
mod away;
mod images;
mod logs;
mod schema;
mod setup;
mod sign_in;
mod statistics;
#[path = "../support/mod.rs"]
mod support;
mod tasks;
mod tls;
mod upgrade;

/// Makes a test of each case for each database.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::$case(&crate::setup::TestDb::sqlite()); })*
        }
        mod postgres {
            $(#[test] fn $case() { super::$case(&crate::setup::TestDb::postgres()); })*
        }
    };
}
pub(crate) use on_both;
