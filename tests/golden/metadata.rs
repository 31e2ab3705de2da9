//! What travels with a picture, as exiftool writes it and reads it (Debian:
//! libimage-exiftool-perl).

use std::process::Command;

use halftone::pixel::encode::{EncodeOptions, encode};
use halftone::pixel::{Crop, Engine, EngineOptions, Format, Recipe, StripKeeps};
use serde_json::{Map, Value};

use super::support::*;

const FORMATS: [(Format, &str); 4] =
    [(Format::Jpeg, "jpg"), (Format::Png, "png"), (Format::Tiff, "tif"), (Format::Webp, "webp")];

/// Everything that exiftool finds, by group and name.
fn told(case: &str, bytes: &[u8]) -> Map<String, Value> {
    let path = file(case, bytes);
    let output = Command::new("exiftool")
        .args(["-j", "-G1", "-n", "-a", &path])
        .output()
        .expect("exiftool has to be installed (Debian: libimage-exiftool-perl)");
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = all[0].as_object().unwrap().clone();
    assert_eq!(found.get("ExifTool:Warning"), None, "{case}: {found:#?}");
    assert_eq!(found.get("ExifTool:Error"), None, "{case}");
    found
}

/// A picture of 60×40, stored lying on its side, whose every kind of block exiftool has filled.
fn source((format, extension): (Format, &str)) -> Vec<u8> {
    let chart = Floats::paint(40, 60, |x, y| [x as f64 / 40.0, y as f64 / 60.0, 0.5]);
    let bytes = encode(&chart.image(false), &EncodeOptions::new(format)).unwrap();
    let path = file(
        &format!(
            "dressed-{}.{extension}",
            std::thread::current().name().unwrap().replace("::", "-")
        ),
        &bytes,
    );
    let mut arguments = vec![
        "-q",
        "-overwrite_original",
        "-codedcharacterset=utf8",
        "-IFD0:Orientation#=6",
        "-IFD0:ImageDescription=A caption",
        "-IFD0:Artist=Jörg Müller",
        "-IFD0:Copyright=(c) 2026 Müller",
        "-IFD0:Make=Acme",
        "-IFD0:XResolution=240",
        "-IFD0:YResolution=240",
        "-IFD0:ResolutionUnit=inches",
        "-ExifIFD:ISO=400",
        "-ExifIFD:ExifImageWidth=4000",
        "-ExifIFD:ExifImageHeight=6000",
        "-ExifIFD:SerialNumber=SN-12345",
        "-ExifIFD:LensSerialNumber=LN-777",
        "-ExifIFD:DateTimeOriginal=2026:01:31 10:20:30",
        "-GPS:GPSLatitudeRef=N",
        "-GPS:GPSLatitude=51.5",
        "-XMP-dc:Title=A title",
        "-XMP-dc:Rights=© Müller",
        "-XMP-dc:Creator=Jörg Müller",
        "-XMP-photoshop:Credit=Agency",
        "-XMP-aux:SerialNumber=SN-12345",
        "-XMP-exif:GPSLatitude=51.5",
        "-XMP-xmpRights:UsageTerms=Ask first",
    ];
    if format != Format::Webp {
        arguments.extend([
            "-IPTC:By-line=Jörg Müller",
            "-IPTC:Credit=Agency",
            "-IPTC:CopyrightNotice=© Müller",
            "-IPTC:Caption-Abstract=A longer caption",
            "-IPTC:Keywords=red",
            "-IPTC:Keywords=green",
        ]);
    }
    arguments.push(&path);
    run("exiftool", &arguments);
    std::fs::read(path).unwrap()
}

fn to(format: Format) -> Recipe {
    // A crop changes the picture and leaves what is said of it.
    let crop = Crop { right: 0.9, ..Crop::FULL };
    Recipe { width: 30, crop, ..Recipe::unchanged(format) }
}

#[track_caller]
fn says(found: &Map<String, Value>, name: &str, expected: impl Into<Value>) {
    assert_eq!(found.get(name), Some(&expected.into()), "{name} in {found:#?}");
}

#[test]
fn everything_survives_between_all_formats() {
    for from in FORMATS {
        let bytes = source(from);
        for (format, extension) in FORMATS {
            let case = format!("survives-{}.{extension}", from.1);
            let found = told(&case, &make(&engine(), &bytes, &to(format)).bytes);
            says(&found, "IFD0:ImageDescription", "A caption");
            says(&found, "IFD0:Artist", "Jörg Müller");
            says(&found, "IFD0:Copyright", "(c) 2026 Müller");
            says(&found, "IFD0:XResolution", 240);
            says(&found, "ExifIFD:ISO", 400);
            says(&found, "ExifIFD:DateTimeOriginal", "2026:01:31 10:20:30");
            says(&found, "ExifIFD:SerialNumber", "SN-12345");
            says(&found, "GPS:GPSLatitude", 51.5);
            says(&found, "XMP-dc:Title", "A title");
            says(&found, "XMP-dc:Rights", "© Müller");
            // Upright: 60 × 40, cropped to 54 × 40, then 30 × 22.
            says(&found, "ExifIFD:ExifImageWidth", 30);
            says(&found, "ExifIFD:ExifImageHeight", 22);
            let upright = found.get("IFD0:Orientation").is_none_or(|value| value == 1);
            assert!(upright, "{case}: {found:#?}");
            if from.0 == Format::Webp {
                continue;
            }
            let keywords = serde_json::json!(["red", "green"]);
            if matches!(format, Format::Jpeg | Format::Tiff) {
                says(&found, "IPTC:Caption-Abstract", "A longer caption");
                says(&found, "IPTC:Keywords", keywords);
            } else {
                says(&found, "XMP-dc:Description", "A longer caption");
                says(&found, "XMP-dc:Subject", keywords);
            }
        }
    }
}

#[test]
fn what_modern_formats_hold_survives_in_them() {
    for from in FORMATS {
        let bytes = source(from);
        for (format, extension) in [(Format::Avif, "avif"), (Format::Jxl, "jxl")] {
            let case = format!("survives-{}.{extension}", from.1);
            let found = told(&case, &make(&engine(), &bytes, &to(format)).bytes);
            says(&found, "IFD0:ImageDescription", "A caption");
            says(&found, "IFD0:Artist", "Jörg Müller");
            says(&found, "IFD0:XResolution", 240);
            says(&found, "ExifIFD:ISO", 400);
            says(&found, "ExifIFD:ExifImageWidth", 30);
            says(&found, "GPS:GPSLatitude", 51.5);
            says(&found, "XMP-dc:Title", "A title");
            says(&found, "XMP-dc:Rights", "© Müller");
            let upright = found.get("IFD0:Orientation").is_none_or(|value| value == 1);
            assert!(upright, "{case}: {found:#?}");
            if from.0 != Format::Webp {
                // They have no place for IPTC: XMP says it.
                says(&found, "XMP-dc:Description", "A longer caption");
            }
            let stripped = Recipe { strip: true, ..to(format) };
            let found = told(&case, &make(&engine(), &bytes, &stripped).bytes);
            let left = found.keys().find(|name| name.starts_with("XMP") || name.contains("GPS"));
            assert_eq!(left, None, "{case}");
        }
    }
}

#[test]
fn strip_keeps_what_the_setting_says() {
    for keeps in [StripKeeps::Nothing, StripKeeps::Copyright] {
        let options = EngineOptions { strip_keeps: keeps, ..EngineOptions::default() };
        let engine = Engine::new(options).unwrap();
        for from in FORMATS {
            let bytes = source(from);
            for (format, extension) in FORMATS {
                let case = format!("stripped-{keeps:?}-{}.{extension}", from.1);
                let recipe = Recipe { strip: true, ..to(format) };
                let found = told(&case, &make(&engine, &bytes, &recipe).bytes);
                for gone in [
                    "IFD0:Make",
                    "IFD0:ImageDescription",
                    "ExifIFD:ISO",
                    "ExifIFD:SerialNumber",
                    "GPS:GPSLatitude",
                    "XMP-dc:Title",
                    "XMP-dc:Subject",
                    "XMP-aux:SerialNumber",
                    "XMP-exif:GPSLatitude",
                    "IPTC:Caption-Abstract",
                ] {
                    assert_eq!(found.get(gone), None, "{case}");
                }
                if keeps == StripKeeps::Nothing {
                    for gone in ["IFD0:Artist", "XMP-dc:Rights", "IPTC:By-line"] {
                        assert_eq!(found.get(gone), None, "{case}");
                    }
                    continue;
                }
                says(&found, "IFD0:Artist", "Jörg Müller");
                says(&found, "IFD0:Copyright", "(c) 2026 Müller");
                says(&found, "XMP-dc:Rights", "© Müller");
                says(&found, "XMP-dc:Creator", "Jörg Müller");
                says(&found, "XMP-photoshop:Credit", "Agency");
                says(&found, "XMP-xmpRights:UsageTerms", "Ask first");
                if from.0 != Format::Webp && matches!(format, Format::Jpeg | Format::Tiff) {
                    says(&found, "IPTC:By-line", "Jörg Müller");
                    says(&found, "IPTC:Credit", "Agency");
                    says(&found, "IPTC:CopyrightNotice", "© Müller");
                }
            }
        }
    }
}

#[test]
fn private_data_can_be_dropped_from_everything() {
    let options = EngineOptions { drop_private: true, ..EngineOptions::default() };
    let engine = Engine::new(options).unwrap();
    for from in FORMATS {
        let bytes = source(from);
        for (format, extension) in FORMATS {
            let case = format!("private-{}.{extension}", from.1);
            let made = make(&engine, &bytes, &to(format)).bytes;
            let found = told(&case, &made);
            says(&found, "IFD0:Artist", "Jörg Müller");
            says(&found, "IFD0:Make", "Acme");
            says(&found, "XMP-dc:Title", "A title");
            assert!(!found.keys().any(|name| name.contains("GPS") || name.contains("Serial")));
            let held = |text: &[u8]| made.windows(text.len()).any(|part| part == text);
            assert!(!held(b"SN-12345") && !held(b"LN-777"), "{case}");
        }
    }
}

#[test]
fn the_resolution_is_written_where_there_is_room_for_it() {
    let bytes = source(FORMATS[0]);
    for strip in [false, true] {
        for (format, extension, across, unit) in [
            (Format::Jpeg, "jpg", "JFIF:XResolution", 300.0),
            (Format::Tiff, "tif", "IFD0:XResolution", 300.0),
            (Format::Webp, "webp", "IFD0:XResolution", 300.0),
            // Dots per metre.
            (Format::Png, "png", "PNG-pHYs:PixelsPerUnitX", 11811.0),
            (Format::Bmp, "bmp", "File:PixelsPerMeterX", 11811.0),
        ] {
            let recipe = Recipe { dpi: 300, strip, ..to(format) };
            let found =
                told(&format!("dots-{strip}.{extension}"), &make(&engine(), &bytes, &recipe).bytes);
            let value = found.get(across).and_then(Value::as_f64);
            assert_eq!(value, Some(unit), "{format:?} {strip}: {found:#?}");
            if !strip && matches!(format, Format::Jpeg | Format::Png) {
                says(&found, "IFD0:XResolution", 300);
            }
        }
    }
}
