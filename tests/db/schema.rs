//! Migrations, and the range of schemas that the program accepts.

use std::collections::BTreeSet;

use halftone::db::{self, Sql};

use crate::setup::{TestDb, at_once};

crate::on_both!(
    an_empty_database_is_refused_and_a_migrated_one_accepted,
    a_newer_schema_is_accepted_as_long_as_it_says_so,
    many_processes_may_migrate_at_once,
    parameters_are_bound_by_their_number,
    a_failed_transaction_leaves_nothing_behind,
);

fn an_empty_database_is_refused_and_a_migrated_one_accepted(test: &TestDb) {
    assert_eq!(db::schema_version(&test.db).unwrap(), 0);
    let refused = db::check_schema(&test.db).unwrap_err();
    assert!(matches!(refused, db::Error::Schema { found: 0, .. }), "{refused}");
    assert!(refused.to_string().contains("halftone migrate"), "{refused}");
    db::migrate(&test.db).unwrap();
    db::check_schema(&test.db).unwrap();
    assert_eq!(db::schema_version(&test.db).unwrap(), db::migrate::NEWEST_SCHEMA);
    db::migrate(&test.db).unwrap();
}

fn a_newer_schema_is_accepted_as_long_as_it_says_so(test: &TestDb) {
    let db = test.migrated();
    let newer = i64::from(db::migrate::NEWEST_SCHEMA) + 1;
    db.execute(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
         SELECT CAST($1 AS INTEGER), 'later', applied_on, '1' FROM refinery_schema_history \
         WHERE version = 1",
        &[newer.into()],
    )
    .unwrap();
    db::check_schema(db).unwrap();
    db::migrate(db).unwrap();
    db::properties::set(db, db::properties::SCHEMA_COMPATIBLE_FROM, &newer.to_string()).unwrap();
    let refused = db::check_schema(db).unwrap_err();
    assert!(refused.to_string().contains("newer Halftone"), "{refused}");
    assert!(db::migrate(db).is_err());
}

fn many_processes_may_migrate_at_once(test: &TestDb) {
    for migrated in at_once(6, |_| db::migrate(&test.open())) {
        migrated.unwrap();
    }
    assert_eq!(db::schema_version(&test.db).unwrap(), db::migrate::NEWEST_SCHEMA);
    let twice = "SELECT version FROM refinery_schema_history GROUP BY version HAVING COUNT(*) > 1";
    assert!(test.db.query(twice, &[]).unwrap().is_empty());
}

fn parameters_are_bound_by_their_number(test: &TestDb) {
    let row = test
        .db
        .query_one(
            "SELECT CAST($2 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS TEXT)",
            &[7_i64.into(), "x".into()],
        )
        .unwrap();
    assert_eq!((row.text(0).unwrap(), row.int(1).unwrap()), ("x".into(), 7));
    let missing = test.db.query("SELECT CAST($2 AS TEXT), CAST($1 AS TEXT)", &["x".into()]);
    assert!(matches!(missing, Err(db::Error::Statement(_))), "{missing:?}");
}

fn a_failed_transaction_leaves_nothing_behind(test: &TestDb) {
    let db = test.migrated();
    let failed = db.transaction(|sql| {
        db::properties::set(sql, "inside", "1")?;
        db::groups::insert(sql, "Twice", "", 2)?;
        db::groups::insert(sql, "TWICE", "", 2)
    });
    assert!(failed.unwrap_err().is_duplicate());
    assert_eq!(db::properties::get(db, "inside").unwrap(), None);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: db::Result<()> = db.transaction(|sql| {
            db::properties::set(sql, "inside", "2")?;
            panic!("in the middle")
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(db::properties::get(db, "inside").unwrap(), None);
    db::properties::set(db, "outside", "1").unwrap();
    let reference = db::groups::add_member(db, 999, 999).unwrap_err();
    assert!(matches!(reference, db::Error::Constraint(db::Constraint::Reference)), "{reference}");
}

/// Table, column, whether it may be NULL.
fn columns(test: &TestDb) -> BTreeSet<(String, String, bool)> {
    let rows = test.migrated().query("{all_columns}", &[]).unwrap();
    rows.iter()
        .map(|row| (row.text(0).unwrap(), row.text(1).unwrap(), row.bool(2).unwrap()))
        .collect()
}

#[test]
fn both_databases_have_the_same_columns() {
    let (sqlite, postgres) = (columns(&TestDb::sqlite()), columns(&TestDb::postgres()));
    assert!(sqlite.len() > 80, "only {} columns were found", sqlite.len());
    assert_eq!(sqlite, postgres);
}
