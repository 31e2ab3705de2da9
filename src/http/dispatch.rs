//! How a transport gets a request answered.

use std::future::Future;

use http::HeaderMap;

use super::{Request, Response};

/// Takes requests from a transport's event loop to whoever answers them.
///
/// Implemented over the bounded queue of request threads, and by tests. The future never fails: an
/// overloaded server answers with a complete 503. Dropping the future (the client went away, the
/// front server aborted) calls the work off cooperatively.
pub trait Dispatch: Clone + 'static {
    /// Answers one request.
    fn dispatch(&self, request: Request) -> impl Future<Output = Response>;

    /// Takes note of an answer that the transport gives by itself, because the request is not fit to be
    /// passed on: gives it the request's id and counts it. Path and header fields are as far as they are known.
    fn refuse(&self, _path: &str, _headers: &mut HeaderMap, response: Response) -> Response {
        response
    }
}
