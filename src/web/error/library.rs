//! What a client is told when something cannot be done with the library.

use http::StatusCode;

use super::Error;
use crate::library;

impl From<library::Error> for Error {
    fn from(error: library::Error) -> Self {
        use library::Error as E;
        let message = error.to_string();
        let client = |status| Self::client(status, message.clone());
        match error {
            E::Parameter { name, reason } => Self::parameter(name, reason),
            E::NotFound(_) => client(StatusCode::NOT_FOUND),
            E::Exists(_) | E::Overtaken(_) | E::OutOfStep { .. } => client(StatusCode::CONFLICT),
            E::Denied { .. } | E::NotAdministrator => Self::forbidden(),
            E::NotAPicture(_) => client(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            E::TooLarge { .. } => client(StatusCode::PAYLOAD_TOO_LARGE),
            E::BrokenOff => client(StatusCode::BAD_REQUEST),
            E::Busy => Self::busy(super::DEFAULT_RETRY_S),
            E::Files(error) => error.into(),
            E::Database(error) => error.into(),
            E::Rights(error) => error.into(),
            E::Full => Self::unavailable(error).saying(message),
            E::Stopped | E::Io(_) => Self::unavailable(error),
        }
    }
}
