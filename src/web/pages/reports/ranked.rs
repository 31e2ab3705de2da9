//! The pictures that were asked for most, took most, or were slowest.

use askama::Template;

use super::period::Period;
use super::{Cell, Head, cached_percent, enter, mean_us, time, time_of};
use crate::auth::{Identity, Level, Rights};
use crate::db::stats::{self, ImageSum, Rank};
use crate::db::{image_views, now_ms};
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, given, with_value};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::pages::tiles::{Tile, folder_of, thumbnail};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "reports/images.html")]
struct Page {
    f: Frame,
    head: Head,
    sort: &'static str,
    /// What the rows are ranked by, as a text.
    ranked_by: &'static str,
    sorts: Vec<Sort>,
    rows: Vec<Row>,
    pager: Pager,
}

/// Something to rank by.
struct Sort {
    key: &'static str,
    href: String,
    is_here: bool,
}

struct Row {
    place: usize,
    /// Blank for an image that is no longer known, or that may not be seen.
    name: String,
    path: String,
    /// The folder that it lies in.
    folder: String,
    thumb: String,
    href: String,
    cells: [String; 7],
    /// The number that it is ranked by.
    brief: String,
    /// Share of the first row's rank, in percent.
    share: i64,
}

const SORTS: [(&str, &str, Rank); 5] = [
    ("requests", "rank-requests", Rank::Requests),
    ("bytes", "rank-bytes", Rank::Bytes),
    ("slowest", "rank-slowest", Rank::Slowest),
    ("time", "rank-time", Rank::Time),
    ("downloads", "rank-downloads", Rank::Downloads),
];

/// `GET /reports`
pub fn ranked(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, f) = enter(app, request)?;
    let form = Form::of_query(request)?;
    let (period, fault) = Period::or_usual(&form, now_ms())?;
    let wanted = given(&form, "sort");
    let (sort, ranked_by, rank) =
        SORTS.into_iter().find(|(sort, ..)| *sort == wanted).unwrap_or(SORTS[0]);
    let total = stats::ranked(&app.db, period.span(), rank, (0, 1))?.1;
    let address = |sort: &str, page: usize| {
        format!("/reports?{}&sort={}&page={page}", period.query(), in_query(sort))
    };
    let count = usize::try_from(total).unwrap_or(0);
    let pager = Pager::of(count, given(&form, "page"), |page| address(sort, page));
    let part = (pager.start() as i64, PER_PAGE as i64);
    let (found, _) = stats::ranked(&app.db, period.span(), rank, part)?;
    let rights = app.store.rights()?;
    let sum = stats::system_sum(&app.db, period.from_ms, period.to_ms)?;
    let page = Page {
        head: Head::of(
            &f,
            &period,
            format!("/reports?sort={sort}&"),
            &format!("images?sort={sort}&"),
            &sum,
        )
        .with(&f, fault),
        sort,
        ranked_by,
        sorts: SORTS
            .map(|(word, key, _)| Sort { key, href: address(word, 1), is_here: word == sort })
            .into(),
        rows: rows(app, &f, (&rights, &identity), found, rank, pager.start())?,
        pager,
        f,
    };
    Ok(page.f.send_as(page.head.status(), &page))
}

fn rows(
    app: &App,
    f: &Frame,
    (rights, identity): (&Rights, &Identity),
    found: Vec<ImageSum>,
    rank: Rank,
    before: usize,
) -> Result<Vec<Row>, Error> {
    let seen = |path: &String| rights.level(identity, folder_of(path)) >= Level::View;
    let most = found.iter().map(|(_, _, numbers)| value(numbers, rank)).max().unwrap_or(0);
    let paths: Vec<String> = found.iter().filter_map(|(_, path, _)| path.clone()).collect();
    let views = image_views::by_paths(&app.db, &paths)?;
    let row = |(at, (_, path, numbers)): (usize, ImageSum)| {
        let path = path.filter(seen).unwrap_or_default();
        let known = views.iter().any(|view| view.path == path && view.width.is_some());
        Row {
            place: before + at + 1,
            name: Tile::of_path(app, &path, None).name,
            folder: folder_of(&path).to_owned(),
            thumb: if known { thumbnail(app, &path, 120, 90) } else { String::new() },
            href: with_value("/reports/image", "src", &path),
            share: value(&numbers, rank).saturating_mul(100).checked_div(most).unwrap_or(0),
            brief: brief(f, &numbers, rank),
            cells: [
                f.number(numbers.requests),
                f.number(numbers.views),
                Cell::percent(f, cached_percent(&numbers)).shown,
                f.number(numbers.downloads),
                f.bytes(numbers.total_bytes),
                time_of(&numbers, mean_us(&numbers)),
                time_of(&numbers, numbers.max_request_us),
            ],
            path,
        }
    };
    Ok(found.into_iter().enumerate().map(row).collect())
}

/// The same, to be read.
fn brief(f: &Frame, numbers: &stats::Numbers, rank: Rank) -> String {
    let value = value(numbers, rank);
    match rank {
        Rank::Requests | Rank::Views | Rank::Downloads => f.number(value),
        Rank::Bytes => f.bytes(value),
        Rank::Time | Rank::Slowest => time(value),
    }
}

/// The number that a rank goes by.
fn value(numbers: &stats::Numbers, rank: Rank) -> i64 {
    match rank {
        Rank::Requests => numbers.requests,
        Rank::Views => numbers.views,
        Rank::Downloads => numbers.downloads,
        Rank::Bytes => numbers.total_bytes,
        Rank::Time => numbers.request_us,
        Rank::Slowest => numbers.max_request_us,
    }
}
