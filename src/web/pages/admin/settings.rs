//! The settings as they were loaded, each with where it was given.

use askama::Template;

use super::{Desk, Section, enter};
use crate::auth::SystemPermission;
use crate::config::{Group, Origin, Shown, Unit};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::{Frame, given};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    /// Whether only those are shown that were given somewhere.
    is_given: bool,
    query: String,
    groups: Vec<Rows>,
    count: usize,
}

/// The settings of a group.
struct Rows {
    id: usize,
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    /// As it is read, each item of a list by itself; none for a secret.
    values: Vec<String>,
    is_hidden: bool,
    is_default: bool,
    default: String,
    origin: String,
    doc: String,
    reload: bool,
}

/// `GET /admin/settings`
pub fn settings(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let Desk { f, sections, .. } = enter(app, request, SystemPermission::AdminAll)?;
    let form = Form::of_query(request)?;
    let (is_given, query) = (given(&form, "show") == "given", given(&form, "q").to_owned());
    let wanted = |setting: &&Shown| {
        let words = query.to_lowercase();
        let text = format!("{} {}", setting.name, f.texts().setting(setting).to_lowercase());
        (!is_given || setting.origin != Origin::Default)
            && words.split_whitespace().all(|word| text.contains(word))
    };
    let shown: Vec<&Shown> = app.settings.iter().filter(wanted).collect();
    let rows = |(id, group): (usize, Group)| Rows {
        id,
        title: f.texts().settings(group),
        rows: shown.iter().filter(|s| s.group == group).map(|setting| row(&f, setting)).collect(),
    };
    let mut groups: Vec<Rows> = Group::ALL.into_iter().enumerate().map(rows).collect();
    groups.retain(|group| !group.rows.is_empty());
    let page = Page { count: shown.len(), is_given, query, groups, sections, f };
    Ok(page.f.send(&page))
}

/// A value in TOML as it is read, each item of a list by itself; of one that holds nothing that it does.
fn read(f: &Frame, value: &str, unit: Option<Unit>) -> Vec<String> {
    let table: Option<toml::Table> = toml::from_str(&format!("x = {value}")).ok();
    let found = table.and_then(|mut table| table.remove("x"));
    let text = |item: toml::Value| match item {
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    match found {
        Some(toml::Value::String(text)) if text.is_empty() => vec![f.t("settings-blank")],
        Some(toml::Value::Array(items)) if items.is_empty() => vec![f.t("settings-empty")],
        Some(toml::Value::Array(items)) => items.into_iter().map(text).collect(),
        Some(toml::Value::Integer(number)) => vec![counted(f, number, unit)],
        Some(other) => vec![text(other)],
        None => vec![value.to_owned()],
    }
}

/// A number with its unit, and the same in a larger one where it is long.
fn counted(f: &Frame, number: i64, unit: Option<Unit>) -> String {
    let Some(unit) = unit else { return f.number(number) };
    let time = |seconds: i64| (seconds >= 60).then(|| f.texts().duration(seconds));
    let larger = match unit {
        Unit::Milliseconds if number % 1_000 == 0 => time(number / 1_000),
        Unit::Seconds => time(number),
        Unit::Minutes if number > 60 => time(number.saturating_mul(60)),
        Unit::Kilobytes if number >= 1 << 10 => Some(f.memory(number.saturating_mul(1 << 10))),
        Unit::Megabytes if number >= 1 << 10 => Some(f.memory(number.saturating_mul(1 << 20))),
        _ => None,
    };
    let text = format!("{}\u{a0}{}", f.number(number), unit.name());
    match larger.filter(|larger| !larger.starts_with(&f.number(number))) {
        Some(larger) => format!("{text} ({larger})"),
        None => text,
    }
}

fn row(f: &Frame, setting: &Shown) -> Row {
    let value = setting.value.as_deref();
    Row {
        name: setting.name,
        values: value.map(|value| read(f, value, setting.unit)).unwrap_or_default(),
        is_hidden: setting.value.is_none(),
        is_default: setting.origin == Origin::Default,
        default: read(f, &setting.default, setting.unit).join(", "),
        origin: match &setting.origin {
            Origin::Default => f.t("settings-default"),
            Origin::File { path, line } => {
                let (path, line) = (path.display().to_string(), line.to_string());
                f.named("settings-file", &[("name", &path), ("line", &line)])
            }
            Origin::Environment(variable) => f.s("settings-environment", variable),
            Origin::CommandLine => f.t("settings-command-line"),
        },
        doc: f.texts().setting(setting),
        reload: setting.reload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn values_are_read_without_the_marks_of_files() {
        let f = Frame::for_tests();
        for (value, unit, expected) in [
            ("\"info\"", None, &["info"][..]),
            ("\"\"", None, &["blank"]),
            ("[]", None, &["none"]),
            (r#"["127.0.0.0/8", "::1/128"]"#, None, &["127.0.0.0/8", "::1/128"]),
            ("[300, 600]", None, &["300", "600"]),
            ("true", None, &["true"]),
            ("10000000", None, &["10,000,000"]),
            ("604800", Some(Unit::Seconds), &["604,800 s (7 days)"]),
            ("61", Some(Unit::Seconds), &["61 s"]),
            ("5", Some(Unit::Seconds), &["5 s"]),
            ("1500", Some(Unit::Milliseconds), &["1,500 ms"]),
            ("120000", Some(Unit::Milliseconds), &["120,000 ms (2 minutes)"]),
            ("60", Some(Unit::Minutes), &["60 min"]),
            ("1440", Some(Unit::Minutes), &["1,440 min (1 day)"]),
            ("32", Some(Unit::Megabytes), &["32 MB"]),
            ("2048", Some(Unit::Megabytes), &["2,048 MB (2 GB)"]),
        ] {
            let read = read(&f, value, unit);
            let read: Vec<String> = read.iter().map(|text| text.replace('\u{a0}', " ")).collect();
            assert_eq!(read, expected, "{value}");
        }
    }

    #[test]
    fn every_default_can_be_read() {
        let f = Frame::for_tests();
        let loaded = config::load(&config::Sources::default()).unwrap();
        for setting in config::shown(&loaded) {
            for text in read(&f, &setting.default, setting.unit) {
                let is_plain = !text.is_empty() && !text.starts_with('"');
                assert!(is_plain, "{}: {text}", setting.name);
            }
        }
    }
}
