//! Sources in every format that is read without a tool: the same picture comes out of all of them.

use std::io::Cursor;

use halftone::pixel::decode::{Input, Source};
use halftone::pixel::{Cancel, Format, Limits, Recipe};

use super::support::*;

const WIDTH: usize = 40;
const HEIGHT: usize = 30;

fn scene() -> Floats {
    let level = |value: usize| (value % 256) as f64 / 255.0;
    Floats::paint(WIDTH, HEIGHT, |x, y| [level(x * 6), level(y * 8), level(x * 3 + y * 4)])
}

/// The scene in a format, written byte by byte.
fn written(format: Format) -> Vec<u8> {
    let rgb = scene().bytes();
    let (width, height) = (WIDTH as u16, HEIGHT as u16);
    let bgr = || rgb.chunks_exact(3).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]);
    match format {
        Format::Pnm => [format!("P6 {WIDTH} {HEIGHT} 255\n").as_bytes(), &rgb].concat(),
        Format::Tga => {
            let mut out = vec![0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            out.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
            out.extend([24, 0x20]);
            out.extend(bgr());
            out
        }
        Format::Ico => {
            let bitmap_len = 40 + rgb.len() as u32;
            let mut out = vec![0, 0, 1, 0, 1, 0, WIDTH as u8, HEIGHT as u8, 0, 0, 1, 0, 24, 0];
            out.extend(bitmap_len.to_le_bytes());
            out.extend(22_u32.to_le_bytes());
            out.extend(40_u32.to_le_bytes());
            out.extend(u32::from(width).to_le_bytes());
            out.extend(u32::from(height * 2).to_le_bytes());
            out.extend([1, 0, 24, 0]);
            out.extend([0; 24]);
            // Rows of 120 bytes need no padding; they stand from the bottom.
            let bgr: Vec<u8> = bgr().collect();
            out.extend(bgr.chunks_exact(WIDTH * 3).rev().flatten());
            out
        }
        Format::Psd => {
            let mut out = b"8BPS\0\x01\0\0\0\0\0\0\0\x03".to_vec();
            out.extend(u32::from(height).to_be_bytes());
            out.extend(u32::from(width).to_be_bytes());
            out.extend([0, 8, 0, 3]);
            out.extend([0; 14]);
            for band in 0..3 {
                out.extend(rgb.iter().skip(band).step_by(3));
            }
            out
        }
        Format::Dicom => {
            let mut out = vec![0; 128];
            out.extend(b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0");
            let mut word = |element: u8, value: u16| {
                out.extend([0x28, 0, element, 0, b'U', b'S', 2, 0]);
                out.extend(value.to_le_bytes());
            };
            word(0x02, 3);
            word(0x10, height);
            word(0x11, width);
            out.extend(b"\x28\0\x04\0CS\x04\0RGB ");
            out.extend(b"\x28\0\0\x01US\x02\0\x08\0\x28\0\x01\x01US\x02\0\x08\0");
            out.extend(b"\xe0\x7f\x10\0OW\0\0");
            out.extend((rgb.len() as u32).to_le_bytes());
            out.extend(&rgb);
            out
        }
        other => panic!("no file of {other:?} is written here"),
    }
}

fn made(format: Format, recipe: &Recipe) -> halftone::pixel::Image {
    let file = written(format);
    let input = Input::new(Cursor::new(file.clone()), file.len() as u64, Some(format));
    let source = Source::open_here(input, format, &recipe.opening(), &Limits::default()).unwrap();
    assert_eq!(source.info().format, format);
    let engine = engine();
    let opened = engine.opened(source);
    read(&engine.make(opened, recipe, &Cancel::never(), &|_| ()).unwrap().bytes)
}

#[test]
fn one_picture_in_all_formats() {
    for format in [Format::Pnm, Format::Tga, Format::Ico, Format::Psd, Format::Dicom] {
        let whole = made(format, &Recipe::unchanged(Format::Png));
        let mut actual = floats(&whole);
        if actual.bands == 4 {
            // Icons are transparent where their mask says so; this one has none.
            let values = actual.values.chunks_exact(4);
            assert!(values.clone().all(|pixel| pixel[3] == 1.0));
            actual.values = values.flat_map(|pixel| pixel[..3].to_vec()).collect();
            actual.bands = 3;
        }
        assert_close(&format!("format {format:?}"), &actual.image(false), &scene(), 0.0);
    }
}
