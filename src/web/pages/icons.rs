//! The drawings of the pages: lines on a square of 24 units, in the colour of the text around them.

/// The drawing of a name; nothing for one that there is not.
pub fn icon(name: &str) -> &'static str {
    ICONS.iter().find(|(known, _)| *known == name).map_or("", |(_, drawing)| drawing)
}

macro_rules! drawn {
    ($inside:literal) => {
        concat!("<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\">", $inside, "</svg>")
    };
}

const ICONS: &[(&str, &str)] = &[
    (
        "brand",
        drawn!(
            "<circle cx=\"4.5\" cy=\"4.5\" r=\"3.6\"/><circle cx=\"12\" cy=\"4.5\" r=\"3\"/>\
             <circle cx=\"19.5\" cy=\"4.5\" r=\"2.2\"/><circle cx=\"4.5\" cy=\"12\" r=\"3\"/>\
             <circle cx=\"12\" cy=\"12\" r=\"2.2\"/><circle cx=\"19.5\" cy=\"12\" r=\"1.5\"/>\
             <circle cx=\"4.5\" cy=\"19.5\" r=\"2.2\"/><circle cx=\"12\" cy=\"19.5\" r=\"1.5\"/>\
             <circle cx=\"19.5\" cy=\"19.5\" r=\".9\"/>"
        ),
    ),
    ("search", drawn!("<circle cx=\"11\" cy=\"11\" r=\"6.5\"/><path d=\"m16 16 4.5 4.5\"/>")),
    (
        "person",
        drawn!(
            "<circle cx=\"12\" cy=\"8\" r=\"3.75\"/><path d=\"M4.5 20c1-4 4-6 7.5-6s6.5 2 7.5 6\"/>"
        ),
    ),
    ("leave", drawn!("<path d=\"M10 4H5v16h5M14 8l4 4-4 4M18 12H9\"/>")),
    (
        "folder",
        drawn!(
            "<path d=\"M3.5 6.5a1.5 1.5 0 0 1 1.5-1.5h4.5l2 2.5H19A1.5 1.5 0 0 1 20.5 9v8.5A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5z\"/>"
        ),
    ),
    (
        "upload",
        drawn!(
            "<path d=\"M12 16V4.5M7.5 9 12 4.5 16.5 9M4.5 15v3A1.5 1.5 0 0 0 6 19.5h12a1.5 1.5 0 0 0 1.5-1.5v-3\"/>"
        ),
    ),
    (
        "download",
        drawn!(
            "<path d=\"M12 4.5V16M7.5 11.5 12 16l4.5-4.5M4.5 16v2A1.5 1.5 0 0 0 6 19.5h12a1.5 1.5 0 0 0 1.5-1.5v-2\"/>"
        ),
    ),
    (
        "image",
        drawn!(
            "<rect x=\"3.5\" y=\"4.5\" width=\"17\" height=\"15\" rx=\"1.5\"/><circle cx=\"8.5\" cy=\"9.5\" r=\"1.5\"/><path d=\"m4 17 5-5 4 4 3-3 4.5 4.5\"/>"
        ),
    ),
    ("file", drawn!("<path d=\"M6 3.5h8l4 4v13H6zM14 3.5v4h4\"/>")),
    (
        "grid",
        drawn!(
            "<path d=\"M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z\"/>"
        ),
    ),
    (
        "list",
        drawn!("<path d=\"M4.5 6.5h1M9 6.5h10.5M4.5 12h1M9 12h10.5M4.5 17.5h1M9 17.5h10.5\"/>"),
    ),
    ("sort", drawn!("<path d=\"M7.5 5v14M4.5 16l3 3 3-3M13 6.5h7M13 11.5h5M13 16.5h3\"/>")),
    ("more", drawn!("<path d=\"M5.5 12h.01M12 12h.01M18.5 12h.01\" stroke-width=\"2.6\"/>")),
    (
        "edit",
        drawn!(
            "<path d=\"M4.5 19.5v-3.6L15.8 4.6a1.5 1.5 0 0 1 2.1 0l1.5 1.5a1.5 1.5 0 0 1 0 2.1L8.1 19.5zM13.5 7l3.5 3.5\"/>"
        ),
    ),
    (
        "trash",
        drawn!(
            "<path d=\"M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l1 13.5h9l1-13.5M10.3 10.5v6M13.7 10.5v6\"/>"
        ),
    ),
    (
        "move",
        drawn!(
            "<path d=\"M3.5 6.5A1.5 1.5 0 0 1 5 5h4.5l2 2.5H19A1.5 1.5 0 0 1 20.5 9v8.5A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5zM8.5 13.2h7M12.8 10.5l2.7 2.7-2.7 2.7\"/>"
        ),
    ),
    (
        "target",
        drawn!(
            "<circle cx=\"12\" cy=\"12\" r=\"7\"/><path d=\"M12 2.5v5M12 16.5v5M2.5 12h5M16.5 12h5\"/>"
        ),
    ),
    ("alert", drawn!("<path d=\"M12 4 21 19.5H3zM12 10v4.2M12 17h.01\"/>")),
    ("check", drawn!("<path d=\"m5 12.5 4.5 4.5L19 7.5\"/>")),
    ("close", drawn!("<path d=\"m6 6 12 12M18 6 6 18\"/>")),
    ("prev", drawn!("<path d=\"m14.5 5-7 7 7 7\"/>")),
    ("next", drawn!("<path d=\"m9.5 5 7 7-7 7\"/>")),
    ("chart", drawn!("<path d=\"M4.5 4.5v15h15M8.5 15.5v-4M12.5 15.5v-8M16.5 15.5v-6\"/>")),
    (
        "tools",
        drawn!(
            "<path d=\"M4.5 7.5h8M17.5 7.5h2M4.5 16.5h2M11.5 16.5h8\"/><circle cx=\"15\" cy=\"7.5\" r=\"2.5\"/><circle cx=\"9\" cy=\"16.5\" r=\"2.5\"/>"
        ),
    ),
    ("plus", drawn!("<path d=\"M12 5v14M5 12h14\"/>")),
    (
        "lock",
        drawn!(
            "<rect x=\"5\" y=\"10.5\" width=\"14\" height=\"9.5\" rx=\"1.5\"/><path d=\"M8 10.5V8a4 4 0 0 1 8 0v2.5\"/>"
        ),
    ),
    (
        "basket",
        drawn!(
            "<path d=\"M4 9.5h16l-1.6 9.5H5.6zM8 9.5l3-5.5M16 9.5l-3-5.5M9.5 13v3M14.5 13v3\"/>"
        ),
    ),
    (
        "copy",
        drawn!(
            "<rect x=\"8.5\" y=\"8.5\" width=\"11\" height=\"11\" rx=\"1.5\"/><path d=\"M15.5 8.5V6A1.5 1.5 0 0 0 14 4.5H6A1.5 1.5 0 0 0 4.5 6v8A1.5 1.5 0 0 0 6 15.5h2.5\"/>"
        ),
    ),
    (
        "package",
        drawn!("<path d=\"M4.5 8 12 4l7.5 4v8L12 20l-7.5-4zM4.5 8l7.5 4 7.5-4M12 12v8\"/>"),
    ),
    (
        "eye",
        drawn!(
            "<path d=\"M3 12c2.2-4 5.2-6 9-6s6.8 2 9 6c-2.2 4-5.2 6-9 6s-6.8-2-9-6z\"/><circle cx=\"12\" cy=\"12\" r=\"2.75\"/>"
        ),
    ),
    (
        "people",
        drawn!(
            "<circle cx=\"9\" cy=\"8.5\" r=\"3\"/><path d=\"M3.5 19c.6-3.2 2.7-5 5.5-5s4.9 1.8 5.5 5M15.5 5.800a3 3 0 0 1 0 5.400M17 14.300c1.9.7 3.1 2.3 3.5 4.7\"/>"
        ),
    ),
    (
        "globe",
        drawn!(
            "<circle cx=\"12\" cy=\"12\" r=\"8\"/><path d=\"M4 12h16M12 4c2.5 2.4 3.7 5 3.7 8s-1.2 5.6-3.7 8c-2.5-2.4-3.7-5-3.7-8s1.2-5.6 3.7-8z\"/>"
        ),
    ),
    (
        "table",
        drawn!(
            "<rect x=\"4\" y=\"5\" width=\"16\" height=\"14\" rx=\"1.5\"/><path d=\"M4 10h16M4 14.500h16M10 10v9\"/>"
        ),
    ),
    ("share", drawn!("<path d=\"M12 15V4M8 8l4-4 4 4M6.5 11.5h-1v8h13v-8h-1\"/>")),
    ("blank", drawn!("")),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_drawing_that_is_asked_for_is_there() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/templates");
        let mut count = 0;
        for folder in ["", "admin", "parts", "reports"].map(|folder| templates.join(folder)) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if !path.is_file() {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                for rest in text.split("icon(\"").skip(1) {
                    let name = rest.split('"').next().unwrap();
                    assert!(!icon(name).is_empty(), "{}: {name}", path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 20, "only {count} drawings are asked for");
    }
}
