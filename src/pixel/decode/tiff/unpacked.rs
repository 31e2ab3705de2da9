//! Strips and tiles whose samples the `tiff` crate does not know: unpacked here, as they stand.

use std::io::Read;

use weezl::BitOrder;

use super::super::packbits::unpack;
use super::super::{Reader, Region, read_error, too_large};
use super::chunks::Chunks;
use super::directory::Directory;
use super::layout::{
    Colour, DEFLATE_COMPRESSIONS, LZW_COMPRESSION, Layout, NO_COMPRESSION, PACKBITS_COMPRESSION,
    tag,
};
use crate::pixel::{Error, Result};

/// No sound packed data is longer than this many times what it holds, and a little.
const MOST_GROWTH: u64 = 2;
const LITTLE_BYTES: u64 = 1024;

pub(super) struct Unpacked {
    chunks: Chunks,
    samples: Vec<u8>,
    rgb: Vec<u8>,
}

impl Unpacked {
    pub(super) fn new(mut reader: Reader, directory: &Directory, layout: &Layout) -> Result<Self> {
        let known = [NO_COMPRESSION, LZW_COMPRESSION, PACKBITS_COMPRESSION];
        let known = known.iter().chain(&DEFLATE_COMPRESSIONS);
        if !known.into_iter().any(|known| *known == layout.compression) {
            let compression = layout.compression;
            return Err(Error::Unsupported(format!("TIFF with data of compression {compression}")));
        }
        if directory.number(&mut reader, tag::PREDICTOR)?.unwrap_or(1) != 1 {
            return Err(Error::Unsupported("TIFF with predicted samples of uncommon depth".into()));
        }
        let chunks = Chunks::new(reader, directory, layout)?;
        Ok(Self { chunks, samples: Vec::new(), rgb: Vec::new() })
    }

    /// The samples of a chunk, and the bytes of one of its rows.
    pub(super) fn read(
        &mut self,
        index: u32,
        within: Region,
        layout: &Layout,
    ) -> Result<(&[u8], usize)> {
        // Tiles are stored with their padding, the last strip is not.
        let stored = if layout.tiled {
            Region { width: layout.chunk_width, height: layout.chunk_height, ..within }
        } else {
            within
        };
        let samples = if layout.planar { 1 } else { layout.samples };
        let line = (stored.width as usize * layout.bits * samples).div_ceil(8);
        let len = match &layout.colour {
            Colour::Ycbcr(ycbcr) => ycbcr.stored_len(stored.width, stored.height),
            _ => line.checked_mul(stored.height as usize),
        };
        self.unpack(index as usize, len.ok_or_else(too_large)?, layout)?;
        match &layout.colour {
            Colour::Ycbcr(ycbcr) => {
                ycbcr.to_rgb(&self.samples, stored, &mut self.rgb)?;
                Ok((&self.rgb, stored.width as usize * 3))
            }
            _ => Ok((&self.samples, line)),
        }
    }

    fn unpack(&mut self, index: usize, len: usize, layout: &Layout) -> Result<()> {
        let most = (len as u64).saturating_mul(MOST_GROWTH).saturating_add(LITTLE_BYTES);
        let mut packed = self.chunks.read(index, |size| Ok(size.min(most)))?;
        if layout.low_first {
            packed.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        let samples = &mut self.samples;
        samples.clear();
        samples.try_reserve_exact(len).map_err(|_| Error::Memory)?;
        samples.resize(len, 0);
        match layout.compression {
            NO_COMPRESSION => {
                let whole = packed.get(..len).ok_or_else(ended)?;
                samples.copy_from_slice(whole);
                Ok(())
            }
            LZW_COMPRESSION => unpack_lzw(&packed, samples),
            PACKBITS_COMPRESSION => unpack(&packed, samples),
            _ => {
                flate2::read::ZlibDecoder::new(&packed[..]).read_exact(samples).map_err(read_error)
            }
        }
    }
}

fn unpack_lzw(packed: &[u8], samples: &mut [u8]) -> Result<()> {
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let (mut from, mut to) = (0, 0);
    while to < samples.len() {
        let step = decoder.decode_bytes(&packed[from..], &mut samples[to..]);
        from += step.consumed_in;
        to += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Ok(_) if to == samples.len() => {}
            _ => return Err(ended()),
        }
    }
    Ok(())
}

fn ended() -> Error {
    Error::Malformed("its packed data ends too early".into())
}
