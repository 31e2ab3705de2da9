//! HTTP/1 straight to the program, for trying and developing: what a front server and FastCGI do
//! in a real installation.
//!
//! One event loop owns the connections, reads requests whole and hands them to a [`Dispatch`], the
//! same that FastCGI uses; so a slow client never holds a request thread. TLS, compression and
//! static files are the front server's business and not found here. It must not know a route.

mod connection;
mod receive;
mod send;
mod stall;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, LocalSet};

use super::Dispatch;

/// How long to leave the listening socket alone after a failed accept: it fails for want of
/// descriptors or memory, and trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the listener behaves.
#[derive(Debug, Clone)]
pub struct ListenerOptions {
    /// The largest request body that is taken; a larger one is answered 413.
    pub max_body_bytes: u64,
    /// The largest request body that is kept in memory; a larger one goes to a file.
    pub memory_body_bytes: usize,
    /// The folder for these files, which have no name in it.
    pub spool_dir: PathBuf,
    /// The largest request head that is taken; a larger one is answered 431.
    pub max_header_bytes: usize,
    /// How long a client may take to send a request's head, and how long a kept connection may be
    /// idle.
    pub header_timeout: Duration,
    /// How long a client may leave off in the middle of a request's body, answered 408, or of
    /// taking a response.
    pub stall_timeout: Duration,
    /// How many connections are held at once; more wait to be accepted.
    pub max_connections: usize,
    /// How long requests may take to finish once the listener is told to stop.
    pub drain_timeout: Duration,
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 30,
            memory_body_bytes: 64 << 10,
            spool_dir: std::env::temp_dir(),
            max_header_bytes: 64 << 10,
            header_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            max_connections: 1000,
            drain_timeout: Duration::from_secs(30),
        }
    }
}

/// Answers the connections of `listener` until `shutdown` holds true or its sender is gone; then
/// accepts no more, lets requests finish for the time that the options give, and returns.
///
/// Runs on the current thread within a tokio runtime that has its I/O and time drivers enabled.
/// Dropping the future ends all connections at once.
pub async fn serve<D: Dispatch>(
    listener: TcpListener,
    dispatch: D,
    options: ListenerOptions,
    shutdown: watch::Receiver<bool>,
) {
    LocalSet::new().run_until(accept(listener, dispatch, Rc::new(options), shutdown)).await;
}

async fn accept<D: Dispatch>(
    listener: TcpListener,
    dispatch: D,
    options: Rc<ListenerOptions>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stop = shutdown.clone();
        tokio::select! {
            () = requested(&mut shutdown) => break,
            Some(ended) = connections.join_next() => log_end(ended),
            accepted = listener.accept(), if connections.len() < options.max_connections => {
                match accepted.and_then(prepare) {
                    Ok((stream, peer)) => {
                        let (dispatch, options) = (dispatch.clone(), Rc::clone(&options));
                        connections.spawn_local(connection::run(
                            stream, peer, dispatch, options, stop,
                        ));
                    }
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => {
                        log::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }
    drop(listener);
    let drained = async {
        while let Some(ended) = connections.join_next().await {
            log_end(ended);
        }
    };
    if tokio::time::timeout(options.drain_timeout, drained).await.is_err() {
        log::warn!("{} connections did not finish in time", connections.len());
        connections.shutdown().await;
    }
}

/// Returns when the listener is to stop.
async fn requested(shutdown: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone: nobody is left who could stop it later.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

fn prepare(
    (stream, peer): (TcpStream, std::net::SocketAddr),
) -> io::Result<(TcpStream, std::net::IpAddr)> {
    stream.set_nodelay(true)?;
    Ok((stream, peer.ip().to_canonical()))
}

/// Whether the client was gone before its connection was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, InvalidInput, NotConnected};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | InvalidInput | NotConnected)
}

fn log_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        log::error!("a connection ended by a panic");
    }
}
