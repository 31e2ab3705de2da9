//! `halftone config`

use clap::Subcommand;

use super::{Common, wiring};

/// What to do with the settings.
#[derive(Subcommand)]
pub enum Action {
    /// Check the settings; errors name file, line, setting and reason
    Check(Common),
    /// Show every setting, its value and where it comes from; secrets are hidden
    Show(Common),
    /// Print a settings file with every setting explained
    Sample,
}

/// Runs the action.
pub fn run(action: &Action) -> anyhow::Result<()> {
    match action {
        Action::Check(common) => {
            let loaded = common.load_as_is(Vec::new())?;
            wiring::check_images(&loaded.settings)?;
            // Reads the profiles that are named.
            wiring::engine(&loaded.settings)?;
            println!("{}", crate::config::check(&loaded).trim_end());
        }
        Action::Show(common) => print!("{}", crate::config::show(&common.load_as_is(Vec::new())?)),
        Action::Sample => print!("{}", crate::config::sample_toml()),
    }
    Ok(())
}
