//! Ending sessions before their time.

use http::Method;

use super::call::Call;
use super::endpoint::{Access, Endpoint, gives};
use super::reply::Reply;
use crate::auth::audit;
use crate::db::{self, users};
use crate::web::{Error, who};

/// The row.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::DELETE,
    path: "/sessions",
    title: "Sign out everywhere and end all API tokens",
    access: Access::SignedIn(
        "A web session started by signing in; not a key, a token, or a session made from a token.",
    ),
    fields: &[],
    gives: gives::<()>(),
    failures: &[403],
    handler: end,
}];

/// `DELETE /sessions`
fn end(call: &Call<'_>) -> Result<Reply, Error> {
    let user_id = who::require_person(&call.identity)?;
    let actor = call.actor();
    db::atomic(call.db(), |sql| {
        users::end_sessions(sql, user_id)?;
        audit::write(sql, &actor, "sessions.end", &actor.username, "")
    })?;
    call.refresh()?;
    Reply::done()
}
