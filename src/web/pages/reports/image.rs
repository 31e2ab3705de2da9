//! One picture over time.

use askama::Template;

use super::period::Period;
use super::{Head, Table, enter, line};
use crate::auth::Level;
use crate::db::{image_views, now_ms, stats};
use crate::http::{Progress, Request, Response};
use crate::source::SourcePath;
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, given, with_value};
use crate::web::pages::tiles::Tile;
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

#[derive(Template)]
#[template(path = "reports/image.html")]
struct Page {
    f: Frame,
    name: String,
    src: String,
    href: String,
    tile: Tile,
    head: Head,
    table: Table,
}

/// `GET /reports/image`
pub fn image(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, f) = enter(app, request)?;
    let form = Form::of_query(request)?;
    let path = SourcePath::parse(given(&form, "src"))?;
    who::require(app, &identity, path.folder(), Level::View)?;
    let view = image_views::by_path(&app.db, path.as_str())?;
    let view = view.ok_or_else(|| Error::missing("image", path.as_str()))?;
    let (period, fault) = Period::or_usual(&form, now_ms())?;
    let found = stats::image_steps(&app.db, view.id, period.span(), period.step_ms())?;
    let sum = stats::image_sum(&app.db, view.id, period.from_ms, period.to_ms)?;
    let base = format!("/reports/image?src={}&", in_query(&view.path));
    let lines = found.iter().map(|bucket| line(&f, bucket, None)).collect();
    let page = Page {
        name: view.file_name().to_owned(),
        href: with_value("/details", "src", &view.path),
        tile: Tile::of(app, &view, false),
        head: Head::of(&f, &period, base, &format!("images/{}?", view.id), &sum).with(&f, fault),
        table: Table { step_s: period.step_ms() / 1000, lines, has_load: false },
        src: view.path,
        f,
    };
    Ok(page.f.send_as(page.head.status(), &page))
}
