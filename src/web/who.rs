//! Who asks, and whether they may.

use super::{App, Error};
use crate::auth::{Identity, Level};
use crate::http::{Audience, Request};

/// Tells who sent a request.
///
/// Accounts do not sign in yet, so that every caller is anonymous; what a front server or a client
/// claims about itself counts for nothing.
pub fn identify(_app: &App, _request: &Request) -> Result<Identity, Error> {
    Ok(Identity::Anonymous)
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
