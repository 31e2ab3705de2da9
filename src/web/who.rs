//! Who asks, and whether they may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method, header};

use super::sign_in::session;
use super::{App, Error};
use crate::auth::{
    Identity, KEY_PREFIX, Level, Rights, Scopes, SignedIn, SystemPermission, TOKEN_PREFIX, Token,
};
use crate::db;
use crate::http::{Audience, Request};

/// For how long what was signed may be news to other workers.
const JUST_SIGNED_S: i64 = 5;

/// Tells who sent a request: by its API token or key, else by its web session, else by what the front
/// server says when the settings let it. Needs no query, unless a key is not known.
///
/// # Errors
/// 401 for a token or key that is not good (any more); 403 for a key that may only read and a request
/// that would write; 503 when accounts are not known.
pub fn identify(app: &App, request: &Request) -> Result<Identity, Error> {
    if let Some(credential) = credential(app, request) {
        return by_credential(app, request, &credential);
    }
    if request.headers.contains_key(header::COOKIE)
        && let Some(identity) = session::identify(app, request)?
    {
        return Ok(identity);
    }
    by_front_server(app, request)
}

/// The token or key that a request carries: as a Bearer, or as the user name of HTTP Basic
/// authentication.
fn credential(app: &App, request: &Request) -> Option<String> {
    let (scheme, rest) = split_scheme(request.headers.get(header::AUTHORIZATION)?);
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        // Such as Negotiate, which is the front server's business.
        return None;
    }
    let username = basic(rest).map(|(username, _)| username).unwrap_or_default();
    let ours = username.starts_with(TOKEN_PREFIX) || username.starts_with(KEY_PREFIX);
    let checked_in_front = app.sign_in.front_server.is_some()
        && request.client.remote_user.as_deref().is_some_and(|told| told == username);
    (ours || !checked_in_front).then_some(username)
}

fn split_scheme(value: &HeaderValue) -> (&str, &str) {
    // What is not ASCII is no token of ours.
    let text = value.to_str().unwrap_or("basic").trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    (scheme, rest.trim())
}

/// User name and password of HTTP Basic authentication (RFC 7617).
fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

/// User name and password that a request sends by HTTP Basic authentication.
pub fn basic_credentials(request: &Request) -> Option<(String, String)> {
    let (scheme, rest) = split_scheme(request.headers.get(header::AUTHORIZATION)?);
    if scheme.eq_ignore_ascii_case("basic") { basic(rest) } else { None }
}

fn by_credential(app: &App, request: &Request, credential: &str) -> Result<Identity, Error> {
    if credential.starts_with(KEY_PREFIX) {
        return by_key(app, request, credential);
    }
    by_token(app, credential)?.ok_or_else(Error::unauthorised)
}

/// Whose an API token is; nobody's when it has run out, its account may no longer have one, or the
/// account's sessions were ended.
pub fn by_token(app: &App, text: &str) -> Result<Option<Identity>, Error> {
    let Some(token) = Token::open(text, &app.sign_in.signer, session::now_s()) else {
        return Ok(None);
    };
    signed_for(app, token.made_s, |rights| {
        rights.program_in(token.user_id, token.epoch, SignedIn::Token)
    })
}

/// Whose something is that was signed at this time, as far as `find` knows it among the accounts.
///
/// What was signed a moment ago by another worker may be of a state of the account that is not known
/// here yet: then the database is asked.
pub fn signed_for(
    app: &App,
    signed_s: i64,
    find: impl Fn(&Rights) -> Option<Identity>,
) -> Result<Option<Identity>, Error> {
    let known = find(&*app.store.rights()?);
    if known.is_some() || session::now_s() - signed_s > JUST_SIGNED_S {
        return Ok(known);
    }
    app.store.refresh()?;
    Ok(find(&*app.store.rights()?))
}

fn by_key(app: &App, request: &Request, key: &str) -> Result<Identity, Error> {
    let known = || Ok::<_, Error>(app.store.rights()?.key(key, db::now_ms()));
    let identity = match known()? {
        // It may have been made a moment ago, by another worker or a command.
        None if app.store.look_for_unknown()? => known()?,
        identity => identity,
    };
    let identity = identity.ok_or_else(Error::unauthorised)?;
    let Some(SignedIn::Key { id, scopes }) = identity.via() else {
        return Err(Error::unauthorised());
    };
    app.store.key_used(id);
    let reads = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && !scopes.has(Scopes::WRITE) {
        return Err(Error::refused("This API key may only read."));
    }
    Ok(identity)
}

fn by_front_server(app: &App, request: &Request) -> Result<Identity, Error> {
    let told = app.sign_in.front_server.as_ref().zip(request.client.remote_user.as_deref());
    let Some((front_server, told)) = told else { return Ok(Identity::Anonymous) };
    let rights = app.store.rights()?;
    let user = rights.user_named(front_server.username(told));
    let identity = user.and_then(|user| rights.identity(user, SignedIn::FrontServer));
    Ok(identity.unwrap_or(Identity::Anonymous))
}

/// Fails unless the caller has at least this level of access to the folder; tells whether everybody
/// has.
///
/// Comes before any look at the disk or the cache, and answers the same whether or not a file
/// exists.
pub fn require(
    app: &App,
    identity: &Identity,
    folder: &str,
    level: Level,
) -> Result<Audience, Error> {
    let rights = app.store.rights()?;
    if rights.level(identity, folder) < level {
        return Err(Error::forbidden());
    }
    let public = rights.public_level(folder) >= level;
    Ok(if public { Audience::Public } else { Audience::Private })
}

/// Fails with 403 unless the caller has a system permission.
pub fn require_system(
    app: &App,
    identity: &Identity,
    permission: SystemPermission,
) -> Result<(), Error> {
    if app.store.rights()?.has(identity, permission) { Ok(()) } else { Err(Error::forbidden()) }
}

/// Fails with 403 unless a person has signed in: who has found a token or a key, or a session made of
/// a token, must not be able to make another of it. Gives back the account's id.
pub fn require_person(identity: &Identity) -> Result<i64, Error> {
    match (identity.user_id(), identity.via()) {
        (Some(id), Some(SignedIn::Session(_) | SignedIn::FrontServer)) => Ok(id),
        (_, Some(SignedIn::TokenSession(_))) => {
            Err(Error::refused("This takes signing in; the web session was made of an API token."))
        }
        _ => Err(Error::refused("This takes a web session.")),
    }
}
