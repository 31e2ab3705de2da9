//! The way of one image request, each step one function.

use super::asked::{Asked, OVERLAY};
use super::key;
use super::locked;
use super::make::{Made, Originals, make};
use super::now::Memo;
use super::respond::Head;
use super::subject::Subject;
use crate::auth::{Identity, Level};
use crate::http::{Audience, Progress, Request, Response, Stage};
use crate::web::{App, Error, count, who};

/// `GET /image`
pub fn image(app: &App, request: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    answer(app, request, progress, Asked::read)
}

/// `GET /erez/erez` and its successors: `/image` for clients of long ago.
pub fn legacy(app: &App, request: &Request, progress: &dyn Progress) -> Result<Response, Error> {
    answer(app, request, progress, Asked::read_legacy)
}

/// Reads what a request asks for.
type Read = fn(&App, &Request, &Identity) -> Result<Asked, Error>;

fn answer(
    app: &App,
    request: &Request,
    progress: &dyn Progress,
    read: Read,
) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let mut asked = read(app, request, &identity)?;
    let audience = asked.audience(require_view(app, &identity, &asked)?);

    progress.enter(Stage::Source);
    let subject = Subject::find(app, &asked.path)?;
    asked.heed(&subject);
    let overlay = asked.overlay.as_ref().map(|path| Subject::find(app, path)).transpose();
    let overlay = overlay.map_err(|error| error.of(OVERLAY))?;
    let key = key::compose(app, &subject, overlay.as_ref(), &asked.spec)?;
    let head = Head::new(app, &key, &asked, audience);
    app.xref.call(asked.spec.delivery.xref.as_deref());
    if let Some(response) = head.unchanged(request) {
        count::picture(app, &subject, &asked.spec.delivery, &response, request, true);
        return Ok(response);
    }

    progress.enter(Stage::Cache);
    let made = match app.cache.get(&key) {
        Some(entry) => Made { entry, from_cache: true },
        None => make(
            app,
            &key,
            &asked,
            Originals { subject: &subject, overlay: overlay.as_ref() },
            progress,
        )?,
    };

    let response = head.found(made.entry.body, made.from_cache, request.received);
    count::picture(app, &subject, &asked.spec.delivery, &response, request, made.from_cache);
    app.memos.remember(app, request, &identity, Memo { asked, subject, overlay, key, head });
    Ok(response)
}

/// Fails unless the caller may view the picture and what the request lays over it, which must not lie
/// in a folder that shows its pictures only as its template has them; public is what both are.
fn require_view(app: &App, identity: &Identity, asked: &Asked) -> Result<Audience, Error> {
    let audience = who::require(app, identity, asked.path.folder(), Level::View)?;
    let Some(overlay) = asked.overlay.as_ref().filter(|_| asked.chose_overlay) else {
        return Ok(audience);
    };
    let folder = overlay.folder();
    let of_overlay = who::require(app, identity, folder, Level::View)
        .and_then(|audience| locked::require_free(app, identity, folder, audience))
        .map_err(|error| error.of(OVERLAY))?;
    Ok(if of_overlay == Audience::Public { audience } else { of_overlay })
}
