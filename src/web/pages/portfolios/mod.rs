//! Portfolios for people: the list, the page that others see, the page on which one is put together, and
//! the basket.

mod basket;
mod download;
mod edit;
mod list;
mod picture;
mod show;
mod small;

use percent_encoding::percent_decode_str;

pub use basket::basket;
pub use download::download;
pub use edit::edit;
pub use list::list;
pub use picture::picture;
pub use show::show;

use small::small;

use crate::auth::{Identity, Level, Rights};
use crate::db::STATUS_ACTIVE;
use crate::db::folio_images::FolioImage;
use crate::db::folios::{self, ACCESS_NONE, Folio};
use crate::db::groups::{NORMAL_USERS, PUBLIC};
use crate::http::Request;
use crate::portfolio;
use crate::web::api::in_query;
use crate::web::{App, Error, who};

/// The part of the path after `/portfolios/` at a place.
fn segment(request: &Request, at: usize) -> String {
    let part = request.path.trim_matches('/').split('/').nth(at).unwrap_or_default();
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// Who asks for a page of which portfolio.
fn find(app: &App, request: &Request) -> Result<(Identity, Folio), Error> {
    let identity = who::identify(app, request)?;
    let folio = folios::by_human_id(&app.db, &segment(request, 1))?;
    Ok((identity, folio.ok_or_else(Error::not_found)?))
}

/// The same for who may change it.
fn find_own(app: &App, request: &Request) -> Result<(Identity, Folio), Error> {
    let (identity, folio) = find(app, request)?;
    super::frame::require_user(&identity)?;
    match portfolio::may_change(&*app.store.rights()?, &identity, &folio) {
        true => Ok((identity, folio)),
        false => Err(Error::forbidden()),
    }
}

/// The address of a page of a portfolio: `page` is blank for the one that others see.
fn address(folio: &Folio, page: &str) -> String {
    let slash = if page.is_empty() { "" } else { "/" };
    format!("/portfolios/{}{slash}{page}", in_query(&folio.human_id))
}

/// What a group may do with a portfolio.
fn access_of(folio: &Folio, group: i64) -> i64 {
    let found = folio.permissions.iter().find(|permission| permission.group_id == group);
    found.map_or(ACCESS_NONE, |permission| permission.access)
}

/// Who sees a portfolio, as a text and a drawing.
struct Seen {
    key: &'static str,
    icon: &'static str,
}

impl Seen {
    fn by(folio: &Folio) -> Self {
        if access_of(folio, PUBLIC) > ACCESS_NONE {
            Self { key: "portfolio-public", icon: "globe" }
        } else if access_of(folio, NORMAL_USERS) > ACCESS_NONE {
            Self { key: "portfolio-internal", icon: "people" }
        } else {
            Self { key: "portfolio-private", icon: "lock" }
        }
    }
}

/// How many of the pictures that somebody sees in a portfolio open to visitors are closed to those.
fn closed_to_visitors(
    rights: &Rights,
    identity: &Identity,
    folio: &Folio,
    images: &[FolioImage],
) -> usize {
    if access_of(folio, PUBLIC) == ACCESS_NONE {
        return 0;
    }
    let is_closed = |image: &&FolioImage| {
        let folder = &image.image.folder.path;
        image.image.status == STATUS_ACTIVE
            && rights.level(identity, folder) >= Level::View
            && rights.public_level(folder) < Level::View
    };
    images.iter().filter(is_closed).count()
}
