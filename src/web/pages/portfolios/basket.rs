//! The basket: the portfolio that somebody gathers into, or how to begin one.

use askama::Template;
use http::{HeaderValue, StatusCode, header};

use super::address;
use crate::db::{baskets, folios};
use crate::http::{Progress, Request, Response};
use crate::portfolio;
use crate::web::pages::frame::{Frame, require_user};
use crate::web::{App, Error, who};

#[derive(Template)]
#[template(path = "basket.html")]
struct Basket {
    f: Frame,
}

/// `GET /basket`
pub fn basket(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let user = require_user(&identity)?;
    let folio = match baskets::of_user(&app.db, user)? {
        Some(id) => folios::by_id(&app.db, id)?,
        None => None,
    };
    let rights = app.store.rights()?;
    if let Some(folio) = folio.filter(|folio| portfolio::may_change(&rights, &identity, folio)) {
        let location = HeaderValue::try_from(address(&folio, "edit"));
        return Ok(Response::new(StatusCode::SEE_OTHER)
            .header(header::LOCATION, location.map_err(Error::internal)?)
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    }
    let f = Frame::of(app, request, &identity);
    if !f.may_gather {
        return Err(Error::forbidden());
    }
    let page = Basket { f };
    Ok(page.f.send(&page))
}
