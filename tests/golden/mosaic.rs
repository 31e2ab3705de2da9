//! Tiles laid side by side.

use halftone::pixel::{Image, Recipe, Tile};

use super::support::*;

/// Fails unless the tiles of grids of 2×2, 3×3 and 7×7 cells are the whole, sample for sample.
pub fn assert_whole(case: &str, recipe: &Recipe, make: impl Fn(&Recipe) -> Image) {
    let whole = make(recipe);
    for side in [2, 3, 7] {
        let tiles: Vec<Floats> = (1..=side * side)
            .map(|number| {
                let tile = Some(Tile::new(number, side * side).unwrap());
                let image = make(&Recipe { tile, ..recipe.clone() });
                assert_eq!(
                    (image.space, image.alpha),
                    (whole.space, whole.alpha),
                    "{case} {number}"
                );
                assert_eq!(image.depth(), whole.depth(), "{case} {number}");
                floats(&image)
            })
            .collect();
        assert_close(&format!("{case} {side}"), &whole, &joined(&tiles, usize::from(side)), 1e-9);
    }
}

fn joined(tiles: &[Floats], side: usize) -> Floats {
    let bands = tiles[0].bands;
    let width = tiles[..side].iter().map(|tile| tile.width).sum();
    let height = tiles.iter().step_by(side).map(|tile| tile.height).sum();
    let mut values = Vec::new();
    for row in tiles.chunks(side) {
        for y in 0..row[0].height {
            for tile in row {
                let len = tile.width * bands;
                values.extend_from_slice(&tile.values[y * len..][..len]);
            }
        }
    }
    Floats { width, height, bands, values }
}
