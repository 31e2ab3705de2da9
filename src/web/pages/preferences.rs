//! What a visitor likes, kept in cookies that name nobody: light or dark, grid or list.

use http::{HeaderValue, StatusCode, header};

use super::frame::lasting_cookie;
use crate::http::{Progress, Request, Response};
use crate::web::sign_in::{Form, next, session};
use crate::web::{App, Error};

const THEME: &str = "halftone_theme";
const KEYS: &str = "halftone_keys";
const VIEW: &str = "halftone_view";

/// The theme that was chosen; blank when the system is to decide.
pub fn theme(request: &Request) -> &'static str {
    match chosen(request, THEME) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "",
    }
}

/// Whether single keys do something (WCAG 2.2, 2.1.4): unless it was chosen that they do not.
pub fn has_keys(request: &Request) -> bool {
    chosen(request, KEYS) != Some("off")
}

/// Whether folders are shown as lists: as the query says, else as it was chosen before.
pub fn is_list(request: &Request, query: &Form) -> bool {
    match query.text("view") {
        Some(view) => view == "list",
        None => chosen(request, VIEW) == Some("list"),
    }
}

/// Keeps the view that a query asks for.
pub fn keep_view(app: &App, request: &Request, query: &Form, response: &mut Response) {
    let Some(view @ ("list" | "grid")) = query.text("view") else { return };
    if let Some(cookie) = lasting_cookie(app, request, VIEW, view) {
        response.headers.append(header::SET_COOKIE, cookie);
    }
}

fn chosen<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    session::cookies(&request.headers, name).next()
}

/// `POST /preferences`. Nothing but the look changes, so that no proof of where it comes from is asked.
pub fn preferences(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let form = Form::of_body(request)?;
    let (cookie, value) = match (form.text("theme"), form.text("keys")) {
        (None, Some(keys @ ("on" | "off"))) => (KEYS, keys),
        (None, Some(_)) => return Err(Error::parameter("keys", "must be on or off")),
        (Some(theme @ ("system" | "light" | "dark")), _) => (THEME, theme),
        _ => return Err(Error::parameter("theme", "must be one of system, light, dark")),
    };
    let query = Form::of_query(request)?;
    let next = next::checked(app, request, query.text("next").unwrap_or("/"))?;
    let mut response = Response::new(StatusCode::SEE_OTHER)
        .header(header::LOCATION, next::location(&next)?)
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = lasting_cookie(app, request, cookie, value) {
        response.headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
