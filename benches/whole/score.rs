//! How a result looks: SSIMULACRA2 beside the exact reduction of its original.

use std::fs;
use std::io::Cursor;

use crate::ask::{Ask, get};
use crate::reference::Picture;
use crate::server::Server;
use crate::support::files::temp_dir;
use crate::support::halftone::run;
use crate::support::http::Client;

/// The scores of what a server makes of each original, with the pixels of PNG when `lossless`.
pub fn scores(server: &Server, originals: &[(&str, Picture)], ask: &Ask) -> Vec<f64> {
    let mut client = Client::connect(server.addr).expect("the server answers");
    let score = |(file, original): &(&str, Picture)| {
        let made = decode(&get(&mut client, server, &Ask { file, ..*ask }));
        original.reduce(made.width, made.height).score(&made)
    };
    originals.iter().map(score).collect()
}

/// The mean and the lowest.
pub fn summary(scores: &[f64]) -> (f64, f64) {
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    (mean, scores.iter().copied().fold(f64::MAX, f64::min))
}

/// The sRGB pixels of a file of any format; our own program turns it into a PNG first.
fn decode(file: &[u8]) -> Picture {
    if file.starts_with(&[0xff, 0xd8]) {
        return Picture::decode(file);
    }
    let dir = temp_dir();
    let (from, into) = (dir.path().join("made"), dir.path().join("made.png"));
    fs::write(&from, file).expect("there is room for it");
    let path = |path: &std::path::Path| path.to_str().expect("a plain path").to_owned();
    run(&["convert", &path(&from), &path(&into)]);
    let png = fs::read(&into).expect("it was made");
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("it is a PNG");
    let mut samples = vec![0; reader.output_buffer_size().expect("it is small")];
    let frame = reader.next_frame(&mut samples).expect("it reads");
    samples.truncate(frame.buffer_size());
    let rgb: Vec<u8> = match frame.color_type {
        png::ColorType::Rgb => samples,
        png::ColorType::Rgba => {
            samples.as_chunks::<4>().0.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect()
        }
        png::ColorType::Grayscale => samples.iter().flat_map(|sample| [*sample; 3]).collect(),
        other => panic!("a result of {other:?}"),
    };
    Picture::of(frame.width as usize, frame.height as usize, &rgb)
}
