//! What formats need of the system, and colour profiles.

use super::Case;
use super::row::Row;
use crate::cli::wiring;
use crate::pixel::optional as optional_parts;
use crate::sandbox::has_landlock;
use crate::task::reasons;

pub fn isolation(case: &Case) -> Vec<Row> {
    vec![match (has_landlock(), case.settings.allow_unsandboxed_decoders) {
        (true, false) => Row::ok("complex formats are read by processes without rights"),
        (true, true) => Row::warn(
            "complex formats may be read without isolation, though the kernel offers it",
            "take allow_unsandboxed_decoders out of the settings",
        ),
        (false, false) => Row::warn(
            "the kernel does not offer landlock: SVG, PDF, camera raw and the like are refused",
            "use Linux 5.13 or newer with landlock (lsm= on the kernel's command line)",
        ),
        (false, true) => Row::warn(
            "the kernel does not offer landlock: who takes over a decoder can read other files",
            "use Linux 5.13 or newer with landlock (lsm= on the kernel's command line)",
        ),
    }]
}

/// What is missing is no fault: who has no such files needs none of it.
pub fn optional(_: &Case) -> Vec<Row> {
    let row = |part: &crate::pixel::Optional| {
        if part.is_there {
            Row::ok(format!("{}: {} is there", part.for_what, part.package))
        } else {
            Row::ok(format!(
                "{}: not available; if you need it: apt-get install {}",
                part.for_what, part.package
            ))
        }
    };
    optional_parts().iter().map(row).collect()
}

pub fn profiles(case: &Case) -> Vec<Row> {
    let count = wiring::profiles(&case.settings).names().len();
    let named = match count {
        0 => Row::ok("none to be asked for by name (packages icc-profiles-free, libgs-common)"),
        count => Row::ok(format!("{count} can be asked for by name")),
    };
    let cmyk = match wiring::cmyk_profile(&case.settings) {
        Ok(Some(_)) => Row::ok("CMYK is converted by a profile"),
        Ok(None) if !case.settings.cmyk_profile.as_os_str().is_empty() => {
            Row::ok("CMYK is converted by a plain formula, as cmyk_profile says")
        }
        Ok(None) => Row::warn(
            "CMYK is converted by a plain formula: colours of print are off",
            "apt-get install libgs-common, or name the press's in cmyk_profile; \"none\" if it is meant",
        ),
        Err(error) => Row::fail(reasons(&error), "mend the setting cmyk_profile"),
    };
    vec![named, cmyk]
}
