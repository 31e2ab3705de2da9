//! From stored grey values to those shown: the modality's scale, then the window (PS3.3 C.11).

use super::dataset::Dataset;
use super::layout::Layout;

const INTERCEPT: u32 = 0x0028_1052;
const SLOPE: u32 = 0x0028_1053;
const CENTRE: u32 = 0x0028_1050;
const WIDTH: u32 = 0x0028_1051;
const FUNCTION: u32 = 0x0028_1056;
const MODALITY_TABLES: u32 = 0x0028_3000;
const WINDOW_TABLES: u32 = 0x0028_3010;
const TABLE_ABOUT: u32 = 0x0028_3002;
const TABLE: u32 = 0x0028_3006;
/// In files of many frames the same values stand in sequences.
const FRAME_WINDOW: u32 = 0x0028_9132;
const FRAME_SCALE: u32 = 0x0028_9145;

/// A table of values, and the value of its first entry.
#[derive(Debug, Clone, PartialEq)]
struct Table {
    entries: Vec<u16>,
    first: f64,
    bits: u16,
}

impl Table {
    fn read(dataset: &Dataset, parent: u32) -> Option<Self> {
        let about = dataset.words(parent, TABLE_ABOUT)?;
        let entries = dataset.words(parent, TABLE)?;
        let [_, first, bits] = about[..] else { return None };
        // It is signed where the samples are; small numbers, the usual ones, are the same.
        let first = f64::from(first.cast_signed());
        ((1..=16).contains(&bits) && !entries.is_empty()).then_some(Self { entries, first, bits })
    }

    fn at(&self, value: f64) -> f64 {
        let last = self.entries.len() - 1;
        let index = (value - self.first).round().clamp(0.0, last as f64) as usize;
        f64::from(self.entries[index])
    }

    fn most(&self) -> f64 {
        f64::from((1_u32 << self.bits) - 1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Linear,
    LinearExact,
    Sigmoid,
}

#[derive(Debug, Clone, PartialEq)]
enum Window {
    /// Everything that can be stored.
    Everything,
    Table(Table),
    Range {
        centre: f64,
        width: f64,
        shape: Shape,
    },
}

/// How grey values are shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grey {
    inverted: bool,
    slope: f64,
    intercept: f64,
    modality: Option<Table>,
    window: Window,
}

impl Grey {
    /// Reads what the file says; `inverted` when its least value is white.
    pub(super) fn read(dataset: &Dataset, inverted: bool) -> Self {
        let either = |parent, tag| dataset.number(0, tag).or_else(|| dataset.number(parent, tag));
        let range = either(FRAME_WINDOW, CENTRE).zip(either(FRAME_WINDOW, WIDTH));
        let function = dataset.text(0, FUNCTION).or_else(|| dataset.text(FRAME_WINDOW, FUNCTION));
        let shape = match function.as_deref() {
            Some("SIGMOID") => Shape::Sigmoid,
            Some("LINEAR_EXACT") => Shape::LinearExact,
            _ => Shape::Linear,
        };
        let window = match (range, Table::read(dataset, WINDOW_TABLES)) {
            (Some((centre, width)), _)
                if width >= 1.0 || (width > 0.0 && shape != Shape::Linear) =>
            {
                Window::Range { centre, width, shape }
            }
            (_, Some(table)) => Window::Table(table),
            _ => Window::Everything,
        };
        Self {
            inverted,
            slope: either(FRAME_SCALE, SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0),
            intercept: either(FRAME_SCALE, INTERCEPT).unwrap_or(0.0),
            modality: Table::read(dataset, MODALITY_TABLES),
            window,
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        match &self.modality {
            Some(table) => table.at(value),
            None => value * self.slope + self.intercept,
        }
    }

    /// The shown value, 0–65535, of each stored one.
    pub(super) fn table(&self, layout: &Layout) -> Vec<u16> {
        let mask = (1_u32 << layout.bits_stored) - 1;
        let half = 1_i32 << (layout.bits_stored - 1);
        let value = |stored: u16| {
            let value = (u32::from(stored >> layout.shift) & mask).cast_signed();
            f64::from(if layout.signed && value >= half { value - 2 * half } else { value })
        };
        let (low, high) = if layout.signed { (-half, half - 1) } else { (0, mask.cast_signed()) };
        let (low, high) = match &self.modality {
            Some(table) => (0.0, table.most()),
            None => (self.scaled(low.into()), self.scaled(high.into())),
        };
        (0..=u16::MAX)
            .map(|stored| {
                let shown = self.shown(self.scaled(value(stored)), low.min(high), low.max(high));
                let shown = if self.inverted { 1.0 - shown } else { shown };
                (shown.clamp(0.0, 1.0) * 65535.0).round() as u16
            })
            .collect()
    }

    /// The brightness of a scaled value, 0–1; beyond when it lies outside of the window.
    fn shown(&self, value: f64, low: f64, high: f64) -> f64 {
        match &self.window {
            Window::Everything => (value - low) / (high - low).max(f64::MIN_POSITIVE),
            Window::Table(table) => table.at(value) / table.most(),
            Window::Range { centre, width, shape: Shape::Linear } => {
                // A width of 1 is a threshold.
                let span = (width - 1.0).max(f64::MIN_POSITIVE);
                (value - (centre - 0.5)) / span + 0.5
            }
            Window::Range { centre, width, shape: Shape::LinearExact } => {
                (value - centre) / width + 0.5
            }
            Window::Range { centre, width, shape: Shape::Sigmoid } => {
                1.0 / (1.0 + (-4.0 * (value - centre) / width).exp())
            }
        }
    }
}
