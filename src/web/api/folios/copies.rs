//! Copies of portfolios.

use http::Method;

use super::super::call::Call;
use super::super::endpoint::{Access, Endpoint, Kind, gives, must};
use super::super::reply::Reply;
use super::shape::FolioShape;
use super::{random_id, taken, viewed};
use crate::auth::{Level, SystemPermission};
use crate::db::folio_history::{self, Action};
use crate::db::folios::{self, ACCESS_NONE, NewFolio};
use crate::db::{self, STATUS_ACTIVE, folio_images};
use crate::web::Error;

/// The row.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::POST,
    path: "/portfolios/{folio_id}/copies",
    title: "Copy a portfolio",
    access: Access::Anyone(
        "View permission for the portfolio, and the permission folios. Images in folders that you \
         may not view and exports are not copied. Only you can see the copy.",
    ),
    fields: &[must("name", Kind::Line(255), "The name of the copy.")],
    gives: gives::<FolioShape>(),
    failures: &[],
    handler: copy,
}];

/// `POST /portfolios/{folio_id}/copies`
fn copy(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = viewed(call)?;
    call.require(SystemPermission::Folios)?;
    let owner = call.user_id().ok_or_else(Error::forbidden)?;
    let rights = call.rights()?;
    let mut images = folio_images::of_folio(call.db(), folio.id)?;
    images.retain(|image| {
        let level = rights.level(&call.identity, &image.image.folder.path);
        image.image.status == STATUS_ACTIVE && level >= Level::View
    });
    let new = NewFolio {
        human_id: random_id()?,
        name: call.text("name").to_owned(),
        description: folio.description.clone(),
        internal_access: ACCESS_NONE,
        public_access: ACCESS_NONE,
    };
    let made = db::atomic(call.db(), |sql| {
        let id = folios::insert(sql, &new, owner)?;
        folio_history::add(sql, id, Some(owner), Action::Created, "")?;
        for (place, image) in (0..).zip(&images) {
            let ids = (id, image.image.id);
            folio_images::insert(sql, ids, &image.parameters, &image.filename, place)?;
        }
        folios::by_id(sql, id)
    });
    let made = made.map_err(taken)?.ok_or_else(|| Error::missing("portfolio", &new.human_id))?;
    Reply::ok(&FolioShape::read(call, &made)?)
}
