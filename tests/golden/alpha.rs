//! Transparency: colours weigh as much as they show.

use halftone::pixel::{Fill, Format, Recipe, Rgba};

use super::support::*;

/// A disc of `colour` with a soft edge on transparency whose hidden colour is green.
fn disc(side: usize, colour: [f64; 3]) -> Floats {
    let middle = side as f64 / 2.0;
    Floats::paint(side, side, |x, y| {
        let away = (x as f64 + 0.5 - middle).hypot(y as f64 + 0.5 - middle);
        let alpha = (side as f64 * 0.4 - away + 0.5).clamp(0.0, 1.0);
        let [r, g, b] = if alpha > 0.0 { colour } else { [0.0, 1.0, 0.0] };
        [r, g, b, alpha]
    })
}

/// The reference: light times alpha is reduced, and divided by reduced alpha.
fn reference(source: &Floats, side: usize) -> Floats {
    let mut weighted = source.clone();
    for pixel in weighted.values.chunks_exact_mut(4) {
        for band in 0..3 {
            pixel[band] = linear(pixel[band]) * pixel[3];
        }
    }
    let mut reduced = reduce_by(&weighted, side, side, |v| v, |v| v);
    for pixel in reduced.values.chunks_exact_mut(4) {
        let alpha = pixel[3];
        for value in &mut pixel[..3] {
            *value = if alpha > 0.0 { encoded(*value / alpha) } else { 0.0 };
        }
        pixel[3] = alpha.clamp(0.0, 1.0);
    }
    reduced
}

#[test]
fn edges_have_no_fringes() {
    for colour in [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.2, 0.4, 0.6]] {
        let disc = disc(120, colour);
        for side in [60, 31, 15] {
            let recipe = Recipe { width: side, ..Recipe::unchanged(Format::Png) };
            let mut actual = floats(&picture(&engine(), &disc.png(), &recipe));
            let mut expected = reference(&floats(&disc.image(false)), side as usize);
            let mut seen = 0;
            let pixels = actual.values.chunks_exact_mut(4).zip(expected.values.chunks_exact_mut(4));
            for (actual, expected) in pixels {
                assert!((actual[3] - expected[3]).abs() * 255.0 <= 0.75, "alpha");
                if expected[3] < 0.02 {
                    // Too faint for its colour to be told.
                    continue;
                }
                seen += 1;
                for band in 0..3 {
                    let off = (actual[band] - expected[band]).abs() * 255.0;
                    assert!(off <= 1.0, "band {band}: {actual:.3?}, expected {expected:.3?}");
                    // The disc has one colour, so has its reduction.
                    assert!(
                        (actual[band] - colour[band]).abs() * 255.0 <= 1.0,
                        "a fringe: {actual:.3?}"
                    );
                }
            }
            assert!(seen > 0);
        }
    }
}

#[test]
fn formats_without_transparency_get_the_fill_colour() {
    let source = Floats::paint(4, 4, |x, _| [1.0, 0.0, 0.0, x as f64 / 3.0]);
    let fill = Fill::Colour(Rgba { r: 0, g: 0, b: 200, a: 255 });
    let recipe = Recipe { fill, ..Recipe::unchanged(Format::Bmp) };
    let actual = picture(&engine(), &source.png(), &recipe);
    let expected = Floats::paint(4, 4, |x, _| {
        let alpha = x as f64 / 3.0;
        [alpha, 0.0, 200.0 / 255.0 * (1.0 - alpha)]
    });
    assert_close("flattened", &actual, &expected, 0.51);
    // White by itself, and under a transparent fill.
    for fill in [Fill::WHITE, Fill::Transparent] {
        let recipe = Recipe { fill, ..recipe.clone() };
        let actual = floats(&picture(&engine(), &source.png(), &recipe));
        assert_eq!(actual.pixel(0, 0), [1.0, 1.0, 1.0]);
    }
}

#[test]
fn transparency_stays_where_the_format_has_it() {
    let source = disc(40, [0.4, 0.5, 0.6]);
    let actual = picture(&engine(), &source.png(), &Recipe::unchanged(Format::Png));
    assert_close("kept", &actual, &source, 0.51);
    // Padding is the fill colour, the picture's own transparency stays.
    let recipe = Recipe { width: 40, height: 20, ..Recipe::unchanged(Format::Png) };
    let padded = floats(&picture(&engine(), &source.png(), &recipe));
    assert_eq!(padded.pixel(0, 10), [1.0; 4]);
    assert_eq!(padded.pixel(10, 0)[3], 0.0);
}

#[test]
fn grey_with_transparency() {
    let source = Floats::paint(32, 32, |x, y| [0.5, f64::from((x + y) as u32 % 2)]);
    let recipe = Recipe { width: 16, ..Recipe::unchanged(Format::Png) };
    let actual = floats(&picture(&engine(), &source.png(), &recipe));
    assert_eq!(actual.bands, 2);
    let middle = actual.pixel(8, 8);
    // The colour that shows is the only colour there is; half of it is there.
    assert!((middle[0] - 0.5).abs() * 255.0 <= 1.0, "{middle:?}");
    assert!((middle[1] - 0.5).abs() * 255.0 <= 1.0, "{middle:?}");
}
