//! Templates: the list of them, making one, and changing one with a picture of what it does.

use serde_json::{Map, Value, json};

use super::{Desk, Section, enter, id_in_path};
use crate::auth::SystemPermission;
use crate::auth::templates::is_default;
use crate::db::search::Query;
use crate::db::templates::{self, Template};
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::spec::{PARAMS, Param, Params, Rules};
use crate::web::api::{Now, in_query};
use crate::web::pages::controls::{self, ControlGroup, Known, Said};
use crate::web::pages::frame::Frame;
use crate::web::pages::worded::{called, worded};
use crate::web::sign_in::Form;
use crate::web::{App, Error, label};

/// Pictures that are offered for the preview.
const PICTURES: u32 = 60;

/// Longest side of the preview's picture, in pixels, for templates that say no size.
const PREVIEW_SIDE: u32 = 900;

#[derive(askama::Template)]
#[template(path = "admin/templates.html")]
struct List {
    f: Frame,
    sections: Vec<Section>,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    name: String,
    description: String,
    /// What it says, such as `Width: 200 px`.
    values: Vec<String>,
    locked: usize,
    is_default: bool,
}

/// `GET /admin/templates`
pub fn templates(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let row = |template: Template| -> Result<Row, Error> {
        let fields = fields(&template.json);
        let is_locked = |field: &&Value| field["locked"] == true;
        Ok(Row {
            id: template.id,
            values: in_words(&f, &template.json),
            locked: fields.values().filter(is_locked).count(),
            is_default: is_default(&app.db, &template)?,
            name: template.name,
            description: template.description,
        })
    };
    let rows: Result<Vec<_>, _> = templates::all(&app.db)?.into_iter().map(row).collect();
    let page = List { rows: rows?, sections, f };
    Ok(page.f.send(&page))
}

fn fields(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

/// What a template says, or a picture of a portfolio, which is written like one: each parameter with its value.
pub fn in_words(f: &Frame, json: &str) -> Vec<String> {
    fields(json).iter().filter_map(|(name, field)| told(f, name, field)).collect()
}

/// The text of a field's value; none for a field that says nothing.
fn text(field: &Value) -> Option<String> {
    match &field["value"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    }
}

/// A value as it is read; none for a field that says nothing.
fn told(f: &Frame, name: &str, field: &Value) -> Option<String> {
    let value = text(field)?;
    let param = PARAMS.iter().find(|param| {
        param.template().is_some() && param.names_in_templates().any(|known| known == name)
    });
    let (name, value) = match param {
        Some(param) => (called(f, param), worded(f, param, &value)),
        None => (label(f.texts(), name).unwrap_or_else(|| name.to_owned()), value),
    };
    Some(f.named("act-is", &[("name", &name), ("value", &value)]))
}

#[derive(askama::Template)]
#[template(path = "admin/template.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    /// 0 for a new one.
    id: i64,
    name: String,
    description: String,
    json: String,
    /// What stands in the fields of the form, by which it tells what has been changed.
    was: String,
    is_default: bool,
    here: String,
    groups: Vec<ControlGroup>,
    pictures: Vec<String>,
    src: String,
    /// The address of the picture that shows the template as it is stored; blank for none.
    preview: String,
    side: u32,
    /// Whether the preview can be put together by a script.
    free: bool,
}

/// What a template says of a parameter that it may hold.
fn said(fields: &Map<String, Value>, param: &Param) -> Option<Said> {
    let name = param.template()?.name;
    let field = param.names_in_templates().find_map(|name| fields.get(name));
    let text = field.and_then(text).unwrap_or_default();
    let is_locked = field.is_some_and(|field| field["locked"] == true);
    Some(Said {
        value: param.canonical(&text).unwrap_or(text),
        field: Some(controls::Field { name, is_locked }),
        ..Said::default()
    })
}

fn groups(f: &Frame, known: &Known, json: &str) -> Vec<ControlGroup> {
    let fields = fields(json);
    controls::groups(f, known, |param| said(&fields, param))
}

/// `GET /admin/templates/new`
pub fn new_template(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminAll)?;
    let blank =
        Template { id: 0, name: String::new(), description: String::new(), json: "{}".into() };
    page(app, request, desk, blank)
}

/// `GET /admin/templates/{template_id}`
pub fn template(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminAll)?;
    let id = id_in_path(request, 2)?;
    let template = templates::by_id(&app.db, id)?;
    page(app, request, desk, template.ok_or_else(|| Error::missing("template", id))?)
}

fn page(app: &App, request: &Request, desk: Desk, template: Template) -> Result<Response, Error> {
    let form = Form::of_query(request)?;
    let pictures = pictures(app, &desk)?;
    let src = form.text("src").or(pictures.first().map(String::as_str)).unwrap_or_default();
    let page = Page {
        id: template.id,
        is_default: template.id != 0 && is_default(&app.db, &template)?,
        here: match template.id {
            0 => "/admin/templates/new".to_owned(),
            id => format!("/admin/templates/{id}"),
        },
        preview: if src.is_empty() || template.id == 0 {
            String::new()
        } else {
            let query = format!("src={}&tmp={}", in_query(src), in_query(&template.name));
            app.protection.address("/image", &(query + &bounds(&template)))
        },
        was: was(&template),
        groups: groups(&desk.f, &Known::of(app, None)?, &template.json),
        json: pretty(&template.json),
        name: template.name,
        description: template.description,
        src: src.to_owned(),
        pictures,
        side: PREVIEW_SIDE,
        free: app.protection.leaves_free(&desk.identity),
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// What the form of a template has read.
fn was(template: &Template) -> String {
    let fields = json!({
        "name": template.name,
        "description": template.description,
        "template": fields(&template.json),
    });
    fields.to_string()
}

/// What bounds the preview where the template does not.
fn bounds(template: &Template) -> String {
    let rules = Rules { max_dimension: u32::MAX };
    let params = Params::from_template_json(&template.json, &rules).unwrap_or_default();
    match params.width.is_none() && params.height.is_none() {
        true => format!("&width={PREVIEW_SIDE}&height={PREVIEW_SIDE}&autosizefit=1"),
        false => String::new(),
    }
}

fn pictures(app: &App, desk: &Desk) -> Result<Vec<String>, Error> {
    let now = Now::of(app, &desk.identity);
    let caller = Caller::Somebody { rights: &now, user: desk.identity.user_id() };
    let query = Query { limit: PICTURES, ..Query::default() };
    let found = app.library.search(&caller, "", query)?;
    Ok(found.images.into_iter().map(|image| image.path).collect())
}

/// JSON as people write it.
fn pretty(json: &str) -> String {
    let value: Option<Value> = serde_json::from_str(json).ok();
    let text = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    text.unwrap_or_else(|| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_that_templates_hold_has_a_control() {
        let known = Known { size: None, pages: 0, profiles: vec!["Odd".to_owned()] };
        let json = r#"{"flip":{"value":"H"},"size_fit":{"value":true},"width":{"value":null,"locked":true},
            "left":{"value":0.25},"icc_bpc":{"value":false},"expiry_secs":{"value":60}}"#;
        let groups = groups(&Frame::for_tests(), &known, json);
        let all: Vec<_> = groups.iter().flat_map(|group| &group.controls).collect();
        let wanted = PARAMS.iter().filter(|param| param.template().is_some()).count();
        assert_eq!(all.len(), wanted);
        let of = |name: &str| *all.iter().find(|control| control.name == name).unwrap();
        // By whatever name a template has them, as the control writes them.
        for (name, value) in [
            ("flip", "h"),
            ("autosizefit", "1"),
            ("width", ""),
            ("left", "0.25"),
            ("bpc", "0"),
            ("expires", "60"),
        ] {
            assert_eq!(of(name).said.value, value, "{name}");
        }
        assert!(of("flip").options.iter().any(|choice| choice.value == "h" && choice.is_here));
        assert!(of("icc").options.iter().any(|choice| choice.label == "Odd"));
        assert_eq!((of("width").kind, of("width").min.as_str()), ("number", "0"));
        let locked = |name: &str| of(name).said.field.unwrap().is_locked;
        assert!(locked("width") && !locked("flip"));
        assert_eq!(of("autosizefit").said.field.unwrap().name, "size_fit");
        // Nothing said is not the same as what is usual.
        let switch = of("strip");
        assert!(
            switch.usual.starts_with("Not set") && switch.options.len() == 2,
            "{}",
            switch.usual
        );
        let open = groups.iter().filter(|group| group.is_open).map(|group| group.name);
        assert_eq!(open.collect::<Vec<_>>(), ["size", "part", "turn", "output", "delivery"]);
    }

    #[test]
    fn values_are_told_in_a_line() {
        let f = Frame::for_tests();
        let json = r#"{"a":{"value":5},"b":{"value":""},"width":{"value":7},"d":null,
            "flip":{"value":"H"},"expires":{"value":604800}}"#;
        let fields = fields(json);
        let told = fields.iter().filter_map(|(name, field)| told(&f, name, field));
        let told: Vec<String> = told.map(|text| text.replace('\u{a0}', " ")).collect();
        let expected =
            ["Browser cache time: 7 days", "Mirror: Left to right", "Width: 7 px", "a: 5"];
        let mut sorted = told.clone();
        sorted.sort();
        assert_eq!(sorted, expected, "{told:?}");
    }
}
