//! Pictures of a grid or a list: their addresses, and the space that is kept for them.

use askama::filters::Safe;

use super::frame::{Frame, with_value};
use crate::db::image_views::ImageView;
use crate::web::App;
use crate::web::api::{in_query, supported};

/// Height of pictures in a grid that is made for one pixel of a screen to each of its own.
const ROW: u32 = 240;

/// The widest and the narrowest picture of a grid, by its height; what is more is cut off.
const WIDEST: f64 = 2.4;
const NARROWEST: f64 = 0.5;

/// Widths are rounded to this, so that pictures of nearly one shape have one size.
const STEP: f64 = 20.0;

/// A picture of a grid or a list.
pub struct Tile {
    /// The image's id; 0 while it is not known.
    pub id: i64,
    /// Its path.
    pub path: String,
    /// Its page.
    pub href: String,
    /// Its file's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The address of the picture; blank when there is none.
    pub src: String,
    /// The same for screens with twice as many pixels.
    pub double: String,
    /// Width in pixels of the layout.
    pub width: u32,
    /// Height in pixels of the layout.
    pub height: u32,
    /// Whether it can be chosen to do something with it.
    pub pickable: bool,
    /// What may be done with it, in words for scripts; blank where the page says so for all.
    pub may: &'static str,
    /// Its size in pixels, for people; this and what follows is blank unless it was asked for.
    pub pixels: String,
    /// Its file's length, for people.
    pub size: String,
    /// When its file was changed.
    pub changed: Safe<String>,
}

impl Tile {
    /// Of an image that is known.
    pub fn of(app: &App, view: &ImageView, pickable: bool) -> Self {
        let mut tile = Self::of_path(app, &view.path, size(view));
        tile.id = view.id;
        tile.title.clone_from(&view.title);
        tile.pickable = pickable;
        tile
    }

    /// The same with what a list tells of it.
    pub fn of_list(app: &App, f: &Frame, view: &ImageView, pickable: bool) -> Self {
        let pixels =
            size(view).map(|(width, height)| format!("{} × {}", f.number(width), f.number(height)));
        let changed = view.mtime_ns.map(|ns| f.moment(ns.div_euclid(1_000_000)));
        Self {
            pixels: pixels.unwrap_or_default(),
            size: view.size_bytes.map(|bytes| f.bytes(bytes)).unwrap_or_default(),
            changed: changed.unwrap_or(Safe(String::new())),
            ..Self::of(app, view, pickable)
        }
    }

    /// Of a file of which nothing else is known but perhaps its size in pixels.
    pub fn of_path(app: &App, path: &str, size: Option<(i64, i64)>) -> Self {
        let width = width(size);
        let address = |times: u32| thumbnail(app, path, width * times, ROW * times);
        let shown = supported(path);
        Self {
            id: 0,
            path: path.to_owned(),
            href: with_value("/details", "src", path),
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            title: String::new(),
            src: if shown { address(1) } else { String::new() },
            double: if shown { address(2) } else { String::new() },
            width,
            height: ROW,
            pickable: false,
            may: "",
            pixels: String::new(),
            size: String::new(),
            changed: Safe(String::new()),
        }
    }
}

/// Its size in pixels, once it is known.
fn size(view: &ImageView) -> Option<(i64, i64)> {
    view.width.zip(view.height).filter(|(width, height)| *width > 0 && *height > 0)
}

/// The address of a small picture that fills a shape. Looking through the library is no request for the
/// picture that its statistics should have.
pub fn thumbnail(app: &App, path: &str, width: u32, height: u32) -> String {
    let src = in_query(path);
    let query = format!("src={src}&width={width}&height={height}&fit=cover&format=auto&stats=0");
    app.protection.address("/image", &query)
}

/// The width in a row for a picture of this size.
fn width(size: Option<(i64, i64)>) -> u32 {
    let ratio = size.map_or(4.0 / 3.0, |(width, height)| width as f64 / height as f64);
    let width = f64::from(ROW) * ratio.clamp(NARROWEST, WIDEST);
    ((width / STEP).round() * STEP) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_shape_within_bounds() {
        // 240 high: 3:2 is 360 wide, 2:3 is 160.
        for (size, expected) in [
            (Some((6000, 4000)), 360),
            (Some((4000, 6000)), 160),
            (Some((1000, 1000)), 240),
            (Some((9000, 1000)), 580),
            (Some((100, 9000)), 120),
            (None, 320),
        ] {
            assert_eq!(width(size), expected, "{size:?}");
        }
    }
}
