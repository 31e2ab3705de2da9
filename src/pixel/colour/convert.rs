//! Choosing a result's colour space, and colours of ours in a picture's own.

use super::icc::Bytes;
use super::transform::{Meaning, Transform};
use crate::pixel::{ColourSpace, Depth, FormatRow, Image, Result, Rgba, Samples};

/// What a result's colours are to become.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    /// The model asked for; none keeps the picture's where the format can hold it.
    pub space: Option<ColourSpace>,
    /// Whether a profile that can be spared is left out of the result.
    pub strip: bool,
    /// Whether the picture's profile was asked for: then `strip` leaves it.
    pub applied: bool,
    /// The format of the result.
    pub format: &'a FormatRow,
    /// The profile of CMYK pictures that carry none, and of those made from other models.
    pub cmyk_profile: Option<&'a Bytes>,
}

/// What a picture's numbers mean.
pub(crate) fn meaning(image: &Image, cmyk_profile: Option<&Bytes>) -> Meaning {
    let profile = match (&image.profile, image.space) {
        (Some(profile), _) => Some(profile.clone()),
        (None, ColourSpace::Cmyk) => cmyk_profile.cloned(),
        (None, _) => None,
    };
    Meaning { space: image.space, profile }
}

/// Converts a picture to the wanted colour space.
///
/// - A picture that already has the wanted model keeps its numbers and its profile.
/// - When an RGB or grey picture's profile is to be left out (`strip`) or cannot travel along (a
///   format without profiles), the picture is converted to sRGB or its grey, so that it looks the
///   same without.
/// - CMYK keeps numbers and profile, `strip` or not: nobody could know what they mean without.
/// - CMYK goes to sRGB for formats that cannot hold it.
/// - New CMYK pictures carry the CMYK profile.
/// - A profile that was asked for stays, `strip` or not, unless the numbers mean the same without.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
pub(crate) fn convert(image: Image, wanted: &Wanted) -> Result<Image> {
    let mut space = wanted.space.unwrap_or(image.space);
    if space == ColourSpace::Cmyk && !wanted.format.cmyk {
        space = ColourSpace::Rgb;
    }
    let from = meaning(&image, wanted.cmyk_profile);
    if space == image.space {
        let bare = wanted.strip || !wanted.format.profile;
        if !bare || space == ColourSpace::Cmyk {
            return Ok(image);
        }
        let to = Meaning { space, profile: None };
        if from == to || alike(&from, &to) {
            return Ok(without_profile(image));
        }
        if wanted.applied && wanted.format.profile {
            return Ok(image);
        }
        return Transform::between(&from, &to, image.depth()).apply(&image, &to);
    }
    let cmyk = space == ColourSpace::Cmyk;
    let to = Meaning { space, profile: wanted.cmyk_profile.filter(|_| cmyk).cloned() };
    Transform::between(&from, &to, image.depth()).apply(&image, &to)
}

/// Brings a picture's numbers to what those of another mean, and takes on its profile.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
pub(crate) fn bring(image: Image, to: &Meaning, cmyk_profile: Option<&Bytes>) -> Result<Image> {
    let from = meaning(&image, cmyk_profile);
    if from == *to || (from.space == to.space && alike(&from, to)) {
        return Ok(Image { profile: to.profile.clone(), ..image });
    }
    Transform::between(&from, to, image.depth()).apply(&image, to)
}

fn without_profile(mut image: Image) -> Image {
    image.profile = None;
    image
}

/// Whether two spaces of one model show the same numbers alike: to within one 8-bit level at steps
/// through the whole space.
fn alike(from: &Meaning, to: &Meaning) -> bool {
    const LEVELS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let bands = from.space.bands();
    let pixels: Vec<u8> = match bands {
        1 => LEVELS.to_vec(),
        _ => LEVELS
            .iter()
            .flat_map(|&r| {
                LEVELS.iter().flat_map(move |&g| LEVELS.iter().flat_map(move |&b| [r, g, b]))
            })
            .collect(),
    };
    let probe = Image {
        width: (pixels.len() / bands) as u32,
        height: 1,
        space: from.space,
        alpha: false,
        samples: Samples::U8(pixels),
        profile: None,
        metadata: crate::pixel::Metadata::default(),
    };
    let Ok(converted) = Transform::between(from, to, Depth::U8).apply(&probe, to) else {
        return false;
    };
    match (&probe.samples, &converted.samples) {
        (Samples::U8(before), Samples::U8(after)) => {
            before.iter().zip(after).all(|(before, after)| before.abs_diff(*after) <= 1)
        }
        _ => false,
    }
}

/// An sRGB colour as one pixel in a picture's space: its colour bands and, last, its alpha, each
/// 0–65535.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
pub(crate) fn colour_in(
    image: &Image,
    colour: Rgba,
    cmyk_profile: Option<&Bytes>,
) -> Result<Vec<u16>> {
    let to = meaning(image, cmyk_profile);
    let wide = |value: u8| u16::from(value) * 257;
    let samples = [wide(colour.r), wide(colour.g), wide(colour.b)];
    let mut bands = if to == Meaning::SRGB {
        samples.to_vec()
    } else {
        let pixel = Image {
            width: 1,
            height: 1,
            space: ColourSpace::Rgb,
            alpha: false,
            samples: Samples::U16(samples.to_vec()),
            profile: None,
            metadata: crate::pixel::Metadata::default(),
        };
        let converted = Transform::between(&Meaning::SRGB, &to, Depth::U16).apply(&pixel, &to)?;
        match converted.samples {
            Samples::U16(bands) => bands,
            Samples::U8(bands) => bands.into_iter().map(wide).collect(),
        }
    };
    bands.push(wide(colour.a));
    Ok(bands)
}
