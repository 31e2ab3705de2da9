//! What is to be done to a picture, in the pipeline's own terms.
//!
//! A [`Recipe`] is complete and valid by itself: every field has a neutral value, and none depends
//! on a URL, a template or a setting. It is what the parameter table resolves to.

use std::sync::Arc;

use super::decode::Opening;
use super::{ColourSpace, Format, Profile};

/// Everything the pipeline needs to know besides the source, in the order in which it is applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Page or frame of the source, from 1.
    pub page: u32,
    /// Whether only that frame of an animation is wanted.
    pub still: bool,
    /// Whether the picture is set upright as its orientation says; none leaves it to the engine's
    /// options.
    pub upright: Option<bool>,
    /// Mirror before turning.
    pub flip: Option<Flip>,
    /// Clockwise turn in degrees, 0 ≤ angle < 360.
    pub angle_deg: f64,
    /// The part that is kept, as fractions of the turned picture.
    pub crop: Crop,
    /// Whether the crop may grow to match the shape of `width`×`height`.
    pub crop_fit: bool,
    /// Wanted width, 0 when it follows from the height or the source.
    pub width: u32,
    /// Wanted height, 0 when it follows from the width or the source.
    pub height: u32,
    /// The scale of the result is at most that at which the whole upright picture is this wide, 0
    /// for no bound: a crop is no way to see more of the picture than this.
    pub max_width: u32,
    /// The same for its height.
    pub max_height: u32,
    /// Whether `width`×`height` is a box to fit into (true) or a canvas to be padded (false).
    pub size_fit: bool,
    /// How the picture is given the shape of `width`×`height` itself; none keeps its own.
    pub reshape: Option<Reshape>,
    /// The point of the upright source that matters most, if somebody said which; for
    /// [`Gravity::Focus`].
    pub focus: Option<Point>,
    /// Where the picture lies on its canvas from left to right.
    pub align_h: Align,
    /// Where the picture lies on its canvas from top to bottom.
    pub align_v: Align,
    /// Colour of canvas that the picture does not cover.
    pub fill: Fill,
    /// Sharpening above 0, blurring below it, −500 to 500; 0 leaves the picture as it is.
    pub sharpen: i16,
    /// How a second picture is laid over the first on its canvas.
    pub overlay: Option<Overlay>,
    /// One cell of a grid laid over the finished picture.
    pub tile: Option<Tile>,
    /// A profile that is applied to the colours.
    pub icc: Option<Icc>,
    /// Colour model of the result; none keeps the source's where the format can hold it.
    pub colorspace: Option<ColourSpace>,
    /// Whether metadata, and a profile that can be spared, are left out of the result.
    pub strip: bool,
    /// Resolution written into the result in dots per inch, 0 keeps the source's.
    pub dpi: u32,
    /// File format of the result.
    pub format: Format,
    /// Progressive coding, where the format has it.
    pub progressive: bool,
    /// How hard or how finely to compress.
    pub quality: Quality,
    /// Whether a lossy format's quality is found by measuring; `quality` holds where it cannot be.
    pub measured: bool,
}

impl Recipe {
    /// How the source has to be opened.
    #[must_use]
    pub fn opening(&self) -> Opening {
        Opening { page: self.page, dpi: self.dpi }
    }

    /// A recipe that changes nothing but the file format.
    #[must_use]
    pub fn unchanged(format: Format) -> Self {
        Self {
            page: 1,
            still: false,
            upright: None,
            flip: None,
            angle_deg: 0.0,
            crop: Crop::FULL,
            crop_fit: false,
            width: 0,
            height: 0,
            max_width: 0,
            max_height: 0,
            size_fit: false,
            reshape: None,
            focus: None,
            align_h: Align::CENTRE,
            align_v: Align::CENTRE,
            fill: Fill::WHITE,
            sharpen: 0,
            overlay: None,
            tile: None,
            icc: None,
            colorspace: None,
            strip: false,
            dpi: 0,
            format,
            progressive: false,
            quality: Quality::default(),
            measured: false,
        }
    }

    /// Whether the stored focal point has an effect.
    #[must_use]
    pub fn uses_focus(&self) -> bool {
        self.reshape == Some(Reshape::Cover(Gravity::Focus))
    }
}

/// How a picture is given another shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reshape {
    /// What is too much is cut off; the part is the largest one of the shape.
    Cover(Gravity),
    /// Width and height are scaled apart.
    Stretch,
}

/// Which part of a picture is kept when it is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gravity {
    /// The part at an edge, a corner or the centre: 0 is left or top, 1 the middle, 2 right or
    /// bottom.
    Side {
        /// How far right, in halves.
        x: u8,
        /// How far down, in halves.
        y: u8,
    },
    /// The part around a point of the turned picture.
    Point(Point),
    /// The part around [`Recipe::focus`]; where there is none, as [`Gravity::Smart`].
    Focus,
    /// The part where most can be seen.
    Smart,
}

impl Gravity {
    /// The middle part.
    pub const CENTRE: Self = Self::Side { x: 1, y: 1 };
}

/// A point as fractions of a picture's width and height, 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// A profile to be applied, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icc {
    /// Its name: that of its file in small letters, without extension.
    pub name: String,
    /// The profile itself; none until somebody has looked it up, and then no picture can be made.
    pub profile: Option<Arc<Profile>>,
    /// How colours that it cannot show are treated.
    pub intent: Intent,
    /// Whether the darkest tone becomes its darkest tone; has a meaning with
    /// [`Intent::Relative`] only.
    pub bpc: bool,
}

/// A rendering intent (ICC.1:2022, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intent {
    /// As the profile's maker thinks it looks best.
    Perceptual,
    /// Colours that can be shown are exact, relative to the paper's white.
    Relative,
    /// Vivid before exact.
    Saturation,
    /// Colours that can be shown are exact, the paper's tint included.
    Absolute,
}

/// A mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flip {
    /// Left and right change places.
    Horizontal,
    /// Top and bottom change places.
    Vertical,
}

/// A rectangle as fractions of a picture's width and height, `left < right` and `top < bottom`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crop {
    /// Left edge, 0–1.
    pub left: f64,
    /// Top edge, 0–1.
    pub top: f64,
    /// Right edge, 0–1.
    pub right: f64,
    /// Bottom edge, 0–1.
    pub bottom: f64,
}

impl Crop {
    /// The whole picture.
    pub const FULL: Self = Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };
}

/// Which edge of the inner picture is put where on the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Align {
    /// The edge of the inner picture.
    pub edge: Edge,
    /// Its place on the canvas: 0 is left or top, 1 is right or bottom.
    pub position: f64,
}

impl Align {
    /// Centred.
    pub const CENTRE: Self = Self { edge: Edge::Centre, position: 0.5 };
}

/// An edge of the inner picture along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Left or top.
    Start,
    /// The middle.
    Centre,
    /// Right or bottom.
    End,
}

/// An sRGB colour with straight alpha, 8 bits per band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgba {
    /// Red.
    pub r: u8,
    /// Green.
    pub g: u8,
    /// Blue.
    pub b: u8,
    /// Alpha, 255 is opaque.
    pub a: u8,
}

/// The colour of empty canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fill {
    /// One colour.
    Colour(Rgba),
    /// Transparent where the format has alpha, white elsewhere.
    Transparent,
    /// The commonest colour along the edges of the part of the picture that is kept.
    Auto,
}

impl Fill {
    /// Opaque white.
    pub const WHITE: Self = Self::Colour(Rgba { r: 255, g: 255, b: 255, a: 255 });
}

/// How a picture is laid over another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    /// The box that it is fitted into, as a fraction of its ground along each side, above 0 and at
    /// most 1. A picture made of pixels is not enlarged to fill it.
    pub size: f64,
    /// Where on its ground it lies.
    pub position: Compass,
    /// How much it covers, above 0 and at most 1; its own transparency comes on top.
    pub opacity: f64,
    /// What it lies on.
    pub ground: Ground,
}

/// What an overlay lies on: what its size and its place are counted on, and what it is cut at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Ground {
    /// The result, with what fills the canvas around the picture.
    #[default]
    Canvas,
    /// The picture as it is cropped and shaped, without what fills the canvas around it.
    Picture,
    /// This part of the turned picture, at the scale of the result. Whatever crops, shapes and pads the
    /// picture does the same to what lies on it, so that every result shows its own part of one and the
    /// same covered picture.
    Part(Crop),
}

/// One of nine places on a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compass {
    /// In the middle.
    Centre,
    /// At the middle of the top.
    North,
    /// In the top right corner.
    NorthEast,
    /// At the middle of the right side.
    East,
    /// In the bottom right corner.
    SouthEast,
    /// At the middle of the bottom.
    South,
    /// In the bottom left corner.
    SouthWest,
    /// At the middle of the left side.
    West,
    /// In the top left corner.
    NorthWest,
}

impl Compass {
    /// The edge that it keeps to from left to right, and from top to bottom.
    #[must_use]
    pub fn edges(self) -> (Edge, Edge) {
        let across = match self {
            Self::NorthWest | Self::West | Self::SouthWest => Edge::Start,
            Self::North | Self::Centre | Self::South => Edge::Centre,
            Self::NorthEast | Self::East | Self::SouthEast => Edge::End,
        };
        let down = match self {
            Self::NorthWest | Self::North | Self::NorthEast => Edge::Start,
            Self::West | Self::Centre | Self::East => Edge::Centre,
            Self::SouthWest | Self::South | Self::SouthEast => Edge::End,
        };
        (across, down)
    }
}

/// One cell of a square grid, counted from 1 at the top left, row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    number: u16,
    grid: u16,
}

/// Why a tile is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The grid is not the square of 2 to 16.
    #[error("the grid size must be the square of a number from 2 to 16")]
    Grid,
    /// The number lies outside the grid.
    #[error("the tile number must lie between 1 and the grid size")]
    Number,
}

impl Tile {
    /// Tile `number` (1 to `grid`) of a grid of `grid` cells (4, 9, 16, … 256).
    ///
    /// # Errors
    /// [`TileError`] when the grid is not such a square or the number lies outside it.
    pub fn new(number: u16, grid: u16) -> Result<Self, TileError> {
        let side = (2..=16).find(|side| side * side == grid).ok_or(TileError::Grid)?;
        if number == 0 || number > side * side {
            return Err(TileError::Number);
        }
        Ok(Self { number, grid })
    }

    /// The tile's number, from 1.
    #[must_use]
    pub fn number(self) -> u16 {
        self.number
    }

    /// Number of cells in the grid.
    #[must_use]
    pub fn grid(self) -> u16 {
        self.grid
    }

    /// Cells along each side of the grid.
    #[must_use]
    pub fn side(self) -> u16 {
        self.grid.isqrt()
    }
}

/// Compression, per family of formats. Each format reads its own field and ignores the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quality {
    /// 1–100, for lossy formats (JPEG, WebP, AVIF, JPEG XL, PDF).
    pub lossy: u8,
    /// For PNG.
    pub png: PngQuality,
}

impl Default for Quality {
    fn default() -> Self {
        Self { lossy: 80, png: PngQuality { level: 3, filter: 9 } }
    }
}

/// PNG effort: none of it changes the pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PngQuality {
    /// zlib level 1–9.
    pub level: u8,
    /// Row filter: 0 none, 1 sub, 2 up, 3 average, 4 Paeth, 5–9 chosen per row.
    pub filter: u8,
}
