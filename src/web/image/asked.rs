//! From a URL and a template to a complete, valid specification. No side effects.

use super::subject::format_of;
use crate::auth::Identity;
use crate::http::{Audience, Request};
use crate::source::SourcePath;
use crate::spec::{Context, ImageSpec, Params, legacy_source};
use crate::web::{App, Error};

/// What a request asks for.
pub struct Asked {
    /// Which original.
    pub path: SourcePath,
    /// What is to be made of it.
    pub spec: ImageSpec,
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
        let context = Context {
            source_format: format_of(&path),
            public_limit: app.public_limit.filter(|_| anonymous),
            default_expiry_s: app.default_expiry_s,
        };
        Ok(Self { spec: params.resolve(&context)?, path, same_for_all })
    }
}
