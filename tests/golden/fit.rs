//! Bringing a picture to another shape: which part is kept, and how it is stretched.

use halftone::pixel::{
    Crop, Engine, EngineOptions, Flip, Format, Gravity, Image, Point, Recipe, Reshape, Tile,
};

use super::support::*;

const WIDTH: usize = 240;
const HEIGHT: usize = 120;

/// Every pixel tells where it lies.
fn places() -> Floats {
    Floats::paint(WIDTH, HEIGHT, |x, y| [x as f64 / 255.0, y as f64 / 255.0, 0.5])
}

fn cover(width: u32, height: u32, gravity: Gravity) -> Recipe {
    let reshape = Some(Reshape::Cover(gravity));
    Recipe { width, height, reshape, ..Recipe::unchanged(Format::Png) }
}

/// Where the first pixel of a result of [`places`] comes from; all others must follow from it.
#[track_caller]
fn corner(image: &Image) -> (usize, usize) {
    let pixels = bytes(image);
    let (left, top) = (usize::from(pixels[0]), usize::from(pixels[1]));
    for (at, pixel) in pixels.chunks_exact(3).enumerate() {
        let (x, y) = (at % image.width as usize, at / image.width as usize);
        assert_eq!(pixel, [(left + x) as u8, (top + y) as u8, 128], "at ({x}, {y})");
    }
    (left, top)
}

#[test]
fn every_side_keeps_its_part() {
    let engine = engine();
    for (y, x) in (0..3u8).flat_map(|y| (0..3u8).map(move |x| (y, x))) {
        let gravity = Gravity::Side { x, y };
        // Wide and low: 240×120 gives a square of 120, moved along by halves of what is left.
        let square = picture(&engine, &places().png(), &cover(120, 120, gravity));
        assert_eq!(corner(&square), (usize::from(x) * 60, 0), "{gravity:?}");
        let strip = picture(&engine, &places().png(), &cover(240, 40, gravity));
        assert_eq!(corner(&strip), (0, usize::from(y) * 40), "{gravity:?}");
    }
}

#[test]
fn a_point_comes_as_near_to_the_middle_as_can_be() {
    let engine = engine();
    for (x, expected) in
        [(0.0, 0), (0.2, 0), (0.25, 0), (0.5, 60), (0.55, 72), (0.75, 120), (1.0, 120)]
    {
        let gravity = Gravity::Point(Point { x, y: 0.9 });
        let square = picture(&engine, &places().png(), &cover(120, 120, gravity));
        assert_eq!(corner(&square), (expected, 0), "{x}");
    }
}

#[test]
fn points_count_in_the_turned_picture_and_within_a_crop() {
    let engine = engine();
    let crop = Crop { left: 0.25, ..Crop::FULL };
    // 180×120 are left, of which the part around 0.75 of all 240 is 120 wide.
    let gravity = Gravity::Point(Point { x: 0.625, y: 0.5 });
    let recipe = Recipe { crop, ..cover(120, 120, gravity) };
    assert_eq!(corner(&picture(&engine, &places().png(), &recipe)), (90, 0));
    let recipe = Recipe { crop, ..cover(120, 120, Gravity::Side { x: 0, y: 1 }) };
    assert_eq!(corner(&picture(&engine, &places().png(), &recipe)), (60, 0));
    // Turned by 90° the picture is 120×240: its top right corner is the stored top left one.
    let gravity = Gravity::Point(Point { x: 0.5, y: 0.25 });
    let recipe = Recipe { angle_deg: 90.0, ..cover(120, 120, gravity) };
    let image = picture(&engine, &places().png(), &recipe);
    let top_right = &bytes(&image)[119 * 3..120 * 3];
    assert_eq!(top_right, [0, 0, 128]);
}

#[test]
fn the_focal_point_is_one_of_the_upright_picture() {
    let engine = engine();
    let focus = Some(Point { x: 0.25, y: 0.5 });
    let recipe = Recipe { focus, ..cover(60, 120, Gravity::Focus) };
    assert_eq!(corner(&picture(&engine, &places().png(), &recipe)), (30, 0));
    // Mirrored, it moves along: the columns kept are the same, from right to left.
    let recipe = Recipe { flip: Some(Flip::Horizontal), ..recipe };
    let image = picture(&engine, &places().png(), &recipe);
    let first: Vec<u8> = bytes(&image)[..180].chunks(3).map(|pixel| pixel[0]).collect();
    assert_eq!(first, (30..90).rev().collect::<Vec<u8>>());
    // Turned by 180°, too.
    let recipe = Recipe { flip: None, angle_deg: 180.0, ..recipe };
    let image = picture(&engine, &places().png(), &recipe);
    assert_eq!(bytes(&image)[..3], [89, 119, 128]);
}

#[test]
fn what_is_kept_is_then_resized() {
    let source = Floats::paint(320, 160, |x, y| {
        let wave = |at: usize, by: f64| 0.5 + 0.4 * (at as f64 / by).sin();
        [wave(x, 9.0), wave(y, 7.0), wave(x + y, 11.0)]
    })
    .rounded();
    let engine = engine();
    let made = picture(&engine, &source.png(), &cover(40, 40, Gravity::Side { x: 2, y: 1 }));
    let part = Floats::paint(160, 160, |x, y| {
        let pixel = source.pixel(x + 160, y);
        [pixel[0], pixel[1], pixel[2]]
    });
    assert_close("cover-right", &made, &reduce(&part, 40, 40), 1.0);

    let fill = Recipe {
        width: 40,
        height: 80,
        reshape: Some(Reshape::Stretch),
        ..Recipe::unchanged(Format::Png)
    };
    assert_close("stretch", &picture(&engine, &source.png(), &fill), &reduce(&source, 40, 80), 1.0);
    let larger = Recipe { width: 400, height: 80, ..fill };
    let made = picture(&engine, &source.png(), &larger);
    assert_close("stretch-no-wider", &made, &reduce(&source, 320, 80), 1.0);
}

/// Grey but for a patch of fine detail that begins at `at`, across or down.
fn sight(at: usize, down: bool) -> Floats {
    let (width, height) = if down { (160, 480) } else { (480, 160) };
    Floats::paint(width, height, |x, y| {
        let along = if down { y } else { x };
        let busy = (at..at + 80).contains(&along) && (x / 6 + y / 6) % 2 == 0;
        if busy { [0.9, 0.2, 0.1] } else { [0.6; 3] }
    })
}

/// How much of a picture is not grey, from 0 to 1.
fn colourful(image: &Image) -> f64 {
    let pixels = bytes(image).chunks_exact(3);
    let all = pixels.len() as f64;
    pixels.filter(|pixel| pixel[0].abs_diff(pixel[2]) > 40).count() as f64 / all
}

#[test]
fn smart_keeps_what_stands_out() {
    let engine = engine();
    for (at, down) in [(0, false), (200, false), (390, false), (10, true), (300, true)] {
        let source = sight(at, down);
        let whole = 40.0 * 160.0 / (160.0 * 160.0);
        for file in [source.png(), source.jpeg()] {
            for side in [40, 80, 160] {
                let made = picture(&engine, &file, &cover(side, side, Gravity::Smart));
                let part = colourful(&made);
                assert!(part > 0.9 * whole, "{at} {side}: {part:.3} of {whole:.3}");
            }
        }
        // Without a focal point it is what `focus` does.
        let smart = picture(&engine, &source.png(), &cover(80, 80, Gravity::Smart));
        let focus = picture(&engine, &source.png(), &cover(80, 80, Gravity::Focus));
        assert_eq!(smart, focus);
    }
    // A plain picture is cut in the middle.
    let plain = Floats::paint(200, 100, |_, _| [0.4; 3]);
    let made = picture(&engine, &plain.png(), &cover(50, 50, Gravity::Smart));
    assert_eq!((made.width, made.height), (50, 50));
}

#[test]
fn smart_finds_it_in_turned_pictures_too() {
    let engine = engine();
    let source = sight(360, false);
    let upright = picture(&engine, &source.png(), &cover(160, 160, Gravity::Smart));
    let part = colourful(&upright);
    for angle_deg in [90.0, 180.0, 270.0] {
        let recipe = Recipe { angle_deg, ..cover(160, 160, Gravity::Smart) };
        let turned = colourful(&picture(&engine, &source.png(), &recipe));
        assert!((turned - part).abs() < 0.02, "{angle_deg}: {turned} {part}");
    }
    // Tilted, it is as good as the best of all places that can be asked for.
    let tilted = |gravity| {
        let recipe = Recipe { angle_deg: 10.0, ..cover(150, 150, gravity) };
        colourful(&picture(&engine, &source.png(), &recipe))
    };
    let points = (0..=20).map(|at| Gravity::Point(Point { x: f64::from(at) / 20.0, y: 0.5 }));
    let best = points.map(tilted).fold(0.0, f64::max);
    let found = tilted(Gravity::Smart);
    assert!(best > 0.1 && found > 0.97 * best, "{found} of {best}");
}

#[test]
fn tiles_of_a_smart_crop_are_parts_of_one_picture() {
    let engine = engine();
    for file in [sight(300, false).png(), sight(300, false).jpeg()] {
        for angle_deg in [0.0, 7.0] {
            let recipe = Recipe { angle_deg, ..cover(90, 60, Gravity::Smart) };
            let whole = picture(&engine, &file, &recipe);
            for number in 1..=9u16 {
                let tile = Some(Tile::new(number, 9).unwrap());
                let made = picture(&engine, &file, &Recipe { tile, ..recipe.clone() });
                let (left, top) =
                    ((usize::from(number) - 1) % 3 * 30, (usize::from(number) - 1) / 3 * 20);
                for y in 0..20 {
                    let from = ((top + y) * 90 + left) * 3;
                    let row = &bytes(&whole)[from..from + 90];
                    assert_eq!(&bytes(&made)[y * 90..][..90], row, "tile {number}, row {y}");
                }
            }
        }
    }
}

#[test]
fn a_recipe_may_gainsay_the_engine_on_orientation() {
    // Stored 64×32, to be turned by 90° to stand upright.
    let mut image = Floats::paint(64, 32, |x, _| [x as f64 / 64.0; 3]).image(false);
    image.metadata.exif =
        shared(b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec());
    let options = halftone::pixel::encode::EncodeOptions {
        orientation: halftone::pixel::Orientation::from_exif(6).unwrap(),
        ..halftone::pixel::encode::EncodeOptions::new(Format::Jpeg)
    };
    let file = halftone::pixel::encode::encode(&image, &options).unwrap();
    for orient in [true, false] {
        let engine = Engine::new(EngineOptions { orient, ..EngineOptions::default() }).unwrap();
        for (upright, turned) in [(None, orient), (Some(true), true), (Some(false), false)] {
            let made = make(&engine, &file, &Recipe { upright, ..Recipe::unchanged(Format::Png) });
            let expected = if turned { (32, 64) } else { (64, 32) };
            assert_eq!((made.width, made.height), expected, "{orient} {upright:?}");
        }
    }
}
