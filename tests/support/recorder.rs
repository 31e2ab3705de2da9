//! A FastCGI program that tells what a front server told it, so that the installed nginx and Apache
//! files can be judged apart from Halftone.

use std::collections::BTreeMap;
use std::io::{Result, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::fcgi::{self, BEGIN_REQUEST, PARAMS, STDIN};

/// What one request brought.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Its parameters.
    pub params: BTreeMap<String, Vec<u8>>,
    /// Its body's length.
    pub body_len: usize,
    /// Whether the front server wants to keep the connection.
    pub keep: bool,
}

impl Recorded {
    /// A parameter as text.
    pub fn param(&self, name: &str) -> Option<String> {
        self.params.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// How the recorder answers.
#[derive(Debug, Clone, Copy)]
pub struct Behaviour {
    /// Length of the body.
    pub body_len: usize,
    /// Whether it closes every connection after one answer, whatever was agreed.
    pub hang_up: bool,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
    closed: AtomicUsize,
    stop: AtomicBool,
}

/// The running recorder. Dropping it closes its socket.
pub struct Recorder {
    socket: PathBuf,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl Recorder {
    /// Listens on a unix socket that every user may connect to.
    pub fn start(socket: &Path, behaviour: Behaviour) -> Self {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).unwrap();
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o777)).unwrap();
        let shared = Arc::new(Shared::default());
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared, behaviour)
        });
        Self { socket: socket.to_owned(), shared, acceptor: Some(acceptor) }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The latest request.
    pub fn last(&self) -> Recorded {
        self.requests().pop().expect("a request was recorded")
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many of them are closed again.
    pub fn closed(&self) -> usize {
        self.shared.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the acceptor.
        let _ = UnixStream::connect(&self.socket);
        let _ = std::fs::remove_file(&self.socket);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>, behaviour: Behaviour) {
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { return };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A front server that goes away ends this connection and nothing else.
            let _ = converse(stream, &shared, behaviour);
            shared.closed.fetch_add(1, Ordering::SeqCst);
        });
    }
}

fn converse(mut stream: UnixStream, shared: &Shared, behaviour: Behaviour) -> Result<()> {
    let mut recorded = Recorded::default();
    let mut pairs = Vec::new();
    while let Some(record) = fcgi::read_record(&mut stream)? {
        match record.kind {
            BEGIN_REQUEST => recorded.keep = record.content[2] & 1 == 1,
            PARAMS => pairs.extend_from_slice(&record.content),
            STDIN if !record.content.is_empty() => recorded.body_len += record.content.len(),
            STDIN => {
                for (name, value) in fcgi::parse_pairs(&pairs) {
                    recorded.params.insert(String::from_utf8_lossy(&name).into_owned(), value);
                }
                let keep = recorded.keep && !behaviour.hang_up;
                pairs.clear();
                shared.requests.lock().unwrap().push(std::mem::take(&mut recorded));
                stream.write_all(&answer(record.request, behaviour.body_len))?;
                if !keep {
                    return Ok(());
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn answer(request: u16, body_len: usize) -> Vec<u8> {
    let mut stdout =
        format!("Status: 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {body_len}\r\n\r\n")
            .into_bytes();
    let start = stdout.len();
    stdout.extend((0..body_len).map(|i| u8::try_from(i % 251).unwrap()));
    debug_assert_eq!(stdout.len(), start + body_len);
    let mut out = Vec::new();
    fcgi::put_response(&mut out, request, &stdout);
    out
}
