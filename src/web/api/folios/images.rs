//! The images of portfolios.

use http::{Method, StatusCode};
use serde_json::Value;

use super::super::call::Call;
use super::super::endpoint::{Access, Endpoint, Field, Kind, gives, must, optional};
use super::super::library::current;
use super::super::reply::Reply;
use super::shape::{FolioImageShape, images};
use super::{OWNER, VIEW, owned, viewed};
use crate::auth::Level;
use crate::db::folio_history::{self, Action};
use crate::db::folio_images::{self, FolioImage};
use crate::db::image_views::{self, ImageView};
use crate::db::{self, STATUS_ACTIVE, Sql, folios};
use crate::source::SourcePath;
use crate::spec::Params;
use crate::web::Error;

const FILENAME: Field = optional(
    "filename",
    Kind::Line(255),
    "The image's file name in exports. Default: its own name.",
);
const INDEX: Field = optional(
    "index",
    Kind::Whole(0, 1_000_000),
    "The image's position, starting at 0; other images are not moved.",
);
const PARAMETERS: Field = optional(
    "image_parameters",
    Kind::Json,
    "Image parameters for the image in this portfolio, in the same form as in templates.",
);

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/portfolios/{folio_id}/images",
        title: "List a portfolio's images",
        access: Access::Anyone(VIEW),
        fields: &[],
        gives: gives::<Vec<FolioImageShape>>(),
        failures: &[403],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/portfolios/{folio_id}/images",
        title: "Add an image to a portfolio",
        access: Access::Anyone(
            "The portfolio's owner, or the permission admin_folios; also view permission for the \
             image's folder.",
        ),
        fields: &[
            optional(
                "image_id",
                Kind::Whole(1, i64::MAX),
                "The image's ID; either this or image_src.",
            ),
            optional("image_src", Kind::Line(1024), "The image's folder and file name."),
            FILENAME,
            INDEX,
            PARAMETERS,
        ],
        gives: gives::<FolioImageShape>(),
        failures: &[409, 415],
        handler: add,
    },
    Endpoint {
        method: Method::GET,
        path: "/portfolios/{folio_id}/images/{image_id}",
        title: "Get an image in a portfolio",
        access: Access::Anyone(VIEW),
        fields: &[],
        gives: gives::<FolioImageShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/portfolios/{folio_id}/images/{image_id}",
        title: "Update an image in a portfolio",
        access: Access::Anyone(OWNER),
        fields: &[FILENAME, INDEX, PARAMETERS],
        gives: gives::<FolioImageShape>(),
        failures: &[],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/portfolios/{folio_id}/images/{image_id}",
        title: "Remove an image from a portfolio",
        access: Access::Anyone(OWNER),
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: remove,
    },
    Endpoint {
        method: Method::PUT,
        path: "/portfolios/{folio_id}/images/{image_id}/position",
        title: "Move an image within a portfolio",
        access: Access::Anyone(OWNER),
        fields: &[must(
            "index",
            Kind::Whole(i64::MIN, i64::MAX),
            "The new position, starting at 0; beyond the end means last.",
        )],
        gives: gives::<Vec<FolioImageShape>>(),
        failures: &[],
        handler: reorder,
    },
];

/// `GET /portfolios/{folio_id}/images`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&images(call, viewed(call)?.id)?)
}

fn find(call: &Call<'_>, folio_id: i64) -> Result<FolioImage, Error> {
    let id = call.id("image_id");
    let found = folio_images::find(call.db(), folio_id, id)?;
    found.ok_or_else(|| Error::missing("image of this portfolio", id))
}

fn reply(call: &Call<'_>, image: &FolioImage) -> Result<Reply, Error> {
    let level = call.rights()?.level(&call.identity, &image.image.folder.path);
    Reply::ok(&FolioImageShape::new(call, image, level))
}

/// `GET /portfolios/{folio_id}/images/{image_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    let image = find(call, viewed(call)?.id)?;
    call.require_level(&image.image.folder.path, Level::View)?;
    reply(call, &image)
}

/// The image that a call names by id or path, which the caller may view.
fn named(call: &Call<'_>) -> Result<ImageView, Error> {
    if let Some(id) = call.opt_int("image_id") {
        return named_by_id(call, id).map_err(|error| match error.status() {
            StatusCode::BAD_REQUEST => error.of("image_id"),
            _ => error,
        });
    }
    let text = call.opt_text("image_src");
    named_by_path(
        call,
        text.ok_or_else(|| Error::parameter("image_id", "or image_src must be given"))?,
    )
}

/// An image that is there, by its id, which the caller may view.
pub fn named_by_id(call: &Call<'_>, id: i64) -> Result<ImageView, Error> {
    let unknown = || Error::client(StatusCode::BAD_REQUEST, "there is no such image");
    let view = image_views::by_id(call.db(), id)?.ok_or_else(unknown)?;
    call.require_level(&view.folder.path, Level::View)?;
    if view.status == STATUS_ACTIVE { Ok(view) } else { Err(unknown()) }
}

/// An image by its path, in the field `image_src`, which the caller may view.
pub fn named_by_path(call: &Call<'_>, text: &str) -> Result<ImageView, Error> {
    let path = SourcePath::parse(text).map_err(|error| Error::parameter("image_src", error))?;
    call.require_level(path.folder(), Level::View)?;
    current(call.app, &path)
}

/// The JSON of parameters; every value in it can be used.
pub fn parameters(call: &Call<'_>) -> Result<Option<String>, Error> {
    let Some(given) = call.json(PARAMETERS.name) else { return Ok(None) };
    let json = Value::to_string(given);
    Params::from_template_json(&json, &call.app.rules)
        .map_err(|error| Error::from(error).of(PARAMETERS.name))?;
    Ok(Some(json))
}

fn filename<'a>(call: &'a Call<'_>) -> Result<Option<&'a str>, Error> {
    match call.opt_text(FILENAME.name) {
        Some(name) if name.contains(['/', '\\']) || matches!(name, "." | "..") => {
            Err(Error::parameter(FILENAME.name, "must be a name without a folder"))
        }
        name => Ok(name),
    }
}

/// Notes that the pictures of a portfolio were changed.
pub fn note(sql: &dyn Sql, call: &Call<'_>, folio_id: i64, detail: &str) -> db::Result<()> {
    folios::touch(sql, folio_id)?;
    folio_history::add(sql, folio_id, call.user_id(), Action::Pictures, detail)
}

/// `POST /portfolios/{folio_id}/images`
fn add(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let view = named(call)?;
    let parameters = parameters(call)?.unwrap_or_else(|| "{}".into());
    let filename = filename(call)?.unwrap_or_default();
    let added = db::atomic(call.db(), |sql| {
        let ids = (folio.id, view.id);
        folio_images::insert(sql, ids, &parameters, filename, call.int(INDEX.name))?;
        note(sql, call, folio.id, &format!("{} added", view.path))?;
        folio_images::find(sql, folio.id, view.id)
    });
    let added = added.map_err(|error| match error.is_duplicate() {
        true => Error::conflict("The image is in this portfolio already."),
        false => error.into(),
    })?;
    reply(call, &added.ok_or_else(|| Error::missing("image of this portfolio", view.id))?)
}

/// `PUT /portfolios/{folio_id}/images/{image_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let mut image = find(call, folio.id)?;
    if let Some(parameters) = parameters(call)? {
        image.parameters = parameters;
    }
    if let Some(filename) = filename(call)? {
        filename.clone_into(&mut image.filename);
    }
    if let Some(index) = call.opt_int(INDEX.name) {
        image.order_num = index;
    }
    db::atomic(call.db(), |sql| {
        folio_images::update(sql, &image)?;
        note(sql, call, folio.id, &format!("{} changed", image.image.path))
    })?;
    reply(call, &image)
}

/// `DELETE /portfolios/{folio_id}/images/{image_id}`
fn remove(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let image = find(call, folio.id)?;
    db::atomic(call.db(), |sql| {
        folio_images::remove(sql, folio.id, image.image.id)?;
        note(sql, call, folio.id, &format!("{} removed", image.image.path))
    })?;
    Reply::done()
}

/// `PUT /portfolios/{folio_id}/images/{image_id}/position`
fn reorder(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let image = find(call, folio.id)?;
    let (id, path) = (image.image.id, &image.image.path);
    db::atomic(call.db(), |sql| {
        let place = folio_images::reorder(sql, folio.id, id, call.int("index"))?;
        let place = place.map_or(0, |place| place + 1);
        note(sql, call, folio.id, &format!("{path} moved to position {place}"))
    })?;
    Reply::ok(&images(call, folio.id)?)
}
