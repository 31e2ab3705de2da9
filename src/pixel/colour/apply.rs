//! Applying a profile that was asked for.

use std::sync::Arc;

use super::convert::meaning;
use super::icc::Bytes;
use super::transform::{Meaning, Rendering, Transform, Way};
use super::{Profile, ProfileKind};
use crate::pixel::{ColourSpace, Error, Icc, Image, Intent, Result};

/// The name of the parameter at fault.
const ICC: &str = "icc";

/// The picture with the profile applied.
///
/// - A device's profile: the colours are converted from what they mean (the embedded profile, or the
///   model's default) to that device, and the profile is attached.
/// - An abstract profile changes the colours between the picture's own space and the same again; the
///   picture keeps model and profile.
/// - A device link turns numbers into numbers. It says nothing of what they mean, so that no profile
///   is attached.
///
/// # Errors
/// [`Error::Parameter`] named `icc` when the profile was not found, takes another model than the
/// picture's, cannot be converted to, or when the picture is CMYK of unknown meaning.
pub(crate) fn apply(image: &Image, icc: &Icc, cmyk_profile: Option<&Bytes>) -> Result<Image> {
    let profile = icc.profile.as_ref().ok_or_else(|| fault("there is no profile of this name"))?;
    let rendering =
        Rendering { intent: icc.intent, bpc: icc.bpc && icc.intent == Intent::Relative };
    let (way, to) = way(image, profile, cmyk_profile)?;
    let transform = Transform::along(way, rendering, image.depth())
        .ok_or_else(|| fault("the picture cannot be converted with this profile"))?;
    transform.apply(image, &to)
}

fn way(
    image: &Image,
    profile: &Arc<Profile>,
    cmyk_profile: Option<&Bytes>,
) -> Result<(Way, Meaning)> {
    let bytes = profile.bytes().clone();
    if let ProfileKind::Link { from, to } = profile.kind() {
        if from != image.space {
            return Err(fault(format!(
                "this device link takes {} pictures, not {} ones",
                name(from),
                name(image.space)
            )));
        }
        return Ok((Way::Link { profile: bytes, from, to }, Meaning { space: to, profile: None }));
    }
    let from = meaning(image, cmyk_profile);
    if from.space == ColourSpace::Cmyk && from.profile.is_none() {
        return Err(fault(
            "the picture is CMYK without a profile, and the server has none for such pictures",
        ));
    }
    Ok(match profile.kind() {
        ProfileKind::Device(space) => {
            let to = Meaning { space, profile: Some(bytes) };
            (Way::Between { from, through: None, to: to.clone() }, to)
        }
        _ => {
            let kept = Meaning { space: image.space, profile: image.profile.clone() };
            (Way::Between { from: from.clone(), through: Some(bytes), to: from }, kept)
        }
    })
}

fn name(space: ColourSpace) -> &'static str {
    match space {
        ColourSpace::Gray => "grey",
        ColourSpace::Rgb => "RGB",
        ColourSpace::Cmyk => "CMYK",
    }
}

fn fault(reason: impl Into<String>) -> Error {
    Error::Parameter { name: ICC, reason: reason.into() }
}
