//! A portfolio for people: its page, and its published files.

use std::time::SystemTime;

use askama::Template;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::error::{html, page_caching};
use crate::auth::{Identity, Level};
use crate::db::folio_history::{self, Action};
use crate::db::folios::{ACCESS_VIEW, Folio};
use crate::db::{STATUS_ACTIVE, folio_exports, folio_images, folios, now_ms};
use crate::http::{
    Audience, Body, Caching, Disposition, ETag, Expiry, Progress, Request, Response, is_unchanged,
    not_modified, part_of,
};
use crate::web::api::folios::{query_of, require, require_download};
use crate::web::api::in_query;
use crate::web::sign_in::csrf;
use crate::web::{App, Error, who};

/// The longest side of pictures on the page, in pixels.
const SIZE: u32 = 480;

#[derive(Template)]
#[template(path = "portfolio.html")]
struct Page {
    csrf_token: String,
    name: String,
    description: String,
    size: u32,
    pictures: Vec<Picture>,
    downloads: Vec<Download>,
}

struct Picture {
    name: String,
    title: String,
    small: String,
    large: String,
}

struct Download {
    name: String,
    address: String,
    kilobytes: i64,
}

/// What makes a small picture of the one that this query asks for: the first of repeated parameters
/// counts. It is not padded, unless its own query says how it is fitted.
fn small(query: &str) -> String {
    let fitted = query.split('&').any(|pair| pair.starts_with("fit="));
    let whole = if fitted { "" } else { "&autosizefit=1" };
    format!("width={SIZE}&height={SIZE}{whole}")
}

/// The part of the path after `/portfolios/` at a place.
fn segment(request: &Request, at: usize) -> String {
    let part = request.path.trim_matches('/').split('/').nth(at).unwrap_or_default();
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn find(app: &App, request: &Request) -> Result<(Identity, Folio), Error> {
    let identity = who::identify(app, request)?;
    let folio = folios::by_human_id(&app.db, &segment(request, 1))?;
    Ok((identity, folio.ok_or_else(Error::not_found)?))
}

/// `GET /portfolios/{human_id}`
pub fn portfolio(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find(app, request)?;
    require(app, &identity, &folio, ACCESS_VIEW)?;
    let rights = app.store.rights()?;
    let mut images = folio_images::of_folio(&app.db, folio.id)?;
    images.retain(|image| {
        let level = rights.level(&identity, &image.image.folder.path);
        image.image.status == STATUS_ACTIVE && level >= Level::View
    });
    let mut exports = folio_exports::of_folio(&app.db, folio.id)?;
    let may_download = require_download(app, &identity, &folio).is_ok();
    exports.retain(|export| {
        may_download && !export.filename.is_empty() && export.keep_until_ms > now_ms()
    });
    let csrf_token = csrf::token(app, &identity);
    let caching = page_caching(&csrf_token);
    let page = Page {
        csrf_token,
        size: SIZE,
        pictures: images
            .iter()
            .map(|image| {
                let (query, src) = (query_of(&image.parameters), in_query(&image.image.path));
                let large = format!("/image?{query}&src={src}");
                Picture {
                    name: image.image.file_name().to_owned(),
                    title: image.image.title.clone(),
                    small: format!("/image?{}&{query}&src={src}", small(&query)),
                    large,
                }
            })
            .collect(),
        downloads: exports
            .iter()
            .map(|export| Download {
                name: match export.description.as_str() {
                    "" => export.filename.clone(),
                    text => text.to_owned(),
                },
                address: format!(
                    "/portfolios/{}/downloads/{}",
                    in_query(&folio.human_id),
                    export.filename
                ),
                kilobytes: export.filesize.div_euclid(1024) + 1,
            })
            .collect(),
        name: folio.name,
        description: folio.description,
    };
    Ok(html(StatusCode::OK, &page).header(header::CACHE_CONTROL, caching))
}

/// `GET /portfolios/{human_id}/downloads/{filename}`
pub fn download(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find(app, request)?;
    require_download(app, &identity, &folio)?;
    let filename = segment(request, 3);
    let exports = folio_exports::of_folio(&app.db, folio.id)?;
    let export = exports.into_iter().find(|export| {
        !export.filename.is_empty()
            && export.filename == filename
            && export.keep_until_ms > now_ms()
    });
    let export = export.ok_or_else(Error::not_found)?;
    let file = app.exports.open(&filename).map_err(Error::unavailable)?;
    let file = file.ok_or_else(Error::not_found)?;
    let len = file.metadata().map_err(Error::unavailable)?.len();
    let mime = if export.format == "pdf" { "application/pdf" } else { "application/zip" };
    // A file never changes under its name.
    let etag = etag(&filename);
    let mut response = Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(mime))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .header(
            header::CONTENT_DISPOSITION,
            Disposition::Attachment
                .to_header_value(&format!("{}.{}", folio.human_id, export.format)),
        )
        .body(Body::File { file, offset: 0, len });
    let caching = Caching { audience: Audience::Private, expiry: Expiry::None };
    caching.write(&mut response.headers, Some(etag), SystemTime::now());
    if is_unchanged(&request.method, &request.headers, Some(etag), None) {
        return Ok(not_modified(response));
    }
    let response = part_of(&request.method, &request.headers, Some(etag), response);
    if begins(request, &response) {
        let detail = &export.description;
        folio_history::add(&app.db, folio.id, identity.user_id(), Action::Downloaded, detail)?;
    }
    Ok(response)
}

/// Whether a download begins with this answer: parts that follow belong to the same one.
fn begins(request: &Request, response: &Response) -> bool {
    let from_start = matches!(response.body, Body::File { offset: 0, .. });
    request.method == http::Method::GET && from_start && response.status.is_success()
}

fn etag(filename: &str) -> ETag {
    let digest = Sha256::digest(filename.as_bytes());
    let first: [u8; 16] = digest[..16].try_into().expect("a SHA-256 digest has 32 bytes");
    ETag::from_hash(u128::from_be_bytes(first))
}
