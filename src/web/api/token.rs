//! API tokens: asking for one, and turning one into a web session.

use http::{Method, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, must, optional};
use super::reply::Reply;
use crate::auth::{Attempt, Identity, KEY_PREFIX, Refused, TOKEN_PREFIX, Token, sign_in};
use crate::http::Response;
use crate::web::sign_in::next;
use crate::web::sign_in::session::{self, Beginning};
use crate::web::{Error, client, who};

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: "/token",
        title: "Create an API token",
        access: Access::Credentials(
            "The user name and password of an account with allow_api, in the body or by HTTP \
             Basic authentication.",
        ),
        fields: &[
            optional("username", Kind::Line(120), "The user name."),
            optional("password", Kind::Password, "The password."),
            optional(
                "code",
                Kind::Line(40),
                "An authenticator code, if the account has two-step sign-in.",
            ),
        ],
        gives: gives::<TokenShape>(),
        failures: &[403, 429],
        handler: token,
    },
    Endpoint {
        method: Method::GET,
        path: "/tokenlogin",
        title: "Sign in with an API token",
        access: Access::Credentials(
            "A token in the query. The session may do no more than the token.",
        ),
        fields: &[
            must("token", Kind::Line(512), "The token."),
            optional(
                "next",
                Kind::Line(2000),
                "Where to go next: a URL on this server or on a host in login_next_hosts. The \
                 answer is then a 303 redirect.",
            ),
        ],
        gives: gives::<()>(),
        failures: &[303, 403],
        handler: token_login,
    },
];

/// An API token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token")]
struct TokenShape {
    token: String,
}

/// `POST /token`
fn token(call: &Call<'_>) -> Result<Reply, Error> {
    let app = call.app;
    let basic = who::basic_credentials(call.request);
    let need = |name| call.opt_text(name).ok_or_else(|| Error::parameter(name, "must be given"));
    let (username, password) = match &basic {
        Some((username, password)) => (username.as_str(), password.as_str()),
        None => (need("username")?, need("password")?),
    };
    if username.starts_with(TOKEN_PREFIX) || username.starts_with(KEY_PREFIX) {
        return Err(Error::refused("A token is given for a user name and a password alone."));
    }
    let address = client::address(app, call.request);
    let attempt = Attempt { username, password, code: call.opt_text("code"), address };
    let now_s = session::now_s();
    let user = match sign_in(&app.db, app.sign_in.proofs(), attempt, now_s) {
        Ok(user) => user,
        Err(Refused::CodeNeeded(_)) => {
            return Err(Error::refused("code: this account needs a one-time password besides."));
        }
        Err(refused) => return Err(refused.into()),
    };
    if !user.allow_api {
        return Err(Error::refused("This account may not ask for API tokens."));
    }
    // An account that was just made or changed is not known yet.
    call.refresh()?;
    let epoch = call.rights()?.epoch(user.id).ok_or_else(Error::forbidden)?;
    let life_s = i64::try_from(app.sign_in.token_time.as_secs()).unwrap_or(i64::MAX);
    let ends_s = now_s.saturating_add(life_s);
    let token = Token { user_id: user.id, epoch, made_s: now_s, ends_s };
    Reply::ok(&TokenShape { token: token.sign(&app.sign_in.signer) })
}

/// `GET /tokenlogin`
fn token_login(call: &Call<'_>) -> Result<Reply, Error> {
    let (app, request) = (call.app, call.request);
    let next = call.opt_text("next").map(|next| next::checked(app, request, next)).transpose()?;
    let identity = who::by_token(app, call.text("token"))?;
    let Some(Identity::User { id, .. }) = identity else {
        return Err(Error::refused("The API token is not valid, or no longer."));
    };
    let mut cookies = Response::new(StatusCode::OK);
    session::begin(app, request, id, Beginning::Token, &mut cookies)?;
    let mut reply = match next {
        Some(next) => Reply::new(StatusCode::SEE_OTHER, "See Other", &())?
            .header(header::LOCATION, next::location(&next)?),
        None => Reply::done()?,
    };
    reply = reply.header(header::REFERRER_POLICY, http::HeaderValue::from_static("no-referrer"));
    for cookie in cookies.headers.get_all(header::SET_COOKIE) {
        reply = reply.header(header::SET_COOKIE, cookie.clone());
    }
    Ok(reply)
}
