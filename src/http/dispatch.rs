//! How a transport gets a request answered.

use std::future::Future;

use super::{Request, Response};

/// Takes requests from a transport's event loop to whoever answers them.
///
/// Implemented over the bounded queue of request threads, and by tests. The future never fails: an
/// overloaded server answers with a complete 503. Dropping the future (the client went away, the
/// front server aborted) calls the work off cooperatively.
pub trait Dispatch: Clone + 'static {
    /// Answers one request.
    fn dispatch(&self, request: Request) -> impl Future<Output = Response>;
}
