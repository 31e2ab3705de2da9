//! Background tasks: what runs, what waits, what came of those that are done.

use std::collections::HashMap;

use askama::Template;
use askama::filters::Safe;

use super::{Desk, Section, enter, outcome};
use crate::auth::SystemPermission;
use crate::db::tasks::{self, Task};
use crate::db::users;
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::pages::status::up;
use crate::web::sign_in::Form;
use crate::web::{App, Error, in_words};

/// A task that is to run no sooner than this waits for somebody's yes.
const HELD_MS: i64 = 365 * 24 * 3600 * 1000;

/// Characters that are shown of what a task gave or was given.
const SHOWN_CHARS: usize = 300;

#[derive(Template)]
#[template(path = "admin/tasks.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    here: String,
    shows: [Show; 4],
    rows: Vec<Row>,
    pager: Pager,
}

/// Which tasks are shown.
struct Show {
    key: &'static str,
    href: String,
    is_here: bool,
}

struct Row {
    id: i64,
    /// What is done.
    title: String,
    /// What it was called by who queued it, where that is not known here; else blank.
    name: String,
    state_key: &'static str,
    /// `run`, `wait`, `good` or `bad`.
    state: &'static str,
    /// How much is done, in words; blank while there is nothing to tell.
    progress: String,
    done: i64,
    total: i64,
    who: String,
    finished: Safe<String>,
    /// How long it took; blank for no time worth telling.
    took: String,
    /// What it gave, or what went wrong.
    outcome: String,
    may_run: bool,
    may_cancel: bool,
}

const SHOWS: [(&str, &str, Option<i64>); 4] = [
    ("all", "tasks-all", None),
    ("running", "tasks-running", Some(tasks::ACTIVE)),
    ("waiting", "tasks-waiting", Some(tasks::PENDING)),
    ("done", "tasks-done", Some(tasks::COMPLETE)),
];

/// `GET /admin/tasks`
pub fn tasks(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let form = Form::of_query(request)?;
    let show = given(&form, "show");
    let shown = SHOWS.into_iter().find(|(word, ..)| *word == show).unwrap_or(SHOWS[0]);
    let address = |word: &str, page: usize| format!("/admin/tasks?show={word}&page={page}");
    let total = tasks::newest(&app.db, shown.2, 0, 1)?.1;
    let total = usize::try_from(total).unwrap_or(0);
    let pager = Pager::of(total, given(&form, "page"), |page| address(shown.0, page));
    let (start, limit) = (pager.start() as i64, PER_PAGE as i64);
    let mut found = tasks::newest(&app.db, shown.2, start, limit)?.0;
    if shown.2.is_none() {
        // What is at work comes first; the sort keeps the order of each.
        let place = |task: &Task| match task.status {
            tasks::ACTIVE => 0,
            tasks::PENDING => 1,
            _ => 2,
        };
        found.sort_by_key(place);
    }
    let held = held(app, &found)?;
    let names = names(app, &found)?;
    let page = Page {
        here: address(shown.0, pager.page),
        rows: found.iter().map(|task| row(&f, task, held.contains(&task.id), &names)).collect(),
        shows: SHOWS.map(|(word, key, _)| Show {
            key,
            href: address(word, 1),
            is_here: word == shown.0,
        }),
        pager,
        sections,
        f,
    };
    Ok(page.f.send(&page))
}

/// Those of some tasks that wait for somebody's yes.
fn held(app: &App, found: &[Task]) -> Result<Vec<i64>, Error> {
    let mut held = tasks::not_before(&app.db, HELD_MS)?;
    held.retain(|id| found.iter().any(|task| task.id == *id));
    Ok(held)
}

fn names(app: &App, found: &[Task]) -> Result<HashMap<i64, String>, Error> {
    let mut names = HashMap::new();
    for id in found.iter().filter_map(|task| task.user_id) {
        if let std::collections::hash_map::Entry::Vacant(place) = names.entry(id) {
            let user = users::by_id(&app.db, id)?;
            place.insert(user.map(|user| user.username).unwrap_or_default());
        }
    }
    Ok(names)
}

fn row(f: &Frame, task: &Task, is_held: bool, names: &HashMap<i64, String>) -> Row {
    let (state_key, state) = match (task.status, &task.error) {
        (tasks::ACTIVE, _) if task.cancel_requested => ("task-stopping", "run"),
        (tasks::ACTIVE, _) => ("task-running", "run"),
        (tasks::PENDING, _) if is_held => ("task-held", "bad"),
        (tasks::PENDING, Some(_)) => ("task-again", "wait"),
        (tasks::PENDING, None) => ("task-waiting", "wait"),
        (_, Some(_)) if task.cancel_requested => ("task-cancelled", "wait"),
        (_, Some(_)) => ("task-failed", "bad"),
        (_, None) => ("task-done", "good"),
    };
    let progress = match (task.progress_done, task.progress_total) {
        (0, 0) => String::new(),
        (done, 0) => f.number(done),
        (done, total) => f.pair("task-progress", done, total),
    };
    let is_open = task.status != tasks::COMPLETE;
    let took_ms = task.finished_ms.zip(task.started_ms).map_or(0, |(end, start)| end - start);
    let took_s = u64::try_from(took_ms / 1000).unwrap_or(0);
    let kind = outcome::kind(f.texts(), &task.kind);
    let (title, name) = match f.texts().sentence(&task.name) {
        Some(named) => (named, String::new()),
        None if task.name == task.kind => (kind, String::new()),
        None => (kind, task.name.clone()),
    };
    Row {
        id: task.id,
        title,
        name,
        state_key,
        state,
        progress,
        done: task.progress_done,
        total: if task.status == tasks::ACTIVE { task.progress_total } else { 0 },
        who: task.user_id.and_then(|id| names.get(&id)).cloned().unwrap_or_default(),
        finished: task.finished_ms.map_or_else(|| Safe(String::new()), |ms| f.moment(ms)),
        took: if took_s > 0 { f.s("task-took", up(took_s)) } else { String::new() },
        outcome: told(f, task),
        may_run: task.status == tasks::PENDING,
        may_cancel: is_open && !task.cancel_requested,
    }
}

/// What a task gave, or why it failed.
fn told(f: &Frame, task: &Task) -> String {
    let text = match (&task.error, &task.result) {
        (Some(error), _) => in_words(f.texts(), error),
        (None, Some(result)) => outcome::told(f.texts(), &task.kind, result),
        (None, None) => String::new(),
    };
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
