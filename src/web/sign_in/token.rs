//! API tokens: asking for one, and turning one into a web session.

use http::StatusCode;
use serde_json::json;

use super::form::Form;
use super::{data, login, next, session};
use crate::auth::{Attempt, Identity, KEY_PREFIX, Refused, TOKEN_PREFIX, Token, sign_in};
use crate::http::{Progress, Request, Response};
use crate::web::{App, Error, client, who};

/// `POST /api/v1/token`: a token for a user name and a password, which stand in the body or in HTTP
/// Basic authentication.
pub fn token(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let form = Form::of_body(request)?;
    let basic = who::basic_credentials(request);
    let (username, password) = match &basic {
        Some((username, password)) => (username.as_str(), password.as_str()),
        None => (form.need("username")?, form.need("password")?),
    };
    if username.starts_with(TOKEN_PREFIX) || username.starts_with(KEY_PREFIX) {
        return Err(Error::refused("A token is given for a user name and a password alone."));
    }
    let address = client::address(app, request);
    let attempt = Attempt { username, password, code: form.text("code"), address };
    let now_s = session::now_s();
    let user = match sign_in(&app.db, app.sign_in.directory.as_ref(), attempt, now_s) {
        Ok(user) => user,
        Err(Refused::CodeNeeded(_)) => {
            return Err(Error::refused("code: this account needs a one-time password besides."));
        }
        Err(refused) => return Err(refused.into()),
    };
    if !user.allow_api {
        return Err(Error::refused("This account may not ask for API tokens."));
    }
    app.store.refresh()?;
    let epoch = app.store.rights()?.epoch(user.id).ok_or_else(Error::forbidden)?;
    let life_s = i64::try_from(app.sign_in.token_time.as_secs()).unwrap_or(i64::MAX);
    let ends_s = now_s.saturating_add(life_s);
    let token = Token { user_id: user.id, epoch, made_s: now_s, ends_s };
    Ok(data(StatusCode::OK, &json!({ "token": token.sign(&app.sign_in.signer) })))
}

/// `GET /api/v1/tokenlogin`: begins a web session for who has a token, and leads on to `next`.
pub fn token_login(
    app: &App,
    request: &Request,
    _progress: &dyn Progress,
) -> Result<Response, Error> {
    let query = Form::of_query(request)?;
    let token = query.need("token")?;
    let next = query.text("next").map(|next| next::checked(app, request, next)).transpose()?;
    let identity = who::by_token(app, &*app.store.rights()?, token);
    let Some(Identity::User { id, .. }) = identity else {
        return Err(Error::refused("The API token is not valid, or no longer."));
    };
    let mut response = match next {
        Some(next) => login::see_other(&next)?,
        None => data(StatusCode::OK, &json!(null)),
    };
    session::begin(app, request, id, &mut response)?;
    Ok(response)
}
