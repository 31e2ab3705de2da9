//! What remains of the URLs of old clients.

use crate::pixel::Format;

/// The source that an old `/erez…` URL means.
///
/// Those clients put `.tif` behind the name of a file that has an extension of its own
/// (`a/b.jpg.tif`); it is taken off again when what is left ends in the extension of an image.
#[must_use]
pub fn legacy_source(src: &str) -> &str {
    let Some((rest, "tif" | "TIF")) = src.rsplit_once('.') else { return src };
    let name = rest.rsplit('/').next().unwrap_or(rest);
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && Format::from_extension(extension).is_some() =>
        {
            rest
        }
        _ => src,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_off_an_added_tif() {
        assert_eq!(legacy_source("a/b.jpg.tif"), "a/b.jpg");
        assert_eq!(legacy_source("b.PNG.TIF"), "b.PNG");
    }

    #[test]
    fn leaves_other_names_alone() {
        for src in ["a/b.tif", "a/b.v2.tif", "a.jpg/b.tif", "a/.jpg.tif", "a/b.jpg", "tif", ""] {
            assert_eq!(legacy_source(src), src);
        }
    }
}
