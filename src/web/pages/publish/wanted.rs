//! What a query asks for, and what the templates say before it: values, faults, locks, the address that comes of it.

use crate::auth::Identity;
use crate::http::Request;
use crate::pixel::{self, result_size};
use crate::source::SourcePath;
use crate::spec::{ImageSpec, PARAMS, Param, ParamError, Params, query_pairs};
use crate::web::image::context;
use crate::web::pages::controls::Said;
use crate::web::pages::frame::{Frame, given};
use crate::web::sign_in::Form;
use crate::web::templates::TemplateLayer;
use crate::web::{App, Error};

/// A name and its text, as they stand in an address.
pub type Pair = (&'static str, String);

/// A picture as it is asked for.
pub struct Wanted {
    /// What is asked for, without what cannot be used.
    pub given: Params,
    /// What the templates say.
    pub base: Params,
    /// Both together.
    pub whole: Params,
    /// The templates, the nearest first.
    pub layers: Vec<TemplateLayer>,
    /// All that is wrong.
    pub faults: Vec<ParamError>,
    /// What is to be said of the picture to those who do not see it, where that is given; it may be blank.
    pub alt: Option<String>,
    /// What is to be done; none when anything is wrong.
    pub spec: Option<ImageSpec>,
}

impl Wanted {
    /// Reads the query of a request about a picture. `signed` says whether the address will be signed, which
    /// frees it from the bounds on sizes.
    pub fn of(
        app: &App,
        request: &Request,
        identity: &Identity,
        path: &SourcePath,
        signed: bool,
    ) -> Result<Self, Error> {
        let (mut given, mut faults) =
            Params::from_query_with_faults(&request.query, &app.rules, Param::in_urls);
        let folder = app.store.rights()?.templates(identity, path.folder());
        let templates = app.store.templates()?;
        if given.tmp.as_ref().is_some_and(|named| templates.get(&named.value).is_none()) {
            let reason = "there is no template of this name".to_owned();
            faults.push(ParamError { name: "tmp", reason });
            given.tmp = None;
        }
        let named = given.tmp.as_ref().map(|named| named.value.as_str());
        let layers = app.templates.layers(&app.store, named, folder)?;
        let over =
            |params: Params| layers.iter().fold(params, |params, layer| params.over(&layer.params));
        let mut wanted = Self {
            base: over(Params::default()),
            whole: over(given.clone()),
            given,
            faults,
            alt: alt(&request.query),
            spec: None,
            layers,
        };
        let anonymous = *identity == Identity::Anonymous;
        let sizes = app.protection.sizes.as_ref().filter(|_| !signed);
        let context = context(app, request, path, anonymous, sizes);
        match wanted.whole.resolve(&context) {
            Ok(mut spec) => match app.profiles.complete(&mut spec.recipe) {
                Ok(()) if wanted.faults.is_empty() => wanted.spec = Some(spec),
                Ok(()) => {}
                Err(pixel::Error::Parameter { name, reason }) => {
                    wanted.faults.push(ParamError { name, reason });
                }
                Err(error) => return Err(error.into()),
            },
            Err(fault) => wanted.faults.push(fault),
        }
        Ok(wanted)
    }

    /// What is wrong with a parameter, in words; blank for nothing.
    pub fn fault(&self, name: &str) -> String {
        let found = self.faults.iter().find(|fault| fault.name == name);
        found.map(|fault| fault.reason.clone()).unwrap_or_default()
    }

    /// What the page has of a parameter; nothing of those that name picture and template.
    pub fn said(&self, f: &Frame, form: &Form, param: &Param) -> Option<Said> {
        let name = param.about.name;
        if !param.in_urls() || matches!(name, "src" | "tmp") {
            return None;
        }
        let locked_by = self.locked_by(name);
        let by_template = param.text(&self.base);
        Some(Said {
            value: match locked_by.is_empty() {
                true => given(form, name).to_owned(),
                false => by_template.clone().unwrap_or_default(),
            },
            by_template,
            locked_by,
            fault: f.texts().sentence_or_same(&self.fault(name)),
            field: None,
        })
    }

    /// The name of the template that has a parameter locked; blank for none.
    fn locked_by(&self, name: &str) -> String {
        let found = self.layers.iter().rev().find(|layer| layer.params.lock(name));
        found.map(|layer| layer.name.clone()).unwrap_or_default()
    }

    /// What stands in the address: all that is given, but for what is locked, and for what holds anyway where the
    /// templates do not say otherwise.
    pub fn pairs(&self) -> Vec<Pair> {
        let pair = |param: &'static Param| {
            let (name, text) = (param.about.name, param.text(&self.given)?);
            let usual = param.about.default.and_then(|text| param.canonical(text));
            let holds_anyway = usual.as_ref() == Some(&text) && param.text(&self.base).is_none();
            (!self.base.lock(name) && !holds_anyway).then_some((name, text))
        };
        PARAMS.iter().filter(|param| param.in_urls()).filter_map(pair).collect()
    }

    /// Width and height of the result, where they can be told from those of the picture.
    pub fn size(&self, picture: Option<(i64, i64)>) -> Option<(u32, u32)> {
        let (width, height) = picture?;
        let picture = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        result_size(picture, &self.spec.as_ref()?.recipe)
    }
}

fn alt(query: &[u8]) -> Option<String> {
    let (_, text) = query_pairs(query).find(|(name, _)| name.as_ref() == b"alt")?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The pairs with others in their place: a text, or none to take one out.
pub fn with(pairs: &[Pair], changes: &[(&'static str, Option<String>)]) -> Vec<Pair> {
    let mut changed = pairs.to_vec();
    for (name, text) in changes {
        let at = changed.iter().position(|(known, _)| known == name);
        match (at, text) {
            (Some(at), Some(text)) => changed[at].1.clone_from(text),
            (Some(at), None) => drop(changed.remove(at)),
            (None, Some(text)) => changed.push((name, text.clone())),
            (None, None) => {}
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_may_be_said_to_need_no_words() {
        assert_eq!(alt(b"src=a&alt=A+%22b%22").as_deref(), Some("A \"b\""));
        assert_eq!(alt(b"alt=&src=a").as_deref(), Some(""));
        assert_eq!(alt(b"src=a"), None);
    }

    #[test]
    fn pairs_are_changed_in_their_place() {
        let pairs = vec![("src", "a.jpg".to_owned()), ("width", "90".to_owned())];
        let text = |text: &str| Some(text.to_owned());
        let changed = with(&pairs, &[("width", text("45")), ("dpr", text("2")), ("tile", None)]);
        let shown: Vec<_> = changed.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(shown, ["src=a.jpg", "width=45", "dpr=2"]);
        assert_eq!(with(&pairs, &[("width", None)]).len(), 1);
    }
}
