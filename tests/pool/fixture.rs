//! A running server and what a case may do to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use halftone::process::{Scoreboard, Snapshot, WorkerState};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::server::{Settings, VARIABLE};
use super::wire::{Answer, Connection, PATIENCE};

/// Waits until `condition` gives something.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < end, "it never happened: {what}");
        thread::sleep(Duration::from_millis(3));
    }
}

/// A server in a folder of its own, ended with the value.
pub struct Server {
    pub dir: TempDir,
    pub child: Child,
}

impl Server {
    /// Starts two workers of two threads, changed by `change`, and waits until they serve.
    pub fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let mut wanted = 0;
        let server = Self::start_with(
            "1",
            |settings| {
                change(settings);
                wanted = settings.workers;
            },
            |_| {},
        );
        server.wait_for("all workers serve", |seen| ready(seen) == wanted);
        server
    }

    /// Starts a server whose boot file says `boot`, without waiting.
    pub fn start_with(
        boot: &str,
        change: impl FnOnce(&mut Settings),
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("boot"), boot).expect("a boot file");
        let mut settings = Settings::new(dir.path());
        change(&mut settings);
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new(&program);
        prepare(&mut command);
        let child = command
            .env(VARIABLE, serde_json::to_string(&settings).expect("settings"))
            .stderr(File::create(dir.path().join("log")).expect("a log file"))
            .stdout(Stdio::null())
            .spawn()
            .expect("a server");
        Self { dir, child }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn socket(&self) -> PathBuf {
        self.path("socket")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn connect(&self) -> Connection {
        Connection::unix(&self.socket()).expect("a connection")
    }

    /// A request on a connection of its own.
    pub fn get(&self, uri: &str) -> Answer {
        self.connect().get(uri, false).expect("an answer")
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, signal).expect("the arbiter lives");
    }

    pub fn release(&self) {
        fs::write(self.path("release"), "").expect("a file");
    }

    pub fn set_boot(&self, text: &str) {
        let temporary = self.path("boot.new");
        fs::write(&temporary, text).expect("a boot file");
        fs::rename(temporary, self.path("boot")).expect("a boot file");
    }

    pub fn snapshot(&self) -> Option<Snapshot> {
        Scoreboard::open_readonly(&self.path("scoreboard")).ok()?.snapshot().ok()
    }

    /// Waits for the scoreboard to say what is wanted.
    pub fn wait_for(&self, what: &str, condition: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let end = Instant::now() + PATIENCE;
        loop {
            let snapshot = self.snapshot();
            if let Some(snapshot) = snapshot.clone().filter(&condition) {
                return snapshot;
            }
            if Instant::now() > end {
                panic!("it never happened: {what}\n{snapshot:?}\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(3));
        }
    }

    /// The process ids of the workers that serve.
    pub fn ready_pids(&self) -> Vec<u64> {
        pids(&self.snapshot().expect("a scoreboard"))
    }

    pub fn wait_exit(&mut self) -> ExitStatus {
        eventually("the arbiter ends", || self.child.try_wait().expect("a child"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log of the server\n{}", self.log());
        }
        let others = self.snapshot().map(|seen| seen.workers).unwrap_or_default();
        let successor = fs::read_to_string(self.path("pid")).ok();
        let successor = successor.and_then(|text| text.trim().parse::<i32>().ok());
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        let own = self.child.id().cast_signed();
        let workers = others.iter().filter_map(|worker| i32::try_from(worker.pid).ok());
        for pid in successor.into_iter().filter(|pid| *pid != own).chain(workers) {
            if pid > 1 && is_ours(pid) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
}

/// Whether this process is a server of this very program, not somebody else's with its old id.
pub fn is_ours(pid: i32) -> bool {
    let exe = fs::read_link(format!("/proc/{pid}/exe"));
    exe.is_ok_and(|exe| std::env::current_exe().is_ok_and(|own| own == exe))
}

pub fn is_alive(pid: u64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // After the name in brackets comes the state; Z is dead and not yet reaped.
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.starts_with(" Z"))
}

pub fn ready(snapshot: &Snapshot) -> usize {
    pids(snapshot).len()
}

pub fn pids(snapshot: &Snapshot) -> Vec<u64> {
    let ready = snapshot.workers.iter().filter(|worker| worker.state == WorkerState::Ready);
    ready.map(|worker| worker.pid).collect()
}

/// Requests one after the other, as a front server sends them: on kept connections, a closed one
/// being replaced by a new one.
pub struct Load {
    stop: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Result<Vec<String>, String>>>,
}

impl Load {
    pub fn start(socket: &Path) -> Self {
        let (stop, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let client = |index: usize| {
            let (stop, served, socket) =
                (Arc::clone(&stop), Arc::clone(&served), socket.to_owned());
            thread::spawn(move || client(&socket, &stop, &served, index.is_multiple_of(2)))
        };
        let clients = (0..4).map(client).collect();
        let load = Self { stop, served, clients };
        load.goes_on();
        load
    }

    /// Waits until more requests have been served, some of them begun after now.
    pub fn goes_on(&self) {
        let now = self.served.load(Ordering::Relaxed);
        eventually("the load goes on", || {
            let ended = self.clients.iter().any(JoinHandle::is_finished);
            (ended || self.served.load(Ordering::Relaxed) > now + 40).then_some(())
        });
    }

    /// Ends the load a little later; gives all bodies that came back, or the first request that was refused.
    pub fn finish(self) -> Vec<String> {
        self.goes_on();
        self.stop.store(true, Ordering::Relaxed);
        let results = self.clients.into_iter().map(|client| client.join().expect("a client"));
        results.collect::<Result<Vec<_>, _>>().expect("no request is refused").concat()
    }
}

fn client(
    socket: &Path,
    stop: &AtomicBool,
    served: &AtomicUsize,
    keep: bool,
) -> Result<Vec<String>, String> {
    let mut bodies = Vec::new();
    let mut kept: Option<Connection> = None;
    while !stop.load(Ordering::Relaxed) {
        let uri = if bodies.len() % 2 == 0 { "/now" } else { "/thread" };
        let reused = kept.is_some();
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => Connection::unix(socket).map_err(|error| format!("connect: {error}"))?,
        };
        match connection.get(uri, keep) {
            Ok(answer) if answer.status == 200 => {
                bodies.push(answer.text());
                served.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => return Err(format!("refused: {answer:?}")),
            // The server may close an idle connection at any time; front servers then try anew.
            Err(_) if reused => continue,
            Err(error) => return Err(format!("after {} requests: {error}", bodies.len())),
        }
        if keep {
            kept = Some(connection);
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(bodies)
}
