//! Writing of PNG files of every kind, by the specification (third edition) alone: the program's own
//! encoder and the library that it reads with have no part in it.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// What a pixel is made of, by the number in the header.
pub const GREY: u8 = 0;
pub const RGB: u8 = 2;
pub const PALETTE: u8 = 3;
pub const GREY_ALPHA: u8 = 4;
pub const RGBA: u8 = 6;

/// Every pair of colour type and bit depth that there is.
pub const KINDS: [(u8, u8); 15] = [
    (GREY, 1),
    (GREY, 2),
    (GREY, 4),
    (GREY, 8),
    (GREY, 16),
    (RGB, 8),
    (RGB, 16),
    (PALETTE, 1),
    (PALETTE, 2),
    (PALETTE, 4),
    (PALETTE, 8),
    (GREY_ALPHA, 8),
    (GREY_ALPHA, 16),
    (RGBA, 8),
    (RGBA, 16),
];

/// Column and row of the first pixel of each pass, and their steps (section 8.1).
const PASSES: [(u32, u32, u32, u32); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

/// A picture and how it is written.
#[derive(Clone)]
pub struct PngFile {
    pub width: u32,
    pub height: u32,
    pub colour: u8,
    pub depth: u8,
    pub interlaced: bool,
    /// The filter of each row: this one, or one after the other from 5 on.
    pub filter: u8,
    /// Chunks between the header and the pixels.
    pub chunks: Vec<(&'static [u8; 4], Vec<u8>)>,
    /// Stored values, row by row, channels interleaved.
    pub values: Vec<u16>,
}

impl PngFile {
    /// A file of a kind whose values have no pattern.
    pub fn noise(width: u32, height: u32, (colour, depth): (u8, u8)) -> Self {
        let mut state = width * 977 + height * 131 + u32::from(colour) * 17 + u32::from(depth);
        let count = width as usize * height as usize * channels(colour);
        let values = (0..count).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as u16 & top(depth)
        });
        let values = values.collect();
        let (interlaced, filter, chunks) = (false, 5, Vec::new());
        Self { width, height, colour, depth, interlaced, filter, chunks, values }
    }

    /// The file's bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        let header = self.header();
        out.extend(chunk(b"IHDR", &header));
        for (name, data) in &self.chunks {
            out.extend(chunk(name, data));
        }
        // In several chunks, whose ends lie anywhere in the stream.
        for part in self.stream().chunks(101) {
            out.extend(chunk(b"IDAT", part));
        }
        out.extend(chunk(b"IEND", &[]));
        out
    }

    pub fn header(&self) -> Vec<u8> {
        let mut header = self.width.to_be_bytes().to_vec();
        header.extend(self.height.to_be_bytes());
        header.extend([self.depth, self.colour, 0, 0, u8::from(self.interlaced)]);
        header
    }

    /// The compressed rows.
    pub fn stream(&self) -> Vec<u8> {
        let mut rows = Vec::new();
        if self.interlaced {
            for (x, y, across, down) in PASSES {
                let columns: Vec<u32> = (x..self.width).step_by(across as usize).collect();
                let lines: Vec<u32> = (y..self.height).step_by(down as usize).collect();
                if !columns.is_empty() {
                    self.pass(&columns, &lines, &mut rows);
                }
            }
        } else {
            let columns: Vec<u32> = (0..self.width).collect();
            let lines: Vec<u32> = (0..self.height).collect();
            self.pass(&columns, &lines, &mut rows);
        }
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&rows).unwrap();
        encoder.finish().unwrap()
    }

    fn pass(&self, columns: &[u32], lines: &[u32], out: &mut Vec<u8>) {
        let bits = channels(self.colour) * usize::from(self.depth);
        let pixel = bits.div_ceil(8);
        let mut above = vec![0; (columns.len() * bits).div_ceil(8)];
        for (index, y) in lines.iter().enumerate() {
            let row = self.packed(columns, *y);
            let filter = if self.filter < 5 { self.filter } else { (index % 5) as u8 };
            out.push(filter);
            for at in 0..row.len() {
                let left = if at >= pixel { row[at - pixel] } else { 0 };
                let corner = if at >= pixel { above[at - pixel] } else { 0 };
                out.push(row[at].wrapping_sub(predicted(filter, left, above[at], corner)));
            }
            above = row;
        }
    }

    /// Pixels of one row, packed from the high bit down.
    fn packed(&self, columns: &[u32], y: u32) -> Vec<u8> {
        let channels = channels(self.colour);
        let depth = usize::from(self.depth);
        let mut bits = Vec::new();
        for x in columns {
            let at = (y as usize * self.width as usize + *x as usize) * channels;
            for value in &self.values[at..at + channels] {
                bits.extend((0..depth).rev().map(|bit| value >> bit & 1));
            }
        }
        bits.chunks(8)
            .map(|byte| {
                let value = byte.iter().fold(0, |value, bit| value << 1 | *bit as u8);
                // A byte that is not full has its bits at the top.
                value.checked_shl(8 - byte.len() as u32).unwrap_or(value)
            })
            .collect()
    }
}

/// What a filter foretells of a byte (section 9.2).
fn predicted(filter: u8, left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i32::from(left), i32::from(above), i32::from(corner));
    match filter {
        0 => 0,
        1 => left,
        2 => above,
        3 => ((a + b) / 2) as u8,
        _ => {
            let p = a + b - c;
            let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
            if pa <= pb && pa <= pc {
                left
            } else if pb <= pc {
                above
            } else {
                corner
            }
        }
    }
}

pub fn channels(colour: u8) -> usize {
    match colour {
        GREY | PALETTE => 1,
        GREY_ALPHA => 2,
        RGB => 3,
        _ => 4,
    }
}

/// The largest value of a bit depth.
pub fn top(depth: u8) -> u16 {
    ((1_u32 << depth) - 1) as u16
}

pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = (data.len() as u32).to_be_bytes().to_vec();
    out.extend(name);
    out.extend(data);
    let crc = crc32fast::hash(&out[4..]);
    out.extend(crc.to_be_bytes());
    out
}
