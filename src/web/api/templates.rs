//! Templates, which one holds when none is named, and which hold in folders.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Kind, blank, gives, must, optional};
use super::page::{LIMIT, START, paged};
use super::reply::Reply;
use super::was::{Was, with_was};
use crate::auth::templates::{self as template_acts, NAME_MAX_CHARS, TemplateError};
use crate::auth::{SystemPermission, acts};
use crate::db::folder_templates::{self, FolderTemplate};
use crate::db::templates::{self, Template};
use crate::db::{folders, groups};
use crate::spec::Params;
use crate::web::Error;

const SUPER: Access = Access::System(SystemPermission::AdminAll, "");

const FIELDS: &[Field] = &[
    must(
        "name",
        Kind::Line(NAME_MAX_CHARS),
        "The name; it must differ from other templates' names by more than case.",
    ),
    blank("description", Kind::Text(5_000), "What it is for."),
    must("template", Kind::Json, "An object of parameters by name, each an object with a `value`."),
];

/// The fields of a change.
const CHANGED: &[Field] = &with_was::<{ FIELDS.len() + 1 }>(FIELDS);

const FOLDER_ID: Field = must(
    "folder_id",
    Kind::Whole(1, i64::MAX),
    "The folder; the template also applies to all folders below it.",
);
const GROUP_ID: Field =
    must("group_id", Kind::Whole(1, i64::MAX), "The group that the template applies to.");
const REQUIRED: Field = must(
    "required",
    Kind::Flag,
    "Whether the template always applies, or only when a request names none.",
);

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/templates",
        title: "List templates",
        access: Access::SignedIn(""),
        fields: &[START, LIMIT],
        gives: gives::<Vec<TemplateShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/templates",
        title: "Create a template",
        access: SUPER,
        fields: FIELDS,
        gives: gives::<TemplateShape>(),
        failures: &[409],
        handler: create,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/templates/{template_id}",
        title: "Get a template",
        access: Access::SignedIn(""),
        fields: &[],
        gives: gives::<TemplateShape>(),
        failures: &[],
        handler: tell,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/templates/{template_id}",
        title: "Update a template",
        access: SUPER,
        fields: CHANGED,
        gives: gives::<TemplateShape>(),
        failures: &[409],
        handler: change,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/templates/{template_id}",
        title: "Delete a template",
        access: SUPER,
        fields: &[],
        gives: gives::<()>(),
        failures: &[409],
        handler: delete,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/folder-templates",
        title: "List folder templates",
        access: Access::System(SystemPermission::AdminPermissions, ""),
        fields: &[START, LIMIT],
        gives: gives::<Vec<FolderTemplateShape>>(),
        failures: &[],
        handler: list_of_folders,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/folder-templates",
        title: "Set a group's template in a folder",
        access: Access::System(SystemPermission::AdminPermissions, ""),
        fields: &[
            FOLDER_ID,
            GROUP_ID,
            REQUIRED,
            optional(
                "template_id",
                Kind::Whole(1, i64::MAX),
                "The template. If omitted, no template applies here, even if one is set for a \
                 folder above.",
            ),
        ],
        gives: gives::<FolderTemplateShape>(),
        failures: &[],
        handler: set_of_folder,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/folder-templates",
        title: "Remove a group's template from a folder",
        access: Access::System(SystemPermission::AdminPermissions, ""),
        fields: &[FOLDER_ID, GROUP_ID, REQUIRED],
        gives: gives::<()>(),
        failures: &[404],
        handler: remove_of_folder,
    },
];

/// A template.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Template")]
struct TemplateShape {
    description: String,
    id: i64,
    name: String,
    /// An object of parameters by name, each an object with a `value`, and `locked` if it is
    /// locked.
    template: Value,
}

impl From<&Template> for TemplateShape {
    fn from(template: &Template) -> Self {
        Self {
            description: template.description.clone(),
            id: template.id,
            name: template.name.clone(),
            template: serde_json::from_str(&template.json).unwrap_or_default(),
        }
    }
}

/// The template of a group in a folder.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FolderTemplate")]
struct FolderTemplateShape {
    folder_id: i64,
    folder_path: String,
    group_id: i64,
    /// Whether the template always applies, even when a request names another.
    required: bool,
    /// Null if no template applies here, even if one is set for a folder above.
    template_id: Option<i64>,
}

impl From<&FolderTemplate> for FolderTemplateShape {
    fn from(record: &FolderTemplate) -> Self {
        Self {
            folder_id: record.folder_id,
            folder_path: record.folder_path.clone(),
            group_id: record.group_id,
            required: record.required,
            template_id: record.template_id,
        }
    }
}

/// `GET /admin/templates`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    paged(call, &templates::all(call.db())?, |template| TemplateShape::from(template))
}

fn find(call: &Call<'_>) -> Result<Template, Error> {
    let id = call.id("template_id");
    templates::by_id(call.db(), id)?.ok_or_else(|| Error::missing("template", id))
}

/// `GET /admin/templates/{template_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&TemplateShape::from(&find(call)?))
}

/// The template that a call describes; every value in it can be used.
fn given(call: &Call<'_>, id: i64) -> Result<Template, Error> {
    let template = call.json("template").unwrap_or(&Value::Null);
    Params::check_template_json(template, &call.app.rules)
        .map_err(|error| Error::from(error).of("template"))?;
    let (name, description) = (call.text("name").to_owned(), call.text("description").to_owned());
    Ok(Template { id, name, description, json: template.to_string() })
}

fn refused(error: TemplateError) -> Error {
    match error {
        TemplateError::Taken => Error::conflict(format!("name: {error}")),
        TemplateError::InUse | TemplateError::Default | TemplateError::Overtaken => {
            Error::conflict(error.to_string())
        }
        TemplateError::Db(error) => error.into(),
    }
}

/// `POST /admin/templates`
fn create(call: &Call<'_>) -> Result<Reply, Error> {
    let mut template = given(call, 0)?;
    template.id = template_acts::create(call.db(), &call.actor(), &template).map_err(refused)?;
    call.refresh()?;
    Reply::ok(&TemplateShape::from(&template))
}

/// `PUT /admin/templates/{template_id}`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let old = find(call)?;
    let given = given(call, old.id)?;
    let mut was = Was::of(call);
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let template = Template {
        name: was.settled("name", given.name, &old.name),
        description: was.settled("description", given.description, &old.description),
        json: was.settled("template", json(&given.json), &json(&old.json)).to_string(),
        ..given
    };
    if let Some(refused) = was.overtaken()? {
        return Ok(refused);
    }
    let only_if_same = was.is_given();
    template_acts::change(call.db(), &call.actor(), &old, &template, only_if_same)
        .map_err(refused)?;
    call.refresh()?;
    Reply::ok(&TemplateShape::from(&template))
}

/// `DELETE /admin/templates/{template_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    template_acts::delete(call.db(), &call.actor(), &find(call)?).map_err(refused)?;
    call.refresh()?;
    Reply::done()
}

/// `GET /admin/folder-templates`
fn list_of_folders(call: &Call<'_>) -> Result<Reply, Error> {
    paged(call, &folder_templates::all(call.db())?, |record| FolderTemplateShape::from(record))
}

/// `PUT /admin/folder-templates`
fn set_of_folder(call: &Call<'_>) -> Result<Reply, Error> {
    let (folder_id, group_id) = (call.int("folder_id"), call.int("group_id"));
    let (required, template_id) = (call.flag("required"), call.opt_int("template_id"));
    let unknown = |name, what| Error::parameter(name, format!("there is no such {what}"));
    let folder = folders::by_id(call.db(), folder_id)?;
    let folder = folder.ok_or_else(|| unknown("folder_id", "folder"))?;
    if groups::by_id(call.db(), group_id)?.is_none() {
        return Err(unknown("group_id", "group"));
    }
    if let Some(id) = template_id
        && templates::by_id(call.db(), id)?.is_none()
    {
        return Err(unknown("template_id", "template"));
    }
    let which = (folder_id, group_id, required);
    acts::set_folder_template(call.db(), &call.actor(), which, template_id)?;
    call.refresh()?;
    let folder_path = folder.path;
    let record = FolderTemplate { folder_id, folder_path, group_id, required, template_id };
    Reply::ok(&FolderTemplateShape::from(&record))
}

/// `DELETE /admin/folder-templates`
fn remove_of_folder(call: &Call<'_>) -> Result<Reply, Error> {
    let (folder_id, group_id) = (call.int("folder_id"), call.int("group_id"));
    let which = (folder_id, group_id, call.flag("required"));
    if !acts::remove_folder_template(call.db(), &call.actor(), which)? {
        return Err(Error::missing("such", "template"));
    }
    call.refresh()?;
    Reply::done()
}
