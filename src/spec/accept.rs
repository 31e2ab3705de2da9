//! What a client says that it can show, as far as `format=auto` asks.
//!
//! The request's `Accept` field is mapped to four classes, so that caches in front of the server
//! and the memory of answers within it need no more than four entries for one address. What is
//! picked for a class depends on the source's name alone: the pixels need not be read to know it.

use super::FormatChoice;
use crate::pixel::Format;

/// The class of a client: which of the newer formats it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Accepts {
    /// Whether it asks for AVIF.
    pub avif: bool,
    /// Whether it asks for WebP.
    pub webp: bool,
}

impl Accepts {
    /// Number of classes.
    pub const CLASSES: usize = 4;

    /// The class of these `Accept` fields (RFC 9110, section 12.5.1), which may be several.
    ///
    /// Only formats that are named count: `image/*` and `*/*` are sent by clients that show neither.
    /// A format whose weight is 0, or lower than that of another named one (JPEG among them), is as
    /// if it were not named.
    #[must_use]
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let (mut avif, mut webp, mut jpeg) = (0, 0, 0);
        for item in fields.into_iter().flat_map(|field| field.split(|byte| *byte == b',')) {
            let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let Some(name) = parts.next() else { continue };
            let thousandths = match name.to_ascii_lowercase().as_slice() {
                b"image/avif" => &mut avif,
                b"image/webp" => &mut webp,
                b"image/jpeg" => &mut jpeg,
                _ => continue,
            };
            *thousandths = parts.find_map(weight).unwrap_or(1000);
        }
        let avif_counts = avif > 0 && avif >= webp.max(jpeg);
        // Beside a preferred AVIF it counts as well, for pictures that move.
        let webp_counts = webp > 0 && (avif_counts || webp >= jpeg);
        Self { avif: avif_counts, webp: webp_counts }
    }

    /// A number below [`Self::CLASSES`], another one for each class.
    #[must_use]
    pub fn class(self) -> usize {
        usize::from(self.avif) * 2 + usize::from(self.webp)
    }

    /// The format for a source of this format (by its name).
    pub(super) fn pick(self, source: Option<Format>) -> FormatChoice {
        let may_move = source.is_some_and(Format::animates);
        // What drawings and logos come in, which mind losses and are often see-through.
        let drawn = matches!(source, Some(Format::Png | Format::Svg | Format::Ico));
        let writes = |format: Format| format.row().is_written();
        let format = if self.avif && !(may_move && self.webp) && writes(Format::Avif) {
            Format::Avif
        } else if self.webp && writes(Format::Webp) {
            Format::Webp
        } else if source == Some(Format::Gif) {
            Format::Gif
        } else if drawn {
            Format::Png
        } else {
            Format::Jpeg
        };
        FormatChoice { format, progressive: false }
    }
}

/// The weight that a parameter says, in thousandths, if it is one.
fn weight(parameter: &[u8]) -> Option<u16> {
    let (name, value) = std::str::from_utf8(parameter).ok()?.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    // What is no weight is taken for none at all.
    let weight = value.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
    Some(weight.map_or(0, |weight: f64| (weight * 1000.0).round() as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEITHER: Accepts = Accepts { avif: false, webp: false };
    const WEBP: Accepts = Accepts { avif: false, webp: true };
    const AVIF: Accepts = Accepts { avif: true, webp: false };
    const BOTH: Accepts = Accepts { avif: true, webp: true };

    #[test]
    fn browsers_fall_into_four_classes() {
        for (field, expected) in [
            ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", BOTH),
            ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", BOTH),
            ("image/webp,*/*", WEBP),
            ("IMAGE/WebP ; q=1.0", WEBP),
            ("image/avif", AVIF),
            ("image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", NEITHER),
            ("*/*", NEITHER),
            ("image/*", NEITHER),
            ("", NEITHER),
            ("image/webp2,ximage/webp", NEITHER),
        ] {
            assert_eq!(Accepts::of([field.as_bytes()]), expected, "{field}");
        }
        assert_eq!(Accepts::of([]), NEITHER);
        assert_eq!(Accepts::of([&b"image/avif"[..], b"text/html, image/webp"]), BOTH);
    }

    #[test]
    fn weights_are_heeded() {
        for (field, expected) in [
            ("image/avif;q=0,image/webp", WEBP),
            ("image/avif;q=0.0, image/webp;q=0.000", NEITHER),
            ("image/avif;q=0.5,image/webp;q=0.9", WEBP),
            ("image/avif;q=0.9,image/webp;q=0.5", BOTH),
            ("image/jpeg,image/webp;q=0.5", NEITHER),
            ("image/jpeg;q=0.5,image/webp;q=0.5", WEBP),
            ("image/jpeg;q=0.7,image/webp;q=0.5,image/avif;q=0.8", BOTH),
            ("image/webp;q=x", NEITHER),
            ("image/webp;q=2", NEITHER),
            ("image/webp;v=1;q=0", NEITHER),
            ("image/webp;q=0.001,*/*;q=1", WEBP),
        ] {
            assert_eq!(Accepts::of([field.as_bytes()]), expected, "{field}");
        }
    }

    #[test]
    fn classes_are_told_apart() {
        let classes = [NEITHER, WEBP, AVIF, BOTH].map(Accepts::class);
        assert_eq!(classes, [0, 1, 2, 3]);
        assert_eq!(classes.len(), Accepts::CLASSES);
    }

    #[test]
    fn what_is_picked_keeps_motion_and_transparency() {
        // Until AVIF is written, those who take it beside WebP get WebP.
        let modern = if Format::Avif.row().is_written() { Format::Avif } else { Format::Webp };
        for (accepts, source, expected) in [
            (BOTH, Some(Format::Jpeg), modern),
            (BOTH, Some(Format::Png), modern),
            (BOTH, None, modern),
            (BOTH, Some(Format::Gif), Format::Webp),
            (BOTH, Some(Format::Webp), Format::Webp),
            (WEBP, Some(Format::Jpeg), Format::Webp),
            (WEBP, Some(Format::Gif), Format::Webp),
            (NEITHER, Some(Format::Jpeg), Format::Jpeg),
            (NEITHER, Some(Format::Bmp), Format::Jpeg),
            (NEITHER, Some(Format::Webp), Format::Jpeg),
            (NEITHER, Some(Format::Tiff), Format::Jpeg),
            (NEITHER, Some(Format::Png), Format::Png),
            (NEITHER, Some(Format::Svg), Format::Png),
            (NEITHER, Some(Format::Gif), Format::Gif),
            (NEITHER, None, Format::Jpeg),
        ] {
            assert_eq!(accepts.pick(source).format, expected, "{accepts:?} {source:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_field_panics(field in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
            let _ = Accepts::of([field.as_slice()]);
        }
    }
}
