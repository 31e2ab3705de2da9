//! The settings as they were loaded.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Access, Endpoint, gives};
use super::reply::Reply;
use crate::auth::SystemPermission;
use crate::config::{Origin, Shown};
use crate::web::Error;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/admin/settings",
    title: "List settings and where each one is set",
    access: Access::System(SystemPermission::AdminAll, ""),
    fields: &[],
    gives: gives::<Vec<SettingShape>>(),
    failures: &[],
    handler: list,
}];

/// A setting.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Setting")]
struct SettingShape {
    name: &'static str,
    /// As in a settings file; null for a secret, which is never shown.
    value: Option<String>,
    /// The default, in the same form.
    default: String,
    /// `default`, `file`, `environment` or `command line`.
    given: &'static str,
    /// The file and line, or the environment variable; otherwise null.
    origin: Option<String>,
    /// Whether a reload is enough to apply a new value.
    reload: bool,
}

impl From<&Shown> for SettingShape {
    fn from(setting: &Shown) -> Self {
        let (given, origin) = match &setting.origin {
            Origin::Default => ("default", None),
            Origin::File { .. } => ("file", Some(setting.origin.to_string())),
            Origin::Environment(variable) => ("environment", Some(variable.clone())),
            Origin::CommandLine => ("command line", None),
        };
        Self {
            name: setting.name,
            value: setting.value.clone(),
            default: setting.default.clone(),
            given,
            origin,
            reload: setting.reload,
        }
    }
}

/// `GET /admin/settings`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&call.app.settings.iter().map(SettingShape::from).collect::<Vec<_>>())
}
