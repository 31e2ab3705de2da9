//! What this program is.

use askama::Template;

use super::frame::Frame;
use crate::http::{Progress, Request, Response};
use crate::pixel::FORMATS;
use crate::web::{App, Error, who};

#[derive(Template)]
#[template(path = "about.html")]
struct About {
    f: Frame,
    reads: String,
    writes: String,
}

/// `GET /about`
pub fn about(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let first = |row: &crate::pixel::FormatRow| row.extensions[0];
    let reads: Vec<&str> = FORMATS.iter().filter(|row| row.read).map(first).collect();
    let writes: Vec<&str> = FORMATS.iter().filter(|row| row.is_written()).map(first).collect();
    let f = Frame::of(app, request, &identity);
    let page = About { reads: reads.join(", "), writes: writes.join(", "), f };
    Ok(page.f.send(&page))
}
