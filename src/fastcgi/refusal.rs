//! Answers that the transport gives by itself, before anybody has seen the request.

use std::io;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::request::{BadRequest, Head};
use crate::http::request_id::X_REQUEST_ID;
use crate::http::{Dispatch, Response, is_for_programs, plain};

/// Why a request is not passed on.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    text: String,
    /// Whether all of the request had arrived by then.
    pub complete: bool,
    /// The path that was asked for, as far as it is known.
    path: String,
    /// The id that the request came with.
    id: Option<HeaderValue>,
}

impl Refusal {
    /// The request makes no sense.
    pub fn bad_request(fault: BadRequest, complete: bool) -> Self {
        Self::new(StatusCode::BAD_REQUEST, fault.to_string(), complete)
    }

    /// The body is, or will be, larger than it may.
    pub fn too_large() -> Self {
        let text = "the request body is too large".into();
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, text, false)
    }

    /// There is no room for the body; the log tells why.
    pub fn not_stored(error: &io::Error, complete: bool) -> Self {
        log::error!("a request body could not be stored: {error}");
        let text = "the request body could not be stored".into();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text, complete)
    }

    fn new(status: StatusCode, text: String, complete: bool) -> Self {
        Self { status, text, complete, path: String::new(), id: None }
    }

    /// The same, of a request with this head.
    pub fn of(mut self, head: &Head) -> Self {
        self.path.clone_from(&head.path);
        self.id = head.headers.get(X_REQUEST_ID).cloned();
        self
    }

    /// The answer, of which `dispatch` has taken note.
    pub fn into_response(self, dispatch: &impl Dispatch) -> Response {
        let response = plain(self.status, &self.text, is_for_programs(&self.path));
        let response = if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.header(RETRY_AFTER, HeaderValue::from_static("10"))
        } else {
            response
        };
        let mut headers: HeaderMap = self.id.into_iter().map(|id| (X_REQUEST_ID, id)).collect();
        dispatch.refuse(&self.path, &mut headers, response)
    }
}
