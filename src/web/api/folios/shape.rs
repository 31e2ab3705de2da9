//! The JSON forms of portfolios.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::call::Call;
use super::super::shape::{ImageShape, Teller, UserShape, in_query};
use super::super::time::Moment;
use super::people::People;
use crate::auth::{Identity, Level, Rights, SystemPermission};
use crate::db::folio_exports::{self, FolioExport};
use crate::db::folio_history::{self, Action, Entry};
use crate::db::folio_images::{self, FolioImage};
use crate::db::folios::Folio;
use crate::source::SourcePath;
use crate::spec::{PARAMS, Params, Rules};
use crate::web::Error;

/// The address of a portfolio's page.
pub fn address(base_url: &str, folio_human_id: &str) -> String {
    format!("{base_url}/portfolios/{}/", in_query(folio_human_id))
}

/// A group's access to a portfolio.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortfolioPermission")]
struct PermissionShape {
    /// 0 nothing, 10 view, 20 download.
    access: i64,
    folio_id: i64,
    /// 1 everybody, 2 everybody who is signed in.
    group_id: i64,
    id: i64,
}

/// A published file, or one that is being made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortfolioExport")]
pub struct ExportShape {
    created: Moment,
    description: String,
    /// Blank until the file is ready.
    filename: String,
    filesize: i64,
    folio_id: i64,
    /// zip or pdf.
    format: String,
    id: i64,
    keep_until: Moment,
    originals: bool,
    parameters: Value,
    /// The task that makes the file; null once it is ready.
    task_id: Option<i64>,
    /// The download URL; blank until the file is ready.
    url: String,
}

impl ExportShape {
    /// The form of an export of a portfolio.
    pub fn new(export: &FolioExport, human_id: &str, base_url: &str) -> Self {
        let url = match export.filename.as_str() {
            "" => String::new(),
            name => format!("{}downloads/{name}", address(base_url, human_id)),
        };
        Self {
            created: Moment(export.created_ms),
            description: export.description.clone(),
            filename: export.filename.clone(),
            filesize: export.filesize,
            folio_id: export.folio_id,
            format: export.format.clone(),
            id: export.id,
            keep_until: Moment(export.keep_until_ms),
            originals: export.originals,
            parameters: parsed(&export.parameters),
            task_id: export.task_id,
            url,
        }
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// A portfolio without its images.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortfolioSummary")]
pub struct FolioSummaryShape {
    description: String,
    /// The files that can be downloaded.
    downloads: Vec<ExportShape>,
    /// Its short name, used in its URL.
    human_id: String,
    id: i64,
    last_updated: Moment,
    name: String,
    /// The owner; null if you are not signed in. The email address is blank unless you may get the
    /// user as well.
    owner: Option<UserShape>,
    owner_id: Option<i64>,
    permissions: Vec<PermissionShape>,
    /// The URL of its page.
    url: String,
}

impl FolioSummaryShape {
    /// The form of a portfolio with those of its exports whose files are there.
    pub fn new(folio: &Folio, exports: &[&FolioExport], people: &People, base_url: &str) -> Self {
        let now = crate::db::now_ms();
        let ready = exports
            .iter()
            .filter(|export| !export.filename.is_empty() && export.keep_until_ms > now);
        Self {
            description: folio.description.clone(),
            downloads: ready
                .map(|export| ExportShape::new(export, &folio.human_id, base_url))
                .collect(),
            human_id: folio.human_id.clone(),
            id: folio.id,
            last_updated: Moment(folio.last_updated_ms),
            name: folio.name.clone(),
            owner: people.tell(folio.owner_id),
            owner_id: folio.owner_id,
            permissions: folio
                .permissions
                .iter()
                .map(|permission| PermissionShape {
                    access: permission.access,
                    folio_id: folio.id,
                    group_id: permission.group_id,
                    id: permission.id,
                })
                .collect(),
            url: address(base_url, &folio.human_id),
        }
    }
}

/// An entry of a portfolio's history.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortfolioHistory")]
struct HistoryShape {
    /// 1 created, 2 edited, 3 image changed, 4 published, 5 downloaded, 6 unpublished.
    action: i64,
    /// Details as text; blank if they name an image that you may not view.
    action_info: String,
    action_time: Moment,
    folio_id: i64,
    id: i64,
    /// Who did it, in the same form as the portfolio's `owner`.
    user: Option<UserShape>,
    user_id: Option<i64>,
}

impl HistoryShape {
    fn new(entry: &Entry, folio_id: i64, people: &People, told: bool) -> Self {
        Self {
            action: entry.action,
            action_info: if told { entry.detail.clone() } else { String::new() },
            action_time: Moment(entry.at_ms),
            folio_id,
            id: entry.id,
            user: people.tell(entry.user_id),
            user_id: entry.user_id,
        }
    }
}

/// Whether somebody may read an entry: what tells of a picture is for who may view it. Which picture it is
/// stands in the text alone; where none can be read out of it, as in what was imported, only who may view
/// everything is told.
fn readable(entry: &Entry, rights: &Rights, identity: &Identity) -> bool {
    if entry.action != i64::from(Action::Pictures as u8) {
        return true;
    }
    match picture(&entry.detail).and_then(|path| SourcePath::parse(path).ok()) {
        Some(path) => rights.level(identity, path.folder()) >= Level::View,
        None => rights.has(identity, SystemPermission::AdminFiles),
    }
}

/// The path of the picture that an entry is about.
fn picture(detail: &str) -> Option<&str> {
    let done = [" added", " changed", " removed"];
    done.iter().find_map(|done| detail.strip_suffix(done)).or_else(|| {
        let (path, place) = detail.rsplit_once(" moved to position ")?;
        place.bytes().all(|byte| byte.is_ascii_digit()).then_some(path)
    })
}

/// A portfolio.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Portfolio")]
pub struct FolioShape {
    #[serde(flatten)]
    summary: FolioSummaryShape,
    history: Vec<HistoryShape>,
    /// In order, without images in folders that you may not view.
    images: Vec<FolioImageShape>,
}

impl FolioShape {
    /// Reads all of a portfolio.
    pub fn read(call: &Call<'_>, folio: &Folio) -> Result<Self, Error> {
        let exports = folio_exports::of_folio(call.db(), folio.id)?;
        let exports: Vec<&FolioExport> = exports.iter().collect();
        let history = folio_history::of_folio(call.db(), folio.id)?;
        let (people, rights) = (People::of_folio(call, folio.id)?, call.rights()?);
        let entries = history.iter().map(|entry| {
            let told = readable(entry, &rights, &call.identity);
            HistoryShape::new(entry, folio.id, &people, told)
        });
        Ok(Self {
            history: entries.collect(),
            summary: FolioSummaryShape::new(folio, &exports, &people, &call.base_url()),
            images: images(call, folio.id)?,
        })
    }
}

/// An image in a portfolio.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortfolioImage")]
pub struct FolioImageShape {
    /// Its file name in exports; blank for its own name.
    filename: String,
    folio_id: i64,
    id: i64,
    image: ImageShape,
    image_id: i64,
    /// Its position; images with the same position are in the order in which they were added.
    order_num: i64,
    /// Image parameters, in the same form as in templates.
    parameters: Value,
    /// The URL that shows it as it looks in the portfolio.
    url: String,
}

impl FolioImageShape {
    /// The form of an image in a folder where the caller has a level of access.
    pub fn new(call: &Call<'_>, image: &FolioImage, level: Level) -> Self {
        let query = query_of(&image.parameters);
        Self {
            filename: image.filename.clone(),
            folio_id: image.folio_id,
            id: image.id,
            image: Teller::new(call, "").image(&image.image, level),
            image_id: image.image.id,
            order_num: image.order_num,
            parameters: parsed(&image.parameters),
            url: Teller::new(call, &query).url(&image.image.path),
        }
    }
}

/// The images of a portfolio that the caller may view, in order.
pub fn images(call: &Call<'_>, folio_id: i64) -> Result<Vec<FolioImageShape>, Error> {
    let rights = call.rights()?;
    let images = folio_images::of_folio(call.db(), folio_id)?;
    let levelled =
        images.iter().map(|image| (image, rights.level(&call.identity, &image.image.folder.path)));
    let viewed = levelled.filter(|(_, level)| *level >= Level::View);
    Ok(viewed.map(|(image, level)| FolioImageShape::new(call, image, level)).collect())
}

/// Parameters as a query has them.
pub fn query_of(json: &str) -> String {
    let rules = Rules { max_dimension: u32::MAX };
    Params::from_template_json(json, &rules).map(|params| query_with(&params)).unwrap_or_default()
}

/// A query that says all of these that addresses may.
pub fn query_with(params: &Params) -> String {
    let pairs = PARAMS.iter().filter(|param| param.in_urls()).filter_map(|param| {
        let value = param.text(params)?;
        Some(format!("{}={}", param.about.name, in_query(&value)))
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_of_an_entry_is_read_whole() {
        for (detail, path) in [
            ("a/b c.jpg added", Some("a/b c.jpg")),
            ("a/x added.jpg changed", Some("a/x added.jpg")),
            ("a/x moved to position 1 moved to position 12", Some("a/x moved to position 1")),
            ("a/b.jpg moved to position x", None),
            ("Something of a/b.jpg", None),
            ("", None),
        ] {
            assert_eq!(picture(detail), path, "{detail}");
        }
    }
}
