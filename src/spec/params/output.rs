//! The file that is sent: format, compression, descriptive data.

use super::super::kind::{FileFormat, Integer, Max, QualityLevel, Switch};
use super::{About, Group, Place, Row, TemplateName};
use crate::spec::{FormatWish, QualityWish};

pub(super) static FORMAT: Row<FormatWish> = Row {
    about: About {
        name: "format",
        aliases: &[],
        place: Place::Both(TemplateName { name: "format", aliases: &[] }),
        original: false,
        key: Some('f'),
        default: None,
        group: Group::Output,
        doc: "The file format of the result. `pjpg` and `pjpeg` give a JPEG that appears coarse at \
              first and becomes finer while it loads. When it is not given, the result has the \
              format of the source, or JPEG where that one cannot be written or is PDF. `auto` picks by the \
              request's `Accept` field: AVIF, else WebP, where the client names it, and for others \
              JPEG, or PNG for PNG, SVG and icons, or GIF for GIF. Sources that may move \
              (GIF, WebP) become WebP rather than AVIF, so that they still do. `image/*` and `*/*` \
              do not count as naming; one with `q=0`, or a lower `q` than the client gives another \
              choice, is left out. Such answers say `Vary: Accept`. A caller in front that keeps \
              them needs only four classes of `Accept`: names AVIF, names WebP, both, neither.",
    },
    kind: &FileFormat,
};

pub(super) static QUALITY: Row<QualityWish> = Row {
    about: About {
        name: "quality",
        aliases: &[],
        place: Place::Both(TemplateName { name: "quality", aliases: &[] }),
        original: false,
        key: Some('q'),
        default: None,
        group: Group::Output,
        doc: "For JPEG, WebP, AVIF, JPEG XL and PDF, how much of the picture is kept: 1 is the smallest file, 100 the \
              best picture; without it, 80. At 100, WebP, JPEG XL and PDF lose nothing. For PNG, which loses nothing, two digits from 10 to 99 \
              that weigh time against size: the first is the effort of compression (1 to 9), the \
              second the row filter (0 none, 1 sub, 2 up, 3 average, 4 Paeth, 5 to 9 the best of \
              them for each row); without it, 39. Other formats ignore it. A template's quality \
              holds for the kind of format that the template was made for: one for JPEG is not \
              applied to PNG, nor the other way round. `auto` takes, for JPEG, WebP and AVIF, the \
              lowest quality at which the picture looks as good as the setting \
              `auto_quality_score` asks: it is tried out on the picture, and measured by \
              SSIMULACRA2. Plain pictures become smaller than at a fixed number, busy ones are \
              spared. CMYK pictures are not measured and get 80.",
    },
    kind: &QualityLevel,
};

pub(super) static STRIP: Row<bool> = Row {
    about: About {
        name: "strip",
        aliases: &[],
        place: Place::Both(TemplateName { name: "strip", aliases: &[] }),
        original: false,
        key: Some('e'),
        default: Some("0"),
        group: Group::Output,
        doc: "Leaves out what is not needed to show the picture: Exif, XMP and IPTC data, the \
              resolution, and the colour profile where it can be spared. RGB and grey pictures \
              are converted to sRGB first unless they look the same in it; CMYK pictures keep \
              their profile, for their numbers mean nothing without one. A profile \
              that was asked for by `icc` stays, unless it is sRGB. What the setting `strip_keeps` \
              names stays as well.",
    },
    kind: &Switch,
};

pub(super) static DPI: Row<u32> = Row {
    about: About {
        name: "dpi",
        aliases: &[],
        place: Place::Both(TemplateName { name: "dpi_x", aliases: &["dpi"] }),
        original: false,
        key: Some('d'),
        default: Some("0"),
        group: Group::Output,
        doc: "The resolution that is written into the file, in dots per inch, which says how large \
              it is printed; the pixels stay the same. It is written with `strip`, too. 0 keeps \
              the resolution of the source.",
    },
    kind: &Integer { min: 0, max: Max::Fixed(32_000) },
};
