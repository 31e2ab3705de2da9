//! Administrative acts in words. They are noted as programs read them; what cannot be told in words, such as an act
//! of another version of this program, is shown as it was noted.

use serde_json::Value;

use super::{level_key, outcome, type_key};
use crate::auth::{Level, SystemPermission};
use crate::db::audit_log::Entry;
use crate::db::properties::DEFAULT_TEMPLATE;
use crate::web::label;
use crate::web::pages::frame::Frame;
use crate::web::text::Texts;

/// Kinds of acts: what their names begin with, and the text.
pub const KINDS: [(&str, &str); 12] = [
    ("user.", "acts-user"),
    ("group.", "acts-group"),
    ("permission.", "acts-permission"),
    ("template.", "acts-template"),
    ("folder_template.", "acts-folder-template"),
    ("property.", "acts-property"),
    ("task.", "acts-task"),
    ("key.", "acts-key"),
    ("totp.", "acts-totp"),
    ("sessions.", "acts-sessions"),
    ("folder.", "acts-folder"),
    ("access.", "acts-access"),
];

/// What stands for who is no account, and the text.
const NOBODY: [(&str, &str); 3] = [
    ("(server)", "act-by-server"),
    ("(command line)", "act-by-command-line"),
    ("(anonymous)", "act-by-anonymous"),
];

/// What was done.
pub fn act(texts: &Texts, action: &str) -> String {
    let key = format!("act-{}", action.replace(['_', '.'], "-"));
    if texts.has(&key) { texts.get(&key) } else { action.to_owned() }
}

/// Who did it.
pub fn actor(texts: &Texts, username: &str) -> String {
    let nobody = NOBODY.iter().find(|(name, _)| *name == username);
    nobody.map_or_else(|| username.to_owned(), |(_, key)| texts.get(key))
}

/// To what.
pub fn object(texts: &Texts, entry: &Entry) -> String {
    match (entry.action.as_str(), entry.object.as_str()) {
        ("task.begin" | "task.run", kind) => outcome::kind(texts, kind),
        ("property.change", DEFAULT_TEMPLATE) => texts.get("act-default-template"),
        (_, object) => object.to_owned(),
    }
}

/// More about it, a line for each thing.
pub fn details(f: &Frame, entry: &Entry) -> Vec<String> {
    let detail = entry.detail.as_str();
    if detail.is_empty() {
        return Vec::new();
    }
    let told = Told { f, texts: f.texts() };
    let lines = match entry.action.as_str() {
        "user.change" | "group.change" | "template.change" | "property.change" | "folder.move" => {
            told.changes(&tokens(detail))
        }
        "group.add" | "group.remove" | "group.join" => told.user(&tokens(detail)),
        "group.create" | "group.delete" => Some(vec![told.is("grants", told.grants(detail))]),
        "permission.create" | "permission.change" | "permission.delete" => {
            told.of_group(&tokens(detail))
        }
        "folder_template.set" | "folder_template.remove" => told.of_group(&tokens(detail)),
        "key.create" => Some(vec![told.is("scopes", told.scopes(detail))]),
        "task.begin" => told.given(detail),
        "task.run" => tokens(detail).first().map(|name| vec![plain(name)]),
        "folder.close" => told.closed(detail),
        "folder.gone" => Some(vec![told.texts.get("act-records-nowhere")]),
        "access.move" => told.moved(detail),
        _ => None,
    };
    lines.unwrap_or_else(|| vec![detail.to_owned()])
}

struct Told<'a> {
    f: &'a Frame,
    texts: &'a Texts,
}

impl Told<'_> {
    /// What a field or a parameter is called.
    fn label(&self, field: &str) -> String {
        label(self.texts, field).unwrap_or_else(|| field.to_owned())
    }

    fn is(&self, field: &str, value: String) -> String {
        self.texts.args("act-is", [("name", self.label(field).into()), ("value", value.into())])
    }

    /// `field before -> after; field before -> after`
    fn changes(&self, tokens: &[&str]) -> Option<Vec<String>> {
        let change = |four: &[&str]| match four {
            [field, before, "->", after] => {
                let given = [
                    ("name", self.label(field).into()),
                    ("before", self.value(field, before).into()),
                    ("after", self.value(field, after).into()),
                ];
                Some(self.texts.args("act-changed", given))
            }
            _ => None,
        };
        tokens.chunks(4).map(change).collect()
    }

    /// `user 5 "jo"`, or the name alone.
    fn user(&self, tokens: &[&str]) -> Option<Vec<String>> {
        let name = match tokens {
            ["user", _, name] | [name] => plain(name),
            _ => return None,
        };
        Some(vec![self.texts.name("act-of-user", &name)])
    }

    /// `group 3 "Press"` and what was set for it.
    fn of_group(&self, tokens: &[&str]) -> Option<Vec<String>> {
        let (name, mut rest) = match tokens {
            ["group", _, name, rest @ ..] if name.starts_with('"') => (plain(name), rest),
            ["group", id, rest @ ..] => ((*id).to_owned(), rest),
            _ => return None,
        };
        let mut lines = vec![self.texts.name("act-of-group", &name)];
        if let [kind @ ("required" | "default"), more @ ..] = rest {
            let key = if *kind == "required" { "act-is-required" } else { "act-is-default" };
            lines.push(self.is("required", self.texts.get(key)));
            rest = more;
        }
        match rest {
            [] => {}
            [field, value] => lines.push(self.is(field, self.value(field, value))),
            changes => lines.extend(self.changes(changes)?),
        }
        Some(lines)
    }

    /// What a task was begun with, a JSON object.
    fn given(&self, json: &str) -> Option<Vec<String>> {
        let Ok(Value::Object(members)) = serde_json::from_str(json) else { return None };
        let line = |(name, value): (&String, &Value)| match (name.as_str(), value) {
            ("before_ms", Value::Number(ms)) => {
                self.is("before_time", self.f.moment_text(ms.as_i64().unwrap_or_default()))
            }
            ("path", Value::String(path)) => self.is("path", path.clone()),
            (name, value) => self.is(name, self.json(value)),
        };
        Some(members.iter().map(line).collect())
    }

    fn closed(&self, detail: &str) -> Option<Vec<String>> {
        let path = detail.strip_prefix("it was ")?;
        let path = path.strip_suffix(", and is closed as far as that was")?;
        Some(vec![self.texts.name("act-was-closed", path)])
    }

    fn moved(&self, detail: &str) -> Option<Vec<String>> {
        let (count, path) = detail.split_once(" records, to ")?;
        let count: i64 = count.parse().ok()?;
        let shown = self.texts.number(count);
        let given = [("count", count.into()), ("shown", shown.into()), ("name", path.into())];
        Some(vec![self.texts.args("act-moved-records", given)])
    }

    /// A value as it is noted.
    fn value(&self, field: &str, noted: &str) -> String {
        let number = || noted.parse::<i64>().ok();
        match (field, noted) {
            ("grants", _) => self.grants(&plain(noted)),
            (_, "\"\"") => self.texts.get("act-blank"),
            ("access", _) if number().is_some() => {
                let level = Level::from_access(number().unwrap_or_default());
                self.texts.get(level_key(level))
            }
            ("group_type", _) if number().is_some() => {
                self.texts.get(type_key(number().unwrap_or_default()))
            }
            (_, "none") => self.texts.get("act-none"),
            (_, "free") => self.texts.get("act-free"),
            (_, noted) if noted.starts_with('"') => plain(noted),
            (_, noted) => match serde_json::from_str(noted) {
                Ok(value) => self.json(&value),
                Err(_) => noted.to_owned(),
            },
        }
    }

    /// A value of a template or of a task.
    fn json(&self, value: &Value) -> String {
        match value {
            Value::Null => self.texts.get("act-blank"),
            Value::Bool(true) => self.texts.get("admin-yes"),
            Value::Bool(false) => self.texts.get("admin-no"),
            Value::String(text) => text.clone(),
            Value::Object(members) => match (members.get("value"), members.get("locked")) {
                (Some(value), Some(Value::Bool(true))) => {
                    self.texts.args("act-locked", [("value", self.json(value).into())])
                }
                (Some(value), _) => self.json(value),
                (None, _) => Value::Object(members.clone()).to_string(),
            },
            other => other.to_string(),
        }
    }

    /// Names of system permissions.
    fn grants(&self, names: &str) -> String {
        let title = |name: &str| {
            let known = SystemPermission::ALL.into_iter().find(|one| one.name() == name);
            known.map_or_else(|| name.to_owned(), |one| permission(self.texts, one))
        };
        self.list(names.split_whitespace().map(title))
    }

    /// What a key is good for; each of these words has those before it in it.
    fn scopes(&self, names: &str) -> String {
        let last = names.split_whitespace().last();
        last.map_or_else(|| self.texts.get("act-blank"), |name| scope(self.texts, name))
    }

    fn list(&self, items: impl Iterator<Item = String>) -> String {
        let items: Vec<String> = items.collect();
        if items.is_empty() { self.texts.get("act-blank") } else { items.join(", ") }
    }
}

/// What a system permission lets somebody do.
pub fn permission(texts: &Texts, permission: SystemPermission) -> String {
    let name = format!("access_{}", permission.name());
    label(texts, &name).unwrap_or(name)
}

/// What somebody may do who has these system permissions; the one that allows everything says it all.
pub fn permissions(texts: &Texts, has: impl Fn(SystemPermission) -> bool) -> Vec<String> {
    let all = SystemPermission::ALL.into_iter();
    let told = match has(SystemPermission::AdminAll) {
        true => vec![SystemPermission::AdminAll],
        false => all.filter(|one| has(*one)).collect(),
    };
    told.into_iter().map(|one| permission(texts, one)).collect()
}

/// What an API key is good for.
pub fn scope(texts: &Texts, name: &str) -> String {
    let key = format!("account-key-{name}");
    if texts.has(&key) { texts.get(&key) } else { name.to_owned() }
}

/// The words of a detail: what stands in quotes, or is JSON, is one. Semicolons between changes are left out.
fn tokens(detail: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let (mut start, mut depth) = (None, 0_usize);
    let (mut quoted, mut escaped, mut cut) = (false, false, false);
    for (at, c) in detail.char_indices() {
        if c == ' ' && (cut || (!quoted && depth == 0)) {
            tokens.extend(start.take().map(|start| &detail[start..at]));
            (depth, quoted, cut) = (0, false, false);
            continue;
        }
        start.get_or_insert(at);
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            // JSON that was too long ends so, wherever it was.
            '…' if depth > 0 => cut = true,
            ';' if cut => {}
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth = depth.saturating_sub(1),
            _ => cut = false,
        }
    }
    tokens.extend(start.map(|start| &detail[start..]));
    tokens.into_iter().map(|token| token.strip_suffix(';').unwrap_or(token)).collect()
}

/// What stands in quotes, which may have been cut; line ends and what cannot be seen stay written by their codes.
fn plain(token: &str) -> String {
    let (token, more) = token.strip_suffix('…').map_or((token, ""), |token| (token, "…"));
    let inner = token.strip_prefix('"').and_then(|token| token.strip_suffix('"'));
    let Some(inner) = inner else { return format!("{token}{more}") };
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('"' | '\\' | '\'')) => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text + more
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::auth::audit::{Changes, quoted, shortened};

    /// What is noted, and what is said of it: the object, then the details.
    fn told(action: &str, object_name: &str, detail: &str) -> Vec<String> {
        let f = Frame::for_tests();
        let entry = Entry {
            id: 1,
            at_ms: 0,
            user_id: None,
            username: String::new(),
            address: String::new(),
            action: action.to_owned(),
            object: object_name.to_owned(),
            detail: detail.to_owned(),
        };
        let mut lines = vec![object(f.texts(), &entry)];
        lines.extend(details(&f, &entry));
        lines
    }

    #[test]
    fn whoever_may_do_everything_is_told_no_parts_of_it() {
        let f = Frame::for_tests();
        let of = |set: &[SystemPermission]| permissions(f.texts(), |one| set.contains(&one));
        let (reports, all) = (SystemPermission::Reports, SystemPermission::AdminAll);
        assert_eq!(of(&[reports, SystemPermission::Folios]), ["Create portfolios", "See reports"]);
        assert_eq!(of(&[reports, all]), ["Full administration"]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn acts_are_told_in_words() {
        let changed = Changes::default()
            .text("username", "jo", "jim; \"x\" -> y")
            .text("email", "", "jim@example.org")
            .value("allow_api", false, true);
        let group = Changes::default().value("group_type", 2, 3).text(
            "grants",
            "folios",
            "reports admin_files",
        );
        let locked = r#"{"locked":true,"value":20}"#;
        let template = Changes::default()
            .value("width", "none".to_owned(), locked.to_owned())
            .value("dpi_x", "none".to_owned(), shortened(r#"{"value":72}"#));
        for (action, object, detail, lines) in [
            (
                "user.change",
                "jo",
                changed.detail(),
                &[
                    "jo",
                    "User name: jo → jim; \"x\" -> y",
                    "Email: blank → jim@example.org",
                    "May use the API: no → yes",
                ][..],
            ),
            ("user.create", "jo", "", &["jo"]),
            (
                "group.change",
                "Press",
                group.detail(),
                &[
                    "Press",
                    "Type: Normal group → Directory group",
                    "Permissions: Create portfolios → See reports, Administer files and folders",
                ],
            ),
            ("group.create", "Press", "folios", &["Press", "Permissions: Create portfolios"]),
            ("group.add", "Press", "user 5 \"jo o\"", &["Press", "User: jo o"]),
            ("group.join", "Press", "\"jo\"", &["Press", "User: jo"]),
            (
                "permission.create",
                "/a",
                "group 3 \"The press\" access 20",
                &["/a", "Group: The press", "Level: Download"],
            ),
            (
                "permission.change",
                "/a",
                "group 3 access 0 -> 70",
                &["/a", "Group: 3", "Level: No access → Full access"],
            ),
            (
                "folder_template.set",
                "/a",
                "group 1 \"Public\" required template none -> \"Press\"",
                &["/a", "Group: Public", "Applies: always", "Template: nothing set → Press"],
            ),
            (
                "folder_template.remove",
                "/a",
                "group 1 \"Public\" default template free",
                &[
                    "/a",
                    "Group: Public",
                    "Applies: if none is named",
                    "Template: none, ignoring folders above",
                ],
            ),
            (
                "template.change",
                "Press",
                template.detail(),
                &["Press", "Width: nothing set → 20, locked", "Resolution (dpi): nothing set → 72"],
            ),
            (
                "property.change",
                "default_template",
                "value \"a\" -> \"b\"",
                &["Default template", "Value: a → b"],
            ),
            ("folder.move", "/a", "path \"/a\" -> \"/b c\"", &["/a", "Path: /a → /b c"]),
            (
                "folder.close",
                "/b",
                "it was /a, b, and is closed as far as that was",
                &["/b", "It was /a, b, and keeps the same restrictions."],
            ),
            (
                "access.move",
                "/a",
                "2 records, to /b",
                &["/a", "2 permissions and templates, to /b"],
            ),
            ("key.create", "backup", "read write", &["backup", "Allows: Read and write"]),
            (
                "task.begin",
                "purge_made_pictures",
                r#"{"path":"/a"}"#,
                &["Rebuild pictures", "Path: /a"],
            ),
            (
                "task.begin",
                "purge_system_stats",
                r#"{"before_ms":999993600000}"#,
                &["Delete old system statistics", "Older than: 9 Sep 2001, 00:00 UTC"],
            ),
            (
                "task.begin",
                "sync",
                r#"{"yes":false}"#,
                &["Scan library", "Mark all missing files as deleted, even if there are many: no"],
            ),
            ("task.run", "sync_sweep", "\"Mark\"", &["Mark missing pictures as deleted", "Mark"]),
            // Of another version, or as nobody has written it.
            ("thing.done", "x", "y z", &["x", "y z"]),
            ("user.change", "jo", "odd", &["jo", "odd"]),
        ] {
            assert_eq!(told(action, object, detail), lines, "{action} {detail}");
        }
    }

    #[test]
    fn long_texts_stay_one_word() {
        let long = quoted(&"a b ".repeat(100));
        let detail = format!("description {long} -> \"\"; email \"x\" -> \"y\"");
        assert_eq!(tokens(&detail).len(), 8, "{detail}");
        let json = shortened(&format!("{{\"value\":\"{}\"}}", "c d ".repeat(100)));
        let detail = format!("overlay_src none -> {json}; width none -> 5");
        assert_eq!(tokens(&detail).len(), 8, "{:?}", tokens(&detail));
        assert_eq!(plain(r#""a \"b\" \\ \n""#), r#"a "b" \ \n"#);
        assert_eq!(plain("\"cut\"…"), "cut…");
    }

    /// Every act that the sources note.
    fn noted(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                noted(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            if !text.contains("audit::write(") || path.ends_with("admin/acts.rs") {
                continue;
            }
            let known = |text: &&str| KINDS.iter().any(|(kind, _)| text.starts_with(kind));
            let sound = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.');
            let quoted = text.split('"').filter(known);
            found.extend(quoted.filter(|text| text.chars().all(sound)).map(str::to_owned));
        }
    }

    #[test]
    fn every_act_has_its_words() {
        let texts = crate::web::text::for_languages(None);
        let mut found = BTreeSet::new();
        noted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 20 && found.contains("user.disable"), "{found:?}");
        let raw: Vec<_> = found.iter().filter(|action| act(texts, action) == **action).collect();
        assert!(raw.is_empty(), "without words: {raw:?}");
        assert_eq!(actor(texts, "(server)"), "The server itself");
        assert_eq!(actor(texts, "jo"), "jo");
    }
}
