//! What it takes to move a large installation: the import from the server that this one succeeds, a
//! backup, and its restoration; time, and the most memory that the program had. And what it takes to move
//! one folder with as many images.
//!
//! ```text
//! cargo bench --bench moving -- [--images N] [--folders N] [--users N] [folder]
//! ```
//!
//! With `folder`, only the latter.
//!
//! The databases are made here, on a PostgreSQL cluster of its own (Debian package `postgresql`) with
//! the settings of a new installation, and a file of SQLite.

// Helpers of a benchmark fail by panicking: figures from a run with a fault are worth nothing.

mod folder;
#[path = "../../tests/support/mod.rs"]
mod support;
mod there;

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::cluster::Cluster;
use support::files::temp_dir;
use support::halftone::{binary, run};
use there::Size;

/// Between two looks at a process.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    let (size, only_folder) = arguments();
    let cluster = Cluster::start();
    for (name, url) in [("PostgreSQL", cluster.database("folder")), ("SQLite", String::new())] {
        folder::measure(name, &url, size.images);
    }
    if only_folder {
        return;
    }
    let there = cluster.database("there");
    there::make(&there, size);
    println!("{} images, {} folders, {} users", size.images, size.folders, size.users);
    println!("{:44}{:>10}{:>12}{:>12}", "", "seconds", "peak MB", "file MB");
    for (name, urls) in [
        ("PostgreSQL", [cluster.database("here"), cluster.database("again")]),
        ("SQLite", [String::new(), String::new()]),
    ] {
        move_all(name, &there, &urls, size);
    }
}

fn move_all(name: &str, there: &str, urls: &[String; 2], size: Size) {
    let dir = temp_dir();
    let configs = urls.each_ref().map(|url| site(dir.path(), url));
    let [here, again] = configs.each_ref().map(|path| path.to_str().unwrap());
    run(&["migrate", "--config", here]);
    let import = ["import", "qis", "--database", there, "--config", here];
    let with = |more: &'static str| [&import[..], &[more]].concat();
    let step = |what: &str, arguments: &[&str]| {
        let measured = measure(arguments);
        println!(
            "{:44}{:>10.1}{:>12.0}",
            format!("{name}: {what}"),
            measured.time.as_secs_f64(),
            measured.peak_mb
        );
        measured.said
    };
    for (what, arguments) in
        [("dry run of the import", with("--dry-run")), ("import", import.to_vec())]
    {
        let said = step(what, &arguments);
        let line =
            said.lines().find(|line| line.starts_with("images ")).expect("it tells of images");
        let new: Option<usize> = line.split_whitespace().nth(1).and_then(|n| n.parse().ok());
        assert_eq!(new, Some(size.images), "{said}");
    }
    step("the same import again", &import);
    let file = dir.path().join("backup.gz");
    let file = file.to_str().unwrap();
    step("backup", &["backup", file, "--config", here]);
    step("restore", &["restore", file, "--config", again]);
    let length = fs::metadata(file).unwrap().len();
    println!("{:44}{:>34.1}", format!("{name}: the backup"), length as f64 / 1e6);
}

/// Settings of a site of its own; without a URL, on SQLite.
fn site(dir: &Path, url: &str) -> std::path::PathBuf {
    let number = fs::read_dir(dir).unwrap().count();
    let own = dir.join(format!("site-{number}"));
    fs::create_dir_all(own.join("images")).unwrap();
    let url = match url {
        "" => format!("sqlite:{}", own.join("halftone.db").display()),
        url => url.to_owned(),
    };
    let text = format!(
        "images_dir = '{0}/images'\ndata_dir = '{0}/data'\ndatabase = '{url}'\n",
        own.display()
    );
    let path = own.join("halftone.toml");
    fs::write(&path, text).unwrap();
    path
}

struct Measured {
    time: Duration,
    peak_mb: f64,
    said: String,
}

/// Runs the program to its end.
fn measure(arguments: &[&str]) -> Measured {
    let mut command = binary();
    let start = Instant::now();
    let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut out, &mut said).unwrap();
        said
    });
    let mut peak_mb = 0.0_f64;
    let status = loop {
        peak_mb = peak_mb.max(peak_of(child.id()).unwrap_or(0.0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(LOOK);
    };
    let (time, said) = (start.elapsed(), reader.join().unwrap());
    assert!(status.success(), "{arguments:?}: {status}\n{said}");
    Measured { time, peak_mb, said }
}

/// The most megabytes (2²⁰) that a process had, as the kernel noted; none once it has ended.
fn peak_of(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kb: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kb / 1024.0)
}

/// How large it is to be, and whether only a folder is to move.
fn arguments() -> (Size, bool) {
    let mut size = Size { images: 100_000, folders: 5_000, users: 1_000 };
    let mut only_folder = false;
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number =
            || words.next().and_then(|n| n.parse().ok()).expect("a number follows the option");
        match word.as_str() {
            "--images" => size.images = number(),
            "--folders" => size.folders = number(),
            "--users" => size.users = number(),
            "folder" => only_folder = true,
            // What cargo adds by itself.
            "--bench" => {}
            other => panic!("unknown argument {other}"),
        }
    }
    (size, only_folder)
}
