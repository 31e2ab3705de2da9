//! Reductions that are there: choosing a level, and reading from it as from the original.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::container::{Header, Level, read_tiles};
use super::tile::{TILE, unpack_u8, unpack_u16};
use crate::pixel::decode::{Decoded, Decoder, Info, Region, Source, Want};
use crate::pixel::glance::Glance;
use crate::pixel::{Cancel, Error, Image, Needs, Result, Samples};

/// How many times as large as the result a level has to be that is turned by other than a right
/// angle: interpolation on the turned grid blurs what is smaller.
const TILT_RATIO: f64 = 2.0;

/// How far a scale may be from a level's to be taken for it.
const HAIR: f64 = 1e-9;

/// The reductions of one picture, opened.
#[derive(Debug)]
pub struct Prepared {
    pub(super) file: Arc<File>,
    pub(super) header: Header,
}

impl Prepared {
    /// What is known of the original.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.header.info
    }

    /// What the original looks like from afar.
    #[must_use]
    pub fn glance(&self) -> Arc<Glance> {
        Arc::clone(&self.header.glance)
    }

    /// Width and height of the original as stored.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.header.info.width, self.header.info.height)
    }

    /// A source that stands for the original, for a recipe with these needs: it reads from the
    /// smallest level from which the result cannot be told from one made from the original. Nothing
    /// when there is none.
    #[must_use]
    pub fn source(&self, needs: &Needs) -> Option<Source> {
        let level = self.level_for(needs)?;
        let decoder = LevelDecoder { file: Arc::clone(&self.file), level: level.clone() };
        let source = Source::new(self.header.info.clone(), Box::new(decoder));
        Some(source.with_glance(self.glance()))
    }

    /// Scale, smallest ratio and score of each level that can be used.
    #[must_use]
    pub fn levels(&self) -> Vec<(f64, f64, f64)> {
        let usable = self.header.levels.iter().filter(|level| level.min_ratio.is_finite());
        usable.map(|level| (level.scale, level.min_ratio, level.score)).collect()
    }

    fn level_for(&self, needs: &Needs) -> Option<&Level> {
        let (across, down) = needs.scale;
        let finest = across.max(down);
        self.header.levels.iter().rev().find(|level| {
            // A level of just the result's grid is the exact reduction itself.
            let same = |scale: f64| (scale - level.scale).abs() < HAIR;
            if same(across) && same(down) && !needs.tilted && (needs.whole || level.scale == 1.0) {
                return true;
            }
            let least =
                if needs.tilted { level.min_ratio.max(TILT_RATIO) } else { level.min_ratio };
            level.scale >= finest * least - HAIR
        })
    }

    /// A part of a level.
    pub(super) fn read(&self, level: usize, part: Region) -> Result<Image> {
        read(&self.file, &self.header.info, &self.header.levels[level], part, &Cancel::never())
    }
}

/// Reads from one level as if it were the original.
struct LevelDecoder {
    file: Arc<File>,
    level: Level,
}

impl LevelDecoder {
    /// The pixels of the level that cover a region of the original.
    fn part(&self, region: Region) -> Region {
        let along = |at: u32, len: u32, size: u32| {
            let scale = self.level.scale;
            let low = ((f64::from(at) * scale).floor() as u32).min(size - 1);
            let high = (f64::from(at) + f64::from(len)) * scale;
            (low, (high.ceil() as u32).clamp(low + 1, size) - low)
        };
        let (x, width) = along(region.x, region.width, self.level.width);
        let (y, height) = along(region.y, region.height, self.level.height);
        Region { x, y, width, height }
    }
}

impl Decoder for LevelDecoder {
    fn held_pixels(&self, _info: &Info, want: &Want) -> u64 {
        self.part(want.region).pixels() + u64::from(TILE * TILE)
    }

    fn decode(self: Box<Self>, info: Info, want: &Want, cancel: &Cancel) -> Result<Decoded> {
        let part = self.part(want.region);
        let image = read(&self.file, &info, &self.level, part, cancel)?;
        let scale = self.level.scale;
        Ok(Decoded {
            image,
            left: f64::from(part.x) / scale,
            top: f64::from(part.y) / scale,
            scale: (scale, scale),
        })
    }
}

fn read(file: &File, info: &Info, level: &Level, part: Region, cancel: &Cancel) -> Result<Image> {
    let mut image = Image::try_new(part.width, part.height, info.space, info.alpha, info.depth)?;
    image.profile.clone_from(&info.profile);
    image.metadata = info.metadata.clone();
    let mut tile = Samples::try_zeroed(info.depth, (TILE * TILE) as usize * image.bands())?;
    let columns = part.x / TILE..(part.x + part.width).div_ceil(TILE);
    for row in part.y / TILE..(part.y + part.height).div_ceil(TILE) {
        cancel.check()?;
        let packed = read_tiles(file, level, row, columns.clone()).map_err(damaged)?;
        for (column, packed) in columns.clone().zip(&packed) {
            let (x, y) = (column * TILE, row * TILE);
            let width = TILE.min(level.width.saturating_sub(x));
            let height = TILE.min(level.height.saturating_sub(y));
            let place = Region { x, y, width, height };
            put(packed, place, &mut tile, part, &mut image).map_err(damaged)?;
        }
    }
    Ok(image)
}

/// Unpacks a tile and copies what `part` has of it.
fn put(
    packed: &[u8],
    place: Region,
    tile: &mut Samples,
    part: Region,
    image: &mut Image,
) -> io::Result<()> {
    let bands = image.bands();
    let row_len = image.row_len();
    let tile_row = place.width as usize * bands;
    let len = tile_row * place.height as usize;
    let left = place.x.max(part.x);
    let right = (place.x + place.width).min(part.x + part.width);
    let rows = place.y.max(part.y)..(place.y + place.height).min(part.y + part.height);
    let count = right.saturating_sub(left) as usize * bands;
    let copies = rows.map(|y| {
        let from = (y - place.y) as usize * tile_row + (left - place.x) as usize * bands;
        let to = (y - part.y) as usize * row_len + (left - part.x) as usize * bands;
        (from, to)
    });
    match (tile, &mut image.samples) {
        (Samples::U8(tile), Samples::U8(into)) => {
            unpack_u8(packed, tile_row, &mut tile[..len])?;
            copies.for_each(|(from, to)| {
                into[to..to + count].copy_from_slice(&tile[from..from + count]);
            });
        }
        (Samples::U16(tile), Samples::U16(into)) => {
            unpack_u16(packed, tile_row, &mut tile[..len])?;
            copies.for_each(|(from, to)| {
                into[to..to + count].copy_from_slice(&tile[from..from + count]);
            });
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    }
    Ok(())
}

fn damaged(error: io::Error) -> Error {
    Error::Malformed(format!("its prepared reduction is damaged: {error}"))
}
