//! How samples relate to light: tables from encoded values to linear ones and back.
//!
//! Mixing pixels is right only in proportion to light, so resampling decodes each sample with its
//! profile's tone curve, works on linear values, and encodes the result. Without a profile the
//! curve is sRGB's. Tables are made once per profile and shared.
//!
//! The way back is a table over the logarithm of the linear value, read straight from the bits of
//! the float: its steps are below a quarter of a level at every brightness, with any curve from
//! linear to gamma 3, and it is small enough to stay in the first-level cache.

use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use lcms2::{Tag, TagSignature, ToneCurveRef};

use super::icc;
use crate::pixel::{ColourSpace, Image};

/// Powers of two that the table back covers, below 1.
const OCTAVES: u32 = 20;
/// Table entries per power of two, as a power of two.
const STEPS_LOG2: u32 = 9;
/// Number of table entries below 1.
const STEPS: usize = (OCTAVES << STEPS_LOG2) as usize;
/// Bits of 2^-OCTAVES as a float.
const LOWEST: u32 = (127 - OCTAVES) << 23;
const SHIFT: u32 = 23 - STEPS_LOG2;

/// One tone curve in both directions.
pub(crate) struct Curve {
    /// Linear light of each 8-bit value, 0–1.
    pub decode8: [f32; 256],
    /// Linear light of each 16-bit value; made when first needed.
    decode16: OnceLock<Box<[f32]>>,
    /// Encoded value, 0–1, at the lower edge of each step and at 1.
    edges: Box<[f32]>,
    /// 8-bit value in the middle of each step.
    encode8: Box<[u8]>,
    /// Tables for averaging 8-bit values; made when first needed.
    averaging: OnceLock<Box<Averaging>>,
}

/// Tables in integers for averaging 8-bit values in proportion to light.
#[repr(C)]
pub(crate) struct Averaging {
    /// Light of each value, full light being 65535.
    pub light: [u16; 256],
    /// For each mean of 64 values the sum of their squared distances from it up to which the mean in
    /// light differs too little to matter.
    pub limit: [u32; 256],
    /// Value of the square root of light, full light being 4096.
    pub sample: [u8; 4097],
}

/// How far the mean of values may be from that of light, in 8-bit levels.
const UNSEEN: f64 = 0.5;

impl Curve {
    /// The curve that `light` describes: from an encoded value, 0–1, to linear light, 0–1,
    /// rising.
    fn new(light: impl Fn(f64) -> f64) -> Self {
        const SAMPLES: usize = 1 << 15;
        let mut samples: Vec<f64> = Vec::with_capacity(SAMPLES + 1);
        for index in 0..=SAMPLES {
            let value = light(index as f64 / SAMPLES as f64).clamp(0.0, 1.0);
            // A curve read from a file may dip by its rounding; the way back needs it rising.
            samples.push(samples.last().map_or(value, |&last| value.max(last)));
        }
        let mut at = 0;
        let mut inverse = |linear: f64| {
            while at + 1 < SAMPLES && samples[at + 1] < linear {
                at += 1;
            }
            let (low, high) = (samples[at], samples[at + 1]);
            let part =
                if high > low { ((linear - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
            (at as f64 + part) / SAMPLES as f64
        };
        let mut edges = Vec::with_capacity(STEPS + 1);
        let mut encode8 = Vec::with_capacity(STEPS + 1);
        for step in 0..=STEPS {
            let edge = f64::from(f32::from_bits(LOWEST + ((step as u32) << SHIFT)));
            let next = f64::from(f32::from_bits(LOWEST + ((step as u32 + 1) << SHIFT)));
            edges.push(inverse(edge) as f32);
            encode8.push((inverse(((edge + next) / 2.0).min(1.0)) * 255.0).round() as u8);
        }
        encode8[STEPS] = 255;
        Self {
            decode8: std::array::from_fn(|value| light(value as f64 / 255.0) as f32),
            decode16: OnceLock::new(),
            edges: edges.into(),
            encode8: encode8.into(),
            averaging: OnceLock::new(),
        }
    }

    /// Tables for averaging 8-bit values.
    pub fn averaging(&self) -> &Averaging {
        self.averaging.get_or_init(|| {
            let light = |level: f64| {
                let level = level.clamp(0.0, 255.0);
                let low = level.floor() as usize;
                let [from, to] = [low, (low + 1).min(255)].map(|at| f64::from(self.decode8[at]));
                from + (to - from) * level.fract()
            };
            let limit = |mean: usize| {
                let mean = mean as f64;
                // Half of the values lie this far above the mean, the others below.
                let too_far = (1..=128).map(f64::from).find_map(|far| {
                    let between = (light(mean - far) + light(mean + far)) / 2.0;
                    let off = f64::from(self.encode(between as f32)) * 255.0 - mean;
                    (off > UNSEEN).then(|| far * far * UNSEEN / off)
                });
                too_far.map_or(u32::MAX, |variance| (variance * 64.0) as u32)
            };
            Box::new(Averaging {
                light: std::array::from_fn(|value| (self.decode8[value] * 65535.0).round() as u16),
                limit: std::array::from_fn(limit),
                sample: std::array::from_fn(|root| {
                    self.encode8((root as f32 / 4096.0) * (root as f32 / 4096.0))
                }),
            })
        })
    }

    /// Linear light of each 16-bit value, 0–1.
    pub fn decode16(&self) -> &[f32] {
        self.decode16.get_or_init(|| {
            // Inverting the table back keeps both directions consistent to a fraction of a 16-bit
            // step, without holding on to the profile.
            let mut at = 0;
            (0..=u16::MAX)
                .map(|value| {
                    let wanted = f32::from(value) / 65535.0;
                    if wanted <= self.edges[0] {
                        let lowest = f32::from_bits(LOWEST);
                        let part = if self.edges[0] > 0.0 { wanted / self.edges[0] } else { 0.0 };
                        return lowest * part;
                    }
                    while at + 1 < STEPS && self.edges[at + 1] < wanted {
                        at += 1;
                    }
                    let (low, high) = (self.edges[at], self.edges[at + 1]);
                    let part =
                        if high > low { ((wanted - low) / (high - low)).min(1.0) } else { 0.0 };
                    let edge = |step: usize| f32::from_bits(LOWEST + ((step as u32) << SHIFT));
                    edge(at) + (edge(at + 1) - edge(at)) * part
                })
                .collect()
        })
    }

    /// The 8-bit value nearest to a linear one; values outside 0–1 are cut.
    #[inline(always)]
    pub fn encode8(&self, linear: f32) -> u8 {
        let bits = linear.max(f32::from_bits(LOWEST)).min(1.0).to_bits();
        self.encode8[((bits - LOWEST) >> SHIFT) as usize]
    }

    /// The 16-bit value nearest to a linear one; values outside 0–1 are cut.
    #[inline(always)]
    pub fn encode16(&self, linear: f32) -> u16 {
        (self.encode(linear) * 65535.0 + 0.5) as u16
    }

    /// The encoded value, 0–1, of a linear one; values outside 0–1 are cut.
    #[inline(always)]
    pub fn encode(&self, linear: f32) -> f32 {
        let lowest = f32::from_bits(LOWEST);
        if linear < lowest {
            return self.edges[0] * (linear.max(0.0) / lowest);
        }
        let bits = linear.min(1.0).to_bits() - LOWEST;
        let step = (bits >> SHIFT) as usize;
        let part = (bits & ((1 << SHIFT) - 1)) as f32 / (1_u32 << SHIFT) as f32;
        let low = self.edges[step];
        low + (self.edges[(step + 1).min(STEPS)] - low) * part
    }
}

/// In what terms pixels are mixed.
#[derive(Clone)]
pub(crate) enum Light {
    /// As they are encoded.
    Encoded,
    /// In proportion to light, by a curve per colour band (grey uses the first).
    Linear([Arc<Curve>; 3]),
}

impl Light {
    /// The light of a picture: by its profile's tone curves, or sRGB's when it has no profile or
    /// one that has no usable curves. CMYK is ink, not light, and is mixed as it is.
    pub fn of(image: &Image) -> Self {
        Self::by_profile(image.space, image.profile.as_ref())
    }

    /// The light of pictures in this space with this profile, as [`of`](Self::of) says.
    pub fn by_profile(space: ColourSpace, profile: Option<&icc::Bytes>) -> Self {
        match profile {
            _ if space == ColourSpace::Cmyk => Self::Encoded,
            None => Self::srgb(),
            Some(profile) => Self::Linear(cached(profile, space)),
        }
    }

    /// The light of sRGB pictures, and of grey ones with its curve.
    pub fn srgb() -> Self {
        let curve = &*SRGB;
        Self::Linear([curve.clone(), curve.clone(), curve.clone()])
    }
}

static SRGB: LazyLock<Arc<Curve>> = LazyLock::new(|| Arc::new(Curve::new(srgb_to_linear)));

/// The sRGB curve (IEC 61966-2-1), 0–1.
fn srgb_to_linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

type Curves = [Arc<Curve>; 3];

/// The curves of profiles seen last, latest last.
static CACHE: Mutex<Vec<(icc::Bytes, Curves)>> = Mutex::new(Vec::new());
const CACHED: usize = 16;

fn cached(profile: &icc::Bytes, space: ColourSpace) -> Curves {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let curves = match cache.iter().position(|(known, _)| known == profile) {
        Some(index) => cache.remove(index).1,
        None => {
            if cache.len() >= CACHED {
                cache.remove(0);
            }
            read(profile, space)
        }
    };
    cache.push((profile.clone(), curves.clone()));
    curves
}

/// The tone curves of a profile, sRGB's where it has none that rise from 0 to 1.
fn read(profile: &[u8], space: ColourSpace) -> Curves {
    let context = icc::context();
    let opened = icc::open(profile, &context);
    let curve = |tag: TagSignature| {
        let Some(Tag::ToneCurve(curve)) = opened.as_ref().map(|opened| opened.read_tag(tag)) else {
            return SRGB.clone();
        };
        if !usable(curve) {
            return SRGB.clone();
        }
        let light = |value: f64| f64::from(curve.eval(value as f32));
        // Most profiles carry the sRGB curve in one form or another: share its table.
        let same = (0..=64).all(|step| {
            let value = f64::from(step) / 64.0;
            (light(value) - srgb_to_linear(value)).abs() < 2e-4
        });
        if same { SRGB.clone() } else { Arc::new(Curve::new(light)) }
    };
    if space == ColourSpace::Gray {
        let gray = curve(TagSignature::GrayTRCTag);
        return [gray.clone(), gray.clone(), gray];
    }
    [
        curve(TagSignature::RedTRCTag),
        curve(TagSignature::GreenTRCTag),
        curve(TagSignature::BlueTRCTag),
    ]
}

fn usable(curve: &ToneCurveRef) -> bool {
    let (start, end) = (curve.eval(0.0_f32), curve.eval(1.0_f32));
    curve.is_monotonic() && !curve.is_descending() && start.abs() < 0.02 && (end - 1.0).abs() < 0.02
}

#[cfg(test)]
mod tests {
    use super::*;

    type Named = (&'static str, fn(f64) -> f64);

    fn curves() -> [Named; 4] {
        [
            ("sRGB", srgb_to_linear),
            ("gamma 1", |value| value),
            ("gamma 1.8", |value| value.powf(1.8)),
            ("gamma 2.2", |value| value.powf(2.2)),
        ]
    }

    #[test]
    fn eight_bits_come_back_unchanged() {
        for (name, light) in curves() {
            let curve = Curve::new(light);
            for value in 0..=255_u8 {
                // Below the table's last octave the darkest levels of a pure power run together.
                if light(f64::from(value) / 255.0) < f64::from(f32::from_bits(LOWEST)) {
                    continue;
                }
                assert_eq!(curve.encode8(curve.decode8[usize::from(value)]), value, "{name}");
            }
            assert_eq!(curve.encode8(-1.0), 0);
            assert_eq!(curve.encode8(7.0), 255);
        }
    }

    #[test]
    fn sixteen_bits_come_back_within_a_step() {
        for (name, light) in curves() {
            let curve = Curve::new(light);
            for value in (0..=u16::MAX).step_by(7) {
                let linear = curve.decode16()[usize::from(value)];
                let back = curve.encode16(linear);
                assert!(back.abs_diff(value) <= 1, "{name} {value} {back}");
                // 1e-5 of full light, or a thousandth of the value.
                let exact = light(f64::from(value) / 65535.0);
                let off = (f64::from(linear) - exact).abs();
                assert!(off <= 2e-6 + exact * 1e-3, "{name} {value}: {linear} {exact}");
            }
            assert_eq!(curve.encode16(1.5), u16::MAX);
            assert_eq!(curve.encode16(-0.5), 0);
        }
    }

    #[test]
    fn encoding_is_close_to_the_formula_everywhere() {
        let curve = Curve::new(srgb_to_linear);
        for step in 0..=20_000 {
            let linear = (f64::from(step) / 20_000.0).powi(3);
            let exact = if linear <= 0.003_130_8 {
                linear * 12.92
            } else {
                1.055 * linear.powf(1.0 / 2.4) - 0.055
            };
            let eight = f64::from(curve.encode8(linear as f32));
            assert!((eight - exact * 255.0).abs() <= 0.75, "{linear}: {eight}");
            let deep = f64::from(curve.encode16(linear as f32));
            assert!((deep - exact * 65535.0).abs() <= 1.5, "{linear}: {deep}");
        }
    }
}
