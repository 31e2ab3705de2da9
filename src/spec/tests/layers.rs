//! The URL over the template.

use super::*;

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
fn nothing_turns_a_picture_out_from_under_a_locked_overlay() {
    let mark = r#"{"overlay_src": {"value": "mark.png", "locked": true}}"#;
    let turned = template(r#"{"rotation": {"value": 45}}"#);
    let own = r#"{"overlay_src": {"value": "mark.png", "locked": true},
        "rotation": {"value": 45}}"#;
    let held = r#"{"overlay_src": {"value": "mark.png", "locked": true},
        "rotation": {"value": 45, "locked": true}}"#;
    let refused = |params: Params| match params.recipe(&CONTEXT) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.name, "angle");
            true
        }
    };
    assert!(refused(params("src=a.png&angle=45").over(&template(mark))));
    assert!(!refused(params("src=a.png&angle=90").over(&template(mark))));
    assert!(refused(params("src=a.png").over(&turned).over(&template(mark))), "another template");
    assert!(!refused(params("src=a.png").over(&template(own))), "its own wish");
    assert!(refused(params("src=a.png&angle=30").over(&template(own))));
    assert!(!refused(params("src=a.png&angle=30").over(&template(held))), "which can be locked");
    assert!(!refused(params("src=a.png&angle=45&overlay=b.png")), "nothing is locked");
}
