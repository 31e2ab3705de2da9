//! The engine's own pixels, before any lossy encoding.

use std::io::Cursor;

use halftone::pixel::decode::{Input, Opening};
use halftone::pixel::{Cancel, Engine, Format, Recipe};

use super::reference::Picture;

/// What the engine makes of a JPEG at this width.
pub fn reduce(engine: &Engine, jpeg: &[u8], width: u32) -> Picture {
    let input = Input::new(Cursor::new(jpeg.to_vec()), jpeg.len() as u64, Some(Format::Jpeg));
    let opened = engine.open(input, &Opening::default()).expect("the JPEG opens");
    let recipe = Recipe { width, strip: true, ..Recipe::unchanged(Format::Png) };
    let made = engine.make(opened, &recipe, &Cancel::never(), &|_| ()).expect("it is made");
    let mut reader = png::Decoder::new(Cursor::new(made.bytes)).read_info().expect("it is a PNG");
    let mut samples = vec![0; reader.output_buffer_size().expect("it is small")];
    reader.next_frame(&mut samples).expect("it reads");
    if reader.info().color_type == png::ColorType::Grayscale {
        samples = samples.iter().flat_map(|sample| [*sample; 3]).collect();
    }
    Picture::of(made.width as usize, made.height as usize, &samples)
}
