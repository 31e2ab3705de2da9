//! Children that misbehave: each costs its picture, none costs the next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use halftone::pixel::decode::Want;
use halftone::pixel::{Cancel, Error, Format, Limits};
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{assert_works, decode, file, memory, open, probes, wait_until};

#[test]
fn a_child_that_crashes_makes_the_file_malformed() {
    let sandbox = Sandbox::new(probes());
    for act in ["segv", "abort", "stack", "exit", "memory-abort"] {
        let result = open(&sandbox, Format::Pdf, act).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{act}: {result:?}");
        assert_works(&sandbox);
    }
    let source = open(&sandbox, Format::Pdf, "crash-later").unwrap();
    assert!(matches!(decode(source), Err(Error::Malformed(_))));
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
    let time = Duration::from_secs(2);
    let sandbox = Sandbox::new(SandboxOptions { time, ..probes() });
    // Once, so that starting a child does not count.
    assert_works(&sandbox);
    for act in ["hang", "cpu"] {
        let start = Instant::now();
        let result = open(&sandbox, Format::Pdf, act).map(drop);
        assert!(matches!(result, Err(Error::Limit(_))), "{act}: {result:?}");
        assert!((time..time * 5).contains(&start.elapsed()), "{act}: {:?}", start.elapsed());
    }
    for act in ["hang-later", "short"] {
        let result = decode(open(&sandbox, Format::Pdf, act).unwrap()).map(drop);
        assert!(matches!(result, Err(Error::Limit(_))), "{act}: {result:?}");
    }
    assert_works(&sandbox);
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
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(sandbox.children(), 0);
    assert_works(&sandbox);
}

#[test]
fn bytes_in_memory_are_handed_over_like_files() {
    use halftone::pixel::decode::{Isolation as _, Opening};
    let sandbox = Sandbox::new(probes());
    for input in [file(b"fine"), memory(b"fine")] {
        let opened = sandbox.open(input, Format::Pdf, &Opening::default(), &Limits::default());
        assert!(decode(opened.unwrap()).is_ok());
    }
}
