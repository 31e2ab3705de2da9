//! A database that is not there, goes away and comes back.

use std::time::{Duration, Instant};

use halftone::auth::{Level, RightsStore, StoreOptions, first_start};
use halftone::db::{self, Sql, properties};

use crate::setup::{TestDb, wait_for};

crate::on_both!(a_database_may_appear_later, writers_are_told_and_go_on_afterwards);

fn a_database_may_appear_later(test: &TestDb) {
    let missing = test.missing();
    let store = RightsStore::new(missing.db.clone(), StoreOptions::default());
    let began = Instant::now();
    for _ in 0..20 {
        let refused = missing.db.query("SELECT 1", &[]).unwrap_err();
        assert!(matches!(refused, db::Error::Unavailable(_)), "{refused}");
        let reason = refused.to_string();
        assert!(reason.contains("does not exist") || reason.contains("open"), "{reason}");
        assert!(!reason.contains('/'), "it names a path: {reason}");
        assert!(store.refresh().unwrap_err().is_unavailable());
    }
    // The first call may wait 400 ms for a connection; the others know.
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(store.rights().is_err());
    assert!(missing.db.is_away());
    missing.appear();
    wait_for("the database", || missing.db.query("SELECT 1", &[]).is_ok());
    assert!(!missing.db.is_away());
    db::migrate(&missing.db).unwrap();
    first_start(&missing.db, None).unwrap();
    store.refresh().unwrap();
    assert_eq!(store.rights().unwrap().public_level("x"), Level::View);
}

fn writers_are_told_and_go_on_afterwards(test: &TestDb) {
    test.migrated();
    let db = test.open_impatient();
    properties::set(&db, "a", "1").unwrap();
    let away = test.take_away();
    for _ in 0..3 {
        let refused = properties::set(&db, "a", "2").unwrap_err();
        assert!(matches!(refused, db::Error::Unavailable(_)), "{refused}");
        let refused = db.transaction(|sql| properties::set(sql, "a", "3")).unwrap_err();
        assert!(matches!(refused, db::Error::Unavailable(_)), "{refused}");
    }
    drop(away);
    wait_for("the database", || properties::set(&db, "a", "4").is_ok());
    assert_eq!(properties::get(&db, "a").unwrap().as_deref(), Some("4"));
}

#[test]
fn the_last_known_rights_hold_for_a_set_time() {
    let test = TestDb::postgres();
    first_start(test.migrated(), None).unwrap();
    let options = StoreOptions {
        poll: Duration::from_millis(20),
        fresh_for: Duration::from_millis(300),
        max_age: Duration::from_secs(4),
    };
    let store = RightsStore::new(test.open_impatient(), options);
    store.start().unwrap();
    wait_for("the first look", || store.fresh());
    let away = test.take_away();
    let began = Instant::now();
    wait_for("the knowledge to be stale", || !store.fresh());
    assert_eq!(store.rights().unwrap().public_level("x"), Level::View);
    assert!(store.templates().unwrap().default_template().is_some());
    wait_for("the knowledge to be too old", || store.rights().is_err());
    assert!(store.templates().is_err());
    assert!(began.elapsed() > Duration::from_secs(3), "{:?}", began.elapsed());
    drop(away);
    wait_for("the knowledge to be back", || store.fresh() && store.rights().is_ok());
}

#[test]
fn a_frozen_server_holds_nobody_for_long() {
    let test = TestDb::postgres();
    test.migrated();
    let (db, relay) = test.over_relay();
    properties::set(&db, "a", "1").unwrap();
    let transaction = db.transaction(|sql| {
        properties::set(sql, "a", "2")?;
        relay.freeze(true);
        let began = Instant::now();
        let refused = properties::set(sql, "a", "3").unwrap_err();
        assert!(refused.is_unavailable(), "{refused}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        Ok(())
    });
    assert!(transaction.unwrap_err().is_unavailable());
    let began = Instant::now();
    for _ in 0..20 {
        let refused = properties::get(&db, "a").unwrap_err();
        assert!(refused.is_unavailable(), "{refused}");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    relay.freeze(false);
    wait_for("the server", || properties::set(&db, "a", "4").is_ok());
    assert_eq!(properties::get(&test.db, "a").unwrap().as_deref(), Some("4"));
}
