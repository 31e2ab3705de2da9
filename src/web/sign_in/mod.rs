//! Signing in and out, over HTTP.

pub mod csrf;
mod form;
mod keys;
mod login;
mod next;
mod second_proof;
pub mod session;
mod token;

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

pub use keys::{key, keys};
pub use login::{login, logout};
pub use second_proof::totp;
pub use token::{token, token_login};

use super::Error;
use crate::auth::{Directory, Identity, Refused, SessionTimes, SignedIn, Signer};
use crate::http::{Body, Response};

/// How people and programs sign in.
pub struct SignIn {
    /// Signs sessions, tokens and forms.
    pub signer: Signer,
    /// How long sessions last.
    pub times: SessionTimes,
    /// How long tokens are good for.
    pub token_time: Duration,
    /// Other hosts that `next` may lead to, in lower case.
    pub next_hosts: Vec<String>,
    /// Whether and how the front server's word is taken.
    pub front_server: Option<FrontServer>,
    /// The directory server, if there is one.
    pub directory: Option<Directory>,
}

/// How the names that the front server tells are taken.
pub struct FrontServer {
    /// Leave out what follows an `@`.
    pub strip_realm: bool,
}

impl FrontServer {
    /// The account's name in what the front server tells.
    pub fn username<'a>(&self, told: &'a str) -> &'a str {
        if self.strip_realm { told.split('@').next().unwrap_or_default() } else { told }
    }
}

/// An answer of the API.
fn data(status: StatusCode, data: &Value) -> Response {
    let reason = status.canonical_reason().unwrap_or_default();
    let text = json!({ "status": status.as_u16(), "message": reason, "data": data }).to_string();
    Response::new(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .body(Body::Bytes(text.into()))
}

/// Fails with 403 unless a person has signed in: who has found a token or a key must not be able to
/// make another of it. Gives back the account's id.
fn require_person(identity: &Identity) -> Result<i64, Error> {
    match (identity.user_id(), identity.via()) {
        (Some(id), Some(SignedIn::Session(_) | SignedIn::FrontServer)) => Ok(id),
        _ => Err(Error::refused("This takes a web session.")),
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wrong | Refused::CodeNeeded(_) => {
                Self::refused("The user name, the password or the code is wrong.")
            }
            Refused::Wait { retry_s } => Self::too_many(retry_s),
            Refused::Busy => Self::too_many(1),
            Refused::Directory(error) => Self::unavailable(error),
            Refused::Db(error) => error.into(),
        }
    }
}
