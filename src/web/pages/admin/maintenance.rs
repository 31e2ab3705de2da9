//! Work that can be begun by hand.

use askama::Template;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::Frame;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/maintenance.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    /// Whether there are to be prepared reductions.
    prepares: bool,
}

/// `GET /admin/maintenance`
pub fn maintenance(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let page = Page { prepares: app.reductions.is_some(), sections, f };
    Ok(page.f.send(&page))
}
