//! Pictures for tests: patterns made here, files made by ImageMagick from them.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use super::{Decoded, Input, Opening, Source, Want};
use crate::pixel::{Cancel, ColourSpace, Depth, Format, Image, Limits, Result, Samples};

/// Runs Debian's ImageMagick on `input` and returns what it writes.
pub fn magick(args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("/usr/bin/convert")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Debian's imagemagick is installed");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may stop reading early; what it then says of it is in its exit status.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "convert {args:?}: {complaint}");
    output.stdout
}

/// A file that ImageMagick makes from an 8-bit pattern of `magick_format` (`rgb`, `gray`, `rgba`, `cmyk`).
pub fn file(pixels: &[u8], (w, h): (u32, u32), magick_format: &str, args: &[&str]) -> Vec<u8> {
    let size = format!("{w}x{h}");
    let input = format!("{magick_format}:-");
    let mut all = vec!["-size", &size, "-depth", "8", &input];
    all.extend_from_slice(args);
    magick(&all, pixels)
}

/// What ImageMagick reads from a file, as raw 8-bit samples.
pub fn read_by_magick(file: &[u8], input: &str, magick_format: &str) -> Vec<u8> {
    magick(&[&format!("{input}:-"), "-depth", "8", &format!("{magick_format}:-")], file)
}

/// Smooth in every band, different in each, with no symmetry: wrong order or place shows.
pub fn pattern(width: u32, height: u32, bands: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for band in 0..bands {
                let (fx, fy) = (f64::from(x), f64::from(y));
                let wave = (fx * (0.07 + 0.02 * band as f64) + fy * 0.11 + band as f64).sin();
                let slope = fx / f64::from(width) - 0.5 * fy / f64::from(height);
                out.push((128.0 + 70.0 * wave + 50.0 * slope).round().clamp(0.0, 255.0) as u8);
            }
        }
    }
    out
}

/// The pattern as a picture.
pub fn picture(width: u32, height: u32, space: ColourSpace, alpha: bool, depth: Depth) -> Image {
    let mut image = Image::try_new(width, height, space, alpha, depth).unwrap();
    let values = pattern(width, height, image.bands());
    match &mut image.samples {
        Samples::U8(samples) => samples.copy_from_slice(&values),
        Samples::U16(samples) => {
            // The low byte differs from the high one, so that byte order and loss of depth show.
            for (at, (sample, value)) in samples.iter_mut().zip(values).enumerate() {
                *sample = u16::from(value) << 8 | (at * 7 % 256) as u16;
            }
        }
    }
    image
}

pub fn open(file: &[u8], page: u32) -> Result<Source> {
    open_limited(file, page, &Limits::default())
}

pub fn open_limited(file: &[u8], page: u32, limits: &Limits) -> Result<Source> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    Source::open(input, &Opening { page, ..Opening::default() }, limits, None)
}

pub fn open_named(file: &[u8], named: Option<Format>) -> Result<Source> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, named);
    Source::open(input, &Opening::default(), &Limits::default(), None)
}

/// Opens here, whatever the format, and decodes what is wanted.
pub fn decode_named_want(file: &[u8], format: Format, want: &Want) -> Result<Decoded> {
    open_here(file, format, &Opening::default())?.decode(want, &Limits::default(), &Cancel::never())
}

/// Opens here, whatever the format, and decodes everything at full scale.
pub fn decode_named(file: &[u8], format: Format) -> Result<Image> {
    let source = open_here(file, format, &Opening::default())?;
    let want = Want::everything(source.info().width, source.info().height);
    Ok(source.decode(&want, &Limits::default(), &Cancel::never())?.image)
}

/// Opens in this process, isolated or not.
pub fn open_here(file: &[u8], format: Format, opening: &Opening) -> Result<Source> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, Some(format));
    Source::open_here(input, format, opening, &Limits::default())
}

/// Opens and decodes everything at full scale.
pub fn decode(file: &[u8]) -> Result<Image> {
    decode_page(file, 1)
}

pub fn decode_page(file: &[u8], page: u32) -> Result<Image> {
    let source = open(file, page)?;
    let (width, height) = (source.info().width, source.info().height);
    Ok(decode_want(file, page, &Want::everything(width, height))?.image)
}

pub fn decode_want(file: &[u8], page: u32, want: &Want) -> Result<Decoded> {
    open(file, page)?.decode(want, &Limits::default(), &Cancel::never())
}

pub fn bytes(image: &Image) -> &[u8] {
    match &image.samples {
        Samples::U8(samples) => samples,
        Samples::U16(_) => panic!("the picture has 16 bits per sample"),
    }
}

/// Fails unless every sample is within `tolerance` of the expected one.
#[track_caller]
pub fn assert_close(actual: &[u8], expected: &[u8], tolerance: u8) {
    assert_eq!(actual.len(), expected.len());
    let worst = actual.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).enumerate();
    let (at, difference) = worst.max_by_key(|(_, difference)| *difference).unwrap();
    assert!(difference <= tolerance, "sample {at} differs by {difference}");
}

/// A region cut out of a picture with plain indexing.
pub fn cut(image: &Image, x: u32, y: u32, width: u32, height: u32) -> Vec<u8> {
    let (bands, line) = (image.bands(), image.row_len());
    let all = bytes(image);
    let mut out = Vec::new();
    for row in y..y + height {
        let start = row as usize * line + x as usize * bands;
        out.extend_from_slice(&all[start..start + width as usize * bands]);
    }
    out
}

/// A directory of a little-endian TIFF: its entries (tag, kind, value, count), those that do not fit behind it.
#[derive(Clone, Default)]
pub struct Tags {
    entries: Vec<(u16, u16, Vec<u8>, u32)>,
}

impl Tags {
    pub fn bytes(mut self, tag: u16, kind: u16, count: u32, value: Vec<u8>) -> Self {
        self.entries.push((tag, kind, value, count));
        self
    }

    pub fn short(self, tag: u16, values: &[u16]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.bytes(tag, 3, values.len() as u32, bytes)
    }

    pub fn long(self, tag: u16, value: u32) -> Self {
        self.longs(tag, &[value])
    }

    pub fn longs(self, tag: u16, values: &[u32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.bytes(tag, 4, values.len() as u32, bytes)
    }

    pub fn fractions(self, tag: u16, kind: u16, values: &[f64]) -> Self {
        let fraction = |value: &f64| {
            [((value * 10_000.0).round() as i32).to_le_bytes(), 10_000_i32.to_le_bytes()].concat()
        };
        let bytes = values.iter().flat_map(fraction).collect();
        self.bytes(tag, kind, values.len() as u32, bytes)
    }

    /// The directory as it stands at `at`, followed by its long values.
    pub fn write(mut self, at: u32) -> Vec<u8> {
        self.entries.sort_by_key(|entry| entry.0);
        let mut out = (self.entries.len() as u16).to_le_bytes().to_vec();
        let mut behind = Vec::new();
        let values_at = at + 2 + 12 * self.entries.len() as u32 + 4;
        for (tag, kind, value, count) in &self.entries {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(count.to_le_bytes());
            if value.len() <= 4 {
                let mut value = value.clone();
                value.resize(4, 0);
                out.extend(value);
            } else {
                out.extend((values_at + behind.len() as u32).to_le_bytes());
                behind.extend(value);
                behind.resize(behind.len().next_multiple_of(2), 0);
            }
        }
        out.extend([0; 4]);
        out.extend(behind);
        out
    }
}

/// A TIFF of one page with these strips (or tiles, when `tiled`), which lie behind the directory.
pub fn tiff(tags: &Tags, tiled: bool, chunks: &[Vec<u8>]) -> Vec<u8> {
    let (offsets, sizes) = if tiled { (324, 325) } else { (273, 279) };
    let lens: Vec<u32> = chunks.iter().map(|chunk| chunk.len() as u32).collect();
    let directory = |first: u32| {
        let starts = lens.iter().scan(first, |at, len| {
            *at += len;
            Some(*at - len)
        });
        let starts: Vec<u32> = starts.collect();
        tags.clone().longs(offsets, &starts).longs(sizes, &lens).write(8)
    };
    let first = 8 + directory(0).len() as u32;
    let mut out = b"II*\0\x08\0\0\0".to_vec();
    out.extend(directory(first));
    out.extend(chunks.iter().flatten());
    out
}
