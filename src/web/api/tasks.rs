//! Background tasks: beginning some, and looking how they go on.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, begins, gives, optional};
use super::library::folder_path;
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::shape::UserShape;
use super::time::Moment;
use crate::auth::{SystemPermission, audit};
use crate::db::tasks::{self, NewTask, Task};
use crate::db::{self, folders, images, users};
use crate::library;
use crate::task::job::{OfPath, PurgeDeleted, PurgeStatistics};
use crate::web::Error;

const SUPER: Access = Access::System(SystemPermission::AdminAll, "");
const OWNER: &str = "The user who started the task, or the permission admin_all.";

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/tasks",
        title: "List tasks, newest first",
        access: SUPER,
        fields: &[
            optional(
                "status",
                Kind::Whole(0, 2),
                "0 waiting, 1 running, 2 complete. Default: all.",
            ),
            START,
            LIMIT,
        ],
        gives: gives::<Vec<TaskShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/tasks/{task_id}",
        title: "Get a task",
        access: Access::SignedIn(OWNER),
        fields: &[],
        gives: gives::<TaskShape>(),
        // Where a name stands for the number, another row alone takes the address.
        failures: &[403, 405],
        handler: tell,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/tasks/{task_id}",
        title: "Cancel a task",
        access: Access::SignedIn(OWNER),
        fields: &[],
        gives: gives::<TaskShape>(),
        failures: &[403, 405, 409],
        handler: cancel,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/tasks/{task_id}/run",
        title: "Run a waiting task now",
        access: SUPER,
        fields: &[],
        gives: gives::<TaskShape>(),
        failures: &[409],
        handler: release,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/tasks/{function}",
        title: "Start a task",
        access: SUPER,
        fields: &[
            optional(
                "before_time",
                Kind::Time,
                "Required for purge_system_stats and purge_image_stats: anything older is \
                 deleted.",
            ),
            optional("date_to", Kind::Time, "Another name for before_time."),
            optional(
                "path",
                Kind::Line(1024),
                "Required for purge_deleted_folder_data (the folder below which data of missing \
                 files is deleted), purge_made_pictures (the folder or original whose images are \
                 made again) and prepare_folder (the folder whose originals get prepared \
                 reductions).",
            ),
            optional(
                "yes",
                Kind::Flag,
                "For sync: whether to mark missing files as deleted regardless of how many there \
                 are.",
            ),
        ],
        gives: begins::<TaskShape>(),
        failures: &[],
        handler: begin,
    },
];

/// A background task.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Task")]
pub struct TaskShape {
    error_log_level: &'static str,
    /// The task's function.
    funcname: String,
    id: i64,
    /// Seconds for which it is kept after it is complete.
    keep_for: i64,
    /// Until when it is kept; null until it is complete.
    keep_until: Option<Moment>,
    lock_id: Option<String>,
    log_level: &'static str,
    name: String,
    params: Value,
    priority: i64,
    /// How much of `progress_total` is done.
    progress_done: i64,
    /// 0 if not known yet.
    progress_total: i64,
    /// The result once it is complete; an object with `exception` if it failed.
    result: Value,
    /// 0 waiting, 1 running, 2 complete.
    status: i64,
    /// Who started it; null for the server itself.
    user: Option<UserShape>,
    user_id: Option<i64>,
}

/// What a client is told of a failure; the text of the failure itself may name files.
const FAILED: &str = "The task failed. The failure has been logged.";

impl TaskShape {
    /// The form of a task. `whole` is who may read what went wrong.
    pub fn new(task: &Task, user: Option<UserShape>, whole: bool) -> Self {
        let parsed = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let failed = task.error.as_deref().filter(|_| task.status == tasks::COMPLETE);
        Self {
            error_log_level: "error",
            funcname: task.kind.clone(),
            id: task.id,
            keep_for: task.keep_for_s,
            keep_until: task
                .finished_ms
                .map(|finished| Moment(finished.saturating_add(task.keep_for_s * 1000))),
            lock_id: None,
            log_level: "info",
            name: task.name.clone(),
            params: parsed(&task.params),
            priority: task.priority,
            progress_done: task.progress_done,
            progress_total: task.progress_total,
            result: match failed {
                Some(error) => json!({ "exception": if whole { error } else { FAILED } }),
                None => task.result.as_deref().map_or(Value::Null, parsed),
            },
            status: task.status,
            user,
            user_id: task.user_id,
        }
    }
}

/// The form of a task for the caller.
pub fn shape(call: &Call<'_>, task: &Task) -> Result<TaskShape, Error> {
    let user = task.user_id.map(|id| users::by_id(call.db(), id)).transpose()?.flatten();
    let whole = call.has(SystemPermission::AdminAll)?;
    Ok(TaskShape::new(task, user.as_ref().map(UserShape::from), whole))
}

/// What a task gave when it is done, else the task; 409 with `failed` when it could not be done.
pub fn tell_result<T: Serialize + DeserializeOwned>(
    call: &Call<'_>,
    task_id: i64,
    failed: &str,
) -> Result<Reply, Error> {
    let task = tasks::by_id(call.db(), task_id)?;
    let task = task.ok_or_else(|| Error::missing("task", task_id))?;
    if task.status != tasks::COMPLETE {
        return Reply::accepted(&shape(call, &task)?);
    }
    if task.error.is_some() {
        return Err(Error::conflict(failed));
    }
    let result: T =
        serde_json::from_str(task.result.as_deref().unwrap_or("null")).map_err(Error::internal)?;
    Reply::ok(&result)
}

fn find(call: &Call<'_>) -> Result<Task, Error> {
    let id = call.id("task_id");
    let task = tasks::by_id(call.db(), id)?.ok_or_else(|| Error::missing("task", id))?;
    if task.user_id.is_none() || task.user_id != call.user_id() {
        call.require(SystemPermission::AdminAll)?;
    }
    Ok(task)
}

/// `GET /admin/tasks`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let page = Page::of(call);
    let (found, total) = tasks::newest(call.db(), call.opt_int("status"), page.start, page.limit)?;
    let shapes: Result<Vec<_>, _> = found.iter().map(|task| shape(call, task)).collect();
    page.reply(call, &shapes?, total)
}

/// `GET /admin/tasks/{task_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&shape(call, &find(call)?)?)
}

/// `DELETE /admin/tasks/{task_id}`
fn cancel(call: &Call<'_>) -> Result<Reply, Error> {
    let task = find(call)?;
    if !tasks::cancel(call.db(), task.id)? {
        return Err(Error::conflict("The task is complete."));
    }
    tell(call)
}

/// `POST /admin/tasks/{task_id}/run`
fn release(call: &Call<'_>) -> Result<Reply, Error> {
    let task = find(call)?;
    let actor = call.actor();
    let released = db::atomic(call.db(), |sql| {
        let released = tasks::release(sql, task.id)?;
        if released {
            audit::write(sql, &actor, "task.run", &task.kind, &audit::quoted(&task.name))?;
        }
        Ok::<_, db::Error>(released)
    })?;
    if !released {
        return Err(Error::conflict("The task does not wait."));
    }
    tell(call)
}

/// The task that a function's name and a call's values stand for.
fn wanted(call: &Call<'_>) -> Result<NewTask, Error> {
    let before = || {
        let time = call.time_ms("before_time").or(call.time_ms("date_to"));
        time.ok_or_else(|| Error::parameter("before_time", "must be given"))
    };
    let path = || {
        let path = call.opt_text("path");
        folder_path(path.ok_or_else(|| Error::parameter("path", "must be given"))?)
    };
    let (name, params) = match call.segment("function") {
        PurgeStatistics::SYSTEM => {
            ("Delete old system statistics".to_owned(), json!({ "before_ms": before()? }))
        }
        PurgeStatistics::IMAGES => {
            ("Delete old picture statistics".to_owned(), json!({ "before_ms": before()? }))
        }
        PurgeDeleted::KIND => {
            ("Purge data of deleted files".to_owned(), json!({ "path": path()? }))
        }
        OfPath::PURGE_MADE => {
            let path = path()?;
            require_known(call, &path)?;
            (format!("Rebuild the pictures of {path}"), json!({ "path": path }))
        }
        OfPath::PREPARE => {
            let path = path()?;
            if folders::by_path(call.db(), &path)?.is_none() {
                return Err(Error::parameter("path", "there is no such folder"));
            }
            (format!("Prepare smaller versions for {path}"), json!({ "path": path }))
        }
        library::job::WALK => return Ok(library::job::walk_task(call.flag("yes"))),
        library::job::READ => return Ok(library::job::read_task()),
        other => return Err(Error::missing("task function", other)),
    };
    let kind = call.segment("function");
    let dedupe_key = Some(format!("{kind}:{params}"));
    Ok(NewTask { name, params: params.to_string(), dedupe_key, ..NewTask::new(kind) })
}

fn require_known(call: &Call<'_>, path: &str) -> Result<(), Error> {
    let known = folders::by_path(call.db(), path)?.is_some()
        || images::by_path(call.db(), path.trim_matches('/'))?.is_some();
    if known {
        Ok(())
    } else {
        Err(Error::parameter("path", "there is no such folder or original"))
    }
}

/// `POST /admin/tasks/{function}`
fn begin(call: &Call<'_>) -> Result<Reply, Error> {
    let kind = call.segment("function");
    let task = NewTask { user_id: call.user_id(), ..wanted(call)? };
    let actor = call.actor();
    let (id, _) = db::atomic(call.db(), |sql| {
        audit::write(sql, &actor, "task.begin", kind, &task.params)?;
        tasks::enqueue(sql, &task)
    })?;
    let task = tasks::by_id(call.db(), id)?.ok_or_else(|| Error::missing("task", id))?;
    Reply::accepted(&shape(call, &task)?)
}
