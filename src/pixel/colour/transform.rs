//! Conversion of pixels between colour spaces by ICC profiles.
//!
//! Making a transform costs far more than using it on a small picture (a press profile's tables
//! are resampled), so the ones used last are kept and shared by all threads.

use std::sync::{Arc, Mutex, PoisonError};

use lcms2::{DisallowCache, Flags, PixelFormat, ThreadContext};

use super::icc::{self, Bytes, OpenProfile};
use crate::pixel::{ColourSpace, Depth, Image, Intent, Result, Samples};

/// A colour space as a pixel's numbers are meant: a model, and a profile or the model's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub space: ColourSpace,
    pub profile: Option<Bytes>,
}

impl Meaning {
    /// sRGB.
    pub const SRGB: Self = Self { space: ColourSpace::Rgb, profile: None };

    fn open(&self, context: &ThreadContext) -> Option<OpenProfile> {
        match &self.profile {
            Some(profile) => icc::open(profile, context),
            None => icc::default_profile(self.space, context),
        }
    }
}

/// How colours that the target cannot show, and its darkest tone, are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rendering {
    pub intent: Intent,
    /// Black point compensation.
    pub bpc: bool,
}

impl Rendering {
    /// What is done when nothing else is asked for.
    pub const USUAL: Self = Self { intent: Intent::Relative, bpc: true };
}

/// The profiles that a colour goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// From one space to another, if asked through an abstract profile between them.
    Between { from: Meaning, through: Option<Bytes>, to: Meaning },
    /// Through a device link alone.
    Link { profile: Bytes, from: ColourSpace, to: ColourSpace },
}

impl Way {
    fn models(&self) -> (ColourSpace, ColourSpace) {
        match self {
            Self::Between { from, to, .. } => (from.space, to.space),
            Self::Link { from, to, .. } => (*from, *to),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    way: Way,
    rendering: Rendering,
    depth: Depth,
}

type Lcms = lcms2::Transform<u8, u8, ThreadContext, DisallowCache>;

/// The transforms used last, latest last.
static CACHE: Mutex<Vec<(Key, Arc<Lcms>)>> = Mutex::new(Vec::new());

/// A transform holds up to a few hundred kilobytes.
const CACHED: usize = 16;

/// A conversion of pixels at one depth.
pub(crate) enum Transform {
    /// By profiles.
    Profiled(Arc<Lcms>),
    /// By formula, where CMYK has no profile on either side.
    Naive,
}

impl Transform {
    /// The conversion from one meaning to another; by formula when a CMYK side has no profile or
    /// Little CMS refuses the pair.
    pub fn between(from: &Meaning, to: &Meaning, depth: Depth) -> Self {
        let way = Way::Between { from: from.clone(), through: None, to: to.clone() };
        Self::along(way, Rendering::USUAL, depth).unwrap_or(Self::Naive)
    }

    /// The conversion along a way; none when a CMYK end has no profile, or Little CMS refuses it.
    pub fn along(way: Way, rendering: Rendering, depth: Depth) -> Option<Self> {
        let key = Key { way, rendering, depth };
        let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = cache.iter().position(|(known, _)| *known == key) {
            let entry = cache.remove(index);
            let transform = entry.1.clone();
            cache.push(entry);
            return Some(Self::Profiled(transform));
        }
        drop(cache);
        let transform = Arc::new(make(&key)?);
        cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= CACHED {
            cache.remove(0);
        }
        cache.push((key, transform.clone()));
        Some(Self::Profiled(transform))
    }

    /// Converts a picture; alpha passes through.
    ///
    /// # Errors
    /// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short.
    pub fn apply(&self, image: &Image, to: &Meaning) -> Result<Image> {
        let mut result =
            Image::try_new(image.width, image.height, to.space, image.alpha, image.depth())?;
        let bands = (image.bands(), result.bands());
        if let (Self::Profiled(lcms), Samples::U8(from), Samples::U8(into), ColourSpace::Gray) =
            (self, &image.samples, &mut result.samples, image.space)
        {
            levels(lcms, from, into, bands, to.space.bands());
            result.profile.clone_from(&to.profile);
            result.metadata = image.metadata.clone();
            return Ok(result);
        }
        match (&image.samples, &mut result.samples) {
            (Samples::U8(from), Samples::U8(into)) => {
                self.rows(image, from, into, bands, to.space, 255.0);
            }
            (Samples::U16(from), Samples::U16(into)) => {
                self.rows(image, from, into, bands, to.space, 65535.0);
            }
            _ => unreachable!("the result was made with the source's depth"),
        }
        result.profile.clone_from(&to.profile);
        result.metadata = image.metadata.clone();
        Ok(result)
    }

    fn rows<T: Sample>(
        &self,
        image: &Image,
        from: &[T],
        into: &mut [T],
        (from_bands, into_bands): (usize, usize),
        to: ColourSpace,
        full: f32,
    ) {
        let width = image.width as usize;
        let (from_colours, into_colours) = (image.space.bands(), to.bands());
        let mut source = vec![0; width * from_colours * size_of::<T>()];
        let mut target = vec![0; width * into_colours * size_of::<T>()];
        let rows =
            from.chunks_exact(width * from_bands).zip(into.chunks_exact_mut(width * into_bands));
        for (from, into) in rows {
            match self {
                Self::Naive => {
                    let pixels =
                        from.chunks_exact(from_bands).zip(into.chunks_exact_mut(into_bands));
                    for (from, into) in pixels {
                        let mut colour = [0.0; 4];
                        for (value, sample) in colour.iter_mut().zip(&from[..from_colours]) {
                            *value = (*sample).into() / full;
                        }
                        let colour = naive(colour, image.space, to);
                        for (value, sample) in colour.iter().zip(&mut into[..into_colours]) {
                            *sample = T::rounded(value * full);
                        }
                    }
                }
                // Without alpha between them, bytes need no packing.
                Self::Profiled(transform) if !image.alpha && T::convert(transform, from, into) => {}
                Self::Profiled(transform) => {
                    let packed = source.chunks_exact_mut(from_colours * size_of::<T>());
                    for (pixel, packed) in from.chunks_exact(from_bands).zip(packed) {
                        T::pack(&pixel[..from_colours], packed);
                    }
                    transform.transform_pixels(&source, &mut target);
                    let packed = target.chunks_exact(into_colours * size_of::<T>());
                    for (pixel, packed) in into.chunks_exact_mut(into_bands).zip(packed) {
                        T::unpack(packed, &mut pixel[..into_colours]);
                    }
                }
            }
            if image.alpha {
                let pixels = from.chunks_exact(from_bands).zip(into.chunks_exact_mut(into_bands));
                for (from, into) in pixels {
                    into[into_colours] = from[from_colours];
                }
            }
        }
    }
}

/// Converts grey of 8 bits by converting each of its levels once.
fn levels(
    lcms: &Lcms,
    from: &[u8],
    into: &mut [u8],
    (from_bands, into_bands): (usize, usize),
    colours: usize,
) {
    let every: [u8; 256] = std::array::from_fn(|level| level as u8);
    let mut table = vec![0; every.len() * colours];
    lcms.transform_pixels(&every, &mut table);
    for (from, into) in from.chunks_exact(from_bands).zip(into.chunks_exact_mut(into_bands)) {
        let at = usize::from(from[0]) * colours;
        into[..colours].copy_from_slice(&table[at..at + colours]);
        into[colours..].copy_from_slice(&from[1..]);
    }
}

/// How finely Little CMS samples a chain of profiles, chosen by the difference to its way through
/// floats (CIEDE2000 over a grid of the space, see `tests/golden/profiles.rs`). Tables of the usual
/// size suffice for RGB (33 steps a side). For CMYK (17 steps) dark tones of a steep profile were up
/// to 2.1 off, with 23 steps below 2. For grey, whose table has 33 steps between black and white,
/// shadows were up to 2.9 off: no table is made, and the levels are converted one by one.
fn precision(from: ColourSpace) -> Flags {
    match from {
        ColourSpace::Gray => Flags::NO_OPTIMIZE,
        ColourSpace::Rgb => Flags::default(),
        ColourSpace::Cmyk => Flags::HIGHRES_PRECALC,
    }
}

fn make(key: &Key) -> Option<Lcms> {
    let context = icc::context();
    let profiles = match &key.way {
        Way::Between { from, through, to } => {
            let mut profiles = vec![from.open(&context)?];
            if let Some(through) = through {
                profiles.push(icc::open(through, &context)?);
            }
            profiles.push(to.open(&context)?);
            profiles
        }
        Way::Link { profile, .. } => vec![icc::open(profile, &context)?],
    };
    let (from, to) = key.way.models();
    let mut flags = Flags::NO_CACHE | precision(from);
    if key.rendering.bpc {
        flags = flags | Flags::BLACKPOINT_COMPENSATION;
    }
    let intent = match key.rendering.intent {
        Intent::Perceptual => lcms2::Intent::Perceptual,
        Intent::Relative => lcms2::Intent::RelativeColorimetric,
        Intent::Saturation => lcms2::Intent::Saturation,
        Intent::Absolute => lcms2::Intent::AbsoluteColorimetric,
    };
    Lcms::new_multiprofile_context(
        &*context,
        &profiles.iter().collect::<Vec<_>>(),
        pixel_format(from, key.depth),
        pixel_format(to, key.depth),
        intent,
        flags,
    )
    .ok()
}

fn pixel_format(space: ColourSpace, depth: Depth) -> PixelFormat {
    match (space, depth) {
        (ColourSpace::Gray, Depth::U8) => PixelFormat::GRAY_8,
        (ColourSpace::Gray, Depth::U16) => PixelFormat::GRAY_16,
        (ColourSpace::Rgb, Depth::U8) => PixelFormat::RGB_8,
        (ColourSpace::Rgb, Depth::U16) => PixelFormat::RGB_16,
        (ColourSpace::Cmyk, Depth::U8) => PixelFormat::CMYK_8,
        (ColourSpace::Cmyk, Depth::U16) => PixelFormat::CMYK_16,
    }
}

/// A colour of 0–1 per band in another model without any profile: CMYK by the textbook formula
/// `red = (1 − cyan)(1 − black)` and back with as much black as the colour allows, grey by the
/// luma weights of Rec. 601.
fn naive(colour: [f32; 4], from: ColourSpace, to: ColourSpace) -> [f32; 4] {
    let [r, g, b] = match from {
        ColourSpace::Gray => [colour[0]; 3],
        ColourSpace::Rgb => [colour[0], colour[1], colour[2]],
        ColourSpace::Cmyk => {
            let light = 1.0 - colour[3];
            [(1.0 - colour[0]) * light, (1.0 - colour[1]) * light, (1.0 - colour[2]) * light]
        }
    };
    match to {
        ColourSpace::Rgb => [r, g, b, 0.0],
        ColourSpace::Gray => [0.299 * r + 0.587 * g + 0.114 * b, 0.0, 0.0, 0.0],
        ColourSpace::Cmyk => {
            let light = r.max(g).max(b);
            if light <= 0.0 {
                return [0.0, 0.0, 0.0, 1.0];
            }
            [1.0 - r / light, 1.0 - g / light, 1.0 - b / light, 1.0 - light]
        }
    }
}

/// A sample that Little CMS takes as bytes.
trait Sample: Copy + Into<f32> {
    fn pack(samples: &[Self], bytes: &mut [u8]);
    fn unpack(bytes: &[u8], samples: &mut [Self]);
    fn rounded(value: f32) -> Self;

    /// Converts pixels without alpha as they are, if they are bytes.
    fn convert(_transform: &Lcms, _from: &[Self], _into: &mut [Self]) -> bool {
        false
    }
}

impl Sample for u8 {
    fn pack(samples: &[Self], bytes: &mut [u8]) {
        bytes.copy_from_slice(samples);
    }

    fn unpack(bytes: &[u8], samples: &mut [Self]) {
        samples.copy_from_slice(bytes);
    }

    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self
    }

    fn convert(transform: &Lcms, from: &[Self], into: &mut [Self]) -> bool {
        transform.transform_pixels(from, into);
        true
    }
}

impl Sample for u16 {
    fn pack(samples: &[Self], bytes: &mut [u8]) {
        for (sample, bytes) in samples.iter().zip(bytes.as_chunks_mut::<2>().0) {
            *bytes = sample.to_ne_bytes();
        }
    }

    fn unpack(bytes: &[u8], samples: &mut [Self]) {
        for (bytes, sample) in bytes.as_chunks::<2>().0.iter().zip(samples) {
            *sample = Self::from_ne_bytes(*bytes);
        }
    }

    fn rounded(value: f32) -> Self {
        (value + 0.5) as Self
    }
}
