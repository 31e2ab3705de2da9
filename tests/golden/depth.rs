//! Depth and grey stay what they are until the format of the result holds less.

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    ColourSpace, Crop, Depth, Fill, Flip, Format, Gravity, Image, Recipe, Reshape, Tile,
};

use super::support::*;

const READ: [Format; 6] =
    [Format::Jpeg, Format::Png, Format::Tiff, Format::Webp, Format::Gif, Format::Bmp];

fn ramp<const BANDS: usize>() -> Floats {
    Floats::paint::<BANDS>(64, 48, |x, y| {
        std::array::from_fn(|band| 0.1 + (x as f64 / 64.0 + y as f64 / 48.0 + band as f64) / 6.0)
    })
}

fn sources(grey: bool) -> Vec<(Format, bool, Vec<u8>)> {
    let floats = if grey { ramp::<1>() } else { ramp::<3>() };
    let mut sources = Vec::new();
    for format in READ {
        for deep in [false, true] {
            if deep && !matches!(format, Format::Png | Format::Tiff) {
                continue;
            }
            let file = encode(&floats.image(deep), &EncodeOptions::new(format)).unwrap();
            sources.push((format, deep, file));
        }
    }
    sources
}

fn is_fine(image: &Image) -> bool {
    let steps = floats(image);
    steps.values.iter().any(|value| (value * 255.0 - (value * 255.0).round()).abs() > 0.1)
}

#[test]
fn sixteen_bits_stay_through_every_operation_where_the_format_holds_them() {
    let crop = Crop { left: 0.1, right: 0.8, ..Crop::FULL };
    for grey in [false, true] {
        for (from, deep, file) in sources(grey) {
            for to in [Format::Png, Format::Tiff, Format::Jpeg, Format::Webp] {
                let as_is = || Recipe::unchanged(to);
                for recipe in [
                    as_is(),
                    Recipe { width: 31, ..as_is() },
                    Recipe { angle_deg: 7.0, width: 40, ..as_is() },
                    Recipe { strip: true, height: 20, ..as_is() },
                    Recipe { angle_deg: 90.0, flip: Some(Flip::Vertical), ..as_is() },
                    Recipe { crop, width: 30, sharpen: 120, ..as_is() },
                    Recipe { sharpen: -150, ..as_is() },
                    Recipe { width: 40, height: 40, fill: Fill::Auto, ..as_is() },
                    Recipe { width: 40, height: 40, reshape: Some(SMART), ..as_is() },
                    Recipe { tile: Some(Tile::new(2, 4).unwrap()), ..as_is() },
                ] {
                    let made = picture(&engine(), &file, &recipe);
                    let expected = if deep && to.row().deep { Depth::U16 } else { Depth::U8 };
                    assert_eq!(made.depth(), expected, "{from:?} {deep} to {to:?}: {recipe:?}");
                    if expected == Depth::U16 {
                        assert!(is_fine(&made), "{from:?} to {to:?} holds only 8 bits' worth");
                    }
                    if grey && to.row().gray && from.row().gray {
                        assert_eq!(made.space, ColourSpace::Gray, "{from:?} to {to:?}: {recipe:?}");
                    }
                }
            }
        }
    }
}

/// The part that draws the eye.
const SMART: Reshape = Reshape::Cover(Gravity::Smart);

#[test]
fn grey_stays_grey_where_the_format_holds_it() {
    for (from, deep, file) in sources(true) {
        // WebP has no grey, and palettes are read as RGB.
        if matches!(from, Format::Webp | Format::Gif | Format::Bmp) {
            continue;
        }
        for to in [Format::Png, Format::Tiff, Format::Jpeg, Format::Bmp, Format::Webp] {
            let recipe = Recipe { width: 31, ..Recipe::unchanged(to) };
            let made = make(&engine(), &file, &recipe);
            let image = read(&made.bytes);
            let holds = to != Format::Webp;
            let expected = if holds { ColourSpace::Gray } else { ColourSpace::Rgb };
            // A bitmap's grey is a palette.
            if to != Format::Bmp || image.space == ColourSpace::Gray {
                assert_eq!(image.space, expected, "{from:?} {deep} to {to:?}");
            }
            let values = floats(&image);
            for pixel in values.values.chunks_exact(image.bands()).filter(|pixel| pixel.len() == 3)
            {
                let spread = (pixel[0] - pixel[1]).abs().max((pixel[1] - pixel[2]).abs());
                assert!(spread * 255.0 < 3.0, "{from:?} to {to:?}: {pixel:?}");
            }
        }
    }
}
