//! Colours that a file keeps multiplied by alpha, brought back to straight ones.

use crate::pixel::{Image, Samples};

/// Divides the colours by alpha, rounded to the nearest and cut at the most that there is. Under
/// full transparency they become 0. Pictures without alpha stay as they are.
pub(crate) fn unmultiply(image: &mut Image) {
    if !image.alpha {
        return;
    }
    let bands = image.bands();
    match &mut image.samples {
        Samples::U8(samples) => divide(samples, bands, 255),
        Samples::U16(samples) => divide(samples, bands, 65535),
    }
}

fn divide<T: Copy + Into<u32> + TryFrom<u32>>(samples: &mut [T], bands: usize, most: u32) {
    for pixel in samples.chunks_exact_mut(bands) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        let alpha: u32 = (*alpha).into();
        for colour in colours {
            let value: u32 = (*colour).into();
            let straight = (value * most + alpha / 2).checked_div(alpha).unwrap_or(0);
            if let Ok(straight) = T::try_from(straight.min(most)) {
                *colour = straight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel::{ColourSpace, Depth};

    #[test]
    fn divides_colours_and_leaves_alpha() {
        let mut image = Image::try_new(3, 1, ColourSpace::Gray, true, Depth::U8).unwrap();
        image.samples = Samples::U8(vec![64, 128, 200, 100, 9, 0]);
        unmultiply(&mut image);
        // 64 / (128 / 255) = 127.5; 200 is more than alpha allows.
        assert_eq!(image.samples, Samples::U8(vec![128, 128, 255, 100, 0, 0]));
        let mut image = Image::try_new(1, 1, ColourSpace::Rgb, true, Depth::U16).unwrap();
        image.samples = Samples::U16(vec![0, 30_000, 65_535, 65_535]);
        let before = image.clone();
        unmultiply(&mut image);
        assert_eq!(image, before);
    }
}
