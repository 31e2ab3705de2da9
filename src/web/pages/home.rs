//! The first page: what is in the library, at a few sizes, and a form to ask for others.

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::{html, page_caching};
use crate::auth::Level;
use crate::http::{Body, Progress, Request, Response};
use crate::pixel::FORMATS;
use crate::web::sign_in::csrf;
use crate::web::{App, Error, client, who};

/// Pictures shown on the page.
const SHOWN: usize = 24;

/// Pictures listed, those that only some may see among them.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    csrf_token: String,
    pictures: Vec<Picture>,
    more: bool,
    formats: Vec<&'static str>,
    base_url: String,
    version: &'static str,
}

struct Picture {
    name: String,
    query: String,
}

/// `GET /`
pub fn home(app: &App, request: &Request, _progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let rights = app.store.rights()?;
    let readable = |extension: &str| {
        crate::pixel::Format::from_extension(extension).is_some_and(|format| format.row().read)
    };
    let mut pictures: Vec<Picture> = app
        .repository
        .list_pictures(LISTED, readable)?
        .into_iter()
        .filter(|path| rights.level(&identity, path.folder()) >= Level::View)
        .map(|path| Picture {
            query: utf8_percent_encode(path.as_str(), NON_ALPHANUMERIC).to_string(),
            name: path.as_str().to_owned(),
        })
        .collect();
    let more = pictures.len() > SHOWN;
    pictures.truncate(SHOWN);
    let formats = FORMATS.iter().filter(|row| row.write).map(|row| row.extensions[0]).collect();
    let base_url = client::base_url(app, request);
    let version = env!("CARGO_PKG_VERSION");
    let csrf_token = csrf::token(app, &identity);
    let caching = page_caching(&csrf_token);
    let page = Home { csrf_token, pictures, more, formats, base_url, version };
    Ok(html(StatusCode::OK, &page).header(header::CACHE_CONTROL, caching))
}

/// `GET /static/halftone.css`
pub fn stylesheet(
    _app: &App,
    _request: &Request,
    _progress: &dyn Progress,
) -> Result<Response, Error> {
    let text = include_str!("../../../web/assets/halftone.css");
    Ok(Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))
        .body(Body::Bytes(text.into())))
}
