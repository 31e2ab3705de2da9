//! The recycle folder.

use std::fs;

use halftone::auth::Level;
use halftone::db::{Sql, folders};
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
    let taken = bench.library.restore(&Caller::System, item, false).unwrap_err();
    assert!(matches!(taken, Error::Exists(_)), "{taken}");
    fs::remove_file(bench.root().join("x.png")).unwrap();
    assert_eq!(bench.library.restore(&Caller::System, item, false).unwrap(), "x.png");
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), png(3, 2));
    let back = bench.image("x.png").unwrap();
    assert!(bench.is_active("x.png"));
    assert_eq!(back.id, image.id);
    assert!(back.revision_counter > image.revision_counter);
    let again = bench.library.restore(&Caller::System, item, false).unwrap_err();
    assert!(matches!(again, Error::NotFound(_)), "{again}");
}

fn an_overwritten_file_can_be_had_back(bench: &Bench) {
    bench.write("x.png", b"the first one");
    bench.put("", "x.png", Overwrite::Yes).unwrap();
    let item = only(bench);
    let now = bench.image("x.png").unwrap().id;
    bench.library.move_image(&Caller::System, now, "y.png").unwrap();
    bench.library.restore(&Caller::System, item, false).unwrap();
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
    assert_eq!(bench.library.restore(&Caller::System, only(bench), false).unwrap(), "a");
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
    let denied = bench.library.restore(&by(viewer), item, false).unwrap_err();
    assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    bench.library.restore(&by(uploader), item, false).unwrap();
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
    let back = bench.library.restore(&Caller::System, only(bench), true).unwrap();
    assert_eq!(back, "x-002.png");
    assert_eq!(fs::read(bench.root().join("x-002.png")).unwrap(), png(3, 2));
    assert_eq!(bench.image("x-002.png").unwrap().id, image.id);

    bench.paint("a/1.png", 1);
    bench.walk();
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    bench.library.delete_folder(&Caller::System, a, &|| true).unwrap();
    bench.paint("a/2.png", 2);
    assert_eq!(bench.library.restore(&Caller::System, only(bench), true).unwrap(), "a-001");
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
