//! What makes pictures: the engine, the reader of complex formats, profiles, prepared reductions.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::serving::cores;
use super::units::{megabytes, megapixels, secs};
use crate::config::Settings;
use crate::pixel::{ColourSpace, Engine, EngineOptions, Limits, Profile, ProfileKind, StripKeeps};
use crate::profiles::Profiles;
use crate::reduction::{self, Reductions};
use crate::sandbox::{Sandbox, SandboxOptions, has_landlock};

/// The maker of pictures.
pub fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    Ok(Engine::new(engine_options(settings)?)?)
}

/// The colour profiles that requests may name.
pub fn profiles(settings: &Settings) -> Profiles {
    Profiles::new(settings.icc_dirs.clone())
}

/// Where a CMYK profile is looked for when the settings name none: the administrator's own, then the
/// usual ones of offset printing, then the one that comes with Ghostscript.
const CMYK_PROFILES: [&str; 9] = [
    "/etc/halftone/icc/default-cmyk.icc",
    "/usr/local/share/color/icc/default-cmyk.icc",
    "/usr/share/color/icc/colord/FOGRA39L_coated.icc",
    "/usr/share/color/icc/FOGRA39L_coated.icc",
    "/usr/share/color/icc/ISOcoated_v2_300_bas.icc",
    "/usr/share/color/icc/colord/SWOP2006_Coated3v2.icc",
    "/usr/share/color/icc/ghostscript/default_cmyk.icc",
    "/usr/share/color/icc/default_cmyk.icc",
    "/usr/share/ghostscript/iccprofiles/default_cmyk.icc",
];

/// The value of `cmyk_profile` that asks for no profile.
const NO_PROFILE: &str = "none";

/// The profile by which CMYK is converted: the one that is named, else one that the system has.
pub fn cmyk_profile(settings: &Settings) -> anyhow::Result<Option<Arc<[u8]>>> {
    let path = settings.cmyk_profile.as_path();
    if path == Path::new(NO_PROFILE) {
        return Ok(None);
    }
    if path.as_os_str().is_empty() {
        let sound = |path: &&str| {
            let profile = Profile::read(fs::read(path).ok()?).ok()?;
            (profile.kind() == ProfileKind::Device(ColourSpace::Cmyk))
                .then(|| profile.bytes().clone())
        };
        return Ok(CMYK_PROFILES.iter().find_map(sound));
    }
    let bytes = fs::read(path)
        .with_context(|| format!("cmyk_profile: {} cannot be read", path.display()))?;
    Ok(Some(Arc::from(bytes)))
}

pub(super) fn engine_options(settings: &Settings) -> anyhow::Result<EngineOptions> {
    Ok(EngineOptions {
        linear: settings.linear_light,
        shrink_margin: settings.decoder_shrink_margin,
        orient: settings.orient_from_exif,
        cmyk_profile: cmyk_profile(settings)?,
        strip_keeps: match settings.strip_keeps.as_str() {
            "copyright" => StripKeeps::Copyright,
            _ => StripKeeps::Nothing,
        },
        drop_private: settings.drop_private_metadata,
        limits: limits(settings),
        memory_bytes: megabytes(settings.picture_memory()),
        max_frames: settings.max_frames,
        auto_quality_score: settings.auto_quality_score,
        document_dpi: settings.pdf_dpi,
        isolation: Some(Arc::new(sandbox(settings)?)),
    })
}

/// The reader of complex formats; no process is started yet.
fn sandbox(settings: &Settings) -> anyhow::Result<Sandbox> {
    // What runs now, whatever happens to the file on disk.
    let program =
        fs::File::open("/proc/self/exe").context("the running program cannot be opened")?;
    Ok(Sandbox::new(SandboxOptions {
        program,
        memory_mb: settings.decoder_memory_mb,
        cpu_s: settings.decoder_cpu_s,
        time: secs(settings.decoder_time_s),
        children: settings.decoder_count(cores()),
        program_waiters: settings.program_waiters(),
        files: settings.decoder_files,
        idle: secs(settings.decoder_idle_s),
        scratch_folder: settings.temp_folder(),
        scratch_mb: settings.decoder_scratch_mb,
        failures_folder: Some(settings.run_folder().join("unreadable")),
        landlock: has_landlock(),
        allow_without_landlock: settings.allow_unsandboxed_decoders,
        probe: false,
    }))
}

/// Says in the log when complex formats are not read as they should be.
pub(super) fn tell_of_isolation(settings: &Settings) {
    match (has_landlock(), settings.allow_unsandboxed_decoders) {
        (true, _) => {}
        (false, false) => log::warn!(
            "the kernel does not offer landlock: SVG, PDF, camera raw and other complex formats \
             are refused (see allow_unsandboxed_decoders)"
        ),
        (false, true) => log::warn!(
            "the kernel does not offer landlock: processes that read complex formats can read \
             other files"
        ),
    }
}

/// Names the setup of the engine: pictures made with another one are other pictures.
pub(super) fn engine_signature(options: &EngineOptions) -> String {
    let flag = |on: bool| u8::from(on);
    let mut text =
        format!("l{}m{}o{}", flag(options.linear), options.shrink_margin, flag(options.orient));
    if options.strip_keeps == StripKeeps::Copyright {
        text.push('k');
    }
    if options.drop_private {
        text.push('p');
    }
    let _ = write!(
        text,
        "d{}f{}a{}",
        options.document_dpi, options.max_frames, options.auto_quality_score
    );
    if let Some(profile) = &options.cmyk_profile {
        let digest = Sha256::digest(profile);
        text.push('c');
        text.extend(digest[..4].iter().map(|byte| format!("{byte:02x}")));
    }
    text
}

/// Prepared reductions, unless there are to be none.
pub fn reductions(settings: &Settings) -> anyhow::Result<Option<Reductions>> {
    let Some(folder) = settings.reductions_folder() else { return Ok(None) };
    let options = reduction::Options {
        budget_bytes: megabytes(settings.reductions_disk_mb),
        above_pixels: megapixels(settings.reductions_above_megapixels),
        linear: settings.linear_light,
        ..reduction::Options::new(folder.clone())
    };
    let opened = Reductions::open(options)
        .with_context(|| format!("the folder {} cannot be used", folder.display()))?;
    Ok(Some(opened))
}

/// How many pixels a source may have.
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        held_pixels: megapixels(settings.held_megapixels),
        declared_pixels: megapixels(settings.declared_megapixels),
    }
}
