//! Giving up rights, once and for all, before a byte of a stranger's file is read.
//!
//! In this order: bounds on what may be used up (rlimits), no way to gain rights, no files but a
//! short list that can be read (landlock), no calls into the system but those that decoding takes
//! (seccomp, in `calls`). What is given up cannot be had back, by this process or by any that it
//! starts.

use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetStatus,
    Scope,
};
use nix::sys::resource::{Resource, setrlimit};

use super::calls;
use crate::pixel::decode::{FONT_FOLDERS, Needs, Tool};

/// The newest rules that are known here; an older kernel enforces those that it knows.
const KNOWN: ABI = ABI::V9;

/// Where programs find the libraries that they are linked with.
const LIBRARIES: [&str; 6] =
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/usr/local/lib"];

/// What starts every program that is linked with libraries.
const LOADERS: [&str; 2] = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/// Devices without content that programs open.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/urandom"];

/// What a child is left with.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What its decoders need.
    pub needs: Needs,
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// The folder that it may write to.
    pub scratch: Option<PathBuf>,
    /// The largest file that it may write there, in bytes.
    pub scratch_bytes: u64,
    /// Whether a kernel without landlock will do.
    pub without_landlock: bool,
}

impl Rules {
    /// Gives up everything else.
    ///
    /// # Errors
    /// When the system refuses: the process must not go on then.
    pub fn enter(&self) -> io::Result<()> {
        self.bound()?;
        if !self.without_landlock {
            self.restrict_files().map_err(io::Error::other)?;
        }
        calls::restrict(self.needs)
    }

    fn bound(&self) -> io::Result<()> {
        let (files, file_bytes) = match self.needs {
            Needs::Nothing => (32, 0),
            Needs::Fonts => (64, 0),
            Needs::Tool(_) => (256, self.scratch_bytes),
        };
        for (resource, limit) in [
            (Resource::RLIMIT_AS, self.memory_bytes),
            (Resource::RLIMIT_CORE, 0),
            (Resource::RLIMIT_FSIZE, file_bytes),
            (Resource::RLIMIT_NOFILE, files),
        ] {
            setrlimit(resource, limit, limit)?;
        }
        Ok(())
    }

    fn restrict_files(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut ruleset = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(KNOWN))?
            .handle_access(AccessNet::from_all(KNOWN))?
            .scope(Scope::from_all(KNOWN))?
            .create()?;
        match self.needs {
            Needs::Nothing => {}
            Needs::Fonts => ruleset = allow(ruleset, &FONT_FOLDERS, read())?,
            Needs::Tool(tool) => ruleset = allow_tool(ruleset, tool)?,
        }
        if let Some(scratch) = &self.scratch {
            ruleset = allow(ruleset, &[scratch], scratch_rights())?;
        }
        if ruleset.restrict_self()?.ruleset == RulesetStatus::NotEnforced {
            return Err("the kernel does not enforce landlock".into());
        }
        Ok(())
    }
}

fn allow_tool(
    ruleset: RulesetCreated,
    tool: &Tool,
) -> Result<RulesetCreated, landlock::RulesetError> {
    let ruleset = allow(ruleset, &LIBRARIES, read())?;
    let ruleset = allow(ruleset, tool.reads, read())?;
    let ruleset = allow(ruleset, &DEVICES, AccessFs::ReadFile | AccessFs::WriteFile)?;
    let run = AccessFs::Execute | AccessFs::ReadFile;
    allow(allow(ruleset, &LOADERS, run)?, &[tool.program], run)
}

/// Allows `rights` on those of the places that exist.
fn allow<P: AsRef<Path>>(
    mut ruleset: RulesetCreated,
    places: &[P],
    rights: BitFlags<AccessFs>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    for place in places {
        let is_folder = place.as_ref().is_dir();
        let Ok(fd) = PathFd::new(place) else { continue };
        let rights = if is_folder { rights } else { rights & AccessFs::from_file(KNOWN) };
        ruleset = ruleset.add_rule(PathBeneath::new(fd, rights))?;
    }
    Ok(ruleset)
}

fn read() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// Nothing can be removed: an open file without a name would be out of sight of whoever measures the
/// folder. It goes with all that is in it.
fn scratch_rights() -> BitFlags<AccessFs> {
    read() | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg
}
