//! Profile conversions against Little CMS's own way through floats, in CIEDE2000.
//!
//! The engine makes a picture of patches with the parameter `icc`. The same patches go, unrounded,
//! through a chain of the same profiles in 32-bit floats without any optimisation; both results are
//! then turned into Lab by the target's profile, in floats too, and compared. An 8-bit picture cannot
//! be nearer than its rounding, so 16 bits are held to the same limits from 16-bit patches.

use std::fs;
use std::sync::Arc;

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    ColourSpace, Engine, EngineOptions, Format, Icc, Image, Intent, Metadata, Profile, ProfileKind,
    Recipe, Samples,
};
use lcms2::{Flags, PixelFormat};

use super::ciede::delta_e_2000;
use super::press;
use super::support::*;

/// Goals for the mean and the largest difference.
const MEAN: f64 = 0.5;
const LARGEST: f64 = 2.0;

/// A profile of Debian's packages icc-profiles-free, colord-data and libgs-common.
fn installed(name: &str) -> Vec<u8> {
    let path = format!("/usr/share/color/icc/{name}");
    fs::read(&path).unwrap_or_else(|error| panic!("{path} has to be installed: {error}"))
}

fn icc(profile: &[u8], intent: Intent, bpc: bool) -> Option<Icc> {
    let profile = Some(Arc::new(Profile::read(profile.to_vec()).unwrap()));
    Some(Icc { name: "test".into(), profile, intent, bpc })
}

/// A grid through the whole space and a finer one of its darkest part, 0–1.
fn patches(bands: usize) -> Vec<Vec<f64>> {
    let steps = match bands {
        1 => 64,
        3 => 9,
        _ => 6,
    };
    let mut all = Vec::new();
    for (from, to) in [(0.0, 1.0), (0.0, 0.12), (0.88, 1.0)] {
        for index in 0..usize::pow(steps, bands as u32) {
            let at = |band: u32| index / steps.pow(band) % steps;
            let value = |band: u32| from + (to - from) * at(band) as f64 / (steps - 1) as f64;
            all.push((0..bands as u32).map(value).collect());
        }
    }
    all
}

fn image(patches: &[Vec<f64>], space: ColourSpace, profile: &[u8], deep: bool) -> Image {
    let values = patches.iter().flatten();
    let samples = if deep {
        Samples::U16(values.map(|value| (value * 65535.0).round() as u16).collect())
    } else {
        Samples::U8(values.map(|value| (value * 255.0).round() as u8).collect())
    };
    Image {
        width: patches.len() as u32,
        height: 1,
        space,
        alpha: false,
        samples,
        profile: shared(profile.to_vec()),
        metadata: Metadata::default(),
    }
}

fn space_of(profile: &[u8]) -> ColourSpace {
    match Profile::read(profile.to_vec()).unwrap().kind() {
        ProfileKind::Device(space) => space,
        other => panic!("{other:?}"),
    }
}

fn float_format(space: ColourSpace) -> PixelFormat {
    match space {
        ColourSpace::Gray => PixelFormat::GRAY_FLT,
        ColourSpace::Rgb => PixelFormat::RGB_FLT,
        ColourSpace::Cmyk => PixelFormat::CMYK_FLT,
    }
}

/// In floats Little CMS counts ink in hundredths.
fn full(space: ColourSpace) -> f64 {
    if space == ColourSpace::Cmyk { 100.0 } else { 1.0 }
}

fn bytes_of(values: &[f64], full: f64) -> Vec<u8> {
    values.iter().flat_map(|value| ((value * full) as f32).to_ne_bytes()).collect()
}

fn floats_of(bytes: &[u8], full: f64) -> Vec<f64> {
    let (values, _) = bytes.as_chunks::<4>();
    values.iter().map(|value| f64::from(f32::from_ne_bytes(*value)) / full).collect()
}

/// Values through a chain of profiles in floats, nothing precomputed.
fn through(
    chain: &[&lcms2::Profile],
    (from, from_full): (PixelFormat, f64),
    (to, to_full, to_bands): (PixelFormat, f64, usize),
    (intent, bpc): (Intent, bool),
    values: &[f64],
) -> Vec<f64> {
    let intent = match intent {
        Intent::Perceptual => lcms2::Intent::Perceptual,
        Intent::Relative => lcms2::Intent::RelativeColorimetric,
        Intent::Saturation => lcms2::Intent::Saturation,
        Intent::Absolute => lcms2::Intent::AbsoluteColorimetric,
    };
    let mut flags = Flags::NO_OPTIMIZE;
    if bpc {
        flags = flags | Flags::BLACKPOINT_COMPENSATION;
    }
    let transform =
        lcms2::Transform::<u8, u8>::new_multiprofile(chain, from, to, intent, flags).unwrap();
    let source = bytes_of(values, from_full);
    let pixels = source.len() / from.bytes_per_pixel();
    let mut target = vec![0; pixels * to_bands * 4];
    transform.transform_pixels(&source, &mut target);
    floats_of(&target, to_full)
}

/// Lab of numbers by their profile.
fn lab(profile: &[u8], values: &[f64]) -> Vec<[f64; 3]> {
    let space = space_of(profile);
    let own = lcms2::Profile::new_icc(profile).unwrap();
    let lab = lcms2::Profile::new_lab4_context(
        lcms2::GlobalContext::new(),
        &lcms2::CIExyY { x: 0.3457, y: 0.3585, Y: 1.0 },
    )
    .unwrap();
    let values = through(
        &[&own, &lab],
        (float_format(space), full(space)),
        (PixelFormat::Lab_FLT, 1.0, 3),
        (Intent::Relative, false),
        values,
    );
    values.as_chunks::<3>().0.to_vec()
}

/// Converts all patches both ways; the mean and the largest difference.
fn differences(from: &[u8], to: &[u8], (intent, bpc): (Intent, bool), deep: bool) -> (f64, f64) {
    let (from_space, to_space) = (space_of(from), space_of(to));
    let patches = patches(from_space.bands());
    let source = image(&patches, from_space, from, deep);
    let file = encode(&source, &EncodeOptions::new(Format::Tiff)).unwrap();
    let recipe = Recipe { icc: icc(to, intent, bpc), ..Recipe::unchanged(Format::Tiff) };
    let made = picture(&engine(), &file, &recipe);
    assert_eq!(made.space, to_space);
    assert_eq!(made.profile.as_deref(), Some(to), "the profile is attached");
    assert_eq!(matches!(made.samples, Samples::U16(_)), deep);

    let exact = floats(&source).values;
    let profiles = [from, to].map(|profile| lcms2::Profile::new_icc(profile).unwrap());
    let expected = through(
        &[&profiles[0], &profiles[1]],
        (float_format(from_space), full(from_space)),
        (float_format(to_space), full(to_space), to_space.bands()),
        (intent, bpc),
        &exact,
    );
    // What lies outside the target is cut, as in every picture.
    let expected: Vec<f64> = expected.iter().map(|value| value.clamp(0.0, 1.0)).collect();
    let offs: Vec<f64> = lab(to, &floats(&made).values)
        .into_iter()
        .zip(lab(to, &expected))
        .map(|(made, expected)| delta_e_2000(made, expected))
        .collect();
    let largest = offs.iter().copied().fold(0.0, f64::max);
    (offs.iter().sum::<f64>() / offs.len() as f64, largest)
}

#[test]
fn conversions_stay_close_to_floats() {
    let (srgb, adobe) = (installed("sRGB.icc"), installed("compatibleWithAdobeRGB1998.icc"));
    let (gray, cmyk) = (installed("Gray.icc"), installed("ghostscript/default_cmyk.icc"));
    let press = press::profile();
    let mut failures = Vec::new();
    for (name, from, to) in [
        ("sRGB to CMYK", &srgb, &cmyk),
        ("Adobe RGB to CMYK", &adobe, &cmyk),
        ("CMYK to sRGB", &cmyk, &srgb),
        ("press to sRGB", &press, &srgb),
        ("sRGB to press", &srgb, &press),
        ("CMYK to press", &cmyk, &press),
        ("Adobe RGB to sRGB", &adobe, &srgb),
        ("sRGB to Adobe RGB", &srgb, &adobe),
        ("sRGB to grey", &srgb, &gray),
        ("CMYK to grey", &cmyk, &gray),
        ("grey to sRGB", &gray, &srgb),
        ("grey to CMYK", &gray, &cmyk),
    ] {
        for how in [
            (Intent::Relative, true),
            (Intent::Relative, false),
            (Intent::Perceptual, false),
            (Intent::Saturation, false),
            (Intent::Absolute, false),
        ] {
            for deep in [false, true] {
                let (mean, largest) = differences(from, to, how, deep);
                let bits = if deep { 16 } else { 8 };
                println!("{name}, {how:?}, {bits} bits: mean {mean:.3}, largest {largest:.3}");
                if mean > MEAN || largest > LARGEST {
                    failures.push(format!("{name} {how:?} {bits}: {mean:.3} {largest:.3}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// A picture of patches as a file in a format.
fn file_of(space: ColourSpace, profile: &[u8], deep: bool, format: Format) -> Vec<u8> {
    let source = image(&patches(space.bands()), space, profile, deep);
    encode(&source, &EncodeOptions::new(format)).unwrap()
}

fn bare(space: ColourSpace) -> Vec<u8> {
    let source = Image { profile: None, ..image(&patches(space.bands()), space, &[], false) };
    encode(&source, &EncodeOptions::new(Format::Tiff)).unwrap()
}

#[test]
fn without_a_profile_rgb_is_srgb() {
    let (srgb, cmyk) = (installed("sRGB.icc"), installed("ghostscript/default_cmyk.icc"));
    let recipe =
        Recipe { icc: icc(&cmyk, Intent::Relative, true), ..Recipe::unchanged(Format::Tiff) };
    let tagged =
        picture(&engine(), &file_of(ColourSpace::Rgb, &srgb, false, Format::Tiff), &recipe);
    let made = picture(&engine(), &bare(ColourSpace::Rgb), &recipe);
    let (tagged, made) = (lab(&cmyk, &floats(&tagged).values), lab(&cmyk, &floats(&made).values));
    for (one, other) in tagged.into_iter().zip(made) {
        assert!(delta_e_2000(one, other) < 1.5, "{one:?} {other:?}");
    }
}

#[test]
fn a_press_can_be_shown_on_a_screen() {
    let cmyk = installed("ghostscript/default_cmyk.icc");
    let applied = icc(&cmyk, Intent::Relative, true);
    let source = bare(ColourSpace::Rgb);
    let print = Recipe { icc: applied, ..Recipe::unchanged(Format::Tiff) };
    let shown = Recipe { colorspace: Some(ColourSpace::Rgb), ..print.clone() };
    let png = Recipe { format: Format::Png, ..print.clone() };
    let on_screen = picture(&engine(), &source, &shown);
    assert_eq!((on_screen.space, on_screen.profile.as_ref()), (ColourSpace::Rgb, None));
    assert_eq!(picture(&engine(), &source, &png).samples, on_screen.samples);
    let inks = lab(&cmyk, &floats(&picture(&engine(), &source, &print)).values);
    let srgb = lcms2::Profile::new_srgb().icc().unwrap();
    let seen = lab(&srgb, &floats(&on_screen).values);
    // Dark tones become lighter or darker by black point compensation, on purpose, and a screen
    // cannot show every ink.
    let light: Vec<_> = inks.iter().zip(&seen).filter(|(ink, _)| ink[0] > 40.0).collect();
    let near = light.iter().filter(|(ink, seen)| delta_e_2000(**ink, **seen) < 4.0).count();
    assert!(near * 10 > light.len() * 8, "{near} of {}", light.len());
}

#[test]
fn strip_leaves_the_profile_that_was_asked_for_unless_it_is_srgb() {
    let source = bare(ColourSpace::Rgb);
    let stripped = |profile: &[u8]| {
        let applied = icc(profile, Intent::Relative, true);
        let recipe = Recipe { icc: applied, strip: true, ..Recipe::unchanged(Format::Png) };
        picture(&engine(), &source, &recipe).profile
    };
    let adobe = installed("compatibleWithAdobeRGB1998.icc");
    assert_eq!(stripped(&adobe).as_deref(), Some(&adobe[..]));
    assert_eq!(stripped(&lcms2::Profile::new_srgb().icc().unwrap()), None);
}

/// An abstract profile that turns the hue by 180°, made by Little CMS.
fn opposite() -> Vec<u8> {
    let context = lcms2::ThreadContext::new();
    lcms2::Profile::new_bchsw_abstract_context(&context, 17, 0.0, 1.0, 180.0, 0.0, None)
        .unwrap()
        .icc()
        .unwrap()
}

#[test]
fn an_abstract_profile_changes_colours_in_every_model() {
    for (profile, space) in
        [(installed("sRGB.icc"), ColourSpace::Rgb), (press::profile(), ColourSpace::Cmyk)]
    {
        // A mild colour, which both models can show the opposite of.
        let values = if space == ColourSpace::Rgb {
            vec![0.62, 0.52, 0.50]
        } else {
            vec![0.15, 0.35, 0.35, 0.2]
        };
        for deep in [false, true] {
            let source = image(std::slice::from_ref(&values), space, &profile, deep);
            let file = encode(&source, &EncodeOptions::new(Format::Tiff)).unwrap();
            let recipe = Recipe {
                icc: icc(&opposite(), Intent::Relative, false),
                ..Recipe::unchanged(Format::Tiff)
            };
            let made = picture(&engine(), &file, &recipe);
            assert_eq!((made.space, made.profile.as_deref()), (space, Some(&profile[..])));
            let [l, a, b] = lab(&profile, &floats(&source).values)[0];
            let found = lab(&profile, &floats(&made).values)[0];
            let off = delta_e_2000(found, [l, -a, -b]);
            assert!(off < 2.0, "{space:?}: {found:?}, expected {:?}, off {off:.2}", [l, -a, -b]);
        }
    }
}

/// A device link between two profiles, made by Little CMS.
fn link(from: &[u8], to: &[u8]) -> Vec<u8> {
    let (from_space, to_space) = (space_of(from), space_of(to));
    let format = |space| match space {
        ColourSpace::Gray => PixelFormat::GRAY_16,
        ColourSpace::Rgb => PixelFormat::RGB_16,
        ColourSpace::Cmyk => PixelFormat::CMYK_16,
    };
    let profiles = [from, to].map(|profile| lcms2::Profile::new_icc(profile).unwrap());
    let transform = lcms2::Transform::<u8, u8>::new(
        &profiles[0],
        format(from_space),
        &profiles[1],
        format(to_space),
        lcms2::Intent::RelativeColorimetric,
    )
    .unwrap();
    let mut link = lcms2::Profile::new_device_link(&transform, 2.4, Flags::default()).unwrap();
    link.set_device_class(lcms2::ProfileClassSignature::LinkClass);
    link.icc().unwrap()
}

#[test]
fn a_device_link_turns_numbers_into_numbers() {
    let (srgb, cmyk) = (installed("sRGB.icc"), installed("ghostscript/default_cmyk.icc"));
    let link = link(&srgb, &cmyk);
    let kind = Profile::read(link.clone()).unwrap().kind();
    assert_eq!(kind, ProfileKind::Link { from: ColourSpace::Rgb, to: ColourSpace::Cmyk });
    let recipe = |profile: &[u8]| Recipe {
        icc: icc(profile, Intent::Relative, false),
        ..Recipe::unchanged(Format::Tiff)
    };
    let source = file_of(ColourSpace::Rgb, &srgb, true, Format::Tiff);
    let linked = picture(&engine(), &source, &recipe(&link));
    assert_eq!((linked.space, linked.profile.as_ref()), (ColourSpace::Cmyk, None));
    let direct = picture(&engine(), &source, &recipe(&cmyk));
    let (linked, direct) =
        (lab(&cmyk, &floats(&linked).values), lab(&cmyk, &floats(&direct).values));
    for (one, other) in linked.into_iter().zip(direct) {
        assert!(delta_e_2000(one, other) < LARGEST, "{one:?} {other:?}");
    }
    // Another model than its own is the request's fault.
    let gray = file_of(ColourSpace::Gray, &installed("Gray.icc"), false, Format::Tiff);
    fails(&gray, &recipe(&link));
}

fn fails(file: &[u8], recipe: &Recipe) {
    let input = halftone::pixel::decode::Input::new(
        std::io::Cursor::new(file.to_vec()),
        file.len() as u64,
        None,
    );
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let opened = engine.open(input, &recipe.opening()).unwrap();
    let made = engine.make(opened, recipe, &halftone::pixel::Cancel::never(), &|_| ());
    let error = made.expect_err("it cannot be made");
    assert!(matches!(error, halftone::pixel::Error::Parameter { name: "icc", .. }), "{error}");
}

#[test]
fn what_cannot_be_applied_is_the_parameters_fault() {
    let srgb = installed("sRGB.icc");
    let known = icc(&srgb, Intent::Relative, true);
    let cmyk = bare(ColourSpace::Cmyk);
    // CMYK of unknown meaning, and a profile that nobody has looked up.
    fails(&cmyk, &Recipe { icc: known.clone(), ..Recipe::unchanged(Format::Png) });
    let unknown = known.map(|known| Icc { profile: None, ..known });
    let rgb = bare(ColourSpace::Rgb);
    fails(&rgb, &Recipe { icc: unknown, ..Recipe::unchanged(Format::Png) });
}

#[test]
fn inverted_cmyk_of_photo_editors_is_read_right() {
    let press = press::profile();
    // The encoder writes what Adobe's programs do; ImageMagick, which knows them, reads it alike.
    let solid = |ink: [f64; 4]| image(&vec![ink.to_vec(); 64], ColourSpace::Cmyk, &press, false);
    for ink in [[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.1, 0.8, 0.7, 0.1]] {
        let jpeg = encode(&solid(ink), &EncodeOptions::new(Format::Jpeg)).unwrap();
        for format in [Format::Png, Format::Webp, Format::Gif, Format::Bmp] {
            let made = picture(&engine(), &jpeg, &Recipe::unchanged(format));
            assert_eq!((made.space, made.profile.as_ref()), (ColourSpace::Rgb, None), "{format:?}");
            let found = floats(&made).pixel(8, 0).to_vec();
            let own = lcms2::Profile::new_srgb().icc().unwrap();
            let off = delta_e_2000(lab(&own, &found[..3])[0], press::lab(press::light(ink)));
            assert!(off < 3.0, "{format:?} {ink:?}: {found:?}, off {off:.2}");
        }
    }
}
