//! Files read by a child: what the pixel pipeline sees of it.
//!
//! What a child says of a file is judged here before anything is made of it: sizes against the
//! limits, pixels against the want and against what was said before.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};

use super::channel::Patience;
use super::failures::{Failures, Identity, Step};
use super::message::{Frame, Open, Reply, Request, TOO_MUCH_MEMORY};
use super::pool::{Lease, Pool};
use super::process::Fault;
use super::{SandboxOptions, sys};
use crate::pixel::decode::{
    Decoded, Decoder, Info, Input, Isolation, Needs, Opening, Source, Want, needs,
};
use crate::pixel::{Cancel, Error, Format, Image, Limits, Result, Samples};

/// What may be off by the rounding of numbers.
const HAIR: f64 = 1e-6;

/// Bytes of 16-bit samples that are received at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A failure that comes sooner than this is found anew with every request: that costs little, and a file
/// that is just being written is not held to be damaged for long.
const DEAR: Duration = Duration::from_secs(1);

/// A file that was worked on for so long when the request's time was up counts as one that takes too long.
const LONG: Duration = Duration::from_secs(5);

/// Reads files in children that have no rights.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: Arc<SandboxOptions>,
    /// Children that decode by themselves.
    decoders: Arc<Pool>,
    /// Children that have a program decode: however long these take, the others go on.
    programs: Arc<Pool>,
    failures: Option<Failures>,
}

impl Shared {
    fn pool(&self, format: Format) -> &Arc<Pool> {
        if matches!(needs(format), Needs::Tool(_)) { &self.programs } else { &self.decoders }
    }
}

impl Sandbox {
    /// No child is started yet.
    #[must_use]
    pub fn new(options: SandboxOptions) -> Self {
        let options = Arc::new(options);
        let failures = options.failures_folder.clone().map(|folder| {
            let SandboxOptions { memory_mb, cpu_s, time, scratch_mb, .. } = *options;
            let bounds = format!("{memory_mb} {cpu_s} {} {scratch_mb}", time.as_millis());
            Failures::new(folder, bounds)
        });
        let decoders = Pool::new(Arc::clone(&options), usize::MAX);
        let programs = Pool::new(Arc::clone(&options), options.program_waiters);
        Self { shared: Arc::new(Shared { options, decoders, programs, failures }) }
    }

    /// Children there are now.
    #[must_use]
    pub fn children(&self) -> usize {
        self.shared.decoders.count() + self.shared.programs.count()
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
        let shared = &self.shared;
        let options = &shared.options;
        if !options.landlock && !options.allow_without_landlock {
            return Err(Error::Unsupported(format!(
                "{} files are read only where the kernel can take rights away (landlock)",
                format.row().title
            )));
        }
        let open = Open { format, opening: *opening, limits: *limits, len: input.len() };
        let cancel = input.cancel().cloned();
        let file = descriptor(input)?;
        let identity = Identity::of(&file);
        let number = shared.pool(format).number_file();
        let (shared, file) = (Arc::clone(shared), Arc::new(file));
        let remote = Remote { shared, file, identity, number, open, cancel };
        let cancel = remote.cancel.as_deref();
        let mut lease = remote.take(None, cancel, &remote.opening())?;
        match remote.open(&mut lease, cancel)? {
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

fn too_slow() -> Error {
    Error::Limit("reading it takes too long".into())
}

fn patience<'a>(options: &SandboxOptions, cancel: Option<&'a Cancel>) -> Patience<'a> {
    Patience { until: Instant::now() + options.time, cancel }
}

/// An opened file that a child keeps, or that it can open again.
struct Remote {
    shared: Arc<Shared>,
    file: Arc<File>,
    identity: Option<Identity>,
    number: u64,
    open: Open,
    /// Calls off what is asked before its pixels are.
    cancel: Option<Arc<Cancel>>,
}

impl Remote {
    /// The step of reading the header.
    fn opening(&self) -> Step {
        Step { page: self.open.opening.page, dpi: self.open.opening.dpi, pixels: 0 }
    }

    /// The step of reading the pixels.
    fn painting(&self, want: &Want) -> Step {
        let pixels = want.region.pixels() as f64 * want.min_scale * want.min_scale;
        Step { pixels: pixels.ceil().max(1.0) as u64, ..self.opening() }
    }

    /// A child for the step, after waiting for one; the one that keeps the file, if one does.
    fn take(&self, file: Option<u64>, cancel: Option<&Cancel>, step: &Step) -> Result<Lease> {
        self.check_failures(step)?;
        let patience = patience(&self.shared.options, cancel);
        let pool = self.shared.pool(self.open.format);
        let lease = pool.take(needs(self.open.format), file, patience);
        let lease = lease.map_err(|fault| self.judge(fault))?;
        // While it waited, another request may have learned what comes of it.
        match self.check_failures(step) {
            Ok(()) => Ok(lease),
            Err(error) => {
                lease.park(None);
                Err(error)
            }
        }
    }

    /// Fails at once with what it is known to fail with.
    fn check_failures(&self, step: &Step) -> Result<()> {
        let (Some(failures), Some(file)) = (&self.shared.failures, &self.identity) else {
            return Ok(());
        };
        failures.find(file, step).map_or(Ok(()), Err)
    }

    /// Hands an error on, and remembers it when it has cost much.
    fn noted(&self, error: Error, step: &Step, since: Instant, cancel: Option<&Cancel>) -> Error {
        let (Some(failures), Some(file)) = (&self.shared.failures, &self.identity) else {
            return error;
        };
        let out_of_time = || {
            let deadline = cancel.and_then(Cancel::deadline);
            deadline.is_some_and(|deadline| Instant::now() >= deadline)
        };
        match &error {
            Error::Cancelled if since.elapsed() >= LONG && out_of_time() => {
                failures.note(file, step, &too_slow());
            }
            error if since.elapsed() >= DEAR => failures.note(file, step, error),
            _ => {}
        }
        error
    }

    /// Has the file opened by a child. An error within is what the child has to say of the file, one
    /// without is the child's own end.
    fn open(&self, lease: &mut Lease, cancel: Option<&Cancel>) -> Result<Result<Info>> {
        let since = Instant::now();
        let noted = |error| self.noted(error, &self.opening(), since, cancel);
        let child = lease.child();
        child.files += 1;
        let request = Request::Open(self.open);
        let options = &self.shared.options;
        let patience = patience(options, cancel);
        match child.ask(&request, Some(self.file.as_fd()), options.cpu_s, patience) {
            Ok(Reply::Opened(info)) => {
                self.check_info(&info)?;
                Ok(Ok(*info))
            }
            Ok(Reply::Failed(error)) => Ok(Err(noted(error))),
            Ok(_) => Err(self.judge(Fault::Nonsense)),
            Err(fault) => Err(noted(self.judge(fault))),
        }
    }

    /// A child that has the file open, as `info` says.
    fn reopened(&self, info: &Info, step: &Step, cancel: Option<&Cancel>) -> Result<Lease> {
        let mut lease = self.take(Some(self.number), cancel, step)?;
        if !lease.has_file {
            let again = self.open(&mut lease, cancel)??;
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
            // Whoever asks is told to come back.
            Fault::Cancelled | Fault::Busy => return Error::Cancelled,
            Fault::Io(error) => {
                log::error!("no child for {title} files could be started: {error}");
                return Error::Io(error);
            }
            // Nobody here did that: it is what the system does when it has no memory left.
            Fault::Ended(status) if status.signal() == Some(libc::SIGKILL) => {
                log::warn!("a child reading {title} files was killed: is there too little memory?");
                return Error::Memory;
            }
            Fault::TooSlow => too_slow(),
            Fault::TooMuchMemory => Error::Limit(TOO_MUCH_MEMORY.into()),
            Fault::TooMuchWritten => Error::Limit("reading it fills too much of the disk".into()),
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
        let (options, cancel) = (&self.shared.options, self.cancel.as_deref());
        let Ok(mut lease) = self.reopened(info, &self.painting(want), cancel) else {
            // Decoding will find the same fault, and can tell.
            return want.region.pixels();
        };
        let patience = patience(options, cancel);
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
        let options = &self.shared.options;
        let step = self.painting(want);
        let mut lease = self.reopened(&info, &step, Some(cancel))?;
        let request = Request::Decode(*want);
        let since = Instant::now();
        let noted = |error| self.noted(error, &step, since, Some(cancel));
        let patience = patience(options, Some(cancel));
        match lease.child().ask(&request, None, options.cpu_s, patience) {
            Ok(Reply::Decoded(frame)) => {
                self.check_frame(&frame, &info, want)?;
                let image = self.receive(&mut lease, &frame, info, patience).map_err(noted)?;
                lease.park(None);
                Ok(Decoded { image, left: frame.left, top: frame.top, scale: frame.scale })
            }
            Ok(Reply::Failed(error)) => {
                lease.park(None);
                Err(noted(error))
            }
            Ok(_) => Err(self.judge(Fault::Nonsense)),
            Err(fault) => Err(noted(self.judge(fault))),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.shared.pool(self.open.format).forget(self.number);
    }
}
