//! What a child must not be able to do, tried.
//!
//! A probe lives under the same rules as every child, but does what its input says, word by word,
//! instead of decoding it: a way to see on the very machine that the rules hold. What could be tried
//! and was refused comes back as an error that says so.

use std::fs;
use std::io::{self, Read as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use nix::sys::ptrace;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::getppid;

use super::channel::Channel;
use super::message::Open;
use super::{calls, sys};
use crate::pixel::decode::{Decoded, Decoder, Info, Input, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Error, Image, Samples};

/// The width and height of the picture that a probe pretends to find.
const SIDE: u32 = 16;

/// Does what the input says.
pub fn open(input: Input, channel: &mut Channel, open: &Open) -> Result<Source, Error> {
    let mut text = String::new();
    input.into_reader().read_to_string(&mut text)?;
    let mut words = text.split_whitespace();
    let act = words.next().unwrap_or_default();
    let what = words.next().unwrap_or_default();
    match act {
        "fine" => Ok(picture(open, Act::Fine)),
        "lie-larger" => Ok(picture(open, Act::Larger)),
        "lie-smaller" => Ok(picture(open, Act::Smaller)),
        "lie-elsewhere" => Ok(picture(open, Act::Elsewhere)),
        "lie-deeper" => Ok(picture(open, Act::Deeper)),
        "short" => Ok(picture(open, Act::Short)),
        "long" => Ok(picture(open, Act::Long)),
        "hang-later" => Ok(picture(open, Act::Hang)),
        "hang-between" => Ok(picture(open, Act::HangBetween)),
        "crash-later" => Ok(picture(open, Act::Crash)),
        "lie-header" => Ok(Source::new(
            Info { width: u32::MAX, height: u32::MAX, ..info(open) },
            Box::new(Act::Fine),
        )),
        "lie-format" => {
            let format = crate::pixel::Format::Jpeg;
            Ok(Source::new(Info { format, ..info(open) }, Box::new(Act::Fine)))
        }
        "garbage" => {
            channel.send_bytes(&[0x5a; 4096])?;
            hang()
        }
        "segv" | "killed" | "abort" | "panic" | "stack" | "exit" => crash(act),
        "hang" => hang(),
        "cpu" => burn(),
        "memory" => Err(told(act, eat_memory())),
        "memory-abort" => Err(told(act, Ok(vec![1_u8; 1 << 45].len()))),
        _ => Err(told(act, attempt(act, what))),
    }
}

/// Tries one thing that must be refused.
fn attempt(act: &str, what: &str) -> io::Result<usize> {
    match act {
        "read" => fs::read(what).map(|bytes| bytes.len()),
        "list" => fs::read_dir(what).map(Iterator::count),
        "write" => fs::write(what, "probe").map(|()| 0),
        "remove" => fs::remove_file(what).map(|()| 0),
        "connect" => TcpStream::connect(what).map(|_| 0),
        "connect-unix" => UnixStream::connect(what).map(|_| 0),
        "listen" => TcpListener::bind("127.0.0.1:0").map(|_| 0),
        "udp" => UdpSocket::bind("127.0.0.1:0").map(|_| 0),
        "fork" => sys::try_fork().map(|()| 0),
        // As the process of a program, which this one is from here on.
        "fork-confined" => calls::no_processes()?().and_then(|()| sys::try_fork()).map(|()| 0),
        "thread-confined" => calls::no_processes()?().and_then(|()| try_thread()),
        "scratch-write" => fs::write(scratch("file"), "probe").map(|()| 0),
        "scratch-remove" => {
            fs::write(scratch("other"), "probe")?;
            fs::remove_file(scratch("other")).map(|()| 0)
        }
        "scratch-nameless" => {
            let nameless =
                fs::File::options().write(true).custom_flags(libc::O_TMPFILE).open(scratch(""));
            nameless.map(|_| 0)
        }
        "scratch-folder" => fs::create_dir(scratch("folder")).map(|()| 0),
        "spawn" => Command::new(what).spawn()?.wait().map(|_| 0),
        "spawn-idle" => Command::new(what).stdin(Stdio::null()).spawn()?.wait().map(|_| 0),
        // Comes back only when it fails.
        "exec" => Err(Command::new(what).exec()),
        "code" => sys::try_map_code().map(|()| 0),
        "kill" => Ok(kill(getppid(), None::<Signal>).map(|()| 0)?),
        "trace" => Ok(ptrace::attach(getppid()).map(|()| 0)?),
        "unlimit" => Ok(setrlimit(Resource::RLIMIT_CPU, u64::MAX, u64::MAX).map(|()| 0)?),
        // Beside standard input, output and error: the socket, and the one that is watched.
        "descriptors" => Ok((5..1024).filter(|fd| sys::is_open(*fd)).count()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// A place in this child's scratch folder.
fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(name)
}

fn try_thread() -> io::Result<usize> {
    let thread = thread::Builder::new().spawn(|| 0)?;
    thread.join().map_err(|_| io::ErrorKind::Other.into())
}

/// What came of it, as an error whose text can be looked at.
fn told(act: &str, outcome: io::Result<usize>) -> Error {
    Error::Unsupported(match outcome {
        Ok(count) => format!("{act}: done, {count}"),
        Err(error) => match error.raw_os_error() {
            Some(number) => format!("{act}: refused, {number}"),
            None => format!("{act}: failed, {:?}", error.kind()),
        },
    })
}

/// Takes memory until there is no more; tells how many megabytes there were.
fn eat_memory() -> io::Result<usize> {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(16 << 20).is_err() {
            return Ok(16 * eaten.len());
        }
        piece.resize(16 << 20, 1);
        eaten.push(piece);
    }
}

fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn burn() -> ! {
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(3));
    }
}

fn crash(act: &str) -> ! {
    match act {
        "segv" => drop(raise(Signal::SIGSEGV)),
        "killed" => drop(raise(Signal::SIGKILL)),
        "stack" => drop(std::hint::black_box(deeper(1))),
        "panic" => panic!("a probe panics"),
        "exit" => std::process::exit(0),
        _ => {}
    }
    std::process::abort()
}

/// Never comes back, for the stack ends first.
fn deeper(level: u64) -> u64 {
    let room = std::hint::black_box([level; 512]);
    if level == 0 { 0 } else { deeper(level + 1) + room[(level % 512) as usize] }
}

fn info(open: &Open) -> Info {
    Info::new(open.format, SIDE, SIDE)
}

fn picture(open: &Open, act: Act) -> Source {
    Source::new(info(open), Box::new(act))
}

fn blank(width: u32, height: u32) -> Result<Image, Error> {
    Image::try_new(width, height, ColourSpace::Rgb, false, Depth::U8)
}

/// How a picture comes out that was opened without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Fine,
    Larger,
    Smaller,
    Elsewhere,
    Deeper,
    Short,
    Long,
    Hang,
    HangBetween,
    Crash,
}

impl Decoder for Act {
    fn held_pixels(&self, info: &Info, _: &Want) -> u64 {
        if *self == Self::HangBetween {
            hang();
        }
        u64::from(info.width) * u64::from(info.height)
    }

    fn decode(self: Box<Self>, info: Info, _: &Want, _: &Cancel) -> Result<Decoded, Error> {
        let (width, height) = (info.width, info.height);
        let image = blank(width, height)?;
        let mut decoded = Decoded { image, left: 0.0, top: 0.0, scale: (1.0, 1.0) };
        match *self {
            Self::Fine | Self::HangBetween => {}
            // A size that the samples do not have.
            Self::Larger => decoded.image.width = u32::MAX,
            Self::Smaller => decoded.image = blank(width / 2, height)?,
            Self::Elsewhere => decoded.left = f64::NAN,
            Self::Deeper => {
                decoded.image.samples =
                    Samples::try_zeroed(Depth::U16, 3 * (width * height) as usize)?;
            }
            // Fewer samples than announced, and more.
            Self::Short => decoded.image.samples = Samples::try_zeroed(Depth::U8, 5)?,
            Self::Long => decoded.image.samples = Samples::try_zeroed(Depth::U8, 5000)?,
            Self::Hang => hang(),
            Self::Crash => crash("segv"),
        }
        Ok(decoded)
    }
}
