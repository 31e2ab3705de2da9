//! One child, as its parent sees it: started, asked, and killed when it does not answer as it should.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::{MsgFlags, recv};
use nix::unistd::Pid;

use super::channel::{Channel, Patience, Silence};
use super::message::{Reply, Request};
use super::scratch::Scratch;
use super::{SandboxOptions, sys};
use crate::pixel::decode::{Needs, Tool};

/// How long a child may take to start and give up its rights.
const START: Duration = Duration::from_secs(20);

/// How long a child that has closed its socket may take to be gone.
const END: Duration = Duration::from_secs(2);

/// Why a child has no answer. It must not be used again.
#[derive(Debug)]
pub enum Fault {
    /// It was called off.
    Cancelled,
    /// It takes too long.
    TooSlow,
    /// It was ended by the bound on processor time.
    TooMuchWork,
    /// It got no more memory.
    TooMuchMemory,
    /// Its program has written too much.
    TooMuchWritten,
    /// Too many wait for one like it.
    Busy,
    /// It ended.
    Ended(ExitStatus),
    /// Its answer is none.
    Nonsense,
    /// It could not be started or spoken to.
    Io(io::Error),
}

/// A child that waits for requests.
#[derive(Debug)]
pub struct Child {
    process: Process,
    channel: Channel,
    needs: Needs,
    /// Removed with the child.
    scratch: Option<Scratch>,
    /// Files that it was given.
    pub files: u32,
}

impl Child {
    /// Starts a child and waits until it has given up its rights.
    pub fn start(options: &SandboxOptions, needs: Needs) -> Result<Self, Fault> {
        let (ours, theirs) = UnixStream::pair().map_err(Fault::Io)?;
        let scratch = match needs {
            Needs::Tool(_) => Some(Scratch::new(&options.scratch_folder).map_err(Fault::Io)?),
            Needs::Nothing | Needs::Fonts => None,
        };
        let mut command = Command::new(sys::path_of(&options.program));
        command
            .arg0("halftone")
            .arg("decode-child")
            .args(["--needs", needs_name(needs)])
            .args(["--memory-mb", &options.memory_mb.to_string()])
            .env_clear()
            .env("PATH", "/usr/bin")
            .current_dir("/")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        if let Some(scratch) = &scratch {
            command.arg("--scratch").arg(scratch.path()).env("TMPDIR", scratch.path());
            command.args(["--scratch-mb", &options.scratch_mb.to_string()]);
        }
        if !options.landlock {
            command.arg("--without-landlock");
        }
        if options.probe {
            command.arg("--probe");
        }
        let process = command.spawn().map_err(Fault::Io)?;
        let channel = Channel::new(ours).map_err(Fault::Io)?;
        let mut child = Self { process, channel, needs, scratch, files: 0 };
        if let Some(scratch) = &mut child.scratch {
            let most_bytes = u64::from(options.scratch_mb) << 20;
            let socket = child.channel.stream().try_clone().map_err(Fault::Io)?;
            scratch.watch(most_bytes, socket).map_err(Fault::Io)?;
        }
        let patience = Patience { until: Instant::now() + START, cancel: None };
        match child.reply(patience)? {
            Reply::Ready => Ok(child),
            _ => Err(Fault::Nonsense),
        }
    }

    /// What its decoders were left with.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Whether it is alive and has said nothing that it was not asked.
    pub fn is_idle(&mut self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        let silent = recv(self.channel.stream().as_raw_fd(), &mut [0], flags)
            == Err(nix::errno::Errno::EAGAIN);
        silent && matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks it something, with a file if there is one.
    pub fn ask(
        &mut self,
        request: &Request,
        with: Option<BorrowedFd<'_>>,
        cpu_s: u32,
        patience: Patience<'_>,
    ) -> Result<Reply, Fault> {
        sys::bound_cpu(self.process.id(), cpu_s).map_err(Fault::Io)?;
        let timeout = Some(Duration::from_secs(cpu_s.max(1).into()));
        self.channel.stream().set_write_timeout(timeout).map_err(Fault::Io)?;
        if self.channel.send(&request.encode(), with).is_err() {
            return Err(self.fault(Silence::Closed));
        }
        self.reply(patience)
    }

    fn reply(&mut self, patience: Patience<'_>) -> Result<Reply, Fault> {
        let message = self.channel.wait(patience).map_err(|silence| self.fault(silence))?;
        Reply::decode(&message).ok_or(Fault::Nonsense)
    }

    /// Waits for bytes that follow a message.
    pub fn bytes(&mut self, bytes: &mut [u8], patience: Patience<'_>) -> Result<(), Fault> {
        self.channel.wait_bytes(bytes, patience).map_err(|silence| self.fault(silence))
    }

    fn fault(&mut self, silence: Silence) -> Fault {
        match silence {
            Silence::Cancelled => Fault::Cancelled,
            Silence::TimedOut => Fault::TooSlow,
            Silence::TooLong => Fault::Nonsense,
            Silence::Closed if self.scratch.as_ref().is_some_and(Scratch::is_over) => {
                Fault::TooMuchWritten
            }
            Silence::Closed => match self.ended() {
                Some(status) if status.signal() == Some(libc::SIGXCPU) => Fault::TooMuchWork,
                Some(status) if status.code() == Some(sys::OUT_OF_MEMORY) => Fault::TooMuchMemory,
                Some(status) => Fault::Ended(status),
                None => Fault::Nonsense,
            },
        }
    }

    /// How it ended, if it does soon.
    fn ended(&mut self) -> Option<ExitStatus> {
        let until = Instant::now() + END;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The tools that it has started are of its group. Once it was waited for, its number may be
        // another's: the group is killed before.
        if let Ok(pid) = i32::try_from(self.process.id()) {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The name of what a child needs, on its command line.
fn needs_name(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing => "nothing",
        Needs::Fonts => "fonts",
        Needs::Tool(tool) => tool.package,
    }
}

/// What a child needs, from its command line.
#[must_use]
pub fn needs_named(name: &str) -> Option<Needs> {
    match name {
        "nothing" => Some(Needs::Nothing),
        "fonts" => Some(Needs::Fonts),
        name => Tool::ALL.into_iter().find(|tool| tool.package == name).map(Needs::Tool),
    }
}
