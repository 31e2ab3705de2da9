//! One-time passwords for the account that is signed in.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, must, optional};
use super::reply::Reply;
use super::users;
use crate::auth::totp::{self, TotpError};
use crate::auth::{Actor, Identity, Refused, SystemPermission, second_step};
use crate::web::sign_in::session;
use crate::web::{Error, client, who};

const SESSION: Access = Access::SignedIn(
    "A web session started by signing in; not a key, a token, or a session made from a token.",
);

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/totp",
        title: "Get the state of your two-step sign-in",
        access: SESSION,
        fields: &[],
        gives: gives::<StateShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::POST,
        path: "/totp",
        title: "Start setting up two-step sign-in",
        access: SESSION,
        fields: &[],
        gives: gives::<SecretShape>(),
        failures: &[403, 409],
        handler: begin,
    },
    Endpoint {
        method: Method::PUT,
        path: "/totp",
        title: "Switch on two-step sign-in with a first code",
        access: SESSION,
        fields: &[must("code", Kind::Line(40), "The code that the authenticator shows.")],
        gives: gives::<CodesShape>(),
        failures: &[403, 409],
        handler: confirm,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/totp",
        title: "Switch off two-step sign-in, or cancel its setup",
        access: SESSION,
        fields: &[optional(
            "code",
            Kind::Line(40),
            "An authenticator code or a recovery code; required once two-step sign-in is on.",
        )],
        gives: gives::<()>(),
        failures: &[403, 404, 429],
        handler: remove,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/users/{user_id}/totp",
        title: "Reset a user's two-step sign-in",
        access: Access::System(SystemPermission::AdminUsers, users::ABOVE),
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: reset,
    },
];

/// Whether two-step sign-in is on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TotpState")]
struct StateShape {
    on: bool,
}

/// The secret to enter in an authenticator.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TotpSecret")]
struct SecretShape {
    /// In Base32.
    secret: String,
    /// The same as a URI, for a QR code.
    uri: String,
}

/// Recovery codes, shown only once. Each works once.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecoveryCodes")]
struct CodesShape {
    recovery_codes: Vec<String>,
}

/// Id and name of whoever is signed in by a web session.
fn account<'a>(call: &'a Call<'_>) -> Result<(i64, &'a str), Error> {
    let id = who::require_person(&call.identity)?;
    match &call.identity {
        Identity::User { username, .. } => Ok((id, username)),
        Identity::Anonymous => Err(Error::forbidden()),
    }
}

fn actor(call: &Call<'_>) -> Actor {
    Actor::of(&call.identity, client::address(call.app, call.request))
}

/// `GET /totp`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&StateShape { on: totp::is_on(call.db(), account(call)?.0)? })
}

/// `POST /totp`
fn begin(call: &Call<'_>) -> Result<Reply, Error> {
    let (id, username) = account(call)?;
    let secret = totp::begin(call.db(), &call.app.sign_in.seal, id)?;
    let uri = totp::uri("Halftone", username, &secret);
    Reply::ok(&SecretShape { secret, uri })
}

/// `PUT /totp`
fn confirm(call: &Call<'_>) -> Result<Reply, Error> {
    let account = account(call)?;
    let (code, now_s) = (call.text("code"), session::now_s());
    let seal = &call.app.sign_in.seal;
    let recovery_codes = totp::confirm(call.db(), seal, &actor(call), account, code, now_s)?;
    Reply::ok(&CodesShape { recovery_codes })
}

/// `DELETE /totp`
fn remove(call: &Call<'_>) -> Result<Reply, Error> {
    let account = account(call)?;
    let missing = || Error::missing("one-time password of", account.1);
    if totp::give_up(call.db(), account.0)? {
        return Reply::done();
    }
    if !totp::is_on(call.db(), account.0)? {
        return Err(missing());
    }
    let Some(code) = call.opt_text("code") else {
        return Err(Error::parameter("code", "must be given"));
    };
    let (address, now_s) = (client::address(call.app, call.request), session::now_s());
    match second_step(call.db(), &call.app.sign_in.seal, account.0, code, address, now_s) {
        Err(Refused::Wrong) => return Err(TotpError::WrongCode.into()),
        other => other?,
    };
    match totp::remove(call.db(), &actor(call), account)? {
        true => Reply::done(),
        false => Err(missing()),
    }
}

/// `DELETE /admin/users/{user_id}/totp`
fn reset(call: &Call<'_>) -> Result<Reply, Error> {
    let user = users::find_active(call)?;
    users::require_not_above(call, &user)?;
    match totp::remove(call.db(), &call.actor(), (user.id, &user.username))? {
        true => Reply::done(),
        false => Err(Error::missing("one-time password of", user.username)),
    }
}

impl From<TotpError> for Error {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::WrongCode => Self::parameter("code", error),
            TotpError::AlreadyOn | TotpError::NotBegun | TotpError::Closed => {
                Self::conflict(format!("This cannot be done: {error}."))
            }
            TotpError::Random => Self::internal(error),
            TotpError::Db(error) => error.into(),
        }
    }
}
