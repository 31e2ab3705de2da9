//! The table of image parameters.
//!
//! A parameter is one [`Row`] in a file of its group and one line in the list at the end of this
//! one. The list makes the field of [`Params`] and the entry of [`PARAMS`]; what is left to do for
//! a new parameter, its effect, is asked for by the compiler in `resolve.rs`, which takes `Params`
//! apart by every field.

mod colour;
mod delivery;
mod effect;
mod fit;
mod lock;
mod output;
mod overlay;
mod part;
mod size;
mod source;
#[cfg(test)]
mod tests;
mod turn;

use serde_json::Value;

pub(super) use self::lock::Locks;
use super::kind::{Fit, FormatWish, Kind, QualityWish, Shape};
use super::{ParamError, Rules};
use crate::pixel::{Align, ColourSpace, Compass, Fill, Flip, Gravity, Ground, Intent, Tile};

/// What is declared of a parameter.
#[derive(Debug)]
pub struct About {
    /// Name in URLs and on the command line.
    pub name: &'static str,
    /// Other names in URLs.
    pub aliases: &'static [&'static str],
    /// Where it may be given.
    pub place: Place,
    /// Whether `/original` takes it too.
    pub original: bool,
    /// The letter that stands for it in keys, when it changes the bytes of the picture.
    pub key: Option<char>,
    /// The value that means the same as none, if there is one.
    pub default: Option<&'static str>,
    /// The group it is listed in.
    pub group: Group,
    /// What it does, for the reference; Markdown.
    pub doc: &'static str,
}

/// Where a parameter may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In URLs only.
    Url,
    /// In templates only.
    Template(TemplateName),
    /// In both.
    Both(TemplateName),
}

/// A parameter's name in the JSON of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateName {
    /// The name that is written.
    pub name: &'static str,
    /// Other names that are read, besides the one of URLs.
    pub aliases: &'static [&'static str],
}

/// A group of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Which picture.
    Source,
    /// The file that is sent.
    Output,
    /// Its size.
    Size,
    /// Turning and mirroring.
    Turn,
    /// The part that is kept.
    Part,
    /// Sharper or softer.
    Effect,
    /// A second picture over it.
    Overlay,
    /// How it is sent and counted.
    Delivery,
}

impl Group {
    /// Every group, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Source,
        Self::Output,
        Self::Size,
        Self::Turn,
        Self::Part,
        Self::Effect,
        Self::Overlay,
        Self::Delivery,
    ];

    /// Its name in keys of texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Output => "output",
            Self::Size => "size",
            Self::Turn => "turn",
            Self::Part => "part",
            Self::Effect => "effect",
            Self::Overlay => "overlay",
            Self::Delivery => "delivery",
        }
    }

    /// Heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "Which picture",
            Self::Output => "Format and colour",
            Self::Size => "Size",
            Self::Turn => "Rotation and mirroring",
            Self::Part => "Crop",
            Self::Effect => "Sharpness",
            Self::Overlay => "Overlay",
            Self::Delivery => "Delivery",
        }
    }
}

/// A parameter's declaration together with the kind of its values.
pub(super) struct Row<T: 'static> {
    pub about: About,
    pub kind: &'static dyn Kind<T>,
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it was given.
    pub layer: Layer,
}

/// Where a value was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// In the URL (or on the command line).
    Url,
    /// In the template.
    Template,
}

/// What the template said of those values whose meaning depends on it even when the URL says
/// otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Inherited {
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub format: Option<FormatWish>,
    /// What is locked by the template that has the overlay locked, and by those that hold over that;
    /// none before templates are laid over each other.
    pub with_overlay: Option<Locks>,
    /// What the overlay lies on: known of resolved parameters only.
    pub ground: Ground,
}

/// An entry of [`PARAMS`]: a parameter, whatever the type of its values.
pub struct Param {
    /// What is declared of it.
    pub about: &'static About,
    shape: fn() -> Shape,
    read: fn(&mut Params, &str, Layer, &Rules) -> Result<(), String>,
    read_json: fn(&mut Params, &Value, &Rules) -> Result<(), String>,
    text: fn(&Params) -> Option<String>,
    key_text: fn(&Params) -> Option<String>,
    json: fn(&Params) -> Option<Value>,
}

impl Param {
    /// What its values look like.
    #[must_use]
    pub fn shape(&self) -> Shape {
        (self.shape)()
    }

    /// Its name in templates, when they may hold it.
    #[must_use]
    pub fn template(&self) -> Option<TemplateName> {
        match self.about.place {
            Place::Url => None,
            Place::Template(name) | Place::Both(name) => Some(name),
        }
    }

    /// What it may be called in a template, the name that is written first.
    pub fn names_in_templates(&self) -> impl Iterator<Item = &'static str> + use<> {
        let own = self.template().into_iter().flat_map(|template| {
            std::iter::once(template.name).chain(template.aliases.iter().copied())
        });
        own.chain([self.about.name])
    }

    /// Whether URLs may hold it.
    #[must_use]
    pub fn in_urls(&self) -> bool {
        !matches!(self.about.place, Place::Template(_))
    }

    /// The canonical text of its value.
    #[must_use]
    pub fn text(&self, params: &Params) -> Option<String> {
        (self.text)(params)
    }

    /// The text that stands for its value in keys.
    pub(super) fn key_text(&self, params: &Params) -> Option<String> {
        (self.key_text)(params)
    }

    /// The canonical text of a text, if it can be used.
    #[must_use]
    pub fn canonical(&self, text: &str) -> Option<String> {
        let mut params = Params::default();
        (self.read)(&mut params, text, Layer::Url, &Rules::default()).ok()?;
        self.text(&params)
    }

    /// Its value as templates hold it.
    #[must_use]
    pub fn json(&self, params: &Params) -> Option<Value> {
        (self.json)(params)
    }

    /// Sets it from a text that is not blank.
    pub(super) fn read(
        &self,
        params: &mut Params,
        text: &str,
        layer: Layer,
        rules: &Rules,
    ) -> Result<(), ParamError> {
        (self.read)(params, text, layer, rules)
            .map_err(|reason| ParamError::new(self.about.name, reason))
    }

    /// Sets it from a template's value.
    pub(super) fn read_json(
        &self,
        params: &mut Params,
        value: &Value,
        rules: &Rules,
    ) -> Result<(), ParamError> {
        let name = self.template().map_or(self.about.name, |template| template.name);
        (self.read_json)(params, value, rules).map_err(|reason| ParamError::new(name, reason))
    }
}

/// The parameters that change the picture, which work on a local file as well: those that
/// `halftone convert` offers.
pub fn pixel_params() -> impl Iterator<Item = &'static Param> {
    PARAMS.iter().filter(|param| param.about.key.is_some() && param.in_urls())
}

macro_rules! params {
    ($($field:ident: $type:ty = $row:path;)*) => {
        /// The parameters of one request or template as they were given, before defaults.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Params {
            $(
                #[doc = concat!("The parameter `", stringify!($field), "` of [`PARAMS`].")]
                pub $field: Option<Given<$type>>,
            )*
            pub(super) inherited: Inherited,
            pub(super) locks: Locks,
        }

        /// Every image parameter, in the order in which they stand in keys and canonical queries.
        pub static PARAMS: &[Param] = &[$(
            Param {
                about: &$row.about,
                shape: || $row.kind.shape(),
                read: |params, text, layer, rules| {
                    let value = $row.kind.parse(text, rules)?;
                    params.$field = Some(Given { value, layer });
                    Ok(())
                },
                read_json: |params, value, rules| {
                    let value = $row.kind.read_json(value, rules)?;
                    params.$field = value.map(|value| Given { value, layer: Layer::Template });
                    Ok(())
                },
                text: |params| {
                    params.$field.as_ref().map(|given| $row.kind.canonical(&given.value))
                },
                key_text: |params| {
                    params.$field.as_ref().map(|given| $row.kind.key_text(&given.value))
                },
                json: |params| params.$field.as_ref().map(|given| $row.kind.to_json(&given.value)),
            },
        )*];

        impl Params {
            /// These parameters, and those of `base` where these say nothing: the URL's stand over
            /// the template's. What `base` has locked holds, though, whether it has a value or not,
            /// and a size that it has locked bounds the scale as well.
            #[must_use]
            pub fn over(self, base: &Self) -> Self {
                let inherited = Inherited {
                    width: self.inherited.width.or(base.width.as_ref().map(|given| given.value)),
                    height: self.inherited.height.or(base.height.as_ref().map(|given| given.value)),
                    format: self.inherited.format.or(base.format.as_ref().map(|given| given.value)),
                    with_overlay: Some(self.locked_with_overlay(base)),
                    ground: Ground::default(),
                };
                let own_model = self.puts_model_aside(base);
                let locks = self.locks.and(&base.locks);
                let mut merged = Self {
                    $($field: if base.locks.hold($row.about.name) {
                        base.$field.clone()
                    } else {
                        self.$field.or_else(|| base.$field.clone())
                    },)*
                    inherited,
                    locks,
                };
                if own_model {
                    merged.colorspace = None;
                }
                merged.bound_scale(base);
                merged
            }
        }

        #[cfg(test)]
        pub(super) const FIELDS: &[&str] = &[$(stringify!($field)),*];
    };
}

params! {
    src: String = source::SRC;
    page: u32 = source::PAGE;
    tmp: String = source::TMP;
    format: FormatWish = output::FORMAT;
    quality: QualityWish = output::QUALITY;
    width: u32 = size::WIDTH;
    height: u32 = size::HEIGHT;
    dpr: f64 = size::DPR;
    fit: Fit = fit::FIT;
    gravity: Gravity = fit::GRAVITY;
    maxwidth: u32 = size::MAXWIDTH;
    maxheight: u32 = size::MAXHEIGHT;
    autosizefit: bool = size::AUTOSIZEFIT;
    halign: Align = size::HALIGN;
    valign: Align = size::VALIGN;
    angle: f64 = turn::ANGLE;
    rotate: bool = turn::ROTATE;
    flip: Flip = turn::FLIP;
    top: f64 = part::TOP;
    left: f64 = part::LEFT;
    bottom: f64 = part::BOTTOM;
    right: f64 = part::RIGHT;
    autocropfit: bool = part::AUTOCROPFIT;
    fill: Fill = size::FILL;
    sharpen: i16 = effect::SHARPEN;
    strip: bool = output::STRIP;
    dpi: u32 = output::DPI;
    overlay: String = overlay::OVERLAY;
    ovsize: f64 = overlay::OVSIZE;
    ovpos: Compass = overlay::OVPOS;
    ovopacity: f64 = overlay::OVOPACITY;
    icc: String = colour::ICC;
    intent: Intent = colour::INTENT;
    bpc: bool = colour::BPC;
    colorspace: ColourSpace = colour::COLORSPACE;
    tile: Tile = part::TILE;
    attach: bool = delivery::ATTACH;
    xref: String = delivery::XREF;
    stats: bool = delivery::STATS;
    expires: i64 = delivery::EXPIRES;
}
