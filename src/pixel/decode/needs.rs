//! What a decoder needs from the system beside its input: fonts, or another program.
//!
//! Decoders of isolated formats run without rights; this says which few have to be left to them.

use std::path::Path;

use crate::pixel::{Error, Format, Result};

/// What the decoder of a format reads or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but the file.
    Nothing,
    /// The system's fonts.
    Fonts,
    /// A program.
    Tool(&'static Tool),
}

/// A program that decodes, installed by the system's own package.
#[derive(Debug, PartialEq, Eq)]
pub struct Tool {
    /// Where it is.
    pub program: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
    /// Folders and files that it reads.
    pub reads: &'static [&'static str],
}

/// Folders in which fonts are looked for.
pub const FONT_FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];

/// Ghostscript, for PostScript.
pub const GHOSTSCRIPT: Tool = Tool {
    program: "/usr/bin/gs",
    package: "ghostscript",
    reads: &[
        "/etc/fonts",
        "/etc/ghostscript",
        "/usr/share/color",
        "/usr/share/fonts",
        "/usr/share/ghostscript",
        "/usr/share/poppler",
        "/usr/local/share/fonts",
        "/var/lib/ghostscript",
    ],
};

/// ImageMagick, for GIMP's files.
pub const IMAGEMAGICK: Tool = Tool {
    program: "/usr/bin/convert",
    package: "imagemagick",
    reads: &[
        "/etc/ImageMagick-6",
        "/etc/ImageMagick-7",
        "/usr/share/ImageMagick-6",
        "/usr/share/ImageMagick-7",
    ],
};

/// What files of this format take.
#[must_use]
pub fn needs(format: Format) -> Needs {
    match format {
        Format::Svg => Needs::Fonts,
        Format::Postscript => Needs::Tool(&GHOSTSCRIPT),
        Format::Xcf => Needs::Tool(&IMAGEMAGICK),
        _ => Needs::Nothing,
    }
}

impl Tool {
    /// Every tool.
    pub const ALL: [&'static Self; 2] = [&GHOSTSCRIPT, &IMAGEMAGICK];

    /// Fails when it is not installed.
    ///
    /// # Errors
    /// [`Error::Unsupported`], which names the package.
    pub fn check(&self, format: Format) -> Result<()> {
        if Path::new(self.program).exists() {
            return Ok(());
        }
        Err(Error::Unsupported(format!(
            "{} files are read by a program that is not installed here; Debian's package is {}",
            format.row().title,
            self.package
        )))
    }
}
