//! Reading the query of a URL.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{Layer, PARAMS, Param, ParamError, Params, Rules};

impl Params {
    /// Reads the query of an `/image` URL, as it was sent, without the question mark.
    ///
    /// Unknown parameters are ignored, as are blank ones; the first of repeated ones counts. `+` is
    /// a space, and `&amp;` between parameters is taken as `&`.
    ///
    /// # Errors
    /// The first parameter whose value cannot be used, or is not UTF-8, or holds NUL, CR or LF.
    pub fn from_query(query: &[u8], rules: &Rules) -> Result<Self, ParamError> {
        from_query(query, rules, Param::in_urls)
    }

    /// The same of those parameters that a form has, passing over values that cannot be used; tells what is wrong
    /// with each of them. For forms, which say all that is wrong at once.
    #[must_use]
    pub fn from_query_with_faults(
        query: &[u8],
        rules: &Rules,
        takes: fn(&Param) -> bool,
    ) -> (Self, Vec<ParamError>) {
        let (mut params, mut faults) = (Self::default(), Vec::new());
        for (name, value) in named_pairs(query) {
            if let Err(fault) = read_pair(&mut params, &name, &value, rules, takes) {
                faults.push(fault);
            }
        }
        (params, faults)
    }

    /// Reads the query of an `/original` URL: only what such URLs take, everything else is ignored.
    ///
    /// # Errors
    /// As for [`from_query`](Self::from_query).
    pub fn from_original_query(query: &[u8], rules: &Rules) -> Result<Self, ParamError> {
        from_query(query, rules, |param| param.in_urls() && param.about.original)
    }

    /// Reads names and values that need no decoding, such as those of a command line.
    ///
    /// # Errors
    /// As for [`from_query`](Self::from_query).
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        rules: &Rules,
    ) -> Result<Self, ParamError> {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value.as_bytes())));
        from_pairs(pairs, rules, Param::in_urls)
    }
}

fn from_query(
    query: &[u8],
    rules: &Rules,
    takes: fn(&Param) -> bool,
) -> Result<Params, ParamError> {
    from_pairs(named_pairs(query), rules, takes)
}

/// The pairs of a query whose names are texts.
fn named_pairs(query: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, [u8]>)> {
    query_pairs(query).map(|(name, value)| {
        let name = match name {
            Cow::Borrowed(name) => String::from_utf8_lossy(name),
            Cow::Owned(name) => Cow::Owned(String::from_utf8_lossy(&name).into_owned()),
        };
        (name, value)
    })
}

/// The names and values of a query, decoded, as they stand in it: known or not, blank, repeated.
pub fn query_pairs(query: &[u8]) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query.split(|byte| *byte == b'&').map(|pair| {
        let pair = pair.strip_prefix(b"amp;").unwrap_or(pair);
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (decode(&pair[..at]), decode(pair.get(at + 1..).unwrap_or_default()))
    })
}

fn from_pairs<'a>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, [u8]>)>,
    rules: &Rules,
    takes: fn(&Param) -> bool,
) -> Result<Params, ParamError> {
    let mut params = Params::default();
    for (name, value) in pairs {
        read_pair(&mut params, &name, &value, rules, takes)?;
    }
    Ok(params)
}

/// Takes up one pair, unless its parameter is unknown, has a value already, or the value is blank.
fn read_pair(
    params: &mut Params,
    name: &str,
    value: &[u8],
    rules: &Rules,
    takes: fn(&Param) -> bool,
) -> Result<(), ParamError> {
    let Some(param) = find(name, takes).filter(|param| param.text(params).is_none()) else {
        return Ok(());
    };
    let fault = |reason: &str| ParamError::new(param.about.name, reason);
    let value = std::str::from_utf8(value).map_err(|_| fault("must be UTF-8"))?;
    if value.contains(['\0', '\r', '\n']) {
        return Err(fault("must not contain control characters"));
    }
    if value.trim().is_empty() { Ok(()) } else { param.read(params, value, Layer::Url, rules) }
}

fn find(name: &str, takes: fn(&Param) -> bool) -> Option<&'static Param> {
    PARAMS
        .iter()
        .filter(|param| takes(param))
        .find(|param| param.about.name == name || param.about.aliases.contains(&name))
}

/// Undoes the encoding of HTML forms: `+` for a space, then percent escapes.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'+') {
        let spaced: Vec<u8> =
            text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return Cow::Owned(percent_decode(&spaced).collect());
    }
    percent_decode(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Params {
        Params::from_query(query.as_bytes(), &Rules::default())
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    fn refused(query: &[u8]) -> &'static str {
        Params::from_query(query, &Rules::default()).expect_err("refused").name
    }

    fn src(params: &Params) -> Option<&str> {
        params.src.as_ref().map(|given| given.value.as_str())
    }

    #[test]
    fn decodes_like_a_form() {
        assert_eq!(src(&read("src=a/b+c%20d%2Be%C3%A9.jpg&x=1")), Some("a/b c d+eé.jpg"));
        assert_eq!(src(&read("s%72c=a")), Some("a"));
        assert_eq!(src(&read("src=50%&width=1")), Some("50%"));
        assert_eq!(src(&read("src=a=b")), Some("a=b"));
        assert_eq!(src(&read("src= a ")), Some(" a "));
    }

    #[test]
    fn html_escaped_separators_are_understood() {
        let params = read("src=a&amp;width=20&amp;height=10");
        assert_eq!(params.width.map(|given| given.value), Some(20));
        assert_eq!(params.height.map(|given| given.value), Some(10));
    }

    #[test]
    fn first_of_repeated_ones_counts() {
        assert_eq!(read("width=10&width=20&width=x").width.map(|given| given.value), Some(10));
        assert_eq!(refused(b"width=x&width=20"), "width");
    }

    #[test]
    fn a_form_is_told_all_that_is_wrong() {
        let (params, faults) = Params::from_query_with_faults(
            b"src=a&width=x&height=20&angle=999&fit=no&width=30&tile=x",
            &Rules::default(),
            |param| param.about.name != "tile",
        );
        let names: Vec<&str> = faults.iter().map(|fault| fault.name).collect();
        assert_eq!(names, ["width", "angle", "fit"]);
        assert_eq!(src(&params), Some("a"));
        assert_eq!(params.height.map(|given| given.value), Some(20));
        assert!(params.angle.is_none() && params.fit.is_none());
    }

    #[test]
    fn blank_and_unknown_ones_are_ignored() {
        for query in ["", "&&", "width", "width=", "width=+", "width=%20", "Width=2", "nope=%FF"] {
            assert_eq!(read(query), Params::default(), "{query}");
        }
        assert_eq!(read("width=&width=20").width.map(|given| given.value), Some(20));
        assert_eq!(read("%FF=1&=2"), Params::default());
        assert_eq!(read("expires=5").expires, None, "templates only");
    }

    #[test]
    fn bytes_that_cannot_be_text_are_refused_by_name() {
        assert_eq!(refused(b"src=a%FF"), "src");
        assert_eq!(refused(b"src=a\xff"), "src");
        assert_eq!(refused(b"src=a%00b"), "src");
        assert_eq!(refused(b"src=a%0d%0aset"), "src");
        assert_eq!(refused(b"width=1&xref=a%0Ab"), "xref");
        assert_eq!(refused(b"width=%0a"), "width");
    }

    #[test]
    fn originals_take_only_their_own() {
        let query = b"src=a&width=x&attach=1&stats=0&xref=r&tmp=y";
        let params = Params::from_original_query(query, &Rules::default()).unwrap();
        assert_eq!(src(&params), Some("a"));
        assert_eq!(params.attach.map(|given| given.value), Some(true));
        assert_eq!(params.stats.map(|given| given.value), Some(false));
        assert_eq!(params.xref.map(|given| given.value).as_deref(), Some("r"));
        assert_eq!(params.tmp, None);
        assert_eq!(params.width, None);
    }

    #[test]
    fn pairs_are_taken_as_they_are() {
        let params = Params::from_pairs([("src", "a+b%20"), ("width", "7")], &Rules::default());
        let params = params.unwrap();
        assert_eq!(src(&params), Some("a+b%20"));
        assert_eq!(params.width.map(|given| given.value), Some(7));
    }

    proptest::proptest! {
        #[test]
        fn no_query_panics(query in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Params::from_query(&query, &Rules::default());
        }
    }
}
