//! The real binary, in both of its shapes.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::config::Config;
use super::database::Database;
use super::fcgi;
use super::files::{free_port, temp_dir};
use super::process::Process;
use super::wait;

/// The password of the first administrator in every test.
pub const ADMIN_PASSWORD: &str = "a long enough password";

/// How a pool is started.
#[derive(Default)]
pub struct Launch {
    /// A program and its arguments that runs the one which follows: `nsenter`, `faketime`.
    pub by: Vec<OsString>,
    /// The binary to start in place of the one under test.
    pub program: Option<PathBuf>,
    /// Whether the socket is made and kept here, as systemd does.
    pub held: bool,
}

/// The shell knows the process id that systemd would have told.
const AS_SYSTEMD: &str = "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\" 3<&0 0</dev/null";

/// A running `halftone fcgi` with a folder and a database of its own.
pub struct Pool {
    // In this order: the process ends before its database and its files go.
    process: Process,
    launch: Launch,
    held: Option<UnixListener>,
    database: Option<Database>,
    dir: TempDir,
}

impl Pool {
    /// Starts it on PostgreSQL and memcached after `prepare` has put pictures into the folder that it
    /// is given.
    pub fn start(prepare: impl FnOnce(&Path), adjust: impl FnOnce(Config) -> Config) -> Self {
        Self::start_by(Launch::default(), prepare, adjust)
    }

    /// The same, started in another way.
    pub fn start_by(
        launch: Launch,
        prepare: impl FnOnce(&Path),
        adjust: impl FnOnce(Config) -> Config,
    ) -> Self {
        let database = Database::create();
        let url = database.url();
        Self::start_on(Some(database), launch, prepare, |dir| adjust(Config::pool(dir, &url)))
    }

    /// Starts it on SQLite and without memcached.
    pub fn start_alone(prepare: impl FnOnce(&Path), adjust: impl FnOnce(Config) -> Config) -> Self {
        Self::start_alone_by(Launch::default(), prepare, adjust)
    }

    /// The same, started in another way.
    pub fn start_alone_by(
        launch: Launch,
        prepare: impl FnOnce(&Path),
        adjust: impl FnOnce(Config) -> Config,
    ) -> Self {
        Self::start_on(None, launch, prepare, |dir| {
            let file = dir.join("data/halftone.db");
            adjust(Config::alone(dir, &format!("sqlite:{}", file.display())))
        })
    }

    /// Starts it on a PostgreSQL database that somebody else keeps, without memcached.
    pub fn start_at(
        url: &str,
        prepare: impl FnOnce(&Path),
        adjust: impl FnOnce(Config) -> Config,
    ) -> Self {
        Self::start_on(None, Launch::default(), prepare, |dir| adjust(Config::alone(dir, url)))
    }

    fn start_on(
        database: Option<Database>,
        launch: Launch,
        prepare: impl FnOnce(&Path),
        settings: impl FnOnce(&Path) -> Config,
    ) -> Self {
        let dir = temp_dir();
        for part in ["images", "data", "run", "log"] {
            fs::create_dir(dir.path().join(part)).unwrap();
        }
        prepare(&dir.path().join("images"));
        let config = dir.path().join("halftone.toml");
        fs::write(&config, settings(dir.path()).to_toml()).unwrap();
        run(&["migrate", "--config", config.to_str().unwrap()]);
        let held = launch.held.then(|| hold(&dir.path().join("halftone.sock")));
        let process = launch.start(dir.path(), held.as_ref());
        let mut pool = Self { process, launch, held, database, dir };
        pool.wait_until_it_answers();
        pool
    }

    /// Starts it once more, as a service manager does after its end.
    pub fn start_again(&mut self) {
        self.process = self.launch.start(self.dir.path(), self.held.as_ref());
    }

    /// Waits until a request on a connection of its own is answered.
    pub fn wait_until_it_answers(&mut self) {
        let socket = self.socket();
        self.process.wait_until("the pool answers", || {
            UnixStream::connect(&socket)
                .and_then(|mut stream| fcgi::exchange(&mut stream, "/"))
                .is_ok()
        });
    }

    /// Runs a command of the binary with the pool's settings, where the pool runs; gives what it wrote to
    /// its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut command = self.launch.command();
        let output = command.args(arguments).arg("--config").arg(self.config()).output().unwrap();
        told(arguments, &output)
    }

    /// Where it answers FastCGI.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("halftone.sock")
    }

    /// Its folder of pictures.
    pub fn images(&self) -> PathBuf {
        self.dir.path().join("images")
    }

    /// Its PostgreSQL database.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("this pool runs on PostgreSQL")
    }

    /// Its folder of logs.
    pub fn logs(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Its folder of process state.
    pub fn run_dir(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    /// Its settings file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("halftone.toml")
    }

    /// The id of the arbiter.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// The arbiter.
    pub fn arbiter(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The ids of its workers.
    pub fn workers(&self) -> Vec<i32> {
        self.process.children()
    }

    /// Signals the arbiter.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Connects without a front server.
    pub fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(wait::PATIENCE)).unwrap();
        stream
    }

    /// What the program logged and wrote, for messages of failures.
    pub fn output(&self) -> String {
        self.process.output()
            + &fs::read_to_string(self.logs().join("halftone.log")).unwrap_or_default()
    }
}

impl Launch {
    fn command(&self) -> Command {
        let program = self.program.clone().unwrap_or_else(|| env!("CARGO_BIN_EXE_halftone").into());
        let Some((first, more)) = self.by.split_first() else {
            return clean(Command::new(program));
        };
        let mut command = Command::new(first);
        command.args(more).arg(program);
        clean(command)
    }

    fn start(&self, dir: &Path, held: Option<&UnixListener>) -> Process {
        let mut command = self.command();
        let mut input = Stdio::null();
        if let Some(listener) = held {
            let inner = std::mem::replace(&mut command, clean(Command::new("/bin/sh")));
            command.args(["-c", AS_SYSTEMD]).arg(inner.get_program()).args(inner.get_args());
            input = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
        }
        command.arg("fcgi").arg("--config").arg(dir.join("halftone.toml"));
        Process::start_reading("halftone", dir, &mut command, input)
    }
}

/// Makes a socket that the front servers' users may connect to.
fn hold(path: &Path) -> UnixListener {
    let listener = UnixListener::bind(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
    listener
}

/// A running `halftone serve` with a data folder of its own.
pub struct Serve {
    process: Process,
    addr: SocketAddr,
    dir: TempDir,
}

impl Serve {
    /// Starts it on a free port after `prepare` has put pictures into the folder that it is given.
    pub fn start(prepare: impl FnOnce(&Path)) -> Self {
        let dir = temp_dir();
        let images = dir.path().join("images");
        fs::create_dir(&images).unwrap();
        prepare(&images);
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let mut command = binary();
        command
            .args(["serve", "--listen", &addr.to_string(), "--images"])
            .arg(&images)
            .arg("--data")
            .arg(dir.path().join("data"));
        let mut process = Process::start("serve", dir.path(), &mut command);
        process.wait_until("the server listens", || TcpStream::connect(addr).is_ok());
        Self { process, addr, dir }
    }

    /// Where it answers.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its folder of pictures.
    pub fn images(&self) -> PathBuf {
        self.dir.path().join("images")
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// The binary, with no setting from the environment but the first administrator's password.
pub fn binary() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_halftone")))
}

fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HALFTONE_") {
            command.env_remove(name);
        }
    }
    command.env("HALFTONE_ADMIN_PASSWORD", ADMIN_PASSWORD);
    command
}

/// Runs the binary to its end with a text for its standard input.
///
/// # Panics
/// When it fails.
pub fn run_with_input(arguments: &[&str], input: &str) {
    let mut child = binary().args(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let status = child.wait().unwrap();
    assert!(status.success(), "halftone {arguments:?}: {status}");
}

/// Runs the binary to its end and returns what it wrote to its standard output.
///
/// # Panics
/// When it fails, with what it wrote.
pub fn run(arguments: &[&str]) -> String {
    told(arguments, &binary().args(arguments).output().unwrap())
}

fn told(arguments: &[&str], output: &Output) -> String {
    assert!(
        output.status.success(),
        "halftone {arguments:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
