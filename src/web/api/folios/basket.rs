//! The basket: the portfolio that somebody gathers images into while looking through the library.
//!
//! It is a portfolio like others, so that it can be arranged, changed and published as it is. What is kept
//! beside is only which one it is.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::call::Call;
use super::super::endpoint::{Access, Endpoint, Kind, gives, must, optional};
use super::super::reply::Reply;
use super::images::{named_by_id, named_by_path, note, parameters};
use super::shape::{FolioShape, address};
use super::{OWNER, random_id};
use crate::auth::SystemPermission;
use crate::db::folio_history::{self, Action};
use crate::db::folios::{self, ACCESS_NONE, Folio, NewFolio};
use crate::db::image_views::ImageView;
use crate::db::{self, Sql, baskets, folio_images};
use crate::portfolio;
use crate::web::{Error, who};

/// What a basket is called until its owner names it.
const NAME: &str = "Basket";

/// The most images that one call puts in.
const MOST: usize = 1000;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/basket",
        title: "Get your basket",
        access: Access::SignedIn(""),
        fields: &[],
        gives: gives::<Option<FolioShape>>(),
        failures: &[],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/basket",
        title: "Choose a portfolio as your basket",
        access: Access::SignedIn(OWNER),
        fields: &[must("folio_id", Kind::Whole(1, i64::MAX), "The portfolio.")],
        gives: gives::<FolioShape>(),
        failures: &[403],
        handler: choose,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/basket",
        title: "Stop using a portfolio as your basket",
        access: Access::SignedIn(""),
        fields: &[],
        gives: gives::<()>(),
        failures: &[404],
        handler: leave,
    },
    Endpoint {
        method: Method::POST,
        path: "/basket/images",
        title: "Add images to your basket",
        access: Access::SignedIn(
            "View permission for the images' folders. If you have no basket, a private portfolio \
             is created for it, which needs the permission folios.",
        ),
        fields: &[
            optional(
                "image_ids",
                Kind::Line(20_000),
                "Image IDs separated by commas, at most 1000; either these or image_src.",
            ),
            optional("image_src", Kind::Line(1024), "The folder and file name of one image."),
            optional(
                "image_parameters",
                Kind::Json,
                "Image parameters for these images in the portfolio, in the same form as in \
                 templates.",
            ),
        ],
        gives: gives::<GatheredShape>(),
        failures: &[403, 404, 415],
        handler: gather,
    },
];

/// The result of adding images to the basket.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gathered")]
struct GatheredShape {
    folio_id: i64,
    /// The portfolio's short name, used in its URL.
    human_id: String,
    /// The URL of its page.
    url: String,
    /// Number of images that were not in it before.
    added: i64,
    /// Number of images in it now.
    images: i64,
}

fn user(call: &Call<'_>) -> Result<i64, Error> {
    call.user_id().ok_or_else(Error::sign_in)
}

/// The portfolio that the caller gathers into and may change.
fn basket(call: &Call<'_>) -> Result<Option<Folio>, Error> {
    let Some(id) = baskets::of_user(call.db(), user(call)?)? else { return Ok(None) };
    let rights = call.rights()?;
    let folio = folios::by_id(call.db(), id)?;
    Ok(folio.filter(|folio| portfolio::may_change(&rights, &call.identity, folio)))
}

/// `GET /basket`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = basket(call)?;
    Reply::ok(&folio.map(|folio| FolioShape::read(call, &folio)).transpose()?)
}

/// `PUT /basket`
fn choose(call: &Call<'_>) -> Result<Reply, Error> {
    let id = call.int("folio_id");
    let unknown = || Error::parameter("folio_id", "there is no such portfolio");
    let folio = folios::by_id(call.db(), id)?.ok_or_else(unknown)?;
    if !portfolio::may_change(&*call.rights()?, &call.identity, &folio) {
        return Err(Error::forbidden());
    }
    baskets::set(call.db(), user(call)?, id)?;
    Reply::ok(&FolioShape::read(call, &folio)?)
}

/// `DELETE /basket`
fn leave(call: &Call<'_>) -> Result<Reply, Error> {
    match baskets::clear(call.db(), user(call)?)? {
        true => Reply::done(),
        false => Err(Error::missing("basket of", "this account")),
    }
}

/// `POST /basket/images`
fn gather(call: &Call<'_>) -> Result<Reply, Error> {
    let views = named(call)?;
    let json = parameters(call)?.unwrap_or_else(|| "{}".into());
    let known = basket(call)?;
    if known.is_none() {
        who::require_system(call.app, &call.identity, SystemPermission::Folios)?;
    }
    let (owner, human_id) = (user(call)?, random_id()?);
    let (folio, added) = db::atomic(call.db(), |sql| {
        let folio_id = match &known {
            Some(folio) => folio.id,
            None => begin(sql, owner, &human_id)?,
        };
        let added = put(sql, call, folio_id, &views, &json)?;
        Ok((folios::by_id(sql, folio_id)?, added))
    })?;
    let folio = folio.ok_or_else(|| Error::missing("portfolio of", "this basket"))?;
    Reply::ok(&GatheredShape {
        folio_id: folio.id,
        url: address(&call.base_url(), &folio.human_id),
        human_id: folio.human_id,
        added,
        images: baskets::count(call.db(), owner)?.unwrap_or_default(),
    })
}

/// The images that a call names, each once.
fn named(call: &Call<'_>) -> Result<Vec<ImageView>, Error> {
    let Some(ids) = call.opt_text("image_ids") else {
        let missing = || Error::parameter("image_ids", "or image_src must be given");
        return Ok(vec![named_by_path(call, call.opt_text("image_src").ok_or_else(missing)?)?]);
    };
    let mut views: Vec<ImageView> = Vec::new();
    for text in ids.split([',', ' ']).filter(|text| !text.is_empty()) {
        let id = text.parse();
        let id = id.map_err(|_| Error::parameter("image_ids", "must be whole numbers"))?;
        if views.len() >= MOST {
            return Err(Error::parameter("image_ids", "must be at most 1000"));
        }
        if views.iter().all(|view| view.id != id) {
            views.push(named_by_id(call, id).map_err(|error| match error.status() {
                StatusCode::BAD_REQUEST => error.of("image_ids"),
                _ => error,
            })?);
        }
    }
    Ok(views)
}

/// Begins a portfolio that only its owner sees.
fn begin(sql: &dyn Sql, owner: i64, human_id: &str) -> db::Result<i64> {
    let new = NewFolio {
        human_id: human_id.to_owned(),
        name: NAME.to_owned(),
        description: String::new(),
        internal_access: ACCESS_NONE,
        public_access: ACCESS_NONE,
    };
    let id = folios::insert(sql, &new, owner)?;
    folio_history::add(sql, id, Some(owner), Action::Created, "")?;
    baskets::set(sql, owner, id)?;
    Ok(id)
}

/// Puts those images in that are not there yet, behind the others; tells how many those are.
fn put(
    sql: &dyn Sql,
    call: &Call<'_>,
    folio_id: i64,
    views: &[ImageView],
    json: &str,
) -> db::Result<i64> {
    let mut place = folio_images::next_place(sql, folio_id)?;
    let mut added = 0;
    for view in views {
        if folio_images::find(sql, folio_id, view.id)?.is_some() {
            continue;
        }
        folio_images::insert(sql, (folio_id, view.id), json, "", place)?;
        note(sql, call, folio_id, &format!("{} added", view.path))?;
        (place, added) = (place + 1, added + 1);
    }
    Ok(added)
}
