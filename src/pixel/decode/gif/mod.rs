//! GIF: one frame, composed with those before it as a viewer would show it, or all of them in turn.
//!
//! The file is walked block by block first, which is cheap and tells the number of frames, whether
//! anything can be transparent, and whether the file is whole. Canvas that nothing covers is
//! transparent, whatever background colour the file names: that is what every viewer shows.

use std::io::{Read, Seek, SeekFrom};
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use super::{
    Animation, Decoded, Decoder, File, Frame, Frames, Info, Reader, Region, Want, read_error,
    too_large,
};
use crate::pixel::{Cancel, Depth, Error, Format, Limits, Result, Samples};

/// A frame costs a walk; more than this is no picture.
const MAX_FRAMES: u32 = 100_000;
const MAX_PROFILE_BYTES: usize = 16 * 1024 * 1024;
/// Application extensions that are read.
const KEPT: [&[u8]; 3] = [b"ICCRGBG1012", b"NETSCAPE2.0", b"ANIMEXTS1.0"];

struct Gif {
    reader: Reader,
    page: u32,
    /// What decoding up to the page comes across.
    wanted: Reach,
    /// What decoding all frames comes across.
    all: Reach,
    frames: u32,
    plays: Option<NonZeroU32>,
    canvas_pixels: u64,
}

pub(super) fn open(mut file: File, limits: &Limits) -> Result<(Info, Box<dyn Decoder>)> {
    let outline = Outline::read(&mut file.reader, file.page, limits)?;
    file.check_page(outline.frames)?;
    let info = Info {
        alpha: outline.wanted.transparent,
        pages: outline.frames,
        profile: outline.profile.map(Arc::from),
        ..Info::new(Format::Gif, outline.width, outline.height)
    };
    let gif = Gif {
        reader: file.reader,
        page: file.page,
        wanted: outline.wanted,
        all: outline.all,
        frames: outline.frames,
        plays: outline.plays,
        canvas_pixels: Region::full(outline.width, outline.height).pixels(),
    };
    Ok((info, Box::new(gif)))
}

impl Decoder for Gif {
    fn held_pixels(&self, info: &Info, want: &Want) -> u64 {
        let canvas = Region::full(info.width, info.height);
        let result = if want.region == canvas && info.alpha { 0 } else { want.region.pixels() };
        self.wanted.held_pixels(self.canvas_pixels) + result
    }

    fn decode(mut self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        let mut player = Player::new(self.reader, (info.width, info.height), &self.wanted)?;
        for _ in 0..self.page {
            cancel.check()?;
            if player.advance()?.is_none() {
                return Err(Error::Malformed("it ends too early".into()));
            }
        }
        player.picture(&info, want.region)
    }

    fn animation(&self) -> Option<Animation> {
        (self.frames > 1).then(|| Animation {
            frames: self.frames,
            plays: self.plays,
            alpha: self.all.transparent,
            held_pixels: self.all.held_pixels(self.canvas_pixels),
        })
    }

    fn frames(mut self: Box<Self>, info: Info, want: &Want) -> Result<Box<dyn Frames>> {
        self.reader.seek(SeekFrom::Start(0)).map_err(read_error)?;
        let player = Player::new(self.reader, (info.width, info.height), &self.all)?;
        Ok(Box::new(Film { player, info, region: want.region }))
    }
}

/// The frames of an animation.
struct Film {
    player: Player,
    info: Info,
    region: Region,
}

impl Frames for Film {
    fn next(&mut self, cancel: &Cancel) -> Result<Option<Frame>> {
        cancel.check()?;
        let Some(shown_ms) = self.player.advance()? else { return Ok(None) };
        let decoded = self.player.picture(&self.info, self.region)?;
        Ok(Some(Frame { decoded, shown_ms }))
    }
}

/// Draws one frame after the other.
struct Player {
    decoder: gif::Decoder<Reader>,
    canvas: Canvas,
    indices: Vec<u8>,
    disposal: Option<Disposal>,
}

impl Player {
    /// A player for a file of this size whose `reader` stands at its start.
    fn new(reader: Reader, (width, height): (u32, u32), reach: &Reach) -> Result<Self> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::Indexed);
        let room = NonZeroU64::new(reach.largest_frame).unwrap_or(NonZeroU64::MIN);
        options.set_memory_limit(gif::MemoryLimit::Bytes(room));
        let decoder = options.read_info(reader).map_err(gif_error)?;
        let canvas = Canvas::new(width, height)?;
        Ok(Self { decoder, canvas, indices: Vec::new(), disposal: None })
    }

    /// Draws the next frame and tells for how many milliseconds it is shown; none after the last.
    fn advance(&mut self) -> Result<Option<u32>> {
        self.canvas.dispose(self.disposal.take());
        let frame = self.decoder.next_frame_info().map_err(gif_error)?;
        let Some(frame) = frame.cloned() else { return Ok(None) };
        let len = self.decoder.buffer_size();
        self.indices.clear();
        self.indices.try_reserve(len).map_err(|_| Error::Memory)?;
        self.indices.resize(len, 0);
        self.decoder.read_into_buffer(&mut self.indices).map_err(gif_error)?;
        let palette = self.decoder.palette().map_err(gif_error)?;
        self.disposal = Some(self.canvas.prepare(&frame)?);
        self.canvas.draw(&frame, &self.indices, palette);
        Ok(Some(u32::from(frame.delay) * 10))
    }

    fn picture(&self, info: &Info, region: Region) -> Result<Decoded> {
        let mut image = info.try_image(region.width, region.height)?;
        if let Samples::U8(samples) = &mut image.samples {
            self.canvas.copy(region, samples, info.alpha);
        }
        Ok(Decoded::unscaled(image, region))
    }
}

/// The picture as it is shown: RGBA, straight alpha that is 0 or 255.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// What happens to a frame's area before the next one is drawn.
enum Disposal {
    Keep,
    Clear { left: usize, top: usize, width: usize, height: usize },
    Restore(Vec<u8>),
}

impl Canvas {
    fn new(width: u32, height: u32) -> Result<Self> {
        let (width, height) = (width as usize, height as usize);
        let Samples::U8(pixels) = Samples::try_zeroed(Depth::U8, width * height * 4)? else {
            return Err(too_large());
        };
        Ok(Self { width, height, pixels })
    }

    fn prepare(&self, frame: &gif::Frame<'_>) -> Result<Disposal> {
        Ok(match frame.dispose {
            gif::DisposalMethod::Background => Disposal::Clear {
                left: frame.left.into(),
                top: frame.top.into(),
                width: frame.width.into(),
                height: frame.height.into(),
            },
            gif::DisposalMethod::Previous => {
                let mut saved = Vec::new();
                saved.try_reserve_exact(self.pixels.len()).map_err(|_| Error::Memory)?;
                saved.extend_from_slice(&self.pixels);
                Disposal::Restore(saved)
            }
            gif::DisposalMethod::Any | gif::DisposalMethod::Keep => Disposal::Keep,
        })
    }

    fn dispose(&mut self, disposal: Option<Disposal>) {
        match disposal {
            None | Some(Disposal::Keep) => {}
            Some(Disposal::Restore(saved)) => self.pixels = saved,
            Some(Disposal::Clear { left, top, width, height }) => {
                let columns = left.min(self.width) * 4..(left + width).min(self.width) * 4;
                for row in self.pixels.chunks_exact_mut(self.width * 4).skip(top).take(height) {
                    row[columns.clone()].fill(0);
                }
            }
        }
    }

    /// Draws what lies on the canvas; a frame may reach beyond it.
    fn draw(&mut self, frame: &gif::Frame<'_>, indices: &[u8], palette: &[u8]) {
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let width = usize::from(frame.width);
        if left >= self.width || top >= self.height || width == 0 {
            return;
        }
        let rows = self.pixels.chunks_exact_mut(self.width * 4).skip(top);
        for (row, indices) in rows.zip(indices.chunks_exact(width)) {
            let (pixels, _) = row[left * 4..].as_chunks_mut::<4>();
            for (pixel, &index) in pixels.iter_mut().zip(indices) {
                if frame.transparent == Some(index) {
                    continue;
                }
                // An index beyond the palette is shown as black, as viewers do.
                let at = usize::from(index) * 3;
                let colour = palette.get(at..at + 3).unwrap_or(&[0, 0, 0]);
                *pixel = [colour[0], colour[1], colour[2], 255];
            }
        }
    }

    fn copy(&self, region: Region, samples: &mut [u8], alpha: bool) {
        let columns = region.x as usize * 4..(region.x + region.width) as usize * 4;
        let rows = self.pixels.chunks_exact(self.width * 4).skip(region.y as usize);
        let bands = if alpha { 4 } else { 3 };
        for (out, row) in samples.chunks_exact_mut(region.width as usize * bands).zip(rows) {
            for (out, pixel) in out.chunks_exact_mut(bands).zip(row[columns.clone()].chunks(4)) {
                out.copy_from_slice(&pixel[..bands]);
            }
        }
    }
}

/// What decoding some of the frames comes across.
#[derive(Default, Clone, Copy)]
struct Reach {
    /// Whether what is shown may have transparent pixels.
    transparent: bool,
    /// Whether a frame is disposed of by restoring what it covered.
    restores: bool,
    /// Pixels of the largest frame.
    largest_frame: u64,
    /// Whether the frame before is cleared away by the next one, if there is one.
    cleared: bool,
}

impl Reach {
    /// Pixels that are held while frames are drawn on a canvas.
    fn held_pixels(&self, canvas: u64) -> u64 {
        canvas * if self.restores { 2 } else { 1 } + self.largest_frame
    }

    /// Takes in one more frame, by its control flags.
    fn extend(&mut self, flags: u8, pixels: u64, first_leaves_gaps: bool) {
        let disposal = flags >> 2 & 7;
        self.transparent |= flags & 1 == 1 || self.cleared || first_leaves_gaps;
        self.cleared |= disposal == 2;
        self.restores |= disposal == 3;
        self.largest_frame = self.largest_frame.max(pixels);
    }
}

/// What a walk over the blocks tells.
struct Outline {
    width: u32,
    height: u32,
    frames: u32,
    wanted: Reach,
    all: Reach,
    /// How many times an animation is shown; none for endlessly.
    plays: Option<NonZeroU32>,
    profile: Option<Vec<u8>>,
}

impl Outline {
    fn read(reader: &mut Reader, page: u32, limits: &Limits) -> Result<Self> {
        reader.seek(SeekFrom::Start(6)).map_err(read_error)?;
        let screen: [u8; 7] = read_array(reader)?;
        let mut outline = Self {
            width: u16::from_le_bytes([screen[0], screen[1]]).into(),
            height: u16::from_le_bytes([screen[2], screen[3]]).into(),
            frames: 0,
            wanted: Reach::default(),
            all: Reach::default(),
            plays: Some(NonZeroU32::MIN),
            profile: None,
        };
        limits.check_declared(outline.width, outline.height)?;
        limits.check_held(outline.width, outline.height)?;
        skip_palette(reader, screen[4])?;
        let mut control = [0; 4];
        loop {
            let mut kind = [0];
            if reader.read(&mut kind).map_err(read_error)? == 0 {
                // Some writers leave out the trailer.
                break;
            }
            match kind[0] {
                0x2c => {
                    outline.frame(reader, page, limits, control)?;
                    control = [0; 4];
                }
                0x21 => {
                    let [label] = read_array(reader)?;
                    outline.extension(reader, label, &mut control)?;
                }
                0x3b => break,
                _ => return Err(Error::Malformed("it has a block of unknown kind".into())),
            }
        }
        if outline.frames == 0 {
            return Err(Error::Malformed("it holds no picture".into()));
        }
        Ok(outline)
    }

    fn frame(
        &mut self,
        reader: &mut Reader,
        page: u32,
        limits: &Limits,
        control: [u8; 4],
    ) -> Result<()> {
        let place: [u8; 9] = read_array(reader)?;
        let number = |at: usize| u32::from(u16::from_le_bytes([place[at], place[at + 1]]));
        let (left, top, width, height) = (number(0), number(2), number(4), number(6));
        limits.check_declared(width, height)?;
        let covers = left == 0 && top == 0 && width >= self.width && height >= self.height;
        let gaps = self.frames == 0 && !covers;
        let pixels = u64::from(width) * u64::from(height);
        if self.frames < page {
            self.wanted.extend(control[0], pixels, gaps);
        }
        self.all.extend(control[0], pixels, gaps);
        skip_palette(reader, place[8])?;
        let [_code_size] = read_array(reader)?;
        blocks(reader, |_| {})?;
        self.frames += 1;
        if self.frames > MAX_FRAMES {
            return Err(Error::Limit("it has too many frames".into()));
        }
        Ok(())
    }

    fn extension(&mut self, reader: &mut Reader, label: u8, control: &mut [u8; 4]) -> Result<()> {
        let mut first: Option<Vec<u8>> = None;
        let mut rest = Vec::new();
        blocks(reader, |data| match &first {
            None => first = Some(data.to_vec()),
            Some(name) if KEPT.contains(&name.as_slice()) => {
                if rest.len() < MAX_PROFILE_BYTES {
                    rest.extend_from_slice(data);
                }
            }
            Some(_) => {}
        })?;
        match (label, first.as_deref()) {
            (0xf9, Some([flags, ..])) => control[0] = *flags,
            (0xff, Some(b"ICCRGBG1012")) if !rest.is_empty() => self.profile = Some(rest),
            (0xff, Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0")) => {
                if let [1, low, high, ..] = *rest {
                    self.plays = plays(u16::from_le_bytes([low, high]));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// How often an animation is shown that says how often it is repeated; 0 stands for endlessly.
fn plays(repeats: u16) -> Option<NonZeroU32> {
    NonZeroU32::new(repeats.into())?.checked_add(1)
}

fn read_array<const N: usize>(reader: &mut Reader) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(read_error)?;
    Ok(bytes)
}

fn skip_palette(reader: &mut Reader, flags: u8) -> Result<()> {
    if flags & 0x80 != 0 {
        let mut palette = [0; 768];
        reader.read_exact(&mut palette[..3 << ((flags & 7) + 1)]).map_err(read_error)?;
    }
    Ok(())
}

/// Goes over data blocks up to the empty one that ends them.
fn blocks(reader: &mut Reader, mut each: impl FnMut(&[u8])) -> Result<()> {
    let mut block = [0; 255];
    loop {
        let [len] = read_array(reader)?;
        if len == 0 {
            return Ok(());
        }
        let block = &mut block[..usize::from(len)];
        reader.read_exact(block).map_err(read_error)?;
        each(block);
    }
}

fn gif_error(error: gif::DecodingError) -> Error {
    match error {
        gif::DecodingError::Io(error) => read_error(error),
        other => Error::Malformed(format!("the GIF decoder says: {other}")),
    }
}

#[cfg(test)]
mod tests;
