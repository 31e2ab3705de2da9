//! The OpenAPI 3.1 document, made from the table of addresses.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::endpoint::{Access, Endpoint, Field, Form, Gives, Kind, Need, Place, document};
use super::reply::Reply;
use super::table::endpoints;
use crate::auth::password::{MAX_CHARS, MIN_CHARS};
use crate::http::pieces;
use crate::web::Error;

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "/openapi.json",
    title: "Get the OpenAPI document",
    access: Access::Anyone(""),
    fields: &[],
    gives: document(),
    failures: &[],
    handler: serve,
}];

/// `GET /openapi.json`
fn serve(_call: &Call<'_>) -> Result<Reply, Error> {
    Reply::document(&build())
}

/// The document as it is checked in.
#[must_use]
pub fn openapi_json() -> String {
    let text = serde_json::to_string_pretty(&build());
    text.expect("numbers, text and maps always have a JSON form") + "\n"
}

fn build() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints() {
        let path = paths.entry(with_slash(endpoint.path)).or_insert_with(|| json!({}));
        let method = endpoint.method.as_str().to_ascii_lowercase();
        path[method] = operation(endpoint, &mut generator);
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Failure".into(), failure());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Halftone",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Every response is an object with `status`, `message` and `data`. Paths also \
                work without `/v1` and without the trailing slash.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api/v1" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "An API token or key as the user name; the password is not used.",
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token or key.",
                },
            },
        },
    })
}

/// Addresses are documented as they are commonly written: with a slash at the end.
fn with_slash(path: &str) -> String {
    if path.contains('.') { path.to_owned() } else { format!("{path}/") }
}

fn failure() -> Value {
    json!({
        "type": "object",
        "description": "The response to a failed call: its status, and what is wrong.",
        "properties": {
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "message": { "type": "string" },
            "data": { "description": "Null, except for uploads: the result for each file." },
        },
        "required": ["status", "message", "data"],
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.title,
        "tags": [tag(endpoint.path)],
        "security": security(endpoint.access),
        "responses": responses(endpoint, generator),
    });
    let rule = rule(endpoint.access);
    if !rule.is_empty() {
        operation["description"] = json!(format!("Permission: {rule}"));
    }
    let mut parameters = path_parameters(endpoint.path);
    let (in_header, usual): (Vec<&Field>, Vec<&Field>) =
        endpoint.fields.iter().partition(|field| field.place == Place::Header);
    parameters.extend(in_header.into_iter().map(|field| parameter(field, "header")));
    if !endpoint.has_body() {
        parameters.extend(usual.into_iter().map(|field| parameter(field, "query")));
    } else if endpoint.takes_bytes() {
        let needed = endpoint
            .fields
            .iter()
            .any(|field| matches!(field.kind, Kind::Bytes) && field.need != Need::Optional);
        operation["requestBody"] = bytes_body(needed);
    } else if !usual.is_empty() {
        operation["requestBody"] = body(&usual);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    operation
}

fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.split(['/', '-', '.']).filter(|word| !word.is_empty());
    let mut id = endpoint.method.as_str().to_ascii_lowercase();
    for word in words {
        id.push('_');
        id.push_str(word.trim_matches(['{', '}']));
    }
    id
}

/// The first part of a path that is not the administrator's.
fn tag(path: &str) -> &str {
    path.split('/').find(|part| !matches!(*part, "" | "admin")).unwrap_or_default()
}

fn security(access: Access) -> Value {
    match access {
        Access::Anyone(_) => json!([{}, { "token": [] }, { "bearer": [] }]),
        Access::Credentials(_) => json!([{}, { "token": [] }]),
        Access::SignedIn(_) | Access::System(..) => json!([{ "token": [] }, { "bearer": [] }]),
    }
}

fn rule(access: Access) -> String {
    match access {
        Access::Anyone(rule) | Access::Credentials(rule) | Access::SignedIn(rule) => {
            rule.to_owned()
        }
        Access::System(permission, more) => {
            format!("{}. {more}", permission.name()).trim_end().to_owned()
        }
    }
}

/// The statuses of failures that a row can have, in order.
pub fn failures(endpoint: &Endpoint) -> BTreeSet<u16> {
    // A token can be bad, and the server can fail or be busy, whatever is asked.
    let mut all: BTreeSet<u16> = [401, 500, 503].into();
    let writes = super::writes(&endpoint.method);
    if !endpoint.fields.is_empty() || writes {
        all.insert(400);
    }
    // A key that may only read cannot write.
    if writes || matches!(endpoint.access, Access::System(..)) {
        all.insert(403);
    }
    if endpoint.names_something() {
        all.insert(404);
    }
    if endpoint.has_body() {
        all.extend([413, 415]);
    }
    all.extend(endpoint.failures);
    all
}

fn responses(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let Gives { status, schema, later, form, csv } = &endpoint.gives;
    let mut responses = Map::new();
    let mut told = match form {
        Form::Wrapped => {
            let data = schema(generator).to_value();
            response(*status, &envelope(*status, &data))
        }
        Form::Document => response(*status, &schema(generator).to_value()),
        Form::Headers(names) => bare_response(*status, names),
    };
    if *csv {
        told["content"][super::csv::MEDIA_TYPE] = json!({ "schema": { "type": "string" } });
    }
    responses.insert(status.to_string(), told);
    if *later {
        let task = generator.subschema_for::<super::tasks::TaskShape>().to_value();
        responses.insert("202".into(), response(202, &envelope(202, &task)));
    }
    for status in failures(endpoint) {
        let schema = json!({ "$ref": "#/components/schemas/Failure" });
        responses.insert(status.to_string(), response(status, &schema));
    }
    Value::Object(responses)
}

fn envelope(status: u16, data: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "status": { "const": status },
            "message": { "type": "string" },
            "data": data,
        },
        "required": ["status", "message", "data"],
    })
}

fn response(status: u16, schema: &Value) -> Value {
    json!({
        "description": reason(status),
        "content": { "application/json": { "schema": schema } },
    })
}

fn bare_response(status: u16, headers: &[&str]) -> Value {
    let text = || json!({ "schema": { "type": "string" } });
    let headers: Map<String, Value> =
        headers.iter().map(|name| ((*name).to_owned(), text())).collect();
    json!({ "description": reason(status), "headers": headers })
}

fn reason(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let schema = match name.ends_with("_id") {
                true => json!({ "type": "integer", "format": "int64", "minimum": 0 }),
                false => json!({ "type": "string", "minLength": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect()
}

fn parameter(field: &Field, place: &str) -> Value {
    json!({
        "name": field.name,
        "in": place,
        "description": field.about,
        "required": field.need == Need::Must,
        "schema": field_schema(field),
    })
}

fn bytes_body(needed: bool) -> Value {
    let media = json!({ "schema": { "type": "string", "format": "binary" } });
    json!({ "required": needed, "content": { pieces::MEDIA_TYPE: media } })
}

fn body(fields: &[&Field]) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut schema = field_schema(field);
            schema["description"] = json!(field.about);
            (field.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.need != Need::Optional)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let media = json!({ "schema": schema });
    let has_files = fields.iter().any(|field| matches!(field.kind, Kind::Files));
    let content = match has_files {
        true => json!({ "multipart/form-data": media }),
        false => json!({
            "application/json": media,
            "application/x-www-form-urlencoded": media,
            "multipart/form-data": media,
        }),
    };
    json!({ "required": !required.is_empty(), "content": content })
}

fn field_schema(field: &Field) -> Value {
    let least = usize::from(field.need == Need::Must);
    match field.kind {
        Kind::Line(most) | Kind::Text(most) => {
            json!({ "type": "string", "minLength": least, "maxLength": most })
        }
        Kind::Password => json!({
            "type": "string", "format": "password", "minLength": MIN_CHARS, "maxLength": MAX_CHARS,
        }),
        Kind::Whole(least, most) => {
            let mut schema = json!({ "type": "integer", "format": "int64", "minimum": least });
            if most < i64::MAX {
                schema["maximum"] = json!(most);
            }
            schema
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        Kind::Json => json!({ "type": "object" }),
        Kind::Time | Kind::End => json!({
            "type": "string",
            "anyOf": [{ "format": "date" }, { "format": "date-time" }],
        }),
        Kind::Bytes => json!({ "type": "string", "format": "binary" }),
        Kind::Files => json!({
            "type": "array",
            "items": { "type": "string", "contentMediaType": "application/octet-stream" },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_document_is_current() {
        let path = format!("{}/docs/reference/openapi.json", env!("CARGO_MANIFEST_DIR"));
        let checked_in = std::fs::read_to_string(path).unwrap();
        assert!(checked_in == openapi_json(), "run `halftone docs`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = build();
        let text = document.to_string();
        let references = text.split("\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut count = 0;
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
            count += 1;
        }
        assert!(count > 100, "only {count} references");
    }
}
