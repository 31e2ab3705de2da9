//! Manual pages and the completion of commands, for packages: written from the commands and settings
//! themselves.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::shells::Bash;
use clap_mangen::roff::{Roff, bold, roman};

use super::Cli;
use crate::config::{Group, SETTINGS, Settings};

/// Writes one page for the program, one for each of its commands and one for the settings file.
pub fn write_pages(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(cannot)?;
    fs::write(folder.join("halftone.toml.5"), settings_page().render()).with_context(cannot)
}

/// Writes the completion for bash, under the name by which bash-completion finds it.
pub fn write_completion(folder: &Path) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(Bash, &mut Cli::command(), "halftone", &mut script);
    let path = folder.join("halftone");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, script))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// The manual page of the settings file.
fn settings_page() -> Roff {
    let mut page = Roff::new();
    page.control("TH", ["halftone.toml", "5", "", "Halftone", "File formats"]);
    page.control("SH", ["NAME"]);
    page.text([roman("halftone.toml - the settings of Halftone")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "A file in TOML that is named by --config. The files conf.d/*.toml beside it are read after \
         it in the order of their names, then the environment, then the command line; later ones \
         win. In the environment a setting is HALFTONE_ and its name in capitals. \
         \"halftone config check\" tells all that is wrong, \"halftone config show\" what holds.",
    )]);
    let defaults = Settings::default();
    for group in Group::ALL {
        page.control("SH", [group.title().to_uppercase().as_str()]);
        for setting in SETTINGS.iter().filter(|setting| setting.about.group == group) {
            let takes = if setting.about.reload { "reload" } else { "restart" };
            let value = format!("{}; takes a {takes}.", setting.describe());
            page.control("TP", []);
            page.text([bold(setting.about.name), roman(format!(" = {}", setting.toml(&defaults)))]);
            page.text([roman(setting.about.doc)]);
            page.control("br", []);
            page.text([roman(format!("Value: {value}"))]);
        }
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("halftone"), roman("(1)")]);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(folder.path()).unwrap();
        let names = names(folder.path());
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = format!("halftone-{}.1", command.get_name());
            assert!(names.contains(&page), "{page}: {names:?}");
        }
        assert!(names.contains(&"halftone.1".to_owned()));
        assert!(names.contains(&"halftone-user-add.1".to_owned()));
        let settings = fs::read_to_string(folder.path().join("halftone.toml.5")).unwrap();
        for setting in SETTINGS {
            assert!(settings.contains(setting.about.name), "{}", setting.about.name);
        }
    }

    #[test]
    fn the_completion_knows_the_commands() {
        let folder = tempfile::tempdir().unwrap();
        write_completion(folder.path()).unwrap();
        let script = fs::read_to_string(folder.path().join("halftone")).unwrap();
        assert!(script.contains("halftone") && script.contains("migrate"), "{script}");
    }
}
