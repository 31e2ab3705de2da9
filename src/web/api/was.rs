//! What callers say that they have read of what they change, so that two who change it at the same time undo nothing
//! of each other.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::endpoint::{Field, Kind, optional};
use super::reply::Reply;
use crate::web::Error;

/// The field.
pub const WAS: Field = optional(
    "was",
    Kind::Json,
    "The fields as they were read. Only fields that differ from it are changed. If somebody else has changed one of \
     them too, the status is 409, and `now` holds what is saved.",
);

/// Fields and [`WAS`], which makes `N` of them.
pub const fn with_was<const N: usize>(fields: &[Field]) -> [Field; N] {
    let mut all = [WAS; N];
    let mut at = 0;
    while at < fields.len() {
        all[at] = fields[at];
        at += 1;
    }
    all
}

/// What a caller has read, and what of it others have changed, too.
pub struct Was<'a> {
    read: Option<&'a Map<String, Value>>,
    now: Map<String, Value>,
}

impl<'a> Was<'a> {
    /// Of a call that takes [`WAS`].
    pub fn of(call: &'a Call<'_>) -> Self {
        Self { read: call.json(WAS.name).and_then(Value::as_object), now: Map::new() }
    }

    /// Whether the caller says what it has read.
    pub fn is_given(&self) -> bool {
        self.read.is_some()
    }

    /// What a field is to say. One that was left as it was read says what it says now.
    pub fn settled<T: Into<Value> + Clone>(&mut self, field: &str, given: T, now: &T) -> T {
        let Some(was) = self.read.and_then(|read| read.get(field)) else { return given };
        let (wanted, present) = (given.clone().into(), now.clone().into());
        if same(&wanted, was) {
            return now.clone();
        }
        if !same(&present, was) && !same(&present, &wanted) {
            self.now.insert(field.to_owned(), present);
        }
        given
    }

    /// The answer where somebody else has changed a field that the caller changes, too.
    pub fn overtaken(&self) -> Result<Option<Reply>, Error> {
        (!self.now.is_empty()).then(|| overtaken(&self.now)).transpose()
    }
}

/// What is told of fields that others have changed; these hold what is saved.
pub fn overtaken(now: &Map<String, Value>) -> Result<Reply, Error> {
    let message = "Somebody else has changed this meanwhile.";
    Reply::new(StatusCode::CONFLICT, message, &json!({ "now": now }))
}

/// Browsers change line ends.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one.trim().replace("\r\n", "\n") == other.trim().replace("\r\n", "\n")
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_changed_where_they_differ_from_what_was_read() {
        let read = json!({ "text": "a\nb", "flag": true, "object": { "x": 1, "y": 2 } });
        let mut was = Was { read: read.as_object(), now: Map::new() };
        let text = |text: &str| text.to_owned();
        // Left as it was read, changed by one of both, changed alike.
        assert_eq!(was.settled("text", text("a\r\nb "), &text("c")), "c");
        assert_eq!(was.settled("text", text("c"), &text("a\nb")), "c");
        assert_eq!(was.settled("text", text("c"), &text("c")), "c");
        assert!(!was.settled("flag", true, &false));
        assert!(!was.settled("flag", false, &true));
        let object = json!({ "y": 2, "x": 1 });
        assert_eq!(was.settled("object", object, &json!({})), json!({}));
        // What was not read is not compared.
        assert_eq!(was.settled("other", text("c"), &text("d")), "c");
        assert!(was.now.is_empty());
        was.settled("text", text("c"), &text("d"));
        was.settled("object", json!({ "x": 2 }), &json!({ "x": 3 }));
        assert_eq!(Value::Object(was.now), json!({ "text": "d", "object": { "x": 3 } }));
    }
}
