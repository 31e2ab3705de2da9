//! What goes beyond the old server's parameters.

use super::*;
use crate::pixel::{Gravity, Point, Reshape};

fn over(query: &str, json: &str) -> Result<String, ParamError> {
    let both = params(&format!("src=a.jpg&{query}")).over(&template(json));
    both.resolve(&CONTEXT).map(|spec| spec.key_text())
}

#[test]
fn the_new_words_for_old_wishes_are_the_same_pictures() {
    for (query, expected) in [
        ("width=200&height=100&fit=contain", "fjpg,w200,h100"),
        ("width=200&height=100&fit=inside", "fjpg,w200,h100,s1"),
        ("width=200&height=100&fit=inside&halign=L0", "fjpg,w200,h100,s1"),
        ("width=200&fit=cover&gravity=n", "fjpg,w200"),
        ("width=200&fit=fill", "fjpg,w200"),
        ("fit=cover&gravity=smart", "fjpg"),
        ("gravity=smart&width=200&height=100", "fjpg,w200,h100"),
        ("width=200&height=100&fit=fill&gravity=n", "fjpg,w200,h100,Ffill"),
        ("width=200&height=100&fit=cover&gravity=c", "fjpg,w200,h100,Fcover"),
        ("width=200&height=100&fit=cover&gravity=NE", "fjpg,w200,h100,Fcover,Gne"),
        ("width=200&height=100&fit=cover&gravity=.25,1", "fjpg,w200,h100,Fcover,G0.25:1"),
        ("width=200&height=100&fit=cover&halign=L0&fill=red", "fjpg,w200,h100,Fcover,kff0000"),
        ("width=200&height=100&fit=cover&fill=red&format=png", "fpng,w200,h100,Fcover"),
        ("width=200&height=100&fit=cover&autosizefit=0&autocropfit=0", "fjpg,w200,h100,Fcover"),
        ("width=100&dpr=2", "fjpg,w200"),
        ("width=101&height=33&dpr=1.5", "fjpg,w152,h50"),
        ("width=1&dpr=0.1", "fjpg,w1"),
        ("width=10000&dpr=8", "fjpg,w15000"),
        ("dpr=3", "fjpg"),
        ("rotate=auto", "fjpg"),
        ("rotate=none", "fjpg,Rnone"),
        ("quality=auto", "fjpg,qauto"),
        ("quality=auto&format=webp", "fwebp,qauto"),
        ("quality=auto&format=png", "fpng"),
        ("quality=auto&format=gif", "fgif"),
        ("format=auto", "fwebp"),
        ("format=auto&quality=70", "fwebp,q70"),
    ] {
        assert_eq!(key(query), expected, "{query}");
    }
}

#[test]
fn the_recipe_says_how_to_reshape() {
    let recipe = spec("width=9&height=9&fit=cover&gravity=0.25,0.75").recipe;
    let point = Gravity::Point(Point { x: 0.25, y: 0.75 });
    assert_eq!(recipe.reshape, Some(Reshape::Cover(point)));
    assert!(!recipe.uses_focus());
    assert!(spec("width=9&height=9&fit=cover&gravity=focus").recipe.uses_focus());
    assert_eq!(spec("width=9&height=9&fit=fill").recipe.reshape, Some(Reshape::Stretch));
    assert!(spec("quality=auto").recipe.measured);
    assert_eq!(spec("rotate=none").recipe.upright, Some(false));
}

#[test]
fn fit_and_the_old_words_do_not_go_together() {
    for old in ["autosizefit=1", "autocropfit=1"] {
        let query = format!("width=9&height=9&fit=cover&{old}");
        assert_eq!(resolve(&query).unwrap_err().name, "fit", "{query}");
    }
    let both = r#"{"fit": {"value": "cover"}, "size_fit": {"value": true}}"#;
    let fault = Params::from_template_json(both, &RULES).unwrap_err();
    assert_eq!(fault.name, "fit");
    // A stock template says every field.
    let stock = r#"{"fit": {"value": "cover"}, "size_fit": {"value": false}}"#;
    assert_eq!(over("width=9&height=9", stock).unwrap(), "fjpg,w9,h9,Fcover");
}

#[test]
fn between_url_and_template_the_urls_wish_wins() {
    let new = r#"{"fit": {"value": "cover"}}"#;
    let old = r#"{"size_fit": {"value": true}, "crop_fit": {"value": true}}"#;
    for (query, json, expected) in [
        ("autosizefit=1", new, "fjpg,w9,h9,s1"),
        ("autocropfit=1&left=0.1", new, "fjpg,w9,h9,l0.1,c1"),
        ("autosizefit=0", new, "fjpg,w9,h9,Fcover"),
        ("fit=fill", new, "fjpg,w9,h9,Ffill"),
        ("fit=fill&left=0.1", old, "fjpg,w9,h9,Ffill,l0.1"),
        ("fit=contain", old, "fjpg,w9,h9"),
    ] {
        let query = format!("width=9&height=9&{query}");
        assert_eq!(over(&query, json).unwrap(), expected, "{query} over {json}");
    }
}

#[test]
fn templates_hold_them_all() {
    let json = r#"{"fit": {"value": "cover"}, "gravity": {"value": "0.1,0.2"}, "dpr": {"value": 2},
        "rotate": {"value": "none"}, "format": {"value": "auto"}, "quality": {"value": "auto"},
        "width": {"value": 50}, "height": {"value": 40}}"#;
    assert_eq!(over("", json).unwrap(), "fwebp,qauto,w100,h80,Fcover,G0.1:0.2,Rnone");
    let written = template(json).to_template_json().to_string();
    assert_eq!(template(&written), template(json));
    assert_eq!(
        over("dpr=1&quality=30&format=jpg", json).unwrap(),
        "fjpg,q30,w50,h40,Fcover,G0.1:0.2,Rnone"
    );
}

#[test]
fn the_public_limit_holds_after_dpr() {
    let context = Context { public_limit: Some((300, 200)), ..CONTEXT };
    let key =
        |query: &str| params(&format!("src=a.jpg&{query}")).resolve(&context).unwrap().key_text();
    assert_eq!(key("width=200&height=50&dpr=3"), "fjpg,w300,h150");
    assert_eq!(key("width=200&height=200&dpr=3&fit=cover"), "fjpg,w300,h200,Fcover");
    // The limit alone is a box, and cuts nothing off.
    assert_eq!(key("fit=cover"), "fjpg,w300,h200,s1");
    assert_eq!(key("width=100&fit=cover"), "fjpg,w100,h200,s1");
}

#[test]
fn the_class_of_the_client_picks_the_format() {
    let key = |accepts, source_format, query: &str| {
        let context = Context { accepts, source_format, ..CONTEXT };
        params(&format!("src=a&format=auto&{query}")).resolve(&context).unwrap().key_text()
    };
    let old = Accepts::default();
    let webp = Accepts { webp: true, avif: false };
    assert_eq!(key(webp, Some(Format::Png), ""), "fwebp");
    assert_eq!(key(old, Some(Format::Jpeg), ""), "fjpg");
    assert_eq!(key(old, Some(Format::Gif), ""), "fgif");
    // A quality for pictures with losses means nothing where PNG is what is left.
    assert_eq!(key(old, Some(Format::Png), "quality=5"), "fpng");
    assert!(params("format=AUTO").leaves_format_open());
    assert!(params("").over(&template(r#"{"format": {"value": "auto"}}"#)).leaves_format_open());
    assert!(!params("format=jpg").leaves_format_open());
}

#[test]
fn the_first_page_is_said_where_pictures_move() {
    let key = |source_format, query: &str| {
        let context = Context { source_format, ..CONTEXT };
        params(&format!("src=a&{query}")).resolve(&context).unwrap().key_text()
    };
    let gif = Some(Format::Gif);
    assert_eq!(key(gif, ""), "fgif");
    assert_eq!(key(gif, "page=1"), "p1,fgif");
    assert_eq!(key(gif, "page=0&format=webp"), "p1,fwebp");
    assert_eq!(key(gif, "page=1&format=jpg"), "fjpg");
    assert_eq!(key(None, "page=1&format=gif"), "p1,fgif");
    assert_eq!(key(Some(Format::Tiff), "page=1&format=gif"), "fgif");
}
