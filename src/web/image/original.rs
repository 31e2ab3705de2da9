//! `/original`: the file itself, as it lies on disk.

use std::time::SystemTime;

use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::locked;
use super::subject::{Subject, format_of};
use crate::auth::Level;
use crate::http::{
    Audience, Body, Caching, Disposition, ETag, Expiry, Progress, Request, Response, Stage,
    is_unchanged, not_modified, part_of,
};
use crate::pixel::Format;
use crate::source::{SourceError, SourcePath, Stat};
use crate::spec::Params;
use crate::web::handed::{Folder, hand_over};
use crate::web::protection::{self, Parts};
use crate::web::sign_in::session;
use crate::web::{App, Error, count, who};

/// What a drawing may do in a browser: be seen. Its scripts, links to elsewhere and forms would
/// otherwise act in the name of whoever looks at it.
const DRAWING_ONLY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
);

/// `GET /original`
pub fn original(app: &App, request: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let params = Params::from_original_query(&request.query, &app.rules)?;
    let src = params.src.as_ref().ok_or_else(|| Error::parameter("src", "must be given"))?;
    let path = SourcePath::parse(&src.value)?;
    let pass = app.protection.pass(request, &identity);
    let audience = who::require(app, &identity, path.folder(), Level::Download)?;
    let audience = locked::require_free(app, &identity, path.folder(), audience)?;
    protection::require_page(app, request, pass)?;
    let folders = [Some(path.folder()), None];
    let parts = Parts { folders, templates: &[], plain: false };
    protection::require_signature(app, pass, &parts)?;
    let audience = if app.protection.is_for_all(pass) { audience } else { Audience::Private };

    progress.enter(Stage::Source);
    let delivery = params.delivery(app.default_expiry_s);
    let mut subject = Subject::find(app, &path)?;
    let image_id = delivery.record_stats.then_some(subject.id);
    let failed = |error: SourceError| Error::from(error).for_image(image_id);
    app.repository.require_answer(&path).map_err(failed)?;
    let file = app.repository.open_in_time(&path).map_err(failed)?;
    // The file may have been replaced since: what is sent is what the open file holds.
    subject.stat = Stat::of(&file).map_err(failed)?;

    let left_s = pass.expires_s().map(|end_s| end_s.saturating_sub(session::now_s()).max(1));
    let expiry_s = app.default_expiry_s;
    let expiry_s = left_s.filter(|_| expiry_s > 0).map_or(expiry_s, |left_s| expiry_s.min(left_s));
    let caching = Caching { audience, expiry: Expiry::from_seconds(expiry_s) };
    let disposition = if delivery.attach { Disposition::Attachment } else { Disposition::Inline };
    let etag = etag(app, &subject)?;
    let mime = format_of(&path).map_or("application/octet-stream", Format::mime);
    let mut response = Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(mime))
        .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
        .header(header::CONTENT_DISPOSITION, disposition.to_header_value(path.file_name()))
        .body(Body::File { file, offset: 0, len: subject.stat.size });
    if format_of(&path) == Some(Format::Svg) {
        response.headers.insert(header::CONTENT_SECURITY_POLICY, DRAWING_ONLY);
    }
    caching.write(&mut response.headers, Some(etag), SystemTime::now());
    app.xref.call(delivery.xref.as_deref());
    if is_unchanged(&request.method, &request.headers, Some(etag), None) {
        response = not_modified(response);
    } else {
        response = part_of(&request.method, &request.headers, Some(etag), response);
    }
    count::original(app, &subject, &delivery, &response, request);
    Ok(hand_over(app, request, Folder::Images, path.as_str(), response))
}

fn etag(app: &App, subject: &Subject) -> Result<ETag, Error> {
    let text = format!("o:{}:{}:{}", app.installation()?, subject.id, subject.revision_text());
    let digest = Sha256::digest(text.as_bytes());
    let first: [u8; 16] = digest[..16].try_into().expect("a SHA-256 digest has 32 bytes");
    Ok(ETag::from_hash(u128::from_be_bytes(first)))
}
