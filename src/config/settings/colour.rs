//! Colour profiles, and what pictures say of themselves.

use std::path::PathBuf;

use super::super::kind::{Choice, Folder, Folders, Switch};
use super::{About, Group, Row};

pub(super) static ICC_DIRS: Row<Vec<PathBuf>> = Row {
    about: About {
        name: "icc_dirs",
        default: "/etc/halftone/icc,/usr/local/share/color/icc,/usr/share/color/icc",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Folders of ICC profiles (`.icc`, `.icm`) that the parameter `icc` may name, with the \
              folders below them; where two files have one name, the earlier folder counts. Files \
              that are added or changed are noticed within seconds. Folders that are not there \
              are passed over.",
    },
    kind: &Folders,
};

pub(super) static CMYK_PROFILE: Row<PathBuf> = Row {
    about: About {
        name: "cmyk_profile",
        default: "",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "The ICC profile for CMYK pictures that have none, and for converting to CMYK: the \
              path of a file. Blank: the first that is found of `default-cmyk.icc` in \
              `/etc/halftone/icc`, FOGRA39 and SWOP of the system's colour packages, and \
              Ghostscript's (Debian: libgs-common). `none`, or when none is found: a plain \
              formula, whose colours are far from any press.",
    },
    kind: &Folder { blank: true },
};

pub(super) static STRIP_KEEPS: Row<String> = Row {
    about: About {
        name: "strip_keeps",
        default: "nothing",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "What the parameter `strip` leaves in a picture besides the picture. `copyright`: \
              who made it and whose it is (Exif Artist and Copyright; IPTC By-line, Credit, Source \
              and Copyright; XMP creator, rights, credit, source and usage terms).",
    },
    kind: &Choice(&["nothing", "copyright"]),
};

pub(super) static DROP_PRIVATE_METADATA: Row<bool> = Row {
    about: About {
        name: "drop_private_metadata",
        default: "false",
        unit: None,
        reload: true,
        secret: false,
        group: Group::Pictures,
        doc: "Whether positions (GPS), serial numbers of cameras and lenses, and maker notes, \
              which hold both, are left out of every picture that is made, `strip` or not. \
              Originals are sent as they are.",
    },
    kind: &Switch,
};
