//! What came of a background task, in words.

use serde_json::Value;

use crate::web::text::Texts;

/// Members that only programs need.
const SILENT: [&str; 4] = ["folder_id", "folio_id", "id", "run"];

/// Members that are lengths of files.
const BYTES: [&str; 2] = ["bytes", "filesize"];

/// Members that are told first, and those that are told last; the others stand between them by their names.
const FIRST: [&str; 5] = ["levels", "originals", "files", "folders", "read"];
const LAST: [&str; 6] = ["failed", "skipped", "skipped_names", "problems", "bytes", "filesize"];

/// The text of a kind of task.
pub fn kind(texts: &Texts, kind: &str) -> String {
    // Another version of this program may have queued it.
    let key = dashed(&format!("work-{kind}"));
    if texts.has(&key) { texts.get(&key) } else { kind.to_owned() }
}

/// The result of a task of a kind, a JSON object, as words: `3 read, 1 failed`. Numbers that are 0 are left out, and
/// what stands for itself beside the others has no words.
pub fn told(texts: &Texts, kind: &str, json: &str) -> String {
    let members = match serde_json::from_str(json) {
        Ok(Value::Object(members)) => members,
        Ok(Value::Null) => return String::new(),
        _ => return json.to_owned(),
    };
    let mut spoken: Vec<_> =
        members.iter().filter(|(name, _)| !SILENT.contains(&name.as_str())).collect();
    spoken.sort_by_key(|(name, _)| place(name));
    let mut words: Vec<String> =
        spoken.iter().filter_map(|(name, value)| member(texts, kind, name, value)).collect();
    words.retain(|words| !words.is_empty());
    match (words.is_empty(), spoken.is_empty()) {
        (true, false) => texts.get("came-nothing"),
        // The name of a file is written as it is.
        _ if members.contains_key("filename") => words.join(", "),
        _ => with_capital(&words.join(", ")),
    }
}

fn place(name: &str) -> usize {
    let at = |names: &[&str]| names.iter().position(|known| *known == name);
    let first = at(&FIRST);
    first.unwrap_or_else(|| FIRST.len() + at(&LAST).map_or(0, |at| at + 1))
}

fn with_capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// A member in words; none when there is nothing to tell.
fn member(texts: &Texts, kind: &str, name: &str, value: &Value) -> Option<String> {
    let keys = [format!("came-{kind}-{name}"), format!("came-{name}")];
    let key = keys.iter().map(|key| dashed(key)).find(|key| texts.has(key));
    let told = |text: &str| match &key {
        Some(key) => texts.name(key, text),
        // Of another version of this program.
        None => format!("{} {text}", name.replace('_', " ")),
    };
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(told("")),
        Value::Number(number) => {
            let count = number.as_i64().unwrap_or(i64::MAX);
            match &key {
                _ if count == 0 => None,
                Some(key) if !BYTES.contains(&name) => Some(texts.count(key, count)),
                _ if BYTES.contains(&name) => Some(told(&texts.bytes(count))),
                _ => Some(told(&texts.number(count))),
            }
        }
        Value::String(word) => {
            let own = dashed(&format!("came-{name}-{word}"));
            Some(if texts.has(&own) { texts.get(&own) } else { told(word) })
        }
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            Some(told(&items.iter().map(text).collect::<Vec<_>>().join("; ")))
        }
        Value::Object(_) => Some(told(&value.to_string())),
    }
}

/// A name of programs as keys of texts are written.
fn dashed(name: &str) -> String {
    name.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each kind of task can give, and what is said of it.
    const GIVEN: &[(&str, &str, &str)] = &[
        (
            "sync",
            r#"{"run":3,"folders":2,"files":1,"new":4,"changed":1200,"returned":1,"moved":2,
                "deleted":1,"waiting":5,"skipped":0,"skipped_names":[],"problems":[]}"#,
            "One picture found, 2 folders, 1,200 changed, 1 marked deleted, 2 moved, 4 new, \
             1 back again, 5 missing: needs your confirmation",
        ),
        (
            "sync",
            r#"{"skipped":1,"skipped_names":["a: x"],"problems":["b: no","c: no"]}"#,
            "One name that cannot be served, such as a: x, could not read: b: no; c: no",
        ),
        ("sync_sweep", r#"{"deleted":2}"#, "2 marked deleted"),
        ("read_metadata", r#"{"read":12,"failed":1}"#, "12 read, 1 failed"),
        ("read_metadata", r#"{"read":0,"failed":0}"#, "Nothing to do"),
        ("move_folder", r#"{"folder_id":5}"#, ""),
        ("delete_folder", r#"{"folder_id":5}"#, ""),
        ("index_folder", r#"{"images":1}"#, "One picture"),
        ("restore_folder", r#"{"path":"a/b"}"#, "Now at a/b"),
        ("empty_recycle_folder", r#"{"removed":3}"#, "3 removed"),
        ("change_tag", r#"{"images":2}"#, "2 pictures"),
        ("burst_document", r#"{"pages":2}"#, "2 pages"),
        (
            "library_housekeeping",
            r#"{"uploads":1,"recycled":2,"words":3}"#,
            "2 removed from the recycle folder, one unfinished upload removed, \
             3 unused search words removed",
        ),
        (
            "prepare_reductions",
            r#"{"outcome":"made","levels":3,"bytes":1500}"#,
            "3 sizes made, 2 kB",
        ),
        ("prepare_reductions", r#"{"outcome":"current"}"#, "Already there"),
        ("prepare_reductions", r#"{"outcome":"not_wanted"}"#, "Not worthwhile for this picture"),
        ("prepare_reductions", r#"{"outcome":"busy"}"#, "Being done by another process"),
        ("prepare_reductions", r#"{"off":true}"#, "Not switched on"),
        ("prepare_folder", r#"{"originals":9,"made":2,"failed":0}"#, "9 originals, 2 made"),
        (
            "purge_made_pictures",
            r#"{"originals":1,"disk_entries":4,"front_server_answers":2,"front_server_failures":1}"#,
            "One original, 4 removed from the disk, 2 removed from front servers, \
             1 not removed from front servers",
        ),
        ("cache_housekeeping", "{}", ""),
        (
            "row_housekeeping",
            r#"{"tasks":1,"image_stats":2,"system_stats":3,"folded_days":1}"#,
            "One day of statistics summarised, 2 picture counts deleted, \
             3 system counts deleted, one finished task removed",
        ),
        ("purge_system_stats", r#"{"deleted":1}"#, "1 deleted"),
        ("purge_image_stats", r#"{"deleted":7}"#, "7 deleted"),
        ("purge_deleted_folder_data", r#"{"images":1,"folders":2}"#, "2 folders, one picture"),
        (
            "export_folio",
            r#"{"id":1,"folio_id":2,"filename":"a.zip","filesize":12340000}"#,
            "a.zip, 12.3 MB",
        ),
        ("export_folio", r#"{"deleted":true}"#, "Deleted in the meantime"),
        (
            "expire_exports",
            r#"{"expired":1,"abandoned":2}"#,
            "2 abandoned files removed, 1 expired files removed",
        ),
        // Of a program of another version.
        ("of_another_version", r#"{"new_thing":2,"null":null}"#, "New thing 2"),
        ("sync", "null", ""),
        ("sync", "[1]", "[1]"),
    ];

    #[test]
    fn what_tasks_give_is_told_in_words() {
        let texts = crate::web::text::for_languages(None);
        for (kind, json, words) in GIVEN {
            assert_eq!(told(texts, kind, json).replace('\u{a0}', " "), *words, "{kind}: {json}");
        }
        assert_eq!(super::kind(texts, "read_metadata"), "Read new files");
        assert_eq!(super::kind(texts, "of_another_version"), "of_another_version");
    }
}
