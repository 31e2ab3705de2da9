//! Requests for the same picture share one key, others do not.

use proptest::prelude::*;

use super::*;
use crate::pixel::{
    Align, ColourSpace, Compass, Crop, Edge, Fill, Flip, Ground, Icc, Intent, Overlay, Recipe,
    Rgba, Tile,
};

#[test]
fn nothing_asked_for_is_only_the_format() {
    assert_eq!(key(""), "fjpg");
    assert_eq!(spec("").recipe, Recipe::unchanged(Format::Jpeg));
}

#[test]
fn what_has_no_effect_is_gone() {
    for (query, expected) in [
        ("angle=360", "fjpg"),
        ("angle=-360", "fjpg"),
        ("angle=0.000001", "fjpg"),
        ("left=0&right=1&top=0.000001&bottom=0.999999", "fjpg"),
        ("page=0", "fjpg"),
        ("page=1", "fjpg"),
        ("dpi=0&strip=0", "fjpg"),
        ("intent=absolute&bpc=0", "fjpg"),
        ("icc=SRGB.icm&intent=Relative&bpc=1", "fjpg,Isrgb"),
        ("icc=srgb&intent=perceptual&bpc=0", "fjpg,Isrgb,Nperceptual"),
        ("icc=srgb&intent=absolute&bpc=1", "fjpg,Isrgb,Nabsolute"),
        ("width=0&height=0", "fjpg"),
        ("width=200&autosizefit=1", "fjpg,w200"),
        ("width=200&halign=L0&valign=T0", "fjpg,w200"),
        ("width=200&height=100&halign=C0.5", "fjpg,w200,h100"),
        ("width=200&height=100&autosizefit=1&halign=L0", "fjpg,w200,h100,s1"),
        ("autocropfit=1&width=200&height=100", "fjpg,w200,h100"),
        ("autocropfit=1&left=0.1", "fjpg,l0.1"),
        ("format=jpeg&quality=80", "fjpg"),
        ("format=png&quality=39", "fpng"),
        ("format=gif&quality=80", "fgif"),
        ("format=tiff&quality=5", "ftif"),
        ("format=bmp&quality=5", "fbmp"),
        ("format=png&fill=red", "fpng"),
        ("format=png&fill=red&angle=180", "fpng,a180"),
        ("format=png&fill=red&width=10&height=10&autosizefit=1", "fpng,w10,h10,s1"),
        ("fill=white", "fjpg"),
        ("fill=%23fff", "fjpg"),
        ("fill=none", "fjpg"),
        ("sharpen=0", "fjpg"),
        ("ovsize=0.5&ovpos=ne&ovopacity=0.3", "fjpg"),
        ("overlay=a.png&ovsize=0&ovpos=n", "fjpg"),
        ("overlay=a.png&ovopacity=0", "fjpg"),
        ("overlay=&ovsize=0.5", "fjpg"),
        ("overlay=a.png&ovsize=1&ovpos=C&ovopacity=1", "fjpg,O"),
        ("format=png&fill=auto", "fpng"),
        ("attach=1&stats=0&xref=me&tmp=x&unknown=5&expires=7", "fjpg"),
    ] {
        assert_eq!(key(query), expected, "{query}");
    }
}

#[test]
fn what_has_an_effect_stays() {
    for (query, expected) in [
        ("page=2", "p2,fjpg"),
        ("format=pjpeg", "fpjpg"),
        ("quality=75", "fjpg,q75"),
        ("format=webp&quality=79", "fwebp,q79"),
        ("format=png&quality=80", "fpng,q80"),
        ("angle=-90", "fjpg,a270"),
        ("angle=-0.12346", "fjpg,a359.87654"),
        ("flip=V", "fjpg,mv"),
        ("fill=red", "fjpg,kff0000"),
        ("format=png&fill=red&angle=5", "fpng,a5,kff0000"),
        ("format=png&fill=none&width=10&height=10", "fpng,w10,h10,knone"),
        ("width=10&height=10&halign=r1&valign=b0.25", "fjpg,w10,h10,xR1,yB0.25"),
        ("left=0.1&autocropfit=t&width=10&height=10", "fjpg,w10,h10,l0.1,c1"),
        ("icc=Coated FOGRA39.icc&bpc=0", "fjpg,Icoated fogra39,B0"),
        ("icc=a&colorspace=rgb&strip=1", "fjpg,e1,Ia,zrgb"),
        ("top=.1&left=.2&bottom=.8&right=.9", "fjpg,t0.1,l0.2,b0.8,r0.9"),
        ("fill=Auto", "fjpg,kauto"),
        ("sharpen=-500", "fjpg,H-500"),
        (
            "overlay=a,b.png&ovsize=.5&ovpos=NE&ovopacity=0.25&sharpen=50",
            "fjpg,H50,O,S0.5,Pne,T0.25",
        ),
        ("strip=true&dpi=300&colorspace=GREY&tile=2:9", "fjpg,e1,d300,zgray,g2:9"),
    ] {
        assert_eq!(key(query), expected, "{query}");
    }
}

#[test]
fn recipes_say_what_was_asked_for() {
    let recipe = spec(
        "page=3&flip=h&angle=-30&left=0.1&top=0.2&right=0.8&bottom=0.9&autocropfit=1&width=400\
         &height=300&halign=L0.2&valign=B1&fill=rgb(1,2,3)&tile=4:16&colorspace=gray&strip=1\
         &dpi=72&format=png&quality=31&sharpen=-30&overlay=a/b.png&ovsize=0.5&ovpos=sw&ovopacity=0.2\
         &icc=SWOP.icc&intent=saturation",
    )
    .recipe;
    let mut expected = Recipe::unchanged(Format::Png);
    expected.page = 3;
    expected.still = true;
    expected.flip = Some(Flip::Horizontal);
    expected.angle_deg = 330.0;
    expected.crop = Crop { left: 0.1, top: 0.2, right: 0.8, bottom: 0.9 };
    expected.crop_fit = true;
    expected.width = 400;
    expected.height = 300;
    expected.align_h = Align { edge: Edge::Start, position: 0.2 };
    expected.align_v = Align { edge: Edge::End, position: 1.0 };
    expected.fill = Fill::Colour(Rgba { r: 1, g: 2, b: 3, a: 255 });
    expected.tile = Some(Tile::new(4, 16).unwrap());
    expected.colorspace = Some(ColourSpace::Gray);
    expected.strip = true;
    expected.dpi = 72;
    expected.icc =
        Some(Icc { name: "swop".into(), profile: None, intent: Intent::Saturation, bpc: true });
    expected.sharpen = -30;
    expected.overlay = Some(Overlay {
        size: 0.5,
        position: Compass::SouthWest,
        opacity: 0.2,
        ground: Ground::Canvas,
    });
    expected.quality.png.level = 3;
    expected.quality.png.filter = 1;
    assert_eq!(recipe, expected);
    let progressive = spec("format=pjpg&quality=5").recipe;
    assert_eq!((progressive.format, progressive.progressive), (Format::Jpeg, true));
    assert_eq!(progressive.quality.lossy, 5);
}

#[test]
fn delivery_is_apart_from_the_picture() {
    let spec = spec("attach=1&stats=0&xref=a%26b");
    assert!(spec.delivery.attach);
    assert!(!spec.delivery.record_stats);
    assert_eq!(spec.delivery.xref.as_deref(), Some("a&b"));
    assert_eq!(spec.delivery.expiry_s, 604_800);
    assert_eq!(spec.canonical_query(), "src=a.jpg&format=jpg&attach=1&xref=a%26b&stats=0");
}

#[test]
fn values_that_do_not_fit_each_other_are_refused() {
    for (query, name) in [
        ("left=0.5&right=0.5", "left"),
        ("left=0.6&right=0.5", "left"),
        ("right=0", "right"),
        ("left=1", "left"),
        ("top=0.7&bottom=0.2", "top"),
        ("bottom=0", "bottom"),
        ("left=0.1&right=0.100001", "left"),
        ("format=png&quality=9", "quality"),
        ("format=png&quality=100", "quality"),
    ] {
        assert_eq!(resolve(query).expect_err(query).name, name, "{query}");
    }
    assert_eq!(params("width=10").resolve(&CONTEXT).unwrap_err().name, "src");
    assert!(params("width=10").recipe(&CONTEXT).is_ok());
}

#[test]
fn without_a_format_the_source_keeps_its_own() {
    let of = |source_format| {
        let context = Context { source_format, ..CONTEXT };
        params("src=a").resolve(&context).unwrap().recipe.format
    };
    for format in [Format::Jpeg, Format::Png, Format::Gif, Format::Tiff, Format::Bmp, Format::Webp]
    {
        assert_eq!(of(Some(format)), format);
    }
    assert_eq!(of(None), Format::Jpeg);
}

/// Valid values of every parameter that URLs may hold.
const VALUES: &[(&str, &[&str])] = &[
    ("src", &["b c/ü.png", "x"]),
    ("page", &["0", "1", "2", "999999"]),
    ("tmp", &["small"]),
    ("format", &["jpg", "pjpg", "png", "gif", "tif", "bmp", "webp", "JPEG", "auto"]),
    ("quality", &["10", "39", "80", "99", "auto"]),
    ("width", &["0", "1", "200", "15000"]),
    ("height", &["0", "1", "200", "15000"]),
    ("dpr", &["1", "0.5", "2", "2.00", "8"]),
    ("fit", &["contain", "cover", "inside", "FILL"]),
    ("gravity", &["c", "n", "smart", "focus", "0.3,0.7", "0.3:0.70", "se"]),
    ("maxwidth", &["0", "1", "200", "15000"]),
    ("maxheight", &["0", "1", "200", "15000"]),
    ("autosizefit", &["0", "1", "true"]),
    ("halign", &["L0", "C0.5", "R1", "l0.25", "C0.33333"]),
    ("valign", &["T0", "C0.5", "B1", "b0.25"]),
    ("angle", &["0", "360", "-360", "90", "-90", "270", "0.1", "-0.1", "359.9", "12.34567"]),
    ("rotate", &["auto", "none", "AUTO"]),
    ("flip", &["h", "v", "V"]),
    ("top", &["0", "0.1", "0.3"]),
    ("left", &["0", "0.1", "0.3"]),
    ("bottom", &["1", "0.9", "0.5"]),
    ("right", &["1", "0.9", "0.5"]),
    ("autocropfit", &["0", "1"]),
    ("fill", &["white", "fff", "red", "none", "00f", "rgb(0,0,255)", "auto"]),
    ("sharpen", &["0", "50", "-300", "500"]),
    ("strip", &["0", "1"]),
    ("dpi", &["0", "72", "300"]),
    ("overlay", &["logo.png", "x/ü.svg"]),
    ("ovsize", &["0", "0.25", "1"]),
    ("ovpos", &["c", "NE", "s"]),
    ("ovopacity", &["0", "0.5", "1"]),
    ("icc", &["sRGB", "swop.icc", "a b"]),
    ("intent", &["perceptual", "relative", "saturation", "absolute"]),
    ("bpc", &["0", "1"]),
    ("colorspace", &["rgb", "cmyk", "gray", "grey"]),
    ("tile", &["1:4", "2:4", "1:9", "12:16"]),
    ("attach", &["0", "1"]),
    ("xref", &["r & d", "1"]),
    ("stats", &["0", "1"]),
];

#[test]
fn the_values_tried_here_are_those_of_every_parameter() {
    let tried: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
    let known: Vec<&str> =
        PARAMS.iter().filter(|param| param.in_urls()).map(|param| param.about.name).collect();
    assert_eq!(tried, known);
    for (name, values) in VALUES {
        let param = PARAMS.iter().find(|param| param.about.name == *name).unwrap();
        for value in *values {
            let mut params = Params::default();
            param.read(&mut params, value, Layer::Url, &RULES).unwrap();
            let text = param.text(&params).unwrap();
            let mut again = Params::default();
            param.read(&mut again, &text, Layer::Url, &RULES).unwrap();
            assert_eq!(again, params, "{name}={value}");
            assert!(param.about.key.is_none() || !text.contains(','), "{name}={value}");
        }
    }
}

/// Names and values of some parameters; each is left out half of the time.
fn pairs() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let choices: Vec<_> = VALUES
        .iter()
        .map(|(name, values)| {
            proptest::option::of(proptest::sample::select(*values))
                .prop_map(move |value| value.map(|value| (*name, value)))
        })
        .collect();
    choices.prop_map(|pairs| {
        let mut pairs: Vec<_> = pairs.into_iter().flatten().collect();
        if !pairs.iter().any(|(name, _)| *name == "src") {
            pairs.push(("src", "a.jpg"));
        }
        pairs
    })
}

fn resolved(pairs: &[(&'static str, &'static str)]) -> ImageSpec {
    // The old words do not go together with the new one.
    let fits = pairs.iter().any(|(name, _)| *name == "fit");
    let old = |name: &str| matches!(name, "autosizefit" | "autocropfit");
    let pairs = pairs.iter().copied().filter(|(name, _)| !fits || !old(name));
    Params::from_pairs(pairs, &RULES).unwrap().resolve(&CONTEXT).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn canonical_queries_mean_the_same(pairs in pairs()) {
        let spec = resolved(&pairs);
        let query = spec.canonical_query();
        let again = params(&query).resolve(&CONTEXT).unwrap();
        prop_assert_eq!(again.canonical_query(), query);
        prop_assert_eq!(again, spec);
    }

    #[test]
    fn keys_differ_where_recipes_do(pairs in pairs(), at in 0..VALUES.len(), choice in 0usize..10) {
        let spec = resolved(&pairs);
        let (name, values) = VALUES[at];
        let mut changed: Vec<_> = pairs.into_iter().filter(|(other, _)| *other != name).collect();
        changed.push((name, values[choice % values.len()]));
        changed.push(("src", "a.jpg"));
        let other = resolved(&changed);
        prop_assert_eq!(spec.key_text() == other.key_text(), spec.recipe == other.recipe);
    }

    #[test]
    fn order_in_the_query_does_not_matter(pairs in pairs().prop_shuffle()) {
        let mut sorted = pairs.clone();
        sorted.sort_unstable();
        prop_assert_eq!(resolved(&pairs), resolved(&sorted));
    }

    #[test]
    fn keys_are_short(pairs in pairs()) {
        prop_assert!(resolved(&pairs).key_text().len() <= 150);
    }
}
