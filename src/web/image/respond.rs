//! The header fields of a picture.

use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::asked::Asked;
use super::key::etag;
use crate::cache::Key;
use crate::http::{
    Audience, Body, Caching, Disposition, ETag, EdgeCache, Expiry, Request, Response, is_unchanged,
    not_modified,
};
use crate::web::App;

/// Whether the picture came from a cache: `True` or `False`.
pub const X_FROM_CACHE: HeaderName = HeaderName::from_static("x-from-cache");

/// Microseconds that the application took.
pub const X_TIME_TAKEN: HeaderName = HeaderName::from_static("x-time-taken");

/// For how long nginx may keep an answer, in seconds.
pub(super) const X_ACCEL_EXPIRES: HeaderName = HeaderName::from_static("x-accel-expires");

/// What a picture is sent with, whichever way it was had.
#[derive(Debug, Clone)]
pub struct Head {
    etag: Option<ETag>,
    caching: Caching,
    content_type: HeaderValue,
    disposition: Option<HeaderValue>,
    by_accept: bool,
    /// For how long the front server may keep the picture; 0 for not at all.
    edge_s: u32,
    /// Whether the address is good for a time only.
    ends: bool,
}

impl Head {
    /// The head of the picture under `key`.
    pub fn new(app: &App, key: &Key, asked: &Asked, audience: Audience) -> Self {
        let format = asked.spec.recipe.format;
        let delivery = &asked.spec.delivery;
        let expiry = Expiry::from_seconds(delivery.expiry_s);
        let edge_s = asked.edge_s.unwrap_or(app.edge_s);
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
            edge_s: match (audience, expiry, &delivery.xref) {
                // Every request with `xref` is told of, so that it has to come here.
                // Where the right to it ends sooner, so does its keeping.
                (Audience::Public, Expiry::MaxAge(most_s), None) => edge_s.min(most_s),
                (Audience::Public, Expiry::None, None) => edge_s,
                _ => 0,
            },
            ends: asked.edge_s.is_some(),
        }
    }

    /// The 304, when the client holds the picture already. `age_s` is how long ago everything was looked at
    /// that allows front servers to keep the picture; none when it has changed since.
    pub fn unchanged(&self, request: &Request, age_s: Option<u32>) -> Option<Response> {
        // nginx goes on sending the fields that it has kept, whatever a 304 says: of what ends, clients would
        // hear how long they may keep it as it was at first. It asks for itself alone.
        if self.ends && request.client.edge == Some(EdgeCache::XAccelExpires) {
            return None;
        }
        is_unchanged(&request.method, &request.headers, self.etag, None).then(|| {
            let mut response = not_modified(self.write(Response::new(StatusCode::OK)));
            self.tell_edge(&mut response.headers, request, age_s);
            response
        })
    }

    /// The 200. Of `age_s` see [`Self::unchanged`].
    pub fn found(
        &self,
        body: Bytes,
        from_cache: bool,
        request: &Request,
        age_s: Option<u32>,
    ) -> Response {
        let mut response = self.write(Response::new(StatusCode::OK));
        let headers = &mut response.headers;
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(disposition) = &self.disposition {
            headers.insert(header::CONTENT_DISPOSITION, disposition.clone());
        }
        let from_cache = if from_cache { "True" } else { "False" };
        headers.insert(X_FROM_CACHE, HeaderValue::from_static(from_cache));
        headers.insert(X_TIME_TAKEN, HeaderValue::from(micros_since(request.received)));
        self.tell_edge(headers, request, age_s);
        response.body(Body::Bytes(body))
    }

    /// Tells the front server for how long it may keep the picture, if it asks.
    fn tell_edge(&self, headers: &mut HeaderMap, request: &Request, age_s: Option<u32>) {
        // Front servers count whole seconds, the last one included, from when the answer has come.
        let keep_s = age_s.map_or(0, |age_s| self.edge_s.saturating_sub(age_s).saturating_sub(1));
        match request.client.edge {
            Some(EdgeCache::XAccelExpires) if keep_s > 0 => {
                headers.insert(X_ACCEL_EXPIRES, HeaderValue::from(keep_s));
            }
            // Said too when it is nothing: what may be kept by clients may be kept by anybody.
            Some(EdgeCache::SMaxAge) if self.caching.audience == Audience::Public => {
                let known = headers.get(header::CACHE_CONTROL).and_then(|it| it.to_str().ok());
                let control = format!("{}, s-maxage={keep_s}", known.unwrap_or("public"));
                let control = HeaderValue::try_from(control).expect("words and digits are ASCII");
                headers.insert(header::CACHE_CONTROL, control);
            }
            _ => {}
        }
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
