//! What the colours become: profile, intent, colour model.

use super::super::kind::{ColourModel, ProfileName, RenderingIntent, Switch};
use super::{About, Group, Place, Row, TemplateName};
use crate::pixel::{ColourSpace, Intent};

pub(super) static ICC: Row<String> = Row {
    about: About {
        name: "icc",
        aliases: &[],
        place: Place::Both(TemplateName { name: "icc_profile", aliases: &[] }),
        original: false,
        key: Some('I'),
        default: None,
        group: Group::Output,
        doc: "Applies an ICC colour profile and attaches it: the name of a file in one of the \
              folders of the setting `icc_dirs`, with or without `.icc` or `.icm`, in small or \
              large letters. The colours are converted from the picture's own profile; without \
              one, RGB is taken as sRGB, grey as grey with the curve of sRGB, and CMYK as the \
              setting `cmyk_profile` says. The picture takes on the profile's colour model, and \
              becomes sRGB again for formats that cannot hold CMYK. An abstract profile changes \
              the colours and leaves model and profile as they are. A device link takes only \
              pictures of its own model, and no profile is attached. `colorspace` and `strip` \
              come after it: `icc=…&colorspace=rgb` shows on a screen what a press would print. \
              A `colorspace` of a template beneath does not count unless it is locked there.",
    },
    kind: &ProfileName,
};

pub(super) static INTENT: Row<Intent> = Row {
    about: About {
        name: "intent",
        aliases: &[],
        place: Place::Both(TemplateName { name: "icc_intent", aliases: &[] }),
        original: false,
        key: Some('N'),
        default: Some("relative"),
        group: Group::Output,
        doc: "How `icc` treats colours that the profile cannot show: `perceptual` moves all \
              colours so that their relations stay, `relative` keeps those that can be shown and \
              changes the others to the nearest, `absolute` does the same and shows the tint of \
              the paper too, `saturation` keeps colours vivid. Means nothing without `icc`.",
    },
    kind: &RenderingIntent,
};

pub(super) static BPC: Row<bool> = Row {
    about: About {
        name: "bpc",
        aliases: &[],
        place: Place::Both(TemplateName { name: "icc_bpc", aliases: &[] }),
        original: false,
        key: Some('B'),
        default: Some("1"),
        group: Group::Output,
        doc: "Black point compensation: whether the darkest tone of the picture becomes the \
              darkest tone of the profile of `icc`, so that shadows keep their steps. Means \
              nothing with another `intent` than `relative`.",
    },
    kind: &Switch,
};

pub(super) static COLORSPACE: Row<ColourSpace> = Row {
    about: About {
        name: "colorspace",
        aliases: &[],
        place: Place::Both(TemplateName { name: "colorspace", aliases: &[] }),
        original: false,
        key: Some('z'),
        default: None,
        group: Group::Output,
        doc: "Converts the colours, after `icc`: `rgb` for screens (sRGB), `cmyk` for print (by \
              the setting `cmyk_profile`), `gray` for shades of grey. Without it the picture's \
              colour model is kept wherever the format can hold it; CMYK becomes sRGB where it \
              cannot.",
    },
    kind: &ColourModel,
};
