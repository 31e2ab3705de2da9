//! Making, moving and deleting folders.

use std::fs;
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::{STATUS_ACTIVE, STATUS_DELETED, folders, images, tasks};
use halftone::library::{Caller, Error, Options, Overwrite, job};
use halftone::task::{Runner, RunnerOptions};

use crate::bench::{Bench, SetOnDrop, options};
use crate::setup::wait_for;

crate::on_both!(
    folders_are_made_where_it_is_allowed,
    a_folder_moves_with_all_that_is_known_of_it,
    names_that_are_taken_stay,
    a_folder_goes_with_all_that_lies_in_it,
    rights_are_those_of_the_folders_above,
    long_paths_move_too,
    what_cannot_be_done_is_refused_at_once,
    a_refused_task_is_not_tried_again,
);

fn folders_are_made_where_it_is_allowed(bench: &Bench) {
    fs::create_dir(bench.root().join("a")).unwrap();
    let user = bench.user("maker", &[("/a", Level::CreateFolder)]);
    let other = bench.user("other", &[("/a", Level::Delete)]);
    let rights = bench.rights();
    let by = |user| Caller::Somebody { rights: &rights, user: Some(user) };
    let made = bench.library.make_folder(&by(user), "/a/b/cafe\u{301}/").unwrap();
    assert_eq!((made.path.as_str(), made.name.as_str()), ("/a/b/caf\u{e9}", "caf\u{e9}"));
    assert!(bench.root().join("a/b/caf\u{e9}").is_dir());
    let again = bench.library.make_folder(&by(user), "a/b").unwrap_err();
    assert!(matches!(again, Error::Exists(_)), "{again}");
    for (caller, path) in [(by(other), "a/c"), (by(user), "c"), (by(user), "c/d")] {
        let denied = bench.library.make_folder(&caller, path).unwrap_err();
        assert!(matches!(denied, Error::Denied { .. }), "{path}: {denied}");
    }
    for wrong in ["", "/", "../x", "a/.x", "a/x\ny"] {
        let error = bench.library.make_folder(&Caller::System, wrong).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "path", .. }), "{wrong}: {error}");
    }
    bench.write("a/file", b"x");
    assert!(bench.library.make_folder(&Caller::System, "a/file/x").is_err());
    assert_eq!(bench.names("a"), ["b", "file"]);
}

fn a_folder_moves_with_all_that_is_known_of_it(bench: &Bench) {
    for (number, path) in ["a/1.png", "a/b/2.png", "a b/3.png"].iter().enumerate() {
        bench.paint(path, number as u64);
    }
    bench.write("a/b/note.txt", b"kept");
    fs::create_dir(bench.root().join("there")).unwrap();
    bench.walk();
    let ids = ["a/1.png", "a/b/2.png"].map(|path| bench.image(path).unwrap().id);
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap();
    let inner = folders::by_path(bench.db(), "a/b").unwrap().unwrap();
    // A folder stood there once.
    let old = folders::seen(bench.db(), "there/new").unwrap();
    folders::vanished(bench.db(), "there/new").unwrap();
    let moved = bench.library.move_folder(&Caller::System, a.id, "/there/new", &|| true).unwrap();
    assert_eq!((moved.id, moved.path.as_str(), moved.name.as_str()), (a.id, "/there/new", "new"));
    let there = folders::by_path(bench.db(), "there").unwrap().unwrap();
    assert_eq!(moved.parent_id, Some(there.id));
    let inner_now = folders::by_id(bench.db(), inner.id).unwrap().unwrap();
    assert_eq!((inner_now.path.as_str(), inner_now.parent_id), ("/there/new/b", Some(a.id)));
    assert_eq!(bench.image("there/new/1.png").unwrap().id, ids[0]);
    assert_eq!(bench.image("there/new/b/2.png").unwrap().id, ids[1]);
    assert!(bench.is_active("a b/3.png"));
    assert_eq!(fs::read(bench.root().join("there/new/b/note.txt")).unwrap(), b"kept");
    let old = folders::by_id(bench.db(), old).unwrap().unwrap();
    assert!(old.status == STATUS_DELETED && old.path.starts_with("/."), "{old:?}");
    let report = bench.walk();
    assert_eq!((report.files, report.new, report.moved, report.deleted), (3, 0, 0, 0));
    // Only its name.
    let moved = bench.library.move_folder(&Caller::System, a.id, "there/日本", &|| true).unwrap();
    assert_eq!((moved.path.as_str(), moved.name.as_str()), ("/there/日本", "日本"));
    assert_eq!(bench.image("there/日本/b/2.png").unwrap().id, ids[1]);
}

fn names_that_are_taken_stay(bench: &Bench) {
    for path in ["a/1.png", "b/2.png", "empty/x.png"] {
        bench.paint(path, 1);
    }
    fs::remove_file(bench.root().join("empty/x.png")).unwrap();
    bench.write("file", b"x");
    bench.walk();
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    let go = |to: &str| bench.library.move_folder(&Caller::System, a, to, &|| true).unwrap_err();
    for taken in ["b", "empty", "file"] {
        let error = go(taken);
        assert!(matches!(error, Error::Exists(_)), "{taken}: {error}");
    }
    for wrong in ["a/inside", "a/b/c", "/", "", "../x", ".a"] {
        let error = go(wrong);
        assert!(matches!(error, Error::Parameter { name: "path", .. }), "{wrong}: {error}");
    }
    assert!(matches!(go("nowhere/a"), Error::NotFound(_)));
    let root = folders::by_path(bench.db(), "/").unwrap().unwrap().id;
    assert!(bench.library.move_folder(&Caller::System, root, "x", &|| true).is_err());
    assert!(bench.library.delete_folder(&Caller::System, root, &|| true).is_err());
    assert!(bench.is_active("a/1.png") && bench.is_active("b/2.png"));
}

fn a_folder_goes_with_all_that_lies_in_it(bench: &Bench) {
    for recycle_days in [0, 30] {
        let library = bench.with(Options { recycle_days, ..options() });
        bench.paint("a/1.png", 1);
        bench.paint("a/b/2.png", 2);
        bench.write("a/b/.hidden", b"x");
        bench.walk();
        let a = folders::by_path(bench.db(), "a").unwrap().unwrap();
        let gone = library.delete_folder(&Caller::System, a.id, &|| true).unwrap();
        assert_eq!((gone.id, gone.status), (a.id, STATUS_DELETED));
        assert!(!bench.root().join("a").exists());
        assert!(!bench.is_active("a/1.png") && !bench.is_active("a/b/2.png"));
        let again = library.delete_folder(&Caller::System, a.id, &|| true).unwrap_err();
        assert!(matches!(again, Error::NotFound(_)), "{again}");
    }
    assert_eq!(images::active_after(bench.db(), 0, 10).unwrap().len(), 0);
}

fn rights_are_those_of_the_folders_above(bench: &Bench) {
    let cases = [
        // In a, in b: may rename a/x, may move it to b, may delete it.
        (Level::Delete, Level::DeleteFolder, [false, false, false]),
        (Level::CreateFolder, Level::CreateFolder, [true, false, false]),
        (Level::DeleteFolder, Level::Delete, [true, false, true]),
        (Level::DeleteFolder, Level::CreateFolder, [true, true, true]),
    ];
    fs::create_dir(bench.root().join("b")).unwrap();
    for (number, (in_a, in_b, [rename, go, delete])) in cases.into_iter().enumerate() {
        let user = bench.user(&format!("u{number}"), &[("/a", in_a), ("/b", in_b)]);
        let rights = bench.rights();
        let caller = Caller::Somebody { rights: &rights, user: Some(user) };
        let fresh = |name: &str| {
            let path = format!("a/{name}{number}");
            bench.library.make_folder(&Caller::System, &path).unwrap().id
        };
        let (new, there) = (format!("a/new{number}"), format!("b/{number}"));
        for (may, done) in [
            (rename, bench.library.move_folder(&caller, fresh("r"), &new, &|| true)),
            (go, bench.library.move_folder(&caller, fresh("m"), &there, &|| true)),
            (delete, bench.library.delete_folder(&caller, fresh("d"), &|| true)),
        ] {
            let denied = matches!(done, Err(Error::Denied { .. }));
            assert_eq!((done.is_ok(), denied), (may, !may), "{in_a:?} {in_b:?}: {done:?}");
        }
    }
}

fn long_paths_move_too(bench: &Bench) {
    let deep = vec!["ü".repeat(100); 4].join("/");
    bench.paint(&format!("a/{deep}/x.png"), 1);
    bench.put("a", "short.png", Overwrite::No).unwrap();
    bench.walk();
    let id = bench.image(&format!("a/{deep}/x.png")).unwrap().id;
    let a = folders::by_path(bench.db(), "a").unwrap().unwrap().id;
    let name = "日".repeat(60);
    bench.library.move_folder(&Caller::System, a, &name, &|| true).unwrap();
    let image = bench.image(&format!("{name}/{deep}/x.png")).unwrap();
    assert_eq!((image.id, image.status), (id, STATUS_ACTIVE));
    assert!(bench.is_active(&format!("{name}/short.png")));
    assert_eq!(bench.walk().new, 0);
}

fn folder_id(bench: &Bench, path: &str) -> i64 {
    folders::by_path(bench.db(), path).unwrap().unwrap().id
}

fn what_cannot_be_done_is_refused_at_once(bench: &Bench) {
    bench.paint("a/1.png", 1);
    bench.write("file", b"x");
    bench.walk();
    let a = folder_id(bench, "a");
    let go = |to: &str| bench.library.queue_move_folder(&Caller::System, a, to).unwrap_err();
    assert_eq!(go("file").to_string(), "/file already exists");
    let missing = go("nope/x");
    assert!(matches!(missing, Error::NotFound(_)), "{missing}");
    assert_eq!(missing.to_string(), "the folder /nope does not exist");
    assert!(matches!(go("a/b"), Error::Parameter { name: "path", .. }));
    bench.library.delete_folder(&Caller::System, a, &|| true).unwrap();
    bench.write("a", b"in the way");
    let item = bench.library.recycled(&Caller::System, 0, 1).unwrap().0[0].id;
    let taken = bench.library.queue_restore(&Caller::System, item, false).unwrap_err();
    assert!(matches!(taken, Error::Exists(_)), "{taken}");
    let queued = tasks::newest(bench.db(), None, 0, 100).unwrap().0;
    let kinds = [job::MOVE_FOLDER, job::RESTORE];
    assert!(queued.iter().all(|task| !kinds.contains(&task.kind.as_str())), "{queued:?}");
}

/// Six folders want to one place: one gets there, and the others are told within their first attempt.
fn a_refused_task_is_not_tried_again(bench: &Bench) {
    for number in 1..=6 {
        bench.paint(&format!("{number}/x.png"), number);
    }
    bench.walk();
    let queued: Vec<i64> = (1..=6)
        .map(|number| {
            let id = folder_id(bench, &number.to_string());
            bench.library.queue_move_folder(&Caller::System, id, "there").unwrap()
        })
        .collect();
    let library = std::sync::Arc::new(bench.with(options()));
    let poll = Duration::from_millis(10);
    // Who tried again would do so in an hour.
    let hour = Duration::from_secs(3600);
    let runner_options = RunnerOptions { poll, backoff: hour, ..RunnerOptions::default() };
    let runner = Runner::new(bench.test.open(), job::all(&library), runner_options);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let state = |task: &i64| tasks::by_id(bench.db(), *task).unwrap().unwrap();
    std::thread::scope(|scope| {
        let _ending = SetOnDrop(&stop);
        scope.spawn(|| runner.run(&stop));
        wait_for("the end of all", || {
            queued.iter().all(|task| state(task).status == tasks::COMPLETE)
        });
    });
    let failed: Vec<_> = queued.iter().map(state).filter(|task| task.error.is_some()).collect();
    assert_eq!(failed.len(), 5);
    for task in failed {
        assert_eq!((task.attempts, task.error.as_deref()), (1, Some("/there already exists")));
    }
    assert_eq!(bench.names("there"), ["x.png"]);
}
