//! The languages that there are, and which of them somebody reads best.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};
use std::{fs, io};

use fluent_bundle::FluentResource;
use http::header;
use unic_langid::LanguageIdentifier;

use super::Texts;
use crate::http::Request;

/// What programs are told, too.
pub(super) const ENGLISH: &str = concat!(
    include_str!("../../../web/text/en/pages.ftl"),
    include_str!("../../../web/text/en/publish.ftl"),
    include_str!("../../../web/text/en/portfolios.ftl"),
    include_str!("../../../web/text/en/reports.ftl"),
    include_str!("../../../web/text/en/administration.ftl"),
    include_str!("../../../web/text/en/tasks.ftl"),
    include_str!("../../../web/text/en/help.ftl"),
    include_str!("../../../web/text/en/messages.ftl"),
    include_str!("../../../web/text/en/sentences.ftl"),
    include_str!("../../../web/text/en/viewers.ftl"),
);

/// The other languages that come with the program: the tag of each and its text, such as
/// `("de", include_str!("../../../web/text/de.ftl"))`.
pub(super) const TRANSLATED: &[(&str, &str)] = &[];

pub(super) static IN_ENGLISH: LazyLock<Texts> =
    LazyLock::new(|| Texts::read(&"en".parse().unwrap_or_default(), &[ENGLISH], None));

/// The texts of every language but English.
static OTHERS: OnceLock<Vec<Texts>> = OnceLock::new();

/// A language's tag and its text.
type Source = (String, String);

/// Adds the languages of a folder, a file `TAG.ftl` for each, to those that come with the program. To be called
/// before the first request is answered.
///
/// # Errors
/// When the folder or a file of it cannot be read.
pub fn add_languages(folder: &Path) -> io::Result<()> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("ftl")) {
            let tag = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            if let Err((_, faults)) = FluentResource::try_new(text.clone()) {
                log::warn!(
                    "{}: {} messages cannot be read: {faults:?}",
                    path.display(),
                    faults.len()
                );
            }
            sources.push((tag, text));
        }
    }
    sources.sort();
    if OTHERS.set(translated(&sources)).is_err() {
        log::warn!("languages were added too late");
    }
    Ok(())
}

/// The texts of every language but English, with those of `added`.
pub(super) fn translated(added: &[Source]) -> Vec<Texts> {
    let own = TRANSLATED.iter().copied();
    let all = own.chain(added.iter().map(|(tag, text)| (tag.as_str(), text.as_str())));
    let mut found: Vec<(LanguageIdentifier, Vec<&str>)> = Vec::new();
    for (tag, text) in all {
        match tag.parse::<LanguageIdentifier>() {
            Ok(tag) if tag != "en" => match found.iter_mut().find(|(known, _)| *known == tag) {
                Some((_, texts)) => texts.push(text),
                None => found.push((tag, vec![text])),
            },
            _ => log::warn!("{tag:?} is not the tag of a language other than English"),
        }
    }
    found.iter().map(|(tag, texts)| Texts::read(tag, texts, Some(&IN_ENGLISH))).collect()
}

/// The texts in English, which programs get.
pub fn in_english() -> &'static Texts {
    &IN_ENGLISH
}

/// The texts for who sends this `Accept-Language` field.
pub fn for_languages(accepted: Option<&str>) -> &'static Texts {
    best(OTHERS.get_or_init(|| translated(&[])), accepted.unwrap_or_default())
}

/// The texts for who sent a request.
pub fn texts_of(request: &Request) -> &'static Texts {
    let accepted = request.headers.get(header::ACCEPT_LANGUAGE);
    for_languages(accepted.and_then(|field| field.to_str().ok()))
}

/// Of English and others, the texts in the language that is wanted most: in the very one, else in one of the same
/// kind, as `de` is for `de-AT`.
pub(super) fn best(others: &'static [Texts], accepted: &str) -> &'static Texts {
    let known = |tag: &str| {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let mut all = others.iter().chain([&*IN_ENGLISH]);
        let same = all.clone().find(|texts| texts.language().eq_ignore_ascii_case(tag));
        same.or_else(|| all.find(|texts| primary(texts.language()) == primary(tag)))
    };
    by_preference(accepted).into_iter().find_map(known).unwrap_or(&IN_ENGLISH)
}

/// The tags of an `Accept-Language` field (RFC 9110, section 12.5.4), the most wanted first.
pub(super) fn by_preference(field: &str) -> Vec<&str> {
    let mut tags: Vec<(f32, &str)> = field
        .split(',')
        .filter_map(|item| {
            let mut parts = item.trim().split(';');
            let tag = parts.next()?.trim();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
            let weight = weight.map_or(1.0, |text| text.trim().parse().unwrap_or(0.0));
            (weight > 0.0 && !tag.is_empty()).then_some((weight, tag))
        })
        .collect();
    tags.sort_by(|a, b| b.0.total_cmp(&a.0));
    tags.into_iter().map(|(_, tag)| tag).collect()
}
