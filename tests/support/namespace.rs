//! Mounts that nobody else sees: a mount namespace, kept by a process that does nothing.
//!
//! Root needs no more; everybody else gets a user namespace with it, in which he may mount.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::files::{is_root, program};
use super::process::Process;
use super::wait;

/// A namespace, and what is mounted in it, until the value is dropped and the last process inside ends.
pub struct Namespace {
    keeper: Process,
}

impl Namespace {
    /// Makes one that is like the outside so far. `dir` is for what the keeper might say.
    pub fn new(dir: &Path) -> Self {
        let mut command = Command::new(program("unshare", "util-linux"));
        command.arg("--mount").args(["--propagation", "private"]);
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["/bin/sh", "-c", "echo ready; exec sleep infinity"]);
        let mut keeper = Process::start("namespace", dir, &mut command);
        let said = dir.join("namespace.out");
        keeper.wait_until("there is a namespace", || {
            std::fs::read_to_string(&said).is_ok_and(|text| text.ends_with("ready\n"))
        });
        Self { keeper }
    }

    /// What runs a program inside, when its name and arguments follow.
    pub fn entry(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec![program("nsenter", "util-linux").into()];
        words.push(format!("--target={}", self.keeper.pid()).into());
        words.push("--mount".into());
        if !is_root() {
            words.extend(["--user".into(), "--preserve-credentials".into()]);
        }
        words.push("--".into());
        words
    }

    /// A command for inside.
    pub fn command(&self, program: &str) -> Command {
        let entry = self.entry();
        let mut command = Command::new(&entry[0]);
        command.args(&entry[1..]).arg(program);
        command
    }

    /// Runs a command inside, to its end.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &[&str]) {
        let output =
            self.command(words[0]).args(&words[1..]).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {}\n{told}", output.status);
    }

    /// The path by which a file inside is seen from outside.
    pub fn path(&self, inside: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.keeper.pid());
        Path::new(&root).join(inside.strip_prefix("/").unwrap())
    }

    /// Mounts an empty file system in memory, of so many bytes, over a folder.
    pub fn mount_memory(&self, at: &Path, bytes: usize) {
        let options = format!("size={bytes},mode=0755");
        self.run(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs", at.to_str().unwrap()]);
    }

    /// Shows a folder at another place, too.
    pub fn bind(&self, from: &Path, at: &Path) {
        self.run(&["mount", "--bind", from.to_str().unwrap(), at.to_str().unwrap()]);
    }

    /// Takes away what is mounted there, also while it is in use.
    pub fn unmount(&self, at: &Path) {
        self.run(&["umount", "--lazy", at.to_str().unwrap()]);
    }

    /// Fills what is mounted there to the last byte; the value's end makes room again.
    pub fn fill(&self, at: &Path) -> Ballast {
        let ballast = Ballast(self.path(at).join("ballast"));
        let mut file = std::fs::File::create(&ballast.0).unwrap();
        let block = vec![0x5a; 64 * 1024];
        for len in [block.len(), 4096, 512, 1] {
            while std::io::Write::write(&mut file, &block[..len]).is_ok_and(|written| written > 0) {
            }
        }
        ballast
    }

    /// Shows a folder at another place by way of a program, as a file server would (FUSE).
    pub fn serve(&self, dir: &Path, from: &Path, at: &Path) -> FileServer {
        self.serve_by(dir, from, at, &[])
    }

    /// The same, no faster than so many bytes a second.
    pub fn serve_slowly(&self, dir: &Path, from: &Path, at: &Path, bytes_per_s: u32) -> FileServer {
        self.serve_by(dir, from, at, &[&format!("--read-rate={bytes_per_s}")])
    }

    fn serve_by(&self, dir: &Path, from: &Path, at: &Path, more: &[&str]) -> FileServer {
        let mut command = self.command(program("bindfs", "bindfs").to_str().unwrap());
        // Nothing is remembered by the kernel, so that each look at a file is a question.
        command.args(["-f", "-o", "attr_timeout=0,entry_timeout=0,negative_timeout=0"]);
        if is_root() {
            command.args(["-o", "allow_other"]);
        }
        command.args(more).arg(from).arg(at);
        let name = format!("bindfs-{}", at.file_name().unwrap().display());
        let process = Process::start(&name, dir, &mut command);
        let shown = format!(" {} fuse", at.display());
        wait::until("the file server serves", || {
            let mounts = self.command("cat").arg("/proc/self/mounts").output().unwrap();
            String::from_utf8_lossy(&mounts.stdout).contains(&shown)
        });
        FileServer { process }
    }
}

/// What fills a file system.
pub struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A file server that can be made to hang.
pub struct FileServer {
    process: Process,
}

impl FileServer {
    /// How many bytes of files it has read so far.
    pub fn read_bytes(&self) -> u64 {
        let told = std::fs::read_to_string(format!("/proc/{}/io", self.process.pid())).unwrap();
        let line = told.lines().find_map(|line| line.strip_prefix("rchar: "));
        line.expect("the kernel counts them").parse().unwrap()
    }

    /// From now on it answers nothing.
    pub fn hang(&self) {
        self.process.signal(nix::sys::signal::Signal::SIGSTOP);
    }

    /// It answers again, also what it was asked meanwhile.
    pub fn go_on(&self) {
        self.process.signal(nix::sys::signal::Signal::SIGCONT);
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        // One that hangs would hold whoever waits for it, and itself.
        self.go_on();
    }
}
