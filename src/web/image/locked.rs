//! Pictures that are only shown as their folder's template has them.
//!
//! Knows nothing of what is locked: only that something is.

use crate::auth::Identity;
use crate::http::Audience;
use crate::web::{App, Error};

/// Fails where the folder's template has anything locked for the caller: a picture as it is, or laid
/// over another one, would show what the template keeps back. What others do not get, no shared
/// cache may keep.
pub fn require_free(
    app: &App,
    identity: &Identity,
    folder: &str,
    audience: Audience,
) -> Result<Audience, Error> {
    let rights = app.store.rights()?;
    let locked = |identity| match rights.templates(identity, folder).required {
        Some(id) => app.templates.locks(app, id),
        None => Ok(false),
    };
    if locked(identity)? {
        return Err(Error::forbidden());
    }
    Ok(if locked(&Identity::Anonymous)? { Audience::Private } else { audience })
}
