//! The child: gives up its rights, then reads one file after the other for its parent.
//!
//! It ends when its parent closes the socket or is gone. A decoder that panics ends it, too: what it
//! was changing may be half-changed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setpgid};

use super::channel::Channel;
use super::message::{Frame, Open, Reply, Request};
use super::rules::Rules;
use super::{calls, probe, sys};
use crate::pixel::decode::{Decoded, Info, Input, Needs, Source, confine_programs, prepare};
use crate::pixel::{Cancel, Error, Image, Samples};

/// Enough for a thread that only waits.
const WATCH_STACK_BYTES: usize = 64 << 10;

/// Samples that are turned into bytes at once.
const CHUNK_SAMPLES: usize = 32 << 10;

/// How a child is to live.
#[derive(Debug, Clone)]
pub struct ChildOptions {
    /// What its decoders need.
    pub needs: Needs,
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// Its scratch folder.
    pub scratch: Option<PathBuf>,
    /// The largest file that it may write there, in bytes.
    pub scratch_bytes: u64,
    /// Whether a kernel without landlock will do.
    pub without_landlock: bool,
    /// Whether it does not decode but tries what it must not be able to do.
    pub probe: bool,
}

/// Lives as a child; its standard input is the socket to its parent.
///
/// # Errors
/// When it cannot give up its rights, or the parent says something that is no request.
pub fn run_child(options: &ChildOptions) -> io::Result<()> {
    sys::close_from(3)?;
    let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut channel = Channel::new(stream)?;
    // A group of its own, with the tools that it starts: they end together.
    let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    prepare();
    if matches!(options.needs, Needs::Tool(_)) {
        // Programs come after whatever is read without them.
        sys::be_nice();
        confine_programs(calls::no_processes()?);
    }
    sys::tell_of_memory()?;
    rules(options).enter()?;
    end_with_parent(channel.stream().try_clone()?)?;
    channel.send(&Reply::Ready.encode(), None)?;
    serve(&mut channel, options.probe)
}

fn rules(options: &ChildOptions) -> Rules {
    Rules {
        needs: options.needs,
        memory_bytes: options.memory_bytes,
        scratch: options.scratch.clone(),
        scratch_bytes: options.scratch_bytes,
        without_landlock: options.without_landlock,
    }
}

/// Ends this process, and the tools that it has started, as soon as the parent has gone, whatever
/// the decoder is doing.
fn end_with_parent(stream: UnixStream) -> io::Result<()> {
    let watch = move || {
        loop {
            let mut watched = [PollFd::new(stream.as_fd(), PollFlags::empty())];
            let gone = PollFlags::POLLHUP | PollFlags::POLLERR;
            if poll(&mut watched, PollTimeout::NONE).is_ok()
                && watched[0].revents().is_some_and(|events| events.intersects(gone))
            {
                let _ = kill(Pid::from_raw(0), Signal::SIGKILL);
            }
        }
    };
    let thread = std::thread::Builder::new().name("watch".into()).stack_size(WATCH_STACK_BYTES);
    thread.spawn(watch).map(drop)
}

fn serve(channel: &mut Channel, probe: bool) -> io::Result<()> {
    let mut source = None;
    while let Some((message, fd)) = channel.receive()? {
        let request = Request::decode(&message).ok_or(io::ErrorKind::InvalidData)?;
        sys::forget_errors();
        match request {
            Request::Open(open) => {
                source = None;
                let opened = match fd {
                    Some(fd) if probe => probe::open(input(fd, open.len), channel, &open),
                    Some(fd) => open_file(fd, &open),
                    None => Err(Error::Malformed("no file came along".into())),
                };
                let reply = match opened {
                    Ok(opened) => {
                        let info = Box::new(opened.info().clone());
                        source = Some((opened, open.limits));
                        Reply::Opened(info)
                    }
                    Err(error) => Reply::Failed(error),
                };
                channel.send(&reply.encode(), None)?;
            }
            Request::Held(want) => {
                let held = source.as_ref().map_or(0, |(source, _)| source.held_pixels(&want));
                channel.send(&Reply::Held(held).encode(), None)?;
            }
            Request::Decode(want) => {
                let (source, limits) = source.take().ok_or(io::ErrorKind::InvalidData)?;
                let info = source.info().clone();
                let decoded = source.decode(&want, &limits, &Cancel::never());
                answer(channel, &info, decoded)?;
            }
        }
    }
    Ok(())
}

fn open_file(fd: OwnedFd, open: &Open) -> Result<Source, Error> {
    let Open { format, opening, limits, len } = open;
    Source::open_here(input(fd, *len), *format, opening, limits)
}

fn input(fd: OwnedFd, len: u64) -> Input {
    Input::new(At { file: File::from(fd), at: 0, len }, len, None)
}

fn answer(channel: &mut Channel, info: &Info, decoded: Result<Decoded, Error>) -> io::Result<()> {
    match decoded {
        Ok(Decoded { image, left, top, scale }) => {
            let same = image.profile.as_deref() == info.profile.as_deref();
            let frame = Frame {
                width: image.width,
                height: image.height,
                space: image.space,
                alpha: image.alpha,
                depth: image.depth(),
                left,
                top,
                scale,
                profile: if same { None } else { Some(image.profile.clone()) },
            };
            channel.send(&Reply::Decoded(frame).encode(), None)?;
            send_samples(channel, &image)
        }
        Err(error) => channel.send(&Reply::Failed(error).encode(), None),
    }
}

fn send_samples(channel: &mut Channel, image: &Image) -> io::Result<()> {
    match &image.samples {
        Samples::U8(samples) => channel.send_bytes(samples),
        Samples::U16(samples) => {
            let mut bytes = Vec::with_capacity(2 * CHUNK_SAMPLES);
            for chunk in samples.chunks(CHUNK_SAMPLES) {
                bytes.clear();
                bytes.extend(chunk.iter().flat_map(|sample| sample.to_ne_bytes()));
                channel.send_bytes(&bytes)?;
            }
            Ok(())
        }
    }
}

/// A file read from a place of its own: the descriptor's is shared with the parent.
struct At {
    file: File,
    at: u64,
    len: u64,
}

impl Read for At {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for At {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
