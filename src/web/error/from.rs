//! From the errors of the modules below to what a client is told.

use http::StatusCode;

use super::{DEFAULT_RETRY_S, Error, Fault};
use crate::cache::flight::Failure;
use crate::process::slots::Busy;
use crate::source::{PathError, SourceError};
use crate::spec::ParamError;
use crate::{auth, db, pixel};

impl From<ParamError> for Error {
    fn from(error: ParamError) -> Self {
        Self::parameter(error.name, error.reason)
    }
}

impl From<PathError> for Error {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Outside => Self::forbidden(),
            PathError::Missing | PathError::Invalid(_) => Self::parameter("src", error),
        }
    }
}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::NotFound | SourceError::NotAFile => Self::not_found(),
            SourceError::Unreachable(_) | SourceError::TimedOut => Self::unavailable(error),
        }
    }
}

impl From<pixel::Error> for Error {
    fn from(error: pixel::Error) -> Self {
        match error {
            pixel::Error::Parameter { name, reason } => Self::parameter(name, reason),
            pixel::Error::Malformed(_) | pixel::Error::Unsupported(_) | pixel::Error::Limit(_) => {
                Self::unreadable(error)
            }
            pixel::Error::Memory => Self::short_of_memory(),
            pixel::Error::Cancelled => Self::busy(DEFAULT_RETRY_S),
            pixel::Error::Io(_) => Self::unavailable(error),
            pixel::Error::Encode(_) => Self::internal(error),
        }
    }
}

impl From<Busy> for Error {
    fn from(busy: Busy) -> Self {
        Self::busy(busy.retry_after_s.into())
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        if error.is_unavailable() { Self::unavailable(error) } else { Self::internal(error) }
    }
}

impl From<auth::Unavailable> for Error {
    fn from(error: auth::Unavailable) -> Self {
        Self::unavailable(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let status = StatusCode::from_u16(failure.kind).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let fault = match status {
            StatusCode::SERVICE_UNAVAILABLE => Fault::Upstream,
            status if status.is_server_error() => Fault::Internal,
            _ => Fault::Client,
        };
        let mut error = Self::new(status, fault, &*failure.message);
        if fault == Fault::Upstream {
            error.retry_after_s = Some(DEFAULT_RETRY_S);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::Format;
    use crate::pixel::decode::Tool;

    #[test]
    fn memory_that_is_short_is_a_matter_of_time_and_told_to_nobody_else() {
        let error = Error::from(pixel::Error::Memory);
        assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(error.headers().any(|(name, _)| name == http::header::RETRY_AFTER));
        assert!(error.is_of_one_request());
    }

    #[test]
    fn a_file_whose_tool_is_missing_is_415_and_names_the_package() {
        const ABSENT: Tool =
            Tool { program: "/usr/bin/no-such-program", package: "no-such-package", reads: &[] };
        let error = Error::from(ABSENT.check(Format::Postscript).unwrap_err());
        assert_eq!(error.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let message = error.message();
        assert!(message.contains("PostScript") && message.contains("no-such-package"), "{message}");
        assert!(!message.contains("/usr"), "{message}");
    }
}
