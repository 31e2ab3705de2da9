//! The one table of file formats: names, MIME types, what each can hold, and how it is recognised.
//!
//! What a row says is declared here, the rows stand in `table`, and `list` tells them to people and
//! programs. Reading and writing is the business of `decode` and `encode`.

mod list;
mod table;

pub use self::list::{json, markdown, text};
pub use self::table::FORMATS;

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
    /// AVIF (AV1 in HEIF).
    Avif,
    /// HEIC (HEVC in HEIF).
    Heic,
    /// JPEG XL (ISO/IEC 18181).
    Jxl,
    /// Truevision TGA.
    Tga,
    /// Netpbm: PBM, PGM, PPM and PAM.
    Pnm,
    /// Windows icon or cursor.
    Ico,
    /// Scalable Vector Graphics.
    Svg,
    /// Photoshop, PSD and PSB.
    Psd,
    /// DICOM.
    Dicom,
    /// Portable Document Format.
    Pdf,
    /// PostScript, Encapsulated PostScript and Illustrator.
    Postscript,
    /// Camera raw files.
    Raw,
    /// GIMP's own.
    Xcf,
}

/// How a format compresses, which says what `quality` means for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Quality against size, 1 to 100.
    Lossy,
    /// Two digits of effort, as PNG has them.
    Png,
    /// Nothing to choose.
    Fixed,
}

/// What a file can carry beside its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Exif.
    Exif,
    /// XMP.
    Xmp,
    /// IPTC-IIM.
    Iptc,
    /// Resolution, in a field of the format's own.
    Resolution,
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
    /// What `quality` means when it is written.
    pub compression: Compression,
    /// The most bits per sample that its files hold; of deep formats, those that are read.
    pub bits: u8,
    /// Whether it holds greyscale as such.
    pub gray: bool,
    /// What is kept beside the pixels, besides a profile.
    pub metadata: &'static [Block],
    /// The Debian package that has to be installed, where one has to.
    pub needs: Option<&'static str>,
    /// Whether its files are only read in a process of their own, without rights: a format that is
    /// complex, or whose decoder is not safe against hostile files.
    pub isolated: bool,
    /// Tells the format by a file's first bytes, [`HEAD_BYTES`](crate::pixel::decode::HEAD_BYTES) unless
    /// the file is shorter.
    pub matches: fn(&[u8]) -> bool,
}

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

    /// The format of a file that starts with these bytes
    /// ([`HEAD_BYTES`](crate::pixel::decode::HEAD_BYTES), unless the file is shorter).
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        FORMATS
            .iter()
            // Nothing in the content of these proves what they are: only a name makes them so.
            .filter(|row| row.format != Self::Tga)
            .find(|row| (row.matches)(head))
            .map(|row| row.format)
    }

    /// Whether pictures of this format are pages, which show on paper unless told otherwise.
    #[must_use]
    pub fn is_paper(self) -> bool {
        matches!(self, Self::Pdf | Self::Postscript)
    }

    /// Whether its files can move, and are read and written so.
    #[must_use]
    pub fn animates(self) -> bool {
        matches!(self, Self::Gif | Self::Webp)
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
