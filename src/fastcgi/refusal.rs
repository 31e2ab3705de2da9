//! Answers that the transport gives by itself, before anybody has seen the request.

use std::io;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use super::request::BadRequest;
use crate::http::{Body, Response};

/// Why a request is not passed on.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    /// Whether all of the request had arrived by then.
    pub complete: bool,
}

impl Refusal {
    /// The request makes no sense.
    pub fn bad_request(fault: BadRequest, complete: bool) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: format!("{fault}\n"), complete }
    }

    /// The body is, or will be, larger than it may.
    pub fn too_large() -> Self {
        let text = "the request body is too large\n".into();
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, text, complete: false }
    }

    /// There is no room for the body; the log tells why.
    pub fn not_stored(error: &io::Error, complete: bool) -> Self {
        log::error!("a request body could not be stored: {error}");
        let text = "the request body could not be stored\n".into();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, text, complete }
    }

    /// The answer.
    pub fn into_response(self) -> Response {
        let response = Response::new(self.status)
            .header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
            .body(Body::Bytes(Bytes::from(self.text)));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            return response.header(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}
