//! What a PNG says of its colours (PNG, third edition, section 4.3): by code points, by a profile, that it
//! is sRGB, or by gamma and primaries, of which the first that is there counts.

use std::sync::Arc;

use crate::pixel::ColourSpace;
use crate::pixel::colour::{cicp, gamma};

/// The code points of sRGB.
const SRGB: (u8, u8) = (1, 13);
/// Where numbers are kept as hundred-thousandths.
const WHOLE: f64 = 100_000.0;

/// The profile that says what the numbers mean; none for sRGB, and for grey with its curve.
pub(super) fn profile(info: &png::Info, space: ColourSpace) -> Option<Arc<[u8]>> {
    if let Some(points) = &info.coding_independent_code_points
        && space == ColourSpace::Rgb
        && points.matrix_coefficients == 0
        && points.is_video_full_range_image
    {
        let pair = (points.color_primaries, points.transfer_function);
        let made = cicp::profile(pair.0.into(), pair.1.into());
        if made.is_some() || pair == SRGB {
            return made.map(Arc::from);
        }
    }
    if let Some(profile) = &info.icc_profile {
        return Some(Arc::from(&**profile));
    }
    if info.srgb.is_some() {
        return None;
    }
    let exponent = WHOLE / f64::from(info.gama_chunk?.into_scaled());
    let profile = match space {
        ColourSpace::Gray => gamma::grey(exponent),
        _ => gamma::rgb(exponent, info.chrm_chunk.map(|primaries| points(&primaries))),
    };
    profile.map(Arc::from)
}

fn points(primaries: &png::SourceChromaticities) -> [(f64, f64); 4] {
    let value = |scaled: png::ScaledFloat| f64::from(scaled.into_scaled()) / WHOLE;
    let png::SourceChromaticities { white, red, green, blue } = primaries;
    [white, red, green, blue].map(|(x, y)| (value(*x), value(*y)))
}
