//! Seeded randomness: the same pictures on every machine.

/// A small random number generator (SplitMix64).
pub(super) struct Rng(u64);

impl Rng {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 32) as u32
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f32 {
        unit(self.bits())
    }

    /// From `low` to `high`.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// True in this share of cases.
    pub fn chance(&mut self, share: f32) -> bool {
        self.unit() < share
    }
}

/// 32 well-mixed bits for a cell of a grid.
#[inline(always)]
pub(super) fn hash(x: i32, y: i32) -> u32 {
    let mut h = (x as u32).wrapping_mul(0x85eb_ca6b) ^ (y as u32).wrapping_mul(0xc2b2_ae35);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^ (h >> 15)
}

/// Bits as a number from 0 to 1.
#[inline(always)]
pub(super) fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The next whole number not above `x`, without a library call.
#[inline(always)]
pub(super) fn floor(x: f32) -> i32 {
    let i = x as i32;
    i - i32::from((i as f32) > x)
}

/// Smooth random values from −1 to 1 over the plane, one feature per unit (gradient noise).
#[inline(always)]
pub(super) fn noise(x: f32, y: f32) -> f32 {
    let (ix, iy) = (floor(x), floor(y));
    let (fx, fy) = (x - ix as f32, y - iy as f32);
    let u = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0);
    let v = fy * fy * fy * (fy * (fy * 6.0 - 15.0) + 10.0);
    let a = slope(hash(ix, iy), fx, fy);
    let b = slope(hash(ix + 1, iy), fx - 1.0, fy);
    let c = slope(hash(ix, iy + 1), fx, fy - 1.0);
    let d = slope(hash(ix + 1, iy + 1), fx - 1.0, fy - 1.0);
    let top = a + (b - a) * u;
    let bottom = c + (d - c) * u;
    (top + (bottom - top) * v) * 1.5
}

#[inline(always)]
fn slope(h: u32, x: f32, y: f32) -> f32 {
    // Sixteen bits per axis: a direction that is not of length 1, which is not seen.
    let gx = (h & 0xffff) as f32 * (2.0 / 65_535.0) - 1.0;
    let gy = (h >> 16) as f32 * (2.0 / 65_535.0) - 1.0;
    gx * x + gy * y
}

/// Noise on noise: `octaves` of it, each twice as fine and half as strong, roughly from −1 to 1.
#[inline]
pub(super) fn fbm(mut x: f32, mut y: f32, octaves: u32) -> f32 {
    let mut sum = 0.0;
    let mut strength = 0.55;
    for _ in 0..octaves {
        sum += strength * noise(x, y);
        // Turned and shifted, so that the grids of the octaves never line up.
        (x, y) = (1.6 * x - 1.2 * y + 7.3, 1.2 * x + 1.6 * y - 3.1);
        strength *= 0.5;
    }
    sum
}

/// Like [`fbm`] with sharp crests: mountains. From 0 to about 1.
pub(super) fn ridges(mut x: f32, mut y: f32, octaves: u32) -> f32 {
    let mut sum = 0.0;
    let mut strength = 0.5;
    let mut weight = 1.0;
    for _ in 0..octaves {
        let crest = 1.0 - noise(x, y).abs();
        let crest = crest * crest * weight;
        weight = crest.clamp(0.0, 1.0);
        sum += strength * crest;
        (x, y) = (1.6 * x - 1.2 * y + 7.3, 1.2 * x + 1.6 * y - 3.1);
        strength *= 0.5;
    }
    sum
}

/// Smooth random values from about −1 to 1 in space, one feature per unit.
pub(super) fn noise3(x: f32, y: f32, z: f32) -> f32 {
    let iz = floor(z);
    let t = z - iz as f32;
    let w = t * t * (3.0 - 2.0 * t);
    // Two unrelated planes, one fading into the other; each is shifted by its own amount.
    let plane = |layer: i32| {
        let bits = hash(layer, 77);
        noise(x + (bits & 0xff) as f32 * 0.37, y + (bits >> 24) as f32 * 0.41)
    };
    let (below, over) = (plane(iz), plane(iz + 1));
    (below + (over - below) * w) * 1.15
}

/// [`fbm`] in space.
pub(super) fn fbm3(x: f32, y: f32, z: f32, octaves: u32) -> f32 {
    let mut sum = 0.0;
    let mut strength = 0.55;
    let (mut x, mut y, mut z) = (x, y, z);
    for _ in 0..octaves {
        sum += strength * noise3(x, y, z);
        (x, y, z) = (1.6 * x - 1.2 * z + 7.3, 2.0 * y - 3.1, 1.2 * x + 1.6 * z + 1.7);
        strength *= 0.5;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_smooth_bounded_and_zero_at_whole_numbers() {
        for i in 0..2000_i16 {
            let (x, y) = (f32::from(i) * 0.137, f32::from(i) * -0.071);
            let here = noise(x, y);
            assert!(here.abs() <= 1.5, "{here}");
            assert!((noise(x + 1e-3, y) - here).abs() < 0.02);
        }
        assert_eq!(noise(3.0, -4.0), 0.0);
    }

    #[test]
    fn floor_agrees_with_the_library() {
        for i in -50..50_i8 {
            let x = f32::from(i) / 7.0;
            assert_eq!(floor(x) as f32, x.floor(), "{x}");
        }
    }

    #[test]
    fn random_numbers_fill_their_range() {
        let mut rng = Rng::new(1);
        let values: Vec<f32> = (0..4000).map(|_| rng.range(2.0, 4.0)).collect();
        assert!(values.iter().all(|value| (2.0..4.0).contains(value)));
        let mean = values.iter().sum::<f32>() / 4000.0;
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
    }
}
