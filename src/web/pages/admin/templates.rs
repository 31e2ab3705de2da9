//! Templates: the list of them, making one, and changing one with a picture of what it does.

use serde_json::{Map, Value};

use super::{Desk, Section, enter, id_in_path};
use crate::auth::SystemPermission;
use crate::auth::templates::is_default;
use crate::db::search::Query;
use crate::db::templates::{self, Template};
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::spec::{Group, PARAMS, Param, Params, Rules, Shape};
use crate::web::api::{Now, in_query};
use crate::web::pages::frame::Frame;
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
    /// What it says, such as `Width: 200`.
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
            values: fields.iter().filter_map(|(name, field)| told(&f, name, field)).collect(),
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

/// A value as it is read; none for a field that says nothing.
fn told(f: &Frame, name: &str, field: &Value) -> Option<String> {
    let value = match &field["value"] {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let param = PARAMS.iter().find(|param| param.template().is_some_and(|row| row.name == name));
    let value = match param {
        Some(param) => f.word(param.about.name, &value),
        None => value,
    };
    let name = label(f.texts(), name).unwrap_or_else(|| name.to_owned());
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
    is_default: bool,
    here: String,
    groups: Vec<Fields>,
    pictures: Vec<String>,
    src: String,
    /// The address of the picture that shows the template as it is stored; blank for none.
    preview: String,
    side: u32,
    /// Whether the preview can be put together by a script.
    free: bool,
}

/// The parameters of a group.
struct Fields {
    title: String,
    fields: Vec<Control>,
}

/// A parameter that a template may hold.
struct Control {
    /// Its name in templates.
    name: &'static str,
    /// The name that its words go by.
    words: &'static str,
    /// Its name in addresses; blank where they do not take it.
    url: &'static str,
    doc: String,
    takes: String,
    kind: ControlKind,
    choices: Vec<&'static str>,
    default: &'static str,
    least: String,
    most: String,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum ControlKind {
    Text,
    Number,
    Choice,
    Open,
}

impl Control {
    fn is_choice(&self) -> bool {
        self.kind == ControlKind::Choice
    }

    fn is_number(&self) -> bool {
        self.kind == ControlKind::Number
    }

    fn is_open(&self) -> bool {
        self.kind == ControlKind::Open
    }
}

fn control(f: &Frame, param: &'static Param, rules: &Rules) -> Option<Control> {
    let name = param.template()?.name;
    let (mut choices, mut least, mut most) = (Vec::new(), String::new(), String::new());
    let kind = match param.shape() {
        Shape::Switch => {
            choices = vec!["true", "false"];
            ControlKind::Choice
        }
        Shape::Choice(words) => {
            choices = words;
            ControlKind::Choice
        }
        Shape::Integer { min, max } => {
            least = min.to_string();
            most = max.unwrap_or(rules.max_dimension.into()).to_string();
            ControlKind::Number
        }
        Shape::Number { min, max } => {
            (least, most) = (min.to_string(), max.to_string());
            ControlKind::Number
        }
        Shape::ChoiceOrInteger { words, .. } | Shape::ChoiceOrPoint(words) => {
            choices = words;
            ControlKind::Open
        }
        Shape::Text { .. } | Shape::Align(_) | Shape::Colour | Shape::Tile => ControlKind::Text,
    };
    Some(Control {
        name,
        words: param.about.name,
        url: if param.in_urls() { param.about.name } else { "" },
        doc: f.texts().parameter(param),
        takes: f.texts().takes(param),
        kind,
        choices,
        default: param.about.default.unwrap_or_default(),
        least,
        most,
    })
}

fn groups(f: &Frame, rules: &Rules) -> Vec<Fields> {
    let fields = |group: Group| Fields {
        title: f.texts().parameters(group),
        fields: PARAMS
            .iter()
            .filter(|param| param.about.group == group)
            .filter_map(|param| control(f, param, rules))
            .collect(),
    };
    let mut groups: Vec<Fields> = Group::ALL.into_iter().map(fields).collect();
    groups.retain(|group| !group.fields.is_empty());
    groups
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
        json: pretty(&template.json),
        name: template.name,
        description: template.description,
        groups: groups(&desk.f, &app.rules),
        src: src.to_owned(),
        pictures,
        side: PREVIEW_SIDE,
        free: app.protection.leaves_free(&desk.identity),
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
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
        let rules = Rules { max_dimension: 5000 };
        let groups = groups(&Frame::for_tests(), &rules);
        let all: Vec<&Control> = groups.iter().flat_map(|group| &group.fields).collect();
        let wanted = PARAMS.iter().filter(|param| param.template().is_some()).count();
        assert_eq!(all.len(), wanted);
        let width = all.iter().find(|control| control.url == "width").unwrap();
        assert!(width.is_number());
        assert_eq!((width.least.as_str(), width.most.as_str()), ("0", "5000"));
        let flip = all.iter().find(|control| control.url == "flip").unwrap();
        assert!(flip.is_choice() && flip.choices.contains(&"h"));
    }

    #[test]
    fn values_are_told_in_a_line() {
        let f = Frame::for_tests();
        let json = r#"{"a":{"value":5},"b":{"value":""},"width":{"value":7},"d":null}"#;
        let fields = fields(json);
        let told = fields.iter().filter_map(|(name, field)| told(&f, name, field));
        assert_eq!(told.collect::<Vec<_>>(), ["a: 5", "Width: 7"]);
    }
}
