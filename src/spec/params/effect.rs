//! What is done to the pixels beyond their place and their colour model.

use super::super::kind::{Integer, Max};
use super::{About, Group, Place, Row, TemplateName};

pub(super) static SHARPEN: Row<i16> = Row {
    about: About {
        name: "sharpen",
        aliases: &[],
        place: Place::Both(TemplateName { name: "sharpen", aliases: &[] }),
        original: false,
        key: Some('H'),
        default: Some("0"),
        group: Group::Effect,
        doc: "Sharpens the picture when above 0 and blurs it when below, after it has got its size. \
              Sharpening is an unsharp mask with a radius (standard deviation) of 1 pixel of the \
              result, and the value is its amount in percent, as photo editors count it: 50 crisps \
              up a picture made smaller, 500 is a strong effect. It works on encoded values. \
              Blurring is Gaussian, in proportion to light; a hundredth of the value is its \
              standard deviation in pixels of the result: −100 softens, −300 looks out of focus.",
    },
    kind: &Integer { min: -500, max: Max::Fixed(500) },
};
