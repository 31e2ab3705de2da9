//! The file of a picture's reductions.
//!
//! ```text
//! 0    magic, 8 bytes
//! 8    place (u64), length (u32) and CRC-32 (u32) of the header
//! 24   tiles, as they were packed
//!      for each level its table: place (u64), length (u32) and CRC-32 (u32) of every tile, row by row
//!      header: revision, what is known of the original, what it looks like from afar, levels
//! ```
//!
//! The beginning is written last, so that half a file is none. A table is read as far as it is
//! needed: that of a huge level has thousands of entries.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::blocks::{Reader, Writer};
use super::tile::TILE;
use crate::pixel::decode::Info;
use crate::pixel::glance::Glance;

const MAGIC: &[u8; 8] = b"htred\0\x02\n";
const BEGINNING: u64 = 24;

/// Where the tiles of a file that has none end.
pub(super) const NO_TILES_END: u64 = BEGINNING;
const ENTRY: u64 = 16;

/// Longest header that is read: profile and metadata, and some levels.
const MOST_HEADER_BYTES: u32 = 64 << 20;

/// What stands in front.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// The revision of the original that it was made from.
    pub(super) revision: String,
    /// What is known of the original.
    pub(super) info: Info,
    /// What it looks like from afar.
    pub(super) glance: Arc<Glance>,
    /// From the largest on.
    pub(super) levels: Vec<Level>,
}

/// A reduction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    /// Pixels per pixel of the original, at most 1.
    pub(super) scale: f64,
    /// Columns.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
    /// How many times the size of a result it has to be so that the result cannot be told from one
    /// made from the original; infinite when no size was found to suffice.
    pub(super) min_ratio: f64,
    /// The score that was measured at that ratio, 0 where none was.
    pub(super) score: f64,
    /// Where its table begins.
    pub(super) table_at: u64,
}

impl Level {
    /// Tiles side by side.
    pub(super) fn tiles_across(&self) -> u32 {
        self.width.div_ceil(TILE)
    }
}

/// Writes a file from its tiles on.
pub(super) struct Composer<'a> {
    file: &'a File,
    out: BufWriter<&'a File>,
    at: u64,
    tables: Vec<Vec<u8>>,
}

impl<'a> Composer<'a> {
    /// Begins an empty file with this many levels.
    pub(super) fn new(file: &'a File, levels: usize) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(256 << 10, file);
        out.write_all(&[0; BEGINNING as usize])?;
        Ok(Self { file, out, at: BEGINNING, tables: vec![Vec::new(); levels] })
    }

    /// Adds the next tile of a level.
    pub(super) fn tile(&mut self, level: usize, packed: &[u8]) -> io::Result<()> {
        let len = u32::try_from(packed.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut entry = Writer::default();
        entry.u64(self.at);
        entry.u32(len);
        entry.u32(crc32fast::hash(packed));
        self.tables[level].extend_from_slice(&entry.0);
        self.out.write_all(packed)?;
        self.at += u64::from(len);
        Ok(())
    }

    /// Writes the tables, and gives back where that of each level begins. After it comes
    /// [`write_header`].
    pub(super) fn finish(mut self) -> io::Result<(Vec<u64>, u64)> {
        let mut places = Vec::new();
        for table in &self.tables {
            places.push(self.at);
            self.out.write_all(table)?;
            self.at += table.len() as u64;
        }
        self.out.flush()?;
        debug_assert_eq!(self.file.metadata()?.len(), self.at);
        Ok((places, self.at))
    }
}

/// Puts the header at `at`, where the file ends, and the beginning before everything.
pub(super) fn write_header(file: &File, at: u64, header: &Header) -> io::Result<()> {
    let mut writer = Writer::default();
    writer.block(header.revision.as_bytes());
    writer.info(&header.info);
    writer.block(header.glance.as_bytes());
    writer.u32(u32::try_from(header.levels.len()).map_err(|_| io::ErrorKind::InvalidInput)?);
    for level in &header.levels {
        writer.f64(level.scale);
        writer.u32(level.width);
        writer.u32(level.height);
        writer.f64(level.min_ratio);
        writer.f64(level.score);
        writer.u64(level.table_at);
    }
    file.set_len(at)?;
    file.write_all_at(&writer.0, at)?;
    let mut beginning = Writer::default();
    beginning.0.extend_from_slice(MAGIC);
    beginning.u64(at);
    beginning.u32(u32::try_from(writer.0.len()).map_err(|_| io::ErrorKind::InvalidInput)?);
    beginning.u32(crc32fast::hash(&writer.0));
    file.write_all_at(&beginning.0, 0)
}

/// Reads a header; nothing when there is none or it is damaged.
pub(super) fn read_header(file: &File) -> io::Result<Option<Header>> {
    let mut beginning = [0; BEGINNING as usize];
    match file.read_exact_at(&mut beginning, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    Ok(beginning.strip_prefix(MAGIC).and_then(|rest| {
        let mut reader = Reader(rest);
        let (at, len, crc) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let mut bytes = vec![0; usize::try_from(len.min(MOST_HEADER_BYTES)).ok()?];
        file.read_exact_at(&mut bytes, at).ok()?;
        if crc32fast::hash(&bytes) != crc {
            return None;
        }
        parse(&bytes)
    }))
}

fn parse(bytes: &[u8]) -> Option<Header> {
    let mut reader = Reader(bytes);
    let revision = String::from_utf8(reader.block()?.to_vec()).ok()?;
    let info = reader.info()?;
    let glance = Arc::new(Glance::from_bytes((info.width, info.height), reader.block()?)?);
    let count = reader.u32()?;
    let level = |reader: &mut Reader<'_>| {
        Some(Level {
            scale: reader.f64()?,
            width: reader.u32()?,
            height: reader.u32()?,
            min_ratio: reader.f64()?,
            score: reader.f64()?,
            table_at: reader.u64()?,
        })
    };
    let levels = (0..count).map(|_| level(&mut reader)).collect::<Option<_>>()?;
    Some(Header { revision, info, glance, levels })
}

/// The packed bytes of a level's tiles `columns` of tile row `row`, one after the other.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when a tile is damaged.
pub(super) fn read_tiles(
    file: &File,
    level: &Level,
    row: u32,
    columns: std::ops::Range<u32>,
) -> io::Result<Vec<Vec<u8>>> {
    let first = u64::from(row) * u64::from(level.tiles_across()) + u64::from(columns.start);
    let mut table = vec![0; columns.len() * ENTRY as usize];
    file.read_exact_at(&mut table, level.table_at + first * ENTRY)?;
    let mut reader = Reader(&table);
    let mut tiles = Vec::with_capacity(columns.len());
    for _ in columns {
        let entry = || Some((reader.u64()?, reader.u32()?, reader.u32()?));
        let (at, len, crc) = { entry }().ok_or(io::ErrorKind::InvalidData)?;
        if len > MOST_TILE_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut packed = vec![0; len as usize];
        file.read_exact_at(&mut packed, at)?;
        if crc32fast::hash(&packed) != crc {
            return Err(io::ErrorKind::InvalidData.into());
        }
        tiles.push(packed);
    }
    Ok(tiles)
}

/// More than a tile of five bands of 16 bits takes unpacked.
const MOST_TILE_BYTES: u32 = TILE * TILE * 12;
