//! Publishing portfolios as files.

use http::Method;
use serde_json::json;

use super::super::call::Call;
use super::super::endpoint::{Access, Endpoint, Kind, begins, blank, gives, must, optional};
use super::super::reply::Reply;
use super::super::time::Moment;
use super::images::parameters;
use super::shape::ExportShape;
use super::{OWNER, VIEW, owned, viewed};
use crate::db::folio_exports::{self, FolioExport, NewExport};
use crate::db::folio_history::{self, Action};
use crate::db::folios::Folio;
use crate::db::tasks::{self, NewTask};
use crate::db::{self, now_ms};
use crate::portfolio::{NotPublished, PublishPortfolio, Publisher, check_published};
use crate::web::Error;

/// How long the task's row stays: its error can be read meanwhile.
const TASK_KEPT_S: i64 = 7 * 24 * 3600;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::GET,
        path: "/portfolios/{folio_id}/exports",
        title: "List a portfolio's exports",
        access: Access::Anyone(VIEW),
        fields: &[],
        gives: gives::<Vec<ExportShape>>(),
        failures: &[403],
        handler: list,
    },
    Endpoint {
        method: Method::POST,
        path: "/portfolios/{folio_id}/exports",
        title: "Publish a portfolio as a ZIP or PDF file",
        access: Access::Anyone(
            "The portfolio's owner, or the permission admin_folios; also view permission for the \
             folders of its images, and download permission for originals.",
        ),
        fields: &[
            blank("description", Kind::Line(255), "The description of the export."),
            must("originals", Kind::Flag, "Whether to include the originals unchanged."),
            must(
                "expiry_time",
                Kind::End,
                "When the file is deleted; a date alone means the end of that day.",
            ),
            optional(
                "image_parameters",
                Kind::Json,
                "Image parameters for all images, in the same form as in templates.",
            ),
            optional(
                "format",
                Kind::Choice(&["zip", "pdf"]),
                "zip (the default), or pdf for a document with one page per image.",
            ),
        ],
        gives: begins::<ExportShape>(),
        failures: &[],
        handler: publish,
    },
    Endpoint {
        method: Method::GET,
        path: "/portfolios/{folio_id}/exports/{export_id}",
        title: "Get an export",
        access: Access::Anyone(VIEW),
        fields: &[],
        gives: gives::<ExportShape>(),
        failures: &[403],
        handler: tell,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/portfolios/{folio_id}/exports/{export_id}",
        title: "Delete an export",
        access: Access::Anyone(OWNER),
        fields: &[],
        gives: gives::<()>(),
        failures: &[],
        handler: delete,
    },
];

fn shape(call: &Call<'_>, folio: &Folio, export: &FolioExport) -> ExportShape {
    ExportShape::new(export, &folio.human_id, &call.base_url())
}

/// `GET /portfolios/{folio_id}/exports`
fn list(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = viewed(call)?;
    let exports = folio_exports::of_folio(call.db(), folio.id)?;
    let shapes: Vec<_> = exports.iter().map(|export| shape(call, &folio, export)).collect();
    Reply::ok(&shapes)
}

fn find(call: &Call<'_>, folio: &Folio) -> Result<FolioExport, Error> {
    let id = call.id("export_id");
    let found = folio_exports::by_id(call.db(), id)?.filter(|export| export.folio_id == folio.id);
    found.ok_or_else(|| Error::missing("export", id))
}

/// `GET /portfolios/{folio_id}/exports/{export_id}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = viewed(call)?;
    Reply::ok(&shape(call, &folio, &find(call, &folio)?))
}

/// `POST /portfolios/{folio_id}/exports`
fn publish(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let originals = call.flag("originals");
    let format = match call.opt_text("format") {
        Some("pdf") if originals => {
            return Err(Error::parameter("format", "a document cannot hold originals"));
        }
        Some("pdf") => "pdf",
        _ => "zip",
    };
    let keep_until_ms = call.time_ms("expiry_time").unwrap_or_default();
    if keep_until_ms <= now_ms() {
        return Err(Error::parameter("expiry_time", "must be in the future"));
    }
    let new = NewExport {
        folio_id: folio.id,
        description: call.text("description").to_owned(),
        format,
        originals,
        parameters: parameters(call)?.filter(|_| !originals).unwrap_or_else(|| "{}".into()),
        keep_until_ms,
    };
    let publisher = Publisher {
        identity: call.identity.clone(),
        rights: call.rights()?,
        templates: call.app.store.templates()?,
    };
    check_published(call.db(), &publisher, &new).map_err(|refusal| match refusal {
        NotPublished::Kept(kept) => Error::refused(kept.to_string()),
        NotPublished::Db(error) => error.into(),
    })?;
    let export = queue(call, &folio, &new)?;
    Reply::accepted(&shape(call, &folio, &export))
}

fn queue(call: &Call<'_>, folio: &Folio, new: &NewExport) -> Result<FolioExport, Error> {
    let user_id = call.user_id();
    let until = Moment(new.keep_until_ms).to_text();
    let pictures = if new.originals { "originals" } else { "made pictures" };
    let detail = format!("{} ({}, {pictures}, until {until})", new.description, new.format);
    let queued = db::atomic(call.db(), |sql| {
        let id = folio_exports::insert(sql, new)?;
        let task = NewTask {
            name: format!("Publish portfolio {}", folio.id),
            params: json!({ "export_id": id }).to_string(),
            dedupe_key: Some(format!("{}:{id}", PublishPortfolio::KIND)),
            user_id,
            max_attempts: 3,
            keep_for_s: TASK_KEPT_S,
            ..NewTask::new(PublishPortfolio::KIND)
        };
        let (task_id, _) = tasks::enqueue(sql, &task)?;
        folio_exports::set_task(sql, id, task_id)?;
        folio_history::add(sql, folio.id, user_id, Action::Published, detail.trim_start())?;
        folio_exports::by_id(sql, id)
    });
    queued?.ok_or_else(|| Error::missing("export of portfolio", folio.id))
}

/// Fails with 503 while an export is being made.
pub fn require_idle(call: &Call<'_>, export: &FolioExport) -> Result<(), Error> {
    let Some(id) = export.task_id else { return Ok(()) };
    match tasks::by_id(call.db(), id)? {
        Some(task) if task.status != tasks::COMPLETE => Err(Error::busy(5)),
        _ => Ok(()),
    }
}

/// `DELETE /portfolios/{folio_id}/exports/{export_id}`
fn delete(call: &Call<'_>) -> Result<Reply, Error> {
    let folio = owned(call)?;
    let export = find(call, &folio)?;
    require_idle(call, &export)?;
    call.app.exports.remove(&export.filename).map_err(Error::unavailable)?;
    db::atomic(call.db(), |sql| {
        folio_exports::remove(sql, export.id)?;
        let detail = &export.description;
        folio_history::add(sql, folio.id, call.user_id(), Action::Unpublished, detail)
    })?;
    Reply::done()
}
