//! The table of the API's addresses, and finding in it.

use http::{HeaderValue, Method};

use super::endpoint::Endpoint;
use super::{
    audit, cache, files, folios, groups, keys, library, metadata, openapi, permissions, properties,
    recycled, sessions, settings, statistics, tags, tasks, templates, token, totp, uploads, users,
};

/// Every address, by what it is about.
pub const TABLE: &[&[Endpoint]] = &[
    library::ENDPOINTS,
    files::ENDPOINTS,
    uploads::ENDPOINTS,
    recycled::ENDPOINTS,
    tags::ENDPOINTS,
    folios::ENDPOINTS,
    folios::IMAGES,
    folios::EXPORTS,
    folios::COPIES,
    folios::BASKET,
    metadata::ENDPOINTS,
    templates::ENDPOINTS,
    users::ENDPOINTS,
    token::ENDPOINTS,
    keys::ENDPOINTS,
    totp::ENDPOINTS,
    sessions::ENDPOINTS,
    groups::ENDPOINTS,
    permissions::ENDPOINTS,
    properties::ENDPOINTS,
    tasks::ENDPOINTS,
    cache::ENDPOINTS,
    settings::ENDPOINTS,
    audit::ENDPOINTS,
    statistics::ENDPOINTS,
    openapi::ENDPOINTS,
];

/// Every row.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    TABLE.iter().copied().flatten()
}

/// What a path leads to.
pub enum Found {
    /// This row, with what stands for its `{names}`.
    Endpoint(&'static Endpoint, Vec<(&'static str, String)>),
    /// A question for the methods of an address.
    Options(HeaderValue),
    /// An address that does not take this method; the methods that it takes.
    WrongMethod(HeaderValue),
    /// Nothing.
    Nothing,
}

/// Finds the row for a path below the version. HEAD is answered as GET where it has no row of its own.
pub fn find(method: &Method, path: &str) -> Found {
    let path = path.trim_end_matches('/');
    let (mut methods, mut as_get) = (Vec::new(), None);
    for endpoint in endpoints() {
        let Some(segments) = matches(endpoint.path, path) else { continue };
        if endpoint.method == *method {
            return Found::Endpoint(endpoint, segments);
        }
        methods.push(&endpoint.method);
        if *method == Method::HEAD && endpoint.method == Method::GET {
            as_get = Some(Found::Endpoint(endpoint, segments));
        }
    }
    if let Some(found) = as_get {
        return found;
    }
    match methods.is_empty() {
        true => Found::Nothing,
        false if *method == Method::OPTIONS => Found::Options(allow(&methods)),
        false => Found::WrongMethod(allow(&methods)),
    }
}

fn allow(methods: &[&Method]) -> HeaderValue {
    let mut names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if methods.contains(&&Method::GET) {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.dedup();
    HeaderValue::from_str(&names.join(", ")).expect("method names are tokens")
}

/// What stands for the `{names}` of a pattern, if the path has its form.
fn matches(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut given = Vec::new();
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None if wanted == segment => {}
            Some(name) if !name.ends_with("_id") && !segment.is_empty() => {
                given.push((name, segment.to_owned()));
            }
            Some(name) if is_id(segment) => given.push((name, segment.to_owned())),
            _ => return None,
        }
    }
    segments.next().is_none().then_some(given)
}

/// Whether a text is a number that an id can be.
fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn patterns_take_numbers_and_words() {
        assert_eq!(matches("/a/{x_id}/b", "/a/12/b"), Some(vec![("x_id", "12".to_owned())]));
        for path in
            ["/a/-1/b", "/a/x/b", "/a//b", "/a/12", "/a/12/b/c", "/a/99999999999999999999/b"]
        {
            assert_eq!(matches("/a/{x_id}/b", path), None, "{path}");
        }
        assert_eq!(matches("/t/{function}", "/t/purge"), Some(vec![("function", "purge".into())]));
        assert_eq!(matches("/t/{function}", "/t/"), None);
    }

    #[test]
    fn no_row_stands_twice_and_all_are_well_formed() {
        let (mut seen, mut titles) = (HashSet::new(), HashSet::new());
        for row in endpoints() {
            assert!(seen.insert((row.method.as_str(), row.path)), "{} {}", row.method, row.path);
            assert!(row.path.starts_with('/') && !row.path.ends_with('/'), "{}", row.path);
            assert!(!row.title.is_empty() && !row.title.ends_with('.'), "{}", row.path);
            assert!(titles.insert(row.title), "{}: {} stands twice", row.path, row.title);
            let mut names = HashSet::new();
            for field in row.fields {
                assert!(names.insert(field.name), "{} {}", row.path, field.name);
                assert!(field.about.ends_with('.'), "{} {}", row.path, field.name);
            }
        }
        assert!(seen.len() > 40, "only {} rows", seen.len());
    }
}
