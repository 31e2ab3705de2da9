//! What a made picture is stored under.

use super::subject::Subject;
use crate::cache::Key;
use crate::http::ETag;
use crate::pixel::Point;
use crate::spec::ImageSpec;
use crate::web::{App, Error};

/// Raised when the pixels or bytes made from the same specification change, so that no picture of an
/// older program is taken for a new one.
const VERSION: u32 = 4;

/// The cache key of a specification of a source.
///
/// Version, installation, image, revision, how the engine is set up, then only those parameters that
/// change the result, the image and revision of what is laid over it, and the content of the colour
/// profile that they name. A changed file, template or engine setting changes the key by itself; nothing
/// has to be swept.
pub fn compose(
    app: &App,
    subject: &Subject,
    overlay: Option<&Subject>,
    spec: &ImageSpec,
) -> Result<Key, Error> {
    let installation = app.installation()?;
    let focus = spec.recipe.focus.map(|Point { x, y }| format!(":{x},{y}")).unwrap_or_default();
    let overlay = overlay
        .map(|overlay| format!(":{}:{}", overlay.id, overlay.revision_text()))
        .unwrap_or_default();
    let mut text = format!(
        "h{VERSION}:{installation}:{}:{}:{}:{}{focus}{overlay}",
        subject.id,
        subject.revision_text(),
        app.engine_signature,
        spec.key_text()
    );
    // A profile's name stands in the parameters; what counts is what the file holds.
    if let Some(profile) = spec.recipe.icc.as_ref().and_then(|icc| icc.profile.as_ref()) {
        text.push_str(":i");
        text.extend(profile.digest()[..16].iter().map(|byte| format!("{byte:02x}")));
    }
    Ok(Key::new(text))
}

/// The entity tag of the picture under a key: opaque, and the same on every host. Weak where the
/// picture may be made from a prepared reduction or from the original, which look the same and
/// differ in bytes.
pub fn etag(app: &App, key: &Key) -> ETag {
    let first: [u8; 16] = key.hash()[..16].try_into().expect("a hash has 32 bytes");
    let tag = ETag::from_hash(u128::from_be_bytes(first));
    if app.reductions.is_some() { tag.weak() } else { tag }
}
