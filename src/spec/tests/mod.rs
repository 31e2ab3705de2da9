//! Tests of the whole way from text to spec.

mod equivalence;
mod layers;
mod modern;
mod public_limit;
mod sizes;

use super::*;
use crate::pixel::Format;

const RULES: Rules = Rules { max_dimension: 15_000 };

/// A signed-in caller and a JPEG source.
const CONTEXT: Context<'static> = Context {
    source_format: Some(Format::Jpeg),
    paper: false,
    public_limit: None,
    sizes: None,
    default_expiry_s: 604_800,
    accepts: Accepts { avif: false, webp: true },
    max_dimension: 15_000,
    upright: true,
};

fn params(query: &str) -> Params {
    Params::from_query(query.as_bytes(), &RULES).unwrap_or_else(|e| panic!("{query}: {e}"))
}

fn template(json: &str) -> Params {
    Params::from_template_json(json, &RULES).unwrap_or_else(|e| panic!("{json}: {e}"))
}

/// Resolves a query for `a.jpg` without a template.
fn resolve(query: &str) -> Result<ImageSpec, ParamError> {
    params(&format!("src=a.jpg&{query}")).resolve(&CONTEXT)
}

fn spec(query: &str) -> ImageSpec {
    resolve(query).unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn key(query: &str) -> String {
    spec(query).key_text()
}
