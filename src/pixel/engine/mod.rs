//! From an opened file and a [`Recipe`] to the bytes of a picture.
//!
//! The engine plans the geometry, has no more decoded than the result can show, takes the pixels
//! through one ordered list of steps and encodes what comes out. Mirrors and right-angle turns
//! commute with resizing, so they are done after it, on the smaller picture; the colour space is
//! changed before padding, so that the fill colour is exact.
//!
//! `opened` says what a recipe takes of a file, `job` is what the steps know and hand on, `motion` goes
//! their way frame by frame, `held` tells beforehand how much memory that takes; the other files are the steps.
//!
//! It knows nothing of where files come from or where pictures go.

mod aim;
mod banded;
mod canvas;
mod colours;
mod fill;
mod held;
mod job;
mod motion;
mod opened;
mod options;
mod over;
mod resize;
mod settle;
mod tilted;

use self::job::{Job, Picture};
use self::opened::plan_of;
pub use self::opened::{Needs, Opened};
pub use self::options::EngineOptions;
use super::colour::icc;
use super::decode::{Info, Input, Opening, Region, Source};
use super::encode::{EncodeOptions, Pages, encode};
use super::plan::Rect;
use super::{Cancel, ColourSpace, Density, Error, Format, Image, Orientation, Recipe, Result};

/// What is done to the pixels, in this order.
const STEPS: &[Step] = &[
    colours::judge_profile,
    fill::find,
    tilted::shrink_before,
    tilted::tilt_picture,
    resize::crop_and_resize,
    resize::turn_upright,
    resize::sharpen_picture,
    over::make_room_for_colour,
    colours::apply_profile,
    colours::change_colour_space,
    colours::reduce_depth,
    canvas::lay_on_canvas,
    over::lay,
];

type Step = fn(&Job, Picture) -> Result<Picture>;

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
            limits: self.options.limits,
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
        self.check_cost(&opened, &plan, recipe)?;
        let mut options = self.encode_options(&opened, recipe);
        let mut job = Job::new(&self.options, recipe, plan, opened.info(), cancel);

        phase(Phase::Decoding);
        let averages = opened.averages;
        if averages {
            let whole = opened.plan(&Recipe { tile: None, ..recipe.clone() })?;
            opened.source.shrink_in_light(opened.want(&whole).region);
        }
        let seen = opened.source.glance().cloned();
        let decoded = banded::decode(opened.source, &want, self.options.linear, limits, cancel)?;
        settle::settle(&mut job.plan, seen.as_ref(), &decoded);
        let over = match opened.overlay {
            Some(overlay) => over::load(&job, *overlay, decoded.image.space)?,
            None if recipe.overlay.is_some() => return Err(no_overlay()),
            None => None,
        };

        phase(Phase::Pixels);
        let mut picture = Picture::new(decoded, averages, over, job.fill);
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

fn no_overlay() -> Error {
    Error::Parameter { name: "overlay", reason: "no picture was given for it".into() }
}
