//! The same picture in other formats and qualities, to be compared.

use super::addresses::Addresses;
use super::wanted::{Pair, Wanted, with};
use crate::pixel::{Compression, FORMATS, Format, FormatRow};
use crate::web::pages::Frame;

/// Qualities of formats that lose something.
const QUALITIES: [&str; 3] = ["50", "70", "85"];

/// A way to write the picture.
pub struct Variant {
    /// Format and quality, for people.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// Whether it is what the chosen one is first compared with: another format.
    pub is_first: bool,
}

/// The picture in every format that browsers are sent pictures in; nothing where the format is locked.
pub fn variants(
    f: &Frame,
    addresses: &Addresses<'_>,
    wanted: &Wanted,
    pairs: &[Pair],
) -> Vec<Variant> {
    if wanted.base.lock("format") || wanted.base.lock("quality") {
        return Vec::new();
    }
    let href = addresses.local(pairs);
    let mut variants = vec![Variant { name: f.t("compare-chosen"), href, is_first: false }];
    let chosen = wanted.spec.as_ref().map(|spec| spec.recipe.format);
    let shown = |row: &&FormatRow| {
        let kept = matches!(row.extensions[0], "tif" | "bmp");
        row.is_written() && !row.format.is_paper() && !kept
    };
    for row in FORMATS.iter().filter(shown) {
        let qualities: &[&str] =
            if row.compression == Compression::Lossy { &QUALITIES } else { &[""] };
        // PNG beside what loses something, and beside PNG the best of what does.
        let other = if chosen == Some(Format::Png) { Format::Jpeg } else { Format::Png };
        for quality in qualities {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let changes = [("format", text(row.extensions[0])), ("quality", text(quality))];
            let name = format!("{} {quality}", row.title).trim_end().to_owned();
            let href = addresses.local(&with(pairs, &changes));
            let is_first = row.format == other && Some(quality) == qualities.last();
            variants.push(Variant { name, href, is_first });
        }
    }
    variants
}
