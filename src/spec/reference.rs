//! The reference of image parameters, written from the table.

use std::fmt::Write as _;

use super::{Group, PARAMS, Param, Place};

const HEAD: &str = "\
<!-- Written by `halftone docs` from src/spec/params; changes made here are lost. -->

# Image parameters

The parameters of `/image?src=…` and of templates. Those that change the picture are also the
options of `halftone convert`.

- Parameters in the URL win over those of the template.
- Unknown and blank parameters are ignored; of repeated ones the first counts.
- A value that is out of range or not one of the choices is an error (400) that names the parameter.
- Names are written exactly as here; words in values may have large or small letters. Numbers with
  a fraction are rounded to 5 decimals.
- The order of work is always: page, the orientation that the camera recorded, mirror, turn, crop,
  size, sharpness, overlay, tile, colour model, strip.
- `/original?src=…` takes only the parameters that say so.
";

/// The reference of all image parameters, as Markdown.
#[must_use]
pub fn reference_markdown() -> String {
    let mut text = String::from(HEAD);
    for group in Group::ALL {
        let _ = write!(text, "\n## {}\n", group.title());
        for param in PARAMS.iter().filter(|param| param.about.group == group) {
            section(&mut text, param);
        }
    }
    text
}

fn section(text: &mut String, param: &Param) {
    let about = param.about;
    let _ = write!(text, "\n### {}\n\n{}\n\n", about.name, about.doc);
    let _ = writeln!(text, "- Value: {}", param.shape());
    if let Some(default) = about.default {
        let _ = writeln!(text, "- Default: `{default}`");
    }
    if !about.aliases.is_empty() {
        let _ = writeln!(text, "- Also: {}", codes(about.aliases));
    }
    let template = match about.place {
        Place::Url => "not possible".to_owned(),
        Place::Both(name) => codes(&[&[name.name], name.aliases].concat()),
        Place::Template(name) => {
            format!("{}; not possible in URLs", codes(&[&[name.name], name.aliases].concat()))
        }
    };
    let _ = writeln!(text, "- In templates: {template}");
    if about.original {
        let _ = writeln!(text, "- With `/original` too");
    }
}

fn codes(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}
