//! `{status, message, data}`: the one form of every answer.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::http::{Body, Response};
use crate::web::Error;

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    status: u16,
    message: &'a str,
    data: T,
}

/// What a handler gives back.
pub struct Reply {
    status: StatusCode,
    body: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// Done; `data` is what was asked for.
    pub fn ok(data: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::OK, "OK", data)
    }

    /// Done; there is nothing to tell.
    pub fn done() -> Result<Self, Error> {
        Self::ok(&())
    }

    /// Begun; `data` tells where to look how it goes on.
    pub fn accepted(data: &impl Serialize) -> Result<Self, Error> {
        Self::new(StatusCode::ACCEPTED, "OK task accepted", data)
    }

    /// Any answer. A failure can carry data too: an upload of several files tells of each.
    pub fn new(status: StatusCode, message: &str, data: &impl Serialize) -> Result<Self, Error> {
        let envelope = Envelope { status: status.as_u16(), message, data };
        let body = serde_json::to_vec(&envelope).map_err(Error::internal)?;
        Ok(Self { status, body, headers: Vec::new() })
    }

    /// A JSON document without the envelope.
    pub fn document(document: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(document).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::OK, body, headers: Vec::new() })
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The response. Nothing of the API is kept by caches: it depends on who asks.
    pub fn into_response(self) -> Response {
        let mut response = json(self.status, self.body);
        response.headers.extend(self.headers);
        response
    }
}

/// The answer for an error: its status, its message, and nothing of its cause.
pub fn failure(error: &Error) -> Response {
    let (status, message) = (error.status(), error.message());
    let envelope = Envelope { status: status.as_u16(), message, data: () };
    let body = serde_json::to_vec(&envelope).expect("numbers and text always have a JSON form");
    let mut response = json(status, body);
    response.headers.extend(error.headers());
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    Response::new(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .body(Body::Bytes(body.into()))
}
