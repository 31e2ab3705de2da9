//! The one error that leaves the program: a status, a message fit for the public, and whose fault.
//!
//! Built only in `web`, from the errors of the modules below, which know nothing of HTTP. The cause
//! is kept for the log and never shown.

mod answers;
mod from;
mod library;
mod words;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::text;
use crate::cache::flight::Failure;

pub use words::{in_words, label};

/// Whose fault an error is; decides how loudly it is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request asks for what cannot be: logged at debug level.
    Client,
    /// Something the server depends on is away or overloaded: logged as a warning.
    Upstream,
    /// The server itself failed: logged as an error.
    Internal,
}

/// Why a request got no proper answer.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    message: String,
    fault: Fault,
    retry_after_s: Option<u64>,
    challenge: bool,
    image_id: Option<i64>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Seconds that a client is asked to wait when nothing better is known.
const DEFAULT_RETRY_S: u64 = 2;

impl Error {
    fn new(status: StatusCode, fault: Fault, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            fault,
            retry_after_s: None,
            challenge: false,
            image_id: None,
            cause: None,
        }
    }

    /// With a message of the pages' texts.
    fn said(status: StatusCode, fault: Fault, key: &'static str) -> Self {
        Self::new(status, fault, text::in_english().get(key))
    }

    /// 400: a parameter is missing, out of range, or not one of its choices.
    pub fn parameter(name: &str, reason: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Fault::Client, format!("{name}: {reason}"))
    }

    /// 403: the caller may not see this, whether or not it exists.
    pub fn forbidden() -> Self {
        Self::said(StatusCode::FORBIDDEN, Fault::Client, "says-forbidden")
    }

    /// 403 with a message of its own.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, Fault::Client, message)
    }

    /// 401: the token or key is not good, or no longer.
    pub fn unauthorised() -> Self {
        let mut error = Self::said(StatusCode::UNAUTHORIZED, Fault::Client, "says-unauthorised");
        error.challenge = true;
        error
    }

    /// 429: too many attempts, or too many at once.
    pub fn too_many(retry_after_s: u64) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut error = Self::said(status, Fault::Client, "says-too-many-attempts");
        error.retry_after_s = Some(retry_after_s.max(1));
        error
    }

    /// 429: the client has had too many new pictures made.
    pub fn too_many_pictures(retry_after_s: u64) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut error = Self::said(status, Fault::Client, "says-too-many-pictures");
        error.retry_after_s = Some(retry_after_s.max(1));
        error
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::said(StatusCode::NOT_FOUND, Fault::Client, "says-nothing-here")
    }

    /// 405; the caller adds the `Allow` field.
    pub fn method_not_allowed() -> Self {
        Self::said(StatusCode::METHOD_NOT_ALLOWED, Fault::Client, "says-no-such-method")
    }

    /// 413: the body is larger than anything that this address takes.
    pub fn too_large() -> Self {
        Self::said(StatusCode::PAYLOAD_TOO_LARGE, Fault::Client, "says-too-large")
    }

    /// 415: the source is not a picture that can be read.
    pub fn unreadable(reason: impl std::fmt::Display) -> Self {
        let message = reason.to_string();
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Fault::Client, message)
    }

    /// 503: come back later.
    pub fn busy(retry_after_s: u64) -> Self {
        Self::later("says-busy", retry_after_s.max(1))
    }

    /// 499, as nginx's log says it: the client has gone away. Nobody is sent this.
    pub fn gone_client() -> Self {
        let status = StatusCode::from_u16(499).expect("it has three digits");
        Self::new(status, Fault::Client, "the client has gone away")
    }

    /// 503: there is not enough memory for this at the moment.
    pub fn short_of_memory() -> Self {
        Self::later("says-short-of-memory", DEFAULT_RETRY_S)
    }

    /// 503: something that the answer depends on is away.
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::later("says-unavailable", DEFAULT_RETRY_S).caused_by(cause)
    }

    fn later(key: &'static str, retry_after_s: u64) -> Self {
        let mut error = Self::said(StatusCode::SERVICE_UNAVAILABLE, Fault::Upstream, key);
        error.retry_after_s = Some(retry_after_s);
        error
    }

    /// The same with a message that tells the client more.
    #[must_use]
    pub fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// 500.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::said(status, Fault::Internal, "says-failed").caused_by(cause)
    }

    /// Whether it is this request's own fate, such as having waited too long, and the next one may fare
    /// better at once.
    pub fn is_of_one_request(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.cause.is_none()
    }

    /// What another thread that waited for the same picture is told.
    pub fn to_failure(&self) -> Failure {
        Failure { kind: self.status.as_u16(), message: self.message.as_str().into() }
    }

    /// The same, told of a parameter, unless it is already.
    pub fn of(mut self, name: &str) -> Self {
        let told = self.message.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "));
        if !told {
            let message = format!("{name}: {}", self.message);
            self = self.saying(message);
        }
        self
    }

    /// The same, as what came of a request for this image: it counts for that one, too.
    pub fn for_image(mut self, image_id: Option<i64>) -> Self {
        self.image_id = image_id;
        self
    }

    fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The image that the request was for, where it is known and is to be counted.
    pub fn image_id(&self) -> Option<i64> {
        self.image_id
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The header fields that go with the status.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let retry = self.retry_after_s.map(|s| (header::RETRY_AFTER, HeaderValue::from(s)));
        // No browser shows its own window for this scheme.
        let bearer = HeaderValue::from_static("Bearer realm=\"halftone\", error=\"invalid_token\"");
        let challenge = self.challenge.then_some((header::WWW_AUTHENTICATE, bearer));
        retry.into_iter().chain(challenge)
    }

    /// Writes the error to the log, at the level that its fault deserves.
    pub fn log(&self, subject: &str) {
        let level = match self.fault {
            Fault::Client => log::Level::Debug,
            Fault::Upstream => log::Level::Warn,
            Fault::Internal => log::Level::Error,
        };
        let status = self.status.as_u16();
        match &self.cause {
            Some(cause) => log::log!(level, "{status} {subject}: {} ({cause})", self.message),
            None => log::log!(level, "{status} {subject}: {}", self.message),
        }
    }
}
