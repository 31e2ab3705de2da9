//! A control for every parameter of pictures, made from the table: a new row appears by itself. For every page on
//! which parameters are set; what such a page has of a parameter it says by [`Said`].

use super::frame::Frame;
use crate::db::image_metadata;
use crate::db::image_views::ImageView;
use crate::spec::{Group, PARAMS, Param, Shape};
use crate::web::{App, Error};

/// Ranges beyond this have no slider: a step of it would be many.
const MOST_OF_SLIDER: i64 = 6_000;

/// Groups in the order of pages.
const GROUPS: [Group; 7] = [
    Group::Size,
    Group::Part,
    Group::Turn,
    Group::Effect,
    Group::Output,
    Group::Overlay,
    Group::Delivery,
];

/// Some controls under a heading.
pub struct ControlGroup {
    /// Its name in the page.
    pub name: &'static str,
    /// The heading.
    pub title: String,
    /// Whether anything in it is said, or wrong.
    pub is_open: bool,
    /// Its controls.
    pub controls: Vec<Control>,
}

/// The control of a parameter.
pub struct Control {
    /// The parameter's name.
    pub name: &'static str,
    /// What it is called.
    pub label: String,
    /// What it does, in a sentence.
    pub hint: String,
    /// Where the guide says all of it; blank where it does not.
    pub guide: String,
    /// Which element it is: `select`, `switch`, `number`, or `text`; and what a script makes of it.
    pub kind: &'static str,
    /// What holds when nothing is given.
    pub usual: String,
    /// Bounds of numbers.
    pub min: String,
    /// The same.
    pub max: String,
    /// From, to and step of the slider; blank for none.
    pub slider: String,
    /// What can be chosen, or is proposed.
    pub options: Vec<Choice>,
    /// What the page has of it.
    pub said: Said,
}

/// Something that can be chosen.
pub struct Choice {
    /// Its word in addresses.
    pub value: String,
    /// Its name.
    pub label: String,
    /// Whether it is chosen.
    pub is_here: bool,
}

/// What a page has of a parameter.
#[derive(Default)]
pub struct Said {
    /// The text that was given, or the value that is locked.
    pub value: String,
    /// What the templates say, which holds when nothing is given.
    pub by_template: Option<String>,
    /// The template that has it locked; blank for none.
    pub locked_by: String,
    /// What is wrong with it.
    pub fault: String,
    /// The field of a template that it is edited as, where the page does that.
    pub field: Option<Field>,
}

impl Said {
    fn is_worth_seeing(&self) -> bool {
        let is_given = self.locked_by.is_empty() && !self.value.is_empty();
        is_given || !self.fault.is_empty() || self.field.is_some_and(|field| field.is_locked)
    }
}

/// A field of a template that is edited.
#[derive(Clone, Copy)]
pub struct Field {
    /// The name that it is written by.
    pub name: &'static str,
    /// Whether it is locked.
    pub is_locked: bool,
}

/// What is known of the picture and the server that bounds what can be chosen.
pub struct Known {
    /// Width and height of the picture.
    pub size: Option<(i64, i64)>,
    /// Its pages; 0 when they are not known.
    pub pages: i64,
    /// Colour profiles.
    pub profiles: Vec<String>,
}

impl Known {
    /// What is known of a picture; without one, of any.
    pub fn of(app: &App, view: Option<&ImageView>) -> Result<Self, Error> {
        let said = view.map(|view| image_metadata::get(&app.db, view.id)).transpose()?.flatten();
        Ok(Self {
            size: view.and_then(|view| view.width.zip(view.height)),
            pages: said.map_or(0, |said| said.pages),
            profiles: app.profiles.names(),
        })
    }

    /// Whether there is anything to choose, or to be seen: a picture of one page has no others.
    fn leaves_choice(&self, param: &Param, said: &Said) -> bool {
        let is_silent =
            said.value.is_empty() && said.fault.is_empty() && said.by_template.is_none();
        param.about.name != "page" || self.pages != 1 || said.field.is_some() || !is_silent
    }
}

/// The controls of those parameters of which the page says something, in their groups.
pub fn groups(
    f: &Frame,
    known: &Known,
    said: impl Fn(&'static Param) -> Option<Said>,
) -> Vec<ControlGroup> {
    let of = |group: Group| {
        // Which page is a matter of the part that is kept.
        let belongs = |param: &&Param| match param.about.group {
            Group::Source => group == Group::Part,
            own => own == group,
        };
        let rows = PARAMS.iter().filter(belongs);
        let rows = rows.filter_map(|param| Some((param, said(param)?)));
        let rows = rows.filter(|(param, said)| known.leaves_choice(param, said));
        let controls: Vec<Control> =
            rows.map(|(param, said)| control(f, known, param, said)).collect();
        let is_open =
            group == Group::Size || controls.iter().any(|control| control.said.is_worth_seeing());
        let (name, title) = (group.name(), f.texts().parameters(group));
        (!controls.is_empty()).then_some(ControlGroup { name, title, is_open, controls })
    };
    GROUPS.into_iter().filter_map(of).collect()
}

fn control(f: &Frame, known: &Known, param: &Param, said: Said) -> Control {
    let name = param.about.name;
    let looks = Looks::of(f, param, known, &said.value);
    Control {
        name,
        label: f.param(name),
        hint: f.texts().hint(param),
        guide: if param.in_urls() { format!("/help#p-{name}") } else { String::new() },
        usual: usual(f, param, &said),
        kind: looks.kind,
        min: looks.min,
        max: looks.max,
        slider: looks.slider,
        options: looks.options,
        said,
    }
}

/// What holds when nothing is given, in words.
fn usual(f: &Frame, param: &Param, said: &Said) -> String {
    let shown = |text: &str| match (param.shape(), text) {
        (Shape::Switch, "1") => f.t("yes"),
        (Shape::Switch, _) => f.t("no"),
        _ => f.word(param.about.name, text),
    };
    // In a list it stands beside what can be chosen.
    let is_listed = matches!(param.shape(), Shape::Switch | Shape::Choice(_));
    // In a template nothing is not the same as what is usual: other templates hold then.
    let listed = if said.field.is_some() { "template-not-set" } else { "publish-by-itself" };
    match (&said.by_template, param.about.default) {
        (Some(text), _) => f.s("publish-by-template", shown(text)),
        (None, Some(text)) => {
            let shown = shown(&param.canonical(text).unwrap_or_default());
            if is_listed { f.s(listed, shown) } else { shown }
        }
        (None, None) => f.t("publish-not-said"),
    }
}

/// The element for a kind of values.
#[derive(Default)]
struct Looks {
    kind: &'static str,
    min: String,
    max: String,
    slider: String,
    options: Vec<Choice>,
}

impl Looks {
    fn of(f: &Frame, param: &Param, known: &Known, value: &str) -> Self {
        let name = param.about.name;
        match param.shape() {
            Shape::Text { .. } if name == "icc" => {
                let words = known.profiles.iter().map(|name| (name.clone(), name.clone()));
                Self::select(param, words, value)
            }
            Shape::Text { .. } if name == "overlay" => Self::text("path"),
            Shape::Text { .. } => Self::text("text"),
            Shape::Integer { min, max } => {
                let slider = match name {
                    // Which number the first page has stands in no file: it is 1.
                    "page" => Some((1, known.pages)),
                    "width" | "maxwidth" => known.size.map(|(width, _)| (min, width)),
                    "height" | "maxheight" => known.size.map(|(_, height)| (min, height)),
                    _ => max.map(|max| (min, max)),
                };
                Self::integer(min, max, slider)
            }
            Shape::Number { min, max } => {
                let step = if max - min > 10.0 { 1.0 } else { 0.01 };
                Self {
                    kind: "number",
                    min: min.to_string(),
                    max: max.to_string(),
                    slider: format!("{min} {max} {step}"),
                    options: Vec::new(),
                }
            }
            Shape::Switch => {
                let words = [("1", "yes"), ("0", "no")];
                let words = words.map(|(word, key)| (word.to_owned(), f.t(key)));
                Self { kind: "switch", ..Self::select(param, words, value) }
            }
            Shape::Choice(words) => {
                let words = words.into_iter().map(|text| (text.to_owned(), f.word(name, text)));
                Self::select(param, words, value)
            }
            Shape::ChoiceOrInteger { words, min, max } => Self {
                slider: format!("{min} {max} 1"),
                ..Self::proposing("quality", f, name, &words)
            },
            Shape::ChoiceOrPoint(words) => Self::proposing("point", f, name, &words),
            Shape::Align(letters) => {
                let words: Vec<String> = letters
                    .chars()
                    .zip(["0", "0.5", "1"])
                    .map(|(c, at)| format!("{c}{at}"))
                    .collect();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                Self::proposing("align", f, name, &words)
            }
            Shape::Colour => {
                Self::proposing("colour", f, name, &["white", "black", "none", "auto"])
            }
            Shape::Tile => Self::proposing("tile", f, name, &["1:4", "1:9", "1:16"]),
        }
    }

    fn text(kind: &'static str) -> Self {
        Self { kind, ..Self::default() }
    }

    fn integer(min: i64, max: Option<i64>, slider: Option<(i64, i64)>) -> Self {
        let slider = slider.filter(|(from, to)| (1..=MOST_OF_SLIDER).contains(&(to - from)));
        let shown = |end: Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
        Self {
            kind: "number",
            min: min.to_string(),
            max: shown(max),
            slider: slider.map(|(from, to)| format!("{from} {to} 1")).unwrap_or_default(),
            options: Vec::new(),
        }
    }

    /// A list to choose from; words that mean the same stand in it once.
    fn select(
        param: &Param,
        words: impl IntoIterator<Item = (String, String)>,
        value: &str,
    ) -> Self {
        let chosen = param.canonical(value);
        let mut seen = Vec::new();
        let mut options = Vec::new();
        for (word, label) in words {
            let canonical = param.canonical(&word).unwrap_or_else(|| word.clone());
            if seen.contains(&canonical) {
                continue;
            }
            let is_here = chosen.as_ref() == Some(&canonical);
            options.push(Choice { value: canonical.clone(), label, is_here });
            seen.push(canonical);
        }
        if !value.is_empty() && !options.iter().any(|choice| choice.is_here) {
            let (value, label) = (value.to_owned(), value.to_owned());
            options.push(Choice { value, label, is_here: true });
        }
        Self { kind: "select", options, ..Self::default() }
    }

    /// Text, with some proposals.
    fn proposing(kind: &'static str, f: &Frame, name: &str, words: &[&str]) -> Self {
        let option = |text: &&str| Choice {
            value: (*text).to_owned(),
            label: f.word(name, text),
            is_here: false,
        };
        Self { kind, options: words.iter().map(option).collect(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::text;

    #[test]
    fn every_parameter_has_a_name_and_every_name_a_parameter() {
        let texts = text::for_languages(None);
        for param in PARAMS.iter().filter(|param| param.in_urls() && param.about.name != "src") {
            let key = format!("param-{}", param.about.name);
            assert!(texts.has(&key), "there is no text {key}");
        }
        let source = include_str!("../../../web/text/en/publish.ftl");
        let named = source.lines().filter_map(|line| line.strip_prefix("param-"));
        for name in named.filter_map(|line| line.split_once(' ')).map(|(name, _)| name) {
            assert!(
                PARAMS.iter().any(|param| param.about.name == name),
                "param-{name} is left over"
            );
        }
    }

    #[test]
    fn every_hint_is_of_a_parameter_and_in_words() {
        let texts = text::for_languages(None);
        let source = include_str!("../../../web/text/en/publish.ftl");
        let hinted = source.lines().filter_map(|line| line.strip_prefix("hint-")?.split_once(' '));
        let mut hinted: Vec<&str> = hinted.map(|(name, _)| name).collect();
        assert!(hinted.len() > 10, "{hinted:?}");
        for param in PARAMS.iter().filter(|param| !matches!(param.about.name, "src" | "tmp")) {
            let (name, hint) = (param.about.name, texts.hint(param));
            let is_own = hinted.contains(&name);
            hinted.retain(|other| *other != name);
            // The table sets between these marks what an address says.
            let table = param.about.doc.split(". ").next().unwrap_or_default();
            assert!(is_own || !table.contains('`'), "{name} needs a hint: {hint}");
            assert!(!hint.contains(['=', '`', '{', '&']), "{name}: {hint}");
            let is_sentence = hint.ends_with('.') && hint.starts_with(|c: char| c.is_uppercase());
            assert!(is_sentence, "{name}: {hint}");
        }
        assert!(hinted.is_empty(), "of no parameter that has a control: {hinted:?}");
    }

    #[test]
    fn pages_can_be_chosen_where_there_are_several() {
        let named = |name: &str| PARAMS.iter().find(|param| param.about.name == name).unwrap();
        let known = |pages| Known { size: None, pages, profiles: Vec::new() };
        let said = |value: &str| Said { value: value.to_owned(), ..Said::default() };
        for (pages, value, is_there) in
            [(0, "", true), (1, "", false), (2, "", true), (1, "3", true)]
        {
            let there = known(pages).leaves_choice(named("page"), &said(value));
            assert_eq!(there, is_there, "{pages} {value:?}");
        }
        assert!(known(1).leaves_choice(named("width"), &said("")));
        let field = Some(Field { name: "page", is_locked: false });
        let edited = Said { field, ..Said::default() };
        assert!(known(1).leaves_choice(named("page"), &edited), "a template is for any picture");
        for (slider, expected) in [
            (Some((1, 0)), ""),
            (Some((1, 1)), ""),
            (Some((1, 7)), "1 7 1"),
            (Some((0, MOST_OF_SLIDER + 1)), ""),
            (None, ""),
        ] {
            assert_eq!(Looks::integer(0, None, slider).slider, expected, "{slider:?}");
        }
    }

    #[test]
    fn every_group_of_the_table_is_shown() {
        for group in Group::ALL {
            assert!(GROUPS.contains(&group) || group == Group::Source, "{group:?}");
        }
    }

    #[test]
    fn words_that_mean_the_same_are_offered_once() {
        let format = PARAMS.iter().find(|param| param.about.name == "format").unwrap();
        let Shape::Choice(words) = format.shape() else { panic!("formats are words") };
        let words = words.into_iter().map(|text| (text.to_owned(), text.to_owned()));
        let looks = Looks::select(format, words, "JPEG");
        let values: Vec<&str> = looks.options.iter().map(|option| option.value.as_str()).collect();
        assert_eq!(values.iter().filter(|value| **value == "jpg").count(), 1, "{values:?}");
        assert!(!values.contains(&"jpeg") && values.contains(&"pjpg"), "{values:?}");
        let chosen: Vec<&str> =
            looks.options.iter().filter(|o| o.is_here).map(|o| o.value.as_str()).collect();
        assert_eq!(chosen, ["jpg"]);
        // What cannot be chosen is shown as it was written.
        let looks = Looks::select(format, [("jpg".to_owned(), "JPEG".to_owned())], "exe");
        assert!(looks.options.iter().any(|option| option.value == "exe" && option.is_here));
    }
}
