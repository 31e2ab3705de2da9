//! What of the system can be there or not: libraries, programs and fonts that some formats need.

use std::fs;
use std::path::Path;

use super::decode::{FONT_FOLDERS, Tool};
use super::{encode, heif};

/// How deep fonts lie below their folder, at most.
const DEEPEST: usize = 4;

/// Something that may be missing, and what then does not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optional {
    /// What does not work without it.
    pub for_what: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
    /// Whether it is there, and can be used.
    pub is_there: bool,
}

/// Everything optional. Loads libraries and looks through the folders of fonts, for some milliseconds.
#[must_use]
pub fn optional() -> Vec<Optional> {
    let row = |for_what, package, is_there| Optional { for_what, package, is_there };
    let program =
        |for_what, tool: &Tool| row(for_what, tool.package, Path::new(tool.program).exists());
    vec![
        row("HEIC and AVIF", "libheif1", heif::prepare().is_ok()),
        row("writing JPEG XL", "libjxl0.7", encode::has_jxl()),
        program("PostScript", Tool::ALL[0]),
        program("GIMP's files", Tool::ALL[1]),
        row("text in SVG", "fonts-dejavu-core", has_fonts()),
    ]
}

fn has_fonts() -> bool {
    FONT_FOLDERS.iter().any(|folder| holds_font(Path::new(folder), DEEPEST))
}

fn holds_font(folder: &Path, depth: usize) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        let is_font = path.extension().is_some_and(|extension| {
            ["ttf", "otf", "ttc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        is_font || (depth > 0 && path.is_dir() && holds_font(&path, depth - 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_are_found_below_their_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!holds_font(folder.path(), DEEPEST));
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/readme.txt"), "").unwrap();
        assert!(!holds_font(folder.path(), DEEPEST));
        fs::write(folder.path().join("a/b/Sans.TTF"), "").unwrap();
        assert!(holds_font(folder.path(), DEEPEST));
        assert!(!holds_font(folder.path(), 1));
    }

    #[test]
    fn every_program_is_listed() {
        let rows = optional();
        for tool in Tool::ALL {
            let row = rows.iter().find(|row| row.package == tool.package).unwrap();
            assert_eq!(row.is_there, Path::new(tool.program).exists());
        }
    }
}
