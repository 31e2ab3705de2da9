//! Named API keys of the account that is signed in.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::form::Form;
use super::{csrf, data, require_person};
use crate::auth::key::{self, KeyError};
use crate::auth::{Actor, Identity, Scopes};
use crate::db;
use crate::db::api_keys::ApiKey;
use crate::http::{Progress, Request, Response};
use crate::web::{App, Error, client, who};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// The longest life of a key that has an end.
const MOST_DAYS: i64 = 3650;

/// `GET /api/v1/keys`: the keys, without their secrets. `POST /api/v1/keys`: makes one and shows it,
/// this once.
pub fn keys(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let user_id = require_person(&identity)?;
    if request.method != Method::POST {
        let keys: Vec<Value> = key::list(&app.db, user_id)?.iter().map(shape).collect();
        return Ok(data(StatusCode::OK, &json!(keys)));
    }
    let form = Form::of_body(request)?;
    csrf::check(app, request, &identity, form.text(csrf::FIELD))?;
    if !matches!(identity, Identity::User { allow_api: true, .. }) {
        return Err(Error::refused("This account may not have API keys."));
    }
    let scopes = form.text("scopes").unwrap_or("read");
    let scopes = Scopes::parse(scopes.split([' ', ',']).filter(|scope| !scope.is_empty()));
    let scopes =
        scopes.map_err(|_| Error::parameter("scopes", "must be of read, write and admin"))?;
    let actor = Actor::of(&identity, client::address(app, request));
    let expires_ms = expiry(&form)?;
    let name = form.need("name")?;
    let (id, secret) = key::create(&app.db, &actor, user_id, name, scopes, expires_ms)?;
    app.store.refresh()?;
    let made = key::list(&app.db, user_id)?.into_iter().find(|key| key.id == id);
    let mut shown = made.as_ref().map_or(Value::Null, shape);
    shown["key"] = json!(secret);
    Ok(data(StatusCode::OK, &shown))
}

fn expiry(form: &Form) -> Result<Option<i64>, Error> {
    let Some(days) = form.text("expires_days") else { return Ok(None) };
    let days = days.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    let days: i64 = days.ok_or_else(|| {
        Error::parameter("expires_days", format!("must be a whole number from 1 to {MOST_DAYS}"))
    })?;
    Ok(Some(db::now_ms() + days * DAY_MS))
}

/// `DELETE /api/v1/keys/ID`
pub fn key(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let user_id = require_person(&identity)?;
    csrf::check(app, request, &identity, Form::of_body(request)?.text(csrf::FIELD))?;
    let id = request.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let actor = Actor::of(&identity, client::address(app, request));
    let revoked = match id.parse() {
        Ok(id) => key::revoke(&app.db, &actor, user_id, id)?,
        Err(_) => false,
    };
    if !revoked {
        return Err(Error::not_found());
    }
    app.store.refresh()?;
    Ok(data(StatusCode::OK, &json!(null)))
}

fn shape(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": Scopes::from_stored(key.scopes).names(),
        "created": date(Some(key.created_ms)),
        "expires": date(key.expires_ms),
        "last_used": date(key.last_used_ms),
    })
}

fn date(ms: Option<i64>) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(ms? / 1000).ok()?.format(&Rfc3339).ok()
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Name => Self::parameter("name", error),
            KeyError::Expired => Self::parameter("expires_days", error),
            KeyError::TooMany => Self::parameter("name", error),
            KeyError::Random => Self::internal(error),
            KeyError::Db(error) => error.into(),
        }
    }
}
