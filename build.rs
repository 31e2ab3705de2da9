//! Compiles the cover over LibRaw, whose structures only its own headers describe.

fn main() {
    const RAW: &str = "src/pixel/decode/raw/cover.cpp";
    println!("cargo:rerun-if-changed={RAW}");
    cc::Build::new().cpp(true).opt_level(2).warnings(true).file(RAW).compile("halftone_raw");
    // The re-entrant library, shared: its licence asks that it can be replaced.
    println!("cargo:rustc-link-lib=dylib=raw_r");
}
