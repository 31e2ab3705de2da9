//! What a request comes to.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{PARAMS, Params};
use crate::pixel::{Crop, Ground, Recipe};

/// A request for a picture, resolved: complete, valid, and free of what has no effect.
///
/// Two requests for the same bytes of the same source have equal recipes and equal keys.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageSpec {
    /// The source, as it was given.
    pub src: String,
    /// The picture that is laid over it, as it was given.
    pub overlay: Option<String>,
    /// What is to be done to its pixels.
    pub recipe: Recipe,
    /// How the result is to be sent.
    pub delivery: Delivery,
    pub(super) effective: Params,
}

/// How a picture is sent and counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whether it is offered for saving.
    pub attach: bool,
    /// Whether it counts in the picture's statistics.
    pub record_stats: bool,
    /// The reference to hand to the tracking address.
    pub xref: Option<String>,
    /// For how long clients may keep it: seconds, 0 for not said, −1 for not at all.
    pub expiry_s: i64,
}

/// What stands unescaped in the values of canonical queries.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':');

impl ImageSpec {
    /// The part of the cache key that says what is done to the source: `fjpg,w400,h300`.
    ///
    /// It holds the parameters that change the bytes of the result and differ from their default,
    /// in table order: each as its letter and its canonical text, with commas between. The format
    /// is always said. Equal recipes have equal texts and different ones different texts. Which
    /// file an overlay is stays out of it, as which the source is does.
    #[must_use]
    pub fn key_text(&self) -> String {
        let part = |param: &super::Param| {
            Some(format!("{}{}", param.about.key?, param.key_text(&self.effective)?))
        };
        let mut parts: Vec<_> = PARAMS.iter().filter_map(part).collect();
        match self.recipe.overlay.map(|overlay| overlay.ground) {
            None | Some(Ground::Canvas) => {}
            Some(Ground::Picture) => parts.push("L".into()),
            Some(Ground::Part(Crop { left, top, right, bottom })) => {
                parts.push(format!("L{left}:{top}:{right}:{bottom}"));
            }
        }
        parts.join(",")
    }

    /// The one query that stands for all requests for the same thing.
    ///
    /// It says everything by itself: it resolves to this spec again where no template is applied
    /// (but for the expiry, which only templates can say).
    #[must_use]
    pub fn canonical_query(&self) -> String {
        let part = |param: &super::Param| {
            let text = param.text(&self.effective)?;
            Some(format!("{}={}", param.about.name, utf8_percent_encode(&text, ESCAPED)))
        };
        let params = PARAMS.iter().filter(|param| param.in_urls());
        params.filter_map(part).collect::<Vec<_>>().join("&")
    }
}
