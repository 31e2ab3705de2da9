//! One target per decoder, over libFuzzer: the one whose file name extension stands in `HALFTONE_FUZZ`.
//!
//! Formats that the server reads in a process without rights are read here in that very process
//! (`halftone::sandbox`), which is this program again: libFuzzer's process has its counters (`counters`)
//! and learns how it ended (`faults`). With `HALFTONE_FUZZ_HERE` they are read in libFuzzer's own
//! process, where a debugger and a panic's message are nearer.
//!
//! `scripts/fuzz` builds it with coverage on the stable toolchain, makes the seeds and runs it.
#![no_main]

mod counters;
mod faults;

use std::fs::File;
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Duration;

use halftone::pixel::decode::{
    Decoded, Input, Isolation as _, Needs, Opening, Region, Source, Want,
};
use halftone::pixel::{Cancel, Error, Format, Limits, Samples};
use halftone::sandbox::{
    ChildOptions, Sandbox, SandboxOptions, has_landlock, needs_named, run_child,
};
use libfuzzer_sys::fuzz_target;

use self::counters::Counters;

/// Small, so that a lucky size costs no time.
const LIMITS: Limits = Limits { held_pixels: 1_000_000, declared_pixels: 4_000_000 };

static TARGET: LazyLock<Target> = LazyLock::new(Target::from_environment);

struct Target {
    format: Format,
    /// Where the format's files are read; none is here.
    child: Option<(Sandbox, Counters)>,
}

impl Target {
    fn from_environment() -> Self {
        let name = std::env::var("HALFTONE_FUZZ").expect("HALFTONE_FUZZ names a format");
        let format = Format::from_extension(&name).expect("HALFTONE_FUZZ names a known format");
        let here = std::env::var_os("HALFTONE_FUZZ_HERE").is_some();
        let apart = !here && format.row().isolated;
        Self { format, child: apart.then(|| (sandbox(), Counters::shared())) }
    }

    /// As the server does, and whatever came of the child that did it is a finding unless it was kept
    /// within its bounds.
    fn read(
        &self,
        file: &[u8],
        page: u32,
        want: impl Fn(u32, u32) -> Want,
    ) -> Result<Decoded, Error> {
        let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
        let opening = Opening { page, ..Opening::default() };
        let Some((sandbox, counters)) = &self.child else {
            return decode(Source::open_here(input, self.format, &opening, &LIMITS)?, want);
        };
        counters.clear();
        let result = sandbox
            .open(input, self.format, &opening, &LIMITS)
            .and_then(|source| decode(source, want));
        counters.collect();
        match (faults::take(), &result) {
            (None, _) => {}
            // Whoever asks for memory has to look whether it comes.
            (Some(fault), Err(Error::Limit(text))) if !text.contains("memory") => {
                println!("BOUNDED: {fault}");
            }
            (Some(fault), _) => panic!("{fault}"),
        }
        result
    }
}

fn decode(source: Source, want: impl Fn(u32, u32) -> Want) -> Result<Decoded, Error> {
    let want = want(source.info().width, source.info().height);
    source.decode(&want, &LIMITS, &Cancel::never())
}

/// One child, with the bounds that the server has by default but for time: machines that fuzz are busy.
fn sandbox() -> Sandbox {
    assert!(has_landlock(), "the kernel does not offer landlock");
    Sandbox::new(SandboxOptions {
        program: File::open("/proc/self/exe").expect("the running program can be opened"),
        memory_mb: 1024,
        cpu_s: 10,
        time: Duration::from_secs(90),
        children: 1,
        program_waiters: 1,
        files: 5_000,
        idle: Duration::from_secs(3600),
        scratch_folder: std::env::temp_dir(),
        scratch_mb: 1024,
        // Every input is a file of its own.
        failures_folder: None,
        landlock: true,
        allow_without_landlock: false,
        probe: false,
    })
}

/// Lives as a child if that is what this process was started as.
fn start() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("decode-child") {
        counters::share_with_parent();
        // libFuzzer's hook would end it before a decoder could take a library's panic for a damaged file.
        drop(std::panic::take_hook());
        // Its way of ending is all that anybody looks at.
        std::process::exit(run_child(&child_options(arguments)).is_err().into());
    }
    faults::watch();
    LazyLock::force(&TARGET);
}

/// As the sandbox words them for the program's own command line.
fn child_options(mut arguments: impl Iterator<Item = String>) -> ChildOptions {
    let mut options = ChildOptions {
        needs: Needs::Nothing,
        memory_bytes: 0,
        scratch: None,
        scratch_bytes: 0,
        without_landlock: false,
        probe: false,
    };
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        match name.as_str() {
            "--needs" => options.needs = needs_named(&value).expect("a need"),
            "--memory-mb" => options.memory_bytes = value.parse::<u64>().expect("a number") << 20,
            "--scratch" => options.scratch = Some(value.into()),
            "--scratch-mb" => options.scratch_bytes = value.parse::<u64>().expect("a number") << 20,
            _ => panic!("{name} is not known here"),
        }
    }
    options
}

fuzz_target!(init: start(), |bytes: &[u8]| {
    // The first byte says what is wanted, so that this is varied, too.
    let Some((&choice, file)) = bytes.split_first() else { return };
    let page = u32::from(choice & 3) + 1;
    let min_scale = if choice & 8 == 0 { 1.0 } else { 0.3 };
    let want = |width: u32, height: u32| {
        let region = if choice & 4 == 0 {
            Region::full(width, height)
        } else {
            Region { x: width / 3, y: height / 3, width: width / 2, height: height / 2 }
        };
        Want { region, min_scale }
    };
    if let Ok(decoded) = TARGET.read(file, page, want) {
        let image = decoded.image;
        let len = image.width as usize * image.height as usize * image.bands();
        let found = match &image.samples {
            Samples::U8(samples) => samples.len(),
            Samples::U16(samples) => samples.len(),
        };
        assert_eq!(found, len, "a picture has as many samples as its size says");
        let scale = decoded.scale.0.min(decoded.scale.1);
        assert!(scale > 0.0 && scale >= min_scale * 0.999);
    }
});
