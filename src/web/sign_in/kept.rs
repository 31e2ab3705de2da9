//! What a form said whose sender's session had ended: carried by the page on which one signs in, and sent once the
//! sender has seen it again. Scripts need none of this: they keep the page.
//!
//! It is for the account whose session it was: nobody else who signs in on that page is shown it. Where no cookie tells
//! of a session, nothing is kept.
//!
//! Passwords, codes and files are never carried. What a page of another site has sent is not kept, so that nobody can
//! be made to send it.

use http::Method;
use serde::{Deserialize, Serialize};

use super::csrf;
use crate::http::Request;
use crate::web::api::{self, Sent};
use crate::web::{App, Error};

/// The field of the page on which one signs in.
pub const FIELD: &str = "kept";

/// The most that is carried, in bytes.
const MOST: usize = 256 * 1024;

/// The page that shows what a table would change.
const TABLE: &str = "/table";

/// A form that was filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The account that it is for.
    pub user_id: i64,
    /// Where it was sent, query included.
    pub action: String,
    /// Its fields, as they stood in it.
    pub fields: Vec<(String, Value)>,
}

/// What a field said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// This.
    Text(String),
    /// Something that has to be typed again.
    Secret,
    /// One or more files, to be chosen again.
    Files,
}

impl Kept {
    /// Of a request of this account that was refused to who is not, or no longer, signed in; none where nothing would be
    /// lost, and where it was not sent by a page of ours.
    pub fn of(app: &App, request: &Request, user_id: i64) -> Option<Self> {
        if request.method != Method::POST || !csrf::came_from_us(app, request) {
            return None;
        }
        let query = std::str::from_utf8(&request.query).ok()?;
        let sign = if query.is_empty() { "" } else { "?" };
        let action = format!("{}{sign}{query}", request.path);
        let sent = api::sent_fields(request).ok()?;
        let value = |(name, sent)| match sent {
            Sent::Text(text) => (name, Value::Text(text)),
            Sent::Files => (name, Value::Files),
        };
        Self { user_id, action, fields: sent.into_iter().map(value).collect() }.checked()
    }

    /// What the page on which one signs in has carried.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok()?.checked()
    }

    /// The same for that page.
    pub fn write(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// What may be sent again, if that is anything.
    fn checked(mut self) -> Option<Self> {
        if !self.action.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let (known, secrets) = names(&self.action)?;
        self.fields.retain(|(name, _)| known.contains(&name.as_str()));
        for (name, value) in &mut self.fields {
            if secrets.contains(&name.as_str()) {
                *value = Value::Secret;
            }
        }
        let said = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Secret | Value::Files => 0,
        };
        let bytes: usize = self.fields.iter().map(|(_, value)| said(value)).sum();
        (1..=MOST).contains(&bytes).then_some(self)
    }

    /// What it does, in a few words; none for what only shows something.
    pub fn title(&self) -> Option<&'static str> {
        Some(api::form_at(path_of(&self.action))?.title)
    }
}

fn path_of(action: &str) -> &str {
    action.split('?').next().unwrap_or_default()
}

/// The fields of a form that is sent to this address, and those of them that are secret; none for other addresses.
fn names(action: &str) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
    let path = path_of(action);
    if path.trim_end_matches('/') == TABLE {
        return Some((vec!["table"], Vec::new()));
    }
    let form = api::form_at(path)?;
    Some((form.fields, form.secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(action: &str, fields: &[(&str, &str)]) -> Option<Kept> {
        let text = |(name, text): &(&str, &str)| ((*name).into(), Value::Text((*text).into()));
        let fields = fields.iter().map(text).collect();
        let kept = Kept { user_id: 7, action: action.into(), fields };
        Kept::read(&kept.write().unwrap())
    }

    #[test]
    fn forms_of_pages_are_kept_without_what_is_secret() {
        let user = kept(
            "/do/post/admin/users?next=/admin/users",
            &[("username", "jo"), ("password", "hidden"), ("_csrf_token", "x"), ("email", "")],
        );
        let user = user.unwrap();
        assert_eq!(user.user_id, 7);
        assert_eq!(user.fields[0], ("username".into(), Value::Text("jo".into())));
        assert_eq!(user.fields[1], ("password".into(), Value::Secret));
        // A blank field says something, too.
        assert_eq!(user.fields[2], ("email".into(), Value::Text(String::new())));
        assert_eq!(user.fields.len(), 3);
        assert!(!user.write().unwrap().contains("hidden"));
        assert_eq!(kept("/table?path=/a", &[("table", "src\na")]).unwrap().title(), None);
    }

    #[test]
    fn nothing_else_is_sent_again() {
        let title: &[(&str, &str)] = &[("title", "A title")];
        assert!(kept("/do/put/admin/images/5", title).is_some());
        for other in [
            "/do/put/none",
            "/do/get/list",
            "/login",
            "/logout",
            "/preferences",
            "https://evil.example/do/put/admin/images/5",
            "//evil.example/do/put/admin/images/5",
            "/do/put/admin/images/5?\\",
            "/do/put/admin/images/5?a b",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(kept(other, title), None, "{other}");
        }
        assert_eq!(kept("/do/put/admin/images/5", &[("title", "")]), None, "nothing was said");
        let long = "x".repeat(MOST + 1);
        assert_eq!(kept("/do/put/admin/images/5", &[("title", &long)]), None, "it is too long");
        assert_eq!(Kept::read("nonsense"), None);
    }

    #[test]
    fn codes_are_secret_like_passwords() {
        assert_eq!(kept("/do/put/totp", &[("code", "123456")]), None);
    }
}
