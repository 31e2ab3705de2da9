//! Walks: what comes, changes, moves and goes, and when that is not believed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;
use halftone::db::{
    STATUS_ACTIVE, STATUS_DELETED, Sql, audit_log, folders, image_history, images, moves, tasks,
};
use halftone::library::{Error, Options, job};
use halftone::task::{Runner, RunnerOptions};

use crate::bench::{Bench, options};

crate::on_both!(
    rows_follow_files,
    names_that_cannot_be_served_are_listed,
    moved_files_keep_their_ids,
    copies_are_not_moves,
    a_walk_that_stopped_goes_on,
    an_empty_or_absent_root_marks_nothing,
    many_missing_files_wait_for_a_yes,
    the_task_that_waits_is_released,
    a_later_walk_takes_the_place_of_what_waits,
    links_are_followed_and_never_missing,
    a_folder_that_left_the_library_is_gone,
    a_folder_renamed_outside_is_closed_and_its_records_are_kept,
    rubbish_of_killed_processes_goes,
);

fn rows_follow_files(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    bench.paint("a/b/2.png", 2);
    bench.paint("3.TIF", 3);
    bench.write("a/note.txt", b"x");
    bench.paint(".hidden/4.jpg", 4);
    bench.paint("a/.5.jpg", 5);
    let report = bench.walk();
    assert_eq!((report.folders, report.files, report.new), (3, 3, 3));
    for path in ["a/1.jpg", "a/b/2.png", "3.TIF"] {
        assert!(bench.is_active(path), "{path}");
    }
    assert_eq!(images::active_after(bench.db(), 0, 10).unwrap().len(), 3);

    let second = bench.walk();
    let nothing = (second.new, second.changed, second.returned, second.moved, second.deleted);
    assert_eq!((second.run, second.files, nothing), (report.run + 1, 3, (0, 0, 0, 0, 0)));

    bench.write("a/1.jpg", b"longer than before, and of this moment");
    fs::remove_dir_all(bench.root().join("a/b")).unwrap();
    let report = bench.walk();
    assert_eq!((report.changed, report.deleted, report.waiting), (1, 1, 0));
    assert!(!bench.is_active("a/b/2.png"));
    let folder = folders::by_path(bench.db(), "/a/b").unwrap().unwrap();
    assert_eq!(folder.status, STATUS_DELETED);
    let image = bench.image("a/b/2.png").unwrap();
    let history = image_history::of_image(bench.db(), image.id, 10).unwrap();
    let actions: Vec<i64> = history.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [0, 1]);

    bench.paint("a/b/2.png", 2);
    let report = bench.walk();
    assert_eq!((report.returned, report.new), (1, 0));
    assert_eq!(bench.image("a/b/2.png").unwrap().id, image.id);
    let folder = folders::by_path(bench.db(), "/a/b").unwrap().unwrap();
    assert_eq!(folder.status, STATUS_ACTIVE);
}

fn names_that_cannot_be_served_are_listed(bench: &Bench) {
    bench.paint("a/sound.jpg", 1);
    for name in [&b"not-utf8-\xff.jpg"[..], b"line\nbreak.jpg"] {
        fs::write(bench.root().join("a").join(OsStr::from_bytes(name)), "x").unwrap();
    }
    let longest = format!("{}.jpg", "é".repeat(125));
    let others =
        ["caf\u{e9}.jpg", "cafe\u{301}.jpg", "日本.jpg", "it's \"q\" 100%_\\.jpg", &longest];
    for name in others {
        bench.paint(&format!("a/{name}"), 9);
    }
    let report = bench.walk();
    assert_eq!((report.files, report.skipped), (1 + others.len() as u64, 2));
    let mut listed = report.skipped_names;
    listed.sort();
    assert_eq!(listed, [r"/a: line\nbreak.jpg", r"/a: not-utf8-\xff.jpg"]);
    for name in others {
        assert!(bench.is_active(&format!("a/{name}")), "{name}");
    }
}

fn moved_files_keep_their_ids(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    bench.paint("a/2.jpg", 2);
    bench.walk();
    let before = bench.image("a/1.jpg").unwrap();
    images::set_texts(bench.db(), before.id, "A title", "").unwrap();
    fs::create_dir(bench.root().join("b")).unwrap();
    fs::rename(bench.root().join("a/1.jpg"), bench.root().join("b/new.jpg")).unwrap();
    let report = bench.walk();
    assert_eq!((report.moved, report.deleted), (1, 0));
    let after = bench.image("b/new.jpg").unwrap();
    assert_eq!(
        (after.id, after.title.as_str(), after.status),
        (before.id, "A title", STATUS_ACTIVE)
    );
    assert!(bench.image("a/1.jpg").is_none());
    let report = bench.walk();
    assert_eq!((report.moved, report.new, report.deleted), (0, 0, 0));
}

fn copies_are_not_moves(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    bench.paint("a/2.jpg", 2);
    bench.walk();
    let ids = ["a/1.jpg", "a/2.jpg"].map(|path| bench.image(path).unwrap().id);
    // Two copies of one, with its time, and then the original goes: which of them is it now?
    bench.paint("b/x.jpg", 1);
    bench.paint("c/x.jpg", 1);
    fs::remove_file(bench.root().join("a/1.jpg")).unwrap();
    let report = bench.walk();
    assert_eq!((report.new, report.moved, report.deleted), (2, 0, 1));
    // Of the same length and time, but of another kind.
    fs::rename(bench.root().join("a/2.jpg"), bench.root().join("a/2.png")).unwrap();
    let report = bench.walk();
    assert_eq!((report.new, report.moved, report.deleted), (1, 0, 1));
    assert!(!ids.contains(&bench.image("b/x.jpg").unwrap().id));
}

fn a_walk_that_stopped_goes_on(bench: &Bench) {
    for folder in 0..6 {
        bench.paint(&format!("{folder}/x.jpg"), folder);
    }
    let stopped = bench.library.sync(false, &|report| report.folders < 3).unwrap_err();
    assert!(matches!(stopped, Error::Stopped), "{stopped}");
    let known = images::active_after(bench.db(), 0, 10).unwrap().len();
    assert!((1..6).contains(&known), "{known}");
    let report = bench.walk();
    // Three folders were walked before: the root and two others.
    assert_eq!((report.run, report.folders, report.files), (1, 4, 4));
    assert_eq!(images::active_after(bench.db(), 0, 10).unwrap().len(), 6);
    assert_eq!(report.deleted, 0);
}

fn an_empty_or_absent_root_marks_nothing(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    bench.walk();
    let aside = bench.home.path().join("aside");
    fs::rename(bench.root(), &aside).unwrap();
    let absent = bench.library.sync(false, &|_| true).unwrap_err();
    assert!(matches!(absent, Error::Files(_)), "{absent}");
    fs::create_dir(bench.root()).unwrap();
    let empty = bench.library.sync(false, &|_| true).unwrap_err();
    assert!(empty.to_string().contains("empty"), "{empty}");
    assert!(bench.is_active("a/1.jpg"));
    fs::remove_dir(bench.root()).unwrap();
    fs::rename(&aside, bench.root()).unwrap();
    assert_eq!(bench.walk().deleted, 0);
    assert!(bench.is_active("a/1.jpg"));
    // Whoever says so means it.
    fs::remove_dir_all(bench.root().join("a")).unwrap();
    let report = bench.library.sync(true, &|_| true).unwrap();
    assert_eq!(report.deleted, 1);
}

/// Forty pictures, of which twenty go.
fn half_gone(bench: &Bench) {
    for number in 0..40 {
        bench.paint(&format!("{}/{number}.jpg", number % 2), number);
    }
    bench.walk();
    fs::remove_dir_all(bench.root().join("1")).unwrap();
}

fn many_missing_files_wait_for_a_yes(bench: &Bench) {
    half_gone(bench);
    let report = bench.walk();
    assert_eq!((report.waiting, report.deleted), (20, 0));
    assert!(bench.is_active("1/1.jpg"));
    let all = Options { missing_percent: 49, ..options() };
    assert_eq!(bench.with(all).sync(false, &|_| true).unwrap().waiting, 20);
    let all = Options { missing_percent: 50, ..options() };
    let report = bench.with(all).sync(false, &|_| true).unwrap();
    assert_eq!((report.waiting, report.deleted), (0, 20));
    assert!(!bench.is_active("1/1.jpg") && bench.is_active("0/0.jpg"));
}

/// Runs what is due, until nothing is left to be claimed.
fn run_tasks(bench: &Bench) {
    let library = std::sync::Arc::new(bench.with(options()));
    let runner_options = RunnerOptions {
        threads: 1,
        poll: std::time::Duration::from_millis(10),
        schedule: Vec::new(),
        ..RunnerOptions::default()
    };
    let runner = Runner::new(bench.test.open(), job::all(&library), runner_options);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| runner.run(&stop));
        crate::setup::wait_for("the tasks that are due", || {
            let rows = tasks::latest(bench.db(), 100).unwrap();
            rows.iter().all(|(task, wait_ms)| task.status == tasks::COMPLETE || *wait_ms > 0)
        });
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn held(bench: &Bench) -> Vec<tasks::Task> {
    let rows = tasks::latest(bench.db(), 100).unwrap();
    let tasks = rows.into_iter().map(|(task, _)| task);
    tasks.filter(|task| task.kind == job::SWEEP && task.status == tasks::PENDING).collect()
}

fn the_task_that_waits_is_released(bench: &Bench) {
    half_gone(bench);
    job::want_walk(bench.db()).unwrap();
    run_tasks(bench);
    let [waiting] = held(bench).try_into().unwrap();
    assert!(waiting.name.contains("20"), "{}", waiting.name);
    assert!(bench.is_active("1/1.jpg"));
    // One of them comes back before the yes.
    bench.paint("1/1.jpg", 1);
    assert!(tasks::release(bench.db(), waiting.id).unwrap());
    run_tasks(bench);
    let done = tasks::by_id(bench.db(), waiting.id).unwrap().unwrap();
    assert_eq!(done.result.as_deref(), Some("{\"deleted\":19}"));
    assert!(bench.is_active("1/1.jpg") && !bench.is_active("1/3.jpg"));
}

fn a_later_walk_takes_the_place_of_what_waits(bench: &Bench) {
    half_gone(bench);
    for _ in 0..2 {
        job::want_walk(bench.db()).unwrap();
        run_tasks(bench);
    }
    let [first] = held(bench).try_into().unwrap();
    assert!(first.params.contains("3"), "{}", first.params);
    for number in (1..40).step_by(2) {
        bench.paint(&format!("1/{number}.jpg"), number);
    }
    job::want_walk(bench.db()).unwrap();
    run_tasks(bench);
    assert_eq!(held(bench), []);
}

fn links_are_followed_and_never_missing(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    symlink("1.jpg", bench.root().join("a/link.jpg")).unwrap();
    symlink("/etc/hostname", bench.root().join("a/out.jpg")).unwrap();
    symlink("a", bench.root().join("same")).unwrap();
    // A request has asked for a picture through the linked folder.
    images::seen(bench.db(), "same/1.jpg", 1, 1).unwrap();
    let report = bench.walk();
    assert_eq!((report.files, report.deleted), (2, 0));
    assert!(bench.is_active("a/link.jpg") && bench.is_active("same/1.jpg"));
    assert!(bench.image("a/out.jpg").is_none());
}

fn a_folder_that_left_the_library_is_gone(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    bench.paint("b/2.jpg", 2);
    bench.walk();
    fs::rename(bench.root().join("a"), bench.home.path().join("a")).unwrap();
    symlink("../a", bench.root().join("a")).unwrap();
    assert_eq!(bench.walk().deleted, 1, "a link out of the library is no folder of it");
    fs::remove_file(bench.root().join("a")).unwrap();
    fs::rename(bench.home.path().join("a"), bench.root().join("a")).unwrap();
    assert_eq!(bench.walk().returned, 1);
}

fn rubbish_of_killed_processes_goes(bench: &Bench) {
    bench.paint("a/1.jpg", 1);
    for (name, days) in [("old", 3), ("new", 1)] {
        let name = format!("a/.halftone-incoming-{name}");
        bench.write(&name, b"half a picture");
        let age = std::time::Duration::from_secs(days * 24 * 3600);
        let time = std::time::SystemTime::now() - age;
        let file = fs::File::options().write(true).open(bench.root().join(&name)).unwrap();
        file.set_modified(time).unwrap();
    }
    bench.walk();
    assert!(!bench.root().join("a/.halftone-incoming-old").exists());
    assert!(bench.root().join("a/.halftone-incoming-new").exists());
}

fn a_folder_renamed_outside_is_closed_and_its_records_are_kept(bench: &Bench) {
    let level = |folder: &str| bench.rights().public_level(folder);
    for (number, path) in
        ["a/shut/1.png", "a/shut/in/2.png", "b/3.png", "c/4.png", "old/5.png"].iter().enumerate()
    {
        bench.paint(path, number as u64);
    }
    bench.walk();
    for (folder, level) in [
        ("/", Level::View),
        ("/a/shut", Level::None),
        ("/a/shut/in", Level::Download),
        ("/b", Level::None),
    ] {
        bench.set_level(folder, PUBLIC, level);
    }
    let ids = ["a/shut/1.png", "a/shut/in/2.png"].map(|path| bench.image(path).unwrap().id);
    fs::rename(bench.root().join("a/shut"), bench.root().join("new")).unwrap();
    // A request is faster than the walk.
    let mtime = fs::metadata(bench.root().join("new/1.png")).unwrap();
    let mtime_ns = mtime.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    let size_bytes = i64::try_from(mtime.len()).unwrap();
    let mtime_ns = i64::try_from(mtime_ns.as_nanos()).unwrap();
    images::seen(bench.db(), "new/1.png", size_bytes, mtime_ns).unwrap();
    assert_eq!(level("new"), Level::View, "nobody knows yet what it was");
    // What lay in a closed folder is put into an open one that was there before.
    fs::rename(bench.root().join("b/3.png"), bench.root().join("c/3.png")).unwrap();
    fs::remove_dir(bench.root().join("b")).unwrap();
    // The first sight of c and of the others was long ago.
    let long_ago = "UPDATE folders SET first_seen_ms = 1 WHERE path NOT LIKE '/new%'";
    bench.db().execute(long_ago, &[]).unwrap();
    let report = bench.walk();
    assert_eq!((report.moved, report.deleted), (3, 0), "{report:?}");
    assert_eq!(["new/1.png", "new/in/2.png"].map(|path| bench.image(path).unwrap().id), ids);
    // Closed as it was, and no more open than it is here.
    assert_eq!(
        (level("new"), level("new/in"), level("c")),
        (Level::None, Level::None, Level::View)
    );
    let acts: Vec<(String, String)> = audit_log::latest(bench.db(), None, 10)
        .unwrap()
        .into_iter()
        .map(|act| (act.action, act.object))
        .collect();
    for (action, object) in [
        ("folder.close", "/new"),
        ("folder.gone", "/a/shut"),
        ("folder.gone", "/a/shut/in"),
        ("folder.gone", "/b"),
    ] {
        let noted = acts.iter().filter(|act| **act == (action.into(), object.into())).count();
        assert_eq!(noted, 1, "{action} {object}: {acts:?}");
    }
    let orphans = || folders::gone_with_records(bench.db()).unwrap();
    assert_eq!(orphans(), ["/a/shut", "/a/shut/in", "/b"]);
    // An administrator says what is to become of them.
    assert_eq!(moves::records(bench.db(), "/a/shut", "/new").unwrap(), 2);
    assert_eq!((level("new"), level("new/in")), (Level::None, Level::Download));
    assert_eq!(orphans(), ["/b"]);
    bench.walk();
    assert_eq!(audit_log::latest(bench.db(), None, 10).unwrap().len(), acts.len());
}
