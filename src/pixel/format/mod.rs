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

/// What writing a picture takes. Encoders cannot be called off while they work on one picture, so that
/// memory and time are bounded beforehand, by the number of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The lowest quality for which this holds, up to the next one's.
    pub from_quality: u8,
    /// Bytes that the encoder holds beside the picture for each pixel of RGB with 8 bits, its output
    /// included.
    pub bytes_per_pixel: u32,
    /// Bytes that it holds besides for transparency.
    pub alpha_bytes: u32,
    /// Bytes that it holds besides for 16 bits, where the format has them.
    pub deep_bytes: u32,
    /// Bytes that it holds besides for a progressive file.
    pub progressive_bytes: u32,
    /// The most megapixels that are written: what takes about a quarter of the time that a request has
    /// by default, on a processor of today.
    pub most_megapixels: u32,
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
    /// What writing takes, in the order of the qualities from which that holds, the first from 1 on;
    /// empty where files of this format are not written.
    pub costs: &'static [Cost],
    /// Pixels a side that a written file can have at most.
    pub most_side: u32,
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
    /// The most bits per sample that are read or written.
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

impl FormatRow {
    /// Whether files of this format can be written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        !self.costs.is_empty()
    }

    /// What writing with this quality takes; none where nothing is written.
    #[must_use]
    pub fn cost(&self, quality: u8) -> Option<&'static Cost> {
        self.costs.iter().rfind(|cost| cost.from_quality <= quality.max(1))
    }
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
    fn what_is_written_has_its_costs_in_order() {
        for row in FORMATS.iter().filter(|row| row.is_written()) {
            assert_eq!(row.costs[0].from_quality, 1, "{}", row.title);
            assert!(row.costs.is_sorted_by(|a, b| a.from_quality < b.from_quality));
            assert!(row.most_side > 0);
            let last = row.costs.last().unwrap();
            assert_eq!(row.cost(100), Some(last));
            assert_eq!(row.cost(0), Some(&row.costs[0]));
            // The numbers of quality mean nothing to the others.
            assert!(row.compression == Compression::Lossy || row.costs.len() == 1);
        }
        assert!(Format::Heic.row().cost(80).is_none());
    }

    #[test]
    fn every_format_has_one_row() {
        for row in FORMATS {
            assert_eq!(FORMATS.iter().filter(|other| other.format == row.format).count(), 1);
        }
    }
}
