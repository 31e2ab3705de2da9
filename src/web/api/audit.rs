//! The record of administrative acts.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, optional};
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::time::Moment;
use crate::auth::SystemPermission;
use crate::db::audit_log::{self, Entry, Wanted};
use crate::web::Error;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/admin/audit",
    title: "List audit log entries, newest first",
    access: Access::System(SystemPermission::AdminAll, ""),
    fields: &[
        optional(
            "username",
            Kind::Line(120),
            "Only entries of the user with this name at the time.",
        ),
        optional(
            "action",
            Kind::Line(60),
            "Only this action, such as `user.password`, or a group of actions, such as `user`.",
        ),
        START,
        LIMIT,
    ],
    gives: gives::<Vec<EntryShape>>(),
    failures: &[],
    handler: list,
}];

/// An entry of the audit log.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditEntry")]
struct EntryShape {
    id: i64,
    time: Moment,
    /// Null for the command line and the server itself.
    user_id: Option<i64>,
    /// The user name at that time, or a name for the command line or the server.
    username: String,
    /// The address that the request came from; blank if not known.
    address: String,
    /// What was done, such as `user.create`.
    action: String,
    /// What it was done to, by its name at that time.
    object: String,
    /// More details.
    detail: String,
}

impl From<Entry> for EntryShape {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            time: Moment(entry.at_ms),
            user_id: entry.user_id,
            username: entry.username,
            address: entry.address,
            action: entry.action,
            object: entry.object,
            detail: entry.detail,
        }
    }
}

/// `GET /admin/audit`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let page = Page::of(call);
    let wanted = Wanted { username: call.text("username"), action: call.text("action") };
    let (found, total) = audit_log::part(call.db(), wanted, (page.start, page.limit))?;
    let shapes: Vec<_> = found.into_iter().map(EntryShape::from).collect();
    page.reply(call, &shapes, total)
}
