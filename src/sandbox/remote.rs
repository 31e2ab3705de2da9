//! Files read by a child: what the pixel pipeline sees of it.
//!
//! What a child says of a file is judged here before anything is made of it: sizes against the
//! limits, pixels against the want and against what was said before.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Instant;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};

use super::channel::Patience;
use super::message::{Frame, Open, Reply, Request};
use super::pool::{Lease, Pool};
use super::process::Fault;
use super::{SandboxOptions, sys};
use crate::pixel::decode::{
    Decoded, Decoder, Info, Input, Isolation, Opening, Source, Want, needs,
};
use crate::pixel::{Cancel, Error, Format, Image, Limits, Result, Samples};

/// What may be off by the rounding of numbers.
const HAIR: f64 = 1e-6;

/// Bytes of 16-bit samples that are received at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Reads files in children that have no rights.
#[derive(Debug)]
pub struct Sandbox {
    pool: Arc<Pool>,
}

impl Sandbox {
    /// No child is started yet.
    #[must_use]
    pub fn new(options: SandboxOptions) -> Self {
        Self { pool: Pool::new(options) }
    }

    /// Children there are now.
    #[must_use]
    pub fn children(&self) -> usize {
        self.pool.count()
    }
}

impl Isolation for Sandbox {
    fn open(
        &self,
        input: Input,
        format: Format,
        opening: &Opening,
        limits: &Limits,
    ) -> Result<Source> {
        let options = self.pool.options();
        if !options.landlock && !options.allow_without_landlock {
            return Err(Error::Unsupported(format!(
                "{} files are read only where the kernel can take rights away (landlock)",
                format.row().title
            )));
        }
        let open = Open { format, opening: *opening, limits: *limits, len: input.len() };
        let file = Arc::new(descriptor(input)?);
        let number = self.pool.number_file();
        let remote = Remote { pool: Arc::clone(&self.pool), file, number, open };
        let patience = patience(options, None);
        let lease = remote.pool.take(needs(format), None, patience);
        let mut lease = lease.map_err(|fault| remote.judge(fault))?;
        match remote.open(&mut lease, patience)? {
            Ok(info) => {
                lease.park(Some(number));
                Ok(Source::new(info, Box::new(remote)))
            }
            // It has said so properly and can go on to the next file.
            Err(error) => {
                lease.park(None);
                Err(error)
            }
        }
    }
}

/// A file of the system or of memory with the input's bytes.
fn descriptor(input: Input) -> Result<File> {
    if let Some(file) = input.file() {
        return file.try_clone().map_err(Error::Io);
    }
    let len = input.len();
    let mut file = sys::memory_file()?;
    io::copy(&mut input.into_reader().take(len), &mut file)?;
    let seals = SealFlag::F_SEAL_WRITE
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).map_err(io::Error::from)?;
    Ok(file)
}

fn patience<'a>(options: &SandboxOptions, cancel: Option<&'a Cancel>) -> Patience<'a> {
    Patience { until: Instant::now() + options.time, cancel }
}

/// An opened file that a child keeps, or that it can open again.
struct Remote {
    pool: Arc<Pool>,
    file: Arc<File>,
    number: u64,
    open: Open,
}

impl Remote {
    /// Has the file opened by a child. An error within is what the child has to say of the file, one
    /// without is the child's own end.
    fn open(&self, lease: &mut Lease, patience: Patience<'_>) -> Result<Result<Info>> {
        let child = lease.child();
        child.files += 1;
        let request = Request::Open(self.open);
        let cpu_s = self.pool.options().cpu_s;
        match child.ask(&request, Some(self.file.as_fd()), cpu_s, patience) {
            Ok(Reply::Opened(info)) => {
                self.check_info(&info)?;
                Ok(Ok(*info))
            }
            Ok(Reply::Failed(error)) => Ok(Err(error)),
            Ok(_) => Err(self.judge(Fault::Nonsense)),
            Err(fault) => Err(self.judge(fault)),
        }
    }

    /// A child that has the file open, as `info` says.
    fn reopened(&self, info: &Info, patience: Patience<'_>) -> Result<Lease> {
        let taken = self.pool.take(needs(self.open.format), Some(self.number), patience);
        let mut lease = taken.map_err(|fault| self.judge(fault))?;
        if !lease.has_file {
            let again = self.open(&mut lease, patience)??;
            let same = (again.width, again.height, again.space, again.depth, again.alpha)
                == (info.width, info.height, info.space, info.depth, info.alpha);
            if !same {
                return Err(Error::Malformed("it has changed while it was read".into()));
            }
        }
        Ok(lease)
    }

    fn check_info(&self, info: &Info) -> Result<()> {
        if info.format != self.open.format || info.pages == 0 {
            return Err(self.judge(Fault::Nonsense));
        }
        self.open.limits.check_declared(info.width, info.height)
    }

    /// What a fault of a child means for the file; an administrator is told, too.
    fn judge(&self, fault: Fault) -> Error {
        let title = self.open.format.row().title;
        let told = match fault {
            Fault::Cancelled => return Error::Cancelled,
            Fault::Io(error) => {
                log::error!("no child for {title} files could be started: {error}");
                return Error::Io(error);
            }
            Fault::TooSlow => Error::Limit("reading it takes too long".into()),
            Fault::TooMuchWork => Error::Limit("reading it takes too much work".into()),
            Fault::Ended(_) => Error::Malformed("its decoder breaks down over it".into()),
            Fault::Nonsense => Error::Malformed("its decoder talks nonsense over it".into()),
        };
        match fault {
            Fault::Ended(status) => log::warn!("a child reading {title} files ended: {status}"),
            _ => log::warn!("a child reading {title} files was ended: {told}"),
        }
        told
    }

    /// Whether decoded pixels are what was asked for and what was announced.
    fn check_frame(&self, frame: &Frame, info: &Info, want: &Want) -> Result<()> {
        let Frame { width, height, left, top, scale, .. } = *frame;
        let same_kind =
            (frame.space, frame.alpha, frame.depth) == (info.space, info.alpha, info.depth);
        let scale_fits = |scale: f64| {
            scale.is_finite()
                && scale >= want.min_scale * (1.0 - HAIR)
                && (scale <= 1.0 || info.vector)
        };
        let covers = |from: f64, scale: f64, len: u32, wanted: u32, wanted_len: u32| {
            let end = from + f64::from(len) / scale;
            from >= 0.0
                && from <= f64::from(wanted) + HAIR
                && end >= f64::from(wanted) + f64::from(wanted_len) - HAIR
        };
        let fits = same_kind
            && scale_fits(scale.0)
            && scale_fits(scale.1)
            && width > 0
            && height > 0
            && covers(left, scale.0, width, want.region.x, want.region.width)
            && covers(top, scale.1, height, want.region.y, want.region.height);
        if !fits {
            return Err(self.judge(Fault::Nonsense));
        }
        self.open.limits.check_held(width, height)
    }

    fn receive(
        &self,
        lease: &mut Lease,
        frame: &Frame,
        info: Info,
        patience: Patience<'_>,
    ) -> Result<Image> {
        let Frame { width, height, space, alpha, depth, .. } = *frame;
        let mut image = Image::try_new(width, height, space, alpha, depth)?;
        let child = lease.child();
        let received = match &mut image.samples {
            Samples::U8(samples) => child.bytes(samples, patience),
            Samples::U16(samples) => samples.chunks_mut(CHUNK_BYTES / 2).try_for_each(|samples| {
                let mut bytes = [0; CHUNK_BYTES];
                let bytes = &mut bytes[..2 * samples.len()];
                child.bytes(bytes, patience)?;
                for (sample, pair) in samples.iter_mut().zip(bytes.chunks_exact(2)) {
                    *sample = u16::from_ne_bytes([pair[0], pair[1]]);
                }
                Ok(())
            }),
        };
        received.map_err(|fault| self.judge(fault))?;
        image.profile = frame.profile.clone().unwrap_or(info.profile);
        image.metadata = info.metadata;
        Ok(image)
    }
}

impl Decoder for Remote {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let options = self.pool.options();
        let patience = patience(options, None);
        let Ok(mut lease) = self.reopened(info, patience) else {
            // Decoding will find the same fault, and can tell.
            return want.region.pixels();
        };
        let answer = lease.child().ask(&Request::Held(*want), None, options.cpu_s, patience);
        match answer {
            Ok(Reply::Held(pixels)) => {
                lease.park(Some(self.number));
                pixels
            }
            _ => want.region.pixels(),
        }
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let options = self.pool.options();
        let patience = patience(options, Some(cancel));
        let mut lease = self.reopened(&info, patience)?;
        let request = Request::Decode(*want);
        match lease.child().ask(&request, None, options.cpu_s, patience) {
            Ok(Reply::Decoded(frame)) => {
                self.check_frame(&frame, &info, want)?;
                let image = self.receive(&mut lease, &frame, info, patience)?;
                lease.park(None);
                Ok(Decoded { image, left: frame.left, top: frame.top, scale: frame.scale })
            }
            Ok(Reply::Failed(error)) => {
                lease.park(None);
                Err(error)
            }
            Ok(_) => Err(self.judge(Fault::Nonsense)),
            Err(fault) => Err(self.judge(fault)),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.pool.forget(self.number);
    }
}
