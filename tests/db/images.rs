//! Images and folders: rows when first seen, marked when gone, active when back.

use std::time::Duration;

use halftone::db::folders::{self, Which, Within};
use halftone::db::image_ids::{ImageId, ImageIds};
use halftone::db::images::FocalPoint;
use halftone::db::{
    self, Db, Dialect, STATUS_ACTIVE, STATUS_DELETED, Sql, Value, bulk, images, moves, search, tags,
};

use crate::setup::{TestDb, at_once};

crate::on_both!(
    the_first_sight_makes_the_rows,
    a_folder_has_others_above_and_below,
    images_are_counted_with_those_in_folders_below,
    a_page_of_very_many_folders_is_asked_for,
    of_very_many_folders_those_in_the_scope_are_searched,
    what_lists_ask_for_is_found_by_indexes,
    tags_are_offered_to_who_may_see_them,
    names_are_compared_byte_for_byte,
    paths_may_be_as_long_as_files_can_have,
    a_changed_file_keeps_its_id,
    a_vanished_image_returns_as_it_was,
    a_vanished_folder_takes_everything_below_it_along,
    many_may_see_the_same_files_at_once,
    a_known_image_is_served_from_memory,
    a_focal_point_stays_with_its_image,
);

fn the_first_sight_makes_the_rows(test: &TestDb) {
    let db = test.migrated();
    let image = images::seen(db, "a/b/c.jpg", 1000, 1_700_000_000_123_456_789).unwrap();
    assert_eq!((image.path.as_str(), image.status), ("a/b/c.jpg", STATUS_ACTIVE));
    assert_eq!((image.size_bytes, image.mtime_ns), (Some(1000), Some(1_700_000_000_123_456_789)));
    assert_eq!(image.revision_counter, 0);
    let folder = folders::by_path(db, "/a/b").unwrap().unwrap();
    assert_eq!((folder.id, folder.name.as_str()), (image.folder_id, "b"));
    let parent = folders::by_path(db, "a").unwrap().unwrap();
    assert_eq!(folder.parent_id, Some(parent.id));
    let root = folders::by_path(db, "/").unwrap().unwrap();
    assert_eq!((parent.parent_id, root.parent_id), (Some(root.id), None));
    assert_eq!(images::seen(db, "/a/b/c.jpg", 1000, 1_700_000_000_123_456_789).unwrap(), image);
    let at_root = images::seen(db, "d.jpg", 1, 1).unwrap();
    assert_eq!(at_root.folder_id, root.id);
}

fn a_folder_has_others_above_and_below(test: &TestDb) {
    let db = test.migrated();
    for path in ["/a/b/c", "/a/x", "/a/y", "/z"] {
        folders::seen(db, path).unwrap();
    }
    folders::vanished(db, "/a/y").unwrap();
    let paths = |found: &[folders::Folder]| -> Vec<String> {
        found.iter().map(|folder| folder.path.clone()).collect()
    };
    let above = folders::above(db, "a/b/c").unwrap();
    assert_eq!(paths(&above), ["/", "/a", "/a/b"]);
    assert!(folders::above(db, "/").unwrap().is_empty());
    let below = |id: i64| {
        let within = Within { parent_id: id, which: &Which::ALL, named: "" };
        assert_eq!(within.count(db).unwrap(), within.page(db, 0, 9).unwrap().len());
        within.page(db, 0, 9).unwrap()
    };
    assert_eq!(paths(&below(above[0].id)), ["/a", "/z"]);
    assert_eq!(paths(&below(above[1].id)), ["/a/b", "/a/x"]);
    assert_eq!(below(above[1].id)[0].parent_id, Some(above[1].id));
}

/// Rows as a program wrote them that knew of no order, or an import: `name 0` to `name 2999` and two others.
fn folders_of_old(db: &dyn Sql, parent: i64) {
    let names = (0..3000).map(|number| format!("name {number}"));
    let names = names.chain(["Ärmel 10".to_owned(), "ärmel 9".to_owned()]);
    let rows = names.map(|name| {
        let path = format!("/many/{name}");
        vec![path.clone().into(), path.into(), name.into(), parent.into()]
    });
    let columns = ["path", "path_key", "name", "parent_id"];
    assert_eq!(bulk::insert(db, "folders", &columns, rows).unwrap(), 3002);
}

fn a_page_of_very_many_folders_is_asked_for(test: &TestDb) {
    let db = test.migrated();
    let parent = folders::seen(db, "/many").unwrap();
    folders::seen(db, "/beside").unwrap();
    // Gone, hence neither counted nor shown.
    folders::seen(db, "/many/gone").unwrap();
    folders::vanished(db, "/many/gone").unwrap();
    folders_of_old(db, parent);
    folders::put_in_order(db).unwrap();
    let names = |which: &Which, named: &str, start: usize, limit: usize| -> Vec<String> {
        let within = Within { parent_id: parent, which, named };
        let page = within.page(db, start, limit).unwrap();
        page.into_iter().map(|folder| folder.name).collect()
    };
    let count =
        |which: &Which, named: &str| Within { parent_id: parent, which, named }.count(db).unwrap();
    let all = &Which::ALL;
    assert_eq!(count(all, ""), 3002);
    assert_eq!(names(all, "", 0, 3), ["name 0", "name 1", "name 2"]);
    assert_eq!(names(all, "", 9, 2), ["name 9", "name 10"]);
    assert_eq!(names(all, "", 2999, 9), ["name 2999", "ärmel 9", "Ärmel 10"]);
    assert!(names(all, "", 3002, 9).is_empty());
    // Whatever their case, and by what stands in names alone.
    assert_eq!((count(all, "ÄRM"), count(all, "NAME 299"), count(all, "%")), (2, 11, 0));
    assert_eq!(names(all, "ÄRM", 1, 9), ["Ärmel 10"]);
    // What may not be seen is neither counted nor shown.
    let hidden = (0..2500).map(|number| format!("/many/name {number}"));
    let but = Which::AllBut(hidden.chain(["/beside".into()]).collect());
    assert_eq!((count(&but, ""), count(&but, "name 24")), (502, 0));
    assert_eq!(names(&but, "", 0, 1), ["name 2500"]);
    let only = Which::Only(vec!["/many/name 12".into(), "/beside".into(), "/many/none".into()]);
    assert_eq!(names(&only, "", 0, 9), ["name 12"]);
    assert_eq!((count(&only, ""), count(&Which::Only(Vec::new()), "")), (1, 0));
    // A folder that gets another name goes to another place.
    moves::folder(db, "/many/name 0", "/many/zoo").unwrap();
    assert_eq!(names(all, "", 0, 1), ["name 1"]);
    assert_eq!(names(all, "ZOO", 0, 9), ["zoo"]);
}

fn of_very_many_folders_those_in_the_scope_are_searched(test: &TestDb) {
    let db = test.migrated();
    let parent = folders::seen(db, "/many").unwrap();
    folders_of_old(db, parent);
    let wanted = ["/many/name 5/inner", "/many/name 6", "/many/name 7/inner", "/many/name 8", "/x"];
    for folder in wanted {
        images::seen(db, &format!("{}/a.jpg", &folder[1..]), 1, 1).unwrap();
    }
    // Every folder has a record: even ones are shown; what is within an odd one is shown again in some.
    let odd_ones_open = [7];
    let mut said: Vec<(String, bool)> =
        odd_ones_open.map(|number| (format!("/many/name {number}/inner"), true)).into();
    said.extend((0..3000).map(|number| (format!("/many/name {number}"), number % 2 == 0)));
    // Those of folders without rows do no harm, and no number of them is too many.
    said.extend((0..12_000).map(|number| (format!("/gone/{number}"), true)));
    let found = |scope: &search::Scope| -> Vec<String> {
        let query = search::Query { order: search::Order::Path, limit: 9, ..Default::default() };
        let (ids, total) = search::find(db, &query, scope).unwrap();
        assert_eq!(usize::try_from(total).unwrap(), ids.len());
        let images = ids.iter().map(|id| db::image_views::by_id(db, *id).unwrap().unwrap());
        images.map(|image| image.folder.path).collect()
    };
    let mut scope = search::Scope { folders: said, elsewhere: true };
    assert_eq!(found(&scope), ["/many/name 6", "/many/name 7/inner", "/many/name 8", "/x"]);
    scope.elsewhere = false;
    assert_eq!(found(&scope), ["/many/name 6", "/many/name 7/inner", "/many/name 8"]);
    // As few folders say it.
    scope.folders.truncate(9);
    assert_eq!(found(&scope), ["/many/name 6", "/many/name 7/inner"]);
}

/// How the database goes about a statement, in its own words.
fn way(db: &Db, statement: &str) -> String {
    let explain = match db.dialect() {
        Dialect::Postgres => "EXPLAIN",
        Dialect::Sqlite => "EXPLAIN QUERY PLAN",
    };
    let column = if db.dialect() == Dialect::Postgres { 0 } else { 3 };
    let rows = db.query(&format!("{explain} {statement}"), &[]).unwrap();
    rows.iter().map(|row| row.text(column).unwrap()).collect::<Vec<_>>().join("\n")
}

fn what_lists_ask_for_is_found_by_indexes(test: &TestDb) {
    let db = test.migrated();
    let parent = folders::seen(db, "/many").unwrap();
    folders_of_old(db, parent);
    folders::put_in_order(db).unwrap();
    let images = (0..5000).map(|number| {
        let path = format!("many/name {}/{number}.jpg", number % 3000);
        vec![
            Value::from(path.clone()),
            path.into(),
            (parent + 1 + number % 3000).into(),
            1_i64.into(),
        ]
    });
    let columns = ["path", "path_key", "folder_id", "first_seen_ms"];
    bulk::insert(db, "images", &columns, images).unwrap();
    if db.dialect() == Dialect::Postgres {
        db.execute("ANALYZE", &[]).unwrap();
    }
    for (index, statement) in [
        (
            "folders_in_order",
            format!(
                "SELECT id, path FROM folders WHERE parent_id = {parent} AND status = 1 \
                 ORDER BY name_order, path LIMIT 100 OFFSET 200"
            ),
        ),
        (
            "images_by_folder",
            format!("SELECT path FROM images WHERE folder_id = {parent} AND status = 1"),
        ),
        (
            "images_by_folder",
            format!(
                "SELECT folder_id, MIN(path), COUNT(*) FROM images WHERE status = 1 \
                 AND folder_id IN ({parent}, {}) GROUP BY folder_id",
                parent + 1
            ),
        ),
    ] {
        let way = way(db, &statement);
        assert!(way.contains(index), "{statement}: {way}");
    }
}

fn images_are_counted_with_those_in_folders_below(test: &TestDb) {
    let db = test.migrated();
    for path in ["a/1.jpg", "a/2.jpg", "a/b/3.jpg", "a.b/4.jpg", "a b/5.jpg", "ab/6.jpg", "7.jpg"] {
        images::seen(db, path, 1, 1).unwrap();
    }
    images::vanished(db, "a/2.jpg").unwrap();
    for (folder, most, expected) in
        [("/a", 9, 2), ("a/b", 9, 1), ("/a/b/c", 9, 0), ("/", 9, 6), ("", 9, 6), ("/", 4, 4)]
    {
        assert_eq!(images::count_below(db, folder, most).unwrap(), expected, "{folder:?}, {most}");
    }
}

fn tags_are_offered_to_who_may_see_them(test: &TestDb) {
    let db = test.migrated();
    let open = images::seen(db, "open/a.jpg", 1, 1).unwrap();
    let closed = images::seen(db, "closed/b.jpg", 1, 1).unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    tags::set_of_image(db, open.id, &names(&["Sea", "Sand"])).unwrap();
    tags::set_of_image(db, closed.id, &names(&["Secret"])).unwrap();
    let list = tags::add_list(db, "Subjects").unwrap();
    tags::fill_list(db, list, &names(&["Serene"])).unwrap();
    let all = search::Scope { folders: Vec::new(), elsewhere: true };
    let some = search::Scope { folders: vec![("/open".to_owned(), true)], elsewhere: false };
    for (beginning, scope, whole_lists, most, expected) in [
        ("", &all, true, 9, &["Sand", "Sea", "Secret", "Serene"][..]),
        ("", &all, false, 9, &["Sand", "Sea", "Secret"]),
        ("", &all, true, 2, &["Sand", "Sea"]),
        ("SE", &all, true, 9, &["Sea", "Secret", "Serene"]),
        ("", &some, false, 9, &["Sand", "Sea"]),
        ("sec", &some, true, 9, &[]),
    ] {
        let offered = tags::offered(db, beginning, scope, whole_lists, most).unwrap();
        assert_eq!(offered, expected, "{beginning} {most}");
    }
}

fn names_are_compared_byte_for_byte(test: &TestDb) {
    let db = test.migrated();
    // Case, both Unicode forms of é, and what SQL patterns and quotes are made of.
    let names =
        ["x.jpg", "X.jpg", "caf\u{e9}.jpg", "cafe\u{301}.jpg", "100%_'\"\\.jpg", "日本.jpg"];
    let ids: std::collections::BTreeSet<i64> =
        names.iter().map(|name| images::seen(db, name, 1, 1).unwrap().id).collect();
    assert_eq!(ids.len(), names.len());
    for name in names {
        assert_eq!(images::by_path(db, name).unwrap().unwrap().path, name);
    }
}

fn paths_may_be_as_long_as_files_can_have(test: &TestDb) {
    let db = test.migrated();
    // Folders of 85 different three-byte characters, hard to compress, up to 4,095 bytes.
    let characters = (0..).map(|n| char::from_u32(0x4e00 + (n * 7919) % 20_000).unwrap());
    let mut folder: String = characters.take(15 * 86).collect();
    for at in 0..15 {
        let slash = folder.char_indices().nth(at * 86 + 85).unwrap().0;
        folder.replace_range(slash..slash + 3, "/");
    }
    let paths = [format!("{folder}a.jpg"), format!("{folder}b.jpg")];
    assert!((3500..4096).contains(&paths[0].len()), "{}", paths[0].len());
    let ids: Vec<i64> = paths.iter().map(|path| images::seen(db, path, 1, 1).unwrap().id).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(images::by_path(db, &paths[1]).unwrap().unwrap().path, paths[1]);
    assert!(images::vanished(db, &paths[1]).unwrap());
    // Fifteen folders and the image that is left.
    let top = folder.split('/').next().unwrap();
    assert_eq!(folders::vanished(db, top).unwrap(), 16);
    assert_eq!(images::seen(db, &paths[0], 1, 1).unwrap().id, ids[0]);
}

fn a_changed_file_keeps_its_id(test: &TestDb) {
    let db = test.migrated();
    let first = images::seen(db, "a.jpg", 1000, 5).unwrap();
    images::set_size(db, first.id, 640, 480).unwrap();
    let same = images::seen(db, "a.jpg", 1000, 5).unwrap();
    assert_eq!((same.width, same.height), (Some(640), Some(480)));
    let changed = images::seen(db, "a.jpg", 1001, 6).unwrap();
    assert_eq!(changed.id, first.id);
    assert_eq!((changed.size_bytes, changed.mtime_ns), (Some(1001), Some(6)));
    assert_eq!((changed.width, changed.height), (None, None));
    assert_eq!(images::raise_revision(db, first.id).unwrap(), Some(1));
    assert_eq!(images::raise_revision(db, first.id).unwrap(), Some(2));
    assert_eq!(images::raise_revision(db, 12345).unwrap(), None);
    assert_eq!(images::seen(db, "a.jpg", 1001, 6).unwrap().revision_counter, 2);
    // An imported row has a size in pixels, but its file was not seen yet.
    db.execute(
        "UPDATE images SET size_bytes = NULL, mtime_ns = NULL, width = 10, height = 20",
        &[],
    )
    .unwrap();
    let imported = images::seen(db, "a.jpg", 7, 7).unwrap();
    assert_eq!((imported.width, imported.height, imported.mtime_ns), (Some(10), Some(20), Some(7)));
}

fn a_vanished_image_returns_as_it_was(test: &TestDb) {
    let db = test.migrated();
    let image = images::seen(db, "a/x.jpg", 10, 20).unwrap();
    assert!(images::vanished(db, "a/x.jpg").unwrap());
    assert!(!images::vanished(db, "a/x.jpg").unwrap());
    assert!(!images::vanished(db, "a/unknown.jpg").unwrap());
    assert_eq!(images::by_path(db, "a/x.jpg").unwrap().unwrap().status, STATUS_DELETED);
    assert_eq!(images::seen(db, "a/x.jpg", 10, 20).unwrap(), image);
}

fn a_vanished_folder_takes_everything_below_it_along(test: &TestDb) {
    let db = test.migrated();
    for path in ["a/1.jpg", "a/b/2.jpg", "a b/3.jpg", "a0/4.jpg", "a.b/5.jpg", "6.jpg"] {
        images::seen(db, path, 1, 1).unwrap();
    }
    // Folders /a and /a/b, images 1 and 2.
    assert_eq!(folders::vanished(db, "/a").unwrap(), 4);
    for (path, status) in [("a/1.jpg", 0), ("a/b/2.jpg", 0), ("a b/3.jpg", 1), ("a0/4.jpg", 1)] {
        assert_eq!(images::by_path(db, path).unwrap().unwrap().status, status, "{path}");
    }
    for (path, status) in [("a", 0), ("a/b", 0), ("a b", 1), ("a0", 1), ("a.b", 1), ("", 1)] {
        assert_eq!(folders::by_path(db, path).unwrap().unwrap().status, status, "{path}");
    }
    images::seen(db, "a/b/2.jpg", 1, 1).unwrap();
    for (path, status) in [("a", 1), ("a/b", 1)] {
        assert_eq!(folders::by_path(db, path).unwrap().unwrap().status, status, "{path}");
    }
    assert_eq!(images::by_path(db, "a/1.jpg").unwrap().unwrap().status, STATUS_DELETED);
    assert_eq!(folders::vanished(db, "/").unwrap(), 0);
}

fn many_may_see_the_same_files_at_once(test: &TestDb) {
    test.migrated();
    // Two processes with four threads each, over the same files in different orders.
    let processes = [test.open(), test.open()];
    let paths: Vec<String> =
        (0..24).map(|n| format!("p{}/q{}/r{}.jpg", n % 2, n % 3, n % 8)).collect();
    let seen = at_once(8, |number| {
        let db = &processes[number % 2];
        let mut ids: Vec<(usize, i64)> = (0..paths.len())
            .map(|at| (at * 5 + number * 7) % paths.len())
            .map(|at| (at, images::seen(db, &paths[at], 1, 1).unwrap().id))
            .collect();
        if number % 4 == 3 {
            folders::vanished(db, "p1").unwrap();
        }
        ids.sort_unstable();
        ids
    });
    assert!(seen.iter().all(|ids| *ids == seen[0]));
    let distinct: std::collections::BTreeSet<&String> = paths.iter().collect();
    let count = |table: &str| {
        let row = test.db.query_one(&format!("SELECT COUNT(*) FROM {table}"), &[]).unwrap();
        row.int(0).unwrap()
    };
    assert_eq!(count("images"), distinct.len() as i64);
    // The root, p0 and p1, and three below each.
    assert_eq!(count("folders"), 1 + 2 + 6);
}

fn a_known_image_is_served_from_memory(test: &TestDb) {
    let db = test.migrated();
    let impatient = test.open_impatient();
    let ids = ImageIds::new(100, Duration::from_secs(60));
    let unchecked = ImageIds::new(100, Duration::ZERO);
    let row = images::seen(db, "a/x.jpg", 10, 20).unwrap();
    let image = ImageId { id: row.id, revision_counter: 0, focal_point: None };
    assert_eq!(ids.known("a/x.jpg", 10, 20), None);
    assert_eq!(ids.resolve(&impatient, "a/x.jpg", 10, 20).unwrap(), image);
    assert_eq!(ids.known("a/x.jpg", 10, 20), Some(image));
    assert_eq!(unchecked.resolve(&impatient, "a/x.jpg", 10, 20).unwrap(), image);
    assert_eq!(unchecked.known("a/x.jpg", 10, 20), None);
    let away = test.take_away();
    assert_eq!(ids.resolve(&impatient, "a/x.jpg", 10, 20).unwrap(), image);
    // The file changed, or a check is due: what is known of the path holds.
    assert_eq!(ids.resolve(&impatient, "a/x.jpg", 11, 21).unwrap(), image);
    assert_eq!(unchecked.resolve(&impatient, "a/x.jpg", 10, 20).unwrap(), image);
    let unknown = ids.resolve(&impatient, "a/y.jpg", 1, 1).unwrap_err();
    assert!(matches!(unknown, db::Error::Unavailable(_)), "{unknown}");
    drop(away);
    crate::setup::wait_for("the database to be back", || {
        ids.resolve(&impatient, "a/y.jpg", 1, 1).is_ok()
    });
    // A row that another process marked deleted is healed by the next check.
    assert!(images::vanished(db, "a/x.jpg").unwrap());
    unchecked.resolve(&impatient, "a/x.jpg", 10, 20).unwrap();
    assert_eq!(images::by_path(db, "a/x.jpg").unwrap().unwrap().status, STATUS_ACTIVE);
}

fn a_focal_point_stays_with_its_image(test: &TestDb) {
    let db = test.migrated();
    let image = images::seen(db, "a.jpg", 1, 1).unwrap();
    assert_eq!(image.focal_point, None);
    assert_eq!(FocalPoint::new(1.1, 0.5), None);
    assert_eq!(FocalPoint::new(0.5, f64::NAN), None);
    let point = FocalPoint::new(0.123_456, 1.0);
    assert!(images::set_focal_point(db, image.id, point).unwrap());
    let found = images::by_path(db, "a.jpg").unwrap().unwrap().focal_point.unwrap();
    assert_eq!((found.x(), found.y()), (0.12346, 1.0));
    // A new state of the file changes nothing about it, nor does a look by way of the memory.
    assert_eq!(images::seen(db, "a.jpg", 2, 2).unwrap().focal_point, Some(found));
    let ids = ImageIds::new(10, Duration::from_secs(60));
    assert_eq!(ids.resolve(db, "a.jpg", 2, 2).unwrap().focal_point, Some(found));
    assert!(images::set_focal_point(db, image.id, None).unwrap());
    assert_eq!(images::by_path(db, "a.jpg").unwrap().unwrap().focal_point, None);
    assert!(!images::set_focal_point(db, 12345, point).unwrap());
}
