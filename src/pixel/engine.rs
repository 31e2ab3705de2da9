//! From an opened file and a [`Recipe`] to the bytes of a picture.
//!
//! The engine plans the geometry, has no more decoded than the result can show, takes the pixels
//! through one ordered list of steps and encodes what comes out. Mirrors and right-angle turns
//! commute with resizing, so they are done after it, on the smaller picture; the colour space is
//! changed before padding, so that the fill colour is exact.
//!
//! It knows nothing of where files come from or where pictures go.

use std::sync::Arc;

use super::colour::convert::{Wanted, colour_in, convert};
use super::colour::curve::Light;
use super::colour::icc;
use super::decode::{Decoded, Info, Input, Isolation, Opening, Region, Source, Want};
use super::encode::{EncodeOptions, encode};
use super::op::canvas::lay;
use super::op::depth::to_eight_bits;
use super::op::resample::{Resize, resample};
use super::op::tilt::{tilt, working_area, working_size};
use super::op::turn::turn;
use super::place::Place;
use super::plan::{Plan, Rect, Size};
use super::turn::Turn;
use super::{
    Cancel, ColourSpace, Density, Error, Fill, Format, FormatRow, Image, Limits, Orientation,
    Recipe, Result, Rgba,
};

/// How pictures are made, whatever the recipe.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Whether resizing mixes pixels in proportion to light (true) or as they are encoded.
    pub linear: bool,
    /// How many times the size of the result a decoder has to leave when it shrinks: 1 or 2.
    pub shrink_margin: u8,
    /// Whether pictures are set upright as their orientation says.
    pub orient: bool,
    /// The profile of CMYK pictures that carry none, and of those made from other models; without
    /// it such conversions follow a plain formula.
    pub cmyk_profile: Option<Arc<[u8]>>,
    /// Bounds on pixel counts.
    pub limits: Limits,
    /// Reads the formats that are not read in this process; without it they are refused.
    pub isolation: Option<Arc<dyn Isolation>>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            linear: true,
            shrink_margin: 2,
            orient: true,
            cmyk_profile: None,
            limits: Limits::default(),
            isolation: None,
        }
    }
}

/// How far a picture has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The source's pixels are being read.
    Decoding,
    /// Pixels are being worked on.
    Pixels,
    /// The result is being written.
    Encoding,
}

/// A finished picture.
#[derive(Debug, Clone)]
pub struct Made {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// Its format.
    pub format: Format,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

/// Makes pictures. One engine serves any number of threads; a picture is made by one thread.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
}

/// A source whose header has been read.
pub struct Opened {
    source: Source,
    orient: bool,
    shrink_margin: u8,
}

/// What a recipe needs of a picture, in stored pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Needs {
    /// Pixels of the result per stored pixel, across and down, at most 1.
    pub scale: (f64, f64),
    /// Whether all of the picture is wanted: it is not cropped.
    pub whole: bool,
    /// Whether it is turned by other than a right angle.
    pub tilted: bool,
}

impl Opened {
    /// The source, to be read without a recipe.
    #[must_use]
    pub fn into_source(self) -> Source {
        self.source
    }

    /// What is known of the source.
    #[must_use]
    pub fn info(&self) -> &Info {
        self.source.info()
    }

    /// Number of pixels that making this recipe will hold at its peak, at most: the decoder's, and
    /// those of the buffers between operations.
    #[must_use]
    pub fn held_pixels(&self, recipe: &Recipe) -> u64 {
        let Ok(plan) = self.plan(recipe) else {
            return 0;
        };
        let decoded = self.source.held_pixels(&self.want(&plan));
        let tilted = if plan.tilt_deg == 0.0 { 0 } else { self.tilted_size(&plan).pixels() };
        decoded + tilted + 2 * plan.visible().size().pixels() + plan.window.size().pixels()
    }

    /// What making this recipe will have read of the source.
    ///
    /// # Errors
    /// As [`Engine::make`] for a recipe that cannot be followed.
    pub fn want_of(&self, recipe: &Recipe) -> Result<Want> {
        Ok(self.want(&self.plan(recipe)?))
    }

    fn plan(&self, recipe: &Recipe) -> Result<Plan> {
        let info = self.source.info();
        let upright = if self.orient { Turn::upright(info.orientation.exif()) } else { Turn::NONE };
        Plan::new(Size::new(info.width, info.height), upright, recipe)
    }

    fn want(&self, plan: &Plan) -> Want {
        let Rect { x, y, width, height } = plan.region();
        Want {
            region: Region { x, y, width, height },
            min_scale: plan.min_scale(self.shrink_margin),
        }
    }

    /// An upper bound of the canvas on which a tilted picture is painted.
    fn tilted_size(&self, plan: &Plan) -> Size {
        // A decoder that shrinks by eighths stays below twice the scale that it has to keep.
        let scale = (2.0 * plan.min_scale(self.shrink_margin.max(TILT_SHRINK_MARGIN))).min(1.0);
        working_size(plan, &Place { left: 0.0, top: 0.0, scale: (scale, scale) })
    }
}

impl Engine {
    /// An engine with these options.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the CMYK profile is not one, or the margin is not 1 or 2.
    pub fn new(options: EngineOptions) -> Result<Self> {
        if let Some(profile) = &options.cmyk_profile {
            let opens = icc::open(profile, &icc::context()).is_some();
            if icc::space(profile) != Some(ColourSpace::Cmyk) || !opens {
                return Err(Error::Unsupported(
                    "the CMYK profile is not an ICC CMYK profile".into(),
                ));
            }
        }
        if !matches!(options.shrink_margin, 1 | 2) {
            return Err(Error::Unsupported("the shrink margin is not 1 or 2".into()));
        }
        Ok(Self { options })
    }

    /// Reads a file's header.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self, input: Input, opening: &Opening) -> Result<Opened> {
        let isolation = self.options.isolation.as_deref();
        Ok(self.opened(Source::open(input, opening, &self.options.limits, isolation)?))
    }

    /// Takes a source whose header was read elsewhere.
    #[must_use]
    pub fn opened(&self, source: Source) -> Opened {
        Opened { source, orient: self.options.orient, shrink_margin: self.options.shrink_margin }
    }

    /// What a recipe needs of the picture that `info` describes.
    ///
    /// # Errors
    /// As [`make`](Self::make) for a recipe that cannot be followed.
    pub fn needs(&self, info: &Info, recipe: &Recipe) -> Result<Needs> {
        let upright = match self.options.orient {
            true => Turn::upright(info.orientation.exif()),
            false => Turn::NONE,
        };
        let plan = Plan::new(Size::new(info.width, info.height), upright, recipe)?;
        let along = |result: u32, source: u32| f64::from(result) / f64::from(source);
        let across = along(plan.picture.width, plan.crop.width);
        let down = along(plan.picture.height, plan.crop.height);
        Ok(Needs {
            scale: if plan.turn.swap { (down, across) } else { (across, down) },
            whole: plan.crop == Rect::whole(plan.turned),
            tilted: plan.tilt_deg != 0.0,
        })
    }

    /// Makes the picture. `phase` is told how far it has come. The source was opened as
    /// [`Recipe::opening`] says.
    ///
    /// # Errors
    /// Whatever reading, working or writing finds: every variant of [`Error`].
    pub fn make(
        &self,
        opened: Opened,
        recipe: &Recipe,
        cancel: &Cancel,
        phase: &dyn Fn(Phase),
    ) -> Result<Made> {
        let plan = opened.plan(recipe)?;
        let want = opened.want(&plan);
        let limits = &self.options.limits;
        limits.check_held(plan.window.width, plan.window.height)?;
        let orientation =
            if self.options.orient { Orientation::UPRIGHT } else { opened.info().orientation };
        let job = Job::new(&self.options, recipe, plan, opened.info(), cancel);

        phase(Phase::Decoding);
        let decoded = opened.source.decode(&want, limits, cancel)?;

        phase(Phase::Pixels);
        let mut picture = Picture::from(decoded);
        for step in STEPS {
            cancel.check()?;
            picture = step(&job, picture)?;
        }
        cancel.check()?;

        phase(Phase::Encoding);
        let image = picture.image;
        let dpi = f64::from(recipe.dpi);
        let bytes = encode(
            &image,
            &EncodeOptions {
                format: recipe.format,
                progressive: recipe.progressive,
                quality: recipe.quality,
                strip: recipe.strip,
                density: (recipe.dpi > 0).then_some(Density { x_dpi: dpi, y_dpi: dpi }),
                orientation,
            },
        )?;
        Ok(Made { bytes, format: recipe.format, width: image.width, height: image.height })
    }
}

type Step = fn(&Job, Picture) -> Result<Picture>;

/// What is done to the pixels, in this order. Sharpening and overlays belong between
/// `lay_on_canvas` and the end, on a whole canvas.
const STEPS: &[Step] = &[
    judge_profile,
    shrink_before_tilt,
    tilt_picture,
    crop_and_resize,
    turn_upright,
    change_colour_space,
    reduce_depth,
    lay_on_canvas,
];

/// A decoder may leave a picture that is to be tilted much larger than needed; it is reduced to
/// this many times the size of the result first.
const TILT_SHRINK_MARGIN: u8 = 2;

/// What the steps need to know.
struct Job<'a> {
    options: &'a EngineOptions,
    recipe: &'a Recipe,
    plan: Plan,
    format: &'static FormatRow,
    /// The fill colour, transparent or not.
    fill: Rgba,
    /// Whether the result has an alpha band.
    alpha: bool,
    cancel: &'a Cancel,
}

/// Pixels between two steps, and where they lie in the stored picture.
struct Picture {
    image: Image,
    place: Place,
}

impl From<Decoded> for Picture {
    fn from(decoded: Decoded) -> Self {
        let place = Place::of(&decoded);
        Self { image: decoded.image, place }
    }
}

impl Picture {
    fn with(self, image: Image) -> Self {
        Self { image, ..self }
    }
}

impl<'a> Job<'a> {
    fn new(
        options: &'a EngineOptions,
        recipe: &'a Recipe,
        plan: Plan,
        info: &Info,
        cancel: &'a Cancel,
    ) -> Self {
        let format = recipe.format.row();
        let fill = match recipe.fill {
            Fill::Colour(colour) => colour,
            Fill::Transparent => Rgba { r: 255, g: 255, b: 255, a: 0 },
        };
        let shows_fill = plan.tilt_deg != 0.0 || plan.picture != plan.canvas;
        let alpha = format.alpha && (info.alpha || (shows_fill && fill.a < 255));
        let fill = if alpha { fill } else { over_white(fill) };
        Self { options, recipe, plan, format, fill, alpha, cancel }
    }

    fn light(&self, image: &Image) -> Light {
        if self.options.linear { Light::of(image) } else { Light::Encoded }
    }

    fn tilts(&self) -> bool {
        self.plan.tilt_deg != 0.0
    }
}

/// A colour as it shows on white.
fn over_white(colour: Rgba) -> Rgba {
    let mix = |value: u8| {
        let (value, alpha) = (u32::from(value), u32::from(colour.a));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    Rgba { r: mix(colour.r), g: mix(colour.g), b: mix(colour.b), a: 255 }
}

fn judge_profile(_: &Job, mut picture: Picture) -> Result<Picture> {
    icc::drop_unfit(&mut picture.image);
    Ok(picture)
}

fn shrink_before_tilt(job: &Job, picture: Picture) -> Result<Picture> {
    let needed = job.plan.min_scale(TILT_SHRINK_MARGIN.max(job.options.shrink_margin));
    let scale = picture.place.scale.0.max(picture.place.scale.1);
    if !job.tilts() || scale <= 1.5 * needed {
        return Ok(picture);
    }
    let Picture { image, place } = picture;
    let part = needed / scale;
    let shrunk = |len: u32| (f64::from(len) * part).ceil().max(1.0) as u32;
    let size = Size::new(shrunk(image.width), shrunk(image.height));
    let within = Rect::whole(Size::new(image.width, image.height));
    let from = within.area();
    let resize = Resize { from, within, size, wanted: Rect::whole(size) };
    let small = resample(&image, &resize, &job.light(&image), job.cancel)?;
    let scale = (
        place.scale.0 * f64::from(size.width) / f64::from(image.width),
        place.scale.1 * f64::from(size.height) / f64::from(image.height),
    );
    Ok(Picture { image: small, place: Place { scale, ..place } })
}

fn tilt_picture(job: &Job, picture: Picture) -> Result<Picture> {
    if !job.tilts() {
        return Ok(picture);
    }
    let size = working_size(&job.plan, &picture.place);
    job.options.limits.check_held(size.width, size.height)?;
    let cmyk_profile = job.options.cmyk_profile.as_ref();
    let under = if job.alpha && job.fill.a > 0 {
        Some(colour_in(&picture.image, job.fill, cmyk_profile)?)
    } else {
        None
    };
    let light = job.light(&picture.image);
    let tilted =
        tilt(&picture.image, &picture.place, &job.plan, &light, under.as_deref(), job.cancel)?;
    Ok(picture.with(tilted))
}

fn crop_and_resize(job: &Job, picture: Picture) -> Result<Picture> {
    let Job { plan, .. } = job;
    let Picture { image, place } = &picture;
    let size = Size::new(image.width, image.height);
    let resize = if job.tilts() {
        Resize {
            from: working_area(plan, place),
            within: Rect::whole(size),
            size: plan.picture,
            wanted: plan.visible(),
        }
    } else {
        let crop = plan.turn.rect_to_stored(plan.crop, plan.oriented);
        Resize {
            from: place.area(crop),
            within: place.within(crop, plan.stored, size),
            size: if plan.turn.swap { plan.picture.swapped() } else { plan.picture },
            wanted: plan.turn.rect_to_stored(plan.visible(), plan.picture),
        }
    };
    let whole = Rect::whole(size);
    if resize.from == whole.area() && resize.size == size && resize.wanted == whole {
        return Ok(picture);
    }
    let resized = resample(image, &resize, &job.light(image), job.cancel)?;
    Ok(picture.with(resized))
}

fn turn_upright(job: &Job, mut picture: Picture) -> Result<Picture> {
    // Tilting has seen to it already.
    if !job.tilts() {
        picture.image = turn(picture.image, job.plan.turn, job.cancel)?;
    }
    Ok(picture)
}

fn change_colour_space(job: &Job, mut picture: Picture) -> Result<Picture> {
    let wanted = Wanted {
        space: job.recipe.colorspace,
        strip: job.recipe.strip,
        format: job.format,
        cmyk_profile: job.options.cmyk_profile.as_ref(),
    };
    picture.image = convert(picture.image, &wanted)?;
    Ok(picture)
}

fn reduce_depth(job: &Job, mut picture: Picture) -> Result<Picture> {
    if !job.format.deep {
        picture.image = to_eight_bits(picture.image)?;
    }
    Ok(picture)
}

fn lay_on_canvas(job: &Job, mut picture: Picture) -> Result<Picture> {
    let Job { plan, .. } = job;
    let visible = plan.visible();
    let along = |offset: u32, visible: u32, window: u32| {
        i64::from(offset) + i64::from(visible) - i64::from(window)
    };
    let shown = plan.shows_picture();
    let at = if shown {
        (
            along(plan.offset.0, visible.x, plan.window.x),
            along(plan.offset.1, visible.y, plan.window.y),
        )
    } else {
        (i64::from(plan.window.width), i64::from(plan.window.height))
    };
    let covered = at == (0, 0) && plan.window.size() == visible.size();
    if covered && picture.image.alpha == job.alpha {
        return Ok(picture);
    }
    let cmyk_profile = job.options.cmyk_profile.as_ref();
    let fill = colour_in(&picture.image, job.fill, cmyk_profile)?;
    picture.image = lay(picture.image, plan.window.size(), at, &fill, job.alpha)?;
    Ok(picture)
}
