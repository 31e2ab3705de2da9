//! The colour of what a picture does not cover.

use super::job::{Job, Picture};
use crate::pixel::colour::convert::colour_in;
use crate::pixel::op::edge_colour::{EdgeColour, edge_colour};
use crate::pixel::plan::Size;
use crate::pixel::{Image, Result, Rgba, Samples};

/// No colour; white where there has to be one.
pub(super) const CLEAR: Rgba = Rgba { r: 255, g: 255, b: 255, a: 0 };

/// What lies where a picture does not.
#[derive(Clone)]
pub(super) enum Filling {
    /// A colour by its sRGB numbers.
    Named(Rgba),
    /// One pixel of the picture's own kind. It goes through the same changes of colour as the
    /// picture, so that where the two meet nothing shows.
    Own(Box<Image>),
}

impl Filling {
    /// Colour bands and alpha of 0–65535, in the space of `image`.
    pub fn bands_in(&self, job: &Job, image: &Image) -> Result<Vec<u16>> {
        match self {
            Self::Named(colour) => colour_in(image, *colour, job.options.cmyk_profile.as_ref()),
            Self::Own(pixel) => {
                let mut bands: Vec<u16> = match &pixel.samples {
                    Samples::U8(samples) => {
                        samples.iter().map(|&sample| u16::from(sample) * 257).collect()
                    }
                    Samples::U16(samples) => samples.clone(),
                };
                bands.push(u16::MAX);
                Ok(bands)
            }
        }
    }

    /// The same after a change of the picture's colours.
    pub fn converted(self, change: &dyn Fn(&Image) -> Result<Image>) -> Result<Self> {
        Ok(match self {
            Self::Named(_) => self,
            Self::Own(pixel) => Self::Own(Box::new(change(&pixel)?)),
        })
    }
}

/// Looks at the picture's edges when the fill colour is to be theirs.
pub(super) fn find(job: &Job, mut picture: Picture) -> Result<Picture> {
    if !job.plan.reads_edges {
        return Ok(picture);
    }
    let Picture { image, place, .. } = &picture;
    let size = Size::new(image.width, image.height);
    let part = place.within(job.plan.region(), job.plan.stored, size);
    picture.fill = match edge_colour(image, part)? {
        EdgeColour::Colour(pixel) => Filling::Own(pixel),
        EdgeColour::Clear if job.alpha => Filling::Named(CLEAR),
        EdgeColour::Clear => Filling::Named(over_white(CLEAR)),
    };
    Ok(picture)
}

/// A colour as it shows on white.
pub(super) fn over_white(colour: Rgba) -> Rgba {
    let mix = |value: u8| {
        let (value, alpha) = (u32::from(value), u32::from(colour.a));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    Rgba { r: mix(colour.r), g: mix(colour.g), b: mix(colour.b), a: 255 }
}
