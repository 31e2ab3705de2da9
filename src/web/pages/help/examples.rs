//! What the imaging guide shows: queries whose pictures tell more than words.

/// What stands in a query, and how what comes of it is shown.
pub struct Example {
    /// Its text; blank for one of a parameter.
    pub key: &'static str,
    /// The query; `{over}` in it stands for the path of the picture that is laid over the one that is shown.
    pub query: &'static str,
    /// Whether the result has clear parts.
    pub is_clear: bool,
}

const fn first(key: &'static str, query: &'static str) -> Example {
    Example { key, query, is_clear: false }
}

/// Those that come first.
pub const FIRST: [Example; 9] = [
    first("example-width", "width=400"),
    first("example-cover", "width=300&height=300&fit=cover"),
    first("example-smart", "width=200&height=300&fit=cover&gravity=smart"),
    first("example-crop", "left=0.25&right=0.75&top=0.25&bottom=0.75&width=400"),
    Example {
        key: "example-angle",
        query: "width=400&angle=10&fill=none&format=png",
        is_clear: true,
    },
    first("example-flip", "width=400&flip=h"),
    first("example-gray", "width=400&colorspace=gray"),
    first("example-fill", "width=400&height=400&fill=auto"),
    first("example-quality", "width=400&format=jpg&quality=10"),
];

/// One for each parameter whose effect can be seen.
const OF_PARAMETERS: [(&str, &str); 27] = [
    ("format", "width=400&format=webp"),
    ("quality", "width=400&format=jpg&quality=5"),
    ("width", "width=200"),
    ("height", "height=120"),
    ("dpr", "width=200&dpr=2"),
    ("fit", "width=300&height=300&fit=cover"),
    ("gravity", "width=200&height=300&fit=cover&gravity=e"),
    ("maxwidth", "maxwidth=300"),
    ("maxheight", "maxheight=150"),
    ("autosizefit", "width=300&height=300&autosizefit=1"),
    ("halign", "width=400&height=200&halign=L0&fill=auto"),
    ("valign", "width=300&height=300&valign=T0&fill=auto"),
    ("angle", "width=400&angle=-8&fill=auto"),
    ("flip", "width=400&flip=v"),
    ("top", "top=0.4&width=400"),
    ("left", "left=0.5&width=300"),
    ("bottom", "bottom=0.6&width=400"),
    ("right", "right=0.5&width=300"),
    ("autocropfit", "left=0.3&right=0.7&width=400&height=300&autocropfit=1"),
    ("fill", "width=300&height=300&fill=4c9ffe"),
    ("sharpen", "width=400&sharpen=-400"),
    ("overlay", "width=400&overlay={over}&ovsize=0.4&ovpos=se"),
    ("ovsize", "width=400&overlay={over}&ovsize=0.25&ovpos=se"),
    ("ovpos", "width=400&overlay={over}&ovsize=0.4&ovpos=nw"),
    ("ovopacity", "width=400&overlay={over}&ovsize=0.6&ovpos=c&ovopacity=0.5"),
    ("colorspace", "width=400&colorspace=gray"),
    ("tile", "width=600&tile=2:4"),
];

/// What shows a parameter, where that can be seen.
pub fn of_parameter(name: &str) -> Option<Example> {
    let found = OF_PARAMETERS.iter().find(|(known, _)| *known == name)?;
    Some(first("", found.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{PARAMS, Params, Rules};

    /// Parameters whose effect nobody sees, or not on every picture.
    const UNSEEN: [&str; 13] = [
        "src", "page", "tmp", "rotate", "strip", "dpi", "icc", "intent", "bpc", "attach", "xref",
        "stats", "expires",
    ];

    #[test]
    fn every_parameter_has_an_example_that_can_be_asked_for() {
        for param in PARAMS.iter().filter(|param| param.in_urls()) {
            let (name, example) = (param.about.name, of_parameter(param.about.name));
            assert_eq!(example.is_none(), UNSEEN.contains(&name), "{name}");
            let Some(example) = example else { continue };
            assert!(example.query.contains(&format!("{name}=")), "{name}");
        }
        let all = FIRST.iter().map(|example| example.query);
        for query in all.chain(OF_PARAMETERS.iter().map(|(_, query)| *query)) {
            let query = query.replace("{over}", "a.png");
            let read = Params::from_query(query.as_bytes(), &Rules::default());
            assert!(read.is_ok(), "{query}: {read:?}");
            for pair in query.split('&') {
                let name = pair.split('=').next().unwrap();
                assert!(PARAMS.iter().any(|param| param.about.name == name), "{query}: {name}");
            }
        }
    }
}
