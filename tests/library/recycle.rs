//! The recycle folder.

use std::fs;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;
use halftone::db::{Sql, folder_permissions, folder_templates, folders, purge, templates};
use halftone::library::{Caller, Error, Options, Overwrite};

use crate::bench::{Bench, options, png};

crate::on_both!(
    a_deleted_file_comes_back_as_it_was,
    an_overwritten_file_can_be_had_back,
    a_deleted_folder_comes_back,
    who_may_delete_looks_and_who_may_upload_restores,
    a_taken_name_gets_a_number,
    folders_are_seen_by_who_may_delete_folders,
    it_can_be_emptied,
    after_its_days_it_is_gone,
    a_folder_comes_back_no_more_open_than_it_was,
    workers_know_before_a_folder_is_back,
    files_stay_closed_when_their_folder_has_moved,
    files_stay_closed_when_their_folder_is_purged,
);

fn only(bench: &Bench) -> i64 {
    let items = bench.library.recycled(&Caller::System, 0, 10).unwrap().0;
    assert_eq!(items.len(), 1, "{items:?}");
    items[0].id
}

fn a_deleted_file_comes_back_as_it_was(bench: &Bench) {
    let image = bench.put("", "x.png", Overwrite::No).unwrap();
    bench.library.delete_image(&Caller::System, image.id).unwrap();
    // What lies in the recycle folder is no picture of the library.
    assert_eq!(bench.walk().files, 0);
    let item = only(bench);
    bench.write("x.png", b"in the way");
    let taken = bench.library.restore(&Caller::System, item, false, &|| true).unwrap_err();
    assert!(matches!(taken, Error::Exists(_)), "{taken}");
    fs::remove_file(bench.root().join("x.png")).unwrap();
    assert_eq!(bench.library.restore(&Caller::System, item, false, &|| true).unwrap(), "x.png");
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), png(3, 2));
    let back = bench.image("x.png").unwrap();
    assert!(bench.is_active("x.png"));
    assert_eq!(back.id, image.id);
    assert!(back.revision_counter > image.revision_counter);
    let again = bench.library.restore(&Caller::System, item, false, &|| true).unwrap_err();
    assert!(matches!(again, Error::NotFound(_)), "{again}");
}

fn an_overwritten_file_can_be_had_back(bench: &Bench) {
    bench.write("x.png", b"the first one");
    bench.put("", "x.png", Overwrite::Yes).unwrap();
    let item = only(bench);
    let now = bench.image("x.png").unwrap().id;
    bench.library.move_image(&Caller::System, now, "y.png").unwrap();
    bench.library.restore(&Caller::System, item, false, &|| true).unwrap();
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), b"the first one");
    assert_eq!(bench.image("y.png").unwrap().id, now, "the moved one stays where it is");
    assert!(bench.is_active("x.png"));
}

fn a_deleted_folder_comes_back(bench: &Bench) {
    bench.paint("a/1.png", 1);
    bench.paint("a/b/2.png", 2);
    bench.walk();
    let ids = ["a/1.png", "a/b/2.png"].map(|path| bench.image(path).unwrap().id);
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    bench.library.delete_folder(&Caller::System, a, &|| true).unwrap();
    assert_eq!(bench.library.restore(&Caller::System, only(bench), false, &|| true).unwrap(), "a");
    for (path, id) in [("a/1.png", ids[0]), ("a/b/2.png", ids[1])] {
        assert!(bench.is_active(path), "{path}");
        assert_eq!(bench.image(path).unwrap().id, id);
    }
    assert_eq!(bench.walk().new, 0);
}

fn who_may_delete_looks_and_who_may_upload_restores(bench: &Bench) {
    fs::create_dir(bench.root().join("a")).unwrap();
    let image = bench.put("a", "x.png", Overwrite::No).unwrap();
    bench.library.delete_image(&Caller::System, image.id).unwrap();
    let item = only(bench);
    let viewer = bench.user("viewer", &[("/a", Level::Edit)]);
    let uploader = bench.user("uploader", &[("/a", Level::Upload)]);
    let deleter = bench.user("deleter", &[("/a", Level::Delete)]);
    let rights = bench.rights();
    let by = |user| Caller::Somebody { rights: &rights, user: Some(user) };
    let seen = |user| bench.library.recycled(&by(user), 0, 10).unwrap();
    for user in [viewer, uploader] {
        assert_eq!(seen(user), (Vec::new(), 0));
        let denied = bench.library.empty_recycled(&by(user), None, &|| true).unwrap_err();
        assert!(matches!(denied, Error::NotAdministrator), "{denied}");
    }
    let (items, total) = seen(deleter);
    assert_eq!((items.len(), items[0].id, total), (1, item, 1));
    let denied = bench.library.restore(&by(viewer), item, false, &|| true).unwrap_err();
    assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    bench.library.restore(&by(uploader), item, false, &|| true).unwrap();
}

fn after_its_days_it_is_gone(bench: &Bench) {
    bench.paint("a/1.png", 1);
    bench.walk();
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    bench.library.delete_folder(&Caller::System, a, &|| true).unwrap();
    for name in ["old.png", "new.png"] {
        let image = bench.put("", name, Overwrite::No).unwrap();
        bench.library.delete_image(&Caller::System, image.id).unwrap();
    }
    assert_eq!(bench.library.purge_recycled(&|| true).unwrap(), 0);
    let day_ms = 24 * 3600 * 1000_i64;
    bench
        .db()
        .execute(
            "UPDATE recycled SET recycled_ms = recycled_ms - $1 WHERE path <> 'new.png'",
            &[(day_ms * 8).into()],
        )
        .unwrap();
    let week = bench.with(Options { recycle_days: 7, ..options() });
    assert_eq!(week.purge_recycled(&|| true).unwrap(), 2);
    let left = bench.library.recycled(&Caller::System, 0, 10).unwrap().0;
    assert_eq!(left.iter().map(|item| item.path.as_str()).collect::<Vec<_>>(), ["new.png"]);
    let files = bench.tree().into_iter().filter(|(_, length)| length.is_some()).count();
    assert_eq!(files, 1);
}

fn a_taken_name_gets_a_number(bench: &Bench) {
    let image = bench.put("", "x.png", Overwrite::No).unwrap();
    bench.library.delete_image(&Caller::System, image.id).unwrap();
    bench.write("x.png", b"in the way");
    bench.write("x-001.png", b"in the way too");
    let back = bench.library.restore(&Caller::System, only(bench), true, &|| true).unwrap();
    assert_eq!(back, "x-002.png");
    assert_eq!(fs::read(bench.root().join("x-002.png")).unwrap(), png(3, 2));
    assert_eq!(bench.image("x-002.png").unwrap().id, image.id);

    bench.paint("a/1.png", 1);
    bench.walk();
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    bench.library.delete_folder(&Caller::System, a, &|| true).unwrap();
    bench.paint("a/2.png", 2);
    assert_eq!(
        bench.library.restore(&Caller::System, only(bench), true, &|| true).unwrap(),
        "a-001"
    );
    assert!(bench.is_active("a-001/1.png"));
}

fn folders_are_seen_by_who_may_delete_folders(bench: &Bench) {
    for folder in ["a/b", "ab"] {
        bench.paint(&format!("{folder}/1.png"), 1);
    }
    bench.walk();
    for folder in ["a/b", "ab"] {
        let id = folders::by_path(bench.db(), folder).unwrap().unwrap().id;
        bench.library.delete_folder(&Caller::System, id, &|| true).unwrap();
    }
    let some = bench.user("some", &[("/a", Level::DeleteFolder)]);
    let few = bench.user("few", &[("/a", Level::Delete), ("/a/b", Level::DeleteFolder)]);
    let rights = bench.rights();
    let seen = |user| {
        let caller = Caller::Somebody { rights: &rights, user: Some(user) };
        let (items, total) = bench.library.recycled(&caller, 0, 10).unwrap();
        assert_eq!(i64::try_from(items.len()).unwrap(), total);
        items.into_iter().map(|item| item.path).collect::<Vec<_>>()
    };
    assert_eq!(seen(some), ["/a/b"]);
    // Deleting a folder is a right in the folder above it.
    assert_eq!(seen(few), [""; 0]);
    let (latest, total) = bench.library.recycled(&Caller::System, 0, 1).unwrap();
    assert_eq!((latest[0].path.as_str(), total), ("/ab", 2));
    let (next, _) = bench.library.recycled(&Caller::System, 1, 1).unwrap();
    assert_eq!(next[0].path, "/a/b");
}

fn it_can_be_emptied(bench: &Bench) {
    for name in ["1.png", "2.png", "3.png"] {
        let image = bench.put("", name, Overwrite::No).unwrap();
        bench.library.delete_image(&Caller::System, image.id).unwrap();
    }
    let files = || bench.tree().into_iter().filter(|(_, length)| length.is_some()).count();
    let (items, _) = bench.library.recycled(&Caller::System, 0, 10).unwrap();
    let empty = |only| bench.library.empty_recycled(&Caller::System, only, &|| true).unwrap();
    assert_eq!((empty(Some(items[1].id)), files()), (1, 2));
    assert_eq!(empty(Some(items[1].id)), 0);
    assert_eq!((empty(None), files()), (2, 0));
    assert_eq!(bench.library.recycled(&Caller::System, 0, 10).unwrap(), (Vec::new(), 0));
}

/// Deletes a folder, and gives back its number in the recycle folder.
fn deleted(bench: &Bench, path: &str) -> i64 {
    let id = folders::by_path(bench.db(), path).unwrap().unwrap().id;
    bench.library.delete_folder(&Caller::System, id, &|| true).unwrap();
    bench.library.recycled(&Caller::System, 0, 1).unwrap().0[0].id
}

fn restored(bench: &Bench, item: i64) -> String {
    bench.library.restore(&Caller::System, item, true, &|| true).unwrap()
}

fn level(bench: &Bench, folder: &str) -> Level {
    bench.rights().public_level(folder)
}

fn a_folder_comes_back_no_more_open_than_it_was(bench: &Bench) {
    let db = bench.db();
    for path in ["a/shut/1.png", "a/shut/in/2.png", "p/q/3.png"] {
        bench.paint(path, 1);
    }
    bench.walk();
    let template = templates::insert(db, "Marked", "", "{}").unwrap();
    for (folder, level) in [
        ("/", Level::View),
        ("/a/shut", Level::None),
        ("/a/shut/in", Level::Download),
        ("/p", Level::None),
    ] {
        bench.set_level(folder, PUBLIC, level);
    }
    let inner = folders::by_path(db, "/a/shut/in").unwrap().unwrap().id;
    folder_templates::set(db, (inner, PUBLIC), true, Some(template)).unwrap();
    let required = |folder: &str| {
        bench.rights().templates(&halftone::auth::Identity::Anonymous, folder).required
    };
    let levels = |folder: &str| [level(bench, folder), level(bench, &format!("{folder}/in"))];

    // Where nothing has changed, nothing is written.
    let item = deleted(bench, "/a/shut");
    let records = folder_permissions::all(db).unwrap();
    assert_eq!(restored(bench, item), "a/shut");
    assert_eq!(folder_permissions::all(db).unwrap(), records);

    // Its rows were purged.
    let item = deleted(bench, "/a/shut");
    purge::deleted_images(db, "/a", 100).unwrap();
    while purge::deleted_folders(db, "/a", 100).unwrap() > 0 {}
    assert_eq!(level(bench, "a/shut"), Level::View);
    assert_eq!(restored(bench, item), "a/shut");
    assert_eq!(levels("a/shut"), [Level::None, Level::Download]);
    assert_eq!(required("a/shut/in"), Some(template));

    // Another folder has its name, and other records by now.
    let item = deleted(bench, "/a/shut");
    bench.paint("a/shut/other.png", 5);
    bench.walk();
    bench.set_level("/a/shut", PUBLIC, Level::Upload);
    assert_eq!(restored(bench, item), "a/shut-001");
    assert_eq!(levels("a/shut-001"), [Level::None, Level::Download]);
    assert_eq!(required("a/shut-001/in"), Some(template));
    assert_eq!(level(bench, "a/shut"), Level::Upload);
    // That other folder is gone too, and its records with it are not those of the one that comes back.
    let item = deleted(bench, "/a/shut-001");
    bench.set_level("/a/shut-001", PUBLIC, Level::DeleteFolder);
    assert_eq!(restored(bench, item), "a/shut-001");
    assert_eq!(levels("a/shut-001"), [Level::None, Level::Download]);

    // The folder that it lay in, and from which it inherited, stands elsewhere by now.
    let item = deleted(bench, "/p/q");
    let parent = folders::by_path(db, "/p").unwrap().unwrap().id;
    bench.library.move_folder(&Caller::System, parent, "elsewhere", &|| true).unwrap();
    assert_eq!(level(bench, "p/q"), Level::View);
    assert_eq!(restored(bench, item), "p/q");
    assert_eq!((level(bench, "p/q"), level(bench, "elsewhere")), (Level::None, Level::None));

    // One that an older release deleted has the records of its old path.
    bench.set_level("/elsewhere", PUBLIC, Level::View);
    bench.paint("old/4.png", 1);
    bench.walk();
    bench.set_level("/old", PUBLIC, Level::None);
    let item = deleted(bench, "/old");
    db.execute("UPDATE recycled SET rights = '' WHERE id = $1", &[item.into()]).unwrap();
    fs::create_dir(bench.root().join("old")).unwrap();
    assert_eq!(restored(bench, item), "old-001");
    assert_eq!(level(bench, "old-001"), Level::None);
}

fn workers_know_before_a_folder_is_back(bench: &Bench) {
    bench.paint("a/1.png", 1);
    bench.walk();
    bench.set_level("/", PUBLIC, Level::View);
    bench.set_level("/a", PUBLIC, Level::None);
    let item = deleted(bench, "/a");
    fs::create_dir(bench.root().join("a")).unwrap();
    let known_after = std::time::Duration::from_millis(200);
    let patient = bench.with(Options { rights_known_after: known_after, ..options() });
    let asked = std::cell::Cell::new(0);
    let look = || {
        asked.set(asked.get() + 1);
        assert!(!bench.root().join("a-001").exists());
        assert_eq!(level(bench, "a-001"), Level::None);
        true
    };
    assert_eq!(patient.restore(&Caller::System, item, true, &look).unwrap(), "a-001");
    assert!(asked.get() >= 2);
    // An attempt that did not live to say that it was done.
    let again = deleted(bench, "/a-001");
    let stored = bench.library.recycled(&Caller::System, 0, 1).unwrap().0[0].stored_as.clone();
    fs::rename(bench.root().join(".halftone-recycled").join(stored), bench.root().join("a-001"))
        .unwrap();
    let gone = bench.library.restore(&Caller::System, again, true, &|| true).unwrap_err();
    assert!(matches!(gone, Error::NotFound(_)), "{gone}");
    assert_eq!(bench.library.recycled(&Caller::System, 0, 10).unwrap().1, 0);
    assert_eq!(level(bench, "a-001"), Level::None);
}

/// Names of what somebody sees in the recycle folder; the count has to agree.
fn seen(bench: &Bench, user: i64) -> Vec<String> {
    let rights = bench.rights();
    let caller = Caller::Somebody { rights: &rights, user: Some(user) };
    let (items, total) = bench.library.recycled(&caller, 0, 10).unwrap();
    assert_eq!(i64::try_from(items.len()).unwrap(), total);
    items.into_iter().map(|item| item.path).collect()
}

fn attempt(bench: &Bench, user: i64, item: i64) -> Result<String, Error> {
    let rights = bench.rights();
    let caller = Caller::Somebody { rights: &rights, user: Some(user) };
    bench.library.restore(&caller, item, true, &|| true)
}

fn files_stay_closed_when_their_folder_has_moved(bench: &Bench) {
    for folder in ["work/inner", "work/shown", "vault"] {
        fs::create_dir_all(bench.root().join(folder)).unwrap();
    }
    let editor =
        bench.user("editor", &[("/work", Level::DeleteFolder), ("/work/inner", Level::None)]);
    bench.set_level("/", PUBLIC, Level::View);
    bench.set_level("/work/inner", PUBLIC, Level::None);
    let shown = bench.put("work/shown", "plain.png", Overwrite::No).unwrap();
    let secret = bench.put("work/inner", "secret.png", Overwrite::No).unwrap();
    for overwrite in [Overwrite::No, Overwrite::Yes] {
        bench.put("work/inner", "keep.png", overwrite).unwrap();
    }
    for id in [secret.id, shown.id] {
        bench.library.delete_image(&Caller::System, id).unwrap();
    }
    let items = bench.library.recycled(&Caller::System, 0, 10).unwrap().0;
    let [plain, secret, keep] = [0, 1, 2].map(|at| items[at].id);
    assert_eq!(items[2].path, "work/inner/keep.png");
    assert_eq!(seen(bench, editor), ["work/shown/plain.png"]);
    let inner = folders::by_path(bench.db(), "/work/inner").unwrap().unwrap().id;
    bench.library.move_folder(&Caller::System, inner, "vault/inner", &|| true).unwrap();
    assert_eq!(level(bench, "work/inner"), Level::View);
    assert_eq!(seen(bench, editor), ["work/shown/plain.png"]);
    for item in [secret, keep] {
        let denied = attempt(bench, editor, item).unwrap_err();
        assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    }
    assert!(!bench.root().join("work/inner").exists());
    assert_eq!(attempt(bench, editor, plain).unwrap(), "work/shown/plain.png");

    // Another folder by that name that is more open is no place for them.
    fs::create_dir(bench.root().join("work/inner")).unwrap();
    bench.walk();
    let taken = bench.library.restore(&Caller::System, secret, true, &|| true).unwrap_err();
    assert!(matches!(taken, Error::Exists(_)), "{taken}");
    assert_eq!(level(bench, "work/inner"), Level::View);
    fs::remove_dir(bench.root().join("work/inner")).unwrap();
    // One that is made anew is closed.
    assert_eq!(restored(bench, secret), "work/inner/secret.png");
    assert_eq!((level(bench, "work/inner"), level(bench, "work")), (Level::None, Level::View));
    assert!(bench.is_active("work/inner/secret.png"));
    let denied = attempt(bench, editor, keep).unwrap_err();
    assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    assert_eq!(restored(bench, keep), "work/inner/keep.png");
}

fn files_stay_closed_when_their_folder_is_purged(bench: &Bench) {
    let db = bench.db();
    fs::create_dir(bench.root().join("sec2")).unwrap();
    let editor = bench.user("editor", &[("/", Level::DeleteFolder), ("/sec2", Level::None)]);
    bench.set_level("/", PUBLIC, Level::View);
    bench.set_level("/sec2", PUBLIC, Level::None);
    let template = templates::insert(db, "Marked", "", "{}").unwrap();
    let folder = folders::by_path(db, "/sec2").unwrap().unwrap().id;
    folder_templates::set(db, (folder, PUBLIC), true, Some(template)).unwrap();
    let mut items = Vec::new();
    for name in ["1.png", "2.png"] {
        let image = bench.put("sec2", name, Overwrite::No).unwrap();
        bench.library.delete_image(&Caller::System, image.id).unwrap();
        items.push(bench.library.recycled(&Caller::System, 0, 1).unwrap().0[0].id);
    }
    // The second is of an older release, which kept no rights.
    let old = items[1];
    db.execute("UPDATE recycled SET rights = '' WHERE id = $1", &[old.into()]).unwrap();
    deleted(bench, "/sec2");
    purge::deleted_images(db, "/sec2", 100).unwrap();
    while purge::deleted_folders(db, "/sec2", 100).unwrap() > 0 {}
    assert_eq!(level(bench, "sec2"), Level::View);
    // The folder itself is seen by who may delete folders at the root.
    assert_eq!(seen(bench, editor), ["/sec2"]);
    for item in items.clone() {
        let denied = attempt(bench, editor, item).unwrap_err();
        assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    }
    let known_after = std::time::Duration::from_millis(200);
    let patient = bench.with(Options { rights_known_after: known_after, ..options() });
    let asked = std::cell::Cell::new(0);
    let look = || {
        asked.set(asked.get() + 1);
        assert!(!bench.root().join("sec2").exists());
        assert_eq!(level(bench, "sec2"), Level::None);
        true
    };
    assert_eq!(patient.restore(&Caller::System, items[0], false, &look).unwrap(), "sec2/1.png");
    assert!(asked.get() >= 2);
    let rights = bench.rights();
    assert_eq!(rights.public_level("sec2"), Level::None);
    let required = rights.templates(&halftone::auth::Identity::Anonymous, "sec2").required;
    assert_eq!(required, Some(template));
    assert_eq!(restored(bench, old), "sec2/2.png");
}
