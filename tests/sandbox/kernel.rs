//! Kernels that cannot take files away.

use halftone::pixel::{Error, Format};
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{assert_works, open, probes, tell};

#[test]
fn without_landlock_complex_formats_are_refused() {
    let sandbox = Sandbox::new(SandboxOptions { landlock: false, ..probes() });
    let Err(Error::Unsupported(text)) = open(&sandbox, Format::Svg, "fine").map(drop) else {
        panic!("it is read")
    };
    assert!(text.contains("SVG") && text.contains("landlock"), "{text}");
    assert_eq!(sandbox.children(), 0);
}

#[test]
fn without_landlock_they_are_read_when_that_is_allowed() {
    let options = SandboxOptions { landlock: false, allow_without_landlock: true, ..probes() };
    let sandbox = Sandbox::new(options);
    assert_works(&sandbox);
    // Calls are still few: files and connections are not among them.
    assert_eq!(tell(&sandbox, Format::Pdf, "read /etc/passwd"), "read: refused, 1");
    assert_eq!(tell(&sandbox, Format::Pdf, "connect 127.0.0.1:1"), "connect: refused, 1");
}
