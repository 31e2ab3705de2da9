//! Laying the pixels of a picture out in one of the eight ways of a [`Turn`].

use crate::pixel::plan::Size;
use crate::pixel::turn::Turn;
use crate::pixel::{Cancel, Image, Result, Samples};

/// Pixels along each side of the square blocks that a turned picture is copied by: source and
/// result rows of a block stay in the first-level cache together.
const BLOCK: usize = 32;

/// The picture turned. One that stays as it is is handed back without a copy.
///
/// # Errors
/// [`Error::Memory`](crate::pixel::Error::Memory) when memory is short,
/// [`Error::Cancelled`](crate::pixel::Error::Cancelled).
pub(crate) fn turn(image: Image, turn: Turn, cancel: &Cancel) -> Result<Image> {
    if turn == Turn::NONE {
        return Ok(image);
    }
    let stored = Size::new(image.width, image.height);
    let turned = turn.size(stored);
    let mut samples = Samples::try_zeroed(image.depth(), image.samples.len())?;
    let bands = image.bands();
    match (&image.samples, &mut samples) {
        (Samples::U8(from), Samples::U8(into)) => {
            by_bands(from, into, bands, stored, turn, cancel)?
        }
        (Samples::U16(from), Samples::U16(into)) => {
            by_bands(from, into, bands, stored, turn, cancel)?
        }
        _ => unreachable!("the samples were made with the picture's depth"),
    }
    Ok(image.with_samples(turned.width, turned.height, samples))
}

fn by_bands<T: Copy>(
    from: &[T],
    into: &mut [T],
    bands: usize,
    stored: Size,
    turn: Turn,
    cancel: &Cancel,
) -> Result<()> {
    match bands {
        1 => copy::<T, 1>(from, into, stored, turn, cancel),
        2 => copy::<T, 2>(from, into, stored, turn, cancel),
        3 => copy::<T, 3>(from, into, stored, turn, cancel),
        4 => copy::<T, 4>(from, into, stored, turn, cancel),
        _ => copy::<T, 5>(from, into, stored, turn, cancel),
    }
}

fn copy<T: Copy, const BANDS: usize>(
    from: &[T],
    into: &mut [T],
    stored: Size,
    turn: Turn,
    cancel: &Cancel,
) -> Result<()> {
    let from = from.as_chunks::<BANDS>().0;
    let into = into.as_chunks_mut::<BANDS>().0;
    let turned = turn.size(stored);
    let (width, height) = (turned.width as usize, turned.height as usize);
    let stride = stored.width as usize;
    // Steps through the stored pixels for one step right and one step down in the result.
    let (right, down) = if turn.swap { (stride, 1) } else { (1, stride) };
    for block_y in (0..height).step_by(BLOCK) {
        cancel.check()?;
        let block_end = (block_y + BLOCK).min(height);
        for block_x in (0..width).step_by(BLOCK) {
            let block_width = BLOCK.min(width - block_x);
            for y in block_y..block_end {
                let row = if turn.mirror_y { height - 1 - y } else { y } * down;
                let target = &mut into[y * width + block_x..][..block_width];
                if turn.mirror_x {
                    for (index, pixel) in target.iter_mut().enumerate() {
                        *pixel = from[row + (width - 1 - block_x - index) * right];
                    }
                } else {
                    for (index, pixel) in target.iter_mut().enumerate() {
                        *pixel = from[row + (block_x + index) * right];
                    }
                }
            }
        }
    }
    Ok(())
}
