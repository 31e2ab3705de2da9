//! Pictures of a portfolio in a size for pages: of the same shape as the portfolio has them, cut and padded alike.

use crate::pixel::result_size;
use crate::spec::{Accepts, Context, Fit, Given, Layer, Param, Params, Rules};
use crate::web::App;
use crate::web::api::folios::query_with;
use crate::web::api::in_query;

/// Bounds that were lowered since must not make what was stored unusable.
const ANY: Rules = Rules { max_dimension: u32::MAX };

/// The address of a picture as it is in a portfolio, with sides of at most `side` pixels. `size` is that of the
/// picture itself, where it is known.
pub(super) fn small(
    app: &App,
    query: &str,
    path: &str,
    size: Option<(i64, i64)>,
    side: u32,
) -> String {
    let (mut params, _) = Params::from_query_with_faults(query.as_bytes(), &ANY, Param::in_urls);
    let format = if params.format.is_none() { "&format=auto" } else { "" };
    let result = size.and_then(|size| result(&params, size, app.engine.sets_upright()));
    shrink(&mut params, result, side);
    let (query, src) = (query_with(&params), in_query(path));
    app.protection.address("/image", &format!("{query}{format}&stats=0&src={src}"))
}

/// Has the result no longer than `side` pixels, in the same shape: that of `result`, where it is known.
fn shrink(params: &mut Params, result: Option<(u32, u32)>, side: u32) {
    let dpr = params.dpr.take().map_or(1.0, |given| given.value);
    let asked = |given: &Option<Given<u32>>| match given.as_ref().map_or(0, |given| given.value) {
        0 => None,
        pixels => Some(((f64::from(pixels) * dpr).round() as u32).max(1)),
    };
    let (width, height) = match (asked(&params.width), asked(&params.height)) {
        (Some(width), Some(height)) => {
            let (width, height) = result.unwrap_or((width, height));
            let scale = (f64::from(side) / f64::from(width.max(height))).min(1.0);
            let scaled = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
            (scaled(width), scaled(height))
        }
        // Without both of them nothing is cut or padded, and is not to be by these.
        (width, height) => {
            params.fit = given(Fit::Inside);
            (params.autosizefit, params.autocropfit) = (None, None);
            (width.unwrap_or(side).min(side), height.unwrap_or(side).min(side))
        }
    };
    (params.width, params.height) = (given(width), given(height));
}

/// The size of what comes of a picture of this size, where that can be told: a drawing has another in another
/// resolution.
fn result(params: &Params, (width, height): (i64, i64), upright: bool) -> Option<(u32, u32)> {
    if params.dpi.is_some() {
        return None;
    }
    let recipe = params.recipe(&Context {
        source_format: None,
        paper: false,
        public_limit: None,
        sizes: None,
        default_expiry_s: 0,
        accepts: Accepts::of([]),
        max_dimension: u32::MAX,
        upright,
    });
    result_size((u32::try_from(width).ok()?, u32::try_from(height).ok()?), &recipe.ok()?)
}

fn given<T>(value: T) -> Option<Given<T>> {
    Some(Given { value, layer: Layer::Url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_has_the_same_shape() {
        for (query, size, expected) in [
            ("", Some((600, 400)), "width=90&height=90&fit=inside"),
            ("width=400&height=200&fit=cover", None, "width=90&height=45&fit=cover"),
            ("width=40&height=20", Some((600, 400)), "width=40&height=20"),
            ("width=45&height=90&dpr=2", None, "width=45&height=90"),
            // Nothing is enlarged: what is asked for and what comes of it differ.
            ("width=2000&height=1000", Some((300, 300)), "width=90&height=90"),
            ("width=2000&height=1000&fit=fill", Some((300, 300)), "width=90&height=90&fit=fill"),
            ("width=2000&height=1000&fit=cover", Some((60, 60)), "width=60&height=30&fit=cover"),
            // One side alone is neither cut nor padded.
            ("width=400&fit=cover", None, "width=90&height=90&fit=inside"),
            ("height=20&autocropfit=1&left=0.5", None, "width=90&height=20&fit=inside&left=0.5"),
            ("fit=cover&dpr=2", None, "width=90&height=90&fit=inside"),
        ] {
            let (mut params, faults) =
                Params::from_query_with_faults(query.as_bytes(), &ANY, Param::in_urls);
            assert!(faults.is_empty(), "{query}: {faults:?}");
            let result = size.and_then(|size| result(&params, size, true));
            shrink(&mut params, result, 90);
            assert_eq!(query_with(&params), expected, "{query}");
        }
    }
}
