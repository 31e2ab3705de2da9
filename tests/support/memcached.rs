//! A memcached of the test's own, which can be ended and started again, empty.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::files::{free_port, is_root, program, temp_dir};
use super::process::Process;

/// A memcached on loopback.
pub struct Memcached {
    // Before the folder, so that it ends before its files go.
    process: Option<Process>,
    port: u16,
    dir: TempDir,
}

impl Memcached {
    /// Starts one.
    pub fn start() -> Self {
        let mut memcached = Self { process: None, port: free_port(), dir: temp_dir() };
        memcached.again();
        memcached
    }

    /// Starts it again at the same port.
    pub fn again(&mut self) {
        let port = self.port.to_string();
        let mut command = Command::new(program("memcached", "memcached"));
        command.args(["-l", "127.0.0.1", "-p", &port, "-U", "0", "-m", "64", "-c", "1024"]);
        if is_root() {
            command.args(["-u", "nobody"]);
        }
        let mut process = Process::start("memcached", self.dir.path(), &mut command);
        process.wait_until("memcached listens", || self.ask("version\r\n").is_some());
        self.process = Some(process);
    }

    /// Ends it at once; what it holds is lost.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.signal(Signal::SIGKILL);
        process.wait();
    }

    /// The id of the process.
    pub fn pid(&self) -> i32 {
        self.process.as_ref().expect("it runs").pid()
    }

    /// Host and port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many things it was asked for and had, since it was started.
    pub fn hits(&self) -> u64 {
        self.count("get_hits")
    }

    /// How many things it holds.
    pub fn items(&self) -> u64 {
        self.count("curr_items")
    }

    fn count(&self, name: &str) -> u64 {
        let told = self.ask("stats\r\n").expect("memcached answers");
        let line = told.iter().find_map(|line| line.strip_prefix(&format!("STAT {name} ")));
        line.and_then(|number| number.parse().ok()).expect("memcached counts")
    }

    /// The lines of an answer, up to its end.
    fn ask(&self, command: &str) -> Option<Vec<String>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(command.as_bytes()).ok()?;
        let mut lines = Vec::new();
        for line in BufReader::new(stream).lines() {
            let line = line.ok()?;
            let last = line == "END" || line.starts_with("VERSION");
            lines.push(line);
            if last {
                return Some(lines);
            }
        }
        None
    }
}
