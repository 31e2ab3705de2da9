//! Child processes that end with the value that holds them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::wait;

/// How long a process may take to end after TERM before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// A running child. Dropping it sends TERM, then KILL.
pub struct Process {
    name: String,
    child: Child,
    output: PathBuf,
}

impl Process {
    /// Starts `command` with both outputs written to `<dir>/<name>.out`.
    pub fn start(name: &str, dir: &Path, command: &mut Command) -> Self {
        Self::start_reading(name, dir, command, Stdio::null())
    }

    /// The same with something on its standard input.
    pub fn start_reading(name: &str, dir: &Path, command: &mut Command, input: Stdio) -> Self {
        let output = dir.join(format!("{name}.out"));
        let file = File::options().create(true).append(true).open(&output).unwrap();
        let child = command
            .stdin(input)
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), child, output }
    }

    /// The process id.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// The ids of its direct children, oldest first.
    pub fn children(&self) -> Vec<i32> {
        children_of(self.pid())
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        let name = self.name.clone();
        wait::until_some(&format!("end of {name}"), || self.ended())
    }

    /// Waits for a condition while the process lives.
    ///
    /// # Panics
    /// When the process ends first, with what it wrote.
    pub fn wait_until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        wait::until(what, || {
            if condition() {
                return true;
            }
            if let Some(status) = self.ended() {
                panic!("{} ended ({status}) before: {what}\n{}", self.name, self.output());
            }
            false
        });
    }

    /// What it has written so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        let _ = kill(Pid::from_raw(self.pid()), Signal::SIGTERM);
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ids of the direct children of a process, oldest first. Empty when it is gone.
pub fn children_of(pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return found };
    for thread in threads.flatten() {
        let list = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        found.extend(list.split_whitespace().filter_map(|id| id.parse::<i32>().ok()));
    }
    found.sort_unstable();
    found
}

/// Whether a process with this id exists and is not a zombie.
pub fn is_alive(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| !rest.starts_with('Z')))
        .unwrap_or(false)
}

/// Whether every thread of a process has stopped.
pub fn is_stopped(pid: i32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T'))
    })
}

/// How many connections a process has that were made to a Unix socket.
pub fn connections_of(pid: i32, socket: &Path) -> usize {
    const CONNECTED: &str = "03";
    let open: Vec<PathBuf> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .collect();
    let sockets = fs::read_to_string("/proc/net/unix").unwrap();
    let is_one = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, _, _, state, inode, path] = fields[..] else { return false };
        let name = PathBuf::from(format!("socket:[{inode}]"));
        state == CONNECTED && Path::new(path) == socket && open.contains(&name)
    };
    sockets.lines().filter(is_one).count()
}
