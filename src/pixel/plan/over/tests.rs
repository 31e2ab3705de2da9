use proptest::prelude::*;

use super::*;
use crate::pixel::{Compass, Format, Gravity, Point, Recipe, Reshape, Tile};

fn placed(over: (u32, u32), overlay: Overlay, vector: bool, recipe: Recipe) -> Option<OverPlan> {
    let plan = Plan::new(Size::new(400, 300), Turn::NONE, &recipe).unwrap();
    plan.overlay((Size::new(over.0, over.1), Turn::NONE), vector, &overlay)
}

fn whole() -> Recipe {
    Recipe::unchanged(Format::Png)
}

#[test]
fn sizes_and_places_by_hand() {
    use Compass::{Centre, East, North, NorthEast, NorthWest, South, SouthEast, SouthWest, West};
    // On 400×300: the overlay, the part, the place; its size and its corner.
    let cases = [
        ((800, 300), 1.0, Centre, (400, 150), (0, 75)),
        ((300, 600), 1.0, Centre, (150, 300), (125, 0)),
        ((800, 300), 0.5, NorthWest, (200, 75), (0, 0)),
        ((800, 300), 0.5, North, (200, 75), (100, 0)),
        ((800, 300), 0.5, NorthEast, (200, 75), (200, 0)),
        ((800, 300), 0.5, West, (200, 75), (0, 113)),
        ((800, 300), 0.5, East, (200, 75), (200, 113)),
        ((800, 300), 0.5, SouthWest, (200, 75), (0, 225)),
        ((800, 300), 0.5, South, (200, 75), (100, 225)),
        ((800, 300), 0.5, SouthEast, (200, 75), (200, 225)),
        // Smaller than its box: as it is.
        ((40, 20), 1.0, SouthEast, (40, 20), (360, 280)),
        // Too thin to shrink in proportion.
        ((4000, 2), 0.25, NorthWest, (100, 1), (0, 0)),
        ((10, 10), 0.00001, NorthWest, (1, 1), (0, 0)),
    ];
    for (over, size, position, expected, corner) in cases {
        let overlay = Overlay { size, position, opacity: 1.0, ground: Ground::Canvas };
        let found = placed(over, overlay, false, whole()).unwrap();
        let picture = found.plan.picture;
        assert_eq!((picture.width, picture.height), expected, "{over:?} {size} {position:?}");
        assert_eq!(found.at, corner, "{over:?} {size} {position:?}");
    }
}

#[test]
fn shapes_may_grow() {
    let overlay =
        Overlay { size: 0.5, position: Compass::Centre, opacity: 1.0, ground: Ground::Canvas };
    let found = placed((40, 20), overlay, true, whole()).unwrap();
    assert_eq!(found.plan.picture, Size::new(200, 100));
    assert_eq!(found.min_scale(2.0), 5.0);
}

#[test]
fn padding_belongs_to_the_picture() {
    let recipe = Recipe { width: 100, height: 300, ..whole() };
    let overlay =
        Overlay { size: 1.0, position: Compass::South, opacity: 1.0, ground: Ground::Canvas };
    let found = placed((500, 500), overlay, false, recipe).unwrap();
    assert_eq!((found.plan.picture, found.at), (Size::new(100, 100), (0, 200)));
}

#[test]
fn padding_can_be_left_out() {
    // A picture of 100×75 at the top of 100×300.
    let align_v = Align { edge: Edge::Start, position: 0.0 };
    let recipe = Recipe { width: 100, height: 300, align_v, ..whole() };
    let overlay =
        Overlay { size: 1.0, position: Compass::South, opacity: 1.0, ground: Ground::Picture };
    let found = placed((500, 250), overlay, false, recipe).unwrap();
    assert_eq!((found.plan.picture, found.at), (Size::new(100, 50), (0, 25)));
}

/// 400×300 with 40×30 in the right lower corner of all of it.
const MARK: Overlay = Overlay {
    size: 1.0,
    position: Compass::SouthEast,
    opacity: 1.0,
    ground: Ground::Part(Crop::FULL),
};

/// The first shown column and row of the mark, how much of it shows, and where.
fn shown(over: (u32, u32), overlay: Overlay, recipe: Recipe) -> Option<[(u32, u32); 3]> {
    let found = placed(over, overlay, false, recipe)?;
    let Rect { x, y, width, height } = found.plan.window;
    Some([(x, y), (width, height), found.at])
}

#[test]
fn a_crop_cuts_what_lies_on_the_whole() {
    let crop =
        |left, top, right, bottom| Recipe { crop: Crop { left, top, right, bottom }, ..whole() };
    for (recipe, expected) in [
        (whole(), Some([(0, 0), (40, 30), (360, 270)])),
        // From 200 and 150 on.
        (crop(0.5, 0.5, 1.0, 1.0), Some([(0, 0), (40, 30), (160, 120)])),
        // From 380 on, and up to 285.
        (crop(0.95, 0.0, 1.0, 0.95), Some([(20, 0), (20, 15), (0, 270)])),
        (crop(0.0, 0.0, 0.9, 1.0), None),
        (crop(0.0, 0.0, 1.0, 0.5), None),
    ] {
        assert_eq!(shown((40, 30), MARK, recipe.clone()), expected, "{:?}", recipe.crop);
    }
    // A half of the lower right quarter at a half: 40×30 in the corner of 200×150 becomes the
    // corner of 100×75, since nothing is enlarged and the whole has 200×150 at this scale.
    let half = Recipe { width: 100, ..crop(0.5, 0.5, 1.0, 1.0) };
    assert_eq!(shown((40, 30), MARK, half), Some([(0, 0), (40, 30), (60, 45)]));
    // A box of a quarter of the whole, not of the part that is shown.
    let large = Overlay { size: 0.25, ..MARK };
    let quarter = shown((4000, 3000), large, crop(0.5, 0.5, 1.0, 1.0));
    assert_eq!(quarter, Some([(0, 0), (100, 75), (100, 75)]));
}

#[test]
fn what_a_shape_leaves_shows_its_part() {
    // 300×300 of 400×300, at the left and at the right.
    let cover = |gravity| Recipe {
        width: 100,
        height: 100,
        reshape: Some(Reshape::Cover(gravity)),
        ..whole()
    };
    // At a third the whole is 133×100 and the mark lies from 93 and 70 on.
    assert_eq!(
        shown((40, 30), MARK, cover(Gravity::Side { x: 0, y: 1 })),
        Some([(0, 0), (7, 30), (93, 70)])
    );
    let right = cover(Gravity::Point(Point { x: 1.0, y: 0.5 }));
    assert_eq!(shown((40, 30), MARK, right), Some([(0, 0), (40, 30), (60, 70)]));
    // It is padded as the picture is: the right half, 100×150, in the middle of 200×150.
    let crop = Crop { left: 0.5, ..Crop::FULL };
    let padded = Recipe { width: 200, height: 150, crop, ..whole() };
    assert_eq!(shown((40, 30), MARK, padded), Some([(0, 0), (40, 30), (110, 120)]));
    // What the padding shows of the other side is nothing.
    let crop = Crop { right: 0.95, ..Crop::FULL };
    let padded = Recipe { width: 380, height: 150, crop, ..whole() };
    // 190×150 from 95 on; the mark from 160 on, of which 30 columns show.
    assert_eq!(shown((40, 30), MARK, padded), Some([(0, 0), (30, 30), (255, 120)]));
    // Stretched it is as the picture is: half as wide, from 180 on.
    let narrow = Recipe { width: 200, height: 300, reshape: Some(Reshape::Stretch), ..whole() };
    assert_eq!(shown((40, 30), MARK, narrow), Some([(0, 0), (20, 30), (180, 270)]));
}

#[test]
fn a_part_that_is_prescribed_is_the_ground() {
    // The middle half is prescribed from left to right: 100 to 300.
    let ground = Ground::Part(Crop { left: 0.25, right: 0.75, ..Crop::FULL });
    let overlay = Overlay { ground, ..MARK };
    let crop = Crop { left: 0.25, right: 0.75, top: 0.5, bottom: 1.0 };
    let found = shown((40, 30), overlay, Recipe { crop, ..whole() });
    assert_eq!(found, Some([(0, 0), (40, 30), (160, 120)]));
    // Where the crop has grown beyond it, the ground has too.
    let found = shown((40, 30), overlay, Recipe { crop: Crop::FULL, ..whole() });
    assert_eq!(found, Some([(0, 0), (40, 30), (360, 270)]));
}

#[test]
fn what_is_not_decided_takes_no_less() {
    let smart =
        Recipe { width: 50, height: 100, reshape: Some(Reshape::Cover(Gravity::Smart)), ..whole() };
    let plan = Plan::new(Size::new(400, 300), Turn::NONE, &smart).unwrap();
    let place = |plan: &Plan| plan.overlay((Size::new(90, 90), Turn::NONE), false, &MARK);
    let bound = place(&plan.undecided()).expect("it shows in the whole").plan.window.size();
    for x in (0..=250).step_by(10) {
        let mut settled = plan.clone();
        settled.settle((x, 0));
        let shown = place(&settled).map_or(0, |over| over.plan.window.size().pixels());
        assert!(shown <= bound.pixels(), "{x}: {shown} {bound:?}");
    }
}

proptest! {
    /// At full size every crop shows the very pixels that the whole shows there.
    #[test]
    fn crops_at_full_size_are_windows_of_the_whole(
        over in (1u32..900, 1u32..900), size in 0.01f64..=1.0, vector: bool,
        position in 0usize..9, left in 0u32..399, top in 0u32..299, part in (0f64..1.0, 0f64..1.0),
    ) {
        use Compass::{
            Centre, East, North, NorthEast, NorthWest, South, SouthEast, SouthWest, West,
        };
        let positions =
            [Centre, East, North, NorthEast, NorthWest, South, SouthEast, SouthWest, West];
        let overlay = Overlay { size, position: positions[position], ..MARK };
        let right = left + 1 + (f64::from(399 - left) * part.0) as u32;
        let bottom = top + 1 + (f64::from(299 - top) * part.1) as u32;
        let crop = Crop {
            left: f64::from(left) / 400.0,
            top: f64::from(top) / 300.0,
            right: f64::from(right) / 400.0,
            bottom: f64::from(bottom) / 300.0,
        };
        let all = placed(over, overlay, vector, whole()).expect("the whole shows it");
        let found = placed(over, overlay, vector, Recipe { crop, ..whole() });
        let Size { width, height } = all.plan.picture;
        let common = |at: u32, len: u32, first: u32, end: u32| {
            (at.max(first), (at + len).min(end).saturating_sub(at.max(first)))
        };
        let (x, shown_x) = common(all.at.0, width, left, right);
        let (y, shown_y) = common(all.at.1, height, top, bottom);
        match found {
            None => prop_assert!(shown_x == 0 || shown_y == 0),
            Some(found) => {
                prop_assert_eq!(found.plan.picture, all.plan.picture);
                prop_assert_eq!(found.at, (x - left, y - top));
                let expected =
                    Rect { x: x - all.at.0, y: y - all.at.1, width: shown_x, height: shown_y };
                prop_assert_eq!(found.plan.window, expected);
            }
        }
    }
}

#[test]
fn a_tile_has_its_part() {
    // 100×100 at 150,100 of 400×300; tiles of 2×2 meet at 200,150.
    let overlay =
        Overlay { size: 1.0, position: Compass::Centre, opacity: 1.0, ground: Ground::Canvas };
    let tile = |number| {
        let tile = Tile::new(number, 4).ok();
        let found = placed((100, 100), overlay, false, Recipe { tile, ..whole() }).unwrap();
        let window = found.plan.window;
        ((window.x, window.y), (window.width, window.height), found.at)
    };
    assert_eq!(tile(1), ((0, 0), (50, 50), (150, 100)));
    assert_eq!(tile(2), ((50, 0), (50, 50), (0, 100)));
    assert_eq!(tile(4), ((50, 50), (50, 50), (0, 0)));
    let corner =
        Overlay { size: 0.1, position: Compass::NorthWest, opacity: 1.0, ground: Ground::Canvas };
    let tile = Tile::new(4, 4).ok();
    assert_eq!(placed((100, 100), corner, false, Recipe { tile, ..whole() }), None);
}
