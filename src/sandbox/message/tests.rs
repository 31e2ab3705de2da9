use proptest::prelude::*;

use super::*;

fn block(byte: u8) -> Option<Arc<[u8]>> {
    Some(Arc::from([byte, 2, 3]))
}

fn header() -> Info {
    Info {
        format: Format::Pdf,
        width: 70_000,
        height: 3,
        orientation: Orientation::from_exif(6).unwrap(),
        space: ColourSpace::Cmyk,
        depth: Depth::U16,
        alpha: true,
        pages: 27,
        profile: block(1),
        metadata: Metadata {
            exif: None,
            xmp: block(9),
            iptc: block(7),
            density: Some(Density { x_dpi: 72.5, y_dpi: 300.0 }),
        },
        vector: true,
    }
}

/// Debug forms tell every field, which not all of these types can be compared by.
fn same(reply: &Reply) {
    let again = Reply::decode(&reply.encode()).expect("it is understood");
    assert_eq!(format!("{again:?}"), format!("{reply:?}"));
}

#[test]
fn every_message_is_understood() {
    same(&Reply::Ready);
    same(&Reply::Opened(Box::new(header())));
    same(&Reply::Held(1 << 40));
    for profile in [None, Some(None), Some(block(5))] {
        same(&Reply::Decoded(Frame {
            width: 1,
            height: 2,
            space: ColourSpace::Gray,
            alpha: false,
            depth: Depth::U8,
            left: 0.5,
            top: -0.0,
            scale: (0.125, 0.25),
            profile,
        }));
    }
    for error in [
        Error::Malformed("m".into()),
        Error::Unsupported("u".into()),
        Error::Limit("l".into()),
        Error::Parameter { name: "page", reason: "r".into() },
        Error::Cancelled,
        Error::Io(io::Error::from_raw_os_error(5)),
    ] {
        same(&Reply::Failed(error));
    }
    let short = Reply::decode(&Reply::Failed(Error::Memory).encode());
    assert!(matches!(short, Some(Reply::Failed(Error::Limit(_)))), "its own bound: {short:?}");
    let want = Want { region: Region { x: 1, y: 2, width: 3, height: 4 }, min_scale: 0.3 };
    let open = Open {
        format: Format::Svg,
        opening: Opening { page: 7, dpi: 300 },
        limits: Limits::default(),
        len: 99,
    };
    for request in [Request::Open(open), Request::Held(want), Request::Decode(want)] {
        let again = Request::decode(&request.encode()).expect("it is understood");
        assert_eq!(format!("{again:?}"), format!("{request:?}"));
    }
}

#[test]
fn every_format_has_a_code() {
    for row in FORMATS {
        assert_eq!(format_of(format_code(row.format)), Some(row.format));
    }
    assert_eq!(format_of(u8::MAX), None);
}

#[test]
fn texts_of_a_child_are_made_harmless() {
    let long = format!("a\n\u{1b}[31mb{}", "x".repeat(1000));
    let bytes = Reply::Failed(Error::Malformed(long)).encode();
    let Some(Reply::Failed(Error::Malformed(text))) = Reply::decode(&bytes) else { panic!() };
    assert!(text.starts_with("a[31mbx") && text.chars().count() == MAX_TEXT_CHARS);
    let name = Reply::Failed(Error::Parameter { name: "src", reason: String::new() }).encode();
    assert!(Reply::decode(&name).is_none(), "only parameters that decoders know are named");
}

#[test]
fn a_message_with_a_piece_missing_or_too_much_is_none() {
    let bytes = Reply::Opened(Box::new(header())).encode();
    for len in 0..bytes.len() {
        assert!(Reply::decode(&bytes[..len]).is_none(), "{len}");
    }
    assert!(Reply::decode(&[&bytes[..], &[0]].concat()).is_none());
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        value: u8,
    ) {
        let _ = (Reply::decode(&bytes), Request::decode(&bytes));
        let mut sound = Reply::Opened(Box::new(header())).encode();
        let at = at.index(sound.len());
        sound[at] = value;
        let _ = Reply::decode(&sound);
    }
}
