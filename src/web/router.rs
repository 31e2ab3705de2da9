//! The one table of addresses.

use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::{App, Error, api, image, pages, sign_in};
use crate::http::{Progress, Request, Response};

/// Answers one kind of request.
pub type Handler = fn(&App, &Request, &dyn Progress) -> Result<Response, Error>;

/// One address and who answers it.
pub struct Route {
    /// The path, without a trailing slash. A `#` stands for any digits, also none, and
    /// `{name}` for a whole part between slashes.
    pub path: &'static str,
    /// The methods it takes. HEAD comes with GET, OPTIONS with all.
    pub methods: &'static [Method],
    /// Who answers.
    pub handler: Handler,
}

const GET: &[Method] = &[Method::GET];
const GET_POST: &[Method] = &[Method::GET, Method::POST];

/// Every address.
pub const ROUTES: &[Route] = &[
    Route { path: "/image", methods: GET, handler: image::image },
    Route { path: "/original", methods: GET, handler: image::original },
    Route { path: "/erez#/erez", methods: GET, handler: image::legacy },
    Route { path: "/login", methods: GET_POST, handler: sign_in::login },
    Route { path: "/logout", methods: GET_POST, handler: sign_in::logout },
    Route { path: "", methods: GET, handler: pages::home },
    Route { path: "/portfolios/{human_id}", methods: GET, handler: pages::portfolio },
    Route {
        path: "/portfolios/{human_id}/downloads/{filename}",
        methods: GET,
        handler: pages::download,
    },
    Route { path: "/static/halftone.css", methods: GET, handler: pages::stylesheet },
];

/// What a path leads to.
pub enum Found {
    /// An address of the API: its path below the version.
    Api(String),
    /// A route that takes this method.
    Route(&'static Route),
    /// A question for the methods of a route.
    Options(HeaderValue),
    /// A route that does not take this method; the methods that it takes.
    WrongMethod(HeaderValue),
    /// Nothing.
    Nothing,
}

/// Finds the route for a request.
pub fn find(request: &Request) -> Found {
    let decoded = percent_decode_str(&request.path).decode_utf8_lossy();
    let path = decoded.trim_end_matches('/');
    if let Some(below) = api::below(&decoded) {
        return Found::Api(below.to_owned());
    }
    let Some(route) = ROUTES.iter().find(|route| matches(route.path, path)) else {
        return Found::Nothing;
    };
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    if route.methods.contains(method) {
        Found::Route(route)
    } else if *method == Method::OPTIONS {
        Found::Options(allow(route))
    } else {
        Found::WrongMethod(allow(route))
    }
}

/// The answer to OPTIONS.
pub fn options(allow: HeaderValue) -> Response {
    Response::new(StatusCode::NO_CONTENT).header(header::ALLOW, allow)
}

fn allow(route: &Route) -> HeaderValue {
    let mut methods: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
    if route.methods.contains(&Method::GET) {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    HeaderValue::from_str(&methods.join(", ")).expect("method names are tokens")
}

fn matches(pattern: &str, path: &str) -> bool {
    let (wanted, parts) = (pattern.split('/'), path.split('/'));
    wanted.clone().count() == parts.clone().count()
        && wanted.zip(parts).all(|(wanted, part)| match_part(wanted, part))
}

fn match_part(wanted: &str, part: &str) -> bool {
    if wanted.starts_with('{') {
        return !part.is_empty();
    }
    match wanted.split_once('#') {
        None => wanted == part,
        Some((before, after)) => part
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_addresses_take_any_number() {
        assert!(matches("/erez#/erez", "/erez/erez"));
        assert!(matches("/erez#/erez", "/erez5/erez"));
        assert!(!matches("/erez#/erez", "/erezx/erez"));
        assert!(!matches("/erez#/erez", "/erez/image"));
        assert!(!matches("/erez#/erez", "/erez"));
    }

    #[test]
    fn names_stand_for_one_part() {
        assert!(matches("/portfolios/{human_id}", "/portfolios/spring"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios/"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios/a/b"));
    }

    #[test]
    fn no_address_stands_twice() {
        for (index, route) in ROUTES.iter().enumerate() {
            assert!(!route.path.ends_with('/'));
            assert!(ROUTES[index + 1..].iter().all(|other| other.path != route.path));
        }
    }
}
