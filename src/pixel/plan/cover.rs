//! Which part of a picture is kept when it is cut to another shape: the arithmetic of it.

use super::{Rect, Size};

/// The size of the largest part of `source` that has the shape of `wanted`, and that of the result:
/// `wanted`, or, since nothing is enlarged, the largest size of its shape that `source` has pixels
/// for.
pub(super) fn covering(source: Size, wanted: Size) -> (Size, Size) {
    let along = |wanted: u32, source: u32| f64::from(source) / f64::from(wanted);
    let scale = along(wanted.width, source.width).min(along(wanted.height, source.height));
    let held = |wanted: u32, source: u32| {
        ((f64::from(wanted) * scale.min(1.0)).round().max(1.0) as u32).min(source)
    };
    let size = Size::new(held(wanted.width, source.width), held(wanted.height, source.height));
    // The part is measured against the result as it is rounded, so that pixels stay square.
    let scale = along(size.width, source.width).min(along(size.height, source.height));
    let part =
        |size: u32, source: u32| ((f64::from(size) * scale).round() as u32).clamp(size, source);
    (Size::new(part(size.width, source.width), part(size.height, source.height)), size)
}

/// Where `part` begins within `whole`, by halves of what is left over.
pub(super) fn offset_at(whole: Size, part: Size, halves: (u8, u8)) -> (u32, u32) {
    let along = |whole: u32, part: u32, halves: u8| {
        let left = f64::from(whole - part);
        ((left * f64::from(halves.min(2)) / 2.0).round() as u32).min(whole - part)
    };
    (along(whole.width, part.width, halves.0), along(whole.height, part.height, halves.1))
}

/// Where `part` begins within `whole` when its centre is as near to `point` as possible. The point
/// counts in the coordinates that `whole` lies in.
pub(super) fn offset_around(whole: Rect, part: Size, point: (f64, f64)) -> (u32, u32) {
    let along = |at: f64, first: u32, whole: u32, part: u32| {
        let start = (at - f64::from(first) - f64::from(part) / 2.0).round();
        (start.max(0.0) as u32).min(whole - part)
    };
    (
        along(point.0, whole.x, whole.width, part.width),
        along(point.1, whole.y, whole.height, part.height),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_part_has_the_shape_of_the_result() {
        for (source, wanted, part, size) in [
            // 1200×800 holds a square of 800.
            ((1200, 800), (200, 200), (800, 800), (200, 200)),
            ((1200, 800), (300, 100), (1200, 400), (300, 100)),
            ((1200, 800), (100, 300), (267, 800), (100, 300)),
            ((1200, 800), (300, 200), (1200, 800), (300, 200)),
            // Too small: the shape is kept, nothing is enlarged.
            ((300, 200), (400, 400), (200, 200), (200, 200)),
            ((300, 200), (4000, 1000), (300, 75), (300, 75)),
            ((300, 200), (300, 200), (300, 200), (300, 200)),
            ((1, 1), (15_000, 1), (1, 1), (1, 1)),
            ((3, 1000), (1000, 10), (3, 1), (3, 1)),
        ] {
            let of = |(width, height)| Size::new(width, height);
            assert_eq!(covering(of(source), of(wanted)), (of(part), of(size)), "{source:?}");
        }
    }

    #[test]
    fn sides_and_points() {
        let (whole, part) = (Size::new(1200, 800), Size::new(801, 800));
        assert_eq!(offset_at(whole, part, (0, 0)), (0, 0));
        assert_eq!(offset_at(whole, part, (1, 1)), (200, 0));
        assert_eq!(offset_at(whole, part, (2, 2)), (399, 0));
        let whole = Rect { x: 100, y: 50, width: 600, height: 400 };
        let part = Size::new(400, 400);
        assert_eq!(offset_around(whole, part, (400.0, 0.0)), (100, 0));
        assert_eq!(offset_around(whole, part, (0.0, 0.0)), (0, 0));
        assert_eq!(offset_around(whole, part, (900.0, 900.0)), (200, 0));
    }

    proptest! {
        #[test]
        fn nothing_is_enlarged_and_nothing_left_out(
            source in (1u32..5000, 1u32..5000), wanted in (1u32..15_000, 1u32..15_000),
        ) {
            let (source, wanted) = (Size::new(source.0, source.1), Size::new(wanted.0, wanted.1));
            let (part, size) = covering(source, wanted);
            prop_assert!(part.width <= source.width && part.height <= source.height);
            prop_assert!(size.width <= part.width && size.height <= part.height);
            prop_assert!(size.width >= 1 && size.height >= 1);
            prop_assert!(part.width == source.width || part.height == source.height);
            let enough = wanted.width <= source.width && wanted.height <= source.height;
            prop_assert!(!enough || size == wanted);
            // No more than a pixel off the shape.
            let across = f64::from(part.height) * f64::from(size.width) / f64::from(size.height);
            let down = f64::from(part.width) * f64::from(size.height) / f64::from(size.width);
            let off = (across - f64::from(part.width)).abs().min((down - f64::from(part.height)).abs());
            prop_assert!(off <= 1.0, "{part:?} {size:?}");
        }
    }
}
