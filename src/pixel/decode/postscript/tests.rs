use super::super::{Input, Opening, Source};
use super::*;
use crate::pixel::Samples;

fn open(file: &[u8], page: u32, dpi: u32) -> Result<Source> {
    let input = Input::new(Cursor::new(file.to_vec()), file.len() as u64, None);
    Source::open_here(input, Format::Postscript, &Opening { page, dpi }, &Limits::default())
}

fn decode(file: &[u8], page: u32, dpi: u32, min_scale: f64) -> Decoded {
    let source = open(file, page, dpi).unwrap();
    let everything = Want::everything(source.info().width, source.info().height);
    let want = Want { min_scale, ..everything };
    source.decode(&want, &Limits::default(), &Cancel::never()).unwrap()
}

fn pixel(decoded: &Decoded, x: u32, y: u32) -> [u8; 4] {
    let Samples::U8(samples) = &decoded.image.samples else { panic!() };
    let at = 4 * (y * decoded.image.width + x) as usize;
    samples[at..at + 4].try_into().unwrap()
}

const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];

/// 100×50 points that begin at 50, 60: red on the left, green below on the right.
const EPS: &str = "%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 50 60 150 110
1 0 0 setrgbcolor 50 60 50 50 rectfill
0 1 0 setrgbcolor 100 60 50 25 rectfill
";

/// Two pages of different sizes; what is printed must not get among the pixels.
const PS: &str = "%!PS
<< /PageSize [72 36] >> setpagedevice
(halftone talks) print
1 0 0 setrgbcolor 0 0 36 18 rectfill showpage
<< /PageSize [144 144] >> setpagedevice
0 0 1 setrgbcolor 0 0 36 36 rectfill showpage
";

pub fn seeds() -> Vec<Vec<u8>> {
    vec![EPS.into(), PS.into()]
}

#[test]
fn an_encapsulated_file_is_its_bounding_box() {
    for eps in [EPS.to_owned(), format!("{EPS}showpage\n")] {
        let decoded = decode(eps.as_bytes(), 1, 144, 1.0);
        assert_eq!((decoded.image.width, decoded.image.height), (200, 100));
        assert_eq!(pixel(&decoded, 0, 0), RED);
        assert_eq!(pixel(&decoded, 98, 99), RED);
        assert_eq!(pixel(&decoded, 199, 99), GREEN);
        assert_eq!(pixel(&decoded, 150, 20)[3], 0);
    }
    assert_eq!(open(EPS.as_bytes(), 1, 0).unwrap().info().width, 208, "100 points at 150 dpi");
}

#[test]
fn a_preview_for_other_systems_is_passed_over() {
    let mut file = vec![0xc5, 0xd0, 0xd3, 0xc6];
    file.extend(30u32.to_le_bytes());
    file.extend((EPS.len() as u32).to_le_bytes());
    file.resize(30, 0);
    file.extend(EPS.bytes());
    file.extend([0x77; 100]);
    assert_eq!(pixel(&decode(&file, 1, 72, 1.0), 10, 10), RED);
}

#[test]
fn pages_are_counted_and_each_has_its_size() {
    let source = open(PS.as_bytes(), 1, 72).unwrap();
    assert_eq!((source.info().pages, source.info().width, source.info().height), (2, 72, 36));
    let first = decode(PS.as_bytes(), 1, 72, 1.0);
    assert_eq!(pixel(&first, 10, 30), RED);
    assert_eq!(pixel(&first, 10, 10)[3], 0);
    let second = decode(PS.as_bytes(), 2, 72, 1.0);
    assert_eq!((second.image.width, second.image.height), (144, 144));
    assert_eq!(pixel(&second, 10, 130), BLUE);
    let result = open(PS.as_bytes(), 3, 72).map(drop);
    assert!(matches!(result, Err(Error::Parameter { name: "page", .. })), "{result:?}");
}

#[test]
fn a_page_is_painted_at_the_scale_that_is_wanted() {
    for min_scale in [0.25, 0.4, 2.0] {
        let decoded = decode(EPS.as_bytes(), 1, 72, min_scale);
        let (across, down) = decoded.scale;
        assert!(across >= min_scale - 1e-9 && across < min_scale + 0.011);
        assert_eq!(f64::from(decoded.image.width), (100.0 * across).round());
        let at = |x: f64, y: f64| pixel(&decoded, (x * across) as u32, (y * down) as u32);
        assert_eq!((at(20.0, 20.0), at(75.0, 40.0)), (RED, GREEN), "{min_scale}");
    }
}

#[test]
fn programs_that_fail_show_nothing_or_touch_files_are_malformed() {
    // Ghostscript may use the folder for temporary files, which here is everybody's.
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    for body in [
        "this is no operator".to_owned(),
        "1 0 0 setrgbcolor 0 0 9 9 rectfill".to_owned(),
        format!("({}) (r) file pop showpage", secret.display()),
        format!("({}) (w) file pop showpage", folder.path().join("new").display()),
        "(%pipe%true) (r) file pop showpage".to_owned(),
    ] {
        let result = open(format!("%!PS\n{body}\n").as_bytes(), 1, 72).map(drop);
        assert!(matches!(result, Err(Error::Malformed(_))), "{body}: {result:?}");
    }
    assert!(!folder.path().join("new").exists());
    let huge = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 900000 900000\n";
    assert!(matches!(open(huge.as_bytes(), 1, 300).map(drop), Err(Error::Limit(_))));
}
