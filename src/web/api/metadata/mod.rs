//! What people say of many images at once, as tables for spreadsheets: out, and in again.

mod lines;
mod plan;
mod sent;

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::csv;
use super::endpoint::{Access, Endpoint, Kind, gives, gives_table, must, optional};
use super::files::{caller, now};
use super::library::{folder_path, of_folder};
use super::reply::Reply;
use super::shape;
use crate::auth::Level;
use crate::db::image_views::{self, ImageView};
use crate::db::{STATUS_ACTIVE, tags};
use crate::web::Error;
use crate::web::pages::natural_key;

pub use plan::{Change, Line, digest, plan};
pub use sent::sent;

/// The largest table that is taken, in characters: as many lines as there may be, each with long texts.
pub const MAX_TABLE_CHARS: usize = 5_000_000;

/// The most lines of one.
pub const MAX_LINES: usize = 10_000;

/// The columns that come first.
const COLUMNS: [&str; 8] =
    ["src", "title", "description", "tags", "width", "height", "size_bytes", "image_id"];

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/metadata",
        title: "Export titles, descriptions and tags",
        access: Access::SignedIn("View permission for the folders of the images."),
        fields: &[
            optional("path", Kind::Line(1024), "The folder; either this or image_ids."),
            optional("image_ids", Kind::Line(20_000), "Image IDs separated by commas."),
            optional(
                "format",
                Kind::Choice(&["json", "csv"]),
                "The usual JSON, or a CSV file for spreadsheets.",
            ),
        ],
        gives: gives_table::<Vec<SaidShape>>(),
        failures: &[403, 404],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/metadata",
        title: "Import titles, descriptions and tags",
        access: Access::SignedIn("Edit permission for the folders of the images."),
        fields: &[
            must(
                "table",
                Kind::Text(MAX_TABLE_CHARS),
                "The table, in the form of the export: a line with the column names, then one \
                 line per image. It needs src and at least one of title, description and tags; \
                 other columns are ignored. Each cell replaces the current value.",
            ),
            optional(
                "dry_run",
                Kind::Flag,
                "Whether to only report what would change. Default: no.",
            ),
            optional(
                "plan",
                Kind::Line(64),
                "The `plan` of a dry run. If other changes would be made by now, nothing is \
                 imported, and the status is 409.",
            ),
        ],
        gives: gives::<OutcomeShape>(),
        failures: &[403, 409],
        handler: change,
    },
];

/// Title, description and tags of an image.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Said")]
struct SaidShape {
    /// The path, without a leading slash.
    src: String,
    title: String,
    description: String,
    /// Separated by semicolons, or one per line if a tag contains a semicolon.
    tags: String,
    /// Null if not known yet.
    width: Option<i64>,
    height: Option<i64>,
    size_bytes: Option<i64>,
    /// Null until somebody has requested the image.
    image_id: Option<i64>,
}

/// The result of an import, or of a dry run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MetadataOutcome")]
struct OutcomeShape {
    /// Number of images that were changed, or would be.
    changed: usize,
    /// Number of lines that cannot be used.
    failed: usize,
    /// Identifies the changes: `plan` of an import that is to make these and no others.
    plan: String,
    /// Whether nothing was imported, since the changes are not those of the given `plan`.
    outdated: bool,
    /// Lines that change something or cannot be used. Lines that change nothing are left out.
    lines: Vec<LineShape>,
}

/// A line of a table.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MetadataLine")]
struct LineShape {
    /// Its number in the table; the line with the column names is 1.
    line: u64,
    src: String,
    changes: Vec<ChangeShape>,
    /// Why the line cannot be used; blank if it can.
    error: String,
}

/// A change to one field.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MetadataChange")]
struct ChangeShape {
    field: &'static str,
    from: String,
    to: String,
}

impl From<&Line> for LineShape {
    fn from(line: &Line) -> Self {
        let change = |change: &Change| ChangeShape {
            field: change.field,
            from: change.from.clone(),
            to: change.to.clone(),
        };
        Self {
            line: line.number,
            src: line.src.clone(),
            changes: line.changes.iter().map(change).collect(),
            error: line.error.clone(),
        }
    }
}

/// `GET /admin/metadata`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let mut shapes = match (call.opt_text("path"), call.opt_text("image_ids")) {
        (Some(path), _) => of_folder_at(call, path)?,
        (None, Some(ids)) => of_images(call, ids)?,
        (None, None) => return Err(Error::parameter("path", "or image_ids must be given")),
    };
    let ids: Vec<i64> = shapes.iter().filter_map(|said| said.image_id).collect();
    let tags = tags::of_images(call.db(), &ids)?;
    for said in &mut shapes {
        let names = said.image_id.and_then(|id| tags.get(&id));
        said.tags = names.map(|names| lines::joined(names)).unwrap_or_default();
    }
    match call.text("format") {
        "csv" => Ok(Reply::csv(&csv::table(&shapes, &COLUMNS)?, "pictures.csv")),
        _ => Reply::ok(&shapes),
    }
}

fn said(view: &ImageView) -> SaidShape {
    SaidShape {
        src: view.path.clone(),
        title: view.title.clone(),
        description: view.description.clone(),
        tags: String::new(),
        width: view.width,
        height: view.height,
        size_bytes: view.size_bytes,
        image_id: Some(view.id),
    }
}

/// The images right in a folder, by name; also those that nobody has asked for yet.
fn of_folder_at(call: &Call<'_>, path: &str) -> Result<Vec<SaidShape>, Error> {
    let folder = folder_path(path)?;
    call.require_level(&folder, Level::View)?;
    let inner = folder.trim_matches('/');
    let names = call.app.repository.files_in(&folder).map_err(of_folder)?;
    let in_folder = |name: String| if inner.is_empty() { name } else { format!("{inner}/{name}") };
    let mut paths: Vec<String> =
        names.into_iter().map(in_folder).filter(|path| shape::supported(path)).collect();
    paths.sort_by_cached_key(|path| natural_key(path));
    let known = image_views::by_paths(call.db(), &paths)?;
    let known: std::collections::HashMap<&str, &ImageView> =
        known.iter().map(|view| (view.path.as_str(), view)).collect();
    let shape = |path: String| match known.get(path.as_str()) {
        Some(view) if view.status == STATUS_ACTIVE => said(view),
        _ => SaidShape {
            src: path,
            title: String::new(),
            description: String::new(),
            tags: String::new(),
            width: None,
            height: None,
            size_bytes: None,
            image_id: None,
        },
    };
    Ok(paths.into_iter().map(shape).collect())
}

fn of_images(call: &Call<'_>, ids: &str) -> Result<Vec<SaidShape>, Error> {
    let mut shapes = Vec::new();
    for text in ids.split([',', ' ']).filter(|text| !text.is_empty()) {
        let id: i64 =
            text.parse().map_err(|_| Error::parameter("image_ids", "must be whole numbers"))?;
        let view = image_views::by_id(call.db(), id)?;
        let view = view.ok_or_else(|| Error::missing("image", id))?;
        call.require_level(&view.folder.path, Level::View)?;
        shapes.push(said(&view));
    }
    Ok(shapes)
}

/// `POST /admin/metadata`
fn change(call: &Call<'_>) -> Result<Reply, Error> {
    let mut lines = plan(call.app, &call.identity, call.text("table"))?;
    let plan = digest(&lines);
    let outdated = call.opt_text("plan").is_some_and(|seen| seen != plan);
    if !call.flag("dry_run") && !outdated {
        let now = now(call);
        for line in lines.iter_mut().filter(|line| line.error.is_empty()) {
            let Some(id) = line.image_id.filter(|_| !line.changes.is_empty()) else { continue };
            let done = call.app.library.change(&caller(call, &now), id, &line.wanted);
            if let Err(error) = done.map_err(Error::from) {
                if !error.status().is_client_error() {
                    return Err(error);
                }
                error.message().clone_into(&mut line.error);
            }
        }
    }
    lines.retain(|line| !line.error.is_empty() || !line.changes.is_empty());
    let failed = lines.iter().filter(|line| !line.error.is_empty()).count();
    let outcome = OutcomeShape {
        changed: lines.len() - failed,
        failed,
        plan,
        outdated,
        lines: lines.iter().map(LineShape::from).collect(),
    };
    if call.flag("dry_run") || (failed == 0 && !outdated) {
        return Reply::ok(&outcome);
    }
    let message = match outdated {
        true => "The pictures have changed since the dry run.".to_owned(),
        false => told(&outcome),
    };
    Reply::new(StatusCode::CONFLICT, &message, &outcome)
}

/// The failures in words, the first of them.
fn told(outcome: &OutcomeShape) -> String {
    const TOLD: usize = 20;
    let (changed, failed) = (outcome.changed, outcome.failed);
    let of = |count: usize, one: &str, more: &str| match count {
        0 => format!("no {one}"),
        1 => format!("one {one}"),
        _ => format!("{count} {more}"),
    };
    let mut text = format!(
        "Changed {}; could not use {}.",
        of(changed, "image", "images"),
        of(failed, "line", "lines")
    );
    for line in outcome.lines.iter().filter(|line| !line.error.is_empty()).take(TOLD) {
        text.push_str(&format!(" Line {}: {}", line.line, line.error));
    }
    text
}
