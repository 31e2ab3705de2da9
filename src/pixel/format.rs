//! The one table of file formats: names, MIME types, what each can hold, and how it is recognised.

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (W3C, third edition).
    Png,
    /// GIF 89a.
    Gif,
    /// TIFF 6.0 and BigTIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// WebP.
    Webp,
}

/// What is known of a format.
#[derive(Debug)]
pub struct FormatRow {
    /// The format.
    pub format: Format,
    /// Name for people.
    pub title: &'static str,
    /// File name extensions, lower case, the preferred one first. These are also the values that
    /// the parameter `format` takes.
    pub extensions: &'static [&'static str],
    /// MIME type.
    pub mime: &'static str,
    /// Whether files of this format can be read.
    pub read: bool,
    /// Whether files of this format can be written.
    pub write: bool,
    /// Whether it can hold transparency.
    pub alpha: bool,
    /// Whether it can hold 16 bits per sample.
    pub deep: bool,
    /// Whether it can hold CMYK.
    pub cmyk: bool,
    /// Whether a file can hold several pages or frames.
    pub pages: bool,
    /// Whether an ICC profile can be embedded.
    pub profile: bool,
    /// Tells the format by a file's first 16 or more bytes.
    pub matches: fn(&[u8]) -> bool,
}

/// Every format, in the order in which they are listed to people.
pub const FORMATS: &[FormatRow] = &[
    FormatRow {
        format: Format::Jpeg,
        title: "JPEG",
        extensions: &["jpg", "jpeg", "jpe", "jfif", "jif"],
        mime: "image/jpeg",
        read: true,
        write: true,
        alpha: false,
        deep: false,
        cmyk: true,
        pages: false,
        profile: true,
        matches: |head| head.starts_with(&[0xff, 0xd8, 0xff]),
    },
    FormatRow {
        format: Format::Png,
        title: "PNG",
        extensions: &["png"],
        mime: "image/png",
        read: true,
        write: true,
        alpha: true,
        deep: true,
        cmyk: false,
        pages: false,
        profile: true,
        matches: |head| head.starts_with(b"\x89PNG\r\n\x1a\n"),
    },
    FormatRow {
        format: Format::Gif,
        title: "GIF",
        extensions: &["gif"],
        mime: "image/gif",
        read: true,
        write: true,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: true,
        profile: false,
        matches: |head| head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
    },
    FormatRow {
        format: Format::Tiff,
        title: "TIFF",
        extensions: &["tif", "tiff"],
        mime: "image/tiff",
        read: true,
        write: true,
        alpha: true,
        deep: true,
        cmyk: true,
        pages: true,
        profile: true,
        matches: |head| {
            [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(*magic))
        },
    },
    FormatRow {
        format: Format::Bmp,
        title: "Bitmap",
        extensions: &["bmp"],
        mime: "image/bmp",
        read: true,
        write: true,
        alpha: false,
        deep: false,
        cmyk: false,
        pages: false,
        profile: false,
        matches: |head| head.starts_with(b"BM"),
    },
    FormatRow {
        format: Format::Webp,
        title: "WebP",
        extensions: &["webp"],
        mime: "image/webp",
        read: true,
        write: true,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: true,
        profile: true,
        matches: |head| head.len() >= 12 && head.starts_with(b"RIFF") && &head[8..12] == b"WEBP",
    },
];

impl Format {
    /// The format's row in [`FORMATS`].
    #[must_use]
    pub fn row(self) -> &'static FormatRow {
        FORMATS.iter().find(|row| row.format == self).expect("every format has a row")
    }

    /// The format with this extension, ignoring case.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|row| row.extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
            .map(|row| row.format)
    }

    /// The format of a file that starts with these bytes (at least 16, unless the file is shorter).
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        FORMATS.iter().find(|row| (row.matches)(head)).map(|row| row.format)
    }

    /// MIME type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        self.row().mime
    }

    /// The preferred file name extension.
    #[must_use]
    pub fn extension(self) -> &'static str {
        self.row().extensions[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_names_one_format() {
        let mut seen = std::collections::HashSet::new();
        for row in FORMATS {
            for extension in row.extensions {
                assert!(seen.insert(*extension), "{extension} stands twice");
                assert_eq!(Format::from_extension(&extension.to_uppercase()), Some(row.format));
            }
        }
    }

    #[test]
    fn every_format_has_one_row() {
        for row in FORMATS {
            assert_eq!(FORMATS.iter().filter(|other| other.format == row.format).count(), 1);
        }
    }
}
