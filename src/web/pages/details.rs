//! One picture: large, with all that is known of it, and what can be done with it.

mod facts;
mod listed;

use askama::Template;
use askama::filters::Safe;

use super::browse::May;
use super::deleting::Deleting;
use super::frame::{Frame, given, with_value};
use super::listing::{self, Crumb, Sort, crumbs};
use super::search;
use crate::auth::{Identity, Level, SystemPermission};
use crate::db::image_views::{self, ImageView};
use crate::db::{folders, image_metadata, images, tags};
use crate::http::{Progress, Request, Response};
use crate::pixel::Listing;
use crate::source::SourcePath;
use crate::web::api::{current, in_query};
use crate::web::sign_in::Form;
use crate::web::{App, Error, client, who};
use facts::{Event, Fact};

/// Widths that the large picture can be had in.
const WIDTHS: [i64; 4] = [800, 1200, 1800, 2600];

/// Pictures that are longer than this can be looked at closer.
const LARGE: i64 = 1000;

/// The longest side of the picture in which the focal point is set, in pixels. It takes what room a screen has.
const POINT_SIDE: f64 = 1600.0;

#[derive(Template)]
#[template(path = "details.html")]
struct Details {
    f: Frame,
    id: i64,
    name: String,
    heading: String,
    alt: String,
    path: String,
    here: String,
    folder_href: String,
    crumbs: Vec<Crumb>,
    position: String,
    prev: String,
    next: String,
    src: String,
    srcset: String,
    full: String,
    width: i64,
    height: i64,
    download: String,
    address: String,
    title: String,
    description: String,
    tags: Vec<Tag>,
    tag_lines: String,
    /// What stands in the fields of the form, by which it tells what has been changed.
    was: String,
    /// Tags that are offered to who may set them.
    offered: Vec<String>,
    facts: Vec<Fact>,
    said: Vec<Fact>,
    place: String,
    map: String,
    history: Vec<Event>,
    more: More,
    /// All that the file says, when it was asked for.
    all: Option<Vec<Listing>>,
    point_src: String,
    point_width: u32,
    point_height: u32,
    point_x: String,
    point_y: String,
    has_point: bool,
    may: May,
    deleting: Deleting,
}

/// Where to go from a picture, and what was counted for it.
struct More {
    /// The picture for a viewer that can be zoomed, where it is larger than screens are.
    zoom: String,
    publish: String,
    /// The picture as it is shown, to be saved.
    prepared: String,
    counted: Vec<Fact>,
    report: String,
    /// This page with all that the file says.
    all_href: String,
}

impl More {
    fn of(
        app: &App,
        f: &Frame,
        identity: &Identity,
        view: &ImageView,
        is_shown: bool,
    ) -> Result<Self, Error> {
        let query = format!("src={}", in_query(&view.path));
        let may_publish = app.protection.leaves_free(identity) || identity.user_id().is_some();
        let reports = app.store.rights()?.has(identity, SystemPermission::Reports);
        let is_large = view.width.max(view.height).is_some_and(|side| side > LARGE);
        let here = with_value("/details", "src", &view.path);
        let when = |holds: bool, address: String| if holds { address } else { String::new() };
        Ok(Self {
            zoom: when(is_shown && is_large, app.protection.address("/image", &query)),
            publish: when(is_shown && may_publish, with_value("/publish", "src", &view.path)),
            prepared: when(
                is_shown,
                app.protection.address("/image", &format!("{query}&attach=1")),
            ),
            counted: if reports { facts::counted(app, f, view.id)? } else { Vec::new() },
            report: with_value("/reports/image", "src", &view.path),
            all_href: format!("{here}&show=all#all"),
        })
    }
}

struct Tag {
    name: String,
    href: String,
}

/// `GET /details`
pub fn details(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let query = Form::of_query(request)?;
    let path = SourcePath::parse(&path_of(app, &identity, &query)?)?;
    who::require(app, &identity, path.folder(), Level::View)?;
    let view = current(app, &path)?;
    let f = Frame::of(app, request, &identity);
    let mut page = page(app, request, f, &identity, &view)?;
    if page.may.download && query.text("show") == Some("all") {
        page.all = Some(listed::all(app, &path)?);
    }
    Ok(page.f.send(&page))
}

/// The path of the picture that a query names, by its path or by its id. A number tells nobody whether there is a
/// picture that they may not see.
fn path_of(app: &App, identity: &Identity, query: &Form) -> Result<String, Error> {
    let Some(id) = query.text("id").filter(|_| query.text("src").is_none()) else {
        return Ok(given(query, "src").to_owned());
    };
    let number = id.parse().map_err(|_| Error::parameter("id", "must be a whole number"))?;
    let rights = app.store.rights()?;
    let view = image_views::by_id(&app.db, number)?
        .filter(|view| rights.level(identity, &view.folder.path) >= Level::View);
    view.map(|view| view.path).ok_or_else(|| match identity.user_id() {
        Some(_) => Error::missing("image", number),
        None => Error::forbidden(),
    })
}

fn page(
    app: &App,
    request: &Request,
    f: Frame,
    identity: &Identity,
    view: &ImageView,
) -> Result<Details, Error> {
    let may = May::of(app.store.rights()?.level(identity, &view.folder.path), false);
    let said = image_metadata::get(&app.db, view.id)?.unwrap_or_default();
    let tags = tags::of_image(&app.db, view.id)?;
    let focal = images::by_id(&app.db, view.id)?.and_then(|image| image.focal_point);
    let query = Form::of_query(request)?;
    let way = match search::beside(app, identity, &query, view)? {
        Some(way) => way,
        None => in_folder(app, view, Sort::named(given(&query, "sort")))?,
    };
    let position = match way.count {
        0 => String::new(),
        count => f.pair("image-position", way.at, count),
    };
    let (src, srcset) = large(app, view);
    let (point_width, point_height) = point_size(view);
    let query = format!("src={}", in_query(&view.path));
    let (place, map) = facts::place(said.position);
    Ok(Details {
        more: More::of(app, &f, identity, view, !src.is_empty())?,
        all: None,
        id: view.id,
        name: view.file_name().to_owned(),
        heading: view.file_name().to_owned(),
        alt: alt(view).to_owned(),
        path: view.path.clone(),
        here: with_value("/details", "src", &view.path),
        folder_href: with_value("/browse", "path", &view.folder.path),
        crumbs: crumbs(&view.folder.path, f.t("library")),
        position,
        prev: way.prev,
        next: way.next,
        src,
        srcset,
        full: app.protection.address("/image", &query),
        width: view.width.unwrap_or(0),
        height: view.height.unwrap_or(0),
        download: app.protection.address("/original", &format!("{query}&attach=1")),
        address: format!("{}/image?{query}&width=800", client::base_url(app, request)),
        title: view.title.clone(),
        description: view.description.clone(),
        tag_lines: tags.join("\n"),
        was: serde_json::json!({
            "title": view.title, "description": view.description, "tags": tags
        })
        .to_string(),
        offered: if may.edit { search::offered(app, identity)? } else { Vec::new() },
        tags: tags.into_iter().map(|name| Tag { href: with_tag(&name), name }).collect(),
        facts: facts::of_file(&f, view, &said, focal),
        said: facts::said(&f, &said),
        place,
        map,
        history: if may.edit { facts::history(app, &f, identity, view.id)? } else { Vec::new() },
        point_src: point_address(app, view, point_width, point_height),
        point_width,
        point_height,
        point_x: focal.map_or_else(|| "0.5".to_owned(), |point| point.x().to_string()),
        point_y: focal.map_or_else(|| "0.5".to_owned(), |point| point.y().to_string()),
        has_point: focal.is_some(),
        may,
        deleting: Deleting::picture(app),
        f,
    })
}

/// What stands for a picture where it cannot be seen: what is said of it, else its file's name.
pub fn alt(view: &ImageView) -> &str {
    let said = [view.description.trim(), view.title.trim()];
    said.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| view.file_name())
}

fn with_tag(name: &str) -> String {
    format!("/search?tag={}", in_query(name))
}

/// Where a picture stands among others, and the pages of those before and after it.
#[derive(Default)]
pub struct Way {
    /// Its place, from 1.
    pub at: usize,
    /// How many there are; 0 when that is not known.
    pub count: usize,
    /// The page before; blank for none.
    pub prev: String,
    /// The page after; blank for none.
    pub next: String,
}

/// Among those of its folder, in an order.
fn in_folder(app: &App, view: &ImageView, sort: Sort) -> Result<Way, Error> {
    let Some(folder) = folders::by_path(&app.db, &view.folder.path)? else {
        return Ok(Way::default());
    };
    let paths = listing::pictures(app, &folder, sort)?;
    let Some(at) = paths.iter().position(|path| *path == view.path) else {
        return Ok(Way::default());
    };
    let href = |path: Option<&String>| {
        path.map(|path| with_value("/details", "src", path) + &sort.in_query()).unwrap_or_default()
    };
    let before = at.checked_sub(1).and_then(|at| paths.get(at));
    let (prev, next) = (href(before), href(paths.get(at + 1)));
    Ok(Way { at: at + 1, count: paths.len(), prev, next })
}

/// The addresses of the picture in a usual size and in all; blank when it cannot be shown.
fn large(app: &App, view: &ImageView) -> (String, String) {
    if view.width.is_none() {
        return Default::default();
    }
    let address = |width: i64| {
        let query = format!("src={}&width={width}&format=auto", in_query(&view.path));
        app.protection.address("/image", &query)
    };
    let largest = view.width.unwrap_or(i64::MAX);
    let mut widths: Vec<i64> = WIDTHS.into_iter().filter(|width| *width < largest).collect();
    if widths.len() < WIDTHS.len() {
        widths.push(largest);
    }
    let set: Vec<String> =
        widths.iter().map(|width| format!("{} {width}w", address(*width))).collect();
    (address(WIDTHS[1].min(largest)), set.join(", "))
}

fn point_size(view: &ImageView) -> (u32, u32) {
    let Some((width, height)) = view.width.zip(view.height).filter(|(w, h)| *w > 0 && *h > 0)
    else {
        return (0, 0);
    };
    let (width, height) = (width as f64, height as f64);
    let scale = POINT_SIDE / width.max(height);
    let side = |length: f64| (length * scale).round().max(1.0) as u32;
    (side(width), side(height))
}

fn point_address(app: &App, view: &ImageView, width: u32, height: u32) -> String {
    if width == 0 {
        return String::new();
    }
    let src = in_query(&view.path);
    let query = format!("src={src}&width={width}&height={height}&fit=inside&format=auto");
    app.protection.address("/image", &query)
}

/// Shows what is known to be safe.
type Shown = Safe<String>;
