//! What a transport hands its requests to.

use super::{Request, Response};
use crate::pixel::Cancel;

/// Answers requests. One value serves every connection and thread of a worker.
pub trait Service: Send + Sync + 'static {
    /// Answers at once or not at all: called on the event loop, it must not block, lock for long or
    /// touch a file. `None` sends the request to a request thread.
    fn try_now(&self, request: &Request) -> Option<Response>;

    /// Answers, however long it takes. Called on a request thread.
    fn call(&self, request: Request, progress: &dyn Progress) -> Response;
}

/// How a request thread tells what it is doing, and learns that it should stop.
pub trait Progress: Sync {
    /// Enters a stage.
    fn enter(&self, stage: Stage);

    /// Records which request this is, as a hash of its URL.
    fn url_hash(&self, hash: u64);

    /// The deadline and the cancel flag of this request.
    fn cancel(&self) -> &Cancel;
}

/// What a request thread is doing, as the scoreboard shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Waiting for a request.
    Idle = 0,
    /// Routing, rights and parameters.
    Routing = 1,
    /// Reading the source's state.
    Source = 2,
    /// Looking into the caches.
    Cache = 3,
    /// Waiting for a slot or for another who makes the same picture.
    Waiting = 4,
    /// Decoding.
    Decoding = 5,
    /// Working on pixels.
    Pixels = 6,
    /// Encoding.
    Encoding = 7,
    /// Storing the result.
    Storing = 8,
    /// Anything else: API calls, pages.
    Other = 9,
}
