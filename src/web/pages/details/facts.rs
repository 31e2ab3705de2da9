//! What is known of a picture, line by line.

use std::collections::HashMap;

use super::Shown;
use crate::auth::{Identity, Level};
use crate::db::image_metadata::ImageMetadata;
use crate::db::image_views::ImageView;
use crate::db::images::FocalPoint;
use crate::db::{now_ms, stats, users};
use crate::library::Caller;
use crate::web::api::Now;
use crate::web::pages::Frame;
use crate::web::text::Texts;
use crate::web::{App, Error, label};

/// Events that are shown.
const EVENTS: u32 = 20;

/// For how long back it is told what was counted.
const MONTH_MS: i64 = 30 * 24 * 3600 * 1000;

/// Something that is known.
pub struct Fact {
    /// Its name.
    pub key: &'static str,
    /// What it is.
    pub value: Shown,
}

/// Something that was done.
pub struct Event {
    /// What.
    pub key: String,
    /// More of it.
    pub detail: String,
    /// By whom; blank for the server.
    pub who: String,
    /// When.
    pub when: Shown,
}

/// What is known of the file.
pub fn of_file(
    f: &Frame,
    view: &ImageView,
    said: &ImageMetadata,
    focal: Option<FocalPoint>,
) -> Vec<Fact> {
    let mut facts = vec![Fact { key: "fact-file", value: f.isolated(view.file_name()) }];
    if !said.format.is_empty() {
        facts.push(Fact { key: "fact-format", value: f.isolated(&said.format.to_uppercase()) });
    }
    if let (Some(width), Some(height)) = (view.width, view.height) {
        let mega = width as f64 * height as f64 / 1e6;
        let text = format!("{} × {} ({mega:.1} MP)", f.number(width), f.number(height));
        facts.push(Fact { key: "fact-pixels", value: f.isolated(&text) });
    }
    if said.pages > 1 {
        facts.push(Fact { key: "fact-pages", value: f.isolated(&f.number(said.pages)) });
    }
    if let Some(bytes) = view.size_bytes {
        facts.push(Fact { key: "fact-size", value: f.isolated(&f.bytes(bytes)) });
    }
    if let Some(ns) = view.mtime_ns {
        facts.push(Fact { key: "fact-changed", value: f.moment(ns.div_euclid(1_000_000)) });
    }
    if let Some(point) = focal {
        let [x, y] = [point.x(), point.y()].map(|part| f.percent(part * 100.0));
        let text = f.named("fact-point-at", &[("x", &x), ("y", &y)]);
        facts.push(Fact { key: "fact-point", value: f.isolated(&text) });
    }
    facts
}

/// What the file says of itself.
pub fn said(f: &Frame, said: &ImageMetadata) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(ms) = said.taken_ms {
        facts.push(Fact { key: "fact-taken", value: f.clock_moment(ms) });
    }
    let keywords = said.keywords.join(", ");
    let texts = [
        ("fact-camera", said.camera.as_str()),
        ("fact-headline", &said.headline),
        ("fact-caption", &said.caption),
        ("fact-keywords", &keywords),
        ("fact-creator", &said.creator),
        ("fact-copyright", &said.copyright),
    ];
    let given = texts.into_iter().filter(|(_, text)| !text.is_empty());
    facts.extend(given.map(|(key, text)| Fact { key, value: f.isolated(text) }));
    facts
}

/// What was counted for an image within a month.
pub fn counted(app: &App, f: &Frame, id: i64) -> Result<Vec<Fact>, Error> {
    let now = now_ms();
    let numbers = stats::image_sum(&app.db, id, now - MONTH_MS, now)?;
    let shown = |key, number: i64| Fact { key, value: f.isolated(&f.number(number)) };
    Ok(vec![
        shown("report-requests", numbers.requests),
        shown("report-views", numbers.views),
        shown("report-downloads", numbers.downloads),
        Fact { key: "report-bytes", value: f.isolated(&f.bytes(numbers.total_bytes)) },
    ])
}

/// Where a picture was taken, and a map of the place elsewhere.
pub fn place(position: Option<(f64, f64)>) -> (String, String) {
    let Some((latitude, longitude)) = position else { return Default::default() };
    let side = |value: f64, signs: [&str; 2]| {
        format!("{:.5}° {}", value.abs(), signs[usize::from(value < 0.0)])
    };
    (
        format!("{}, {}", side(latitude, ["N", "S"]), side(longitude, ["E", "W"])),
        format!(
            "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=15/{latitude}/{longitude}"
        ),
    )
}

/// What was done to an image, the latest first.
pub fn history(app: &App, f: &Frame, identity: &Identity, id: i64) -> Result<Vec<Event>, Error> {
    let now = Now::of(app, identity);
    let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
    let rights = app.store.rights()?;
    let mut names: HashMap<i64, String> = HashMap::new();
    let mut events = Vec::new();
    for entry in app.library.history(&caller, id, EVENTS)? {
        if let Some(user) = entry.user_id
            && !names.contains_key(&user)
        {
            let name = users::by_id(&app.db, user)?.map(|user| user.username);
            names.insert(user, name.unwrap_or_default());
        }
        let told = entry.is_for(|folder| rights.level(identity, folder) >= Level::View);
        events.push(Event {
            key: format!("history-{}", entry.action),
            who: entry.user_id.and_then(|user| names.get(&user).cloned()).unwrap_or_default(),
            when: f.moment(entry.at_ms),
            detail: if told { more(f.texts(), &entry.detail) } else { String::new() },
        });
    }
    Ok(events)
}

/// What the history says more of what was done to an image, and the text.
const MORE: [(&str, &str); 10] = [
    ("uploaded", "was-uploaded"),
    ("uploaded in place of the file before", "was-uploaded-over"),
    ("restored", "was-restored"),
    ("found on disk", "was-found"),
    ("back on disk", "was-back"),
    ("changed on disk", "was-changed"),
    ("gone from disk", "was-gone"),
    ("deleted with its folder", "was-deleted-with"),
    ("focal point set", "was-focused"),
    ("focal point removed", "was-unfocused"),
];

/// The same where a path stands at the end.
const FROM: [(&str, &str); 3] = [
    ("moved from ", "was-moved"),
    ("moved on disk from ", "was-moved-on-disk"),
    ("moved with its folder from ", "was-moved-with"),
];

/// More of what was done, in words; as it was noted where it came from another server.
fn more(texts: &Texts, detail: &str) -> String {
    if let Some((_, key)) = MORE.iter().find(|(noted, _)| *noted == detail) {
        return texts.get(key);
    }
    for (noted, key) in FROM {
        if let Some(path) = detail.strip_prefix(noted) {
            return texts.name(key, path);
        }
    }
    if detail == "deleted" {
        return String::new();
    }
    let fields = detail.strip_suffix(" changed").map(|fields| fields.split(", "));
    let labels: Option<Vec<String>> =
        fields.and_then(|fields| fields.map(|field| label(texts, field)).collect());
    labels.map_or_else(|| detail.to_owned(), |labels| labels.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_told_in_words() {
        let texts = crate::web::text::for_languages(None);
        for (noted, words) in [
            ("uploaded", "Uploaded"),
            ("found on disk", "Found on disk"),
            ("deleted", ""),
            ("title, description changed", "Title, Description"),
            ("tags changed", "Tags"),
            ("Imported from elsewhere", "Imported from elsewhere"),
            ("odd thing changed", "odd thing changed"),
        ] {
            assert_eq!(more(texts, noted), words);
        }
        let moved = crate::db::image_history::moved_from("a/b.png");
        assert_eq!(more(texts, &moved), "From a/b.png");
        let moved = crate::db::image_history::moved_on_disk_from("a/b.png");
        assert_eq!(more(texts, &moved), "On disk, from a/b.png");
    }

    #[test]
    fn places_are_told_by_their_sides_of_the_globe() {
        let (text, map) = place(Some((-33.8568, 151.2153)));
        assert_eq!(text, "33.85680° S, 151.21530° E");
        assert!(map.starts_with("https://www.openstreetmap.org/?mlat=-33.8568&mlon=151.2153"));
        assert_eq!(place(None), (String::new(), String::new()));
    }
}
