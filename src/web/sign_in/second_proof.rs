//! Setting up one-time passwords for the account that is signed in.

use http::{Method, StatusCode};
use serde_json::json;

use super::form::Form;
use super::{csrf, data, require_person, session};
use crate::auth::totp::{self, TotpError};
use crate::auth::{Actor, Identity, Refused, second_step};
use crate::http::{Progress, Request, Response};
use crate::web::{App, Error, client, who};

/// `GET /api/v1/totp`: whether it is on. `POST`: begins, with a secret for the authenticator. `PUT`:
/// takes it into use with a first `code`, and shows recovery codes, this once. `DELETE`: takes it away,
/// with a `code`.
pub fn totp(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let user_id = require_person(&identity)?;
    let Identity::User { username, .. } = &identity else { return Err(Error::forbidden()) };
    let form = Form::of_body(request)?;
    csrf::check(app, request, &identity, form.text(csrf::FIELD))?;
    let address = client::address(app, request);
    let actor = Actor::of(&identity, address);
    let account = (user_id, &**username);
    let now_s = session::now_s();
    let answer = match request.method {
        Method::POST => {
            let secret = totp::begin(&app.db, user_id)?;
            json!({ "secret": secret, "uri": totp::uri("Halftone", username, &secret) })
        }
        Method::PUT => {
            let codes = totp::confirm(&app.db, &actor, account, form.need("code")?, now_s)?;
            json!({ "recovery_codes": codes })
        }
        Method::DELETE => {
            let code = form.need("code")?;
            match second_step(&app.db, user_id, code, address, now_s) {
                Err(Refused::Wrong) => return Err(TotpError::WrongCode.into()),
                other => other?,
            };
            totp::remove(&app.db, &actor, account)?;
            json!(null)
        }
        _ => json!({ "on": totp::is_on(&app.db, user_id)? }),
    };
    Ok(data(StatusCode::OK, &answer))
}

impl From<TotpError> for Error {
    fn from(error: TotpError) -> Self {
        match error {
            TotpError::WrongCode | TotpError::NotBegun => Self::parameter("code", error),
            TotpError::AlreadyOn => Self::refused(error.to_string()),
            TotpError::Random => Self::internal(error),
            TotpError::Db(error) => error.into(),
        }
    }
}
