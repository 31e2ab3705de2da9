//! From a URL and a template to a complete, valid specification. No side effects.

use http::header;

use super::subject::{Subject, format_of};
use crate::auth::Identity;
use crate::http::{Audience, Request};
use crate::pixel::Format;
use crate::source::{PathError, SourcePath};
use crate::spec::{Accepts, Context, ImageSpec, Params, legacy_source};
use crate::web::{App, Error};

/// The name of the parameter that tells the overlay's path.
pub(super) const OVERLAY: &str = "overlay";

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
    /// Whether it depends on what the client says that it can show.
    pub by_accept: bool,
    /// Whether everybody who asks for this is meant to get the same.
    pub same_for_all: bool,
}

impl Asked {
    /// Reads the parameters of `/image`.
    pub fn read(app: &App, request: &Request, identity: &Identity) -> Result<Self, Error> {
        Self::resolve(app, request, identity, |src| src)
    }

    /// Reads the parameters of an old address, whose `src` may carry a `.tif` too many.
    pub fn read_legacy(app: &App, request: &Request, identity: &Identity) -> Result<Self, Error> {
        Self::resolve(app, request, identity, legacy_source)
    }

    /// Who may keep the answer, when `audience` may see the picture.
    pub fn audience(&self, audience: Audience) -> Audience {
        if self.same_for_all { audience } else { Audience::Private }
    }

    fn resolve(
        app: &App,
        request: &Request,
        identity: &Identity,
        source: fn(&str) -> &str,
    ) -> Result<Self, Error> {
        let url = Params::from_query(&request.query, &app.rules)?;
        let src = url.src.as_ref().ok_or_else(|| Error::parameter("src", "must be given"))?;
        let path = SourcePath::parse(source(&src.value))?;
        let rights = app.store.rights()?;
        let folder_templates = rights.templates(identity, path.folder());
        let anonymous = *identity == Identity::Anonymous;
        let same_for_all = anonymous
            || app.public_limit.is_none()
                && folder_templates == rights.templates(&Identity::Anonymous, path.folder());
        let params = app.templates.under(app, url, folder_templates)?;
        let source_format = format_of(&path);
        let context = Context {
            source_format,
            paper: source_format.is_none_or(Format::is_paper),
            public_limit: app.public_limit.filter(|_| anonymous),
            default_expiry_s: app.default_expiry_s,
            accepts: accepts(request),
            max_dimension: app.rules.max_dimension,
            upright: app.engine.sets_upright(),
        };
        let by_accept = params.leaves_format_open();
        let chose_overlay = params.asks_for_overlay();
        let mut spec = params.resolve(&context)?;
        app.profiles.complete(&mut spec.recipe)?;
        let overlay = spec.overlay.as_deref().map(overlay_path).transpose()?;
        Ok(Self { spec, path, overlay, chose_overlay, by_accept, same_for_all })
    }

    /// Takes up what is stored of the original, as far as it was asked for.
    pub fn heed(&mut self, subject: &Subject) {
        if self.spec.recipe.uses_focus() {
            self.spec.recipe.focus = subject.focus;
        }
    }
}

/// The class of the client that sent a request.
pub fn accepts(request: &Request) -> Accepts {
    Accepts::of(request.headers.get_all(header::ACCEPT).iter().map(|value| value.as_bytes()))
}

fn overlay_path(text: &str) -> Result<SourcePath, Error> {
    SourcePath::parse(text).map_err(|error| match error {
        PathError::Outside => Error::from(error).of(OVERLAY),
        PathError::Missing | PathError::Invalid(_) => Error::parameter(OVERLAY, error),
    })
}
