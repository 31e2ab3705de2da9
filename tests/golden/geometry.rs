//! Where pixels go: orientation, mirrors, turns, crops, padding and tiles, all to the pixel.

use halftone::pixel::decode::Opening;
use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{
    Align, Crop, Edge, Engine, EngineOptions, Error, Fill, Flip, Format, Gravity, Image, Metadata,
    Recipe, Reshape, Rgba, Tile,
};

use super::support::*;

const WIDTH: usize = 50;
const HEIGHT: usize = 30;

/// Every pixel differs from every other.
fn unique() -> Floats {
    let part = |value: usize| (value % 256) as f64 / 255.0;
    Floats::paint(WIDTH, HEIGHT, |x, y| [part(x * 5), part(y * 8), part(x + y)])
}

fn png() -> Recipe {
    Recipe::unchanged(Format::Png)
}

/// The picture whose pixel at `x`, `y` is the unique one's at what `from` says.
fn moved(width: usize, height: usize, from: impl Fn(usize, usize) -> (usize, usize)) -> Floats {
    let source = unique();
    Floats::paint(width, height, |x, y| {
        let (x, y) = from(x, y);
        let pixel = source.pixel(x, y);
        [pixel[0], pixel[1], pixel[2]]
    })
}

fn assert_exact(case: &str, actual: &Image, expected: &Floats) {
    assert_close(case, actual, expected, 1e-6);
}

#[test]
fn mirrors_and_right_angles() {
    let (w, h) = (WIDTH, HEIGHT);
    let cases: Vec<(&str, Option<Flip>, f64, Floats)> = vec![
        ("none", None, 0.0, unique()),
        ("flip h", Some(Flip::Horizontal), 0.0, moved(w, h, |x, y| (w - 1 - x, y))),
        ("flip v", Some(Flip::Vertical), 0.0, moved(w, h, |x, y| (x, h - 1 - y))),
        ("90", None, 90.0, moved(h, w, |x, y| (y, h - 1 - x))),
        ("180", None, 180.0, moved(w, h, |x, y| (w - 1 - x, h - 1 - y))),
        ("270", None, 270.0, moved(h, w, |x, y| (w - 1 - y, x))),
        // The mirror comes before the turn.
        ("flip h 90", Some(Flip::Horizontal), 90.0, moved(h, w, |x, y| (w - 1 - y, h - 1 - x))),
        ("flip v 270", Some(Flip::Vertical), 270.0, moved(h, w, |x, y| (w - 1 - y, h - 1 - x))),
    ];
    for (case, flip, angle_deg, expected) in cases {
        let recipe = Recipe { flip, angle_deg, ..png() };
        assert_exact(case, &picture(&engine(), &unique().png(), &recipe), &expected);
    }
}

/// A PNG with an Exif block of nothing but an orientation.
fn oriented(exif: u8) -> Vec<u8> {
    let mut block = b"MM\0*\0\0\0\x08\0\x01".to_vec();
    // Tag 0x0112, type SHORT, one value.
    block.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, exif, 0, 0]);
    block.extend([0; 4]);
    let mut image = unique().image(false);
    image.metadata = Metadata { exif: Some(block.into()), ..Metadata::default() };
    let orientation = halftone::pixel::Orientation::from_exif(u16::from(exif)).unwrap();
    encode(&image, &EncodeOptions { orientation, ..EncodeOptions::new(Format::Png) }).unwrap()
}

#[test]
fn all_orientations_stand_upright() {
    let (w, h) = (WIDTH, HEIGHT);
    let swapped = |exif: u8| exif >= 5;
    for exif in 1..=8 {
        // Exif 2.32, 4.6.5.1: which stored pixel is shown where.
        let expected = if swapped(exif) {
            moved(h, w, |x, y| match exif {
                5 => (y, x),
                6 => (y, h - 1 - x),
                7 => (w - 1 - y, h - 1 - x),
                _ => (w - 1 - y, x),
            })
        } else {
            moved(w, h, |x, y| match exif {
                1 => (x, y),
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                _ => (x, h - 1 - y),
            })
        };
        let case = format!("orientation {exif}");
        let actual = picture(&engine(), &oriented(exif), &png());
        assert_exact(&case, &actual, &expected);
        // And the result does not ask to be turned once more.
        let again = picture(&engine(), &make(&engine(), &oriented(exif), &png()).bytes, &png());
        assert_exact(&case, &again, &expected);
    }
}

#[test]
fn orientation_can_be_left_alone() {
    let engine = Engine::new(EngineOptions { orient: false, ..EngineOptions::default() }).unwrap();
    assert_exact("left alone", &picture(&engine, &oriented(6), &png()), &unique());
}

#[test]
fn turning_after_resizing_is_turning_before() {
    // The engine turns the small picture; the reference the large one.
    for exif in 1..=8 {
        for angle_deg in [0.0, 90.0, 180.0, 270.0] {
            let recipe = Recipe { width: 17, angle_deg, ..png() };
            let actual = picture(&engine(), &oriented(exif), &recipe);
            let full = picture(&engine(), &oriented(exif), &Recipe { angle_deg, ..png() });
            let expected = reduce(&floats(&full), 17, actual.height as usize);
            assert_close(&format!("small {exif} {angle_deg}"), &actual, &expected, 0.75);
        }
    }
}

#[test]
fn crops_are_exact() {
    let crop = Crop { left: 0.2, top: 0.1, right: 0.78, bottom: 0.9 };
    let actual = picture(&engine(), &unique().png(), &Recipe { crop, ..png() });
    assert_exact("crop", &actual, &moved(29, 24, |x, y| (x + 10, y + 3)));
    // Of the turned picture: the top of what was the left.
    let crop = Crop { bottom: 0.5, ..Crop::FULL };
    let recipe = Recipe { crop, angle_deg: 90.0, ..png() };
    let actual = picture(&engine(), &unique().png(), &recipe);
    assert_exact("crop turned", &actual, &moved(30, 25, |x, y| (y, HEIGHT - 1 - x)));
}

#[test]
fn nothing_from_beyond_a_crop_shows_in_it() {
    // Red left of the cut, blue right of it.
    let halves =
        Floats::paint(200, 60, |x, _| if x < 100 { [1.0, 0.0, 0.0] } else { [0.0, 0.0, 1.0] });
    let crop = Crop { left: 0.5, ..Crop::FULL };
    for file in [halves.png(), halves.jpeg()] {
        let actual = picture(&engine(), &file, &Recipe { crop, width: 13, ..png() });
        let blue = Floats::paint(13, actual.height as usize, |_, _| [0.0, 0.0, 1.0]);
        assert_close("cut", &actual, &blue, 2.0);
    }
}

#[test]
fn padding_is_placed_as_asked() {
    let fill = Fill::Colour(Rgba { r: 10, g: 20, b: 30, a: 255 });
    let pad = [10.0 / 255.0, 20.0 / 255.0, 30.0 / 255.0];
    let square = Floats::paint(30, 30, |_, _| [1.0, 0.0, 0.0]);
    let cases = [
        (Edge::Start, 0.0, 0),
        (Edge::Centre, 0.5, 4),
        (Edge::End, 1.0, 9),
        (Edge::Start, 0.25, 7),
        (Edge::Start, 0.99, 9),
    ];
    for (edge, position, left) in cases {
        let align_h = Align { edge, position };
        let recipe = Recipe { width: 29, height: 20, align_h, fill, ..png() };
        let actual = picture(&engine(), &square.png(), &recipe);
        let expected = Floats::paint(29, 20, |x, _| {
            if (left..left + 20).contains(&x) { [1.0, 0.0, 0.0] } else { pad }
        });
        // 4.5 is rounded away from zero: one column of tolerance for the centre alone.
        if edge == Edge::Centre {
            let right =
                Floats::paint(
                    29,
                    20,
                    |x, _| {
                        if (5..25).contains(&x) { [1.0, 0.0, 0.0] } else { pad }
                    },
                );
            assert_exact("pad centre", &actual, &right);
        } else {
            assert_exact(&format!("pad {edge:?} {position}"), &actual, &expected);
        }
    }
}

#[test]
fn transparent_padding_where_the_format_has_it() {
    let square = Floats::paint(20, 20, |_, _| [0.0, 0.5, 0.0]);
    let recipe = Recipe { width: 20, height: 10, fill: Fill::Transparent, ..png() };
    let actual = floats(&picture(&engine(), &square.png(), &recipe));
    assert_eq!(actual.bands, 4);
    assert_eq!(actual.pixel(0, 0)[3], 0.0);
    assert_eq!(actual.pixel(10, 5)[3], 1.0);
    // And white where it has not.
    let recipe = Recipe { format: Format::Bmp, ..recipe };
    let actual = floats(&picture(&engine(), &square.png(), &recipe));
    assert_eq!(actual.pixel(0, 0), [1.0, 1.0, 1.0]);
    // Without padding there is nothing to be transparent.
    let recipe = Recipe { width: 10, height: 0, format: Format::Png, ..recipe };
    assert_eq!(picture(&engine(), &square.png(), &recipe).bands(), 3);
}

/// Lays the tiles of a grid side by side.
fn assembled(file: &[u8], recipe: &Recipe, side: u16) -> Floats {
    let tiles: Vec<Floats> = (1..=side * side)
        .map(|number| {
            let tile = Some(Tile::new(number, side * side).unwrap());
            floats(&picture(&engine(), file, &Recipe { tile, ..recipe.clone() }))
        })
        .collect();
    let side = usize::from(side);
    let bands = tiles[0].bands;
    let width = tiles[..side].iter().map(|tile| tile.width).sum();
    let height = tiles.iter().step_by(side).map(|tile| tile.height).sum();
    let mut values = Vec::new();
    for row in tiles.chunks(side) {
        for y in 0..row[0].height {
            for tile in row {
                values.extend_from_slice(
                    &tile.values[y * tile.width * bands..][..tile.width * bands],
                );
            }
        }
    }
    Floats { width, height, bands, values }
}

#[test]
fn tiles_make_up_the_picture() {
    let detailed = Floats::paint(403, 290, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003)]
    });
    let gray = Floats::paint(403, 290, |x, y| [(x * y % 256) as f64 / 255.0]);
    let recipes = [
        ("plain", png()),
        ("resized", Recipe { width: 150, ..png() }),
        ("turned", Recipe { width: 150, angle_deg: 90.0, ..png() }),
        ("mirrored", Recipe { width: 101, flip: Some(Flip::Horizontal), ..png() }),
        ("tilted", Recipe { width: 150, angle_deg: 10.0, ..png() }),
        ("padded", Recipe { width: 150, height: 150, ..png() }),
        ("cropped", Recipe { width: 150, crop: Crop { left: 0.3, ..Crop::FULL }, ..png() }),
    ];
    for (case, recipe) in &recipes {
        for (kind, file) in
            [("png", detailed.png()), ("jpeg", detailed.jpeg()), ("grey", gray.jpeg())]
        {
            let whole = picture(&engine(), &file, recipe);
            for side in [2, 3, 8] {
                let tiles = assembled(&file, recipe, side);
                assert_close(&format!("tiles {case} {kind} {side}"), &whole, &tiles, 0.01);
            }
        }
    }
}

/// Everything at once: whatever is asked for, a grid of its tiles is the picture.
#[test]
fn tiles_of_any_recipe_make_up_the_picture() {
    let detailed = Floats::paint(307, 214, |x, y| {
        let wave = |k: f64| 0.5 + 0.5 * (k * (x * x + y * y) as f64).sin();
        [wave(0.001), wave(0.002), wave(0.003)]
    });
    let (png, jpeg) = (detailed.png(), detailed.jpeg());
    let mut state = 7_u32;
    let mut below = |sides: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % sides
    };
    for number in 0..40 {
        let shapes = [None, Some(Reshape::Stretch), Some(Reshape::Cover(Gravity::Smart))];
        let (left, top) = (f64::from(below(4)) * 0.1, f64::from(below(4)) * 0.1);
        let recipe = Recipe {
            width: 60 + below(140),
            height: [0, 60 + below(100)][below(2) as usize],
            reshape: shapes[below(3) as usize],
            angle_deg: [0.0, 90.0, 180.0, 270.0, 17.0, -33.5][below(6) as usize],
            flip: [None, Some(Flip::Horizontal), Some(Flip::Vertical)][below(3) as usize],
            crop: [Crop::FULL, Crop { left, top, right: 0.9, bottom: 0.8 }][below(2) as usize],
            sharpen: [0, 100, -250][below(3) as usize],
            fill: [Fill::WHITE, Fill::Auto][below(2) as usize],
            ..self::png()
        };
        let file = [&png, &jpeg][below(2) as usize];
        let whole = picture(&engine(), file, &recipe);
        let tiles = assembled(file, &recipe, 2 + below(5) as u16);
        println!("{number}: {recipe:?}");
        assert_close(&format!("any tiles {number}"), &whole, &tiles, 0.01);
    }
}

#[test]
fn tiles_of_nothing_but_padding() {
    let line = Floats::paint(400, 4, |_, _| [0.0, 0.0, 1.0]);
    let recipe = Recipe { width: 64, height: 4, ..png() };
    // The picture is 64×1 on a canvas 64×4: the first row of tiles is white.
    let tile = Some(Tile::new(1, 16).unwrap());
    let actual = picture(&engine(), &line.png(), &Recipe { tile, ..recipe });
    assert_exact("white tile", &actual, &Floats::paint(16, 1, |_, _| [1.0; 3]));
}

#[test]
fn a_grid_finer_than_the_picture_is_refused() {
    let tile = Some(Tile::new(1, 256).unwrap());
    let file = unique().png();
    let input = halftone::pixel::decode::Input::new(
        std::io::Cursor::new(file.clone()),
        file.len() as u64,
        None,
    );
    let opened = engine().open(input, &Opening::default()).unwrap();
    let recipe = Recipe { tile, width: 15, ..png() };
    let made = engine().make(opened, &recipe, &halftone::pixel::Cancel::never(), &|_| ());
    assert!(matches!(made, Err(Error::Parameter { name: "tile", .. })));
}
