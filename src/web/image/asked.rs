//! From a URL and a template to a complete, valid specification. No side effects.

use http::{StatusCode, header};

use super::subject::{Subject, format_of};
use crate::auth::Identity;
use crate::http::{Audience, Request};
use crate::pixel::Format;
use crate::source::{PathError, SourcePath};
use crate::spec::{Accepts, Context, ImageSpec, Params, Sizes};
use crate::web::protection::Pass;
use crate::web::router::SourceName;
use crate::web::{App, Error};

/// The name of the parameter that tells the overlay's path.
const OVERLAY: &str = "overlay";

/// What a request asks for.
pub struct Asked {
    /// Which original.
    pub path: SourcePath,
    /// Which other original is laid over it.
    pub overlay: Option<SourcePath>,
    /// Whether the request named that one itself: what a template lays over a picture may lie where
    /// nobody else gets it from.
    pub chose_overlay: bool,
    /// What is to be made of it.
    pub spec: ImageSpec,
    /// For how many seconds front servers may keep it at most, where its address ends.
    pub edge_s: Option<u32>,
    /// Whether it depends on what the client says that it can show.
    pub by_accept: bool,
    /// Whether everybody who asks for this is meant to get the same.
    pub same_for_all: bool,
    /// The templates that have a part in it.
    pub templates: Vec<i64>,
    /// Whether it is asked for as the templates have it.
    pub plain: bool,
}

impl Asked {
    /// Reads the parameters. `source` tells which original the name in `src` means.
    pub fn read(
        app: &App,
        request: &Request,
        identity: &Identity,
        pass: Pass,
        source: SourceName,
    ) -> Result<Self, Error> {
        let url = Params::from_query(&request.query, &app.rules)?;
        let src = url.src.as_ref().ok_or_else(|| Error::parameter("src", "must be given"))?;
        let path = SourcePath::parse(source(&src.value))?;
        let rights = app.store.rights()?;
        let folder_templates = rights.templates(identity, path.folder());
        let anonymous = *identity == Identity::Anonymous;
        let same_for_all = app.protection.is_for_all(pass)
            && (anonymous
                || app.public_limit.is_none()
                    && folder_templates == rights.templates(&Identity::Anonymous, path.folder()));
        let plain = url.changes_no_template();
        let (params, templates) = app.templates.under(&app.store, url, folder_templates)?;
        let sizes = app.protection.sizes(pass);
        let context = context(app, request, &path, anonymous, sizes);
        let by_accept = params.leaves_format_open();
        let chose_overlay = params.asks_for_overlay();
        let mut spec = params.resolve(&context)?;
        app.profiles.complete(&mut spec.recipe)?;
        let overlay = spec.overlay.as_deref().map(overlay_path).transpose()?;
        Ok(Self {
            path,
            overlay,
            chose_overlay,
            spec,
            edge_s: None,
            by_accept,
            same_for_all,
            templates,
            plain,
        })
    }

    /// Who may keep the answer, when `audience` may see the picture.
    pub fn audience(&self, audience: Audience) -> Audience {
        if self.same_for_all { audience } else { Audience::Private }
    }

    /// Has the answer kept no longer than its address is good, in seconds since 1970, by clients and by front
    /// servers, which keep answers for `edge_s` at most. What comes from a front server in the last moment
    /// is kept by clients as long as what came first: so that the two add up to what is left. Tells until
    /// when the same can be said of it.
    pub fn end_with(&mut self, expires_s: Option<i64>, edge_s: u32, now_s: i64) -> Option<i64> {
        let expires_s = expires_s?;
        let left_s = expires_s.saturating_sub(now_s).max(1);
        let expiry_s = &mut self.spec.delivery.expiry_s;
        let until_s = expires_s.saturating_sub((*expiry_s).max(0)).saturating_sub(edge_s.into());
        let most_s = if *expiry_s > 0 { left_s / 2 } else { left_s };
        let edge_s = edge_s.min(u32::try_from(most_s).unwrap_or(u32::MAX));
        if *expiry_s > 0 {
            *expiry_s = (*expiry_s).min(left_s - i64::from(edge_s));
        }
        self.edge_s = Some(edge_s);
        Some(until_s)
    }

    /// The image that a request counts for, unless it says that it is not to be counted.
    pub fn counts_for(&self, subject: &Subject) -> Option<i64> {
        self.spec.delivery.record_stats.then_some(subject.id)
    }

    /// Takes up what is stored of the original, as far as it was asked for.
    pub fn heed(&mut self, subject: &Subject) {
        if self.spec.recipe.uses_focus() {
            self.spec.recipe.focus = subject.focus;
        }
    }
}

/// What the parameters of a request for a picture mean depends on this. `anonymous` says whether nobody is signed
/// in, `sizes` which sizes may be asked for.
pub fn context<'a>(
    app: &App,
    request: &Request,
    path: &SourcePath,
    anonymous: bool,
    sizes: Option<&'a Sizes>,
) -> Context<'a> {
    let source_format = format_of(path);
    Context {
        source_format,
        paper: source_format.is_none_or(Format::is_paper),
        public_limit: app.public_limit.filter(|_| anonymous),
        sizes,
        default_expiry_s: app.default_expiry_s,
        accepts: accepts(request),
        max_dimension: app.rules.max_dimension,
        upright: app.engine.sets_upright(),
    }
}

/// The class of the client that sent a request.
pub fn accepts(request: &Request) -> Accepts {
    Accepts::of(request.headers.get_all(header::ACCEPT).iter().map(|value| value.as_bytes()))
}

/// What has gone wrong with the overlay. Where it lies is not told: a template may have it from a folder that the
/// caller does not know.
pub(super) fn of_overlay(error: Error) -> Error {
    match error.status() {
        StatusCode::NOT_FOUND => error.saying(format!("{OVERLAY}: there is no such picture")),
        _ => error.of(OVERLAY),
    }
}

fn overlay_path(text: &str) -> Result<SourcePath, Error> {
    SourcePath::parse(text).map_err(|error| match error {
        PathError::Outside => of_overlay(error.into()),
        PathError::Missing | PathError::Invalid(_) => Error::parameter(OVERLAY, error),
    })
}
