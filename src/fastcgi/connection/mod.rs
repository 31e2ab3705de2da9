//! One connection: reads requests, has them answered, writes the answers.
//!
//! Runs as a task on the event loop and never blocks it. A connection costs no thread, whatever
//! its peer does or leaves undone, and a peer's fault ends nothing but the connection.

mod input;
mod sending;

use std::io;
use std::pin::pin;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, timeout, timeout_at};

use self::input::Input;
use super::Options;
use super::arriving::{ANY_METHOD, Arriving, Received};
use super::protocol::{Capacity, Event, Malformed, Protocol};
use super::refusal::Refusal;
use super::request::BadRequest;
use super::response::Plan;
use crate::http::{Dispatch, Request};

/// Planning buffers beyond this are given back after the response.
const KEPT_SCRATCH: usize = 16 << 10;
/// How long an idle connection is still read from when the worker drains: a request that the front
/// server has sent already is answered, and so is one that it sends soon, after which closing takes nobody
/// by surprise. Long enough for a front server on a busy machine, short enough for a restart.
const DRAIN_LINGER: Duration = Duration::from_millis(250);
/// The same for a connection that has carried no request yet: whoever has just connected is about
/// to send one, and would not take its end for the end of a kept connection.
const FRESH_LINGER: Duration = Duration::from_secs(2);
/// How long unread input is swallowed before a connection is closed, so that the peer gets to read
/// the answer.
const CLOSE_LINGER: Duration = Duration::from_secs(2);

/// Why a connection ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The peer does not speak the protocol.
    #[error("malformed FastCGI: {0}")]
    Malformed(#[from] Malformed),
    /// The peer did not send or take what it should in time.
    #[error("timeout while {0}")]
    Timeout(&'static str),
    /// The connection broke, or a file behind a response did.
    #[error("connection: {0}")]
    Io(#[from] io::Error),
}

/// Serves a connection until its peer or `drain` ends it.
///
/// `drain` turning true means: answer what has been asked, then close.
///
/// # Errors
/// [`Error`], for the log only: the connection is closed either way.
pub async fn serve_connection<S, D>(
    stream: S,
    dispatch: D,
    options: &Options,
    max_requests: usize,
    drain: watch::Receiver<bool>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Dispatch,
{
    let capacity = Capacity { max_connections: options.max_connections, max_requests };
    let mut connection = Connection {
        stream,
        dispatch,
        options,
        drain,
        protocol: Protocol::new(capacity, options.max_params_bytes),
        input: Input::new(),
        plan: Plan::default(),
        fresh: true,
    };
    connection.run().await
}

/// What is to happen while a request is being answered.
enum Watched {
    GoOn,
    Aborted,
    Closed,
}

struct Connection<'a, S, D> {
    stream: S,
    dispatch: D,
    options: &'a Options,
    drain: watch::Receiver<bool>,
    protocol: Protocol,
    input: Input,
    plan: Plan,
    /// No request has been received yet.
    fresh: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin, D: Dispatch> Connection<'_, S, D> {
    async fn run(&mut self) -> Result<(), Error> {
        loop {
            let (keep, complete) = match self.receive().await? {
                Received::Closed => return Ok(()),
                Received::Request(request) => (self.answer(request).await?, true),
                Received::Answer { response, complete } => {
                    self.write_response(&ANY_METHOD, response).await?;
                    (self.protocol.end(), complete)
                }
                Received::Refused(refusal) => {
                    let complete = refusal.complete;
                    let response = refusal.into_response(&self.dispatch);
                    self.write_response(&ANY_METHOD, response).await?;
                    (self.protocol.end(), complete)
                }
            };
            self.fresh = false;
            self.input.reset();
            if self.plan.scratch.capacity() > KEPT_SCRATCH {
                self.plan = Plan::default();
            }
            if !keep || (!complete && *self.drain.borrow()) {
                if !complete {
                    self.linger().await;
                }
                return Ok(());
            }
        }
    }

    /// Receives until there is a request to answer or to refuse.
    async fn receive(&mut self) -> Result<Received, Error> {
        let mut arriving = Arriving::default();
        let received = self.receive_into(&mut arriving).await;
        match received {
            Ok(None) => Ok(arriving.complete().await),
            Ok(Some(received)) => Ok(received),
            Err(error) => {
                self.keep(&mut arriving).await;
                Err(error)
            }
        }
    }

    /// Receives until a request is complete, or something else comes out of it.
    async fn receive_into(&mut self, arriving: &mut Arriving) -> Result<Option<Received>, Error> {
        let mut header_deadline = None;
        loop {
            let (used, event) = self.protocol.next(self.input.unread())?;
            let received = match event {
                None => {
                    self.input.consume(used);
                    if !self.read_more(arriving.in_body(), &mut header_deadline).await? {
                        return Ok(Some(Received::Closed));
                    }
                    continue;
                }
                Some(Event::Reply { bytes, close }) => {
                    self.reply(&bytes).await?;
                    close.then_some(Received::Closed)
                }
                Some(Event::Params) => {
                    let begun = arriving.begin(self.protocol.params(), self.options);
                    begun.err().map(Received::from)
                }
                Some(Event::ParamsTooLarge) => {
                    Some(Refusal::bad_request(BadRequest::ParamsTooLarge, false).into())
                }
                Some(Event::Body(part)) => {
                    let pushed = arriving.push(part, self.options).await;
                    pushed.err().map(Received::from)
                }
                Some(Event::Complete) => {
                    self.input.consume(used);
                    return Ok(None);
                }
                Some(Event::Abort) => {
                    self.keep(arriving).await;
                    (*arriving, header_deadline) = (Arriving::default(), None);
                    (!self.end_aborted().await?).then_some(Received::Closed)
                }
            };
            self.input.consume(used);
            if received.is_some() {
                return Ok(received);
            }
            if arriving.has_body() {
                self.input.grow();
            }
            if let Some(received) = self.hand_on(arriving).await {
                return Ok(Some(received));
            }
        }
    }

    /// Has a piece of the body handled when one is there; gives back what ends the request early.
    async fn hand_on(&mut self, arriving: &mut Arriving) -> Option<Received> {
        match arriving.piece(self.options).await? {
            Ok(piece) => arriving.answered(self.dispatch.dispatch(piece).await),
            Err(refusal) => Some(refusal.into()),
        }
    }

    /// Has what came of a broken body handled, if that is worth something. Nobody is left to be told.
    async fn keep(&mut self, arriving: &mut Arriving) {
        if let Some(rest) = arriving.rest().await {
            self.dispatch.dispatch(rest).await;
        }
    }

    /// Waits for input; false when there will be none, because the peer or a drain ended it.
    async fn read_more(
        &mut self,
        in_body: bool,
        header_deadline: &mut Option<Instant>,
    ) -> Result<bool, Error> {
        let options = self.options;
        if self.protocol.is_idle() && self.input.unread().is_empty() {
            *header_deadline = None;
            return self.read_idle().await;
        }
        let read = self.input.read(&mut self.stream);
        let read = if in_body || self.protocol.is_ignoring() {
            *header_deadline = None;
            timeout(options.body_timeout, read)
                .await
                .map_err(|_| Error::Timeout("receiving a request body"))?
        } else {
            let deadline =
                *header_deadline.get_or_insert_with(|| Instant::now() + options.header_timeout);
            timeout_at(deadline, read)
                .await
                .map_err(|_| Error::Timeout("receiving a request's parameters"))?
        };
        match read? {
            0 => Err(Error::Io(io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(true),
        }
    }

    async fn read_idle(&mut self) -> Result<bool, Error> {
        if *self.drain.borrow() && !self.fresh {
            return self.read_what_has_come().await;
        }
        let read = tokio::select! {
            biased;
            read = self.input.read(&mut self.stream) => read?,
            // An error means that whoever could drain is gone: as good as a drain.
            _ = self.drain.wait_for(|drain| *drain) => {
                let linger = if self.fresh { FRESH_LINGER } else { DRAIN_LINGER };
                match timeout(linger, self.input.read(&mut self.stream)).await {
                    Ok(read) => read?,
                    Err(_) => 0,
                }
            }
            () = sleep_if(self.options.idle_timeout) => 0,
        };
        Ok(read > 0)
    }

    /// Reads the next request of a draining connection if it is there by now; false when it is not.
    ///
    /// An answer has just gone out, and the front server cannot have used the connection again
    /// before it has read that: now is the moment to close, unless this thread was held up for so
    /// long that the next request has come already.
    async fn read_what_has_come(&mut self) -> Result<bool, Error> {
        // The event loop looks at its sockets before it comes back here.
        tokio::task::yield_now().await;
        let read = tokio::select! {
            biased;
            read = self.input.read(&mut self.stream) => read?,
            () = std::future::ready(()) => 0,
        };
        Ok(read > 0)
    }

    /// Has a request answered and writes the answer; tells whether the connection stays open.
    async fn answer(&mut self, request: Request) -> Result<bool, Error> {
        // What came in one go with the request: an abort of it, for one.
        if !self.input.unread().is_empty() {
            match self.watch().await? {
                Watched::GoOn => {}
                Watched::Aborted => return self.end_aborted().await,
                Watched::Closed => return Ok(false),
            }
        }
        let method = request.method.clone();
        let dispatch = self.dispatch.clone();
        let mut answer = pin!(dispatch.dispatch(request));
        let response = loop {
            let read = tokio::select! {
                biased;
                response = &mut answer => break response,
                read = self.input.read(&mut self.stream) => read?,
            };
            let watched = if read == 0 { Watched::Closed } else { self.watch().await? };
            match watched {
                Watched::GoOn => {}
                Watched::Aborted => return self.end_aborted().await,
                Watched::Closed => return Ok(false),
            }
        };
        self.write_response(&method, response).await?;
        Ok(self.protocol.end())
    }

    /// Looks at what arrived while a request is being answered.
    async fn watch(&mut self) -> Result<Watched, Error> {
        loop {
            let (used, event) = self.protocol.next(self.input.unread())?;
            let watched = match event {
                None => Some(Watched::GoOn),
                Some(Event::Abort) => Some(Watched::Aborted),
                Some(Event::Reply { bytes, close }) => {
                    self.reply(&bytes).await?;
                    close.then_some(Watched::Closed)
                }
                // Nothing else can come of a request that is complete.
                Some(_) => Some(Watched::Closed),
            };
            self.input.consume(used);
            if let Some(watched) = watched {
                return Ok(watched);
            }
        }
    }

    /// Closing with unread input would take the answer away from the peer: says that no more will
    /// be sent, and reads on for a while.
    async fn linger(&mut self) {
        let _ = timeout(CLOSE_LINGER, async {
            self.stream.shutdown().await?;
            loop {
                self.input.clear();
                if self.input.read(&mut self.stream).await? == 0 {
                    return io::Result::Ok(());
                }
            }
        })
        .await;
    }
}

async fn sleep_if(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
