//! Running a program that decodes: bytes in at its standard input, bytes out at its standard output.
//!
//! It runs where the decoder runs, in a child without rights, and inherits what that is left with.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;

use super::Tool;
use crate::pixel::{Error, Result};

/// What a program has to say beside its output, at most.
const MAX_TALK_BYTES: u64 = 64 << 10;

/// What the process of a program does before that starts. It must allocate nothing.
pub type Confinement = Box<dyn Fn() -> io::Result<()> + Send + Sync>;

static CONFINEMENT: OnceLock<Confinement> = OnceLock::new();

/// Has every program that this process runs from now on begin with that; the first call counts.
pub fn confine_programs(confinement: Confinement) {
    let _ = CONFINEMENT.set(confinement);
}

#[allow(unsafe_code)]
fn begin_with(command: &mut Command, confinement: &'static Confinement) {
    // SAFETY: it runs after the fork, where nothing must be allocated and no lock be taken, as
    // `Confinement` says.
    unsafe { command.pre_exec(confinement) };
}

/// What came of running a program.
pub(super) struct Ran {
    pub status: ExitStatus,
    pub output: Vec<u8>,
    /// What it said at its standard error.
    pub talk: String,
}

/// Words by which Ghostscript and ImageMagick tell that they got no more memory.
const NO_MEMORY: [&str; 3] = ["VMerror", "memory allocation failed", "cache resources exhausted"];

impl Ran {
    /// Why nothing came of it: for want of memory, or what is said here.
    pub(super) fn failure(&self, otherwise: &str) -> Error {
        if NO_MEMORY.iter().any(|words| self.talk.contains(words)) {
            return Error::Memory;
        }
        Error::Malformed(otherwise.into())
    }
}

impl Tool {
    /// Runs the program on `input`; output beyond `max_bytes` is an error.
    pub(super) fn run(&self, arguments: &[String], input: &[u8], max_bytes: u64) -> Result<Ran> {
        let scratch = std::env::temp_dir();
        let mut command = Command::new(self.program);
        if let Some(confinement) = CONFINEMENT.get() {
            begin_with(&mut command, confinement);
        }
        let mut child = command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin")
            .env("TMPDIR", scratch)
            .env("MAGICK_THREAD_LIMIT", "1")
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::Io)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (output, talk) = thread::scope(|scope| {
            // It may end before it has read everything.
            scope.spawn(|| stdin.map(|mut stdin| stdin.write_all(input)));
            let talk = scope.spawn(|| {
                let mut talk = Vec::new();
                if let Some(mut stderr) = stderr {
                    let _ = stderr.by_ref().take(MAX_TALK_BYTES).read_to_end(&mut talk);
                    // What it still says is read, so that it does not wait for that.
                    let _ = std::io::copy(&mut stderr, &mut std::io::sink());
                }
                String::from_utf8_lossy(&talk).into_owned()
            });
            let mut output = Vec::new();
            if let Some(mut stdout) = stdout {
                let _ = stdout.by_ref().take(max_bytes + 1).read_to_end(&mut output);
            }
            (output, talk.join().unwrap_or_default())
        });
        let status = child.wait().map_err(Error::Io)?;
        if output.len() as u64 > max_bytes {
            return Err(Error::Malformed("it makes far more than its pages".into()));
        }
        Ok(Ran { status, output, talk })
    }
}
