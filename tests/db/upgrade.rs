//! A database of every earlier schema is brought up to date with what is in it, while programs of its own
//! version go on.
//!
//! What such a program does is told by the schema of its time: it reads the columns that it knows by their
//! names, and adds rows without those that it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use halftone::db::{self, Db, Sql};
use refinery::{Migration, Runner, Target};

use crate::setup::{TestDb, wait_for};

crate::on_both!(
    every_earlier_schema_is_brought_up_to_date_with_its_rows,
    what_an_earlier_program_reads_and_adds_goes_on,
    reading_goes_on_while_it_is_done,
);

/// The tables of the first schema, in an order in which their rows can be added, each with a row.
const FIRST_ROWS: [(&str, &str); 12] = [
    (
        "users",
        "id = 7, username = 'Jo', username_key = 'jo', password = 'hash', allow_api = TRUE, \
         created_ms = 1",
    ),
    ("groups", "id = 70, name = 'Readers', name_key = 'readers'"),
    ("user_groups", "user_id = 7, group_id = 70"),
    ("system_permissions", "group_id = 70, reports = TRUE"),
    ("folders", "id = 71, path = '/ä b', path_key = '/ä b', name = 'ä b'"),
    ("folder_permissions", "id = 72, folder_id = 71, group_id = 70, access = 20"),
    (
        "images",
        "id = 73, path = 'ä b/c.jpg', path_key = 'ä b/c.jpg', folder_id = 71, title = 'It''s', \
         width = 600, height = 400, revision_counter = 3, size_bytes = 9999999999, \
         mtime_ns = 1700000000123456789, first_seen_ms = 2",
    ),
    ("templates", "id = 74, name = 'Small', name_key = 'small', template = '{}'"),
    ("properties", "key = 'installation_id', value = 'abc'"),
    (
        "tasks",
        "id = 75, kind = 'purge', name = 'Purge', params = '{}', user_id = 7, not_before_ms = 3, \
         created_ms = 4",
    ),
    (
        "image_stats",
        "image_id = 73, from_ms = 0, to_ms = 300000, requests = 5, views = 4, cached_views = 3, \
         downloads = 2, total_bytes = 5000000000, request_us = 100, max_request_us = 50",
    ),
    ("stats_batches", "id = 'batch', added_ms = 5"),
];

/// Brings an empty database, or one of an earlier schema, up to a version, as a program of that time did.
fn migrate_to(test: &TestDb, version: i32) {
    let folder = match test.sqlite_file() {
        Some(_) => "migrations/sqlite",
        None => "migrations/postgres",
    };
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let migrations: Vec<Migration> = refinery::load_sql_migrations(folder).unwrap();
    let runner = Runner::new(&migrations).set_target(Target::Version(version));
    match test.sqlite_file() {
        Some(file) => runner.run(&mut rusqlite::Connection::open(file).unwrap()).map(|_| ()),
        None => runner.run(&mut test.postgres_client()).map(|_| ()),
    }
    .unwrap();
    assert_eq!(db::schema_version(&test.db).unwrap(), u32::try_from(version).unwrap());
}

/// Names and values of a row that is told as `name = value, name = value`.
fn insert(table: &str, row: &str) -> String {
    // No value here holds a comma and a blank that are followed by a name and an equals sign.
    let pairs: Vec<(&str, &str)> =
        row.split(", ").map(|pair| pair.split_once(" = ").expect("a pair")).collect();
    let names: Vec<&str> = pairs.iter().map(|(name, _)| *name).collect();
    let values: Vec<&str> = pairs.iter().map(|(_, value)| *value).collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
}

fn fill(db: &Db) {
    for (table, row) in FIRST_ROWS {
        db.execute(&insert(table, row), &[]).unwrap_or_else(|error| panic!("{table}: {error}"));
    }
}

/// What of the rows of the first schema is not as it was put there.
fn changed_rows(db: &Db) -> Vec<&'static str> {
    let is_there = |(table, row): &(&'static str, &str)| {
        let statement =
            format!("SELECT COUNT(*) FROM {table} WHERE {}", row.replace(", ", " AND "));
        let count = db.query_one(&statement, &[]).and_then(|row| row.int(0));
        count.unwrap_or_else(|error| panic!("{table}: {error}")) == 1
    };
    FIRST_ROWS.iter().filter(|row| !is_there(row)).map(|(table, _)| *table).collect()
}

/// The columns of every table.
fn columns(db: &Db) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    for row in db.query("{all_columns}", &[]).unwrap() {
        tables.entry(row.text(0).unwrap()).or_default().insert(row.text(1).unwrap());
    }
    tables
}

fn read_all(db: &Db, tables: &BTreeMap<String, BTreeSet<String>>) -> db::Result<()> {
    for (table, columns) in tables {
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        db.query(&format!("SELECT {} FROM {table}", names.join(", ")), &[])?;
    }
    Ok(())
}

fn newest() -> i32 {
    i32::try_from(db::migrate::NEWEST_SCHEMA).unwrap()
}

/// The first one with its rows, one schema after the other, and by the program at once.
fn every_earlier_schema_is_brought_up_to_date_with_its_rows(test: &TestDb) {
    migrate_to(test, 1);
    fill(&test.db);
    for version in 1..newest() {
        migrate_to(test, version);
        assert_eq!(changed_rows(&test.db), [""; 0], "by schema {version}");
        let suits = u32::try_from(version).unwrap() >= db::migrate::OLDEST_SCHEMA;
        assert_eq!(db::check_schema(&test.db).is_ok(), suits, "{version}");
    }
    db::migrate(&test.db).unwrap();
    db::check_schema(&test.db).unwrap();
    assert_eq!(changed_rows(&test.db), [""; 0]);
    // What this program knows of them.
    let user = db::users::by_id(&test.db, 7).unwrap().expect("the account is there");
    assert_eq!((user.username.as_str(), user.allow_api), ("Jo", true));
    let image = db::images::by_path(&test.db, "ä b/c.jpg").unwrap().expect("the image is there");
    assert_eq!((image.id, image.title.as_str()), (73, "It's"));
    // New rows do not collide with those of old.
    let group = db::groups::insert(&test.db, "Later", "", 2).unwrap();
    assert_ne!(group, 70);
}

fn what_an_earlier_program_reads_and_adds_goes_on(test: &TestDb) {
    migrate_to(test, 1);
    let mut known = vec![(1, columns(&test.db))];
    assert!(known[0].1.len() > 10 && known[0].1["users"].len() > 10, "{known:?}");
    for version in 2..=newest() {
        migrate_to(test, version);
        let told = db::properties::get(&test.db, db::properties::SCHEMA_COMPATIBLE_FROM).unwrap();
        let from: i32 = told.expect("the schema says so").parse().unwrap();
        for (old, columns) in known.iter().filter(|(old, _)| *old >= from) {
            read_all(&test.db, columns)
                .unwrap_or_else(|error| panic!("{old} reads {version}: {error}"));
        }
        known.push((version, columns(&test.db)));
    }
    // The first program is one of those, and its rows are added as ever.
    fill(&test.db);
    assert_eq!(changed_rows(&test.db), [""; 0]);
}

fn reading_goes_on_while_it_is_done(test: &TestDb) {
    migrate_to(test, 1);
    fill(&test.db);
    let tables = columns(&test.db);
    let (done, reads) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let db = test.open();
            while !done.load(Ordering::Relaxed) {
                read_all(&db, &tables).unwrap();
                assert_eq!(changed_rows(&db), [""; 0]);
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        let read_again = |count: u32| {
            let before = reads.load(Ordering::Relaxed);
            wait_for("it reads", || {
                reads.load(Ordering::Relaxed) >= before + count || reader.is_finished()
            });
        };
        read_again(2);
        db::migrate(&test.open()).unwrap();
        read_again(2);
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    db::check_schema(&test.db).unwrap();
}
