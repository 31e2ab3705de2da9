//! What the caches' tests share: real memcached servers, servers that misbehave, second processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::memcached::{MemcachedOptions, MemcachedServer};

/// Waits for a condition, and fails the test when it does not come true in 20 s.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A process that dies with its value.
pub struct Running(pub Child);

impl Running {
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A real memcached on a free port of the loopback, or on a Unix socket.
pub struct RealMemcached {
    pub process: Running,
    pub address: String,
    _folder: TempDir,
}

impl RealMemcached {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = folder.path().join("ports");
        let process = spawn(&["-l", "127.0.0.1", "-p", "-1"], Some(&ports));
        let port = wait_for("memcached names its port", || {
            let text = std::fs::read_to_string(&ports).ok()?;
            text.lines().find_map(|line| line.strip_prefix("TCP INET: ")?.parse::<u16>().ok())
        });
        Self { process, address: format!("127.0.0.1:{port}"), _folder: folder }
    }

    pub fn start_at(address: &str) -> Self {
        let port = address.rsplit_once(':').unwrap().1;
        let process = spawn(&["-l", "127.0.0.1", "-p", port], None);
        wait_for("memcached listens", || TcpStream::connect(address).ok());
        Self { process, address: address.into(), _folder: tempfile::tempdir().unwrap() }
    }

    pub fn start_unix() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let process = spawn(&["-s", path.to_str().unwrap()], None);
        wait_for("memcached listens", || std::os::unix::net::UnixStream::connect(&path).ok());
        Self { process, address: path.to_str().unwrap().into(), _folder: folder }
    }

    /// Sends a command by a connection of the test's own, and reads until a line ends it.
    pub fn raw(&self, command: &[u8], last_line: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(command).unwrap();
        let mut reader = BufReader::new(stream);
        let mut answer = Vec::new();
        let over = |answer: &[u8]| {
            answer.starts_with(b"BUSY ") || answer.ends_with(format!("{last_line}\r\n").as_bytes())
        };
        while !over(&answer) {
            assert_ne!(reader.read_until(b'\n', &mut answer).unwrap(), 0, "{last_line} is missing");
        }
        answer
    }

    /// All keys that the server holds, sorted.
    pub fn keys(&self) -> Vec<String> {
        let dump = wait_for("the crawler is free", || {
            let dump =
                String::from_utf8(self.raw(b"lru_crawler metadump hash\r\n", "END")).unwrap();
            (!dump.starts_with("BUSY")).then_some(dump)
        });
        let key = |line: &str| Some(line.strip_prefix("key=")?.split(' ').next()?.to_owned());
        let mut keys: Vec<String> = dump.lines().filter_map(key).collect();
        keys.sort();
        keys
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Vec<u8> {
        let answer = self.raw(format!("get {key}\r\n").as_bytes(), "END");
        let start = answer.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        answer[start..answer.len() - b"\r\nEND\r\n".len()].to_vec()
    }

    pub fn set(&self, key: &str, value: &[u8]) {
        let mut command = format!("set {key} 0 0 {}\r\n", value.len()).into_bytes();
        command.extend_from_slice(value);
        command.extend_from_slice(b"\r\n");
        self.raw(&command, "STORED");
    }
}

fn spawn(arguments: &[&str], ports: Option<&Path>) -> Running {
    let mut command = Command::new("memcached");
    command.args(["-u", "root", "-U", "0", "-m", "128", "-o", "no_lru_maintainer"]).args(arguments);
    if let Some(ports) = ports {
        command.env("MEMCACHED_PORT_FILENAME", ports);
    }
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
    Running(child.expect("memcached is installed"))
}

/// Options for these servers, with a bound on time that a busy test machine keeps.
pub fn options(addresses: &[&str]) -> MemcachedOptions {
    let server = |address: &&str| MemcachedServer { address: (*address).into(), weight: 1 };
    MemcachedOptions {
        servers: addresses.iter().map(server).collect(),
        prefix: "test.".into(),
        timeout_ms: 5_000,
        ..MemcachedOptions::default()
    }
}

/// A server that does to each connection what the test says, on a thread of its own. Returns its
/// address.
pub fn fake_server(serve: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = std::sync::Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, serve) = (stream.unwrap(), std::sync::Arc::clone(&serve));
            std::thread::spawn(move || serve(&mut stream));
        }
    });
    address
}

/// Reads one command line.
pub fn read_line(stream: &mut TcpStream) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        line.push(byte[0]);
    }
    String::from_utf8(line).ok()
}

/// Runs one test of this test binary in a second process, in the part that the variable names.
pub fn second_process(test: &str, variable: &str, value: &Path) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(variable, value);
    Running(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
}
