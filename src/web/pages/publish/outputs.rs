//! What goes into other people's pages: code that shows the picture, in several ways.
//!
//! Knows addresses and sizes as they were worked out; nothing of how.

use super::addresses::Addresses;
use super::members::Member;
use super::wanted::{Pair, with};

/// Widths that are offered where nobody says others.
const WIDTHS: [u32; 6] = [320, 640, 960, 1280, 1920, 2560];

/// The most widths that are taken up.
const MOST_WIDTHS: usize = 12;

/// Formats that browsers are offered first, the best first, and their media types.
const BETTER: [(&str, &str); 2] = [("avif", "image/avif"), ("webp", "image/webp")];

/// Code to copy.
pub struct Output {
    /// Its name, as the text and as the element's id.
    pub key: &'static str,
    /// What there is to say of it.
    pub note: &'static str,
    /// The code.
    pub code: String,
}

/// A picture that is put into pages.
pub struct Subject<'a> {
    /// Makes addresses.
    pub addresses: &'a Addresses<'a>,
    /// What stands in them.
    pub pairs: Vec<Pair>,
    /// What to say of the picture to those who do not see it.
    pub alt: String,
    /// What a link to the file says where nothing is said of the picture.
    pub link: String,
    /// The pictures of galleries; none for this one alone.
    pub members: Vec<Member>,
    /// Width and height of the result, where they are known.
    pub size: Option<(u32, u32)>,
    /// Width and height that are asked for, 0 for one that is not.
    pub asked: (u32, u32),
    /// The shape that it is cut to, where it is.
    pub shape: Option<(u32, u32)>,
    /// The widths that it may be shown in.
    pub widths: Vec<u32>,
    /// How wide it becomes in the page, in the words of HTML.
    pub sizes: String,
    /// Whether width and height are free.
    pub is_sizeable: bool,
    /// Whether the format is free and left open, or one that all browsers show.
    pub takes_formats: bool,
}

/// The widths that somebody wrote down, or the usual ones, rising, none wider than the picture.
///
/// # Errors
/// When what was written are not numbers of pixels.
pub fn widths(written: &str, widest: Option<u32>) -> Result<Vec<u32>, ()> {
    let parts = written.split([',', ' ', ';']).filter(|part| !part.is_empty());
    let mut widths: Vec<u32> = parts
        .map(|part| part.trim_end_matches("px").parse().map_err(drop))
        .collect::<Result<_, _>>()?;
    if widths.len() > MOST_WIDTHS || widths.iter().any(|width| *width == 0 || *width > 65_535) {
        return Err(());
    }
    if widths.is_empty() {
        widths = WIDTHS.to_vec();
    }
    if let Some(widest) = widest.filter(|widest| *widest > 0) {
        if widths.iter().any(|width| *width > widest) {
            widths.push(widest);
        }
        widths.retain(|width| *width <= widest);
    }
    widths.sort_unstable();
    widths.dedup();
    Ok(widths)
}

impl Subject<'_> {
    /// All of it.
    pub fn outputs(&self) -> Vec<Output> {
        let output = |key, note, code| Output { key, note, code };
        let mut outputs = vec![
            output("output-address", "", self.addresses.whole(&self.pairs)),
            output("output-img", "", self.img(&self.pairs, &self.densities(&self.pairs))),
        ];
        if self.is_sizeable {
            outputs.push(output(
                "output-srcset",
                "",
                self.img(&self.pairs, &self.ladder(&self.pairs)),
            ));
        }
        if self.takes_formats {
            outputs.push(output("output-picture", "", self.picture()));
        }
        outputs.extend([
            output("output-lazy", "output-lazy-note", self.lazy()),
            output("output-zoom", "output-zoom-note", self.zoom()),
            output("output-gallery", "output-gallery-note", self.viewer_of_all("gallery")),
            output("output-slideshow", "output-gallery-note", self.viewer_of_all("slideshow")),
            output("output-css", "", self.css()),
            output("output-markdown", "", self.markdown()),
            output("output-download", "", self.download()),
        ]);
        outputs
    }

    /// ` name="text"`.
    fn attribute(name: &str, text: &str) -> String {
        format!(" {name}=\"{}\"", escaped(text))
    }

    fn size_attributes(&self) -> String {
        let size = |(width, height)| format!(" width=\"{width}\" height=\"{height}\"");
        self.size.map(size).unwrap_or_default()
    }

    fn alt(&self) -> String {
        Self::attribute("alt", &self.alt)
    }

    /// One picture; `set` are attributes of further sizes.
    fn img(&self, pairs: &[Pair], set: &str) -> String {
        let src = Self::attribute("src", &self.addresses.whole(pairs));
        let (size, alt) = (self.size_attributes(), self.alt());
        format!("<img{src}{set}{size}{alt} loading=\"lazy\" decoding=\"async\">")
    }

    /// The same picture with twice as many pixels.
    fn twice(&self, pairs: &[Pair]) -> Option<Vec<Pair>> {
        let sized = self.asked.0 > 0 || self.asked.1 > 0;
        let dense = pairs.iter().any(|(name, _)| *name == "dpr");
        (sized && self.is_sizeable && !dense).then(|| with(pairs, &[("dpr", Some("2".to_owned()))]))
    }

    /// A set of addresses for screens of one and of two pixels to each of the page's.
    fn density_set(&self, pairs: &[Pair]) -> String {
        let one = self.addresses.whole(pairs);
        match self.twice(pairs) {
            Some(twice) => format!("{one} 1x, {} 2x", self.addresses.whole(&twice)),
            None => one,
        }
    }

    fn densities(&self, pairs: &[Pair]) -> String {
        if self.twice(pairs).is_none() {
            return String::new();
        }
        Self::attribute("srcset", &self.density_set(pairs))
    }

    /// The picture at another width, its shape kept.
    fn at_width(&self, pairs: &[Pair], width: u32) -> Vec<Pair> {
        let height = match self.asked {
            (0, 0) => None,
            (wide, high) if wide > 0 && high > 0 => {
                let scaled = f64::from(width) * f64::from(high) / f64::from(wide);
                Some((scaled.round() as u32).max(1).to_string())
            }
            (_, high) if high > 0 => Some("0".to_owned()),
            _ => None,
        };
        with(pairs, &[("width", Some(width.to_string())), ("height", height), ("dpr", None)])
    }

    fn ladder(&self, pairs: &[Pair]) -> String {
        let step = |width: &u32| {
            format!("{} {width}w", self.addresses.whole(&self.at_width(pairs, *width)))
        };
        let set: Vec<String> = self.widths.iter().map(step).collect();
        let sizes = if self.sizes.is_empty() { "100vw" } else { &self.sizes };
        Self::attribute("srcset", &set.join(", ")) + &Self::attribute("sizes", sizes)
    }

    fn picture(&self) -> String {
        let source = |(word, mime): (&str, &str)| {
            let pairs = with(&self.pairs, &[("format", Some(word.to_owned()))]);
            let set = Self::attribute("srcset", &self.density_set(&pairs));
            format!("  <source type=\"{mime}\"{set}>\n")
        };
        let sources: String = BETTER.map(source).concat();
        let open = |(name, text): &Pair| {
            *name == "format" && (text == "auto" || BETTER.iter().any(|(word, _)| word == text))
        };
        let plain: Vec<Pair> = self.pairs.iter().filter(|pair| !open(pair)).cloned().collect();
        format!("<picture>\n{sources}  {}\n</picture>", self.img(&plain, &self.densities(&plain)))
    }

    /// The script and the style sheet of a viewer.
    fn viewer(&self, name: &str) -> String {
        let base = escaped(&self.addresses.base);
        format!(
            "<link rel=\"stylesheet\" href=\"{base}/static/halftone-{name}.css\">\n\
             <script src=\"{base}/static/halftone-{name}.js\" defer></script>\n\n"
        )
    }

    /// Without what viewers decide for themselves.
    fn unsized_address(&self) -> String {
        if self.addresses.is_signed() || !self.is_sizeable {
            return self.addresses.whole(&self.pairs);
        }
        let out = ["width", "height", "dpr", "fit", "gravity", "format"].map(|name| (name, None));
        self.addresses.whole(&with(&self.pairs, &out))
    }

    fn lazy(&self) -> String {
        let src = Self::attribute("src", &self.unsized_address());
        let ratio = self.shape.filter(|_| !self.addresses.is_signed());
        let ratio = ratio.map(|(w, h)| format!(" ratio=\"{w}/{h}\"")).unwrap_or_default();
        let gravity = self.pairs.iter().find(|(name, _)| *name == "gravity");
        let gravity = gravity
            .filter(|_| !ratio.is_empty())
            .map(|(_, text)| Self::attribute("gravity", text))
            .unwrap_or_default();
        let alt = self.alt();
        format!(
            "{}<halftone-image{src}{alt}{ratio}{gravity}></halftone-image>",
            self.viewer("image")
        )
    }

    fn zoom(&self) -> String {
        let (src, alt) = (Self::attribute("src", &self.unsized_address()), self.alt());
        format!("{}<halftone-zoom{src}{alt}></halftone-zoom>", self.viewer("zoom"))
    }

    /// A viewer of all pictures that are chosen.
    fn viewer_of_all(&self, name: &str) -> String {
        let one = || vec![self.img(&self.pairs, "")];
        let all = || self.members.iter().map(|member| self.img_of(member)).collect();
        let imgs: Vec<String> = if self.members.is_empty() { one() } else { all() };
        let viewer = self.viewer(name);
        format!("{viewer}<halftone-{name}>\n  {}\n</halftone-{name}>", imgs.join("\n  "))
    }

    /// Another picture, with the same done to it. Its size is known only where a shape is asked for.
    fn img_of(&self, member: &Member) -> String {
        let pairs = with(&self.pairs, &[("src", Some(member.path.clone()))]);
        let src = Self::attribute("src", &self.addresses.whole(&pairs));
        let size = self.shape.map(|_| self.size_attributes()).unwrap_or_default();
        let alt = Self::attribute("alt", &member.alt);
        format!("<img{src}{size}{alt} loading=\"lazy\" decoding=\"async\">")
    }

    fn css(&self) -> String {
        // Addresses hold no quote: it is percent-encoded in them.
        let one = self.addresses.whole(&self.pairs);
        let set = self.twice(&self.pairs).map(|twice| {
            let two = self.addresses.whole(&twice);
            format!("background-image: image-set(url(\"{one}\") 1x, url(\"{two}\") 2x);\n")
        });
        format!(
            "background-image: url(\"{one}\");\n{}background-size: cover;\nbackground-position: center;",
            set.unwrap_or_default()
        )
    }

    fn markdown(&self) -> String {
        let mut alt = String::new();
        for c in self.alt.chars() {
            match c {
                '[' | ']' | '\\' | '`' | '*' | '_' | '<' => alt.extend(['\\', c]),
                c if c.is_control() => alt.push(' '),
                c => alt.push(c),
            }
        }
        format!("![{alt}]({})", self.addresses.whole(&self.pairs))
    }

    fn download(&self) -> String {
        let pairs = with(&self.pairs, &[("attach", Some("1".to_owned()))]);
        let href = Self::attribute("href", &self.addresses.whole(&pairs));
        let name = if self.alt.is_empty() { &self.link } else { &self.alt };
        format!("<a{href} download>{}</a>", escaped(name))
    }
}

/// As people write it by hand, who will read the code.
fn escaped(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => code.push_str("&amp;"),
            '<' => code.push_str("&lt;"),
            '>' => code.push_str("&gt;"),
            '"' => code.push_str("&quot;"),
            c => code.push(c),
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_read_and_bounded() {
        assert_eq!(widths("800, 400;400px", Some(4000)), Ok(vec![400, 800]));
        assert_eq!(widths("", Some(1000)), Ok(vec![320, 640, 960, 1000]));
        assert_eq!(widths("", Some(200)), Ok(vec![200]));
        assert_eq!(widths("", None), Ok(WIDTHS.to_vec()));
        for bad in ["x", "0", "-1", "70000", "1 2 3 4 5 6 7 8 9 10 11 12 13"] {
            assert_eq!(widths(bad, None), Err(()), "{bad}");
        }
    }
}
