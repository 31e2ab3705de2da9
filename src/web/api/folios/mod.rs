//! Portfolios.

mod basket;
mod copies;
mod exports;
mod images;
mod people;
mod shape;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, blank, gives, must, optional};
use super::page::{LIMIT, START, paged};
use super::reply::Reply;
use crate::auth::SystemPermission;
use crate::db::folio_history::{self, Action};
use crate::db::folios::{self, ACCESS_DOWNLOAD, ACCESS_VIEW, Folio, NewFolio};
use crate::db::{self, folio_exports};
use crate::portfolio;
use crate::web::{App, Error};
use people::People;
use shape::{FolioShape, FolioSummaryShape};

pub use basket::ENDPOINTS as BASKET;
pub use copies::ENDPOINTS as COPIES;
pub use exports::ENDPOINTS as EXPORTS;
pub use images::ENDPOINTS as IMAGES;
pub use shape::{query_of, query_with};

/// The characters that `human_id` must not have: it stands in addresses.
const NOT_IN_ADDRESSES: [char; 8] = ['%', '<', '>', '&', '.', '?', ':', '/'];

const VIEW: &str = "View permission for the portfolio.";
const OWNER: &str = "The portfolio's owner, or the permission admin_folios.";
const ACCESS: Kind = Kind::Choice(&["0", "10", "20"]);

const FIELDS: &[Field] = &[
    optional(
        "human_id",
        Kind::Line(64),
        "The portfolio's short name, used in its URL, without any of % < > & . ? : /. Default: a \
         generated one.",
    ),
    must("name", Kind::Line(255), "The name."),
    blank("description", Kind::Text(5_000), "The description."),
    must(
        "internal_access",
        ACCESS,
        "What everybody who is signed in may do: 0 nothing, 10 view, 20 download.",
    ),
    must("public_access", ACCESS, "What everybody may do: 0 nothing, 10 view, 20 download."),
];

/// The rows of portfolios themselves.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/portfolios",
        title: "List portfolios, or get one by its human_id",
        access: Access::Anyone(VIEW),
        fields: &[
            optional("human_id", Kind::Line(64), "The short name of the portfolio to get."),
            START,
            LIMIT,
        ],
        gives: gives::<ListOrOne>(),
        failures: &[403, 404],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/portfolios",
        title: "Create a portfolio",
        access: Access::Anyone("The permission folios."),
        fields: FIELDS,
        gives: gives::<FolioShape>(),
        failures: &[409],
        handler: create,
    },
    Endpoint {
        method: Method::GET,
        path: "/portfolios/{folio_id}",
        title: "Get a portfolio with its images, exports and history",
        access: Access::Anyone(VIEW),
        fields: &[],
        gives: gives::<FolioShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/portfolios/{folio_id}",
        title: "Update a portfolio",
        access: Access::Anyone(OWNER),
        fields: FIELDS,
        gives: gives::<FolioShape>(),
        failures: &[409],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/portfolios/{folio_id}",
        title: "Delete a portfolio and its exports",
        access: Access::Anyone(OWNER),
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: delete,
    },
];

/// A list, or the one portfolio named by `human_id`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "the shape alone is used, for the document")]
enum ListOrOne {
    List(Vec<FolioSummaryShape>),
    One(Box<FolioShape>),
}

/// Fails unless the caller may do this with a portfolio.
pub fn require(
    app: &App,
    identity: &crate::auth::Identity,
    folio: &Folio,
    level: i64,
) -> Result<(), Error> {
    let has = portfolio::level(&*app.store.rights()?, identity, folio);
    if has >= level { Ok(()) } else { Err(Error::forbidden()) }
}

/// The portfolio that the path names, which the caller may view.
fn viewed(call: &Call<'_>) -> Result<Folio, Error> {
    let folio = find(call)?;
    require(call.app, &call.identity, &folio, ACCESS_VIEW)?;
    Ok(folio)
}

/// The portfolio that the path names, which the caller may change.
fn owned(call: &Call<'_>) -> Result<Folio, Error> {
    let folio = find(call)?;
    let may = portfolio::may_change(&*call.rights()?, &call.identity, &folio);
    if may { Ok(folio) } else { Err(Error::forbidden()) }
}

fn find(call: &Call<'_>) -> Result<Folio, Error> {
    let id = call.id("folio_id");
    folios::by_id(call.db(), id)?.ok_or_else(|| Error::missing("portfolio", id))
}

/// `GET /portfolios`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(human_id) = call.opt_text("human_id") {
        let folio = folios::by_human_id(call.db(), human_id)?;
        let folio = folio.ok_or_else(|| Error::missing("portfolio", human_id))?;
        require(call.app, &call.identity, &folio, ACCESS_VIEW)?;
        return reply(call, &folio);
    }
    let rights = call.rights()?;
    let mut all = folios::all(call.db())?;
    all.retain(|folio| portfolio::level(&rights, &call.identity, folio) >= ACCESS_VIEW);
    let exports = folio_exports::all_ready(call.db())?;
    let (people, base_url) = (People::owners(call)?, call.base_url());
    paged(call, &all, |folio| {
        let own: Vec<_> = exports.iter().filter(|export| export.folio_id == folio.id).collect();
        FolioSummaryShape::new(folio, &own, &people, &base_url)
    })
}

fn reply(call: &Call<'_>, folio: &Folio) -> Result<Reply, Error> {
    Reply::ok(&FolioShape::read(call, folio)?)
}

/// `GET /portfolios/{folio_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    reply(call, &viewed(call)?)
}

/// The portfolio that a call describes. `old` is what stands in its address so far.
fn given(call: &Call<'_>, old: Option<&str>) -> Result<NewFolio, Error> {
    let human_id = match (call.opt_text("human_id"), old) {
        (Some(given), _) if given.contains(NOT_IN_ADDRESSES) => {
            let reason = "must not contain any of % < > & . ? : /";
            return Err(Error::parameter("human_id", reason));
        }
        (Some(given), _) => given.to_owned(),
        (None, Some(old)) => old.to_owned(),
        (None, None) => random_id()?,
    };
    let access = |name: &str| call.text(name).parse().unwrap_or(folios::ACCESS_NONE);
    Ok(NewFolio {
        human_id,
        name: call.text("name").to_owned(),
        description: call.text("description").to_owned(),
        internal_access: access("internal_access"),
        public_access: access("public_access"),
    })
}

fn random_id() -> Result<String, Error> {
    let random = getrandom::u64()
        .map_err(|error| Error::unavailable(std::io::Error::other(error.to_string())))?;
    Ok(format!("{random:016x}"))
}

fn taken(error: db::Error) -> Error {
    if error.is_duplicate() {
        return Error::conflict("human_id: there is a portfolio with this address");
    }
    error.into()
}

/// `POST /portfolios`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    call.require(SystemPermission::Folios)?;
    let owner = call.user_id().ok_or_else(Error::forbidden)?;
    let new = given(call, None)?;
    let made = db::atomic(call.db(), |sql| {
        let id = folios::insert(sql, &new, owner)?;
        folio_history::add(sql, id, Some(owner), Action::Created, "")?;
        folios::by_id(sql, id)
    });
    let folio = made.map_err(taken)?.ok_or_else(|| Error::missing("portfolio", &new.human_id))?;
    reply(call, &folio)
}

/// `PUT /portfolios/{folio_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let old = owned(call)?;
    let new = given(call, Some(&old.human_id))?;
    let user = call.user_id();
    let changed = db::atomic(call.db(), |sql| {
        if folios::update(sql, old.id, &new)? {
            folio_history::add(sql, old.id, user, Action::Edited, "")?;
        }
        folios::by_id(sql, old.id)
    });
    let folio = changed.map_err(taken)?.ok_or_else(|| Error::missing("portfolio", old.id))?;
    reply(call, &folio)
}

/// `DELETE /portfolios/{folio_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let exports = folio_exports::of_folio(call.db(), folio.id)?;
    for export in &exports {
        exports::require_idle(call, export)?;
    }
    for export in &exports {
        call.app.exports.remove(&export.filename).map_err(Error::unavailable)?;
    }
    folios::remove(call.db(), folio.id)?;
    Reply::done()
}

/// Whether a portfolio's exports may be downloaded by somebody.
pub fn require_download(
    app: &App,
    identity: &crate::auth::Identity,
    folio: &Folio,
) -> Result<(), Error> {
    require(app, identity, folio, ACCESS_DOWNLOAD)
}
