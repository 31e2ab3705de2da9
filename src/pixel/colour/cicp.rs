//! Profiles for pictures whose colours are named by code points (ITU-T H.273) instead of by a
//! profile.
//!
//! Primaries: BT.709, Display P3, DCI-P3's with D65, BT.2020, BT.601 (both), and what is not known
//! is taken as BT.709. Transfer: sRGB, pure gammas and linear light are exact. The camera curves of BT.709, 601
//! and 2020 are shown as sRGB's, as screens do. HLG is made to look right on plain screens, and is
//! treated as sRGB's curve as well. PQ is relative to nothing: its absolute light is brought into
//! range by a curve that leaves dark parts alone and bends towards 10,000 cd/m².

use lcms2::{CIExyY, CIExyYTRIPLE, Profile, ToneCurve};

use super::icc::srgb_curve;

const D65: CIExyY = CIExyY { x: 0.3127, y: 0.3290, Y: 1.0 };

const LINEAR: u16 = 8;
const GAMMA_22: u16 = 4;
const GAMMA_28: u16 = 5;
const PQ: u16 = 16;
const GAMMA_26: u16 = 17;

const P3: u16 = 12;
const BT_2020: u16 = 9;
const PAL: u16 = 5;
const NTSC: [u16; 2] = [6, 7];

/// The light of plain white, in cd/m² (ITU-R BT.2408).
const WHITE_NITS: f64 = 203.0;
const MOST_NITS: f64 = 10_000.0;

/// The profile for a pair of code points; none for sRGB, and for what is not known.
#[must_use]
pub(crate) fn profile(primaries: u16, transfer: u16) -> Option<Vec<u8>> {
    let colours = match primaries {
        P3 => Some([(0.680, 0.320), (0.265, 0.690), (0.150, 0.060)]),
        BT_2020 => Some([(0.708, 0.292), (0.170, 0.797), (0.131, 0.046)]),
        PAL => Some([(0.64, 0.33), (0.29, 0.60), (0.15, 0.06)]),
        other if NTSC.contains(&other) => Some([(0.630, 0.340), (0.310, 0.595), (0.155, 0.070)]),
        _ => None,
    };
    let curve = match transfer {
        LINEAR => Some(ToneCurve::new(1.0)),
        GAMMA_22 => Some(ToneCurve::new(2.2)),
        GAMMA_28 => Some(ToneCurve::new(2.8)),
        GAMMA_26 => Some(ToneCurve::new(2.6)),
        PQ => Some(pq()),
        _ => None,
    };
    if colours.is_none() && curve.is_none() {
        return None;
    }
    let [red, green, blue] = colours.unwrap_or([(0.640, 0.330), (0.300, 0.600), (0.150, 0.060)]);
    let curve = curve.unwrap_or_else(srgb_curve);
    let at = |(x, y)| CIExyY { x, y, Y: 1.0 };
    let triple = CIExyYTRIPLE { Red: at(red), Green: at(green), Blue: at(blue) };
    Profile::new_rgb(&D65, &triple, &[&curve, &curve, &curve]).ok()?.icc().ok()
}

/// SMPTE ST 2084, brought into 0–1.
fn pq() -> ToneCurve {
    const STEPS: u16 = 4095;
    let values: Vec<u16> = (0..=STEPS)
        .map(|step| {
            let nits = pq_nits(f64::from(step) / f64::from(STEPS));
            (in_range(nits / WHITE_NITS) * 65535.0).round() as u16
        })
        .collect();
    ToneCurve::new_tabulated(&values)
}

/// Light in cd/m² of a PQ value, 0–1.
fn pq_nits(value: f64) -> f64 {
    let (m1, m2) = (2610.0 / 16384.0, 2523.0 / 4096.0 * 128.0);
    let (c1, c2, c3) = (3424.0 / 4096.0, 2413.0 / 4096.0 * 32.0, 2392.0 / 4096.0 * 32.0);
    let root = value.powf(1.0 / m2);
    MOST_NITS * ((root - c1).max(0.0) / (c2 - c3 * root)).powf(1.0 / m1)
}

/// Reinhard's extended curve: `light` times plain white, with the most that there is becoming 1.
fn in_range(light: f64) -> f64 {
    let most = MOST_NITS / WHITE_NITS;
    light * (1.0 + light / (most * most)) / (1.0 + light)
}

#[cfg(test)]
mod tests {
    use lcms2::{Flags, Intent, PixelFormat, Transform};

    use super::*;

    fn to_srgb(profile: &[u8], pixel: [u16; 3]) -> [f64; 3] {
        let from = Profile::new_icc(profile).unwrap();
        let transform: Transform<[u16; 3], [u16; 3]> = Transform::new_flags(
            &from,
            PixelFormat::RGB_16,
            &Profile::new_srgb(),
            PixelFormat::RGB_16,
            Intent::RelativeColorimetric,
            Flags::NO_OPTIMIZE,
        )
        .unwrap();
        let mut out = [[0; 3]];
        transform.transform_pixels(&[pixel], &mut out);
        out[0].map(|value| f64::from(value) / 257.0)
    }

    #[test]
    fn srgb_and_the_unknown_need_none() {
        for pair in [(1, 13), (2, 2), (1, 1), (1, 6), (0, 0), (99, 99)] {
            assert_eq!(profile(pair.0, pair.1), None, "{pair:?}");
        }
    }

    /// CSS Color 4 gives sRGB red as `color(display-p3 0.91749 0.20029 0.13856)`, and sRGB green as
    /// `color(display-p3 0.45840 0.98527 0.29833)`.
    #[test]
    fn display_p3_is_wider_than_srgb_by_the_published_figures() {
        let profile = profile(12, 13).unwrap();
        for (p3, srgb) in [
            ([0.917_49, 0.200_29, 0.138_56], [255.0, 0.0, 0.0]),
            ([0.458_40, 0.985_27, 0.298_33], [0.0, 255.0, 0.0]),
            ([0.5, 0.5, 0.5], [127.5, 127.5, 127.5]),
        ] {
            let got = to_srgb(&profile, p3.map(|value: f64| (value * 65535.0).round() as u16));
            for (got, wanted) in got.iter().zip(srgb) {
                assert!((got - wanted).abs() < 1.5, "{p3:?} gives {got:?} for {wanted:?}");
            }
        }
    }

    /// ITU-R BT.2087: BT.709's red is 0.6274, 0.0691, 0.0164 in linear BT.2020.
    #[test]
    fn bt_2020_follows_its_matrix() {
        let linear = profile(9, 8).unwrap();
        let red = to_srgb(&linear, [0.6274, 0.0691, 0.0164].map(|v: f64| (v * 65535.0) as u16));
        assert!((red[0] - 255.0).abs() < 1.5 && red[1] < 4.0 && red[2] < 4.0, "{red:?}");
    }

    #[test]
    fn pq_keeps_its_order_and_its_ends() {
        // ST 2084: the code 0.5081 is 100 cd/m², 1 is 10,000.
        assert!((pq_nits(0.5081) - 100.0).abs() < 0.1);
        assert!((pq_nits(1.0) - 10_000.0).abs() < 1e-6);
        assert!((in_range(MOST_NITS / WHITE_NITS) - 1.0).abs() < 1e-12);
        let profile = profile(9, 16).unwrap();
        let greys: Vec<f64> =
            (0..=8).map(|step| to_srgb(&profile, [(step * 8191) as u16; 3])[1]).collect();
        assert!(greys.windows(2).all(|pair| pair[0] <= pair[1]), "{greys:?}");
        assert!(greys[0] < 1.0 && greys[8] > 253.0, "{greys:?}");
    }
}
