//! The published files of a portfolio.

use std::time::SystemTime;

use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::{find, segment};
use crate::db::folio_history::{self, Action};
use crate::db::{folio_exports, now_ms};
use crate::http::{
    Audience, Body, Caching, Disposition, ETag, Expiry, Progress, Request, Response, is_unchanged,
    not_modified, part_of,
};
use crate::web::api::folios::require_download;
use crate::web::handed::{Folder, hand_over};
use crate::web::{App, Error};

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
    Ok(hand_over(app, request, Folder::Exports, &filename, response))
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
