//! Children that misbehave: each costs its picture, none costs the next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use halftone::pixel::decode::{Isolation as _, Opening, Want};
use halftone::pixel::{Cancel, Error, Format, Limits};
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{
    KINDS, assert_works, decode, file, memory, open, open_named, probes, wait_until,
};

#[test]
fn a_child_that_crashes_makes_the_file_malformed() {
    let sandbox = Sandbox::new(probes());
    for act in ["segv", "abort", "stack", "exit", "panic"] {
        let result = open(&sandbox, Format::Pdf, act).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{act}: {result:?}");
        assert_works(&sandbox);
    }
    let source = open(&sandbox, Format::Pdf, "crash-later").unwrap();
    assert!(matches!(decode(source), Err(Error::Malformed(_))));
    assert_works(&sandbox);
}

#[test]
fn a_child_that_gets_no_more_memory_makes_the_file_too_large() {
    let sandbox = Sandbox::new(probes());
    for format in KINDS {
        let Err(Error::Limit(text)) = open(&sandbox, format, "memory-abort").map(drop) else {
            panic!("{format:?}: it got 32 TB")
        };
        assert_eq!(text, "reading it takes too much memory", "{format:?}");
        assert_works(&sandbox);
    }
}

/// As the system does it when it has no memory left.
#[test]
fn a_child_that_is_killed_says_nothing_of_the_file() {
    let sandbox = Sandbox::new(probes());
    let result = open(&sandbox, Format::Pdf, "killed").map(drop);
    assert!(matches!(result, Err(Error::Memory)), "{result:?}");
    assert_works(&sandbox);
}

#[test]
fn a_child_that_lies_is_not_believed() {
    let sandbox = Sandbox::new(probes());
    for act in ["garbage", "lie-format"] {
        let result = open(&sandbox, Format::Pdf, act).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{act}: {result:?}");
        assert_works(&sandbox);
    }
    let result = open(&sandbox, Format::Pdf, "lie-header").map(drop);
    assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    for act in ["lie-smaller", "lie-elsewhere", "lie-deeper"] {
        let result = decode(open(&sandbox, Format::Pdf, act).unwrap()).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{act}: {result:?}");
        assert_works(&sandbox);
    }
    let result = decode(open(&sandbox, Format::Pdf, "lie-larger").unwrap()).map(drop);
    assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    assert_works(&sandbox);
}

#[test]
fn more_samples_than_announced_do_not_reach_the_next_picture() {
    let sandbox = Sandbox::new(SandboxOptions { children: 1, ..probes() });
    let long = decode(open(&sandbox, Format::Pdf, "long").unwrap()).unwrap();
    assert_eq!(long.image.samples.len(), 3 * 16 * 16);
    for _ in 0..3 {
        assert_works(&sandbox);
    }
}

#[test]
fn a_child_that_hangs_is_ended_in_time() {
    let time = Duration::from_secs(4);
    let sandbox = Sandbox::new(SandboxOptions { time, ..probes() });
    // Once, so that starting a child does not count.
    assert_works(&sandbox);
    for act in ["hang", "cpu"] {
        let start = Instant::now();
        let result = open(&sandbox, Format::Pdf, act).map(drop);
        assert!(matches!(result, Err(Error::Limit(_))), "{act}: {result:?}");
        assert!((time..time * 30).contains(&start.elapsed()), "{act}: {:?}", start.elapsed());
    }
    for act in ["hang-later", "short"] {
        let result = decode(open(&sandbox, Format::Pdf, act).unwrap()).map(drop);
        assert!(matches!(result, Err(Error::Limit(_))), "{act}: {result:?}");
    }
    assert_works(&sandbox);
}

#[test]
fn a_file_that_hung_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let time = Duration::from_secs(4);
    let failures_folder = Some(folder.path().join("failed"));
    let options = || SandboxOptions { time, failures_folder: failures_folder.clone(), ..probes() };
    let path = folder.path().join("file");
    std::fs::write(&path, "hang").unwrap();
    let sandbox = Sandbox::new(options());
    let first = open_named(&sandbox, &path).map(drop).unwrap_err();
    // Another process of the host would know it, too.
    for sandbox in [&sandbox, &Sandbox::new(options())] {
        let start = Instant::now();
        let again = open_named(sandbox, &path).map(drop).unwrap_err();
        assert!(start.elapsed() < time, "{:?}", start.elapsed());
        assert!(matches!(again, Error::Limit(_)), "{again}");
        assert_eq!(again.to_string(), first.to_string());
        assert_eq!(sandbox.children(), 0);
    }
    std::fs::write(&path, "fine").unwrap();
    assert!(open_named(&sandbox, &path).is_ok());
}

#[test]
fn pixels_that_hung_are_not_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let time = Duration::from_secs(4);
    let failures_folder = Some(folder.path().join("failed"));
    let sandbox = Sandbox::new(SandboxOptions { time, failures_folder, ..probes() });
    let path = folder.path().join("file");
    std::fs::write(&path, "hang-later").unwrap();
    let first = decode(open_named(&sandbox, &path).unwrap()).map(drop).unwrap_err();
    assert!(matches!(first, Error::Limit(_)), "{first}");
    let start = Instant::now();
    let again = decode(open_named(&sandbox, &path).unwrap()).map(drop).unwrap_err();
    assert!(start.elapsed() < time, "{:?}", start.elapsed());
    assert_eq!(again.to_string(), first.to_string());
}

#[test]
fn programs_that_hang_leave_the_others_alone() {
    let time = Duration::from_secs(8);
    let sandbox = Arc::new(Sandbox::new(SandboxOptions { time, children: 2, ..probes() }));
    let hanging: Vec<_> = (0..2)
        .map(|_| {
            let sandbox = Arc::clone(&sandbox);
            std::thread::spawn(move || open(&sandbox, Format::Postscript, "hang").map(drop))
        })
        .collect();
    wait_until("both are at work", || sandbox.children() == 2);
    for format in [Format::Pdf, Format::Svg] {
        assert!(decode(open(&sandbox, format, "fine").unwrap()).is_ok());
    }
    assert!(hanging.iter().all(|thread| !thread.is_finished()), "they still hang");
    for thread in hanging {
        let result = thread.join().unwrap();
        assert!(matches!(result, Err(Error::Limit(_))), "{result:?}");
    }
}

#[test]
fn who_waits_in_vain_for_a_program_is_told_to_come_back() {
    let time = Duration::from_secs(3);
    let options = SandboxOptions { time, children: 1, program_waiters: 0, ..probes() };
    let sandbox = Arc::new(Sandbox::new(options));
    let other = Arc::clone(&sandbox);
    let hanging = std::thread::spawn(move || open(&other, Format::Postscript, "hang").map(drop));
    wait_until("it is at work", || sandbox.children() == 1);
    let result = open(&sandbox, Format::Xcf, "fine").map(drop);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(matches!(hanging.join().unwrap(), Err(Error::Limit(_))));
    assert!(open(&sandbox, Format::Xcf, "fine").is_ok());
}

#[test]
fn a_child_that_computes_for_ever_is_ended_by_the_kernel() {
    let sandbox = Sandbox::new(SandboxOptions { cpu_s: 1, ..probes() });
    let Err(Error::Limit(text)) = open(&sandbox, Format::Pdf, "cpu").map(drop) else {
        panic!("it goes on")
    };
    assert!(text.contains("too much work"), "{text}");
    // The bound is for each picture, not for the child's whole life.
    for _ in 0..3 {
        assert_works(&sandbox);
    }
}

#[test]
fn a_call_that_is_called_off_ends_the_child() {
    let sandbox = Sandbox::new(probes());
    let source = open(&sandbox, Format::Pdf, "hang-later").unwrap();
    let cancel = Arc::new(Cancel::never());
    let other = Arc::clone(&cancel);
    let started = Instant::now();
    let thread = std::thread::spawn(move || {
        source.decode(&Want::everything(16, 16), &Limits::default(), &other).map(drop)
    });
    wait_until("it is at work", || started.elapsed() > Duration::from_millis(100));
    cancel.cancel();
    assert!(matches!(thread.join().unwrap(), Err(Error::Cancelled)));
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(sandbox.children(), 0);
    assert_works(&sandbox);
}

/// While it reads the header, and while it says how much the pixels take.
#[test]
fn what_is_asked_before_the_pixels_can_be_called_off() {
    for (act, opens) in [("hang", false), ("hang-between", true)] {
        let sandbox = Arc::new(Sandbox::new(probes()));
        assert_works(&sandbox);
        let cancel = Arc::new(Cancel::never());
        let input = file(act.as_bytes()).wanted_until(&cancel);
        let other = Arc::clone(&sandbox);
        let (tell, opened) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let source = other.open(input, Format::Pdf, &Opening::default(), &Limits::default());
            tell.send(source.is_ok()).unwrap();
            source.map(|source| source.held_pixels(&Want::everything(16, 16)))
        });
        if opens {
            assert!(opened.recv().unwrap(), "{act}");
        }
        let started = Instant::now();
        wait_until("it is at work", || started.elapsed() > Duration::from_millis(100));
        assert!(!thread.is_finished(), "{act}");
        cancel.cancel();
        match thread.join().unwrap() {
            // Decoding will tell.
            Ok(held) => assert!(opens && held == 256, "{act}: {held}"),
            Err(error) => assert!(!opens && matches!(error, Error::Cancelled), "{act}: {error}"),
        }
        assert_eq!(sandbox.children(), 0, "{act}");
        assert!(started.elapsed() < Duration::from_secs(60), "{act}");
    }
}

#[test]
fn bytes_in_memory_are_handed_over_like_files() {
    let sandbox = Sandbox::new(probes());
    for input in [file(b"fine"), memory(b"fine")] {
        let opened = sandbox.open(input, Format::Pdf, &Opening::default(), &Limits::default());
        assert!(decode(opened.unwrap()).is_ok());
    }
}
