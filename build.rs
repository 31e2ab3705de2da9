//! Compiles the covers over what only C's headers describe, or only C can call, and sees that there is
//! what browsers are given.

use std::path::Path;
use std::process::exit;

use cc::Build;

fn main() {
    // What is fuzzed (fuzz/Cargo.toml) is the reading of files alone.
    if std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == "halftone") {
        assets();
    }
    // What is linked in stays in: shared libraries that were built against others of the same names
    // (LibRaw, libjxl: lcms2) must not find ours.
    println!("cargo:rustc-link-arg=-Wl,--exclude-libs,ALL");
    raw();
    jpeg();
}

/// The program takes in what `scripts/assets` builds from `web/src`.
fn assets() {
    const FOLDER: &str = "web/dist";
    println!("cargo:rerun-if-changed={FOLDER}/manifest.json");
    if !Path::new(FOLDER).join("manifest.json").is_file() {
        eprintln!("error: {FOLDER} is missing: run scripts/assets (needs Node 18 or newer)");
        exit(1);
    }
}

/// The cover over LibRaw, whose structures only its own headers describe.
fn raw() {
    const SOURCE: &str = "src/pixel/decode/raw/cover.cpp";
    println!("cargo:rerun-if-changed={SOURCE}");
    Build::new().cpp(true).opt_level(2).warnings(true).file(SOURCE).compile("halftone_raw");
    // The re-entrant library, shared: its licence asks that it can be replaced.
    println!("cargo:rustc-link-lib=dylib=raw_r");
}

/// The cover over libjpeg-turbo's decoder, which needs `setjmp`, and what it puts in place of parts.
fn jpeg() {
    const FOLDER: &str = "src/pixel/decode/jpeg";
    let sources = ["shrink.c", "entropy.c"].map(|name| format!("{FOLDER}/{name}"));
    println!("cargo:rerun-if-changed={FOLDER}/entropy.h");
    sources.iter().for_each(|source| println!("cargo:rerun-if-changed={source}"));
    let headers = std::env::var("DEP_TURBOJPEG_INCLUDE").expect("turbojpeg-sys names its headers");
    let mut build = Build::new();
    build.includes(headers.split(',')).opt_level(3).std("c11").warnings(true).files(sources);
    build.compile("halftone_jpeg");
}
