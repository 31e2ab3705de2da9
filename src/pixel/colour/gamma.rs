//! Profiles for pictures whose colours are told by an exponent and by where their primaries lie.

use lcms2::{CIExyY, CIExyYTRIPLE, Profile, ToneCurve};

/// The exponent that sRGB's curve is nearest to, and how far from it one may be and still be meant
/// for it: many programs write such a value into every file.
const SRGB_EXPONENT: f64 = 2.2;
const NEAR_EXPONENT: f64 = 0.05;
/// White, red, green and blue of sRGB, and how far from them others may be.
const SRGB_POINTS: [(f64, f64); 4] = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)];
const NEAR_POINT: f64 = 0.005;
/// Exponents beyond these are no tone curve of a picture.
const SANE_EXPONENTS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// The profile of grey of this exponent; none for what is near sRGB's curve or no curve at all.
pub(crate) fn grey(exponent: f64) -> Option<Vec<u8>> {
    if is_srgb(exponent) || !SANE_EXPONENTS.contains(&exponent) {
        return None;
    }
    let white = at(SRGB_POINTS[0]);
    Profile::new_gray(&white, &ToneCurve::new(exponent)).ok()?.icc().ok()
}

/// The profile of RGB of this exponent, with `points` for white, red, green and blue (those of sRGB
/// when they are not told); none for sRGB, and for what no picture has.
pub(crate) fn rgb(exponent: f64, points: Option<[(f64, f64); 4]>) -> Option<Vec<u8>> {
    let points = points.filter(|points| !near_srgb(points));
    if !SANE_EXPONENTS.contains(&exponent) || (points.is_none() && is_srgb(exponent)) {
        return None;
    }
    let [white, red, green, blue] = points.unwrap_or(SRGB_POINTS);
    if points.is_some_and(|points| !points.iter().all(|(x, y)| is_point(*x, *y))) {
        return None;
    }
    let primaries = CIExyYTRIPLE { Red: at(red), Green: at(green), Blue: at(blue) };
    let curve = ToneCurve::new(exponent);
    Profile::new_rgb(&at(white), &primaries, &[&curve, &curve, &curve]).ok()?.icc().ok()
}

fn at((x, y): (f64, f64)) -> CIExyY {
    CIExyY { x, y, Y: 1.0 }
}

fn is_srgb(exponent: f64) -> bool {
    (exponent / SRGB_EXPONENT - 1.0).abs() <= NEAR_EXPONENT
}

fn near_srgb(points: &[(f64, f64); 4]) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= NEAR_POINT;
    points.iter().zip(SRGB_POINTS).all(|(is, srgb)| near(is.0, srgb.0) && near(is.1, srgb.1))
}

/// Whether a place can be one of a colour. Wide primaries may lie a little beyond what eyes see.
fn is_point(x: f64, y: f64) -> bool {
    (0.0..=1.0).contains(&x) && (0.0001..=1.0).contains(&y) && x + y <= 1.0001
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_srgb_needs_none() {
        for exponent in [1.0 / 0.45455, 1.0 / 0.45, 2.2, 1.0 / 0.454] {
            assert_eq!(grey(exponent), None);
            assert_eq!(rgb(exponent, None), None);
            assert_eq!(rgb(exponent, Some(SRGB_POINTS)), None);
        }
        assert!(grey(1.8).is_some() && rgb(1.0, Some(SRGB_POINTS)).is_some());
        let wide = [(0.3127, 0.3290), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)];
        assert!(rgb(2.2, Some(wide)).is_some());
    }

    #[test]
    fn nonsense_is_none() {
        for exponent in [0.0, f64::INFINITY, f64::NAN, 1e-9, 1e9] {
            assert_eq!(grey(exponent), None);
            assert_eq!(rgb(exponent, None), None);
        }
        for points in [[(0.0, 0.0); 4], [(9.0, 0.3); 4], [(0.3, 0.3); 4]] {
            assert_eq!(rgb(1.0, Some(points)), None, "{points:?}");
        }
    }
}
