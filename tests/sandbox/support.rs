//! Sandboxes for tests, and their answers.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use halftone::pixel::decode::{Decoded, Input, Isolation as _, Opening, Source, Want};
use halftone::pixel::{Cancel, Error, Format, Limits};
use halftone::sandbox::{Sandbox, SandboxOptions, has_landlock};

/// Children of the binary under test, with bounds that tests can wait for.
pub fn options() -> SandboxOptions {
    assert!(has_landlock(), "these tests take a kernel with landlock");
    SandboxOptions {
        program: File::open(env!("CARGO_BIN_EXE_halftone")).unwrap(),
        memory_mb: 1024,
        cpu_s: 20,
        time: Duration::from_secs(120),
        children: 2,
        program_waiters: 8,
        files: 50,
        idle: Duration::from_secs(60),
        scratch_folder: std::env::temp_dir(),
        scratch_mb: 64,
        failures_folder: None,
        landlock: true,
        allow_without_landlock: false,
        probe: false,
    }
}

/// Children that try what they are told.
pub fn probes() -> SandboxOptions {
    SandboxOptions { probe: true, ..options() }
}

/// A format whose decoder needs nothing, fonts, or a program.
pub const KINDS: [Format; 3] = [Format::Pdf, Format::Svg, Format::Postscript];

/// A file of the system with this content, without a name.
pub fn file(bytes: &[u8]) -> Input {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Input::of_file(file, bytes.len() as u64, None).unwrap()
}

/// Bytes in memory.
pub fn memory(bytes: &[u8]) -> Input {
    Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None)
}

/// Has a probe do something, as a child for this format.
pub fn open(sandbox: &Sandbox, format: Format, act: &str) -> Result<Source, Error> {
    sandbox.open(file(act.as_bytes()), format, &Opening::default(), &Limits::default())
}

/// The same with a file that has a name, and so may be asked for again.
pub fn open_named(sandbox: &Sandbox, path: &Path) -> Result<Source, Error> {
    let file = File::open(path).unwrap();
    let len = file.metadata().unwrap().len();
    let input = Input::of_file(file, len, None).unwrap();
    sandbox.open(input, Format::Pdf, &Opening::default(), &Limits::default())
}

/// All pixels of what was opened.
pub fn decode(source: Source) -> Result<Decoded, Error> {
    let want = Want::everything(source.info().width, source.info().height);
    source.decode(&want, &Limits::default(), &Cancel::never())
}

/// What a probe has to say of its attempt.
#[track_caller]
pub fn tell(sandbox: &Sandbox, format: Format, act: &str) -> String {
    match open(sandbox, format, act) {
        Err(Error::Unsupported(text)) => text,
        Err(other) => panic!("{act}: {other}"),
        Ok(_) => panic!("{act}: a picture"),
    }
}

/// Fails unless the next picture can be read.
#[track_caller]
pub fn assert_works(sandbox: &Sandbox) {
    let decoded = decode(open(sandbox, Format::Pdf, "fine").unwrap()).unwrap();
    assert_eq!((decoded.image.width, decoded.image.height), (16, 16));
}

/// Waits until something holds.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < until, "{what} in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}
