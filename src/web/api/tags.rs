//! Tags, the lists of them, and what images' files say.
//!
//! The rules stand in [`crate::library`].

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::endpoint::{Access, Endpoint, Kind, gives, gives_or_begins, must, optional};
use super::files::{caller, now};
use super::page::{LIMIT, Page, START};
use super::reply::Reply;
use super::tasks;
use super::time::Moment;
use crate::auth::SystemPermission::AdminFiles;
use crate::db::image_metadata::ImageMetadata;
use crate::db::tags::Tag;
use crate::web::Error;

/// The longest name of a tag or a list.
const NAME_CHARS: usize = 100;

/// The longest list that is taken.
const LIST_CHARS: usize = 500_000;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/admin/images/{image_id}/metadata",
        title: "Get the metadata in an image's file",
        access: Access::SignedIn("View permission for the image's folder."),
        fields: &[],
        gives: gives::<Option<MetadataShape>>(),
        failures: &[403],
        handler: metadata,
    },
    Endpoint {
        method: Method::GET,
        path: "/tags",
        title: "List tags with their number of images",
        access: Access::Anyone(
            "Counts only images that you may view. Tags without any of these are listed only if \
             you are signed in and they are in a tag list.",
        ),
        fields: &[
            optional(
                "q",
                Kind::Line(NAME_CHARS),
                "Only tags that start with this; case is ignored.",
            ),
            START,
            LIMIT,
        ],
        gives: gives::<Vec<TagShape>>(),
        failures: &[],
        handler: list,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/tags/{tag_id}",
        title: "Rename a tag",
        access: Access::System(AdminFiles, ""),
        fields: &[must("name", Kind::Line(NAME_CHARS), "The new name.")],
        gives: gives_or_begins::<Changed>(),
        failures: &[409],
        handler: rename,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/tags/{tag_id}",
        title: "Delete a tag",
        access: Access::System(AdminFiles, ""),
        fields: &[],
        gives: gives_or_begins::<Changed>(),
        failures: &[409],
        handler: remove,
    },
    Endpoint {
        method: Method::GET,
        path: "/admin/tag-lists",
        title: "List tag lists",
        access: Access::SignedIn(""),
        fields: &[],
        gives: gives::<Vec<ListShape>>(),
        failures: &[],
        handler: lists,
    },
    Endpoint {
        method: Method::POST,
        path: "/admin/tag-lists",
        title: "Create a tag list",
        access: Access::System(AdminFiles, ""),
        fields: &[
            must("name", Kind::Line(NAME_CHARS), "The name of the tag list."),
            optional("tags", Kind::Text(LIST_CHARS), "Its tags, one per line."),
        ],
        gives: gives::<ListShape>(),
        failures: &[409],
        handler: make_list,
    },
    Endpoint {
        method: Method::PUT,
        path: "/admin/tag-lists/{list_id}",
        title: "Update a tag list",
        access: Access::System(AdminFiles, ""),
        fields: &[
            must("name", Kind::Line(NAME_CHARS), "The name of the tag list."),
            optional(
                "tags",
                Kind::Text(LIST_CHARS),
                "All of its tags, one per line; unchanged if omitted.",
            ),
        ],
        gives: gives::<ListShape>(),
        failures: &[409],
        handler: change_list,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/admin/tag-lists/{list_id}",
        title: "Delete a tag list but keep its tags",
        access: Access::System(AdminFiles, ""),
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: remove_list,
    },
];

/// The metadata in an image's file; null until the file has been read.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImageMetadata")]
struct MetadataShape {
    /// Whether the file could be read; if not, the rest is empty.
    readable: bool,
    format: String,
    pages: i64,
    /// By the camera's clock, treated as UTC.
    taken_time: Option<Moment>,
    camera: String,
    /// Degrees; north is positive.
    latitude: Option<f64>,
    /// Degrees; east is positive.
    longitude: Option<f64>,
    headline: String,
    caption: String,
    keywords: Vec<String>,
    creator: String,
    copyright: String,
}

impl From<ImageMetadata> for MetadataShape {
    fn from(said: ImageMetadata) -> Self {
        let (latitude, longitude) = said.position.unzip();
        Self {
            readable: said.error.is_none(),
            format: said.format,
            pages: said.pages,
            taken_time: said.taken_ms.map(Moment),
            camera: said.camera,
            latitude,
            longitude,
            headline: said.headline,
            caption: said.caption,
            keywords: said.keywords,
            creator: said.creator,
            copyright: said.copyright,
        }
    }
}

/// A tag.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Tag")]
struct TagShape {
    id: i64,
    name: String,
    /// The name of its tag list; null if it is in none.
    list: Option<String>,
    /// Number of images with this tag that you may view.
    images: i64,
}

/// A tag list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TagList")]
struct ListShape {
    id: i64,
    name: String,
    tags: Vec<OfList>,
}

/// A tag in a tag list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TagOfList")]
struct OfList {
    id: i64,
    name: String,
}

/// Number of images that have, or had, the tag.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TagChanged")]
struct Changed {
    images: u64,
}

/// `GET /admin/images/{image_id}/metadata`
fn metadata(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let said = call.app.library.metadata_of(&caller(call, &now), call.id("image_id"))?;
    Reply::ok(&said.map(MetadataShape::from))
}

/// `GET /tags`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let (page, now) = (Page::of(call), now(call));
    let part = (page.start, page.limit);
    let counted = call.app.library.counted_tags(&caller(call, &now), call.text("q"), part);
    let (tags, total) = counted?;
    let shape =
        |(tag, images): (Tag, i64)| TagShape { id: tag.id, name: tag.name, list: tag.list, images };
    page.reply(call, &tags.into_iter().map(shape).collect::<Vec<_>>(), total)
}

/// `PUT /admin/tags/{tag_id}`
fn rename(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let (id, name) = (call.id("tag_id"), Some(call.text("name")));
    let task = call.app.library.queue_change_tag(&caller(call, &now), id, name)?;
    Ok(Reply::when_done(task, tell_changed))
}

/// `DELETE /admin/tags/{tag_id}`
fn remove(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let task = call.app.library.queue_change_tag(&caller(call, &now), call.id("tag_id"), None)?;
    Ok(Reply::when_done(task, tell_changed))
}

fn tell_changed(call: &Call<'_>, task_id: i64) -> Result<Reply, Error> {
    let failed = "The tag could not be changed; there may be another one of this name by now.";
    tasks::tell_result::<Changed>(call, task_id, failed)
}

/// `GET /admin/tag-lists`
fn lists(call: &Call<'_>) -> Result<Reply, Error> {
    Reply::ok(&all_lists(call)?)
}

fn all_lists(call: &Call<'_>) -> Result<Vec<ListShape>, Error> {
    let library = &call.app.library;
    let tags = library.tags()?;
    let shape = |(id, name): (i64, String)| {
        let of_list = tags.iter().filter(|tag| tag.list.as_deref() == Some(name.as_str()));
        let tags = of_list.map(|tag| OfList { id: tag.id, name: tag.name.clone() }).collect();
        ListShape { id, name, tags }
    };
    Ok(library.tag_lists()?.into_iter().map(|list| shape((list.id, list.name))).collect())
}

fn tell_list(call: &Call<'_>, id: i64) -> Result<Reply, Error> {
    let found = all_lists(call)?.into_iter().find(|list| list.id == id);
    Reply::ok(&found.ok_or_else(|| Error::missing("list", id))?)
}

fn names(call: &Call<'_>) -> Option<Vec<String>> {
    call.opt_text("tags").map(|tags| tags.lines().map(str::to_owned).collect())
}

/// `POST /admin/tag-lists`
fn make_list(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let names = names(call).unwrap_or_default();
    let id = call.app.library.make_tag_list(&caller(call, &now), call.text("name"), &names)?;
    tell_list(call, id)
}

/// `PUT /admin/tag-lists/{list_id}`
fn change_list(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let (id, name, names) = (call.id("list_id"), call.text("name"), names(call));
    call.app.library.change_tag_list(&caller(call, &now), id, name, names.as_deref())?;
    tell_list(call, id)
}

/// `DELETE /admin/tag-lists/{list_id}`
fn remove_list(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    call.app.library.remove_tag_list(&caller(call, &now), call.id("list_id"))?;
    Reply::done()
}
