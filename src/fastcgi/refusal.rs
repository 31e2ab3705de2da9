//! Answers that the transport gives by itself, before anybody has seen the request.

use std::io;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use super::request::BadRequest;
use crate::http::{Response, is_for_programs, plain};

/// Why a request is not passed on.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    /// Whether all of the request had arrived by then.
    pub complete: bool,
    /// Whether programs rather than people are told.
    for_programs: bool,
}

impl Refusal {
    /// The request makes no sense.
    pub fn bad_request(fault: BadRequest, complete: bool) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            text: fault.to_string(),
            complete,
            for_programs: false,
        }
    }

    /// The body is, or will be, larger than it may.
    pub fn too_large() -> Self {
        let text = "the request body is too large".into();
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, text, complete: false, for_programs: false }
    }

    /// There is no room for the body; the log tells why.
    pub fn not_stored(error: &io::Error, complete: bool) -> Self {
        log::error!("a request body could not be stored: {error}");
        let text = "the request body could not be stored".into();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text, complete, for_programs: false }
    }

    /// The same, of a request for this path.
    pub fn of(mut self, path: &str) -> Self {
        self.for_programs = is_for_programs(path);
        self
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        let response = plain(self.status, &self.text, self.for_programs);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return response.header(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
