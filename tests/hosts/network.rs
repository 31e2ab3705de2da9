//! Network namespaces, joined by a bridge that lies in one of its own: nothing of the machine's own
//! network is touched, and all goes with the processes that hold the namespaces.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::support::files::{is_root, program, temp_dir};
use crate::support::process::Process;
use crate::support::wait;

/// How long it takes to find that nobody answers a try to connect.
const TRY: Duration = Duration::from_millis(500);

/// The namespace of the bridge.
pub struct Hub {
    space: Held,
}

/// A namespace with one link to the bridge.
pub struct Space {
    held: Held,
    hub: i32,
    address: Ipv4Addr,
}

/// A namespace, and who holds it.
struct Held {
    // Before the folder, so that it ends before its files go.
    holder: Process,
    _dir: TempDir,
}

impl Held {
    fn new() -> Self {
        assert!(is_root(), "network namespaces can only be made by root: sudo, or scripts/test");
        let dir = temp_dir();
        let mut command = Command::new(program("unshare", "util-linux"));
        command.args(["--net", "sleep", "infinity"]);
        let mut holder = Process::start("holder", dir.path(), &mut command);
        let (pid, ours) = (holder.pid(), namespace("self"));
        holder.wait_until("a namespace", || {
            namespace(&pid.to_string()).is_some_and(|theirs| Some(theirs) != ours)
        });
        let held = Self { holder, _dir: dir };
        held.run("ip link set lo up");
        held
    }

    fn pid(&self) -> i32 {
        self.holder.pid()
    }

    fn within(&self) -> Vec<String> {
        within(self.pid())
    }

    fn run(&self, words: &str) {
        run_within(self.pid(), words);
    }
}

fn within(pid: i32) -> Vec<String> {
    vec!["nsenter".to_owned(), format!("--net=/proc/{pid}/ns/net")]
}

fn run_within(pid: i32, words: &str) {
    let all: Vec<String> =
        within(pid).into_iter().chain(words.split(' ').map(str::to_owned)).collect();
    let output = Command::new(&all[0]).args(&all[1..]).output().unwrap();
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What a process's network namespace is called.
fn namespace(process: &str) -> Option<String> {
    let link = fs::read_link(format!("/proc/{process}/ns/net")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

impl Hub {
    /// A bridge that nothing is connected to.
    pub fn new() -> Self {
        let space = Held::new();
        space.run("ip link add bridge type bridge");
        space.run("ip link set bridge up");
        Self { space }
    }

    /// A namespace at `10.77.0.NUMBER`.
    pub fn space(&self, number: u8) -> Space {
        let held = Held::new();
        let address = Ipv4Addr::new(10, 77, 0, number);
        let pid = held.pid();
        self.space.run(&format!("ip link add to{number} type veth peer name eth0 netns {pid}"));
        self.space.run(&format!("ip link set to{number} master bridge"));
        self.space.run(&format!("ip link set to{number} up"));
        held.run(&format!("ip address add {address}/24 dev eth0"));
        held.run("ip link set eth0 up");
        Space { held, hub: self.space.pid(), address }
    }
}

impl Space {
    /// Its address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// What a command begins with that is to run in it.
    pub fn within(&self) -> Vec<String> {
        self.held.within()
    }

    /// A program to be run in it.
    pub fn command(&self, program: &str) -> Command {
        let words = self.within();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(program);
        command
    }

    /// Sets something of its kernel's network.
    pub fn set(&self, name: &str, value: u32) {
        self.held.run(&format!("sysctl -q -w {name}={value}"));
    }

    /// Brings the calling thread, and what it starts from now on, into it.
    pub fn enter(&self) {
        let file = File::open(format!("/proc/{}/ns/net", self.held.pid())).unwrap();
        setns(file, CloneFlags::CLONE_NEWNET).unwrap();
    }

    /// Whether somebody listens there, as seen from inside.
    pub fn listens(&self, addr: SocketAddr) -> bool {
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                self.enter();
                TcpStream::connect_timeout(&addr, TRY).is_ok()
            });
            asked.join().unwrap()
        })
    }

    /// Pulls its cable, or puts it back.
    pub fn link(&self, up: bool) {
        let number = self.address.octets()[3];
        let state = if up { "up" } else { "down" };
        run_within(self.hub, &format!("ip link set to{number} {state}"));
    }

    /// Kills every process in it but the one that holds it.
    pub fn kill_all(&self) {
        let holder = self.held.pid();
        let own = namespace(&holder.to_string()).expect("it is held");
        wait::until("all processes have ended", || {
            let mut killed = 0;
            for entry in fs::read_dir("/proc").unwrap().flatten() {
                let name = entry.file_name();
                let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
                    continue;
                };
                if pid != holder && namespace(&pid.to_string()).as_ref() == Some(&own) {
                    // It may have ended meanwhile.
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                    killed += 1;
                }
            }
            killed == 0
        });
    }
}
