//! The cookie of web sessions.

use http::{HeaderMap, HeaderValue, header};

use crate::auth::{Identity, Session, SignedIn};
use crate::db;
use crate::http::{Request, Response};
use crate::web::{App, Error, client, who};

/// The cookie's name.
const COOKIE: &str = "halftone_session";

/// Whose session a request carries; nobody's when it was not begun here, has run out or was ended.
pub fn identify(app: &App, request: &Request) -> Result<Option<Identity>, Error> {
    let Some(session) = current(app, request) else { return Ok(None) };
    if app.store.is_ended(&session.id)? {
        return Ok(None);
    }
    identity_of(app, &session)
}

fn identity_of(app: &App, session: &Session) -> Result<Option<Identity>, Error> {
    who::signed_for(app, session.began_s, |rights| {
        if session.of_token {
            // What came of a token ends with the account's right to any.
            let via = SignedIn::TokenSession(session.id);
            return rights.program_in(session.user_id, session.epoch, via);
        }
        rights.identity_in(session.user_id, session.epoch, SignedIn::Session(session.id))
    })
}

/// The session that a request's cookie tells of; it may have been ended since.
fn current(app: &App, request: &Request) -> Option<Session> {
    let sign_in = &app.sign_in;
    let open = |text| Session::open(text, &sign_in.signer, sign_in.times, now_s());
    cookies(&request.headers, COOKIE).find_map(open)
}

/// Whose session a request's cookie tells of, also when that has ended.
pub fn last_user(app: &App, request: &Request) -> Option<i64> {
    let read = |text| Session::read(text, &app.sign_in.signer);
    cookies(&request.headers, COOKIE).find_map(read).map(|session| session.user_id)
}

/// How a session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Somebody has signed in.
    SignIn,
    /// It is made of an API token.
    Token,
}

/// Begins a session of a user in the answer to a request. The name of the session is a new one, and
/// the session that the request carries ends. Tells who the user is in it.
pub fn begin(
    app: &App,
    request: &Request,
    user_id: i64,
    beginning: Beginning,
    response: &mut Response,
) -> Result<Identity, Error> {
    let epoch = app.store.rights()?.epoch(user_id).ok_or_else(Error::forbidden)?;
    let session = Session::begin(user_id, epoch, now_s(), beginning == Beginning::Token)
        .ok_or_else(|| Error::internal(std::io::Error::other("no random numbers")))?;
    end_current(app, request)?;
    set(app, request, &session.sign(&app.sign_in.signer), response);
    identity_of(app, &session)?.ok_or_else(Error::forbidden)
}

/// Ends the session that a request carries, everywhere, and takes the cookie away.
pub fn end(app: &App, request: &Request, response: &mut Response) -> Result<(), Error> {
    end_current(app, request)?;
    let cookie = format!("{COOKIE}=; Max-Age=0{}", attributes(app, request));
    add_cookie(response, &cookie);
    Ok(())
}

fn end_current(app: &App, request: &Request) -> Result<(), Error> {
    let Some(session) = current(app, request) else { return Ok(()) };
    // Seen elsewhere meanwhile, it may last until its longest time.
    let longest = i64::try_from(app.sign_in.times.longest.as_secs()).unwrap_or(i64::MAX);
    let until_ms = session.began_s.saturating_add(longest).saturating_mul(1000);
    db::sessions::end(&app.db, &Session::name(&session.id), until_ms)?;
    app.store.refresh()?;
    Ok(())
}

/// Says that nobody asked for a request: a page sends it to keep itself current.
const UNATTENDED: &str = "halftone-unattended";

/// Keeps a session that is in use from running out. Answers that others may keep carry no cookie, and
/// requests that a page sends by itself are no use of the session.
pub fn renew(app: &App, request: &Request, response: &mut Response) {
    let headers = &request.headers;
    if !headers.contains_key(header::COOKIE) || headers.contains_key(UNATTENDED) {
        return;
    }
    let control = response.headers.get(header::CACHE_CONTROL).map(HeaderValue::as_bytes);
    let public = control.is_some_and(|value| value.windows(6).any(|part| part == b"public"));
    if public || response.headers.contains_key(header::SET_COOKIE) {
        return;
    }
    let seen = current(app, request).and_then(|session| session.seen(app.sign_in.times, now_s()));
    if let Some(seen) = seen
        && matches!(identify(app, request), Ok(Some(_)))
    {
        set(app, request, &seen.sign(&app.sign_in.signer), response);
    }
}

fn set(app: &App, request: &Request, text: &str, response: &mut Response) {
    add_cookie(response, &format!("{COOKIE}={text}{}", attributes(app, request)));
}

/// Adds a cookie to an answer, which nobody but the client may keep then.
pub(super) fn add_cookie(response: &mut Response, cookie: &str) {
    let cookie = HeaderValue::from_str(cookie).expect("made of visible ASCII characters");
    response.headers.append(header::SET_COOKIE, cookie);
}

/// What every cookie of ours says. It ends with the browser, or when what it holds runs out.
pub(super) fn attributes(app: &App, request: &Request) -> &'static str {
    if client::is_secure(app, request) {
        "; Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Lax"
    }
}

/// The values of the cookies of this name.
pub fn cookies<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let fields = headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(';')).filter_map(move |pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    })
}

/// The wall clock in seconds since 1970 UTC.
pub fn now_s() -> i64 {
    db::now_ms() / 1000
}
