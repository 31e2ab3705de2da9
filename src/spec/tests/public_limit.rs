//! The largest size for callers who are not signed in.

use super::*;

fn limited(query: &str, json: &str, limit: (u32, u32)) -> String {
    let context = Context { public_limit: Some(limit), ..CONTEXT };
    let both = params(&format!("src=a.jpg&{query}")).over(&template(json));
    both.resolve(&context).unwrap().key_text()
}

#[test]
fn sizes_are_held_to_the_limit() {
    for (query, limit, expected) in [
        // Nothing asked for: the limit is the size.
        ("", (800, 600), "fjpg,w800,h600,s1"),
        ("", (800, 0), "fjpg,w800"),
        ("", (0, 600), "fjpg,h600"),
        ("", (0, 0), "fjpg"),
        ("width=0&height=0", (800, 600), "fjpg,w800,h600,s1"),
        // One side asked for: the other may not come out too long.
        ("width=400", (800, 600), "fjpg,w400,h600,s1"),
        ("width=900", (800, 600), "fjpg,w800,h600,s1"),
        ("width=900", (800, 0), "fjpg,w800"),
        ("width=900", (0, 600), "fjpg,w900,h600,s1"),
        ("height=400", (800, 600), "fjpg,w800,h400,s1"),
        ("height=900", (0, 600), "fjpg,h600"),
        // Both asked for.
        ("width=400&height=300", (800, 600), "fjpg,w400,h300"),
        ("width=900&height=300", (800, 600), "fjpg,w800,h300"),
        ("width=900&height=900&autosizefit=1", (800, 600), "fjpg,w800,h600,s1"),
        ("width=900&height=900", (0, 0), "fjpg,w900,h900"),
    ] {
        assert_eq!(limited(query, "{}", limit), expected, "{query} within {limit:?}");
    }
}

#[test]
fn a_larger_template_raises_the_limit() {
    let wide = r#"{"width": {"value": 1000}}"#;
    let large = r#"{"width": {"value": 1000}, "height": {"value": 1000}}"#;
    let small = r#"{"width": {"value": 100}, "height": {"value": 100}}"#;
    for (query, json, expected) in [
        ("", wide, "fjpg,w1000,h600,s1"),
        ("", large, "fjpg,w1000,h1000"),
        ("", small, "fjpg,w100,h100"),
        ("width=900", large, "fjpg,w900,h1000"),
        ("width=2000", large, "fjpg,w1000,h1000"),
        ("width=2000&height=2000", small, "fjpg,w800,h600"),
        ("width=0&height=0", large, "fjpg,w1000,h1000,s1"),
    ] {
        assert_eq!(limited(query, json, (800, 600)), expected, "{query} over {json}");
    }
}

#[test]
fn the_template_alone_raises_it_too() {
    let context = Context { public_limit: Some((10, 10)), ..CONTEXT };
    let recipe = template(r#"{"width": {"value": 50}, "height": {"value": 5}}"#).recipe(&context);
    let recipe = recipe.unwrap();
    assert_eq!((recipe.width, recipe.height), (50, 5));
}
