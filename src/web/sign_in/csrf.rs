//! Whether a request that changes something was sent by a page of ours.
//!
//! A browser adds cookies, and what the front server authenticates by, to whatever any page makes it
//! send. What such requests need besides is a text that only our pages know: the form field
//! [`FIELD`] or the header field `X-CSRF-Token`. Tokens and keys need none, since no browser adds
//! them by itself.

use http::{HeaderName, Method, Uri, header};

use super::session;
use crate::auth::{Identity, Purpose, Session, SignedIn};
use crate::http::{Request, Response};
use crate::web::{App, Error, client};

/// The form field.
pub const FIELD: &str = "_csrf_token";

const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// From where a request was made (Fetch Metadata), which pages cannot set.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names a browser in which nobody has signed in yet.
const COOKIE: &str = "halftone_form";

/// The text for pages and forms that are sent to this user; none is needed by who has none.
pub fn token(app: &App, identity: &Identity) -> String {
    subject(identity)
        .map(|subject| app.sign_in.signer.tag(Purpose::Form, &subject))
        .unwrap_or_default()
}

/// What the text stands for: the session, or the user of the front server.
fn subject(identity: &Identity) -> Option<Vec<u8>> {
    let named = |kind: &str, name: &str| format!("{kind} {name}").into_bytes();
    match identity.via()? {
        SignedIn::Session(id) | SignedIn::TokenSession(id) => {
            Some(named("session", &Session::name(&id)))
        }
        SignedIn::FrontServer => identity.user_id().map(|user| named("user", &user.to_string())),
        SignedIn::Token | SignedIn::Key { .. } => None,
    }
}

/// Fails with 400 when a request that changes something comes with a cookie or from the front server,
/// and without the text. `field` is the value of [`FIELD`] in the request's body, if it has one.
pub fn check(
    app: &App,
    request: &Request,
    identity: &Identity,
    field: Option<&str>,
) -> Result<(), Error> {
    if matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(subject) = subject(identity) else { return Ok(()) };
    let sent = sent(request, field);
    if sent.is_some_and(|sent| app.sign_in.signer.is_tag(Purpose::Form, &subject, sent)) {
        Ok(())
    } else {
        Err(Error::parameter(FIELD, "the form is not one of this session; load it again"))
    }
}

fn sent<'a>(request: &'a Request, field: Option<&'a str>) -> Option<&'a str> {
    field.or_else(|| request.headers.get(HEADER)?.to_str().ok())
}

/// Whether a page of ours sent a request, as the browser says by itself. It stands in for no text: what is sent so
/// is shown again before it counts.
pub fn came_from_us(app: &App, request: &Request) -> bool {
    let told = |name: HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = told(SITE) {
        return site == "same-origin";
    }
    let of_origin = |origin: &str| Some(origin.parse::<Uri>().ok()?.authority()?.to_string());
    let Some(origin) = told(header::ORIGIN).and_then(of_origin) else { return false };
    let own = client::base_url(app, request).parse::<Uri>().ok();
    let own = own.as_ref().and_then(|own| own.authority()).map(ToString::to_string);
    let is_origin = |host: &str| origin.eq_ignore_ascii_case(host);
    // Without being told its public address, the server knows only the one that it was asked by.
    own.as_deref().is_some_and(is_origin) || told(header::HOST).is_some_and(is_origin)
}

/// The text for the form by which one signs in, for a browser that has no session; names the browser
/// by a cookie.
pub fn first_token(app: &App, request: &Request, response: &mut Response) -> Result<String, Error> {
    let known = session::cookies(&request.headers, COOKIE).next().filter(|name| is_name(name));
    let name = match known {
        Some(name) => name.to_owned(),
        None => {
            let mut random = [0_u8; 16];
            getrandom::fill(&mut random)
                .map_err(|error| Error::internal(std::io::Error::other(error.to_string())))?;
            let name = Session::name(&random);
            let attributes = session::attributes(app, request);
            session::add_cookie(response, &format!("{COOKIE}={name}{attributes}"));
            name
        }
    };
    Ok(app.sign_in.signer.tag(Purpose::Form, &browser(&name)))
}

/// The same check for the form by which one signs in.
pub fn check_first(app: &App, request: &Request, field: Option<&str>) -> Result<(), Error> {
    let name = session::cookies(&request.headers, COOKIE).next().filter(|name| is_name(name));
    let valid = name
        .zip(sent(request, field))
        .is_some_and(|(name, sent)| app.sign_in.signer.is_tag(Purpose::Form, &browser(name), sent));
    if valid {
        Ok(())
    } else {
        Err(Error::parameter(FIELD, "the form is out of date, or cookies are off; load it again"))
    }
}

fn browser(name: &str) -> Vec<u8> {
    format!("browser {name}").into_bytes()
}

fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
