//! What a transport hands its requests to.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::{Place, Request, Response};
use crate::pixel::Cancel;

/// Answers requests. One value serves every connection and thread of a worker.
pub trait Service: Send + Sync + 'static {
    /// Answers at once or not at all: called on the event loop, it must not block, lock for long or
    /// touch a file. `None` sends the request to a request thread.
    fn try_now(&self, request: &Request) -> Option<Response>;

    /// Answers, however long it takes, or says what there is to wait for. Called on a request thread.
    fn call(self: Arc<Self>, request: Request, progress: &dyn Progress) -> Answer;

    /// Takes note of an answer that was given in its place: the request never reached it, or made it panic.
    fn note(&self, _path: &str, _response: &Response, _received: Instant) {}
}

/// What a service makes of a request.
pub enum Answer {
    /// The response.
    Now(Response),
    /// There is something to wait for; no thread is held meanwhile.
    Later(Later),
    /// It takes making, and waiting for a turn at it: for the threads that are there for this, so that
    /// those which answer requests stay free. To be given only with a [`Place`] in hand.
    Make(Then),
}

/// A response that cannot be made yet.
pub struct Later {
    /// Told, or dropped, when it can.
    pub ready: oneshot::Receiver<()>,
    /// When the response is to be made whether or not it was told.
    pub until: Instant,
    /// Whether what is waited for goes on without this worker, so that a worker that ends waits no longer.
    pub outlasts_worker: bool,
    /// Goes on. Called on a request thread.
    pub then: Then,
}

/// Goes on with an answer that had to wait, or takes long to make.
pub type Then = Box<dyn FnOnce(&dyn Progress) -> Answer + Send>;

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Now(response)
    }
}

/// How a request thread tells what it is doing, and learns that it should stop.
pub trait Progress: Sync {
    /// Enters a stage.
    fn enter(&self, stage: Stage);

    /// Records which request this is, as a hash of its URL.
    fn url_hash(&self, hash: u64);

    /// The deadline and the cancel flag of this request.
    fn cancel(&self) -> &Arc<Cancel>;

    /// A place among those whose answers are being made or wait to be; none when there are too many.
    fn place(&self) -> Option<Place>;
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
