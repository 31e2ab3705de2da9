use proptest::prelude::*;

use super::*;
use crate::pixel::{Crop, Format, Tile};

fn recipe(width: u32, height: u32) -> Recipe {
    Recipe { width, height, ..Recipe::unchanged(Format::Png) }
}

fn plan(stored: (u32, u32), recipe: &Recipe) -> Plan {
    Plan::new(Size::new(stored.0, stored.1), Turn::NONE, recipe).unwrap()
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

#[test]
fn sizes_by_hand() {
    // Stored size, wanted size, fit, picture, canvas.
    let cases = [
        ((3000, 2000), (0, 0), false, (3000, 2000), (3000, 2000)),
        ((3000, 2000), (400, 0), false, (400, 267), (400, 267)),
        ((3000, 2000), (0, 400), false, (600, 400), (600, 400)),
        ((3000, 2000), (5000, 0), false, (3000, 2000), (3000, 2000)),
        ((3000, 2000), (5000, 1000), false, (1500, 1000), (3000, 1000)),
        ((3000, 2000), (200, 200), false, (200, 133), (200, 200)),
        ((3000, 2000), (200, 200), true, (200, 133), (200, 133)),
        ((2000, 3000), (200, 200), true, (133, 200), (133, 200)),
        ((3000, 2000), (9000, 9000), false, (3000, 2000), (3000, 2000)),
        ((10_000, 1), (10, 0), false, (10, 1), (10, 1)),
        ((1, 10_000), (0, 10), false, (1, 10), (1, 10)),
        ((3, 2), (2, 0), false, (2, 1), (2, 1)),
        ((1, 1), (1, 1), false, (1, 1), (1, 1)),
    ];
    for (stored, wanted, size_fit, picture, canvas) in cases {
        let recipe = Recipe { size_fit, ..recipe(wanted.0, wanted.1) };
        let plan = plan(stored, &recipe);
        assert_eq!((plan.picture.width, plan.picture.height), picture, "{stored:?} {wanted:?}");
        assert_eq!((plan.canvas.width, plan.canvas.height), canvas, "{stored:?} {wanted:?}");
    }
}

#[test]
fn crops_round_to_the_nearest_pixel_and_keep_one() {
    let crop = |left, top, right, bottom| {
        let crop = Crop { left, top, right, bottom };
        plan((100, 50), &Recipe { crop, ..recipe(0, 0) }).crop
    };
    assert_eq!(crop(0.5, 0.0, 1.0, 0.5), rect(50, 0, 50, 25));
    assert_eq!(crop(0.244, 0.31, 0.956, 1.0), rect(24, 16, 72, 34));
    assert_eq!(crop(0.5, 0.5, 0.50001, 0.50001), rect(50, 25, 1, 1));
    assert_eq!(crop(0.99999, 0.99999, 1.0, 1.0), rect(99, 49, 1, 1));
}

#[test]
fn a_crop_grows_to_the_shape_that_is_asked_for() {
    let grown = |crop: (f64, f64, f64, f64), width, height| {
        let (left, top, right, bottom) = crop;
        let crop = Crop { left, top, right, bottom };
        plan((1000, 1000), &Recipe { crop, crop_fit: true, ..recipe(width, height) }).crop
    };
    // Too narrow: wider by as much on either side.
    assert_eq!(grown((0.4, 0.2, 0.6, 0.8), 100, 100), rect(200, 200, 600, 600));
    // Too flat: higher.
    assert_eq!(grown((0.2, 0.4, 0.8, 0.6), 200, 100), rect(200, 350, 600, 300));
    // At the edge it moves inwards instead of growing beyond.
    assert_eq!(grown((0.0, 0.0, 0.2, 0.6), 100, 100), rect(0, 0, 600, 600));
    assert_eq!(grown((0.8, 0.0, 1.0, 0.6), 100, 100), rect(400, 0, 600, 600));
    // As far as the source goes.
    assert_eq!(grown((0.4, 0.0, 0.6, 1.0), 300, 100), rect(0, 0, 1000, 1000));
    // One dimension alone has no shape.
    assert_eq!(grown((0.4, 0.2, 0.6, 0.8), 100, 0), rect(400, 200, 200, 600));
}

#[test]
fn edges_are_put_where_they_are_asked_for_and_nothing_is_chopped_off() {
    let start = |edge, position| {
        let align_h = Align { edge, position };
        plan((100, 100), &Recipe { align_h, ..recipe(80, 40) }).offset.0
    };
    // A picture 40 wide on a canvas 80 wide.
    assert_eq!(start(Edge::Start, 0.0), 0);
    assert_eq!(start(Edge::Start, 0.25), 20);
    assert_eq!(start(Edge::Start, 0.99), 40);
    assert_eq!(start(Edge::Centre, 0.5), 20);
    assert_eq!(start(Edge::Centre, 0.25), 0);
    assert_eq!(start(Edge::Centre, 0.0), 0);
    assert_eq!(start(Edge::End, 1.0), 40);
    assert_eq!(start(Edge::End, 0.75), 20);
    assert_eq!(start(Edge::End, 0.1), 0);
}

#[test]
fn turning_grows_to_the_bounding_box() {
    let turned = |angle_deg| {
        let turned = plan((400, 300), &Recipe { angle_deg, ..recipe(0, 0) }).turned;
        (turned.width, turned.height)
    };
    assert_eq!(turned(0.0), (400, 300));
    assert_eq!(turned(90.0), (300, 400));
    assert_eq!(turned(180.0), (400, 300));
    assert_eq!(turned(270.0), (300, 400));
    // (400 + 300) / √2 = 494.97…
    assert_eq!(turned(45.0), (495, 495));
    // 400·cos 30° + 300·sin 30° = 496.41; 400·sin 30° + 300·cos 30° = 459.81
    assert_eq!(turned(30.0), (497, 460));
    assert_eq!(turned(210.0), (497, 460));
}

#[test]
fn the_last_tiles_take_what_is_left() {
    let tile = |number, grid| {
        let tile = Some(Tile::new(number, grid).unwrap());
        plan((103, 50), &Recipe { tile, ..recipe(0, 0) }).window
    };
    assert_eq!(tile(1, 4), rect(0, 0, 51, 25));
    assert_eq!(tile(2, 4), rect(51, 0, 52, 25));
    assert_eq!(tile(4, 4), rect(51, 25, 52, 25));
    assert_eq!(tile(9, 9), rect(68, 32, 35, 18));
    assert_eq!(tile(4, 9), rect(0, 16, 34, 16));
}

#[test]
fn a_grid_needs_a_pixel_for_each_cell() {
    let tile = Some(Tile::new(1, 64).unwrap());
    let recipe = Recipe { tile, ..recipe(0, 0) };
    let error = Plan::new(Size::new(7, 100), Turn::NONE, &recipe).unwrap_err();
    assert!(matches!(error, Error::Parameter { name: "tile", .. }));
    assert!(Plan::new(Size::new(8, 8), Turn::NONE, &recipe).is_ok());
}

#[test]
fn a_tile_asks_for_its_own_area() {
    let tile = Some(Tile::new(120, 256).unwrap());
    let plan = plan((16_000, 16_000), &Recipe { tile, ..recipe(8000, 0) });
    // Column 7 and row 7 of 16, 1000 source pixels each, and the reach of the kernel.
    let region = plan.region();
    assert!(region.x < 7000 && region.x >= 6900, "{region:?}");
    assert!(region.x + region.width > 8000 && region.x + region.width <= 8100, "{region:?}");
    assert_eq!((region.y, region.height), (region.x, region.width));
}

#[test]
fn the_decoder_may_shrink_to_the_margin() {
    // 3000×2000 to 400: an eighth is 375, too small; a quarter is 750, three eighths 1125.
    let plan = plan((3000, 2000), &recipe(400, 0));
    assert!(plan.min_scale(1.0) > 1.0 / 8.0 && plan.min_scale(1.0) <= 2.0 / 8.0);
    assert!(plan.min_scale(2.0) > 2.0 / 8.0 && plan.min_scale(2.0) <= 3.0 / 8.0);
    // Exactly an eighth, although 2133 / 8 has to be rounded up.
    let plan = self::plan((3200, 2133), &recipe(400, 0));
    assert!(plan.min_scale(1.0) <= 1.0 / 8.0);
    // No resizing, no shrinking.
    assert_eq!(self::plan((3000, 2000), &recipe(0, 0)).min_scale(2.0), 1.0);
}

#[test]
fn the_region_follows_orientation() {
    // Orientation 6 stores the shown top at the left: the shown top quarter is the left quarter.
    let crop = Crop { bottom: 0.25, ..Crop::FULL };
    let recipe = Recipe { crop, ..recipe(0, 0) };
    let plan = Plan::new(Size::new(400, 300), Turn::upright(6), &recipe).unwrap();
    assert_eq!((plan.oriented.width, plan.oriented.height), (300, 400));
    assert_eq!(plan.region(), rect(0, 0, 100, 300));
    // Orientation 3 stores it at the bottom.
    let plan = Plan::new(Size::new(400, 300), Turn::upright(3), &recipe).unwrap();
    assert_eq!(plan.region(), rect(0, 225, 400, 75));
}

fn any_recipe() -> impl Strategy<Value = Recipe> {
    let size = prop_oneof![Just(0_u32), 1_u32..4000];
    let fraction = (0.0..0.99_f64, 0.0..1.0_f64);
    let angle = prop_oneof![Just(0.0), Just(90.0), Just(180.0), Just(270.0), 0.0..359.9_f64];
    (size.clone(), size, fraction.clone(), fraction, angle, any::<(bool, bool)>(), 0_u16..17)
        .prop_map(|(width, height, (left, w), (top, h), angle_deg, (fit, grow), side)| Recipe {
            crop: Crop {
                left,
                top,
                right: left + (1.0 - left) * w.max(0.01),
                bottom: top + (1.0 - top) * h.max(0.01),
            },
            angle_deg,
            size_fit: fit,
            crop_fit: grow,
            tile: Tile::new(side.max(1), side * side).ok(),
            ..recipe(width, height)
        })
}

proptest! {
    #[test]
    fn every_plan_is_consistent(
        recipe in any_recipe(),
        width in 1_u32..5000,
        height in 1_u32..5000,
        orientation in 1_u8..=8,
    ) {
        let stored = Size::new(width, height);
        let Ok(plan) = Plan::new(stored, Turn::upright(orientation), &recipe) else {
            // Only a grid that is too fine may fail.
            prop_assert!(recipe.tile.is_some());
            return Ok(());
        };
        let inside = |rect: Rect, size: Size| {
            rect.width > 0
                && rect.height > 0
                && rect.x + rect.width <= size.width
                && rect.y + rect.height <= size.height
        };
        prop_assert!(inside(plan.crop, plan.turned));
        prop_assert!(inside(plan.window, plan.canvas));
        prop_assert!(inside(plan.visible(), plan.picture));
        prop_assert!(inside(plan.region(), plan.stored));
        let placed = Rect { x: plan.offset.0, y: plan.offset.1, ..Rect::whole(plan.picture) };
        prop_assert!(inside(placed, plan.canvas));
        // Nothing is enlarged, and nothing is larger than asked for.
        prop_assert!(plan.picture.width <= plan.crop.width);
        prop_assert!(plan.picture.height <= plan.crop.height);
        prop_assert!(recipe.width == 0 || plan.canvas.width <= recipe.width);
        prop_assert!(recipe.height == 0 || plan.canvas.height <= recipe.height);
        // The shape is kept to within the rounding of one pixel.
        let (w, h) = (f64::from(plan.crop.width), f64::from(plan.crop.height));
        let (pw, ph) = (f64::from(plan.picture.width), f64::from(plan.picture.height));
        let off = (pw - ph * w / h).abs().min((ph - pw * h / w).abs());
        prop_assert!(off <= 0.5 + 1e-9 || pw == 1.0 || ph == 1.0, "{off}");
        let scale = plan.min_scale(2.0);
        prop_assert!(scale > 0.0 && scale <= 1.0);
    }

    #[test]
    fn tiles_cover_the_canvas_once(width in 16_u32..700, height in 16_u32..700, side in 2_u16..=16) {
        let mut area = 0;
        let (mut right, mut bottom) = (0, 0);
        for number in 1..=side * side {
            let tile = Tile::new(number, side * side).ok();
            let plan = plan((width, height), &Recipe { tile, ..recipe(0, 0) });
            let window = plan.window;
            if (number - 1) % side == 0 {
                prop_assert_eq!(window.y, bottom);
                right = 0;
                bottom = window.y + window.height;
            }
            prop_assert_eq!(window.x, right);
            right = window.x + window.width;
            area += window.size().pixels();
        }
        prop_assert_eq!((right, bottom), (width, height));
        prop_assert_eq!(area, u64::from(width) * u64::from(height));
    }
}

#[test]
fn a_bound_holds_for_the_whole_picture_whatever_is_cut_or_turned() {
    // Stored size, bounds, crop from left and top, angle, wanted size; canvas.
    let cases = [
        ((3000, 2000), (300, 0), (0.0, 0.0), 0.0, (0, 0), (300, 200)),
        ((3000, 2000), (300, 0), (0.0, 0.0), 0.0, (2000, 0), (300, 200)),
        ((3000, 2000), (300, 0), (0.0, 0.0), 0.0, (30, 0), (30, 20)),
        ((3000, 2000), (0, 100), (0.0, 0.0), 0.0, (0, 0), (150, 100)),
        ((3000, 2000), (300, 100), (0.0, 0.0), 0.0, (0, 0), (150, 100)),
        ((3000, 2000), (300, 0), (0.5, 0.75), 0.0, (300, 0), (150, 50)),
        ((3000, 2000), (300, 0), (0.999, 0.999), 0.0, (300, 300), (1, 1)),
        ((3000, 2000), (300, 0), (0.0, 0.0), 90.0, (300, 0), (200, 300)),
        ((3000, 2000), (9000, 9000), (0.0, 0.0), 0.0, (0, 0), (3000, 2000)),
    ];
    for (stored, bounds, (left, top), angle_deg, wanted, canvas) in cases {
        let recipe = Recipe {
            max_width: bounds.0,
            max_height: bounds.1,
            angle_deg,
            crop: Crop { left, top, ..Crop::FULL },
            ..recipe(wanted.0, wanted.1)
        };
        let plan = plan(stored, &recipe);
        let size = (plan.canvas.width, plan.canvas.height);
        assert_eq!(size, canvas, "{stored:?} {bounds:?} {left} {top} {angle_deg} {wanted:?}");
    }
    // Set upright first: what is bounded is the picture as it is seen.
    let recipe = Recipe { max_width: 200, ..recipe(0, 0) };
    let turned = Plan::new(Size::new(3000, 2000), Turn::upright(6), &recipe).unwrap();
    assert_eq!((turned.canvas.width, turned.canvas.height), (200, 300));
}
