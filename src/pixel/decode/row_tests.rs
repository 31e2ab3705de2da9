//! What decoders tell of files is what the rows of the table say of their formats.

use super::fixture::{file, open_here, pattern};
use super::seeds::seeds;
use super::{Info, Opening};
use crate::pixel::{Block, ColourSpace, Depth, Format};

fn infos() -> Vec<Info> {
    let opened = seeds().into_iter().map(|(format, file)| {
        let source = open_here(&file, format, &Opening::default());
        let info = source.unwrap_or_else(|error| panic!("{format:?}: {error}")).info().clone();
        assert_eq!(info.format, format);
        info
    });
    opened.collect()
}

#[test]
fn nothing_is_read_that_a_row_does_not_say() {
    for info in infos() {
        let row = info.format.row();
        let blocks = [
            (Block::Exif, info.metadata.exif.is_some()),
            (Block::Xmp, info.metadata.xmp.is_some()),
            (Block::Iptc, info.metadata.iptc.is_some()),
        ];
        assert!(row.read, "{}", row.title);
        assert!(row.alpha || !info.alpha, "{} has alpha", row.title);
        assert!(row.deep || info.depth == Depth::U8, "{} has 16 bits", row.title);
        assert!(row.pages || info.pages == 1, "{} has {} pages", row.title, info.pages);
        assert!(row.profile || info.profile.is_none(), "{} has a profile", row.title);
        assert!(row.cmyk || info.space != ColourSpace::Cmyk, "{} has ink", row.title);
        assert!(row.gray || info.space != ColourSpace::Gray, "{} has grey", row.title);
        for (block, found) in blocks {
            assert!(row.metadata.contains(&block) || !found, "{} has {block:?}", row.title);
        }
    }
}

#[test]
fn bitmaps_are_written_without_transparency_and_read_with_it() {
    let bmp = file(&pattern(9, 7, 4), (9, 7), "rgba", &["BMP:-"]);
    let source = open_here(&bmp, Format::Bmp, &Opening::default()).unwrap();
    assert!(source.info().alpha && !Format::Bmp.row().alpha);
}
