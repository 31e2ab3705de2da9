//! Telling the statistics what was served.

use http::StatusCode;

use super::App;
use super::image::{Subject, micros_since};
use crate::http::{Request, Response};
use crate::spec::Delivery;
use crate::stats::{Kind, Served};

/// Counts a picture. A client that was told to use its own copy has not been sent one: that is a
/// request, not a view.
pub fn picture(
    app: &App,
    subject: &Subject,
    delivery: &Delivery,
    response: &Response,
    request: &Request,
    cached: bool,
) {
    let kind = match response.status {
        StatusCode::NOT_MODIFIED => Kind::Other,
        _ => Kind::View { cached },
    };
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
    let kind = match response.status {
        StatusCode::NOT_MODIFIED => Kind::Other,
        _ => Kind::Download,
    };
    count(app, subject, delivery, response, request, kind);
}

/// Counts an answer that belongs to no image.
pub fn other(app: &App, response: &Response, request: &Request) {
    app.counters.count(&Served {
        image_id: None,
        kind: Kind::Other,
        bytes: response.body.len(),
        micros: micros_since(request.received),
    });
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
        bytes: response.body.len(),
        micros: micros_since(request.received),
    });
}
