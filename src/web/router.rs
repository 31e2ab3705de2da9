//! The one table of addresses.

use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;

use super::{App, Error, api, assets, health, image, metrics, pages, sign_in};
use crate::http::{Progress, Request, Response};
use crate::spec::legacy_source;

/// Answers one kind of request.
pub enum Handler {
    /// At once.
    Plain(Plain),
    /// With a picture, which may have to be made, from the original that `src` means at this address.
    Picture(SourceName),
}

/// The original that a name stands for.
pub type SourceName = for<'a> fn(&'a str) -> &'a str;

/// Answers a request at once.
pub type Plain = fn(&App, &Request, &dyn Progress) -> Result<Response, Error>;

/// One address and who answers it.
pub struct Route {
    /// The path, without a trailing slash. A `#` stands for any digits, also none, and
    /// `{name}` for a whole part between slashes; `{name..}` at the end for one or more.
    pub path: &'static str,
    /// The methods it takes. HEAD comes with GET, OPTIONS with all.
    pub methods: &'static [Method],
    /// Who answers.
    pub handler: Handler,
}

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const GET_POST: &[Method] = &[Method::GET, Method::POST];

/// Every address.
pub const ROUTES: &[Route] = &[
    Route { path: "/image", methods: GET, handler: Handler::Picture(|src| src) },
    Route { path: "/original", methods: GET, handler: Handler::Plain(image::original) },
    Route { path: "/erez#/erez", methods: GET, handler: Handler::Picture(legacy_source) },
    Route { path: "/login", methods: GET_POST, handler: Handler::Plain(sign_in::login) },
    Route { path: "/logout", methods: GET_POST, handler: Handler::Plain(sign_in::logout) },
    Route { path: "", methods: GET, handler: Handler::Plain(pages::home) },
    Route { path: "/browse", methods: GET, handler: Handler::Plain(pages::browse) },
    Route { path: "/browse/delete", methods: GET, handler: Handler::Plain(pages::delete_folder) },
    Route { path: "/details", methods: GET, handler: Handler::Plain(pages::details) },
    Route { path: "/publish", methods: GET, handler: Handler::Plain(pages::publish) },
    Route { path: "/search", methods: GET, handler: Handler::Plain(pages::search) },
    Route { path: "/upload", methods: GET, handler: Handler::Plain(pages::upload) },
    Route { path: "/account", methods: GET, handler: Handler::Plain(pages::account) },
    Route { path: "/once", methods: GET, handler: Handler::Plain(pages::once) },
    Route { path: "/table", methods: GET_POST, handler: Handler::Plain(pages::table) },
    Route { path: "/help", methods: GET, handler: Handler::Plain(pages::help) },
    Route { path: "/help/api", methods: GET, handler: Handler::Plain(pages::api_help) },
    Route { path: "/help/viewers", methods: GET, handler: Handler::Plain(pages::viewers_help) },
    Route { path: "/about", methods: GET, handler: Handler::Plain(pages::about) },
    Route { path: "/preferences", methods: POST, handler: Handler::Plain(pages::preferences) },
    Route { path: "/basket", methods: GET, handler: Handler::Plain(pages::basket) },
    Route { path: "/portfolios", methods: GET, handler: Handler::Plain(pages::portfolios) },
    Route {
        path: "/portfolios/{human_id}",
        methods: GET,
        handler: Handler::Plain(pages::portfolio),
    },
    Route {
        path: "/portfolios/{human_id}/edit",
        methods: GET,
        handler: Handler::Plain(pages::edit_portfolio),
    },
    Route {
        path: "/portfolios/{human_id}/images/{image_id}",
        methods: GET,
        handler: Handler::Plain(pages::portfolio_picture),
    },
    Route {
        path: "/portfolios/{human_id}/downloads/{filename}",
        methods: GET,
        handler: Handler::Plain(pages::download),
    },
    Route { path: "/status", methods: GET, handler: Handler::Plain(pages::status) },
    Route { path: "/admin", methods: GET, handler: Handler::Plain(pages::admin::overview) },
    Route { path: "/admin/users", methods: GET, handler: Handler::Plain(pages::admin::users) },
    Route {
        path: "/admin/users/new",
        methods: GET,
        handler: Handler::Plain(pages::admin::new_user),
    },
    Route {
        path: "/admin/users/{user_id}",
        methods: GET,
        handler: Handler::Plain(pages::admin::user),
    },
    Route { path: "/admin/groups", methods: GET, handler: Handler::Plain(pages::admin::groups) },
    Route {
        path: "/admin/groups/new",
        methods: GET,
        handler: Handler::Plain(pages::admin::new_group),
    },
    Route {
        path: "/admin/groups/{group_id}",
        methods: GET,
        handler: Handler::Plain(pages::admin::group),
    },
    Route {
        path: "/admin/permissions",
        methods: GET,
        handler: Handler::Plain(pages::admin::permissions),
    },
    Route {
        path: "/admin/permissions/explain",
        methods: GET,
        handler: Handler::Plain(pages::admin::explain),
    },
    Route {
        path: "/admin/templates",
        methods: GET,
        handler: Handler::Plain(pages::admin::templates),
    },
    Route {
        path: "/admin/templates/new",
        methods: GET,
        handler: Handler::Plain(pages::admin::new_template),
    },
    Route {
        path: "/admin/templates/{template_id}",
        methods: GET,
        handler: Handler::Plain(pages::admin::template),
    },
    Route { path: "/admin/tags", methods: GET, handler: Handler::Plain(pages::admin::tags) },
    Route {
        path: "/admin/recycled",
        methods: GET,
        handler: Handler::Plain(pages::admin::recycled),
    },
    Route { path: "/admin/tasks", methods: GET, handler: Handler::Plain(pages::admin::tasks) },
    Route { path: "/admin/cache", methods: GET, handler: Handler::Plain(pages::admin::cache) },
    Route {
        path: "/admin/maintenance",
        methods: GET,
        handler: Handler::Plain(pages::admin::maintenance),
    },
    Route {
        path: "/admin/settings",
        methods: GET,
        handler: Handler::Plain(pages::admin::settings),
    },
    Route { path: "/admin/audit", methods: GET, handler: Handler::Plain(pages::admin::audit) },
    Route { path: "/reports", methods: GET, handler: Handler::Plain(pages::reports::ranked) },
    Route {
        path: "/reports/system",
        methods: GET,
        handler: Handler::Plain(pages::reports::system),
    },
    Route { path: "/reports/image", methods: GET, handler: Handler::Plain(pages::reports::image) },
    Route { path: "/metrics", methods: GET, handler: Handler::Plain(metrics::metrics) },
    Route { path: health::LIVE, methods: GET, handler: Handler::Plain(health::answer_live) },
    Route { path: health::READY, methods: GET, handler: Handler::Plain(health::answer_ready) },
    Route { path: "/static/{name..}", methods: GET, handler: Handler::Plain(assets::answer) },
];

/// What a path leads to.
pub enum Found {
    /// An address of the API: its path below the version.
    Api(String),
    /// A call of the API by a form of a page: its method, and its path below the version.
    Form(Method, String),
    /// The address of such a form, which is gone to and not posted to.
    LeftForm,
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
        // Nothing has a NUL in its name, and PostgreSQL takes none to look it up.
        return Found::Api(below.replace('\0', "\u{fffd}"));
    }
    if let Some((method, below)) = api::below_forms(&decoded) {
        return match request.method {
            Method::POST => Found::Form(method, below.replace('\0', "\u{fffd}")),
            Method::GET | Method::HEAD => Found::LeftForm,
            _ => Found::WrongMethod(HeaderValue::from_static("GET, HEAD, POST")),
        };
    }
    if path.contains('\0') {
        return Found::Nothing;
    }
    let Some(route) = route(path) else { return Found::Nothing };
    let method = if request.method == Method::HEAD { &Method::GET } else { &request.method };
    if route.methods.contains(method) {
        Found::Route(route)
    } else if *method == Method::OPTIONS {
        Found::Options(allow(route))
    } else {
        Found::WrongMethod(allow(route))
    }
}

/// What `src` means at an address, percent-encoded, that shows pictures; none at others.
pub fn picture(path: &str) -> Option<SourceName> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    match route(decoded.trim_end_matches('/'))?.handler {
        Handler::Picture(source) => Some(source),
        Handler::Plain(_) => None,
    }
}

/// Whether there are pictures at a path.
#[must_use]
pub fn shows_pictures(path: &str) -> bool {
    picture(path).is_some()
}

fn route(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| matches(route.path, path))
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
    if let Some((before, last)) = pattern.rsplit_once('/')
        && last.ends_with("..}")
    {
        let rest = path.strip_prefix(before).and_then(|rest| rest.strip_prefix('/'));
        return rest.is_some_and(|rest| !rest.is_empty());
    }
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
    fn addresses_of_pictures_are_known_by_their_path() {
        for (path, source) in [
            ("/image", Some("a.jpg.tif")),
            ("/image/", Some("a.jpg.tif")),
            ("/im%61ge", Some("a.jpg.tif")),
            ("/erez/erez", Some("a.jpg")),
            ("/erez17/erez", Some("a.jpg")),
            ("/erezx/erez", None),
            ("/original", None),
            ("/", None),
            ("/%ff", None),
        ] {
            assert_eq!(picture(path).map(|source| source("a.jpg.tif")), source, "{path}");
        }
    }

    #[test]
    fn names_stand_for_one_part() {
        assert!(matches("/portfolios/{human_id}", "/portfolios/spring"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios/"));
        assert!(!matches("/portfolios/{human_id}", "/portfolios/a/b"));
    }

    #[test]
    fn the_rest_of_a_path_is_one_part_or_more() {
        assert!(matches("/static/{name..}", "/static/a.css"));
        assert!(matches("/static/{name..}", "/static/js/a.js"));
        assert!(!matches("/static/{name..}", "/static"));
        assert!(!matches("/static/{name..}", "/static/"));
        assert!(!matches("/static/{name..}", "/statica"));
    }

    #[test]
    fn no_address_stands_twice() {
        for (index, route) in ROUTES.iter().enumerate() {
            assert!(!route.path.ends_with('/'));
            assert!(ROUTES[index + 1..].iter().all(|other| other.path != route.path));
        }
    }
}
