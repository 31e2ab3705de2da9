//! `{status, message, data}`: the one form of every answer.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::call::Call;
use crate::http::{Body, Disposition, Response};
use crate::web::Error;

#[derive(Serialize)]
struct Envelope<'a, T: Serialize> {
    status: u16,
    message: &'a str,
    data: T,
}

/// What a handler gives back.
pub struct Reply(Kind);

enum Kind {
    Now(Whole),
    WhenDone(WhenDone),
}

/// A reply that can be sent.
struct Whole {
    status: StatusCode,
    /// A JSON text, unless a header field says otherwise; none for an answer that has no body.
    body: Option<Vec<u8>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A reply that is made when a task is done, or when it takes too long.
pub struct WhenDone {
    /// The task.
    pub task_id: i64,
    /// Makes the reply, whether or not the task is done.
    pub then: Then,
}

/// Makes a reply once a task has been waited for.
pub type Then = fn(&Call<'_>, i64) -> Result<Reply, Error>;

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
        Ok(Self::whole(status, Some(body)))
    }

    /// A JSON document without the envelope.
    pub fn document(document: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(document).map_err(Error::internal)?;
        Ok(Self::whole(StatusCode::OK, Some(body)))
    }

    /// A table, to be kept as a file of this name. It begins with the mark of UTF-8, without which
    /// spreadsheets take it for the code page of the machine.
    pub fn csv(table: &[u8], name: &str) -> Self {
        let disposition = Disposition::Attachment.to_header_value(name);
        Self::whole(StatusCode::OK, Some([b"\xef\xbb\xbf", table].concat()))
            .header(header::CONTENT_TYPE, HeaderValue::from_static(super::csv::MEDIA_TYPE))
            .header(header::CONTENT_DISPOSITION, disposition)
    }

    /// No body: header fields tell all.
    pub fn bare(status: StatusCode) -> Self {
        Self::whole(status, None)
    }

    /// What `then` makes of the call when a task is done, or has taken as long as answers wait. The
    /// request holds no thread meanwhile.
    pub fn when_done(task_id: i64, then: Then) -> Self {
        Self(Kind::WhenDone(WhenDone { task_id, then }))
    }

    fn whole(status: StatusCode, body: Option<Vec<u8>>) -> Self {
        Self(Kind::Now(Whole { status, body, headers: Vec::new() }))
    }

    /// Adds a header field; one that is made later brings its own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if let Kind::Now(whole) = &mut self.0 {
            whole.headers.push((name, value));
        }
        self
    }

    /// The response, or what there is to wait for. Nothing of the API is kept by caches: it depends on
    /// who asks.
    pub fn into_response(self) -> Result<Response, WhenDone> {
        let Whole { status, body, headers } = match self.0 {
            Kind::Now(whole) => whole,
            Kind::WhenDone(when) => return Err(when),
        };
        let mut response = match body {
            Some(body) if headers.iter().any(|(name, _)| *name == header::CONTENT_TYPE) => {
                sent(status).body(Body::Bytes(body.into()))
            }
            Some(body) => json(status, body),
            None => unkept(status),
        };
        response.headers.extend(headers);
        Ok(response)
    }
}

/// The answer for an error: its status, its message, and nothing of its cause.
pub fn failure(error: &Error) -> Response {
    failure_saying(error, error.message())
}

/// The same with other words.
pub fn failure_saying(error: &Error, message: &str) -> Response {
    let status = error.status();
    let envelope = Envelope { status: status.as_u16(), message, data: () };
    let body = serde_json::to_vec(&envelope).expect("numbers and text always have a JSON form");
    let mut response = json(status, body);
    response.headers.extend(error.headers());
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    sent(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Body::Bytes(body.into()))
}

/// What every answer with a body has.
fn sent(status: StatusCode) -> Response {
    unkept(status).header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

fn unkept(status: StatusCode) -> Response {
    Response::new(status).header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
