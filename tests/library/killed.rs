//! Moves of folders whose process dies at each step: nobody has more rights for a moment.

use std::cell::Cell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::folder_moves::{self, NewMove, State};
use halftone::db::groups::PUBLIC;
use halftone::db::{Dialect, Sql, folder_permissions, folders, image_history, images, tasks};
use halftone::library::{Caller, Error, Options, job};
use halftone::task::{Runner, RunnerOptions};

use crate::bench::{Bench, options};
use crate::setup::wait_for;

crate::on_both!(
    records_hold_at_both_places_while_a_folder_moves,
    without_records_nobody_waits,
    killed_while_it_waits_it_stays,
    killed_before_it_moves_it_stays,
    killed_after_it_moved_its_rows_follow,
    a_task_goes_on_where_it_was_killed,
    where_both_are_there_both_are_closed,
    what_is_left_of_a_copied_folder_stays_closed,
    a_folder_that_stands_nowhere_is_closed_wherever_it_comes_back,
    folders_within_one_another_move_one_after_the_other,
    a_move_within_a_folder_that_moved_is_over,
);

/// Everybody may look, but for the folder `a/shut`, in which `in` is open.
fn library(bench: &Bench) -> i64 {
    bench.paint("a/shut/x.png", 1);
    bench.paint("a/shut/in/y.png", 2);
    bench.paint("there/z.png", 3);
    bench.walk();
    for (folder, level) in
        [("/", Level::View), ("/a/shut", Level::None), ("/a/shut/in", Level::View)]
    {
        bench.set_level(folder, PUBLIC, level);
    }
    folders::by_path(bench.db(), "/a/shut").unwrap().unwrap().id
}

fn levels(bench: &Bench, folder: &str) -> [Level; 2] {
    let rights = bench.rights();
    [rights.public_level(folder), rights.public_level(&format!("{folder}/in"))]
}

const SHUT: [Level; 2] = [Level::None, Level::View];

#[track_caller]
fn assert_shut(bench: &Bench, folders: &[&str]) {
    for folder in folders {
        assert_eq!(levels(bench, folder), SHUT, "{folder}");
    }
}

fn moves(bench: &Bench) -> Vec<State> {
    folder_moves::all(bench.db()).unwrap().iter().map(|row| row.state).collect()
}

/// Nobody is at any move any more, as after an hour without a task.
fn forsake(bench: &Bench) {
    bench.db().execute("UPDATE folder_moves SET changed_ms = 1", &[]).unwrap();
}

/// Has the database refuse to give folders other paths, as if the process ended there.
fn refuse_renames(bench: &Bench) {
    let statements: &[&str] = match bench.db().dialect() {
        Dialect::Sqlite => &["CREATE TRIGGER refused BEFORE UPDATE OF path ON folders \
             BEGIN SELECT RAISE(ABORT, 'killed'); END"],
        Dialect::Postgres => &[
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql \
             AS 'BEGIN RAISE EXCEPTION ''killed''; END'",
            "CREATE TRIGGER refused BEFORE UPDATE OF path ON folders \
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        ],
    };
    for statement in statements {
        bench.db().execute(statement, &[]).unwrap();
    }
}

fn allow_renames(bench: &Bench) {
    let statement = match bench.db().dialect() {
        Dialect::Sqlite => "DROP TRIGGER refused",
        Dialect::Postgres => "DROP TRIGGER refused ON folders",
    };
    bench.db().execute(statement, &[]).unwrap();
}

/// The ids of the two pictures of the folder, at a place.
fn ids(bench: &Bench, folder: &str) -> [Option<i64>; 2] {
    ["x.png", "in/y.png"].map(|name| {
        let path = format!("{folder}/{name}");
        bench.image(&path).filter(|_| bench.is_active(&path)).map(|image| image.id)
    })
}

fn records_hold_at_both_places_while_a_folder_moves(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    let known_after = Duration::from_millis(300);
    let patient = bench.with(Options { rights_known_after: known_after, ..options() });
    let (looked, began) = (Cell::new(0), std::time::Instant::now());
    let look = || {
        // As long as somebody is asked, nothing has moved.
        assert!(
            bench.root().join("a/shut/x.png").exists() && !bench.root().join("there/n").exists()
        );
        if moves(bench) == [State::Announced] {
            assert_shut(bench, &["a/shut", "there/n"]);
            looked.set(looked.get() + 1);
        }
        true
    };
    patient.move_folder(&Caller::System, shut, "there/n", &look).unwrap();
    assert!(looked.get() >= 2 && began.elapsed() >= known_after);
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["there/n"]);
    assert_eq!(levels(bench, "a/shut"), [Level::View; 2], "nothing is there any more");
    assert_eq!(ids(bench, "there/n"), before);
    for id in before.into_iter().flatten() {
        let history = image_history::of_image(bench.db(), id, 10).unwrap();
        let moved: Vec<_> = history.iter().filter(|entry| entry.action == 4).collect();
        assert_eq!(moved.len(), 1, "{history:?}");
        assert_eq!(moved[0].detail, "moved with its folder from /a/shut");
    }
    let other = bench.image("there/z.png").unwrap().id;
    assert!(image_history::of_image(bench.db(), other, 10).unwrap().iter().all(|e| e.action != 4));
}

fn without_records_nobody_waits(bench: &Bench) {
    library(bench);
    bench.paint("plain/1.png", 9);
    bench.walk();
    let never = Options { rights_known_after: Duration::from_secs(3600), ..options() };
    let library = bench.with(never);
    let plain = folders::by_path(bench.db(), "plain").unwrap().unwrap().id;
    library.move_folder(&Caller::System, plain, "a/plain", &|| true).unwrap();
    assert!(bench.is_active("a/plain/1.png"));
    // A folder with records was once where it is to go.
    let there = folders::seen(bench.db(), "/a/old/inner").unwrap();
    folder_permissions::set(bench.db(), there, PUBLIC, Level::Download.access()).unwrap();
    folders::vanished(bench.db(), "/a/old").unwrap();
    let asked = Cell::new(0);
    let some = || {
        asked.set(asked.get() + 1);
        asked.get() < 5
    };
    let stopped = library.move_folder(&Caller::System, plain, "a/old", &some).unwrap_err();
    assert!(matches!(stopped, Error::Stopped), "{stopped}");
    assert!(moves(bench).is_empty() && bench.is_active("a/plain/1.png"));
}

fn killed_while_it_waits_it_stays(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    let die = || moves(bench).is_empty() || panic!("killed");
    let died = catch_unwind(AssertUnwindSafe(|| {
        bench.library.move_folder(&Caller::System, shut, "there/n", &die)
    }));
    assert!(died.is_err());
    assert_eq!(moves(bench), [State::Announced]);
    assert_shut(bench, &["a/shut", "there/n"]);
    bench.library.settle_moves().unwrap();
    assert_eq!(moves(bench), [State::Announced], "it may be at it still");
    forsake(bench);
    let report = bench.walk();
    assert_eq!((report.new, report.moved, report.deleted), (0, 0, 0));
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["a/shut"]);
    assert_eq!(ids(bench, "a/shut"), before);
    bench.library.move_folder(&Caller::System, shut, "there/n", &|| true).unwrap();
    assert_shut(bench, &["there/n"]);
}

/// Announces the move of the folder, as it is before anything happens on disk.
fn announce(bench: &Bench, folder_id: i64, state: State) -> i64 {
    let new = NewMove { folder_id, from: "/a/shut", to: "/there/n", task_id: None, user_id: None };
    let id = folder_moves::announce(bench.db(), &new).unwrap().unwrap();
    assert!(folder_moves::advance(bench.db(), id, state).unwrap());
    id
}

fn killed_before_it_moves_it_stays(bench: &Bench) {
    let shut = library(bench);
    announce(bench, shut, State::Going);
    assert_shut(bench, &["a/shut", "there/n"]);
    forsake(bench);
    bench.library.settle_moves().unwrap();
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["a/shut"]);
    assert_eq!(folders::by_id(bench.db(), shut).unwrap().unwrap().path, "/a/shut");
}

fn killed_after_it_moved_its_rows_follow(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    refuse_renames(bench);
    let killed = bench.library.move_folder(&Caller::System, shut, "there/n", &|| true);
    assert!(matches!(killed, Err(Error::Database(_))), "{killed:?}");
    assert!(bench.root().join("there/n/in/y.png").exists());
    assert_eq!(moves(bench), [State::Going]);
    assert_shut(bench, &["a/shut", "there/n"]);
    // Requests and walks meet the files before the rows have followed.
    images::seen(bench.db(), "there/n/x.png", 1, 1).unwrap();
    for _ in 0..2 {
        let report = bench.walk();
        assert_eq!((report.moved, report.deleted, report.waiting), (0, 0, 0), "{report:?}");
    }
    assert_shut(bench, &["a/shut", "there/n"]);
    allow_renames(bench);
    bench.library.settle_moves().unwrap();
    assert_eq!(moves(bench), [State::Going], "it may be at it still");
    forsake(bench);
    let report = bench.walk();
    assert_eq!((report.moved, report.deleted), (0, 0), "{report:?}");
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["there/n"]);
    assert_eq!(ids(bench, "there/n"), before);
    assert_eq!(folders::by_id(bench.db(), shut).unwrap().unwrap().path, "/there/n");
    let history = image_history::of_image(bench.db(), before[0].unwrap(), 10).unwrap();
    assert_eq!(history.iter().filter(|entry| entry.action == 4).count(), 1);
}

fn a_task_goes_on_where_it_was_killed(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    refuse_renames(bench);
    let task = bench.library.queue_move_folder(&Caller::System, shut, "there/n").unwrap();
    let library = std::sync::Arc::new(bench.with(options()));
    let runner_options = RunnerOptions {
        poll: Duration::from_millis(10),
        backoff: Duration::from_secs(1),
        ..RunnerOptions::default()
    };
    let runner = Runner::new(bench.test.open(), job::all(&library), runner_options);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let state = || tasks::by_id(bench.db(), task).unwrap().unwrap();
    std::thread::scope(|scope| {
        let _ending = crate::bench::SetOnDrop(&stop);
        scope.spawn(|| runner.run(&stop));
        wait_for("the first attempt", || state().error.is_some());
        assert_eq!(moves(bench), [State::Going]);
        assert_shut(bench, &["a/shut", "there/n"]);
        allow_renames(bench);
        wait_for("the end", || state().status == tasks::COMPLETE);
        // What has to do with many pictures comes after what somebody waits for.
        wait_for("new words", || {
            let rows = tasks::latest(bench.db(), 10).unwrap();
            let found = rows.iter().find(|(task, _)| task.kind == job::INDEX);
            found.is_some_and(|(task, _)| task.status == tasks::COMPLETE)
        });
    });
    assert_eq!(state().error, None);
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["there/n"]);
    assert_eq!(ids(bench, "there/n"), before);
    let query = halftone::db::search::Query { limit: 10, ..Default::default() };
    let found = |word: &str| {
        bench.library.search(&Caller::System, word, query.clone()).unwrap().images.len()
    };
    assert_eq!((found("there"), found("shut")), (2, 0));
}

fn where_both_are_there_both_are_closed(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    announce(bench, shut, State::Going);
    // Somebody else has made a folder of that name.
    bench.paint("there/n/x.png", 7);
    bench.paint("there/n/in/other.png", 8);
    forsake(bench);
    bench.walk();
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["a/shut", "there/n"]);
    assert_eq!(ids(bench, "a/shut"), before);
}

fn what_is_left_of_a_copied_folder_stays_closed(bench: &Bench) {
    let shut = library(bench);
    let before = ids(bench, "a/shut");
    announce(bench, shut, State::Copied);
    bench.paint("there/n/x.png", 1);
    bench.paint("there/n/in/y.png", 2);
    fs::remove_file(bench.root().join("a/shut/in/y.png")).unwrap();
    assert_shut(bench, &["a/shut", "there/n"]);
    forsake(bench);
    bench.library.settle_moves().unwrap();
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["a/shut", "there/n"]);
    assert_eq!(ids(bench, "there/n"), before);
}

fn a_folder_that_stands_nowhere_is_closed_wherever_it_comes_back(bench: &Bench) {
    let shut = library(bench);
    announce(bench, shut, State::Going);
    let away = bench.home.path().join("away");
    fs::rename(bench.root().join("a/shut"), &away).unwrap();
    forsake(bench);
    bench.library.settle_moves().unwrap();
    assert!(moves(bench).is_empty());
    assert_shut(bench, &["a/shut", "there/n"]);
    fs::rename(&away, bench.root().join("there/n")).unwrap();
    bench.walk();
    assert_shut(bench, &["there/n"]);
}

fn folders_within_one_another_move_one_after_the_other(bench: &Bench) {
    let shut = library(bench);
    let inner = folders::by_path(bench.db(), "/a/shut/in").unwrap().unwrap().id;
    announce(bench, shut, State::Announced);
    let asked = Cell::new(0);
    let some = || {
        asked.set(asked.get() + 1);
        asked.get() < 4
    };
    let stopped = bench.library.move_folder(&Caller::System, inner, "in", &some).unwrap_err();
    assert!(matches!(stopped, Error::Stopped) && asked.get() == 4, "{stopped}");
    assert!(bench.root().join("a/shut/in").exists());
    // It waits until the other one is over.
    let over = || {
        forsake(bench);
        true
    };
    bench.library.move_folder(&Caller::System, inner, "in", &over).unwrap();
    assert!(bench.is_active("in/y.png") && moves(bench).is_empty());
}

fn a_move_within_a_folder_that_moved_is_over(bench: &Bench) {
    let shut = library(bench);
    let id = announce(bench, shut, State::Going);
    // As an older release moves folders, which knows of no announcements.
    fs::rename(bench.root().join("a"), bench.root().join("b")).unwrap();
    halftone::db::moves::folder(bench.db(), "/a", "/b").unwrap();
    forsake(bench);
    bench.library.settle_moves().unwrap();
    assert!(moves(bench).is_empty(), "{id}");
    assert_shut(bench, &["b/shut"]);
    assert_eq!(folder_permissions::all(bench.db()).unwrap().len(), 3);
}
