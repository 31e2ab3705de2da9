//! The first start, accounts, and what a worker learns of changed rights and templates.

use std::time::Duration;

use halftone::auth::{
    FirstStart, FirstStartError, Identity, Level, RightsStore, SignedIn, StoreOptions,
    SystemPermission, first_start, password,
};
use halftone::db::{
    self, Db, STATUS_DELETED, folder_permissions, folders, groups, templates, users,
};

use crate::setup::{TestDb, at_once, wait_for};

crate::on_both!(
    the_first_start_makes_what_the_contract_says,
    the_first_start_takes_a_given_password,
    a_bad_password_leaves_the_database_empty,
    of_many_first_starts_one_counts,
    what_was_deleted_does_not_return,
    names_ignore_case,
    ids_follow_those_given_by_hand,
    a_worker_learns_of_changed_rights,
    a_worker_learns_of_changed_templates,
);

fn store(db: &Db) -> std::sync::Arc<RightsStore> {
    let options = StoreOptions { poll: Duration::from_millis(20), ..StoreOptions::default() };
    RightsStore::new(db.clone(), options)
}

fn the_first_start_makes_what_the_contract_says(test: &TestDb) {
    let db = test.migrated();
    let FirstStart { done_now, generated_password } = first_start(db, None).unwrap();
    let generated = generated_password.unwrap();
    assert!(done_now);
    let (admin, hash) = users::by_name(db, "admin").unwrap().unwrap();
    assert!(password::verify(&generated, hash.as_deref(), &password::Turn::wait()));
    let names: Vec<(i64, String, i64)> = groups::all(db)
        .unwrap()
        .into_iter()
        .map(|group| (group.id, group.name, group.group_type))
        .collect();
    let expected = [(1, "Public"), (2, "Normal users"), (3, "Administrators")];
    assert_eq!(names, expected.map(|(id, name)| (id, name.to_owned(), 1)));

    let store = store(db);
    store.refresh().unwrap();
    let rights = store.rights().unwrap();
    for folder in ["", "/", "any/folder"] {
        assert_eq!(rights.level(&Identity::Anonymous, folder), Level::View);
    }
    let admin = rights.identity(admin.id, SignedIn::Token).unwrap();
    assert_eq!(rights.level(&admin, "x"), Level::DeleteFolder);
    for permission in SystemPermission::ALL {
        assert!(rights.has(&admin, permission), "{}", permission.name());
        assert!(!rights.has(&Identity::Anonymous, permission), "{}", permission.name());
    }
    check_templates(&store.templates().unwrap());
    let id = db::properties::installation_id(db).unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(db::properties::installation_id(&test.open()).unwrap(), id);
    let again = first_start(db, None).unwrap();
    assert_eq!(again, FirstStart { done_now: false, generated_password: None });
}

fn check_templates(known: &halftone::auth::Templates) {
    let parse = |template: &templates::Template| -> serde_json::Value {
        serde_json::from_str(&template.json).unwrap()
    };
    let default = known.default_template().unwrap();
    assert_eq!(default.name, "Default");
    let mut expected = serde_json::json!({
        "quality": {"value": 80}, "strip": {"value": true}, "colorspace": {"value": "rgb"},
        "record_stats": {"value": true}, "expiry_secs": {"value": 604800},
    });
    assert_eq!(parse(default), expected);
    for (name, value) in [("format", "jpg".into()), ("width", 200.into()), ("height", 200.into())] {
        let value: serde_json::Value = value;
        expected[name] = serde_json::json!({ "value": value });
    }
    assert_eq!(parse(known.get("smalljpeg").unwrap()), expected);
    assert_eq!(known.iter().count(), 2);
}

fn the_first_start_takes_a_given_password(test: &TestDb) {
    let db = test.migrated();
    let started = first_start(db, Some("my own password")).unwrap();
    assert_eq!(started, FirstStart { done_now: true, generated_password: None });
    let (_, hash) = users::by_name(db, "Admin").unwrap().unwrap();
    assert!(password::verify("my own password", hash.as_deref(), &password::Turn::wait()));
}

fn a_bad_password_leaves_the_database_empty(test: &TestDb) {
    let db = test.migrated();
    let refused = first_start(db, Some("short")).unwrap_err();
    assert!(matches!(refused, FirstStartError::Password(password::PasswordError::Length)));
    assert_eq!(groups::all(db).unwrap(), []);
    assert!(first_start(db, None).unwrap().done_now);
}

fn of_many_first_starts_one_counts(test: &TestDb) {
    test.migrated();
    let processes = [test.open(), test.open()];
    let started = at_once(8, |number| first_start(&processes[number % 2], None).unwrap());
    let winners: Vec<&FirstStart> = started.iter().filter(|start| start.done_now).collect();
    assert_eq!(winners.len(), 1);
    let shown: Vec<&String> =
        started.iter().filter_map(|start| start.generated_password.as_ref()).collect();
    assert_eq!(shown.len(), 1);
    let (_, hash) = users::by_name(&test.db, "admin").unwrap().unwrap();
    assert!(password::verify(shown[0], hash.as_deref(), &password::Turn::wait()));
    assert_eq!(groups::all(&test.db).unwrap().len(), 3);
    assert_eq!(templates::all(&test.db).unwrap().len(), 2);
}

fn what_was_deleted_does_not_return(test: &TestDb) {
    let db = test.migrated();
    first_start(db, None).unwrap();
    let small = templates::all(db).unwrap().into_iter().find(|t| t.name == "SmallJpeg").unwrap();
    assert!(templates::remove(db, small.id).unwrap());
    assert!(!templates::remove(db, small.id).unwrap());
    assert!(!first_start(db, None).unwrap().done_now);
    assert_eq!(templates::all(db).unwrap().len(), 1);
}

fn names_ignore_case(test: &TestDb) {
    let db = test.migrated();
    let new = |name: &str| users::NewUser { username: name.into(), ..Default::default() };
    let id = users::insert(db, &new("Ärger")).unwrap();
    assert!(users::insert(db, &new("äRGER")).unwrap_err().is_duplicate());
    assert_eq!(users::by_name(db, "ÄRGER").unwrap().unwrap().0.id, id);
    assert_eq!(users::by_id(db, id).unwrap().unwrap().username, "Ärger");
    templates::insert(db, "Größe", "", "{}").unwrap();
    assert!(templates::insert(db, "GRÖßE", "", "{}").unwrap_err().is_duplicate());
    groups::insert(db, "Press", "", groups::TYPE_LOCAL).unwrap();
    assert!(groups::insert(db, "press", "", groups::TYPE_LOCAL).unwrap_err().is_duplicate());
}

fn ids_follow_those_given_by_hand(test: &TestDb) {
    let db = test.migrated();
    first_start(db, None).unwrap();
    assert_eq!(groups::insert(db, "Press", "", groups::TYPE_LOCAL).unwrap(), 4);
    let imported = groups::Group {
        id: 40,
        name: "Imported".into(),
        description: String::new(),
        group_type: groups::TYPE_LOCAL,
    };
    groups::insert_with_id(db, &imported).unwrap();
    assert_eq!(groups::insert(db, "Next", "", groups::TYPE_LOCAL).unwrap(), 41);
}

fn a_worker_learns_of_changed_rights(test: &TestDb) {
    let db = test.migrated();
    first_start(db, None).unwrap();
    let worker = store(&test.open());
    assert!(worker.rights().is_err(), "nothing is known before the first look");
    assert!(!worker.fresh());
    worker.start().unwrap();
    wait_for("the first look", || worker.fresh());
    let level = |folder: &str| worker.rights().unwrap().public_level(folder);
    assert_eq!(level("private/x"), Level::View);

    let private = folders::seen(db, "private").unwrap();
    folder_permissions::set(db, private, groups::PUBLIC, Level::None.access()).unwrap();
    wait_for("the folder to be closed", || level("private/x") == Level::None);
    assert_eq!(level("other"), Level::View);
    folder_permissions::set(db, private, groups::PUBLIC, Level::Download.access()).unwrap();
    wait_for("the folder to be open", || level("private/x") == Level::Download);
    // The record of a folder that vanishes is kept for its return.
    folders::vanished(db, "private").unwrap();
    assert!(folder_permissions::remove(db, private, groups::PUBLIC).unwrap());
    wait_for("the record to be gone", || level("private/x") == Level::View);

    let new = users::NewUser { username: "jo".into(), ..Default::default() };
    let jo = users::insert(db, &new).unwrap();
    let press = groups::insert(db, "Press", "", groups::TYPE_LOCAL).unwrap();
    let root = folders::seen(db, "/").unwrap();
    folder_permissions::set(db, root, press, Level::Upload.access()).unwrap();
    groups::add_member(db, press, jo).unwrap();
    groups::add_member(db, press, jo).unwrap();
    let of_jo = || {
        let rights = worker.rights().unwrap();
        rights.identity(jo, SignedIn::Token).map(|identity| rights.level(&identity, "a"))
    };
    wait_for("the new member", || of_jo() == Some(Level::Upload));
    assert!(groups::remove_member(db, press, jo).unwrap());
    wait_for("the member to be out", || of_jo() == Some(Level::View));
    assert!(users::set_status(db, jo, STATUS_DELETED).unwrap());
    wait_for("the account to be gone", || of_jo().is_none());
}

fn a_worker_learns_of_changed_templates(test: &TestDb) {
    let db = test.migrated();
    first_start(db, None).unwrap();
    let worker = store(&test.open());
    worker.start().unwrap();
    wait_for("the first look", || worker.fresh());
    let (rights, before) = (worker.rights().unwrap(), worker.templates().unwrap());
    let id = templates::insert(db, "Big", "", "{}").unwrap();
    wait_for("the template", || worker.templates().unwrap().get("BIG").is_some());
    assert_ne!(worker.templates().unwrap().version(), before.version());
    let changed = templates::Template {
        id,
        name: "Bigger".into(),
        description: "larger".into(),
        json: r#"{"width": {"value": 9}}"#.into(),
    };
    assert!(templates::update(db, &changed).unwrap());
    templates::set_default(db, "bigger").unwrap();
    wait_for("the new default", || {
        worker.templates().unwrap().default_template().is_some_and(|template| **template == changed)
    });
    assert!(worker.templates().unwrap().get("Big").is_none());
    assert_eq!(worker.rights().unwrap().version(), rights.version());
}
