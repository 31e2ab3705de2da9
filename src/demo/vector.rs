//! Three numbers: a point, a direction, or a colour in linear light.

use std::ops::{Add, AddAssign, Mul, Sub};

/// Three numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct V3 {
    /// First: x, or red.
    pub x: f32,
    /// Second: y, or green.
    pub y: f32,
    /// Third: z, or blue.
    pub z: f32,
}

/// Makes a [`V3`].
#[inline(always)]
pub(super) const fn v3(x: f32, y: f32, z: f32) -> V3 {
    V3 { x, y, z }
}

/// A colour from its 8-bit sRGB values.
pub(super) fn srgb(red: u8, green: u8, blue: u8) -> V3 {
    let linear = |level: u8| {
        let value = f32::from(level) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    v3(linear(red), linear(green), linear(blue))
}

impl V3 {
    /// All zero.
    pub const ZERO: Self = v3(0.0, 0.0, 0.0);

    /// Scalar product.
    #[inline(always)]
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// The same direction with length 1.
    #[inline(always)]
    pub fn unit(self) -> Self {
        self * (1.0 / self.dot(self).sqrt())
    }

    /// Towards `other`, by `share` of the way.
    #[inline(always)]
    pub fn mix(self, other: Self, share: f32) -> Self {
        self + (other - self) * share
    }

    /// Mirrored at a surface with this normal.
    #[inline(always)]
    pub fn reflect(self, normal: Self) -> Self {
        self - normal * (2.0 * self.dot(normal))
    }

    /// Vector product.
    #[inline(always)]
    pub fn cross(self, other: Self) -> Self {
        v3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }
}

impl Add for V3 {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        v3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl AddAssign for V3 {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for V3 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        v3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul<f32> for V3 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        v3(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl Mul for V3 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        v3(self.x * other.x, self.y * other.y, self.z * other.z)
    }
}

/// 0 below `from`, 1 above `to`, a smooth step between. `to` may be the smaller one.
#[inline(always)]
pub(super) fn smooth(from: f32, to: f32, value: f32) -> f32 {
    let t = ((value - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A quick stand-in for e^-x, good enough for fog: exact at 0, without a library call.
#[inline(always)]
pub(super) fn fade(x: f32) -> f32 {
    let y = 1.0 + x.max(0.0) * 0.25;
    let y = y * y;
    1.0 / (y * y)
}
