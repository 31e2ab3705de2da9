//! All together over time: requests, bytes, times, how busy the machines were.

use askama::Template;

use super::period::{Choice, Period};
use super::{Figure, Line, enter, figures, line};
use crate::db::{now_ms, stats};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::Frame;
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "reports/system.html")]
struct Page {
    f: Frame,
    choices: Vec<Choice>,
    /// What the addresses of the choices begin with.
    base: String,
    from: String,
    to: String,
    step_s: i64,
    csv: String,
    hosts_csv: String,
    figures: Vec<Figure>,
    lines: Vec<Line>,
    /// Whether the table tells how busy the machines were.
    has_load: bool,
}

/// `GET /reports/system`
pub fn system(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (_, f) = enter(app, request)?;
    let period = Period::of(&Form::of_query(request)?, now_ms())?;
    let found = stats::system_steps(&app.db, period.span(), period.step_ms())?;
    let sum = stats::system_sum(&app.db, period.from_ms, period.to_ms)?;
    let (from, to) = period.days();
    let page = Page {
        choices: period.choices(),
        base: "/reports/system?".to_owned(),
        from,
        to,
        step_s: period.step_ms() / 1000,
        csv: format!("/api/v1/admin/statistics/system?{}&format=csv", period.ends()),
        hosts_csv: format!("/api/v1/admin/statistics/hosts?{}&format=csv", period.ends()),
        figures: figures(&f, &sum),
        lines: found.iter().map(|(bucket, load)| line(&f, bucket, Some(load))).collect(),
        has_load: true,
        f,
    };
    Ok(page.f.send(&page))
}
