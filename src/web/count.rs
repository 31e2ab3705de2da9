//! Telling the statistics what was served.

use http::{Method, StatusCode};

use super::image::{Subject, micros_since};
use super::{App, Error};
use crate::http::{Request, Response};
use crate::spec::Delivery;
use crate::stats::{Kind, Served};

/// Counts a picture. A client that was told to use its own copy, or asked for the head alone, has not
/// been sent one: that is a request, not a view.
pub fn picture(
    app: &App,
    subject: &Subject,
    delivery: &Delivery,
    response: &Response,
    request: &Request,
    cached: bool,
) {
    let kind = if has_body(response, request) { Kind::View { cached } } else { Kind::Other };
    count(app, subject, delivery, response, request, kind);
}

/// Counts an original.
pub fn original(
    app: &App,
    subject: &Subject,
    delivery: &Delivery,
    response: &Response,
    request: &Request,
) {
    let kind = if has_body(response, request) { Kind::Download } else { Kind::Other };
    count(app, subject, delivery, response, request, kind);
}

/// Counts an answer that belongs to no image.
pub fn other(app: &App, response: &Response, request: &Request) {
    app.counters.count(&no_picture(None, response, request));
}

/// Counts a request that failed, for the image that it was for if that is known.
pub fn failed(app: &App, error: &Error, response: &Response, request: &Request) {
    app.counters.count(&no_picture(error.image_id(), response, request));
}

/// Counts a request that failed for its image alone: what stands in for the picture has been counted.
pub fn stood_in(app: &App, error: &Error, response: &Response, request: &Request) {
    app.counters.count_for_image(&no_picture(error.image_id(), response, request));
}

fn no_picture(image_id: Option<i64>, response: &Response, request: &Request) -> Served {
    Served {
        image_id,
        kind: Kind::Other,
        bytes: bytes(response, request),
        micros: micros_since(request.received),
    }
}

/// Whether what was asked for is sent.
fn has_body(response: &Response, request: &Request) -> bool {
    response.status != StatusCode::NOT_MODIFIED && request.method != Method::HEAD
}

fn bytes(response: &Response, request: &Request) -> u64 {
    if has_body(response, request) { response.body.len() } else { 0 }
}

fn count(
    app: &App,
    subject: &Subject,
    delivery: &Delivery,
    response: &Response,
    request: &Request,
    kind: Kind,
) {
    app.counters.count(&Served {
        image_id: delivery.record_stats.then_some(subject.id),
        kind,
        bytes: bytes(response, request),
        micros: micros_since(request.received),
    });
}
