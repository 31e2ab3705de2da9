//! Guides: how pictures are asked for, shown with a picture of this library; the API; the viewers.

mod api;
mod examples;
mod viewers;

pub use api::api_help;
pub use viewers::viewers_help;

use askama::Template;

use super::frame::Frame;
use super::home::latest;
use crate::auth::Identity;
use crate::db::image_views::{self, ImageView};
use crate::db::search::{Order, Query};
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::source::SourcePath;
use crate::spec::{Group, PARAMS, Param};
use crate::web::api::{Now, current, in_query, supported};
use crate::web::{App, Error, who};
use examples::{Example, FIRST, of_parameter};

/// Pictures of which one is chosen.
const LOOKED_AT: u32 = 24;

/// Pictures whose size is read where none is known to be large enough.
const READ: usize = 6;

/// What both sides of a picture have at least, in pixels: less shows little of what becomes of it.
const LEAST: u32 = 600;

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
/// shape. They are those that came first, so that guides stay as they are when others come.
fn pictures(app: &App, identity: &Identity) -> Result<Vec<ImageView>, Error> {
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let (min_width, min_height) = (Some(LEAST), Some(LEAST));
    let query =
        Query { min_width, min_height, order: Order::First, limit: LOOKED_AT, ..Query::default() };
    let found = app.library.search(&caller, "", query)?.images;
    let paths: Vec<String> = found.into_iter().map(|image| image.path).collect();
    let mut views = image_views::by_paths(&app.db, &paths)?;
    views.retain(|view| supported(&view.path));
    if views.is_empty() {
        views = read(app, identity)?;
    }
    views.sort_by_key(|view| (view.width <= view.height, view.id));
    Ok(views)
}

/// Pictures that turn out to be large enough, while little of the library has been read.
fn read(app: &App, identity: &Identity) -> Result<Vec<ImageView>, Error> {
    let is_large = |view: &ImageView| {
        let least = view.width.min(view.height);
        least.is_some_and(|side| side >= i64::from(LEAST)) && supported(&view.path)
    };
    let tiles = latest(app, identity, READ)?;
    let paths = tiles.iter().filter_map(|tile| SourcePath::parse(&tile.path).ok());
    // What cannot be read shows nothing.
    Ok(paths.filter_map(|path| current(app, &path).ok()).filter(is_large).collect())
}

/// What stands in the name of a picture that is made to be laid over others, or in that of its folder.
const LOGO: &str = "logo";

/// The picture that the guide lays over the one that it shows: a logo where there is one, else another picture.
fn overlay(
    app: &App,
    identity: &Identity,
    pictures: &[ImageView],
) -> Result<Option<String>, Error> {
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let query = Query { order: Order::First, limit: LOOKED_AT, ..Query::default() };
    let found =
        app.library.search(&caller, LOGO, query)?.images.into_iter().map(|image| image.path);
    // While nobody has looked through the files, they are not found by their names.
    let tiles = latest(app, identity, LOOKED_AT as usize)?.into_iter().map(|tile| tile.path);
    let fits = |path: &String| path.to_ascii_lowercase().contains(LOGO) && supported(path);
    let is_other = |path: &String| pictures.first().is_none_or(|shown| shown.path != *path);
    let logo = found.chain(tiles).find(|path| fits(path) && is_other(path));
    Ok(logo.or_else(|| pictures.get(1).map(|view| view.path.clone())))
}

/// `GET /help`
pub fn help(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let f = Frame::of(app, request, &identity);
    let pictures = pictures(app, &identity)?;
    let src = pictures.first().map(|view| in_query(&view.path));
    let over = overlay(app, &identity, &pictures)?.map(|path| in_query(&path));
    let shown = |example: &Example| {
        let src = src.as_deref()?;
        let query = if example.query.contains("{over}") {
            example.query.replace("{over}", over.as_deref()?)
        } else {
            example.query.to_owned()
        };
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
