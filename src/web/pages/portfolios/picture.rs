//! What is done to one picture in a portfolio. The form asks for this page again with other parameters, which
//! shows what would come of them; what is kept is what the page shows then.

use askama::Template;
use serde_json::{Map, Value};

use super::{address, find_own, segment, small};
use crate::auth::Level;
use crate::db::folio_images::{self, FolioImage};
use crate::http::{Progress, Request, Response};
use crate::spec::{Group, PARAMS, Param, Params, Shape};
use crate::web::api::folios::query_of;
use crate::web::api::in_query;
use crate::web::pages::frame::{Frame, with_value};
use crate::web::pages::publish::{ALL_OF_IT, KEPT_OF_WHOLE, WHOLE_SIDE};
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// The side of the picture on the page, in pixels.
const SIDE: u32 = 900;

/// In the query when what stands in it counts, and not what is kept.
const TRIED: &str = "try";

#[derive(Template)]
#[template(path = "portfolio_picture.html")]
struct Change {
    f: Frame,
    folio_id: i64,
    folio_name: String,
    edit_href: String,
    here: String,
    image_id: i64,
    name: String,
    filename: String,
    details_href: String,
    src: String,
    /// The address of the picture that a part of it is chosen in.
    whole: String,
    query: String,
    json: String,
    /// What is wrong with what was tried.
    fault: String,
    groups: Vec<Controls>,
}

/// The controls of a group of parameters.
struct Controls {
    title: String,
    is_open: bool,
    controls: Vec<Control>,
}

/// The control of a parameter.
struct Control {
    name: &'static str,
    about: String,
    value: String,
    /// What can be chosen; none where it is typed.
    words: Vec<&'static str>,
    is_number: bool,
    min: String,
    max: String,
    step: &'static str,
}

/// `GET /portfolios/{human_id}/images/{image_id}`
pub fn picture(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find_own(app, request)?;
    let id = segment(request, 3).parse().map_err(|_| Error::not_found())?;
    let image = folio_images::find(&app.db, folio.id, id)?.ok_or_else(Error::not_found)?;
    let view = &image.image;
    who::require(app, &identity, &view.folder.path, Level::View)?;
    let form = Form::of_query(request)?;
    let f = Frame::of(app, request, &identity);
    let (params, fault) = wanted(app, &f, &form, &image)?;
    let json = merged(&image.parameters, &params);
    let query = query_of(&json);
    let tried = |name: &str| form.text(TRIED).and_then(|_| form.text(name));
    let page = Change {
        folio_id: folio.id,
        edit_href: address(&folio, "edit"),
        here: address(&folio, &format!("images/{}", view.id)),
        image_id: view.id,
        name: view.file_name().to_owned(),
        filename: image.filename.clone(),
        details_href: with_value("/details", "src", &view.path),
        src: small(app, &query, &view.path, SIDE),
        whole: small(app, &whole(&params), &view.path, WHOLE_SIDE),
        query,
        json,
        groups: groups(&f, &params, &tried),
        fault,
        folio_name: folio.name,
        f,
    };
    Ok(page.f.send(&page))
}

/// The picture as it is turned, and all of it, as a query.
fn whole(params: &Params) -> String {
    let kept = offered().filter(|param| KEPT_OF_WHOLE.contains(&param.about.name));
    let turned = kept.filter_map(|param| Some((param.about.name, param.text(params)?)));
    let all = ALL_OF_IT.map(|(name, text)| (name, text.to_owned()));
    let pair = |(name, text): (&str, String)| format!("{name}={}", in_query(&text));
    turned.chain(all).map(pair).collect::<Vec<_>>().join("&")
}

/// The parameters that a portfolio may hold of a picture: those of templates but for how it is sent.
fn offered() -> impl Iterator<Item = &'static Param> {
    PARAMS.iter().filter(|param| {
        param.in_urls() && param.template().is_some() && param.about.group != Group::Delivery
    })
}

/// What is tried, or kept; and what is wrong with it.
fn wanted(
    app: &App,
    f: &Frame,
    form: &Form,
    image: &FolioImage,
) -> Result<(Params, String), Error> {
    let kept = || Params::from_template_json(&image.parameters, &app.rules).unwrap_or_default();
    if form.text(TRIED).is_none() {
        return Ok((kept(), String::new()));
    }
    let pairs = offered().filter_map(|param| {
        let name = param.about.name;
        form.text(name).map(|value| (name, value))
    });
    let read = Params::from_pairs(pairs, &app.rules).map_err(Error::from).and_then(|params| {
        // What cannot stand together is found where it is kept, too.
        let json = params.to_template_json().to_string();
        Params::from_template_json(&json, &app.rules).map_err(Error::from)
    });
    match read {
        Ok(params) => Ok((params, String::new())),
        Err(error) => Ok((kept(), error.in_words(f.texts()))),
    }
}

/// What a parameter does, in short; the guide has all of it.
fn first_sentence(doc: &str) -> String {
    doc.split_once(". ").map_or_else(|| doc.to_owned(), |(first, _)| format!("{first}."))
}

/// What is kept then: what is kept now of all that is not offered here, and these.
fn merged(kept: &str, params: &Params) -> String {
    let mut fields: Map<String, Value> = serde_json::from_str(kept).unwrap_or_default();
    for param in offered() {
        let names = param.template().into_iter().flat_map(|template| {
            std::iter::once(template.name).chain(template.aliases.iter().copied())
        });
        for name in names.chain([param.about.name]).chain(param.about.aliases.iter().copied()) {
            fields.remove(name);
        }
    }
    if let Value::Object(new) = params.to_template_json() {
        fields.extend(new);
    }
    Value::Object(fields).to_string()
}

fn groups<'a>(
    f: &Frame,
    params: &Params,
    tried: &impl Fn(&str) -> Option<&'a str>,
) -> Vec<Controls> {
    let group = |group: Group| {
        let of_group = offered().filter(|param| param.about.group == group);
        let controls: Vec<Control> =
            of_group.map(|param| Control::of(f, param, params, tried(param.about.name))).collect();
        let is_open =
            group == Group::Size || controls.iter().any(|control| !control.value.is_empty());
        Controls { title: f.texts().parameters(group), is_open, controls }
    };
    Group::ALL.into_iter().map(group).filter(|group| !group.controls.is_empty()).collect()
}

impl Control {
    fn of(f: &Frame, param: &Param, params: &Params, tried: Option<&str>) -> Self {
        let (mut words, mut bounds, mut step) = (Vec::new(), None, "");
        match param.shape() {
            Shape::Switch => words = vec!["1", "0"],
            Shape::Choice(choices) => words = choices,
            Shape::Integer { min, max } => {
                bounds = Some((min.to_string(), max.map(|max| max.to_string())));
                step = "1";
            }
            Shape::Number { min, max } => {
                bounds = Some((min.to_string(), Some(max.to_string())));
                step = "any";
            }
            _ => {}
        }
        let value = tried.map(str::to_owned).or_else(|| param.text(params));
        let (min, max) = bounds.clone().unwrap_or_default();
        Self {
            name: param.about.name,
            about: first_sentence(&f.texts().parameter(param)),
            value: value.unwrap_or_default(),
            words,
            is_number: bounds.is_some(),
            min,
            max: max.unwrap_or_default(),
            step,
        }
    }

    /// Whether a word is the value; the letters of words may be large or small.
    fn is(&self, word: &str) -> bool {
        self.value.eq_ignore_ascii_case(word)
    }

    /// Whether it says yes or no.
    fn is_switch(&self) -> bool {
        self.words == ["1", "0"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_chosen_of_all_of_the_picture_as_it_is_turned() {
        let rules = crate::spec::Rules::default();
        let pairs = [("angle", "90"), ("flip", "h"), ("left", "0.25"), ("width", "50")];
        let params = Params::from_pairs(pairs, &rules).unwrap();
        let query = whole(&params);
        assert!(query.contains("flip=h") && query.contains("angle=90"), "{query}");
        assert!(query.ends_with("left=0&top=0&right=1&bottom=1&ovsize=0"), "{query}");
        assert!(!query.contains("0.25") && !query.contains("width"), "{query}");
    }

    #[test]
    fn what_is_not_offered_stays() {
        let kept = r#"{"expiry_secs":{"value":60},"dpi":{"value":72},"width":{"value":5}}"#;
        let rules = crate::spec::Rules::default();
        let params = Params::from_pairs([("angle", "90")], &rules).unwrap();
        let json: Value = serde_json::from_str(&merged(kept, &params)).unwrap();
        let expected = serde_json::json!({
            "expiry_secs": { "value": 60 },
            "rotation": params.to_template_json()["rotation"],
        });
        assert_eq!(json, expected);
        assert!(offered().count() > 20);
        assert!(offered().all(|param| !["src", "tile", "tmp", "xref"].contains(&param.about.name)));
    }
}
