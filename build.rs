//! Compiles the one file of C: the cover over libjpeg-turbo's decoder, which needs `setjmp`.

fn main() {
    const SOURCE: &str = "src/pixel/decode/jpeg/shrink.c";
    println!("cargo:rerun-if-changed={SOURCE}");
    let headers = std::env::var("DEP_TURBOJPEG_INCLUDE").expect("turbojpeg-sys names its headers");
    let mut build = cc::Build::new();
    build.includes(headers.split(',')).opt_level(3).std("c11").warnings(true).file(SOURCE);
    build.compile("halftone_jpeg");
}
