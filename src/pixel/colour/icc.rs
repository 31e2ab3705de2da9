//! Judging ICC profiles that come with pictures from strangers.
//!
//! Only the header's fixed fields (ICC.1:2022, 7.2) are read here, from the bytes themselves;
//! everything else is left to Little CMS.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use lcms2::{CIExyY, Profile, ThreadContext, ToneCurve};

use crate::pixel::{ColourSpace, Image};

/// A profile opened in the shared context.
pub(crate) type OpenProfile = Profile<ThreadContext>;

/// One context for the whole process, because transforms may not outlive theirs.
static CONTEXT: LazyLock<Mutex<ThreadContext>> = LazyLock::new(|| Mutex::new(ThreadContext::new()));

/// The shared context, for creating profiles and transforms.
pub(crate) fn context() -> MutexGuard<'static, ThreadContext> {
    // The context holds no state of ours that a panic could have left half done.
    CONTEXT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Parameters of the sRGB curve (IEC 61966-2-1) as ICC parametric curve type 4:
/// gamma, a, b, c, d.
const SRGB_CURVE: [f64; 5] = [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045];

/// The ICC's D50 white point.
const D50: CIExyY = CIExyY { x: 0.3457, y: 0.3585, Y: 1.0 };

/// The colour space that a profile describes, when it is one that pixels can be tagged with.
pub(crate) fn space(profile: &[u8]) -> Option<ColourSpace> {
    if profile.len() < 132 || &profile[36..40] != b"acsp" {
        return None;
    }
    if !matches!(&profile[12..16], b"mntr" | b"scnr" | b"prtr" | b"spac") {
        return None;
    }
    model([profile[16], profile[17], profile[18], profile[19]])
}

/// The model that a header's colour space signature names, when pictures can have it.
pub(crate) fn model(signature: [u8; 4]) -> Option<ColourSpace> {
    match &signature {
        b"RGB " => Some(ColourSpace::Rgb),
        b"GRAY" => Some(ColourSpace::Gray),
        b"CMYK" => Some(ColourSpace::Cmyk),
        _ => None,
    }
}

/// Takes a profile off a picture that it does not fit or that cannot be read, so that nobody
/// downstream has to doubt it.
pub(crate) fn drop_unfit(image: &mut Image) {
    if let Some(profile) = &image.profile {
        let fits = space(profile) == Some(image.space) && open(profile, &context()).is_some();
        if !fits {
            image.profile = None;
        }
    }
}

/// Opens a profile; none when it cannot be understood.
pub(crate) fn open(profile: &[u8], context: &ThreadContext) -> Option<OpenProfile> {
    Profile::new_icc_context(context, profile).ok()
}

/// What samples mean without a profile: sRGB, grey with the sRGB curve. CMYK has no such default.
pub(crate) fn default_profile(space: ColourSpace, context: &ThreadContext) -> Option<OpenProfile> {
    match space {
        ColourSpace::Rgb => Some(Profile::new_srgb_context(context)),
        ColourSpace::Gray => {
            let curve = srgb_curve();
            Profile::new_gray_context(context, &D50, &curve).ok()
        }
        ColourSpace::Cmyk => None,
    }
}

/// The sRGB curve.
pub(crate) fn srgb_curve() -> ToneCurve {
    ToneCurve::new_parametric(4, &SRGB_CURVE).expect("the parameters are constant and complete")
}

/// A profile's bytes, shared.
pub(crate) type Bytes = Arc<[u8]>;
