//! What cannot be saved: libjpeg-turbo decodes to the smallest eighth that is not below the width, and
//! encodes, and nothing else.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

/// Bytes of the result of such a width, as many pixels as it has.
pub fn least(jpeg: &[u8], width: u32) -> usize {
    let width = width as usize;
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
    (image.width, image.height) = (width, scaled.height * width / scaled.width);
    let mut compressor = Compressor::new().expect("libjpeg-turbo starts");
    compressor.set_quality(80).expect("a quality");
    compressor.set_subsamp(Subsamp::Sub2x2).expect("a subsampling");
    compressor.compress_to_vec(image.as_deref()).expect("it compresses").len()
}

/// CPU time of this thread.
pub fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call fills in the struct that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
