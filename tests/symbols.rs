//! Shared libraries of the system find nothing of the program's own.
//!
//! LibRaw is linked and libjxl loaded, and both use the system's lcms2. If the program let them see
//! the functions of its own, they would hand one library's profiles to the other.

use std::path::Path;
use std::process::Command;

/// What a program offers to the libraries that it loads, as `nm` lists it.
fn offered(program: &Path) -> String {
    let output = Command::new("nm")
        .args(["--dynamic", "--defined-only"])
        .arg(program)
        .output()
        .expect("binutils are installed with the compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_program_offers_no_functions_to_libraries() {
    assert_eq!(offered(Path::new(env!("CARGO_BIN_EXE_halftone"))), "");
}

#[test]
fn a_program_that_offers_one_would_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("open.c"), folder.path().join("open"));
    std::fs::write(&source, "int cmsOpened(void) { return 0; }\nint main(void) { return 0; }\n")
        .unwrap();
    let compiled = Command::new("cc")
        .arg("-rdynamic")
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .output()
        .expect("a C compiler is needed to build the program, too");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    assert!(offered(&program).contains("cmsOpened"));
}
