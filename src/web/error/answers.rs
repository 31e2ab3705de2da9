//! Failures that calls of the API can have.

use http::StatusCode;

use super::{DEFAULT_RETRY_S, Error, Fault};
use crate::auth::accounts::AccountError;

impl Error {
    /// 401: whoever calls has to sign in.
    pub fn sign_in() -> Self {
        let mut error = Self::said(StatusCode::UNAUTHORIZED, Fault::Client, "says-sign-in");
        error.challenge = true;
        error
    }

    /// 404: what the request names is not there.
    pub fn missing(what: &str, which: impl std::fmt::Display) -> Self {
        let message = format!("There is no {what} {which}.");
        Self::new(StatusCode::NOT_FOUND, Fault::Client, message)
    }

    /// 409: it contradicts what is there.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, Fault::Client, message)
    }

    /// A request that cannot be done as it is, by the client's fault.
    pub fn client(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, Fault::Client, message)
    }
}

impl From<AccountError> for Error {
    fn from(error: AccountError) -> Self {
        let message = error.to_string();
        match error {
            AccountError::Field { field, reason } => Self::parameter(field, reason),
            AccountError::Taken | AccountError::LooksAlike(_) | AccountError::Overtaken => {
                Self::conflict(message)
            }
            AccountError::Foreign | AccountError::LastAdministrator => {
                Self::conflict(format!("This cannot be done: {message}."))
            }
            AccountError::Unknown => Self::missing("such", "account"),
            AccountError::Busy => Self::busy(DEFAULT_RETRY_S),
            AccountError::Db(error) => error.into(),
        }
    }
}
