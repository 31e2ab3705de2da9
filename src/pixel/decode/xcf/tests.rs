use std::io::Cursor;

use super::super::{Input, Opening, Source};
use super::*;

/// A run-length coded file of one or more RGBA layers of at most 64×64 pixels, each of one colour at a
/// place, the topmost first (the format as GIMP's devel-docs/xcf.txt has it, version 0).
/// Size, place and colour.
type Layer = ((u32, u32), (u32, u32), [u8; 4]);

fn file(size: (u32, u32), layers: &[Layer]) -> Vec<u8> {
    let mut out = b"gimp xcf file\0".to_vec();
    let put = |out: &mut Vec<u8>, values: &[u32]| {
        out.extend(values.iter().flat_map(|value| value.to_be_bytes()));
    };
    // Size, RGB; compression; end of properties.
    put(&mut out, &[size.0, size.1, 0]);
    put(&mut out, &[17, 1]);
    out.push(1);
    put(&mut out, &[0, 0]);
    let pointers = out.len();
    put(&mut out, &vec![0; layers.len() + 2]);
    for (at, ((x, y), (width, height), colour)) in layers.iter().enumerate() {
        let start = out.len() as u32;
        out[pointers + 4 * at..][..4].copy_from_slice(&start.to_be_bytes());
        put(&mut out, &[*width, *height, 1, 2]);
        out.extend(b"L\0");
        // Opacity, visible, offsets, mode, end.
        put(&mut out, &[6, 4, 255, 8, 4, 1, 15, 8, *x, *y, 7, 4, 0, 0, 0]);
        let hierarchy = out.len() as u32 + 8;
        put(&mut out, &[hierarchy, 0, *width, *height, 4]);
        let level = out.len() as u32 + 8;
        put(&mut out, &[level, 0, *width, *height]);
        let tile = out.len() as u32 + 8;
        put(&mut out, &[tile, 0]);
        // One long run in each plane.
        let len = (width * height) as u16;
        out.extend(colour.iter().flat_map(|value| [127, (len >> 8) as u8, len as u8, *value]));
    }
    out
}

pub fn seeds() -> Vec<Vec<u8>> {
    let above = ((10, 5), (8, 6), BLUE);
    let below = ((0, 0), (40, 30), RED);
    vec![file((40, 30), &[below]), file((40, 30), &[above, below])]
}

fn open(bytes: &[u8]) -> Result<Source> {
    let input = Input::new(Cursor::new(bytes.to_vec()), bytes.len() as u64, None);
    Source::open_here(input, Format::Xcf, &Opening::default(), &Limits::default())
}

fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
    let source = open(bytes)?;
    let want = Want::everything(source.info().width, source.info().height);
    let decoded = source.decode(&want, &Limits::default(), &Cancel::never())?;
    let Samples::U8(samples) = decoded.image.samples else { panic!() };
    Ok(samples)
}

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

#[test]
fn layers_lie_over_each_other() {
    let xcf = file((40, 30), &[((10, 5), (8, 6), BLUE), ((0, 0), (40, 30), RED)]);
    assert_eq!(open(&xcf).unwrap().info().width, 40);
    let samples = decode(&xcf).unwrap();
    let pixel = |x: usize, y: usize| &samples[4 * (y * 40 + x)..][..4];
    for (x, y, expected) in
        [(0, 0, RED), (39, 29, RED), (9, 5, RED), (10, 5, BLUE), (17, 10, BLUE), (18, 10, RED)]
    {
        assert_eq!(pixel(x, y), expected, "{x}, {y}");
    }
}

#[test]
fn what_is_cut_or_too_large_is_an_error() {
    let xcf = file((40, 30), &[((0, 0), (40, 30), RED)]);
    for len in [10, 21, 30, 60] {
        let result = decode(&xcf[..len]);
        assert!(matches!(result, Err(Error::Malformed(_))), "{len}: {result:?}");
    }
    let mut huge = xcf;
    huge[14..22].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    assert!(matches!(open(&huge).map(drop), Err(Error::Limit(_))));
}
