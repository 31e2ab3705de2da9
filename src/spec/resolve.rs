//! From parameters as they were given to what is to be done.
//!
//! What has no effect is dropped first, so that requests for the same picture become the same
//! spec: a full turn, a crop of everything, an alignment where nothing can be aligned.

use super::kind::rounded;
use super::params::{Inherited, Locks};
use super::{
    Accepts, Delivery, Fit, FormatChoice, FormatWish, Given, ImageSpec, Layer, ParamError, Params,
    QualityWish, Sizes,
};
use crate::pixel::{
    Align, Compass, Compression, Crop, Fill, Format, Gravity, Ground, Icc, Intent, PngQuality,
    Quality, Recipe, Reshape,
};

/// What a request's parameters mean depends on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The format of the source, by the extension of its name.
    pub source_format: Option<Format>,
    /// Whether the source may have pages, which lie on paper of the fill colour.
    pub paper: bool,
    /// The largest width and height for this caller, 0 for no limit; none when the caller has no
    /// limits. A template that says more raises them.
    pub public_limit: Option<(u32, u32)>,
    /// The sizes that may be asked for, if not all.
    pub sizes: Option<&'a Sizes>,
    /// The expiry when no template says it.
    pub default_expiry_s: i64,
    /// What the client can show, for `format=auto`.
    pub accepts: Accepts,
    /// The largest width and height that `dpr` may lead to.
    pub max_dimension: u32,
    /// Whether pictures are set upright without being asked for it.
    pub upright: bool,
}

impl Params {
    /// Works out what is to be done. Template and URL are laid [`over`](Params::over) each other
    /// before.
    ///
    /// # Errors
    /// A missing `src`, or values that do not fit each other.
    pub fn resolve(&self, context: &Context) -> Result<ImageSpec, ParamError> {
        let src = self.src.as_ref().ok_or_else(|| ParamError::new("src", "must be given"))?;
        let effective = self.effective(context)?;
        let delivery = self.delivery(context.default_expiry_s);
        let recipe = effective.to_recipe();
        let overlay = effective.overlay.as_ref().map(|given| given.value.clone());
        Ok(ImageSpec { src: src.value.clone(), overlay, recipe, delivery, effective })
    }

    /// How the answer is to be sent: all that the parameters of an original say besides which.
    #[must_use]
    pub fn delivery(&self, default_expiry_s: i64) -> Delivery {
        Delivery {
            attach: value(&self.attach, false),
            record_stats: value(&self.stats, true),
            xref: self.xref.as_ref().map(|given| given.value.clone()),
            expiry_s: value(&self.expires, default_expiry_s),
        }
    }

    /// Whether the format is left to what the client can show, so that the answer depends on it.
    #[must_use]
    pub fn leaves_format_open(&self) -> bool {
        self.format.as_ref().is_some_and(|given| given.value == FormatWish::Auto)
    }

    /// Works out what is to be done to a picture that does not come from the repository.
    ///
    /// # Errors
    /// Values that do not fit each other.
    pub fn recipe(&self, context: &Context) -> Result<Recipe, ParamError> {
        Ok(self.effective(context)?.to_recipe())
    }

    /// Checks what the fields of one template say together.
    pub(super) fn check_template(&self) -> Result<(), ParamError> {
        self.crop()?;
        self.fit()?;
        if let Some(Given { value: FormatWish::Named(choice), .. }) = self.format {
            self.effective_quality(choice)?;
        }
        Ok(())
    }

    /// The parameters that have an effect, with the format always said.
    fn effective(&self, context: &Context) -> Result<Params, ParamError> {
        // No field is left to a default below, so that a new one cannot be forgotten.
        let choice = self.choice(context);
        let fit = self.fit()?;
        let size = self.limited_size(context, fit)?;
        let crop = self.crop()?;
        let angle = rounded(value(&self.angle, 0.0).rem_euclid(360.0));
        let boxed = size.width > 0 && size.height > 0;
        let reshaped = size.reshaped.is_some();
        let padded = boxed && !size.fit && !reshaped;
        let intent = value(&self.intent, Intent::Relative);
        let uncovered =
            padded || context.paper || angle % 90.0 != 0.0 || !choice.format.row().alpha;
        let fill = match value(&self.fill, Fill::WHITE) {
            Fill::Transparent if !choice.format.row().alpha => Fill::WHITE,
            fill => fill,
        };
        let over = self.overlay_shown(self.ground());
        let ground = over.map_or(Ground::Canvas, |over| over.ground);
        let bound = |name, given: &Option<Given<u32>>| {
            self.settled(context.sizes, name, value(given, 0), given.as_ref(), None)
        };
        Ok(Params {
            src: same(&self.src),
            page: self.effective_page(context, choice),
            tmp: None,
            format: Some(url(FormatWish::Named(choice))),
            quality: self.effective_quality(choice)?.map(url),
            width: other_than(size.width, 0),
            height: other_than(size.height, 0),
            dpr: None,
            fit: size.reshaped.map(url),
            gravity: other_than(value(&self.gravity, Gravity::CENTRE), Gravity::CENTRE)
                .filter(|_| size.reshaped == Some(Fit::Cover)),
            maxwidth: other_than(bound("maxwidth", &self.maxwidth)?, 0),
            maxheight: other_than(bound("maxheight", &self.maxheight)?, 0),
            autosizefit: other_than(boxed && size.fit, false),
            halign: other_than(value(&self.halign, Align::CENTRE), Align::CENTRE)
                .filter(|_| padded),
            valign: other_than(value(&self.valign, Align::CENTRE), Align::CENTRE)
                .filter(|_| padded),
            angle: other_than(angle, 0.0),
            rotate: other_than(value(&self.rotate, context.upright), context.upright),
            flip: same(&self.flip),
            top: other_than(crop.top, 0.0),
            left: other_than(crop.left, 0.0),
            bottom: other_than(crop.bottom, 1.0),
            right: other_than(crop.right, 1.0),
            autocropfit: other_than(value(&self.autocropfit, false), false)
                .filter(|_| fit.is_none() && boxed && crop != Crop::FULL),
            fill: other_than(fill, Fill::WHITE).filter(|_| uncovered),
            sharpen: other_than(value(&self.sharpen, 0), 0),
            strip: other_than(value(&self.strip, false), false),
            dpi: other_than(value(&self.dpi, 0), 0),
            overlay: same(&self.overlay).filter(|_| over.is_some()),
            ovsize: over.and_then(|over| other_than(over.size, 1.0)),
            ovpos: over.and_then(|over| other_than(over.position, Compass::Centre)),
            ovopacity: over.and_then(|over| other_than(over.opacity, 1.0)),
            icc: same(&self.icc),
            intent: other_than(intent, Intent::Relative).filter(|_| self.icc.is_some()),
            bpc: other_than(value(&self.bpc, true), true)
                .filter(|_| self.icc.is_some() && intent == Intent::Relative),
            colorspace: same(&self.colorspace),
            tile: same(&self.tile),
            attach: other_than(value(&self.attach, false), false),
            xref: same(&self.xref),
            stats: other_than(value(&self.stats, true), true),
            expires: same(&self.expires),
            inherited: Inherited { ground, ..Inherited::default() },
            locks: Locks::default(),
        })
    }

    /// The format of the result.
    fn choice(&self, context: &Context) -> FormatChoice {
        match self.format.as_ref().map(|given| given.value) {
            Some(FormatWish::Named(choice)) => choice,
            Some(FormatWish::Auto) => context.accepts.pick(context.source_format),
            None => default_format(context),
        }
    }

    /// The page: the first one need only be said where it tells a still picture from one that moves.
    fn effective_page(&self, context: &Context, choice: FormatChoice) -> Option<Given<u32>> {
        let page = self.page.as_ref()?.value.max(1);
        let may_move =
            choice.format.animates() && context.source_format.is_none_or(Format::animates);
        (page > 1 || may_move).then(|| url(page))
    }

    /// The fit that holds: none when it is not given, or when the URL asks in the old words for
    /// something else than the template.
    fn fit(&self) -> Result<Option<Fit>, ParamError> {
        let Some(fit) = &self.fit else { return Ok(None) };
        for (old, name) in [(&self.autosizefit, "autosizefit"), (&self.autocropfit, "autocropfit")]
        {
            let Some(old) = old.as_ref().filter(|old| old.value) else { continue };
            match (fit.layer, old.layer) {
                (Layer::Url, Layer::Template) => {}
                (Layer::Template, Layer::Url) => return Ok(None),
                _ => {
                    let reason = format!("must not be given together with {name}");
                    return Err(ParamError::new("fit", reason));
                }
            }
        }
        Ok(Some(fit.value))
    }

    /// Checks the crop and fills in its missing edges.
    fn crop(&self) -> Result<Crop, ParamError> {
        let crop = Crop {
            left: value(&self.left, 0.0),
            top: value(&self.top, 0.0),
            right: value(&self.right, 1.0),
            bottom: value(&self.bottom, 1.0),
        };
        if crop.left >= crop.right {
            return Err(empty_crop(self.left.as_ref(), self.right.as_ref(), ["left", "right"]));
        }
        if crop.top >= crop.bottom {
            return Err(empty_crop(self.top.as_ref(), self.bottom.as_ref(), ["top", "bottom"]));
        }
        Ok(crop)
    }

    /// The quality for a format: none when it is not given, means nothing there, was meant for
    /// another kind of format, or is what is done anyway.
    fn effective_quality(&self, choice: FormatChoice) -> Result<Option<QualityWish>, ParamError> {
        let Some(given) = &self.quality else { return Ok(None) };
        let QualityWish::Level(level) = given.value else {
            let lossy = choice.format.row().compression == Compression::Lossy;
            return Ok(lossy.then_some(QualityWish::Auto));
        };
        let png = choice.format == Format::Png;
        if given.layer == Layer::Template {
            let own = self.format.as_ref().filter(|given| given.layer == Layer::Template);
            let meant_for = self.inherited.format.or(own.map(|given| given.value));
            let named_png = |wish| matches!(wish, FormatWish::Named(c) if c.format == Format::Png);
            if meant_for.is_some_and(named_png) != png {
                return Ok(None);
            }
        }
        if png && self.leaves_format_open() {
            return Ok(None);
        }
        let usual = match choice.format.row().compression {
            Compression::Png if !(10..=99).contains(&level) => {
                return Err(ParamError::new(
                    "quality",
                    "must be a whole number from 10 to 99 for PNG",
                ));
            }
            Compression::Png => join_png(Quality::default().png),
            Compression::Lossy => Quality::default().lossy,
            Compression::Fixed => return Ok(None),
        };
        Ok((level != usual).then_some(QualityWish::Level(level)))
    }

    /// The size, held to the caller's limits.
    fn limited_size(&self, context: &Context, fit: Option<Fit>) -> Result<Size, ParamError> {
        let dpr = value(&self.dpr, 1.0);
        let scaled = |pixels: u32| match pixels {
            0 => 0,
            pixels if dpr == 1.0 => pixels,
            pixels => ((f64::from(pixels) * dpr).round() as u32).clamp(1, context.max_dimension),
        };
        let settled = |name, given: &Option<Given<u32>>, inherited| {
            let pixels = scaled(value(given, 0));
            self.settled(context.sizes, name, pixels, given.as_ref(), inherited)
        };
        let width = settled("width", &self.width, self.inherited.width)?;
        let height = settled("height", &self.height, self.inherited.height)?;
        let reshaped = fit
            .filter(|fit| matches!(fit, Fit::Cover | Fit::Fill))
            .filter(|_| width > 0 && height > 0);
        let fit = match fit {
            Some(fit) => fit == Fit::Inside,
            None => value(&self.autosizefit, false),
        };
        let (most_width, most_height) = context.public_limit.unwrap_or((0, 0));
        let most_width = raised(most_width, self.width.as_ref(), self.inherited.width);
        let most_height = raised(most_height, self.height.as_ref(), self.inherited.height);
        let size = Size {
            width: capped(width, most_width),
            height: capped(height, most_height),
            fit,
            reshaped,
        };
        Ok(match (width, height) {
            // The side that is not asked for follows from the picture, and may come out too long:
            // the limit becomes its bound.
            (0, 0) => Size { width: most_width, height: most_height, fit: true, ..size },
            (0, _) if most_width > 0 => Size { width: most_width, fit: true, ..size },
            (_, 0) if most_height > 0 => Size { height: most_height, fit: true, ..size },
            _ => size,
        })
    }

    /// The recipe for parameters that all have an effect.
    fn to_recipe(&self) -> Recipe {
        let choice = match self.format.as_ref().map(|given| given.value) {
            Some(FormatWish::Named(choice)) => choice,
            Some(FormatWish::Auto) | None => JPEG,
        };
        let mut quality = Quality::default();
        let wish = self.quality.as_ref().map(|given| given.value);
        match (wish, choice.format) {
            (Some(QualityWish::Level(level)), Format::Png) => quality.png = split_png(level),
            (Some(QualityWish::Level(level)), _) => quality.lossy = level,
            (Some(QualityWish::Auto) | None, _) => {}
        }
        let gravity = value(&self.gravity, Gravity::CENTRE);
        Recipe {
            page: value(&self.page, 1),
            still: self.page.is_some(),
            upright: self.rotate.as_ref().map(|given| given.value),
            flip: self.flip.as_ref().map(|given| given.value),
            angle_deg: value(&self.angle, 0.0),
            crop: Crop {
                left: value(&self.left, 0.0),
                top: value(&self.top, 0.0),
                right: value(&self.right, 1.0),
                bottom: value(&self.bottom, 1.0),
            },
            crop_fit: value(&self.autocropfit, false),
            width: value(&self.width, 0),
            height: value(&self.height, 0),
            max_width: value(&self.maxwidth, 0),
            max_height: value(&self.maxheight, 0),
            size_fit: value(&self.autosizefit, false),
            reshape: self.fit.as_ref().and_then(|given| match given.value {
                Fit::Cover => Some(Reshape::Cover(gravity)),
                Fit::Fill => Some(Reshape::Stretch),
                Fit::Contain | Fit::Inside => None,
            }),
            focus: None,
            align_h: value(&self.halign, Align::CENTRE),
            align_v: value(&self.valign, Align::CENTRE),
            fill: value(&self.fill, Fill::WHITE),
            sharpen: value(&self.sharpen, 0),
            overlay: self.overlay_shown(self.inherited.ground),
            tile: self.tile.as_ref().map(|given| given.value),
            icc: self.icc.as_ref().map(|given| Icc {
                name: given.value.clone(),
                profile: None,
                intent: value(&self.intent, Intent::Relative),
                bpc: value(&self.bpc, true),
            }),
            colorspace: self.colorspace.as_ref().map(|given| given.value),
            strip: value(&self.strip, false),
            dpi: value(&self.dpi, 0),
            format: choice.format,
            progressive: choice.progressive,
            quality,
            measured: wish == Some(QualityWish::Auto),
        }
    }
}

const JPEG: FormatChoice = FormatChoice { format: Format::Jpeg, progressive: false };

/// A size and whether it is a box to fit into.
struct Size {
    width: u32,
    height: u32,
    fit: bool,
    /// The fit that changes the picture's own shape, if one does.
    reshaped: Option<Fit>,
}

/// A value or what holds without it.
pub(super) fn value<T: Copy>(given: &Option<Given<T>>, default: T) -> T {
    given.as_ref().map_or(default, |given| given.value)
}

/// A value of a resolved spec, in which it no longer matters who said it.
fn url<T>(value: T) -> Given<T> {
    Given { value, layer: Layer::Url }
}

fn other_than<T: PartialEq>(value: T, default: T) -> Option<Given<T>> {
    (value != default).then(|| url(value))
}

/// A value that has no default.
fn same<T: Clone>(given: &Option<Given<T>>) -> Option<Given<T>> {
    given.as_ref().map(|given| url(given.value.clone()))
}

/// The fault of two edges with nothing between. It names the edge that the client can change.
fn empty_crop(
    near: Option<&Given<f64>>,
    far: Option<&Given<f64>>,
    names: [&'static str; 2],
) -> ParamError {
    let from_url = |given: &Given<f64>| given.layer == Layer::Url;
    let near_at_fault = match near {
        None => false,
        Some(near) => from_url(near) || !far.is_some_and(from_url),
    };
    let name = if near_at_fault { names[0] } else { names[1] };
    ParamError::new(name, format!("must leave something between {} and {}", names[0], names[1]))
}

fn default_format(context: &Context) -> FormatChoice {
    match context.source_format {
        // A page of a document is asked for to be seen, and browsers show no PDF in its place.
        Some(format) if format.row().is_written() && !format.is_paper() => {
            FormatChoice { format, progressive: false }
        }
        _ => JPEG,
    }
}

/// A limit (0 for none), raised to what the template says.
fn raised(limit: u32, given: Option<&Given<u32>>, inherited: Option<u32>) -> u32 {
    let own = given.filter(|given| given.layer == Layer::Template).map(|given| given.value);
    if limit == 0 { 0 } else { limit.max(own.or(inherited).unwrap_or(0)) }
}

fn capped(value: u32, limit: u32) -> u32 {
    if limit == 0 { value } else { value.min(limit) }
}

fn split_png(digits: u8) -> PngQuality {
    PngQuality { level: digits / 10, filter: digits % 10 }
}

fn join_png(quality: PngQuality) -> u8 {
    quality.level * 10 + quality.filter
}
