//! How many children there are, how long they live, and with whom they end.

use std::path::Path;
use std::time::Duration;

use halftone::pixel::decode::{Isolation as _, Opening, Source};
use halftone::pixel::{Error, Format, Limits};
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{assert_works, decode, memory, open, options, probes, wait_until};

#[test]
fn a_child_is_kept_and_used_again() {
    let sandbox = Sandbox::new(probes());
    assert_eq!(sandbox.children(), 0);
    for _ in 0..5 {
        assert_works(&sandbox);
        assert_eq!(sandbox.children(), 1);
    }
}

#[test]
fn a_child_is_replaced_after_its_files() {
    let sandbox = Sandbox::new(SandboxOptions { files: 2, ..probes() });
    assert_works(&sandbox);
    assert_eq!(sandbox.children(), 1);
    assert_works(&sandbox);
    assert_eq!(sandbox.children(), 0);
    assert_works(&sandbox);
}

#[test]
fn idle_children_end() {
    let idle = Duration::from_millis(200);
    let sandbox = Sandbox::new(SandboxOptions { idle, ..probes() });
    assert_works(&sandbox);
    wait_until("the child has ended", || sandbox.children() == 0);
    assert_works(&sandbox);
    wait_until("the next child has ended", || sandbox.children() == 0);
}

#[test]
fn a_file_that_is_refused_costs_no_child() {
    let sandbox = Sandbox::new(options());
    for _ in 0..3 {
        let (opening, limits) = (Opening::default(), Limits::default());
        let input = memory(b"%PDF-1.4, and no more of it");
        let refused = sandbox.open(input, Format::Pdf, &opening, &limits).map(drop);
        assert!(matches!(refused, Err(Error::Malformed(_))), "{refused:?}");
        assert_eq!(sandbox.children(), 1);
    }
}

#[test]
fn more_files_are_open_than_there_are_children() {
    let sandbox = Sandbox::new(SandboxOptions { children: 2, ..probes() });
    let kinds = [Format::Pdf, Format::Pdf, Format::Svg, Format::Pdf, Format::Svg];
    let opened: Vec<Source> =
        kinds.iter().map(|format| open(&sandbox, *format, "fine").unwrap()).collect();
    assert_eq!(sandbox.children(), 2);
    for source in opened {
        assert!(decode(source).is_ok());
        assert!(sandbox.children() <= 2);
    }
}

#[test]
fn threads_share_few_children() {
    let sandbox = Sandbox::new(SandboxOptions { children: 2, ..probes() });
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_works(&sandbox);
                }
            });
        }
    });
    assert!((1..=2).contains(&sandbox.children()));
}

#[test]
fn children_and_their_scratch_folders_go_with_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    let scratch_folder = folder.path().to_owned();
    let sandbox = Sandbox::new(SandboxOptions { scratch_folder, ..probes() });
    assert!(open(&sandbox, Format::Postscript, "fine").is_ok());
    assert_eq!(scratch(folder.path()), 1);
    drop(sandbox);
    assert_eq!(scratch(folder.path()), 0);
}
