//! What cannot be saved: libjpeg-turbo decodes to the smallest eighth that is not below the width, and
//! encodes, and nothing else.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::ask::Ask;

/// CPU milliseconds of all of it. Originals that are not JPEGs have no floor.
pub fn measure(original: &[u8], asks: &[Ask]) -> f64 {
    if !original.starts_with(&[0xff, 0xd8]) {
        return 0.0;
    }
    let before = cpu_ms();
    for ask in asks {
        assert!(least(original, ask.width as usize) > 500, "no picture");
    }
    cpu_ms() - before
}

fn least(jpeg: &[u8], width: usize) -> usize {
    let mut decompressor = Decompressor::new().expect("libjpeg-turbo starts");
    let header = decompressor.read_header(jpeg).expect("a JPEG");
    let factor = (1..=8)
        .map(|eighths| ScalingFactor::new(eighths, 8))
        .find(|factor| factor.scale(header.width) >= width)
        .expect("the original is wide enough");
    decompressor.set_scaling_factor(factor).expect("an eighth");
    let scaled = header.scaled(factor);
    let mut image = Image {
        pixels: vec![0; scaled.width * scaled.height * 3],
        width: scaled.width,
        pitch: scaled.width * 3,
        height: scaled.height,
        format: PixelFormat::RGB,
    };
    decompressor.decompress(jpeg, image.as_deref_mut()).expect("a sound JPEG");
    // As many pixels as the result has.
    (image.width, image.height) = (width, scaled.height * width / scaled.width);
    let mut compressor = Compressor::new().expect("libjpeg-turbo starts");
    compressor.set_quality(80).expect("a quality");
    compressor.set_subsamp(Subsamp::Sub2x2).expect("a subsampling");
    compressor.compress_to_vec(image.as_deref()).expect("it compresses").len()
}

/// CPU time of this thread.
fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills in the struct that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
