//! A full disk, a killed process, a dropped connection: the old file stands, and no half one is ever
//! to be seen.
//!
//! What takes a process down is done to a process of its own: this test program again, which is told
//! by its environment to do one upload.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use halftone::library::{Caller, Error, NewFile, Overwrite};
use halftone::source::FolderPath;

use crate::bench::{Bench, library_at, options, png, put};
use crate::setup::{TestDb, wait_for};

/// The folder of the process that uploads.
const ROOT: &str = "HALFTONE_TEST_UPLOAD_ROOT";

/// Bytes without an end.
struct Endless;

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(b'x');
        Ok(into.len())
    }
}

/// Some bytes, and then no more for ever.
struct Stuck<'a>(&'a [u8]);

impl Read for Stuck<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => loop {
                std::thread::park();
            },
            read => Ok(read),
        }
    }
}

/// Does nothing as one of the tests. As the process of another it replaces a file, and says what came
/// of it.
#[test]
fn uploading_process() {
    let Ok(root) = std::env::var(ROOT) else { return };
    let test = TestDb::sqlite();
    let library = library_at(test.migrated().clone(), Path::new(&root), options());
    let folder = FolderPath::default();
    let new = NewFile { folder: &folder, name: "x.png", overwrite: Overwrite::Yes };
    let bytes = png(50, 50);
    let mut from: Box<dyn Read> = match std::env::var("HALFTONE_TEST_UPLOAD").as_deref() {
        Ok("endless") => Box::new(Endless),
        _ => Box::new(Stuck(&bytes[..30])),
    };
    match library.put(&Caller::System, &new, &mut from) {
        Err(Error::Full) => println!("the disk is full"),
        other => println!("{other:?}"),
    }
}

fn uploading(root: &Path, what: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("sh");
    // 4,096 blocks of 512 bytes; the signal would end the process before it sees the error.
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"])
        .arg(program)
        .args(["--exact", "broken::uploading_process", "--nocapture"])
        .env(ROOT, root)
        .env("HALFTONE_TEST_UPLOAD", what)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    command
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("x.png"), "the old file").unwrap();
    let output = uploading(root.path(), "endless").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("the disk is full"), "{said}");
    assert_eq!(fs::read(root.path().join("x.png")).unwrap(), b"the old file");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn a_killed_process_leaves_the_old_file_and_only_hidden_rubbish() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("x.png"), "the old file").unwrap();
    let mut process = uploading(root.path(), "stuck").spawn().unwrap();
    let names = || -> Vec<String> {
        let entries = fs::read_dir(root.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    wait_for("the upload to begin", || {
        names().iter().any(|name| {
            name != "x.png"
                && fs::metadata(root.path().join(name)).is_ok_and(|file| file.len() == 30)
        })
    });
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!(fs::read(root.path().join("x.png")).unwrap(), b"the old file");
    let left = names();
    assert!(left.iter().all(|name| name == "x.png" || name.starts_with('.')), "{left:?}");
}

crate::on_both!(a_dropped_connection_leaves_nothing, a_database_that_is_away_loses_no_file);

fn a_dropped_connection_leaves_nothing(bench: &Bench) {
    struct Dropped(usize);
    impl Read for Dropped {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::UnexpectedEof)?;
            into[..4].copy_from_slice(b"\x89PNG");
            Ok(4)
        }
    }
    bench.write("x.png", b"the old file");
    let folder = FolderPath::default();
    let new = NewFile { folder: &folder, name: "x.png", overwrite: Overwrite::Yes };
    let sent = bench.library.put(&Caller::System, &new, &mut Dropped(1000));
    assert!(matches!(sent, Err(Error::BrokenOff)), "{sent:?}");
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), b"the old file");
    assert_eq!(bench.tree().len(), 1);
}

fn a_database_that_is_away_loses_no_file(bench: &Bench) {
    bench.write("x.png", b"the old file");
    let library = library_at(bench.test.open_impatient(), &bench.root(), options());
    {
        let _away = bench.test.take_away();
        let sent =
            put(&library, &Caller::System, "", "x.png", Overwrite::Yes, &png(1, 1)).unwrap_err();
        assert!(matches!(&sent, Error::Database(error) if error.is_unavailable()), "{sent}");
    }
    assert_eq!(fs::read(bench.root().join("x.png")).unwrap(), b"the old file");
    assert!(!bench.has_unfinished());
    bench.put("", "x.png", Overwrite::Yes).unwrap();
    let items = bench.library.recycled(&Caller::System, 0, 10).unwrap().0;
    assert_eq!(items.len(), 1, "only the upload that was done has left something");
}
