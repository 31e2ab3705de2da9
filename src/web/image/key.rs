//! What a made picture is stored under.

use super::subject::Subject;
use crate::cache::Key;
use crate::http::ETag;
use crate::spec::ImageSpec;
use crate::web::{App, Error};

/// Raised when the pixels or bytes made from the same specification change, so that no picture of an
/// older program is taken for a new one.
const VERSION: u32 = 1;

/// The cache key of a specification of a source.
///
/// Version, installation, image, revision, how the engine is set up, then only those parameters that
/// change the result. A changed file, template or engine setting changes the key by itself; nothing
/// has to be swept.
pub fn compose(app: &App, subject: &Subject, spec: &ImageSpec) -> Result<Key, Error> {
    let installation = app.installation()?;
    Ok(Key::new(format!(
        "h{VERSION}:{installation}:{}:{}:{}:{}",
        subject.id,
        subject.revision_text(),
        app.engine_signature,
        spec.key_text()
    )))
}

/// The entity tag of the picture under a key: opaque, and the same on every host. Weak where the
/// picture may be made from a prepared reduction or from the original, which look the same and
/// differ in bytes.
pub fn etag(app: &App, key: &Key) -> ETag {
    let first: [u8; 16] = key.hash()[..16].try_into().expect("a hash has 32 bytes");
    let tag = ETag::from_hash(u128::from_be_bytes(first));
    if app.reductions.is_some() { tag.weak() } else { tag }
}
