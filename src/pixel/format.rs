//! The one table of file formats: names, MIME types, what each can hold, and how it is recognised.

use super::decode::{dicom, ico, raw, tga};

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
    /// Tells the format by a file's first bytes, [`HEAD_BYTES`](super::decode::HEAD_BYTES) unless
    /// the file is shorter.
    pub matches: fn(&[u8]) -> bool,
}

const ALL: &[Block] = &[Block::Exif, Block::Xmp, Block::Iptc, Block::Resolution];
const NOTHING: &[Block] = &[];

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
        compression: Compression::Lossy,
        bits: 8,
        gray: true,
        metadata: ALL,
        needs: None,
        isolated: false,
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
        compression: Compression::Png,
        bits: 16,
        gray: true,
        metadata: &[Block::Exif, Block::Xmp, Block::Resolution],
        needs: None,
        isolated: false,
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
        compression: Compression::Fixed,
        bits: 8,
        gray: false,
        metadata: NOTHING,
        needs: None,
        isolated: false,
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
        compression: Compression::Fixed,
        bits: 16,
        gray: true,
        metadata: ALL,
        needs: None,
        isolated: false,
        matches: |head| {
            [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(*magic))
                && !raw::is_canon(head)
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
        compression: Compression::Fixed,
        bits: 8,
        gray: false,
        metadata: &[Block::Resolution],
        needs: None,
        isolated: false,
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
        compression: Compression::Lossy,
        bits: 8,
        gray: false,
        metadata: &[Block::Exif, Block::Xmp],
        needs: None,
        isolated: false,
        matches: |head| head.len() >= 12 && head.starts_with(b"RIFF") && &head[8..12] == b"WEBP",
    },
    FormatRow {
        format: Format::Avif,
        title: "AVIF",
        extensions: &["avif"],
        mime: "image/avif",
        read: true,
        write: true,
        alpha: true,
        deep: true,
        cmyk: false,
        pages: false,
        profile: true,
        compression: Compression::Lossy,
        bits: 12,
        gray: true,
        metadata: &[Block::Exif, Block::Xmp],
        needs: Some("libheif1"),
        isolated: true,
        matches: |head| is_heif(head, AV1_BRANDS, AV1_BRANDS),
    },
    FormatRow {
        format: Format::Heic,
        title: "HEIC",
        extensions: &["heic", "heif", "hif"],
        mime: "image/heic",
        read: true,
        write: false,
        alpha: true,
        deep: true,
        cmyk: false,
        pages: true,
        profile: true,
        compression: Compression::Lossy,
        bits: 12,
        gray: true,
        metadata: &[Block::Exif, Block::Xmp],
        needs: Some("libheif1"),
        isolated: true,
        // The extensions `heif` and `hif` say nothing of the codec; AVIF comes first in this table.
        matches: |head| is_heif(head, HEIC_BRANDS, &[]) || is_heif(head, AV1_BRANDS, AV1_BRANDS),
    },
    FormatRow {
        format: Format::Jxl,
        title: "JPEG XL",
        extensions: &["jxl"],
        mime: "image/jxl",
        read: true,
        write: true,
        alpha: true,
        deep: true,
        cmyk: false,
        pages: true,
        profile: true,
        compression: Compression::Lossy,
        bits: 16,
        gray: true,
        metadata: &[Block::Exif, Block::Xmp],
        needs: Some("libjxl0.7 (writing)"),
        isolated: true,
        matches: |head| {
            head.starts_with(&[0xff, 0x0a]) || head.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n")
        },
    },
    FormatRow {
        format: Format::Tga,
        title: "Targa",
        extensions: &["tga"],
        mime: "image/x-tga",
        read: true,
        write: false,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: false,
        profile: false,
        compression: Compression::Fixed,
        bits: 8,
        gray: true,
        metadata: NOTHING,
        needs: None,
        isolated: false,
        matches: tga::plausible,
    },
    FormatRow {
        format: Format::Pnm,
        title: "Netpbm",
        extensions: &["ppm", "pgm", "pbm", "pam", "pnm"],
        mime: "image/x-portable-anymap",
        read: true,
        write: false,
        alpha: true,
        deep: true,
        cmyk: true,
        pages: false,
        profile: false,
        compression: Compression::Fixed,
        bits: 16,
        gray: true,
        metadata: NOTHING,
        needs: None,
        isolated: false,
        matches: |head| matches!(head, [b'P', b'1'..=b'7', b, ..] if b.is_ascii_whitespace() || *b == b'#'),
    },
    FormatRow {
        format: Format::Ico,
        title: "Icon",
        extensions: &["ico", "cur"],
        mime: "image/vnd.microsoft.icon",
        read: true,
        write: false,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: true,
        profile: false,
        compression: Compression::Fixed,
        bits: 8,
        gray: false,
        metadata: NOTHING,
        needs: None,
        isolated: false,
        matches: ico::matches,
    },
    FormatRow {
        format: Format::Svg,
        title: "SVG",
        extensions: &["svg", "svgz"],
        mime: "image/svg+xml",
        read: true,
        write: false,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: false,
        profile: false,
        compression: Compression::Fixed,
        bits: 8,
        gray: false,
        metadata: NOTHING,
        needs: None,
        isolated: true,
        matches: super::decode::svg::matches,
    },
    FormatRow {
        format: Format::Psd,
        title: "Photoshop",
        extensions: &["psd", "psb"],
        mime: "image/vnd.adobe.photoshop",
        read: true,
        write: false,
        alpha: true,
        deep: true,
        cmyk: true,
        pages: false,
        profile: true,
        compression: Compression::Fixed,
        bits: 16,
        gray: true,
        metadata: ALL,
        needs: None,
        isolated: true,
        matches: |head| head.starts_with(b"8BPS"),
    },
    FormatRow {
        format: Format::Dicom,
        title: "DICOM",
        extensions: &["dcm"],
        mime: "application/dicom",
        read: true,
        write: false,
        alpha: false,
        deep: true,
        cmyk: false,
        pages: true,
        profile: false,
        compression: Compression::Fixed,
        bits: 16,
        gray: true,
        metadata: NOTHING,
        needs: None,
        isolated: true,
        matches: dicom::matches,
    },
    FormatRow {
        format: Format::Pdf,
        title: "PDF",
        extensions: &["pdf"],
        mime: "application/pdf",
        read: true,
        write: true,
        alpha: true,
        deep: true,
        cmyk: true,
        pages: true,
        profile: true,
        compression: Compression::Lossy,
        bits: 16,
        gray: true,
        metadata: &[Block::Xmp, Block::Resolution],
        needs: None,
        isolated: true,
        matches: |head| head.starts_with(b"%PDF-"),
    },
    FormatRow {
        format: Format::Postscript,
        title: "PostScript",
        extensions: &["eps", "ps", "ai"],
        mime: "application/postscript",
        read: true,
        write: false,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: true,
        profile: false,
        compression: Compression::Fixed,
        bits: 8,
        gray: true,
        metadata: NOTHING,
        needs: Some("ghostscript"),
        isolated: true,
        matches: |head| head.starts_with(b"%!PS") || head.starts_with(&[0xc5, 0xd0, 0xd3, 0xc6]),
    },
    FormatRow {
        format: Format::Raw,
        title: "Camera raw",
        extensions: &[
            "dng", "cr2", "cr3", "nef", "nrw", "arw", "orf", "rw2", "raf", "raw", "mrw", "x3f",
        ],
        mime: "image/x-adobe-dng",
        read: true,
        write: false,
        alpha: false,
        deep: true,
        cmyk: false,
        pages: false,
        profile: false,
        compression: Compression::Fixed,
        bits: 16,
        gray: false,
        metadata: &[Block::Exif],
        needs: None,
        isolated: true,
        matches: raw::matches,
    },
    FormatRow {
        format: Format::Xcf,
        title: "GIMP",
        extensions: &["xcf"],
        mime: "image/x-xcf",
        read: true,
        write: false,
        alpha: true,
        deep: false,
        cmyk: false,
        pages: false,
        profile: false,
        compression: Compression::Fixed,
        bits: 16,
        gray: true,
        metadata: NOTHING,
        needs: Some("imagemagick"),
        isolated: true,
        matches: |head| head.starts_with(b"gimp xcf "),
    },
];

const AV1_BRANDS: &[&[u8; 4]] = &[b"avif", b"avis"];
const HEIC_BRANDS: &[&[u8; 4]] =
    &[b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

/// Whether a file starts with the box of ISO/IEC 14496-12 that names one of the `major` brands, or
/// the brand of no codec in particular and one of `compatible` beside it.
fn is_heif(head: &[u8], major: &[&[u8; 4]], compatible: &[&[u8; 4]]) -> bool {
    let Some((start, rest)) = head.split_first_chunk::<16>() else { return false };
    let [a, b, c, d, b'f', b't', b'y', b'p', name @ .., _, _, _, _] = start else { return false };
    if major.contains(&name) {
        return true;
    }
    let listed = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_sub(16);
    let listed = &rest[..listed.min(rest.len())];
    matches!(name, b"mif1" | b"msf1")
        && listed.as_chunks().0.iter().any(|brand| compatible.contains(&brand))
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
    /// ([`HEAD_BYTES`](super::decode::HEAD_BYTES), unless the file is shorter).
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
    fn brands_tell_avif_from_heic() {
        let file = |major: &[u8; 4], compatible: &[&[u8; 4]]| {
            let mut head = (16 + 4 * compatible.len() as u32).to_be_bytes().to_vec();
            head.extend_from_slice(b"ftyp");
            head.extend_from_slice(major);
            head.extend_from_slice(&[0; 4]);
            compatible.iter().for_each(|brand| head.extend_from_slice(*brand));
            head.extend_from_slice(b"\0\0\0\x10metaavif");
            head
        };
        for (major, compatible, format) in [
            (b"avif", &[b"mif1"][..], Some(Format::Avif)),
            (b"mif1", &[b"miaf", b"avif"], Some(Format::Avif)),
            (b"mif1", &[b"heic"], Some(Format::Heic)),
            (b"heic", &[b"mif1"], Some(Format::Heic)),
            (b"isom", &[b"avif"], None),
        ] {
            assert_eq!(Format::sniff(&file(major, compatible)), format, "{major:?}");
        }
        assert!((Format::Heic.row().matches)(&file(b"avif", &[])), "as `.heif` it may be either");
    }

    #[test]
    fn every_format_has_one_row() {
        for row in FORMATS {
            assert_eq!(FORMATS.iter().filter(|other| other.format == row.format).count(), 1);
        }
    }
}
