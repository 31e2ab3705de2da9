//! Samples of either depth, as the operations that mix pixels read and write them.

use crate::pixel::Samples;
use crate::pixel::colour::curve::{Curve, Light};

/// Added to a number of 0 to 65535 it leaves the nearest integer in the lowest bits of the float:
/// one step of a float of this size is 1.
pub(crate) const ROUNDING: f32 = (1 << 23) as f32;

/// A sample depth that the kernel can read and write.
pub(crate) trait Sample: Copy + Default + 'static {
    /// The largest value.
    const FULL: f32;
    /// The samples, when they have this depth.
    fn of(samples: &Samples) -> Option<&[Self]>;
    /// The samples, when they have this depth.
    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]>;
    /// A mixed value, 0–1, for every sample.
    type Table: ?Sized;
    /// From encoded values to those that are mixed, by a table per colour band.
    fn tables(light: &Light) -> Option<[&Self::Table; 3]>;
    /// The mixed value of a sample.
    fn mixed(self, table: &Self::Table) -> f32;
    /// The sample as a number, 0 to [`Sample::FULL`].
    fn wide(self) -> f32;
    /// The nearest sample to such a number; numbers outside are cut.
    fn rounded(value: f32) -> Self;
    /// The sample in the lowest bits.
    fn low(bits: u32) -> Self;
    /// The sample for linear light, 0–1; values outside are cut.
    fn encoded(curve: &Curve, linear: f32) -> Self;
}

impl Sample for u8 {
    const FULL: f32 = 255.0;
    type Table = [f32; 256];

    fn of(samples: &Samples) -> Option<&[Self]> {
        if let Samples::U8(samples) = samples { Some(samples) } else { None }
    }

    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]> {
        if let Samples::U8(samples) = samples { Some(samples) } else { None }
    }

    fn tables(light: &Light) -> Option<[&Self::Table; 3]> {
        match light {
            Light::Encoded => None,
            Light::Linear(curves) => Some(std::array::from_fn(|band| &curves[band].decode8)),
        }
    }

    #[inline(always)]
    fn mixed(self, table: &Self::Table) -> f32 {
        table[usize::from(self)]
    }

    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self
    }

    #[inline(always)]
    fn low(bits: u32) -> Self {
        bits as Self
    }

    #[inline(always)]
    fn encoded(curve: &Curve, linear: f32) -> Self {
        curve.encode8(linear)
    }
}

impl Sample for u16 {
    const FULL: f32 = 65535.0;
    type Table = [f32];

    fn of(samples: &Samples) -> Option<&[Self]> {
        if let Samples::U16(samples) = samples { Some(samples) } else { None }
    }

    fn of_mut(samples: &mut Samples) -> Option<&mut [Self]> {
        if let Samples::U16(samples) = samples { Some(samples) } else { None }
    }

    fn tables(light: &Light) -> Option<[&Self::Table; 3]> {
        match light {
            Light::Encoded => None,
            Light::Linear(curves) => Some(std::array::from_fn(|band| curves[band].decode16())),
        }
    }

    #[inline(always)]
    fn mixed(self, table: &Self::Table) -> f32 {
        table[usize::from(self)]
    }

    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from(self)
    }

    #[inline(always)]
    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self
    }

    #[inline(always)]
    fn low(bits: u32) -> Self {
        bits as Self
    }

    #[inline(always)]
    fn encoded(curve: &Curve, linear: f32) -> Self {
        curve.encode16(linear)
    }
}
