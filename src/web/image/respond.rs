//! The header fields of a picture.

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::asked::Asked;
use super::key::etag;
use crate::cache::Key;
use crate::http::{
    Audience, Body, Caching, Disposition, ETag, Expiry, Request, Response, is_unchanged,
    not_modified,
};
use crate::web::App;

/// Whether the picture came from a cache: `True` or `False`.
pub const X_FROM_CACHE: HeaderName = HeaderName::from_static("x-from-cache");

/// Microseconds that the application took.
pub const X_TIME_TAKEN: HeaderName = HeaderName::from_static("x-time-taken");

/// What a picture is sent with, whichever way it was had.
#[derive(Debug, Clone)]
pub struct Head {
    etag: Option<ETag>,
    caching: Caching,
    content_type: HeaderValue,
    disposition: Option<HeaderValue>,
    by_accept: bool,
}

impl Head {
    /// The head of the picture under `key`.
    pub fn new(app: &App, key: &Key, asked: &Asked, audience: Audience) -> Self {
        let format = asked.spec.recipe.format;
        let delivery = &asked.spec.delivery;
        let expiry = Expiry::from_seconds(delivery.expiry_s);
        Self {
            etag: (expiry != Expiry::Never).then(|| etag(app, key)),
            caching: Caching { audience, expiry },
            content_type: HeaderValue::from_static(format.mime()),
            disposition: delivery.attach.then(|| {
                let name = asked.path.file_name();
                let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                let name = format!("{stem}.{}", format.extension());
                Disposition::Attachment.to_header_value(&name)
            }),
            by_accept: asked.by_accept,
        }
    }

    /// The 304, when the client holds the picture already.
    pub fn unchanged(&self, request: &Request) -> Option<Response> {
        is_unchanged(&request.method, &request.headers, self.etag, None)
            .then(|| not_modified(self.write(Response::new(StatusCode::OK))))
    }

    /// The 200.
    pub fn found(&self, body: Bytes, from_cache: bool, received: Instant) -> Response {
        let mut response = self.write(Response::new(StatusCode::OK));
        let headers = &mut response.headers;
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(disposition) = &self.disposition {
            headers.insert(header::CONTENT_DISPOSITION, disposition.clone());
        }
        let from_cache = if from_cache { "True" } else { "False" };
        headers.insert(X_FROM_CACHE, HeaderValue::from_static(from_cache));
        headers.insert(X_TIME_TAKEN, HeaderValue::from(micros_since(received)));
        response.body(Body::Bytes(body))
    }

    fn write(&self, mut response: Response) -> Response {
        self.caching.write(&mut response.headers, self.etag, SystemTime::now());
        if self.by_accept {
            response.headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        }
        response
    }
}

/// Whole microseconds since `instant`.
pub fn micros_since(instant: Instant) -> u64 {
    u64::try_from(instant.elapsed().as_micros()).unwrap_or(u64::MAX)
}
