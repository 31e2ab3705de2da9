//! Values that belong to the installation and that an administrator may set.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, must};
use super::reply::Reply;
use crate::auth::SystemPermission;
use crate::auth::templates as acts;
use crate::db::properties;
use crate::web::Error;

const SUPER: Access = Access::System(SystemPermission::AdminAll, "");

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/properties",
        title: "List properties",
        access: SUPER,
        fields: &[],
        gives: gives::<Vec<PropertyShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/properties/{key}",
        title: "Get a property",
        access: SUPER,
        fields: &[],
        gives: gives::<PropertyShape>(),
        failures: &[],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/properties/{key}",
        title: "Update a property",
        access: SUPER,
        fields: &[must(
            "value",
            Kind::Line(255),
            "The new value. Only `default_template` can be set, to the name of a template.",
        )],
        gives: gives::<PropertyShape>(),
        failures: &[409],
        handler: set,
    },
];

/// Those that are told; the first alone can be set.
const KEYS: [&str; 3] =
    [properties::DEFAULT_TEMPLATE, properties::RIGHTS_VERSION, properties::TEMPLATES_VERSION];

/// A property.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Property")]
struct PropertyShape {
    key: String,
    value: String,
}

fn read(call: &Call<'_>, key: &str) -> Result<PropertyShape, Error> {
    let value = properties::get(call.db(), key)?.unwrap_or_default();
    Ok(PropertyShape { key: key.to_owned(), value })
}

fn known<'a>(call: &'a Call<'_>) -> Result<&'a str, Error> {
    let key = call.segment("key");
    if KEYS.contains(&key) { Ok(key) } else { Err(Error::missing("property", key)) }
}

/// `GET /admin/properties`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let all: Result<Vec<_>, _> = KEYS.iter().map(|key| read(call, key)).collect();
    Reply::ok(&all?)
}

/// `GET /admin/properties/{key}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&read(call, known(call)?)?)
}

/// `PUT /admin/properties/{key}`
fn set(call: &Call<'_>) -> Result<Reply, Error> {
    if known(call)? != properties::DEFAULT_TEMPLATE {
        return Err(Error::conflict("The server alone sets this property."));
    }
    let name = call.text("value");
    let templates = call.app.store.templates()?;
    let Some(template) = templates.get(name) else {
        return Err(Error::parameter("value", "there is no template of this name"));
    };
    acts::make_default(call.db(), &call.actor(), &template.name)?;
    call.refresh()?;
    tell(call)
}
