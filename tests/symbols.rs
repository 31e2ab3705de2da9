//! Shared libraries of the system find nothing of the program's own.
//!
//! LibRaw is linked and libjxl loaded, and both use the system's lcms2. If the program let them see
//! the functions of its own, they would hand one library's profiles to the other.

use std::process::Command;

#[test]
fn the_program_offers_no_functions_to_libraries() {
    let output = Command::new("nm")
        .args(["--dynamic", "--defined-only", env!("CARGO_BIN_EXE_halftone")])
        .output()
        .expect("binutils are installed with the compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    // And the test would see them if there were any.
    let libc = Command::new("nm")
        .args(["--dynamic", "--undefined-only", env!("CARGO_BIN_EXE_halftone")])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&libc.stdout).contains("LibRaw"));
}
