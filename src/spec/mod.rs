//! What a request asks of a picture: from the text of a URL or a template to an [`ImageSpec`].
//!
//! [`PARAMS`] is the one place of every image parameter. It drives the reading of URLs
//! ([`Params::from_query`]), the reading and writing of templates ([`Params::from_template_json`],
//! [`Params::to_template_json`]), the canonical query and the cache key of a spec, the options of
//! the command line, and the generated reference ([`reference_markdown`]). It exists so that a new
//! parameter is written down once, and so that nothing compiles before all of it is said.
//!
//! Reading has no side effects: nothing here knows of files, users, databases, settings or HTTP.
//! The way is [`Params`] of the URL, laid [`over`](Params::over) those of the template, then
//! [`resolve`](Params::resolve)d into what is to be done.

mod accept;
mod error;
mod kind;
mod legacy;
mod overlay;
mod params;
mod query;
mod reference;
mod resolve;
mod result;
mod sizes;
mod template;
#[cfg(test)]
mod tests;

pub use accept::Accepts;
pub use error::ParamError;
pub use kind::{Fit, FormatChoice, FormatWish, QualityWish, Shape};
pub use legacy::legacy_source;
pub use params::{
    About, Given, Group, Layer, PARAMS, Param, Params, Place, TemplateName, pixel_params,
};
pub use query::query_pairs;
pub use reference::reference_markdown;
pub use resolve::Context;
pub use result::{Delivery, ImageSpec};
pub use sizes::Sizes;

/// The bounds on parameters that an administrator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The largest `width` and `height` that are accepted.
    pub max_dimension: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_dimension: 15_000 }
    }
}
