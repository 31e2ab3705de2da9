//! The URL over the template.

use super::*;
use crate::pixel::{Crop, Flip, Ground};

const SMALL: &str = r#"{"width": {"value": 200}, "height": {"value": 200}, "quality": {"value": 70},
    "format": {"value": "jpg"}, "strip": {"value": true}, "attachment": {"value": true},
    "record_stats": {"value": false}, "expiry_secs": {"value": 60}, "left": {"value": 0.5}}"#;

fn over(query: &str, json: &str) -> Result<ImageSpec, ParamError> {
    params(&format!("src=a.jpg&{query}")).over(&template(json)).resolve(&CONTEXT)
}

fn key_over(query: &str, json: &str) -> String {
    over(query, json).unwrap_or_else(|error| panic!("{query}: {error}")).key_text()
}

#[test]
fn the_url_wins_and_the_template_fills_in() {
    let spec = over("width=100&strip=0&attach=0", SMALL).unwrap();
    assert_eq!(spec.key_text(), "fjpg,q70,w100,h200,l0.5");
    assert!(!spec.delivery.attach);
    assert!(!spec.delivery.record_stats);
    assert_eq!(spec.delivery.expiry_s, 60);
    assert_eq!(over("width=0&height=0", SMALL).unwrap().key_text(), "fjpg,q70,l0.5,e1");
    assert_eq!(over("width=", SMALL).unwrap().recipe.width, 200, "blank says nothing");
}

#[test]
fn who_said_it_does_not_matter_for_the_key() {
    let by_url = spec("width=200&height=200&quality=70&strip=1&left=0.5");
    let by_template = over("", SMALL).unwrap();
    assert_eq!(by_url.key_text(), by_template.key_text());
    assert_eq!(by_url.recipe, by_template.recipe);
}

#[test]
fn values_remember_their_layer() {
    let both = params("width=100").over(&template(SMALL));
    assert_eq!(both.width, Some(Given { value: 100, layer: Layer::Url }));
    assert_eq!(both.height, Some(Given { value: 200, layer: Layer::Template }));
}

#[test]
fn an_inherited_quality_holds_for_its_kind_of_format() {
    let jpeg = r#"{"format": {"value": "jpg"}, "quality": {"value": 70}}"#;
    let any = r#"{"quality": {"value": 70}}"#;
    let png = r#"{"format": {"value": "png"}, "quality": {"value": 31}}"#;
    for (query, json, expected) in [
        ("", jpeg, "fjpg,q70"),
        ("format=png", jpeg, "fpng"),
        ("format=webp", jpeg, "fwebp,q70"),
        ("format=png&quality=31", jpeg, "fpng,q31"),
        ("", any, "fjpg,q70"),
        ("format=png", any, "fpng"),
        ("", png, "fpng,q31"),
        ("format=png", png, "fpng,q31"),
        ("format=jpg", png, "fjpg"),
        ("format=jpg&quality=31", png, "fjpg,q31"),
        ("quality=42", png, "fpng,q42"),
    ] {
        assert_eq!(key_over(query, json), expected, "{query} over {json}");
    }
    let context = Context { source_format: Some(Format::Png), ..CONTEXT };
    let spec = params("src=a.png").over(&template(any)).resolve(&context).unwrap();
    assert_eq!(spec.key_text(), "fpng", "the format of the source");
    assert_eq!(template(png).recipe(&CONTEXT).unwrap().quality.png.level, 3);
}

#[test]
fn a_faulty_inherited_quality_is_no_fault_of_the_url() {
    let low = r#"{"quality": {"value": 5}}"#;
    assert_eq!(key_over("format=png", low), "fpng");
    assert_eq!(over("format=png&quality=5", low).unwrap_err().name, "quality");
}

#[test]
fn an_empty_crop_names_the_edge_of_the_url() {
    assert_eq!(over("right=0.4", SMALL).unwrap_err().name, "right");
    assert_eq!(over("left=1", SMALL).unwrap_err().name, "left");
    let right = r#"{"right": {"value": 0.5}}"#;
    assert_eq!(over("left=0.5", right).unwrap_err().name, "left");
    assert_eq!(over("left=0.6&right=0.6", right).unwrap_err().name, "left");
}

#[test]
fn a_locked_overlay_lies_on_all_that_can_be_shown() {
    const MARK: &str = r#""overlay_src": {"value": "mark.png", "locked": true}"#;
    const CROP: &str = r#""top": {"value": 0.25, "locked": true},
        "left": {"value": null, "locked": true}, "right": {"value": 0.5, "locked": true},
        "bottom": {"value": null, "locked": true}"#;
    const SHAPE: &str = r#""size_fit": {"value": false},
        "width": {"value": 200, "locked": true}, "height": {"value": 100, "locked": true}"#;
    let ground = |params: &Params| params.recipe(&CONTEXT).unwrap().overlay.unwrap().ground;
    let over = |query: &str, json: &str| ground(&params(query).over(&template(json)));
    let mark = format!("{{{MARK}}}");
    let part = |left, top, right, bottom| Ground::Part(Crop { left, top, right, bottom });
    // Whatever cuts the picture; in the URL, the overlay is an overlay on the result.
    for query in ["src=a", "src=a&left=0.2&bottom=0.4", "src=a&fit=cover&width=9&height=9"] {
        assert_eq!(over(query, &mark), Ground::Part(Crop::FULL), "{query}");
    }
    assert_eq!(ground(&params("src=a&overlay=b&left=0.2")), Ground::Canvas);
    assert_eq!(
        over("src=a", r#"{"overlay_src": {"value": "b"}, "left": {"value": 0.5, "locked": true}}"#),
        Ground::Canvas
    );
    // What the template has locked of the crop is the ground, value or not.
    let two = format!(
        r#"{{{MARK}, "top": {{"value": 0.25, "locked": true}},
            "left": {{"value": 0.5}}, "right": {{"value": null, "locked": true}}}}"#
    );
    assert_eq!(over("src=a&right=0.7", &two), part(0.0, 0.25, 1.0, 1.0));
    // All of it, and nothing else that cuts: the crop is what is meant.
    let cropped = format!("{{{MARK}, {CROP}}}");
    assert_eq!(over("src=a&top=0.5", &cropped), Ground::Picture);
    assert_eq!(over("src=a&width=90&height=90&autocropfit=1", &cropped), Ground::Picture);
    let cover = "src=a&width=90&height=90&fit=cover";
    assert_eq!(over(cover, &cropped), part(0.0, 0.25, 0.5, 1.0));
    let shaped = |lock: &str| {
        format!(
            r#"{{{MARK}, {CROP}, {SHAPE}, "fit": {{"value": "cover", "locked": true}}, "gravity": {{"value": "n"{lock}}}}}"#
        )
    };
    assert_eq!(over("src=a", &shaped("")), part(0.0, 0.25, 0.5, 1.0));
    assert_eq!(over("src=a", &shaped(r#", "locked": true"#)), Ground::Picture);
}

#[test]
fn another_template_moves_no_locked_overlay() {
    let crop = template(
        r#"{"top": {"value": 0.5, "locked": true}, "left": {"value": 0.5, "locked": true},
            "right": {"value": 1, "locked": true}, "bottom": {"value": 1, "locked": true}}"#,
    );
    let mark = template(r#"{"overlay_src": {"value": "mark.png", "locked": true}}"#);
    let ground = |params: Params| params.recipe(&CONTEXT).unwrap().overlay.unwrap().ground;
    let all = Ground::Part(Crop::FULL);
    assert_eq!(ground(params("src=a").over(&crop).over(&mark)), all, "one that the URL names");
    assert_eq!(ground(params("src=a").over(&crop.clone().over(&mark))), all);
    // What a folder requires holds over all others: its crop is all that can be seen.
    assert_eq!(ground(params("src=a").over(&mark).over(&crop)), Ground::Picture);
    let marked = template(r#"{"overlay_src": {"value": "mark.png", "locked": true}}"#);
    assert_eq!(ground(params("src=a").over(&crop.over(&marked)).over(&mark)), all);
}

#[test]
fn what_a_locked_overlay_lies_on_stands_in_the_key() {
    let mark = r#"{"overlay_src": {"value": "mark.png", "locked": true}}"#;
    let loose = r#"{"overlay_src": {"value": "mark.png"}}"#;
    let part = r#"{"overlay_src": {"value": "mark.png", "locked": true},
        "left": {"value": 0.25, "locked": true}}"#;
    let query = "left=0.25&right=0.5";
    let keys = [loose, mark, part].map(|json| key_over(query, json));
    assert_eq!(
        keys,
        ["fjpg,l0.25,r0.5,O", "fjpg,l0.25,r0.5,O,L0:0:1:1", "fjpg,l0.25,r0.5,O,L0.25:0:1:1"]
    );
    let unseen = r#"{"overlay_src": {"value": "mark.png", "locked": true},
        "overlay_size": {"value": 0}}"#;
    assert_eq!(key_over(query, unseen), "fjpg,l0.25,r0.5", "what does not show");
}

#[test]
fn a_locked_overlay_holds_its_picture_where_it_is() {
    let mark = template(r#"{"overlay_src": {"value": "mark.png", "locked": true}}"#);
    let own = template(
        r#"{"overlay_src": {"value": "mark.png", "locked": true}, "flip": {"value": "h"},
            "rotation": {"value": 45}, "rotate": {"value": "none"}}"#,
    );
    let turned = template(r#"{"rotation": {"value": 45}, "flip": {"value": "v"}}"#);
    let plain = |base: &Params| params("src=a.png").over(base).recipe(&CONTEXT).unwrap();
    assert_eq!((plain(&mark).angle_deg, plain(&mark).flip), (0.0, None));
    assert_eq!((plain(&own).angle_deg, plain(&own).flip), (45.0, Some(Flip::Horizontal)));
    for query in ["angle=180", "angle=90", "angle=30", "flip=h", "flip=v", "rotate=auto", "flip="] {
        let url = params(&format!("src=a.png&{query}"));
        for base in [&mark, &own] {
            let made = url.clone().over(base).recipe(&CONTEXT).unwrap();
            assert_eq!(made, plain(base), "{query}");
            let made = url.clone().over(&turned).over(base).recipe(&CONTEXT).unwrap();
            assert_eq!(made, plain(base), "{query} and another template");
        }
    }
    // Nothing is held by an overlay that is not locked, or by a lock that forbids overlays.
    for text in [
        r#"{"overlay_src": {"value": "mark.png"}}"#,
        r#"{"overlay_src": {"value": null, "locked": true}}"#,
    ] {
        let made = params("src=a.png&angle=30&flip=v").over(&template(text));
        let made = made.recipe(&CONTEXT).unwrap();
        assert_eq!((made.angle_deg, made.flip), (30.0, Some(Flip::Vertical)), "{text}");
    }
}
