//! The guide to the API: its OpenAPI document, readable.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use askama::filters::{Html, Safe, escape};
use serde_json::Value;

use crate::http::{Progress, Request, Response};
use crate::web::api::openapi_json;
use crate::web::pages::frame::Frame;
use crate::web::{App, Error, client, who};

/// Where shapes stand in the document.
const SHAPES: &str = "#/components/schemas/";

/// In what order the calls of one address are listed.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

static GUIDE: LazyLock<Guide> = LazyLock::new(|| {
    let document = serde_json::from_str(&openapi_json()).unwrap_or_default();
    Guide::read(&document)
});

#[derive(Template)]
#[template(path = "help_api.html")]
struct Page {
    f: Frame,
    guide: &'static Guide,
    base_url: String,
}

/// What the document says.
struct Guide {
    groups: Vec<Calls>,
    shapes: Vec<Shape>,
}

/// The calls that are about one thing.
struct Calls {
    /// As the document has it.
    name: String,
    /// The key of what it is called.
    key: String,
    calls: Vec<Call>,
}

struct Call {
    id: String,
    method: String,
    path: String,
    title: String,
    rule: String,
    fields: Vec<Field>,
    /// What it gives; blank for nothing.
    gives: Kind,
    failures: String,
}

struct Shape {
    name: String,
    about: String,
    fields: Vec<Field>,
    /// What it is where it has no fields.
    kind: Kind,
}

struct Field {
    name: String,
    place: &'static str,
    kind: Kind,
    is_needed: bool,
    about: String,
}

/// What a value looks like: words, and the shape that they speak of.
#[derive(Default)]
struct Kind {
    text: String,
    shape: String,
}

/// `GET /help/api`
pub fn api_help(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let f = Frame::of(app, request, &identity);
    let page = Page { guide: &GUIDE, base_url: client::base_url(app, request), f };
    Ok(page.f.send(&page))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().replace('\n', " ")
}

impl Guide {
    fn read(document: &Value) -> Self {
        let mut groups: BTreeMap<String, Vec<Call>> = BTreeMap::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in METHODS.iter().filter_map(|m| Some((m, methods.get(m)?))) {
                let group = operation["tags"][0].as_str().unwrap_or_default().to_owned();
                groups.entry(group).or_default().push(Call::read(path, method, operation));
            }
        }
        let shapes = document["components"]["schemas"].as_object().into_iter().flatten();
        Self {
            groups: groups.into_iter().map(|(name, calls)| Calls::of(name, calls)).collect(),
            shapes: shapes.map(|(name, schema)| Shape::read(name, schema)).collect(),
        }
    }
}

impl Calls {
    fn of(name: String, calls: Vec<Call>) -> Self {
        // Keys of texts have no points.
        Self { key: format!("api-group-{}", name.replace('.', "-")), name, calls }
    }
}

/// A text in which names stand between backticks, as HTML.
fn marked(text: &str) -> Safe<String> {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = escape(part, Html).map(|safe| safe.to_string()).unwrap_or_default();
        html += &if at % 2 == 1 { format!("<code>{part}</code>") } else { part };
    }
    Safe(html)
}

impl Call {
    fn title(&self) -> Safe<String> {
        marked(&self.title)
    }

    fn rule(&self) -> Safe<String> {
        marked(&self.rule)
    }

    fn read(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut fields: Vec<Field> = parameters.map(Field::of_parameter).collect();
        let bodies = operation["requestBody"]["content"].as_object();
        // Bodies of all types have the same fields.
        let body = bodies.and_then(|bodies| bodies.values().next()).map(|body| &body["schema"]);
        fields.extend(body.into_iter().flat_map(|schema| fields_of(schema, "body")));
        let responses = operation["responses"].as_object();
        let mut gives = Kind::default();
        let mut failures = Vec::new();
        for (status, response) in responses.into_iter().flatten() {
            if !status.starts_with('2') {
                failures.push(status.as_str());
                continue;
            }
            let content = response["content"].as_object();
            let Some(answer) = content.and_then(|content| content.get("application/json")) else {
                continue;
            };
            let data = &answer["schema"]["properties"]["data"];
            let found = Kind::of(if data.is_null() { &answer["schema"] } else { data });
            if gives.text.is_empty() {
                gives = found;
            } else {
                gives.text = format!("{} or {}", gives.text, found.text);
            }
        }
        Self {
            id: text(operation, "operationId"),
            method: method.to_ascii_uppercase(),
            path: format!("/api/v1{path}"),
            title: text(operation, "summary"),
            rule: text(operation, "description").trim_start_matches("Permission: ").to_owned(),
            fields,
            gives,
            failures: failures.join(", "),
        }
    }
}

impl Shape {
    fn about(&self) -> Safe<String> {
        marked(&self.about)
    }

    fn read(name: &str, schema: &Value) -> Self {
        Self {
            name: name.to_owned(),
            about: text(schema, "description"),
            fields: fields_of(schema, ""),
            kind: Kind::of(schema),
        }
    }
}

/// The members of an object.
fn fields_of(schema: &Value, place: &'static str) -> Vec<Field> {
    let needed: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let members = schema["properties"].as_object().into_iter().flatten();
    let field = |(name, member): (&String, &Value)| Field {
        name: name.clone(),
        place,
        kind: Kind::of(member),
        is_needed: needed.contains(&name.as_str()),
        about: text(member, "description"),
    };
    members.map(field).collect()
}

impl Field {
    fn about(&self) -> Safe<String> {
        marked(&self.about)
    }

    fn of_parameter(parameter: &Value) -> Self {
        let place = match parameter["in"].as_str() {
            Some("path") => "path",
            Some("header") => "header",
            _ => "query",
        };
        Self {
            name: text(parameter, "name"),
            place,
            kind: Kind::of(&parameter["schema"]),
            is_needed: parameter["required"].as_bool().unwrap_or_default(),
            about: text(parameter, "description"),
        }
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        let mut kind = Self::default();
        kind.text = kind.words(schema);
        kind
    }

    /// The words for a schema; the first shape that it speaks of is noted.
    fn words(&mut self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(SHAPES)) {
            if self.shape.is_empty() {
                name.clone_into(&mut self.shape);
            }
            return name.to_owned();
        }
        if let Some(choices) = schema["enum"].as_array() {
            let shown = |choice: &Value| match choice {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return choices.iter().map(shown).collect::<Vec<_>>().join(" | ");
        }
        for several in ["anyOf", "oneOf"] {
            if let Some(parts) = schema[several].as_array() {
                let parts: Vec<String> = parts.iter().map(|part| self.words(part)).collect();
                return parts.join(" or ");
            }
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let word = |this: &mut Self, name: &str| match name {
            "array" => format!("list of {}", this.words(&schema["items"])),
            "string" => match schema["format"].as_str() {
                Some("date-time") => "time".to_owned(),
                _ => "text".to_owned(),
            },
            "integer" => "whole number".to_owned(),
            "boolean" => "true | false".to_owned(),
            other => other.to_owned(),
        };
        let words: Vec<String> = types.into_iter().map(|name| word(self, name)).collect();
        if words.is_empty() { "any".to_owned() } else { words.join(" or ") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_call_of_the_document_is_told_of() {
        let document: Value = serde_json::from_str(&openapi_json()).unwrap();
        let told: usize = GUIDE.groups.iter().map(|group| group.calls.len()).sum();
        let methods = document["paths"].as_object().unwrap().values();
        assert_eq!(told, methods.map(|methods| methods.as_object().unwrap().len()).sum::<usize>());
        let calls = GUIDE.groups.iter().flat_map(|group| &group.calls);
        let known = |name: &str| GUIDE.shapes.iter().any(|shape| shape.name == name);
        for call in calls {
            assert!(!call.title.is_empty() && !call.failures.is_empty(), "{}", call.path);
            let named = call.fields.iter().map(|field| &field.kind).chain([&call.gives]);
            for kind in named.filter(|kind| !kind.shape.is_empty()) {
                assert!(known(&kind.shape), "{}: {}", call.path, kind.shape);
            }
        }
        let failure = GUIDE.shapes.iter().find(|shape| shape.name == "Failure").unwrap();
        assert!(!failure.about.is_empty());
    }

    #[test]
    fn calls_of_an_address_are_read_before_they_are_changed() {
        let templates = GUIDE.groups.iter().find(|group| group.name == "templates").unwrap();
        let calls = templates.calls.iter().map(|call| (call.method.as_str(), call.path.as_str()));
        let one = "/api/v1/admin/templates/{template_id}/";
        let wanted = [("GET", "/api/v1/admin/templates/"), ("POST", "/api/v1/admin/templates/")];
        let wanted = wanted.into_iter().chain([("GET", one), ("PUT", one), ("DELETE", one)]);
        assert!(calls.eq(wanted));
    }

    #[test]
    fn every_group_has_a_heading() {
        let texts = crate::web::text::for_languages(None);
        for group in &GUIDE.groups {
            assert!(texts.has(&group.key), "{}", group.key);
        }
    }

    #[test]
    fn names_in_texts_are_marked() {
        for (text, html) in [
            ("plain", "plain"),
            ("with `a<b`, and `c`", "with <code>a&#60;b</code>, and <code>c</code>"),
        ] {
            assert_eq!(marked(text).0, html);
        }
    }

    #[test]
    fn values_are_told_of_in_words() {
        for (schema, words, shape) in [
            (json!({ "type": "string" }), "text", ""),
            (json!({ "type": ["string", "null"], "format": "date-time" }), "time or null", ""),
            (json!({ "enum": ["a", "b"], "type": "string" }), "a | b", ""),
            (
                json!({ "type": "array", "items": { "$ref": "#/components/schemas/Image" } }),
                "list of Image",
                "Image",
            ),
            (
                json!({ "anyOf": [{ "$ref": "#/components/schemas/User" }, { "type": "null" }] }),
                "User or null",
                "User",
            ),
            (json!({}), "any", ""),
        ] {
            let kind = Kind::of(&schema);
            assert_eq!((kind.text.as_str(), kind.shape.as_str()), (words, shape));
        }
    }
}
