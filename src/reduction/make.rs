//! Making the reductions of a picture: once through its rows, in bands of bounded memory.

use std::fs::File;
use std::sync::Arc;

use super::bands::Bands;
use super::container::{Composer, Header, Level, write_header};
use super::judge::admit;
use super::level::Prepared;
use super::store::Options;
use super::tile::{Strip, TILE};
use super::{Error, Result};
use crate::pixel::decode::{Info, Source};
use crate::pixel::glance::{Glance, Looking};
use crate::pixel::ladder::{Ladder, Row, scaled_size};
use crate::pixel::{Cancel, Format, Limits, Samples};

/// The smallest level that is made has at least this many pixels along its longer side.
const SMALLEST: u32 = 48;

/// Rows between two looks at whether others need the processor.
const ROWS_PER_PAUSE: u32 = 64;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Reductions were made; so many of their levels can be used.
    Made {
        /// Levels of which a ratio was admitted.
        usable: usize,
        /// Bytes of the file.
        bytes: u64,
    },
    /// They were there already.
    Current,
    /// The picture is too small to be worth it, moves, or has no pixels of its own.
    NotWanted,
    /// Another process is making reductions.
    Busy,
}

/// Whether reductions of such a picture make sense at all.
pub(super) fn suits(info: &Info, above_pixels: u64) -> bool {
    let pixels = u64::from(info.width) * u64::from(info.height);
    let moves = info.pages > 1 && matches!(info.format, Format::Gif | Format::Webp | Format::Png);
    pixels > above_pixels && !info.vector && !info.format.is_paper() && !moves
}

/// The scales of the levels, from the largest on: √2 apart from a half down.
fn scales(width: u32, height: u32, huge_pixels: u64) -> Vec<f64> {
    let huge = u64::from(width) * u64::from(height) >= huge_pixels;
    let mut scales = if huge { vec![1.0] } else { Vec::new() };
    let scale = |half_steps: i32| match half_steps % 2 {
        0 => 0.5_f64.powi(half_steps / 2),
        _ => 0.5_f64.powi(half_steps / 2) * std::f64::consts::FRAC_1_SQRT_2,
    };
    let sides = |scale: f64| scaled_size(width, height, scale);
    scales.extend((2..64).map(scale).take_while(|scale| {
        let (width, height) = sides(*scale);
        width.max(height) >= SMALLEST
    }));
    scales
}

/// What making needs to know.
pub(super) struct Making<'a> {
    pub(super) revision: &'a str,
    pub(super) options: &'a Options,
    pub(super) limits: &'a Limits,
    /// Opens the original; called for every band that is not read in one go with the one before.
    pub(super) open: &'a mut dyn FnMut() -> Result<Source>,
    /// Called now and then: waits while others need the processor, and says whether to go on.
    pub(super) pace: &'a dyn Fn() -> bool,
}

impl Making<'_> {
    /// Writes the reductions of an opened picture into an empty file. Gives back how many levels
    /// can be used.
    pub(super) fn write(&mut self, first: Source, file: &Arc<File>) -> Result<usize> {
        let info = first.info().clone();
        let scales = scales(info.width, info.height, self.options.huge_pixels);
        let mut composer = Composer::new(file, scales.len())?;
        let glance = Arc::new(self.fill(first, &info, &scales, &mut composer)?);
        let (tables, end) = composer.finish()?;
        let levels = scales.iter().zip(tables).map(|(scale, table_at)| {
            let (width, height) = scaled_size(info.width, info.height, *scale);
            let min_ratio = if *scale == 1.0 { 1.0 } else { f64::INFINITY };
            Level { scale: *scale, width, height, min_ratio, score: 0.0, table_at }
        });
        let levels = levels.collect();
        let header = Header { revision: self.revision.to_owned(), info, glance, levels };
        let mut prepared = Prepared { file: Arc::clone(file), header };
        let usable = self.judge(&mut prepared)?;
        if usable == 0 {
            // What remains says that it is of no use to try again.
            prepared.header.levels.clear();
            write_header(file, super::container::NO_TILES_END, &prepared.header)?;
        } else {
            write_header(file, end, &prepared.header)?;
        }
        Ok(usable)
    }

    fn judge(&self, prepared: &mut Prepared) -> Result<usize> {
        for level in 0..prepared.header.levels.len() {
            self.go_on()?;
            if prepared.header.levels[level].min_ratio.is_finite() {
                continue;
            }
            let verdict = admit(prepared, level, self.options.linear, &Cancel::never())?;
            if let Some((ratio, score)) = verdict {
                let level = &mut prepared.header.levels[level];
                (level.min_ratio, level.score) = (ratio, score);
            }
        }
        Ok(prepared.levels().len())
    }

    fn go_on(&self) -> Result<()> {
        if (self.pace)() { Ok(()) } else { Err(Error::Stopped) }
    }

    /// Takes the picture through all levels, and gives back what it looks like from afar.
    fn fill(
        &mut self,
        first: Source,
        info: &Info,
        scales: &[f64],
        composer: &mut Composer<'_>,
    ) -> Result<Glance> {
        let mut looking = Looking::at((info.width, info.height), info.space, info.alpha);
        let full = usize::from(scales.first() == Some(&1.0));
        let mut ladder = Ladder::new(info, self.options.linear, &scales[full..])?;
        let bands = info.space.bands() + usize::from(info.alpha);
        let mut strips: Vec<Strip> = scales
            .iter()
            .map(|scale| Strip::new(scaled_size(info.width, info.height, *scale).0, bands))
            .collect();
        let mut bands = Bands::new(first, self.options, self.limits)?;
        let mut above = 0;
        loop {
            self.go_on()?;
            let Some((band, rows)) = bands.next(self.open, self.limits)? else { break };
            for start in rows.clone().step_by(ROWS_PER_PAUSE as usize) {
                self.go_on()?;
                let part = start..rows.end.min(start + ROWS_PER_PAUSE);
                looking.take_in(&band, part.clone(), (0, above - rows.start));
                let mut failed = None;
                let mut put = |level: usize, row: Row<'_>| {
                    failed = failed.take().or(add(&mut strips[level], level, row, composer).err());
                };
                if full == 1 {
                    for row in part.clone() {
                        put(0, row_of(&band, row));
                    }
                }
                ladder.add(&band, part, &Cancel::never(), &mut |level, row| {
                    put(level + full, row);
                    Ok(())
                })?;
                if let Some(error) = failed {
                    return Err(error.into());
                }
            }
            above += rows.end - rows.start;
        }
        for (level, strip) in strips.iter_mut().enumerate() {
            if strip.rows() > 0 {
                strip.pack(|tile| composer.tile(level, tile))?;
            }
        }
        Ok(looking.done())
    }
}

/// Adds a row to a level, and writes its tiles when there are enough of them.
fn add(
    strip: &mut Strip,
    level: usize,
    row: Row<'_>,
    composer: &mut Composer<'_>,
) -> std::io::Result<()> {
    strip.push(row);
    if strip.rows() == TILE {
        strip.pack(|tile| composer.tile(level, tile))?;
    }
    Ok(())
}

fn row_of(image: &crate::pixel::Image, row: u32) -> Row<'_> {
    let part = row as usize * image.row_len()..(row as usize + 1) * image.row_len();
    match &image.samples {
        Samples::U8(samples) => Row::U8(&samples[part]),
        Samples::U16(samples) => Row::U16(&samples[part]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_a_factor_of_the_root_of_two_apart() {
        let scales = scales(3000, 2000, 50_000_000);
        assert_eq!(scales[0], 0.5);
        for (larger, smaller) in scales.iter().zip(&scales[1..]) {
            assert!((larger / smaller - std::f64::consts::SQRT_2).abs() < 1e-12);
        }
        let last = scaled_size(3000, 2000, *scales.last().unwrap());
        assert!((48..68).contains(&last.0), "{last:?}");
        assert_eq!(super::scales(10_000, 5_000, 50_000_000)[..2], [1.0, 0.5]);
        assert!(super::scales(40, 40, 50_000_000).is_empty());
    }
}
