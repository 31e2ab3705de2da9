//! Calls of the API by forms of our own pages, for browsers without scripts: posted to
//! `/do/METHOD/PATH`. What was done is answered by leading on to a page, so that nobody does it twice by loading that
//! page again: to one of its own where something is given but once (`shown` in the query). A failure is answered by a
//! page that tells of it, or of what came of each of many things where some failed.
//!
//! The same rows, checks and handlers answer as for programs; only what comes of it is told otherwise.

use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::endpoint::{Access, Endpoint, Field, Kind, Place};
use super::table::{self, Found};
use crate::http::{Body, Request, Response};
use crate::web::pages::{
    error_page_leading_to, lead_to_once, outcome, overtaken, renamed, table_anew,
};
use crate::web::sign_in::{Form, next};
use crate::web::{App, Error};

/// Where forms are posted to.
const PREFIX: &str = "/do/";

const WORD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-');

/// The method and the path below the version that a form means; none for other addresses.
pub fn below(path: &str) -> Option<(Method, &str)> {
    let rest = path.strip_prefix(PREFIX)?;
    let at = rest.find('/')?;
    let method = match &rest[..at] {
        "post" => Method::POST,
        "put" => Method::PUT,
        "patch" => Method::PATCH,
        "delete" => Method::DELETE,
        _ => return None,
    };
    Some((method, &rest[at..]))
}

/// Whether a form may call an address: not where the call itself shows who calls, and not where its body
/// is no form.
pub fn may_call(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.access, Access::Credentials(_)) && !endpoint.takes_bytes()
}

/// What a form of a page may say.
pub struct FormRow {
    /// What it does, in a few words.
    pub title: &'static str,
    /// Its fields.
    pub fields: Vec<&'static str>,
    /// Those of them that are kept nowhere.
    pub secrets: Vec<&'static str>,
}

/// The form that is posted to a path, as it was sent; none for other addresses.
pub fn form_at(path: &str) -> Option<FormRow> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let (method, path) = below(&path)?;
    let Found::Endpoint(endpoint, _) = table::find(&method, path) else { return None };
    let names = |wanted: fn(&Field) -> bool| -> Vec<&'static str> {
        let fields = endpoint.fields.iter().filter(|field| field.place == Place::Usual);
        fields.filter(|field| wanted(field)).map(|field| field.name).collect()
    };
    may_call(endpoint).then(|| FormRow {
        title: endpoint.title,
        fields: names(|_| true),
        secrets: names(|field| matches!(field.kind, Kind::Password) || field.name == "code"),
    })
}

/// What a browser is sent for the outcome of a call.
pub fn page(app: &App, request: &Request, result: Result<Response, Error>) -> Response {
    let lead = |request: &Request| -> Result<(String, Form), Error> {
        let query = Form::of_query(request)?;
        let next = next::checked(app, request, query.text("next").unwrap_or("/"))?;
        Ok((next, query))
    };
    let (next, query) = match lead(request) {
        Ok(lead) => lead,
        Err(error) => return error_page_leading_to(app, request, &error, "/"),
    };
    let error = match result {
        Ok(response) if response.status.is_success() => {
            let told = query.text("shown").and_then(|member| {
                let data = &answer_of(&response)?["data"];
                lead_to_once(app, request, (data, member), &next)
            });
            match told {
                None => {
                    let data = answer_of(&response).map(|told| told["data"].clone());
                    let data = data.unwrap_or_default();
                    let stored = renamed(request, &data);
                    let named = query.text("tell").and_then(|name| data.get(name)?.as_str());
                    let told = [
                        ("done", query.text("done").unwrap_or_default()),
                        ("stored", stored.as_str()),
                        ("told", named.unwrap_or_default()),
                    ];
                    return see_other(&next, &told);
                }
                Some(Ok(response)) => return response,
                Some(Err(error)) => error,
            }
        }
        Ok(response) => {
            let told = answer_of(&response).and_then(|told| {
                let data = &told["data"];
                overtaken(app, request, data, &next)
                    .or_else(|| table_anew(app, request, data, &next))
                    .or_else(|| outcome(app, request, (response.status, data), &next))
            });
            match told {
                Some(page) => return page,
                None => Error::client(response.status, message_of(&response)),
            }
        }
        Err(error) => error,
    };
    error.log(&crate::web::subject(app, request));
    error_page_leading_to(app, request, &error, &next)
}

/// Leads from the address of a form to the page that it leads to. Where a page told of a failure the address bar has
/// that address, and whoever goes to it once more asks for nothing to be done.
///
/// # Errors
/// 404 where there is no such form, 400 where it would lead away.
pub fn leave(app: &App, request: &Request) -> Result<Response, Error> {
    form_at(&request.path).ok_or_else(Error::not_found)?;
    let query = Form::of_query(request)?;
    let next = next::checked(app, request, query.text("next").unwrap_or("/"))?;
    Ok(see_other(&next, &[]))
}

/// Leads on to a page, which is told these of what was done, unless they are blank.
fn see_other(next: &str, told: &[(&str, &str)]) -> Response {
    let location = HeaderValue::try_from(telling(next, told));
    Response::new(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location.unwrap_or(HeaderValue::from_static("/")))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The address of a page that is told these of what was done, unless they are blank.
pub fn telling(next: &str, told: &[(&str, &str)]) -> String {
    let (next, fragment) = next.split_once('#').unwrap_or((next, ""));
    let mut address = next.to_owned();
    for (name, text) in told.iter().filter(|(_, text)| !text.is_empty()) {
        let sign = if address.contains('?') { '&' } else { '?' };
        address.push_str(&format!("{sign}{name}={}", utf8_percent_encode(text, WORD)));
    }
    let hash = if fragment.is_empty() { "" } else { "#" };
    format!("{address}{hash}{fragment}")
}

/// An answer for programs.
fn answer_of(response: &Response) -> Option<serde_json::Value> {
    match &response.body {
        Body::Bytes(bytes) => serde_json::from_slice(bytes).ok(),
        _ => None,
    }
}

/// What it says in words.
fn message_of(response: &Response) -> String {
    let told = answer_of(response);
    let message = told.as_ref().and_then(|told| told["message"].as_str());
    message.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_forms_name_method_and_path() {
        let put = below("/do/put/admin/images/5").unwrap();
        assert_eq!(put, (Method::PUT, "/admin/images/5"));
        for other in ["/do/get/list", "/do/put", "/do/", "/do", "/done/put/x", "/api/v1/list"] {
            assert!(below(other).is_none(), "{other}");
        }
    }

    #[test]
    fn what_was_done_is_told_to_the_page() {
        let location = |next, done| {
            see_other(next, &[("done", done), ("stored", "")]).headers[header::LOCATION]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(location("/a", "x-y"), "/a?done=x-y");
        assert_eq!(location("/a?b=c#d", "x"), "/a?b=c&done=x#d");
        assert_eq!(location("/a", "&z=\r\n"), "/a?done=%26z%3D%0D%0A");
        assert_eq!(location("/a", ""), "/a");
        let both = see_other("/a#b", &[("done", "x"), ("stored", "1,2")]);
        assert_eq!(both.headers[header::LOCATION], "/a?done=x&stored=1%2C2#b");
        assert_eq!(telling("/a?b", &[("told", "c/d e.jpg")]), "/a?b&told=c%2Fd%20e%2Ejpg");
    }
}
