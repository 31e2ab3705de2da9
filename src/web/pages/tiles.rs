//! Pictures of a grid or a list: their addresses, and the space that is kept for them.

use askama::filters::Safe;

use super::frame::{Frame, with_value};
use crate::db::image_views::ImageView;
use crate::web::App;
use crate::web::api::{in_query, supported};

/// Height of pictures in a grid that is made for one pixel of a screen to each of its own.
const ROW: u32 = 240;

/// Shapes are told in parts of the height, so that pictures of nearly one shape have one size. Each has a class in
/// `web/src/styles/shapes.css`, since pages have no styles of their own.
const PARTS: u32 = 24;

/// The narrowest and the widest shape of a grid: 1:2 and 3:1. Others are shown whole in these.
const NARROWEST: u32 = 12;
const WIDEST: u32 = 72;

/// The shape of pictures whose size is not known: 4:3.
const USUAL: u32 = 32;

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
    /// The folder that it lies in, where a page shows pictures of several; else blank.
    pub folder: String,
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
    /// The space that a grid keeps for it.
    pub space: Space,
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
        let space = Space::of(size.map(|(width, height)| width as f64 / height as f64));
        let width = space.width(ROW);
        let address = |times: u32| small(app, path, space.fit(), width * times, ROW * times);
        let shown = supported(path);
        Self {
            id: 0,
            path: path.to_owned(),
            href: with_value("/details", "src", path),
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            folder: String::new(),
            title: String::new(),
            src: if shown { address(1) } else { String::new() },
            double: if shown { address(2) } else { String::new() },
            width,
            height: ROW,
            space,
            pickable: false,
            may: "",
            pixels: String::new(),
            size: String::new(),
            changed: Safe(String::new()),
        }
    }
}

/// The path of the folder that a picture lies in; blank for the library itself.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Its size in pixels, once it is known.
fn size(view: &ImageView) -> Option<(i64, i64)> {
    view.width.zip(view.height).filter(|(width, height)| *width > 0 && *height > 0)
}

/// The space that a grid keeps for a picture before it comes: as wide as its shape says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    parts: u32,
    /// Whether the picture may have another shape, so that it is shown whole within.
    is_loose: bool,
}

impl Space {
    /// For a picture of this width by height; of 4:3 while that is not known.
    pub fn of(ratio: Option<f64>) -> Self {
        let Some(ratio) = ratio else { return Self { parts: USUAL, is_loose: true } };
        let parts = (ratio * f64::from(PARTS)).round();
        let within = parts.clamp(f64::from(NARROWEST), f64::from(WIDEST));
        Self { parts: within as u32, is_loose: parts != within }
    }

    /// Its width for this height.
    pub fn width(self, height: u32) -> u32 {
        (height * self.parts).div_ceil(PARTS)
    }

    /// Its classes.
    pub fn class(self) -> String {
        format!("t{}{}", self.parts, if self.is_loose { " loose" } else { "" })
    }

    /// How a picture is brought into it.
    fn fit(self) -> &'static str {
        if self.is_loose { "inside" } else { "cover" }
    }
}

/// The address of a small picture that fills a shape.
pub fn thumbnail(app: &App, path: &str, width: u32, height: u32) -> String {
    small(app, path, "cover", width, height)
}

/// Looking through the library is no request for the picture that its statistics should have.
fn small(app: &App, path: &str, fit: &str, width: u32, height: u32) -> String {
    let src = in_query(path);
    let query = format!("src={src}&width={width}&height={height}&fit={fit}&format=auto&stats=0");
    app.protection.address("/image", &query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_shape_within_bounds() {
        // 240 high: 3:2 is 360 wide, 2:3 is 160.
        for (ratio, width, fit) in [
            (Some(3.0 / 2.0), 360, "cover"),
            (Some(2.0 / 3.0), 160, "cover"),
            (Some(1.0), 240, "cover"),
            (Some(16.0 / 9.0), 430, "cover"),
            (Some(3.0), 720, "cover"),
            (Some(0.5), 120, "cover"),
            // What is beyond is shown whole.
            (Some(9.0), 720, "inside"),
            (Some(1.0 / 90.0), 120, "inside"),
            (None, 320, "inside"),
        ] {
            let space = Space::of(ratio);
            assert_eq!((space.width(ROW), space.fit()), (width, fit), "{ratio:?}");
        }
        assert_eq!(Space::of(Some(1.5)).class(), "t36");
        assert_eq!(Space::of(None).class(), "t32 loose");
    }

    #[test]
    fn every_shape_has_its_class() {
        let sheet = include_str!("../../../web/src/styles/shapes.css");
        for parts in NARROWEST..=WIDEST {
            let rule = format!(".t{parts} {{ --parts: {parts}; }}\n");
            assert!(sheet.contains(&rule), "{rule}");
        }
    }
}
