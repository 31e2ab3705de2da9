//! Sizes that are allowed, refused, or taken as others.

use super::*;

fn allowed(query: &str, json: &str, snap: bool) -> Result<String, ParamError> {
    let sizes = Sizes::new(vec![800, 200, 0, 400, 200], snap);
    let context = Context { sizes: sizes.as_ref(), ..CONTEXT };
    let both = params(&format!("src=a.jpg&{query}")).over(&template(json));
    both.resolve(&context).map(|spec| spec.key_text())
}

#[test]
fn others_are_refused_by_name() {
    for query in
        ["", "width=200", "height=800", "width=400&height=200", "width=0", "dpr=2&width=400"]
    {
        assert_eq!(allowed(query, "{}", false).ok(), Some(key(query)), "{query}");
    }
    for (query, name) in [
        ("width=201", "width"),
        ("width=900", "width"),
        ("width=200&height=1", "height"),
        ("width=200&dpr=1.5", "width"),
        ("maxwidth=300", "maxwidth"),
        ("maxheight=300", "maxheight"),
    ] {
        let error = allowed(query, "{}", false).unwrap_err();
        assert_eq!(error.name, name, "{query}");
        assert!(error.reason.ends_with("one of 200, 400, 800 pixels"), "{error}");
    }
}

#[test]
fn others_become_the_next_larger_one_and_share_its_key() {
    for (query, expected) in [
        ("width=1", "width=200"),
        ("width=201&height=399", "width=400&height=400"),
        ("width=801", "width=800"),
        ("width=300&dpr=2", "width=800"),
        ("maxwidth=300", "maxwidth=400"),
        ("width=350&tile=1:4&angle=10", "width=400&tile=1:4&angle=10"),
    ] {
        assert_eq!(allowed(query, "{}", true).unwrap(), key(expected), "{query}");
    }
}

#[test]
fn templates_may_say_others() {
    let json = r#"{"width": {"value": 333}, "height": {"value": 90}}"#;
    for snap in [false, true] {
        assert_eq!(allowed("", json, snap).unwrap(), key("width=333&height=90"));
        assert_eq!(allowed("width=333", json, snap).unwrap(), key("width=333&height=90"));
        assert_eq!(allowed("width=400", json, snap).unwrap(), key("width=400&height=90"));
    }
    assert_eq!(allowed("width=334", json, false).unwrap_err().name, "width");
    assert_eq!(allowed("width=334", json, true).unwrap(), key("width=400&height=90"));
    assert_eq!(allowed("dpr=2", json, true).unwrap(), key("width=800&height=200"));
    let scaled = r#"{"width": {"value": 333}, "dpr": {"value": 2}}"#;
    assert_eq!(allowed("", scaled, false).unwrap(), key("width=666"));
}

#[test]
fn an_empty_list_allows_all() {
    assert_eq!(Sizes::new(vec![], true), None);
    assert_eq!(Sizes::new(vec![0], false), None);
}

#[test]
fn the_largest_size_up_to_one_is_known() {
    let sizes = Sizes::new(vec![640, 160, 320], true).unwrap();
    for (wanted, allowed) in [(1400, 640), (640, 640), (639, 320), (160, 160), (10, 160)] {
        assert_eq!(sizes.up_to(wanted), allowed, "{wanted}");
    }
}
