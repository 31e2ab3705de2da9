//! The settings as text: what holds, a sample file, the reference.

use std::fmt::Write as _;

use super::{Group, Loaded, Origin, SETTINGS, Setting, Settings, Unit};

/// A setting that holds, fit to be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its name.
    pub name: &'static str,
    /// The group it is listed in.
    pub group: Group,
    /// Its value in TOML; none for a secret that was given.
    pub value: Option<String>,
    /// Its default in TOML.
    pub default: String,
    /// The unit of a number.
    pub unit: Option<Unit>,
    /// Where it was given.
    pub origin: Origin,
    /// Whether a reload is enough for a new value to be taken.
    pub reload: bool,
    /// What it does.
    pub doc: &'static str,
}

/// The settings that hold, without the values of secrets.
#[must_use]
pub fn shown(loaded: &Loaded) -> Vec<Shown> {
    let defaults = Settings::default();
    let shown = |setting: &Setting| {
        let about = setting.about;
        let origin = loaded.origin(about.name).clone();
        let is_hidden = about.secret && origin != Origin::Default;
        Shown {
            name: about.name,
            group: about.group,
            value: (!is_hidden).then(|| setting.toml(&loaded.settings)),
            default: setting.toml(&defaults),
            unit: about.unit,
            origin,
            reload: about.reload,
            doc: about.doc,
        }
    };
    SETTINGS.iter().map(shown).collect()
}

/// The settings that hold, as TOML, each with where it was given. Secrets are not shown.
#[must_use]
pub fn show(loaded: &Loaded) -> String {
    let mut text = String::new();
    for setting in shown(loaded) {
        let value = setting.value.as_deref().unwrap_or("\"(not shown)\"");
        let _ = writeln!(text, "{} = {value}  # {}", setting.name, setting.origin);
    }
    text
}

/// Those settings that were given, wherever that was, as a settings file; secrets among them only when
/// it is asked for.
#[must_use]
pub fn given_toml(loaded: &Loaded, with_secrets: bool) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let name = setting.about.name;
        if *loaded.origin(name) == Origin::Default {
            continue;
        }
        if setting.about.secret && !with_secrets {
            let _ = writeln!(text, "# {name} = \"\"  # a secret, which is not kept here");
        } else {
            let _ = writeln!(text, "{name} = {}", setting.toml(&loaded.settings));
        }
    }
    text
}

/// What `halftone config check` says when nothing is wrong; else the error says it.
#[must_use]
pub fn check(loaded: &Loaded) -> String {
    let mut text = String::new();
    for file in &loaded.files {
        let _ = writeln!(text, "read {}", file.display());
    }
    text.push_str("all settings are valid\n");
    text
}

const SAMPLE_HEAD: &str = "\
# The settings of Halftone. Written by `halftone docs`; copy it, then change the copy.
#
# Every setting stands here with its default, commented out. Files `conf.d/*.toml` beside this one
# are read after it in the order of their names; the environment (HALFTONE_ and the name in
# capitals, lists divided by commas) and the command line come last. Later ones win.
";

/// A settings file with every setting, commented out at its default.
#[must_use]
pub fn sample_toml() -> String {
    let mut text = String::from(SAMPLE_HEAD);
    let defaults = Settings::default();
    for group in Group::ALL {
        let _ = write!(text, "\n\n# ---- {} ----\n", group.title());
        for setting in of(group) {
            text.push('\n');
            comment(&mut text, setting.about.doc);
            comment(&mut text, &format!("({}{})", setting.describe(), after(setting)));
            let _ = writeln!(text, "#{} = {}", setting.about.name, setting.toml(&defaults));
        }
    }
    text
}

const REFERENCE_HEAD: &str = "\
<!-- Written by `halftone docs` from src/config/settings; changes made here are lost. -->

# Settings

Settings stand in a TOML file (`--config FILE`), in files `conf.d/*.toml` beside it, in the
environment and on the command line; later ones win, in this order. `halftone config check` tells
all that is wrong with them, `halftone config show` what holds and where it was given, and
`halftone config sample` prints a file with all of them.

In the environment a setting is `HALFTONE_` and its name in capitals; lists are divided by commas
or spaces. An unknown setting is an error wherever it stands.
";

/// The reference of all settings, as Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut text = String::from(REFERENCE_HEAD);
    let defaults = Settings::default();
    for group in Group::ALL {
        let _ = write!(text, "\n## {}\n", group.title());
        for setting in of(group) {
            let about = setting.about;
            let _ = write!(text, "\n### {}\n\n{}\n\n", about.name, about.doc);
            let _ = writeln!(text, "- Value: {}", setting.describe());
            let _ = writeln!(text, "- Default: `{}`", setting.toml(&defaults));
            let _ = writeln!(text, "- Environment: `{}`", setting.variable());
            let takes = if about.reload { "reload" } else { "restart" };
            let _ = writeln!(text, "- Takes effect: on {takes}");
            if about.secret {
                let _ = writeln!(text, "- Secret: never shown or logged");
            }
        }
    }
    text
}

fn of(group: Group) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.about.group == group)
}

fn after(setting: &Setting) -> &'static str {
    if setting.about.reload { "" } else { "; takes a restart" }
}

/// Writes a comment in lines of at most 100 columns.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            let _ = writeln!(text, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
