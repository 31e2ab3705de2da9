//! Guides: how pictures are asked for, shown with a picture of this library; the API; the viewers.

mod api;
mod examples;
mod viewers;

pub use api::api_help;
pub use viewers::viewers_help;

use askama::Template;

use super::frame::Frame;
use super::home::latest;
use super::tiles::Tile;
use crate::auth::Identity;
use crate::http::{Progress, Request, Response};
use crate::spec::{Group, PARAMS, Param};
use crate::web::api::in_query;
use crate::web::{App, Error, who};
use examples::{Example, FIRST, of_parameter};

/// Pictures of which one is chosen.
const LOOKED_AT: usize = 24;

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    f: Frame,
    examples: Vec<Shown>,
    groups: Vec<Parameters>,
}

/// An example with the picture that comes of it.
struct Shown {
    /// Its text; blank for one of a parameter.
    key: &'static str,
    query: String,
    address: String,
    is_clear: bool,
}

struct Parameters {
    id: String,
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    takes: String,
    means: String,
    default: &'static str,
    in_templates: &'static str,
    example: Option<Shown>,
}

/// The pictures that guides show, the best first: what is wider than high shows best what becomes of its
/// shape.
fn pictures(app: &App, identity: &Identity) -> Result<Vec<Tile>, Error> {
    let mut tiles = latest(app, identity, LOOKED_AT)?;
    tiles.retain(|tile| !tile.src.is_empty());
    tiles.sort_by_key(|tile| tile.width <= tile.height);
    Ok(tiles)
}

/// `GET /help`
pub fn help(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let f = Frame::of(app, request, &identity);
    let pictures = pictures(app, &identity)?;
    let src = pictures.first().map(|tile| in_query(&tile.path));
    let shown = |example: &Example| {
        let src = src.as_deref()?;
        let query = example.query.replace("{src}", src);
        let address = app.protection.address("/image", &format!("src={src}&{query}"));
        Some(Shown { key: example.key, query, address, is_clear: example.is_clear })
    };
    let row = |param: &Param| Row {
        name: param.about.name,
        takes: f.texts().takes(param),
        means: f.texts().parameter(param),
        default: param.about.default.unwrap_or_default(),
        in_templates: param.template().map_or("", |template| template.name),
        example: of_parameter(param.about.name).as_ref().and_then(shown),
    };
    let group = |group: Group| {
        let of_group = |param: &&Param| param.in_urls() && param.about.group == group;
        Parameters {
            id: group.title().to_ascii_lowercase().replace(' ', "-"),
            title: f.texts().parameters(group),
            rows: PARAMS.iter().filter(of_group).map(row).collect(),
        }
    };
    let page = Help {
        examples: FIRST.iter().filter_map(shown).collect(),
        groups: Group::ALL.map(group).into(),
        f,
    };
    Ok(page.f.send(&page))
}
