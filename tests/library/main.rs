//! The library on real files and both databases: uploads, moves, deletion, walks, search.
//!
//! PostgreSQL is the server that `HALFTONE_TEST_POSTGRES` names, as in the database tests.

#![allow(missing_docs)]

#[path = "../db/setup.rs"]
#[allow(dead_code)]
mod setup;

mod bench;
mod broken;
mod documents;
mod folders;
mod killed;
mod moves;
mod names;
mod races;
mod recycle;
mod resumable;
mod search;
mod size;
mod uploads;
mod walks;
mod watch;

/// Makes a test of each case for each database.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::$case(&crate::bench::Bench::new(crate::setup::TestDb::sqlite())); })*
        }
        mod postgres {
            $(#[test] fn $case() { super::$case(&crate::bench::Bench::new(crate::setup::TestDb::postgres())); })*
        }
    };
}
pub(crate) use on_both;
