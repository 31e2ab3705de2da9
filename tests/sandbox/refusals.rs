//! What a child cannot do, whatever its decoders need.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use halftone::pixel::Format;
use halftone::sandbox::{Sandbox, SandboxOptions};

use crate::support::{KINDS, assert_works, open, probes, tell};

const EPERM: &str = "refused, 1";
const EACCES: &str = "refused, 13";

#[track_caller]
fn assert_refused(sandbox: &Sandbox, format: Format, act: &str) {
    let told = tell(sandbox, format, act);
    assert!(told.ends_with(EPERM) || told.ends_with(EACCES), "{format:?}: {told}");
}

#[test]
fn files_beside_the_input_stay_closed() {
    let sandbox = Sandbox::new(probes());
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "a secret").unwrap();
    let (secret, new) = (secret.display(), folder.path().join("new"));
    for format in KINDS {
        for act in [
            format!("read {secret}"),
            "read /etc/passwd".to_owned(),
            "read /proc/self/environ".to_owned(),
            "list /".to_owned(),
            format!("list {}", folder.path().display()),
            format!("write {secret}"),
            format!("write {}", new.display()),
            "write /dev/shm/halftone-probe".to_owned(),
            format!("remove {secret}"),
        ] {
            assert_refused(&sandbox, format, &act);
        }
    }
    assert_eq!(fs::read_to_string(folder.path().join("secret")).unwrap(), "a secret");
    assert!(!new.exists());
    assert_works(&sandbox);
}

#[test]
fn fonts_are_read_only_by_those_that_need_them() {
    let sandbox = Sandbox::new(probes());
    assert_refused(&sandbox, Format::Pdf, "list /usr/share/fonts");
    assert!(tell(&sandbox, Format::Svg, "list /usr/share/fonts").starts_with("list: done"));
    assert_refused(&sandbox, Format::Svg, "write /usr/share/fonts/halftone-probe");
    assert_refused(&sandbox, Format::Svg, "list /usr/share");
}

#[test]
fn nobody_can_be_spoken_to() {
    let sandbox = Sandbox::new(probes());
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let unix = UnixListener::bind(&socket).unwrap();
    for format in KINDS {
        for act in [
            format!("connect {}", tcp.local_addr().unwrap()),
            format!("connect-unix {}", socket.display()),
            "listen".to_owned(),
            "udp".to_owned(),
        ] {
            assert_refused(&sandbox, format, &act);
        }
    }
    tcp.set_nonblocking(true).unwrap();
    unix.set_nonblocking(true).unwrap();
    assert!(tcp.accept().is_err() && unix.accept().is_err());
}

#[test]
fn no_process_can_be_started_by_decoders_in_the_child() {
    let sandbox = Sandbox::new(probes());
    for format in [Format::Pdf, Format::Svg] {
        for act in ["fork", "spawn /usr/bin/true", "exec /usr/bin/true", "code"] {
            assert_refused(&sandbox, format, act);
        }
    }
}

#[test]
fn only_its_tool_can_be_started_by_a_child_that_has_one() {
    let sandbox = Sandbox::new(probes());
    assert_refused(&sandbox, Format::Postscript, "spawn /usr/bin/true");
    assert_refused(&sandbox, Format::Postscript, "exec /bin/sh");
    assert_refused(&sandbox, Format::Xcf, "spawn /usr/bin/gs");
    // Without arguments it reads its standard input, which is a socket: it ends one way or another.
    let told = tell(&sandbox, Format::Postscript, "spawn-idle /usr/bin/gs");
    assert!(told.contains("done"), "{told}");
}

#[test]
fn a_program_cannot_leave_the_sight_of_who_measures_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let scratch_folder = folder.path().to_owned();
    let sandbox = Sandbox::new(SandboxOptions { scratch_folder, ..probes() });
    // The child's own scratch folder is where it may write.
    for act in ["scratch-remove", "scratch-nameless", "scratch-folder"] {
        assert_refused(&sandbox, Format::Postscript, act);
    }
    let told = tell(&sandbox, Format::Postscript, "scratch-write");
    assert!(told.contains("done"), "{told}");
}

#[test]
fn a_program_stays_one_process() {
    let sandbox = Sandbox::new(probes());
    let told = tell(&sandbox, Format::Postscript, "fork-confined");
    assert!(told.ends_with(EPERM), "{told}");
    let told = tell(&sandbox, Format::Postscript, "thread-confined");
    assert!(told.contains("done"), "{told}");
}

#[test]
fn nobody_else_can_be_meddled_with() {
    let sandbox = Sandbox::new(probes());
    for format in KINDS {
        for act in ["kill", "trace", "unlimit"] {
            assert_refused(&sandbox, format, act);
        }
        assert_eq!(tell(&sandbox, format, "descriptors"), "descriptors: done, 0");
    }
    assert!(open(&sandbox, Format::Pdf, "fine").is_ok());
}

#[test]
fn memory_ends_where_it_should() {
    let sandbox = Sandbox::new(probes());
    for format in KINDS {
        let told = tell(&sandbox, format, "memory");
        let megabytes: u32 = told.rsplit(' ').next().unwrap().parse().unwrap();
        assert!((256..=1024).contains(&megabytes), "{told}");
    }
}
