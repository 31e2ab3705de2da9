//! Named API keys of the account that is signed in.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, must, optional};
use super::reply::Reply;
use super::time::Moment;
use crate::auth::key::{self, KeyError};
use crate::auth::{Actor, Scopes};
use crate::db;
use crate::db::api_keys::ApiKey;
use crate::web::{Error, client, who};

const DAY_MS: i64 = 24 * 3600 * 1000;

const SESSION: Access = Access::SignedIn(
    "A web session started by signing in; not a key, a token, or a session made from a token.",
);

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/keys",
        title: "List your API keys",
        access: SESSION,
        fields: &[],
        gives: gives::<Vec<KeyShape>>(),
        failures: &[403],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/keys",
        title: "Create an API key (shown once)",
        access: SESSION,
        fields: &[
            must("name", Kind::Line(100), "A name for the key."),
            optional(
                "scopes",
                Kind::Choice(&["read", "write", "admin"]),
                "What it allows; each includes the ones before it. Default: read.",
            ),
            optional(
                "expires_days",
                Kind::Whole(1, 3650),
                "Number of days until it expires. Default: it never expires.",
            ),
        ],
        gives: gives::<NewKeyShape>(),
        failures: &[403, 409],
        handler: create,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/keys/{key_id}",
        title: "Delete an API key",
        access: SESSION,
        fields: &[],
        gives: gives::<()>(),
        failures: &[403],
        handler: revoke,
    },
];

/// An API key without its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
struct KeyShape {
    id: i64,
    name: String,
    scopes: Vec<&'static str>,
    created: Moment,
    /// Null if it never expires.
    expires: Option<Moment>,
    /// Accurate to about a minute; null if not used yet.
    last_used: Option<Moment>,
}

/// A new API key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewApiKey")]
struct NewKeyShape {
    #[serde(flatten)]
    about: KeyShape,
    /// The key itself, shown only once.
    key: String,
}

impl From<&ApiKey> for KeyShape {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            scopes: Scopes::from_stored(key.scopes).names(),
            created: Moment(key.created_ms),
            expires: key.expires_ms.map(Moment),
            last_used: key.last_used_ms.map(Moment),
        }
    }
}

/// `GET /keys`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let user_id = who::require_person(&call.identity)?;
    let keys = key::list(call.db(), user_id)?;
    Reply::ok(&keys.iter().map(KeyShape::from).collect::<Vec<_>>())
}

/// `POST /keys`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let user_id = who::require_person(&call.identity)?;
    let scopes = Scopes::parse([call.opt_text("scopes").unwrap_or("read")]);
    let scopes = scopes.map_err(|_| Error::parameter("scopes", "must be read, write or admin"))?;
    let expires_ms = call.opt_int("expires_days").map(|days| db::now_ms() + days * DAY_MS);
    let actor = Actor::of(&call.identity, client::address(call.app, call.request));
    let (id, key) = key::create(call.db(), &actor, user_id, call.text("name"), scopes, expires_ms)?;
    call.refresh()?;
    let keys = key::list(call.db(), user_id)?;
    let made = keys.iter().find(|key| key.id == id).ok_or_else(|| Error::missing("key", id))?;
    Reply::ok(&NewKeyShape { about: made.into(), key })
}

/// `DELETE /keys/{key_id}`
fn revoke(call: &Call<'_>) -> Result<Reply, Error> {
    let user_id = who::require_person(&call.identity)?;
    let id = call.id("key_id");
    let actor = Actor::of(&call.identity, client::address(call.app, call.request));
    if !key::revoke(call.db(), &actor, user_id, id)? {
        return Err(Error::missing("key", id));
    }
    call.refresh()?;
    Reply::done()
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Name => Self::parameter("name", error),
            KeyError::Expired => Self::parameter("expires_days", error),
            KeyError::TooMany => Self::conflict(format!("This cannot be done: {error}.")),
            KeyError::NotAllowed => Self::refused("This account may not have API keys."),
            KeyError::Random => Self::internal(error),
            KeyError::Db(error) => error.into(),
        }
    }
}
