//! Accepting connections from sockets that all workers share.
//!
//! Front servers keep their connections, so a worker that is quicker to accept once would have
//! more of the work forever. Hence a worker that holds clearly more connections than another one waits a
//! moment before it accepts: the other, if it is alive and well, comes first.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Notify, Semaphore, watch};

use super::listen::{Listener, Stream};
use super::rows::{WorkerRow, WorkerState};
use super::sys;

/// The head start of a worker that holds fewer connections.
const HEAD_START: Duration = Duration::from_millis(1);
/// How many more connections than another a worker may hold without giving it a head start. One that
/// was closed a moment ago is still counted, and must not delay the next.
const LEAD: u64 = 1;

/// The pause after a failure that would only repeat itself (no descriptors, no memory).
const FAILURE_PAUSE: Duration = Duration::from_millis(100);

/// A connection just accepted.
pub enum Accepted {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// The connections that a worker holds, and the news of the last one's end.
#[derive(Clone)]
pub struct Connections {
    count: Rc<Cell<usize>>,
    none_left: Rc<Notify>,
    row: WorkerRow,
}

impl Connections {
    pub fn new(row: WorkerRow) -> Self {
        Self { count: Rc::default(), none_left: Rc::default(), row }
    }

    /// Waits until there is none.
    pub async fn none_left(&self) {
        while self.count.get() > 0 {
            self.none_left.notified().await;
        }
    }

    fn open(&self) -> OpenConnection {
        self.change(self.count.get() + 1);
        OpenConnection(self.clone())
    }

    fn change(&self, count: usize) {
        self.count.set(count);
        self.row.set_connections(count);
        if count == 0 {
            self.none_left.notify_one();
        }
    }

    fn is_ahead(&self) -> bool {
        let mine = self.count.get() as u64;
        let others = self
            .row
            .board()
            .workers()
            .filter(|row| row.index() != self.row.index() && row.state() == WorkerState::Ready);
        others.map(|row| row.connections()).min().is_some_and(|least| mine > least + LEAD)
    }
}

struct OpenConnection(Connections);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.change(self.0.count.get() - 1);
    }
}

/// Accepts until `drain` turns true, at most `max` connections at once, and runs `serve` for each
/// as a task of its own. The socket is closed at the end.
pub async fn accept_loop<Fut>(
    listener: Listener,
    connections: Connections,
    places: Rc<Semaphore>,
    mut drain: watch::Receiver<bool>,
    serve: impl Fn(Accepted) -> Fut,
) -> io::Result<()>
where
    Fut: Future<Output = ()> + 'static,
{
    let listener = sys::watch(listener)?;
    loop {
        let accepted = tokio::select! {
            biased;
            _ = drain.wait_for(|drain| *drain) => return Ok(()),
            accepted = accept(&listener, &connections, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let open = connections.open();
                let served = serve(stream);
                tokio::task::spawn_local(async move {
                    served.await;
                    drop((open, place));
                });
            }
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                log::error!("a connection could not be accepted: {error}");
                tokio::time::sleep(FAILURE_PAUSE).await;
            }
        }
    }
}

/// Accepts one connection when there is a place for it. Dropping this loses none.
async fn accept(
    listener: &AsyncFd<Listener>,
    connections: &Connections,
    places: &Rc<Semaphore>,
) -> io::Result<(Accepted, OwnedPlace)> {
    let place = OwnedPlace::take(places).await;
    loop {
        let mut ready = listener.readable().await?;
        if connections.is_ahead() {
            tokio::time::sleep(HEAD_START).await;
        }
        if let Ok(accepted) = ready.try_io(|listener| accept_now(listener.get_ref())) {
            return Ok((accepted?, place));
        }
    }
}

fn accept_now(listener: &Listener) -> io::Result<Accepted> {
    Ok(match listener.accept()? {
        Stream::Unix(stream) => Accepted::Unix(UnixStream::from_std(stream)?),
        Stream::Tcp(stream) => Accepted::Tcp(TcpStream::from_std(stream)?),
    })
}

/// Whether only this one connection is concerned, gone before it was accepted.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// A place under the bound on connections, given back when it is dropped.
struct OwnedPlace(Rc<Semaphore>);

impl OwnedPlace {
    async fn take(places: &Rc<Semaphore>) -> Self {
        let permit = places.acquire().await.expect("the semaphore is never closed");
        permit.forget();
        Self(Rc::clone(places))
    }
}

impl Drop for OwnedPlace {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}
