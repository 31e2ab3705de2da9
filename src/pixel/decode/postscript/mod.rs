//! PostScript, Encapsulated PostScript and old Illustrator files, by Ghostscript.
//!
//! An EPS file says in its comments how large it is (Adobe Technical Note 5002). Any other file is a
//! program whose pages are known only by running it: once without painting, to learn their number and
//! sizes, and once for the page that is wanted.

mod comments;

use std::io::Cursor;

use self::comments::{Bounds, bounds, text};
use super::needs::GHOSTSCRIPT;
use super::pdf::{POINTS_PER_INCH, dots, pixels};
use super::vector::{self, Canvas};
use super::{Decoded, Decoder, File, Info, Region, Want, read_block};
use crate::pixel::metadata::sensible;
use crate::pixel::{Cancel, Error, Format, Limits, Metadata, Result};

/// The longest file that is read.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Bytes of a PNG beside its pixels, and for pixels that do not compress.
const PNG_ROOM_BYTES: u64 = 1 << 20;

/// What Ghostscript is told to say of each page.
const TELL_PAGES: &str = "<< /EndPage { exch pop dup 2 lt { (\\nhalftone page ) print \
    currentpagedevice /PageSize get aload pop exch =only ( ) print =only (\\n) print } if 2 ne } \
    bind >> setpagedevice";

struct Program {
    bytes: Vec<u8>,
    page: u32,
    encapsulated: bool,
    /// The part of the plane that is shown, in points.
    bounds: Bounds,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    GHOSTSCRIPT.check(Format::Postscript)?;
    if file.len > MAX_FILE_BYTES {
        return Err(Error::Limit("its file is too long".into()));
    }
    let bytes = text(read_block(&mut file.reader, file.len)?)?;
    let (encapsulated, pages) = match bounds(&bytes) {
        Some(bounds) => (true, vec![bounds]),
        None => (false, survey(&bytes)?),
    };
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    file.check_page(count)?;
    let page = pages[file.page as usize - 1];
    let dpi = dots(file.dpi);
    let (width, height) = (pixels(page.width(), dpi), pixels(page.height(), dpi));
    limits.check_declared(width, height)?;
    let info = Info {
        pages: count,
        metadata: Metadata { density: sensible(dpi, dpi), ..Metadata::default() },
        ..vector::info(Format::Postscript, (width, height))
    };
    Ok((info, Box::new(Program { bytes, page: file.page, encapsulated, bounds: page })))
}

/// What all runs have in common: no files, no questions, and what a program prints kept apart from
/// the pixels.
fn arguments(device: &str) -> Vec<String> {
    let fixed = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dNOPROMPT", "-sstdout=%stderr"];
    let mut arguments: Vec<String> = fixed.map(str::to_owned).into();
    arguments.push(format!("-sDEVICE={device}"));
    arguments
}

/// The sizes of all pages.
fn survey(bytes: &[u8]) -> Result<Vec<Bounds>> {
    let mut arguments = arguments("nullpage");
    arguments.extend(["-c", TELL_PAGES, "-f", "-"].map(str::to_owned));
    let ran = GHOSTSCRIPT.run(&arguments, bytes, 0)?;
    let pages: Vec<Bounds> = ran.talk.lines().filter_map(Bounds::of_page).collect();
    if !ran.status.success() || pages.is_empty() {
        return Err(ran.failure(BROKEN));
    }
    Ok(pages)
}

const BROKEN: &str = "Ghostscript cannot make a page of it";

fn broken() -> Error {
    Error::Malformed(BROKEN.into())
}

impl Decoder for Program {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        2 * Canvas::new(info, &whole(info, want)).pixels()
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let canvas = Canvas::new(&info, &whole(&info, want));
        // The canvas is the whole page.
        let per_inch = |pixels: u32, points: f64| f64::from(pixels) * POINTS_PER_INCH / points;
        let across = per_inch(canvas.width, self.bounds.width());
        let down = per_inch(canvas.height, self.bounds.height());
        let mut arguments = arguments("pngalpha");
        arguments.extend(
            ["-dTextAlphaBits=4", "-dGraphicsAlphaBits=4", "-dFIXEDMEDIA"].map(str::to_owned),
        );
        arguments.extend([
            format!("-dFirstPage={}", self.page),
            format!("-dLastPage={}", self.page),
            format!("-r{across}x{down}"),
            format!("-g{}x{}", canvas.width, canvas.height),
            "-sOutputFile=%stdout".to_owned(),
        ]);
        if self.encapsulated {
            let Bounds { left, bottom, .. } = self.bounds;
            arguments.extend(["-c".to_owned(), format!("{} {} translate", -left, -bottom)]);
        }
        arguments.extend(["-f", "-"].map(str::to_owned));
        if self.encapsulated {
            // It may leave that to whoever includes it.
            arguments.extend(["-c", "showpage"].map(str::to_owned));
        }
        let most = canvas.pixels() * 5 + PNG_ROOM_BYTES;
        let ran = GHOSTSCRIPT.run(&arguments, &self.bytes, most)?;
        cancel.check()?;
        if !ran.status.success() || ran.output.is_empty() {
            return Err(ran.failure(BROKEN));
        }
        canvas.paint(&info, |samples| read_png(&ran.output, &canvas, samples))
    }
}

/// A page is always painted whole.
fn whole(info: &Info, want: &Want) -> Want {
    Want { region: Region::full(info.width, info.height), min_scale: want.min_scale }
}

/// Reads a PNG of the canvas's size, with alpha, and makes its colours premultiplied.
fn read_png(png: &[u8], canvas: &Canvas, samples: &mut [u8]) -> Result<()> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().map_err(|_| broken())?;
    let info = reader.info();
    let fits = (info.width, info.height) == (canvas.width, canvas.height)
        && (info.color_type, info.bit_depth) == (png::ColorType::Rgba, png::BitDepth::Eight);
    if !fits {
        return Err(broken());
    }
    reader.next_frame(samples).map_err(|_| broken())?;
    for pixel in samples.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        for value in &mut pixel[..3] {
            *value = ((u32::from(*value) * alpha + 127) / 255) as u8;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests;
