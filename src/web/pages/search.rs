//! Looking for pictures, by words and by what is known of them.

use askama::Template;

use super::browse::May;
use super::deleting::Deleting;
use super::details::Way;
use super::frame::{Frame, given};
use super::listing::{PER_PAGE, Pager};
use super::tiles::{Tile, folder_of};
use crate::auth::{Identity, Level};
use crate::db::image_views::{self, ImageView};
use crate::db::search::{Order, Query};
use crate::db::tags::Tag;
use crate::db::users::name_key;
use crate::http::{Progress, Request, Response};
use crate::library::{Caller, Found};
use crate::pixel::{FORMATS, Format};
use crate::web::api::{Moment, Now, folder_path, in_query};
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// Tags that can be clicked.
const TAGS: i64 = 40;

/// Tags that fields offer; scripts ask for others by their beginnings.
const OFFERED: i64 = 200;

/// What a query may ask for once, by its name in addresses.
const NAMES: [&str; 8] =
    ["q", "path", "format", "camera", "taken_from", "taken_before", "min_width", "order"];

/// A tag that pictures have; the one name that may be repeated.
const TAG: &str = "tag";

/// The place of a picture among those found, in the address of its page.
const AT: &str = "at";

const ORDERS: [(&str, &str); 3] =
    [("best", "order-best"), ("taken", "order-taken"), ("path", "order-path")];

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    f: Frame,
    asked: Asked,
    /// The tags that are asked for.
    chosen: Vec<String>,
    formats: Vec<&'static str>,
    orders: Vec<Choice>,
    tags: Vec<TagChoice>,
    offered: Vec<String>,
    tiles: Vec<Tile>,
    total: i64,
    pager: Pager,
    /// What is wrong with what was asked for.
    fault: String,
    /// What can be done with some pictures of the library; each tile says what can be done with its own.
    may: May,
    /// What is said of deleting chosen pictures.
    deleting_chosen: Deleting,
    /// The folder that pictures are moved from; none here.
    path: &'static str,
}

/// What was asked for, as it was written.
struct Asked {
    path: String,
    format: String,
    camera: String,
    taken_from: String,
    taken_before: String,
    min_width: String,
}

impl Asked {
    /// Whether anything but words is asked for.
    fn is_narrowed(&self) -> bool {
        let all = [
            &self.path,
            &self.format,
            &self.camera,
            &self.taken_from,
            &self.taken_before,
            &self.min_width,
        ];
        all.into_iter().any(|text| !text.is_empty())
    }
}

struct Choice {
    value: &'static str,
    key: &'static str,
    is_here: bool,
}

struct TagChoice {
    name: String,
    /// How many pictures have it, for people; blank for one that is chosen.
    count: String,
    /// The same question with it, or without it where it is chosen.
    href: String,
    is_here: bool,
}

/// `GET /search`
pub fn search(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let form = Form::of_query(request)?;
    let now = Now::of(app, &identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let mut f = Frame::of(app, request, &identity);
    let pager = |found: &Found| {
        let total = usize::try_from(found.total).unwrap_or(0);
        Pager::of(total, given(&form, "page"), |page| address(&form, page))
    };
    let page: usize = given(&form, "page").parse().unwrap_or(1).clamp(1, 1_000_000);
    let mut start = (page - 1) * PER_PAGE;
    let mut found = find(app, &caller, &form, (start, PER_PAGE));
    // Beyond the end there is the last page.
    if let Ok(last) = found.as_ref().map(|found| pager(found).start())
        && last < start
    {
        start = last;
        found = find(app, &caller, &form, (start, PER_PAGE));
    }
    let (found, fault) = match found {
        Ok(found) => (found, String::new()),
        Err(error) if error.status().is_client_error() => {
            (Found { images: Vec::new(), total: 0 }, error.in_words(f.texts()))
        }
        Err(error) => return Err(error),
    };
    f.query = given(&form, "q").to_owned();
    let (tags, _) = app.library.counted_tags(&caller, "", (0, TAGS))?;
    let text = |name: &str| given(&form, name).to_owned();
    let page = Search {
        asked: Asked {
            path: text("path"),
            format: text("format"),
            camera: text("camera"),
            taken_from: text("taken_from"),
            taken_before: text("taken_before"),
            min_width: text("min_width"),
        },
        formats: FORMATS.iter().filter(|row| row.read).map(|row| row.extensions[0]).collect(),
        orders: ORDERS
            .map(|(value, key)| Choice { value, key, is_here: given(&form, "order") == value })
            .into(),
        tags: chips(&f, &form, tags),
        chosen: form.all(TAG).to_vec(),
        offered: offered(app, &identity)?,
        tiles: tiles(app, &f, &identity, &found, |path, at| page_of(&form, path, start + at + 1))?,
        total: found.total,
        pager: pager(&found),
        fault,
        may: May::of(highest(&caller)?, false),
        deleting_chosen: Deleting::picture(app),
        path: "",
        f,
    };
    Ok(page.f.send(&page))
}

/// The tags that can be put on, after those that can be taken off.
fn chips(f: &Frame, form: &Form, known: Vec<(Tag, i64)>) -> Vec<TagChoice> {
    let chosen = form.all(TAG);
    let keys: Vec<String> = chosen.iter().map(|name| name_key(name)).collect();
    let off = chosen.iter().zip(&keys).map(|(name, key)| TagChoice {
        name: name.clone(),
        count: String::new(),
        href: asking(form, chosen.iter().filter(|other| name_key(other) != *key)),
        is_here: true,
    });
    let on = known.into_iter().filter(|(tag, _)| !keys.contains(&name_key(&tag.name)));
    let on = on.map(|(tag, count)| TagChoice {
        href: asking(form, chosen.iter().chain([&tag.name])),
        name: tag.name,
        count: f.number(count),
        is_here: false,
    });
    off.chain(on).collect()
}

/// The most that somebody may do anywhere.
fn highest(caller: &Caller<'_>) -> Result<Level, Error> {
    for level in [Level::Delete, Level::Edit] {
        let scope = caller.scope(level)?;
        if scope.elsewhere || scope.folders.iter().any(|(_, is_within)| *is_within) {
            return Ok(level);
        }
    }
    Ok(Level::None)
}

/// The names of tags that fields for tags offer.
pub fn offered(app: &App, identity: &Identity) -> Result<Vec<String>, Error> {
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    Ok(app.library.offered_tags(&caller, "", OFFERED)?)
}

/// Where a picture stands among those that a query finds which leads to its page; none for a query that tells no
/// place, or where another picture stands there by now.
pub fn beside(
    app: &App,
    identity: &Identity,
    form: &Form,
    view: &ImageView,
) -> Result<Option<Way>, Error> {
    let at = form.text(AT).and_then(|at| at.parse::<usize>().ok());
    let Some(at) = at.filter(|at| (1..=1_000_000).contains(at)) else { return Ok(None) };
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    // The one before, itself, the one after.
    let start = at.saturating_sub(2);
    let found = match find(app, &caller, form, (start, 3)) {
        Ok(found) => found,
        Err(error) if error.status().is_client_error() => return Ok(None),
        Err(error) => return Err(error),
    };
    let place = found.images.iter().position(|image| image.id == view.id);
    let Some(place) = place.filter(|place| start + place + 1 == at) else { return Ok(None) };
    let href = |place: Option<usize>| {
        let image = place.and_then(|place| found.images.get(place).zip(Some(start + place + 1)));
        image.map(|(image, at)| page_of(form, &image.path, at)).unwrap_or_default()
    };
    Ok(Some(Way {
        at,
        count: usize::try_from(found.total).unwrap_or(0),
        prev: href(place.checked_sub(1)),
        next: href(Some(place + 1)),
    }))
}

/// The page of a picture that was found at a place, from 1.
fn page_of(form: &Form, path: &str, at: usize) -> String {
    let question = pairs(form).into_iter().chain([format!("{AT}={at}")]);
    format!("/details?src={}&{}", in_query(path), question.collect::<Vec<_>>().join("&"))
}

fn find(
    app: &App,
    caller: &Caller<'_>,
    form: &Form,
    (start, limit): (usize, usize),
) -> Result<Found, Error> {
    let owned = |name: &str| form.text(name).map(str::to_owned);
    let query = Query {
        folder: form.text("path").map(folder_path).transpose()?,
        tags: form.all(TAG).to_vec(),
        formats: form.text("format").map(format).transpose()?.into_iter().collect(),
        camera: owned("camera"),
        taken_from_ms: moment(form, "taken_from")?,
        taken_before_ms: moment(form, "taken_before")?,
        min_width: match form.text("min_width") {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|_| Error::parameter("min_width", "must be a whole number"))?,
            ),
        },
        order: match given(form, "order") {
            "path" => Order::Path,
            "taken" => Order::Taken,
            _ => Order::Best,
        },
        start: u32::try_from(start).unwrap_or(u32::MAX),
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
        ..Query::default()
    };
    Ok(app.library.search(caller, given(form, "q"), query)?)
}

fn format(name: &str) -> Result<String, Error> {
    let format = Format::from_extension(name);
    let format = format.ok_or_else(|| Error::parameter("format", "there is no such format"))?;
    Ok(format.extension().to_owned())
}

fn moment(form: &Form, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let moment = Moment::parse(text);
    let moment = moment.ok_or_else(|| Error::parameter(name, "must be a day (2026-12-31)"))?;
    Ok(Some(moment.0))
}

/// What is asked for, as parts of a query.
fn pairs(form: &Form) -> Vec<String> {
    pairs_with(form, form.all(TAG).iter())
}

/// The same with other tags.
fn pairs_with<'a>(form: &Form, tags: impl Iterator<Item = &'a String>) -> Vec<String> {
    let given = NAMES.iter().filter_map(|name| Some((*name, form.text(name)?)));
    let tags = tags.map(|tag| (TAG, tag.as_str()));
    given.chain(tags).map(|(name, value)| format!("{name}={}", in_query(value))).collect()
}

/// The address of the same question with other tags.
fn asking<'a>(form: &Form, tags: impl Iterator<Item = &'a String>) -> String {
    let pairs = pairs_with(form, tags);
    let sign = if pairs.is_empty() { "" } else { "?" };
    format!("/search{sign}{}", pairs.join("&"))
}

/// The same question on another page.
fn address(form: &Form, page: usize) -> String {
    let mut pairs = pairs(form);
    pairs.push(format!("page={page}"));
    format!("/search?{}", pairs.join("&"))
}

fn tiles(
    app: &App,
    f: &Frame,
    identity: &Identity,
    found: &Found,
    page_of: impl Fn(&str, usize) -> String,
) -> Result<Vec<Tile>, Error> {
    let paths: Vec<String> = found.images.iter().map(|image| image.path.clone()).collect();
    let views = image_views::by_paths(&app.db, &paths)?;
    let rights = app.store.rights()?;
    let pickable = !f.user.is_empty();
    let tile = |path: &String| {
        let Some(view) = views.iter().find(|view| view.path == *path) else {
            return Tile::of_path(app, path, None);
        };
        let may = May::of(rights.level(identity, &view.folder.path), false);
        Tile { may: may.words(), ..Tile::of(app, view, pickable) }
    };
    let mut tiles: Vec<Tile> = paths.iter().map(tile).collect();
    for (at, tile) in tiles.iter_mut().enumerate() {
        tile.href = page_of(&tile.path, at);
        folder_of(&tile.path).clone_into(&mut tile.folder);
    }
    Ok(tiles)
}
