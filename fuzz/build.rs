//! Links as the program does: see its own build script.

fn main() {
    println!("cargo:rustc-link-arg=-Wl,--exclude-libs,ALL");
}
