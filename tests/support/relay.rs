//! Carries bytes between a client and a server, as well or as badly as a test wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a thread that waits looks whether it has to.
const STEP: Duration = Duration::from_millis(5);

/// How it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once.
    Through,
    /// Each piece after a time.
    Slow(Duration),
    /// Connections are taken and kept open, and nothing comes through: as when a machine is paused.
    HalfOpen,
    /// Nobody listens; connections are broken off.
    Gone,
}

/// Listens on loopback until it is dropped.
pub struct Relay {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    server: String,
    manner: Mutex<Manner>,
    open: Mutex<Vec<TcpStream>>,
    ended: AtomicBool,
}

impl Shared {
    fn manner(&self) -> Manner {
        *self.manner.lock().unwrap()
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

impl Relay {
    /// A relay before a server, given as host and port.
    pub fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            manner: Mutex::new(Manner::Through),
            open: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let thread = Some(std::thread::spawn(move || listen(listener, port, &own)));
        Self { port, shared, thread }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Carries in another manner from now on.
    pub fn set(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
        if manner == Manner::Gone {
            self.break_off();
        }
    }

    fn break_off(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            // It may have been ended by either side before.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.break_off();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(listener: TcpListener, port: u16, shared: &Arc<Shared>) {
    let mut listening = Some(listener);
    while !shared.ended() {
        if shared.manner() == Manner::Gone {
            listening = None;
        } else if listening.is_none() {
            // Somebody else's outgoing connection may have the port for a moment.
            listening = TcpListener::bind(("127.0.0.1", port)).ok();
        }
        let Some(listener) = &listening else {
            std::thread::sleep(STEP);
            continue;
        };
        listener.set_nonblocking(true).unwrap();
        match listener.accept() {
            Ok((client, _)) => connect(client, shared),
            Err(_) => std::thread::sleep(STEP),
        }
    }
}

fn connect(client: TcpStream, shared: &Arc<Shared>) {
    client.set_nonblocking(false).unwrap();
    // Without its server the client's connection ends at once.
    let Ok(server) = TcpStream::connect(&shared.server) else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        shared.open.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let own = Arc::clone(shared);
    std::thread::spawn(move || carry(from, to, &own));
    let own = Arc::clone(shared);
    std::thread::spawn(move || carry(server, client, &own));
}

/// Carries bytes one way, and then ends both.
fn carry(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer)
        && read > 0
    {
        if let Manner::Slow(pause) = shared.manner() {
            std::thread::sleep(pause);
        }
        while shared.manner() == Manner::HalfOpen && !shared.ended() {
            std::thread::sleep(STEP);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
