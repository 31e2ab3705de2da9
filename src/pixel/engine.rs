//! From an opened file and a [`Recipe`] to the bytes of a picture.
//!
//! The engine plans the geometry, has no more decoded than the result can show, takes the pixels
//! through one ordered list of steps and encodes what comes out. Mirrors and right-angle turns
//! commute with resizing, so they are done after it, on the smaller picture; the colour space is
//! changed before padding, so that the fill colour is exact.
//!
//! It knows nothing of where files come from or where pictures go.

mod aim;
mod fill;
mod motion;
mod over;
mod settle;
mod tilted;

use std::sync::Arc;

use self::fill::Filling;
use self::over::Over;
use super::colour::apply::apply;
use super::colour::convert::{Wanted, convert, meaning};
use super::colour::curve::Light;
use super::colour::icc;
use super::decode::{Decoded, Info, Input, Isolation, Opening, Region, Source, Want};
use super::encode::{EncodeOptions, Pages, encode};
use super::op::canvas::lay;
use super::op::depth::to_eight_bits;
use super::op::resample::{Resize, resample_from};
use super::op::sharpen::sharpen;
use super::op::tilt::{working_area, working_part};
use super::op::turn::turn;
use super::place::Place;
use super::plan::{Area, Plan, Rect, Size, TILT_SHRINK_MARGIN};
use super::turn::Turn;
use super::{
    Cancel, ColourSpace, Density, Error, Fill, Format, FormatRow, Image, Limits, Orientation,
    Recipe, Result, Rgba, StripKeeps,
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
    /// What `strip` leaves in a picture.
    pub strip_keeps: StripKeeps,
    /// Whether positions and serial numbers are left out of every picture.
    pub drop_private: bool,
    /// Bounds on pixel counts.
    pub limits: Limits,
    /// Frames that an animation may have to be made as one; of longer ones the first frame is made.
    pub max_frames: u32,
    /// The SSIMULACRA2 score that measured qualities aim at.
    pub auto_quality_score: u8,
    /// Dots per inch at which documents are laid out when the recipe says nothing.
    pub document_dpi: u32,
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
            strip_keeps: StripKeeps::Nothing,
            drop_private: false,
            limits: Limits::default(),
            max_frames: 300,
            auto_quality_score: 75,
            document_dpi: 150,
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
    overlay: Option<Box<Opened>>,
    orient: bool,
    /// How many times the size of the result a decoder has to leave when it shrinks.
    shrink_margin: f64,
    /// Whether a decoder that shrinks leaves averages over squares, in proportion to light.
    averages: bool,
    max_frames: u32,
    /// Pixels that all frames of an animation may have together.
    max_total_pixels: u64,
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

    /// Adds the picture that is laid over this one, for recipes with an
    /// [`overlay`](Recipe::overlay).
    #[must_use]
    pub fn with_overlay(self, overlay: Self) -> Self {
        Self { overlay: Some(Box::new(overlay)), ..self }
    }

    /// Number of pixels that making this recipe will hold at its peak, at most: the decoder's, and
    /// those of the buffers between operations.
    #[must_use]
    pub fn held_pixels(&self, recipe: &Recipe) -> u64 {
        let Ok(plan) = self.plan(recipe) else {
            return 0;
        };
        let decoded = match self.moves(recipe) {
            Some(animation) => self.held_by_motion(&animation, &plan),
            None => self.source.held_pixels(&self.want(&plan)),
        };
        let tilted = if plan.tilt_deg == 0.0 { 0 } else { self.tilted_size(&plan).pixels() };
        let worked = 2 * plan.made().size().pixels() + plan.window.size().pixels();
        decoded + tilted + worked + self.held_by_overlay(&plan, recipe)
    }

    fn held_by_overlay(&self, plan: &Plan, recipe: &Recipe) -> u64 {
        let (Some(opened), Some(overlay)) = (&self.overlay, &recipe.overlay) else {
            return 0;
        };
        let Some(over) = over::place(plan, opened, overlay) else {
            return 0;
        };
        let reads_all = over::reads_all(&over, opened.info(), self.info().space);
        let want = over::want(&over, reads_all, opened.shrink_margin);
        opened.source.held_pixels(&want) + 2 * over.plan.window.size().pixels()
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
        let plan = plan_of(info, self.orient, recipe)?;
        let flattened = info.alpha && !recipe.format.row().alpha;
        let reads_edges = recipe.fill == Fill::Auto && (flattened || plan.shows_fill());
        Ok(Plan { reads_edges, ..plan })
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
        working_part(plan, &Place { left: 0.0, top: 0.0, scale: (scale, scale) }).size()
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

    /// Whether pictures are set upright unless a recipe says otherwise.
    #[must_use]
    pub fn sets_upright(&self) -> bool {
        self.options.orient
    }

    /// Reads a file's header.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(&self, input: Input, opening: &Opening) -> Result<Opened> {
        let isolation = self.options.isolation.as_deref();
        let dpi = if opening.dpi == 0 { self.options.document_dpi } else { opening.dpi };
        let opening = Opening { dpi, ..*opening };
        Ok(self.opened(Source::open(input, &opening, &self.options.limits, isolation)?))
    }

    /// Takes a source whose header was read elsewhere.
    #[must_use]
    pub fn opened(&self, mut source: Source) -> Opened {
        let EngineOptions { linear, shrink_margin, orient, max_frames, .. } = self.options;
        // Who asks for a margin of 1 wants speed before exactness.
        let in_light = if linear && shrink_margin > 1 {
            let Info { width, height, .. } = *source.info();
            source.shrink_in_light(Region::full(width, height))
        } else {
            None
        };
        Opened {
            source,
            overlay: None,
            orient,
            shrink_margin: in_light.unwrap_or_else(|| f64::from(shrink_margin)),
            averages: in_light.is_some(),
            max_frames,
            max_total_pixels: self.options.limits.declared_pixels,
        }
    }

    /// What a recipe needs of the picture that `info` describes.
    ///
    /// # Errors
    /// As [`make`](Self::make) for a recipe that cannot be followed.
    pub fn needs(&self, info: &Info, recipe: &Recipe) -> Result<Needs> {
        let plan = plan_of(info, self.options.orient, recipe)?;
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
    /// [`Error::Parameter`] named `overlay` when the recipe has one and no picture was given for it.
    pub fn make(
        &self,
        opened: Opened,
        recipe: &Recipe,
        cancel: &Cancel,
        phase: &dyn Fn(Phase),
    ) -> Result<Made> {
        if let Some(animation) = opened.moves(recipe) {
            return self.make_moving(opened, &animation, recipe, cancel, phase);
        }
        let (image, options) = self.picture(opened, recipe, cancel, phase)?;
        let bytes = encode(&image, &options)?;
        Ok(Made { bytes, format: recipe.format, width: image.width, height: image.height })
    }

    /// Makes the picture and adds it to a document as its next page. The recipe's format is PDF.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    pub fn add_page(
        &self,
        document: &mut Pages,
        opened: Opened,
        recipe: &Recipe,
        cancel: &Cancel,
    ) -> Result<()> {
        let (image, options) = self.picture(opened, recipe, cancel, &|_| {})?;
        document.add(&image, &options)
    }

    /// The finished picture, and how it is to be written.
    fn picture(
        &self,
        mut opened: Opened,
        recipe: &Recipe,
        cancel: &Cancel,
        phase: &dyn Fn(Phase),
    ) -> Result<(Image, EncodeOptions)> {
        let plan = opened.plan(recipe)?;
        let want = opened.want(&plan);
        let limits = &self.options.limits;
        limits.check_held(plan.window.width, plan.window.height)?;
        let mut options = self.encode_options(&opened, recipe);
        let mut job = Job::new(&self.options, recipe, plan, opened.info(), cancel);

        phase(Phase::Decoding);
        let averages = opened.averages;
        if averages {
            let whole = opened.plan(&Recipe { tile: None, ..recipe.clone() })?;
            opened.source.shrink_in_light(opened.want(&whole).region);
        }
        let decoded = opened.source.decode(&want, limits, cancel)?;
        let over = match opened.overlay {
            Some(overlay) => over::load(&job, *overlay, decoded.image.space)?,
            None if recipe.overlay.is_some() => return Err(no_overlay()),
            None => None,
        };

        phase(Phase::Pixels);
        let mut picture = Picture::new(decoded, averages, over, job.fill);
        settle::settle(&mut job.plan, &picture);
        for step in STEPS {
            cancel.check()?;
            picture = step(&job, picture)?;
        }
        cancel.check()?;

        phase(Phase::Encoding);
        let image = picture.image;
        if recipe.measured {
            let aimed = f64::from(self.options.auto_quality_score);
            options.quality.lossy = aim::quality(&image, &options, aimed, limits, cancel)?;
        }
        Ok((image, options))
    }
}

impl Engine {
    /// How the result is written.
    fn encode_options(&self, opened: &Opened, recipe: &Recipe) -> EncodeOptions {
        let upright = recipe.upright.unwrap_or(self.options.orient);
        let dpi = f64::from(recipe.dpi);
        EncodeOptions {
            format: recipe.format,
            progressive: recipe.progressive,
            quality: recipe.quality,
            strip: recipe.strip,
            strip_keeps: self.options.strip_keeps,
            drop_private: self.options.drop_private,
            density: (recipe.dpi > 0).then_some(Density { x_dpi: dpi, y_dpi: dpi }),
            orientation: if upright { Orientation::UPRIGHT } else { opened.info().orientation },
        }
    }
}

fn plan_of(info: &Info, orient: bool, recipe: &Recipe) -> Result<Plan> {
    let upright = match recipe.upright.unwrap_or(orient) {
        true => Turn::upright(info.orientation.exif()),
        false => Turn::NONE,
    };
    Plan::new(Size::new(info.width, info.height), upright, recipe)
}

type Step = fn(&Job, Picture) -> Result<Picture>;

/// What is done to the pixels, in this order.
const STEPS: &[Step] = &[
    judge_profile,
    fill::find,
    tilted::shrink_before,
    tilted::tilt_picture,
    crop_and_resize,
    turn_upright,
    sharpen_picture,
    over::make_room_for_colour,
    apply_profile,
    change_colour_space,
    reduce_depth,
    lay_on_canvas,
    over::lay,
];

fn no_overlay() -> Error {
    Error::Parameter { name: "overlay", reason: "no picture was given for it".into() }
}

/// What the steps need to know.
struct Job<'a> {
    options: &'a EngineOptions,
    recipe: &'a Recipe,
    plan: Plan,
    format: &'static FormatRow,
    /// The fill colour that was asked for, transparent or not.
    fill: Rgba,
    /// Whether the result has an alpha band.
    alpha: bool,
    cancel: &'a Cancel,
}

/// Pixels between two steps, and where they lie in the stored picture.
struct Picture {
    image: Image,
    place: Place,
    /// What lies where the picture does not.
    fill: Filling,
    /// What is going to lie over it.
    over: Option<Over>,
    /// Whether pixels are averages over the squares that they cover, and not samples.
    averages: bool,
}

impl Picture {
    fn new(decoded: Decoded, averages: bool, over: Option<Over>, fill: Rgba) -> Self {
        let place = Place::of(&decoded);
        let averages = averages && place.scale.0 < 1.0;
        Self { image: decoded.image, place, fill: Filling::Named(fill), over, averages }
    }

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
            Fill::Transparent => CLEAR,
            // Until the picture's edges have been seen.
            Fill::Auto => Rgba { a: 255, ..CLEAR },
        };
        let padded = plan.tilt_deg != 0.0 || plan.picture != plan.canvas;
        // A page lies on paper of the fill colour.
        let clear = info.alpha && !(info.format.is_paper() && fill.a == 255);
        let alpha = format.alpha && (clear || (padded && fill.a < 255));
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

/// No colour; white where there has to be one.
const CLEAR: Rgba = Rgba { r: 255, g: 255, b: 255, a: 0 };

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

fn crop_and_resize(job: &Job, picture: Picture) -> Result<Picture> {
    let Job { plan, .. } = job;
    let Picture { image, place, averages, .. } = &picture;
    let size = Size::new(image.width, image.height);
    let resize = if job.tilts() {
        let (area, part) = (working_area(plan, place), working_part(plan, place));
        Resize {
            from: Area { x: -f64::from(part.x), y: -f64::from(part.y), ..area },
            within: Rect::whole(size),
            size: plan.picture,
            wanted: plan.made(),
        }
    } else {
        let crop = plan.turn.rect_to_stored(plan.crop, plan.oriented);
        Resize {
            from: place.area(crop),
            within: place.within(crop, plan.stored, size),
            size: if plan.turn.swap { plan.picture.swapped() } else { plan.picture },
            wanted: plan.turn.rect_to_stored(plan.made(), plan.picture),
        }
    };
    let whole = Rect::whole(size);
    if resize.from == whole.area() && resize.size == size && resize.wanted == whole {
        return Ok(picture);
    }
    let resized = resample_from(image, *averages, &resize, &job.light(image), job.cancel)?;
    Ok(picture.with(resized))
}

fn turn_upright(job: &Job, mut picture: Picture) -> Result<Picture> {
    // Tilting has seen to it already.
    if !job.tilts() {
        picture.image = turn(picture.image, job.plan.turn, job.cancel)?;
    }
    Ok(picture)
}

fn apply_profile(job: &Job, mut picture: Picture) -> Result<Picture> {
    if let Some(icc) = &job.recipe.icc {
        let cmyk_profile = job.options.cmyk_profile.as_ref();
        let change = |image: &Image| apply(image, icc, cmyk_profile);
        let before = meaning(&picture.image, cmyk_profile);
        picture.image = change(&picture.image)?;
        picture.fill = picture.fill.converted(&change)?;
        if let Some(over) = &mut picture.over {
            over::change(job, over, &before, &change)?;
        }
    }
    Ok(picture)
}

fn sharpen_picture(job: &Job, mut picture: Picture) -> Result<Picture> {
    let value = job.recipe.sharpen;
    if value == 0 {
        return Ok(picture);
    }
    let (made, visible) = (job.plan.made(), job.plan.visible());
    let wanted = Rect { x: visible.x - made.x, y: visible.y - made.y, ..visible };
    let light = job.light(&picture.image);
    picture.image = sharpen(&picture.image, value, wanted, &light, job.cancel)?;
    Ok(picture)
}

fn colour_wanted<'a>(job: &'a Job) -> Wanted<'a> {
    Wanted {
        space: job.recipe.colorspace,
        strip: job.recipe.strip,
        applied: job.recipe.icc.is_some(),
        format: job.format,
        cmyk_profile: job.options.cmyk_profile.as_ref(),
    }
}

fn change_colour_space(job: &Job, mut picture: Picture) -> Result<Picture> {
    let wanted = colour_wanted(job);
    let before = meaning(&picture.image, wanted.cmyk_profile);
    picture.image = convert(picture.image, &wanted)?;
    picture.fill = picture.fill.converted(&|pixel| convert(pixel.clone(), &wanted))?;
    let follow = |over| over::follow(job, over, &before, &picture.image);
    picture.over = picture.over.take().map(follow).transpose()?;
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
    let fill = picture.fill.bands_in(job, &picture.image)?;
    picture.image = lay(picture.image, plan.window.size(), at, &fill, job.alpha)?;
    Ok(picture)
}
