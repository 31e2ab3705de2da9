//! Where a portfolio is put together: its pictures in order, who may see it, and its published files.

use askama::Template;
use askama::filters::Safe;
use time::{Duration, OffsetDateTime};

use super::{Seen, access_of, address, closed_to_visitors, find_own, small};
use crate::auth::Identity;
use crate::auth::{Level, Rights};
use crate::db::folio_exports::{self, FolioExport};
use crate::db::folio_images::{self, FolioImage};
use crate::db::folios::Folio;
use crate::db::groups::{NORMAL_USERS, PUBLIC};
use crate::db::tasks;
use crate::db::{STATUS_ACTIVE, baskets, now_ms};
use crate::http::{Progress, Request, Response};
use crate::web::api::folios::query_of;
use crate::web::api::supported;
use crate::web::pages::admin::in_words;
use crate::web::pages::frame::{Frame, with_value};
use crate::web::sign_in::Form;
use crate::web::{App, Error, client};

/// The side of pictures on the page, in pixels.
const SIDE: u32 = 400;

/// For how many days what is published stays, unless its owner says otherwise.
const KEPT_DAYS: i64 = 30;

/// How often a browser without scripts asks again while a file is being made: nobody may be there any more.
const LOOKS: u32 = 120;

/// In the query, how often it has.
const LOOKED: &str = "looked";

/// What can be done to all pictures when they are published: a text, and what templates call it.
const PRESETS: [(&str, &str); 4] = [
    ("publish-as-arranged", ""),
    (
        "publish-print",
        r#"{"width":{"value":4000},"height":{"value":4000},"size_fit":{"value":true}}"#,
    ),
    (
        "publish-screen",
        r#"{"width":{"value":1920},"height":{"value":1920},"size_fit":{"value":true},"format":{"value":"jpg"}}"#,
    ),
    (
        "publish-small",
        r#"{"width":{"value":1000},"height":{"value":1000},"size_fit":{"value":true},"format":{"value":"jpg"}}"#,
    ),
];

#[derive(Template)]
#[template(path = "portfolio_edit.html")]
struct Edit {
    f: Frame,
    id: i64,
    human_id: String,
    name: String,
    description: String,
    here: String,
    page_href: String,
    /// The address of the page that others see, to be passed on.
    address: String,
    seen: Seen,
    internal: i64,
    public: i64,
    is_basket: bool,
    /// How many of the pictures visitors do not see.
    closed: usize,
    pictures: Vec<Picture>,
    exports: Vec<Export>,
    /// Whether a file is being made.
    is_making: bool,
    /// What a browser without scripts asks for a moment later; blank for nothing.
    again: String,
    presets: [(&'static str, &'static str); 4],
    /// The first day that a file may be deleted on, and the usual one.
    today: String,
    kept_until: String,
}

struct Picture {
    image_id: i64,
    name: String,
    title: String,
    /// Blank when the picture is gone.
    small: String,
    href: String,
    change_href: String,
    /// What is done to it, in words.
    changes: String,
    place: usize,
    /// The places to go to one step earlier and one later; none at the ends.
    earlier: Option<usize>,
    later: Option<usize>,
}

struct Export {
    id: i64,
    name: String,
    kind: &'static str,
    size: String,
    created: Safe<String>,
    until: Safe<String>,
    /// Blank until the file is there.
    href: String,
    /// The task that makes it, and how far it is.
    task_id: Option<i64>,
    done: i64,
    total: i64,
    is_failed: bool,
}

/// `GET /portfolios/{human_id}/edit`
pub fn edit(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find_own(app, request)?;
    let rights = app.store.rights()?;
    let images = folio_images::of_folio(&app.db, folio.id)?;
    let mut f = Frame::of(app, request, &identity);
    let here = address(&folio, "edit");
    f.here.clone_from(&here);
    let exports = folio_exports::of_folio(&app.db, folio.id)?;
    let exports: Vec<Export> = exports
        .iter()
        .rev()
        .map(|export| Export::of(app, &f, &folio, export))
        .collect::<Result<_, _>>()?;
    let is_making = exports.iter().any(|export| export.task_id.is_some() && !export.is_failed);
    let looked = Form::of_query(request)?.text(LOOKED).map_or(Some(0), |text| text.parse().ok());
    let next = looked.filter(|looked: &u32| is_making && *looked < LOOKS);
    let basket = identity.user_id().map(|id| baskets::of_user(&app.db, id)).transpose()?;
    let page = Edit {
        id: folio.id,
        again: next.map(|looked| format!("{here}?{LOOKED}={}", looked + 1)).unwrap_or_default(),
        here,
        page_href: address(&folio, ""),
        address: format!("{}{}/", client::base_url(app, request), address(&folio, "")),
        seen: Seen::by(&folio),
        internal: access_of(&folio, NORMAL_USERS),
        public: access_of(&folio, PUBLIC),
        is_basket: basket.flatten() == Some(folio.id),
        closed: closed_to_visitors(&rights, &identity, &folio, &images),
        pictures: pictures(app, &f, &rights, &identity, &folio, &images),
        is_making,
        exports,
        presets: PRESETS,
        today: day(0),
        kept_until: day(KEPT_DAYS),
        human_id: folio.human_id,
        name: folio.name,
        description: folio.description,
        f,
    };
    Ok(page.f.send(&page))
}

/// A day from now on, as fields of forms take it.
fn day(days: i64) -> String {
    let day = OffsetDateTime::from_unix_timestamp(now_ms() / 1000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .saturating_add(Duration::days(days));
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// The pictures that their owner may still view. Places count all that there are.
fn pictures(
    app: &App,
    f: &Frame,
    rights: &Rights,
    identity: &Identity,
    folio: &Folio,
    images: &[FolioImage],
) -> Vec<Picture> {
    let seen = |image: &FolioImage| rights.level(identity, &image.image.folder.path) >= Level::View;
    let places: Vec<usize> = (0..images.len()).filter(|at| seen(&images[*at])).collect();
    let picture = |(at, place): (usize, &usize)| {
        let image = &images[*place];
        let (view, query) = (&image.image, query_of(&image.parameters));
        let shown = view.status == STATUS_ACTIVE && supported(&view.path);
        Picture {
            image_id: view.id,
            name: match image.filename.as_str() {
                "" => view.file_name().to_owned(),
                name => name.to_owned(),
            },
            title: view.title.clone(),
            small: match shown {
                true => small(app, &query, &view.path, view.width.zip(view.height), SIDE),
                false => String::new(),
            },
            href: with_value("/details", "src", &view.path),
            change_href: address(folio, &format!("images/{}", view.id)),
            changes: in_words(f, &image.parameters).join(" · "),
            place: *place,
            earlier: at.checked_sub(1).map(|before| places[before]),
            later: places.get(at + 1).copied(),
        }
    };
    places.iter().enumerate().map(picture).collect()
}

impl Export {
    fn of(app: &App, f: &Frame, folio: &Folio, export: &FolioExport) -> Result<Self, Error> {
        let is_there = !export.filename.is_empty() && export.keep_until_ms > now_ms();
        let task = match export.task_id.filter(|_| export.filename.is_empty()) {
            Some(id) => tasks::by_id(&app.db, id)?,
            None => None,
        };
        // One that has ended well has its file by now, though the row that was read a moment ago does not say so.
        let runs =
            task.as_ref().filter(|task| task.status != tasks::COMPLETE || task.error.is_none());
        let href = match is_there {
            true => address(folio, &format!("downloads/{}", export.filename)),
            false => String::new(),
        };
        Ok(Self {
            id: export.id,
            name: export.description.clone(),
            kind: match (export.format.as_str(), export.originals) {
                ("pdf", _) => "portfolio-pdf",
                (_, true) => "portfolio-zip-originals",
                (_, false) => "portfolio-zip",
            },
            size: f.bytes(export.filesize),
            created: f.moment(export.created_ms),
            until: f.end(export.keep_until_ms),
            href,
            task_id: runs.map(|task| task.id),
            done: runs.map_or(0, |task| task.progress_done),
            total: runs.map_or(0, |task| task.progress_total),
            is_failed: runs.is_none() && !is_there,
        })
    }
}
