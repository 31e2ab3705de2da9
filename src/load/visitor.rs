//! One visitor before the load: signs in, and finds the pictures that are asked for.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::time::timeout;

use super::connection::Connection;
use super::response::{self, Head};
use super::{Error, Picture, Server};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest answer that is read.
const MOST_BYTES: usize = 64 << 20;

/// Pictures of one answer of the API.
const AT_ONCE: usize = 1_000;

/// An answer.
struct Fetched {
    head: Head,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Somebody who asks one thing after the other.
pub struct Visitor<'a> {
    server: &'a Server,
    runtime: tokio::runtime::Runtime,
    headers: Vec<(String, String)>,
    cookies: BTreeMap<String, String>,
}

/// What was found in a folder and below it.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The pictures that can be shown.
    pub pictures: Vec<Picture>,
    /// Whether all of them may be downloaded.
    pub all_downloadable: bool,
}

impl<'a> Visitor<'a> {
    /// One with these header fields in every request.
    ///
    /// # Errors
    /// When no runtime can be had.
    pub fn new(server: &'a Server, headers: &[(String, String)]) -> Result<Self, Error> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let cookies = BTreeMap::new();
        Ok(Self { server, runtime, headers: headers.to_vec(), cookies })
    }

    /// The header fields of its requests, with the session that it has.
    #[must_use]
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut all = self.headers.clone();
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            all.push(("Cookie".into(), cookies.collect::<Vec<_>>().join("; ")));
        }
        all
    }

    /// Signs in by the page for it, as a browser does.
    ///
    /// # Errors
    /// A server that has no such page, or refuses.
    pub fn sign_in(&mut self, user: &str, password: &str) -> Result<(), Error> {
        const PAGE: &str = "/login";
        let page = self.get(PAGE)?;
        let mut form = hidden(&String::from_utf8_lossy(&page));
        form.extend([("username".into(), user.into()), ("password".into(), password.into())]);
        let form: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{}={}", quoted(name), quoted(value)))
            .collect();
        let request = self.server.post(PAGE, &self.headers(), &form.join("&"));
        let answer = self.fetch(PAGE, &request)?;
        self.keep_cookies(&answer.fields);
        match answer.head.status {
            302 | 303 if !self.cookies.is_empty() => Ok(()),
            200 | 403 => Err(unexpected(PAGE, "the user name or the password is wrong")),
            status => Err(Error::Status { target: PAGE.into(), status }),
        }
    }

    /// Finds the pictures in a folder and below it: first those that lie in it, at most so many.
    ///
    /// # Errors
    /// A folder that cannot be listed, and answers that are not the API's.
    pub fn find(&mut self, folder: &str, most: usize) -> Result<Found, Error> {
        let mut known = BTreeMap::new();
        let folder = match folder.trim_matches('/') {
            "" => "/".to_owned(),
            inside => quoted(inside),
        };
        let below = if folder == "/" { String::new() } else { format!("path={folder}&") };
        for query in [
            format!("/api/v1/list/?path={folder}&attributes=1&"),
            format!("/api/v1/search/?{below}order=path&"),
        ] {
            let mut start = 0;
            while known.len() < most {
                let target = format!("{query}start={start}&limit={AT_ONCE}");
                let items = self.items(&target)?;
                start += items.len();
                let last = items.len() < AT_ONCE;
                known.extend(items.iter().filter_map(picture));
                if last {
                    break;
                }
            }
        }
        let all_downloadable = known.values().take(most).all(|(_, download)| *download);
        let pictures = known.into_values().take(most).map(|(picture, _)| picture).collect();
        Ok(Found { pictures, all_downloadable })
    }

    fn items(&mut self, target: &str) -> Result<Vec<Value>, Error> {
        let body = self.get(target)?;
        let told: Option<Value> = serde_json::from_slice(&body).ok();
        let items = told.and_then(|mut told| match told.get_mut("data")?.take() {
            Value::Array(items) => Some(items),
            _ => None,
        });
        items.ok_or_else(|| unexpected(target, "the answer is not a list of the API's"))
    }

    fn get(&mut self, target: &str) -> Result<Vec<u8>, Error> {
        let request = self.server.get(target, &self.headers());
        let answer = self.fetch(target, &request)?;
        self.keep_cookies(&answer.fields);
        if answer.head.status != 200 {
            return Err(Error::Status { target: target.into(), status: answer.head.status });
        }
        Ok(answer.body)
    }

    /// One request on a connection of its own.
    fn fetch(&self, target: &str, request: &[u8]) -> Result<Fetched, Error> {
        let (mut head, mut body) = (Vec::new(), Vec::new());
        let mut too_large = false;
        let exchange = async {
            let mut connection = Connection::open(self.server).await?;
            let mut keep_head = |bytes: &[u8]| head.extend_from_slice(bytes);
            let mut keep_body = |bytes: &[u8]| {
                too_large |= body.len() + bytes.len() > MOST_BYTES;
                if !too_large {
                    body.extend_from_slice(bytes);
                }
            };
            connection.exchange(request, &mut keep_head, &mut keep_body).await
        };
        let answer = self.runtime.block_on(async { timeout(PATIENCE, exchange).await });
        let failed = |source| Error::Asking { target: target.into(), source };
        let read = answer
            .map_err(|_| failed(io::ErrorKind::TimedOut.into()))?
            .map_err(|failure| failed(failure.into()))?;
        if too_large {
            return Err(unexpected(target, "the answer is too large"));
        }
        let fields = response::fields(&head);
        Ok(Fetched { head: read, fields, body })
    }

    fn keep_cookies(&mut self, fields: &[(String, String)]) {
        for (_, value) in fields.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// A picture of the API's that can be shown, by its path, and whether it may be downloaded.
fn picture(item: &Value) -> Option<(String, (Picture, bool))> {
    let path = item.get("src")?.as_str()?.to_owned();
    if !item.get("supported")?.as_bool()? {
        return None;
    }
    let width = item.get("width").and_then(Value::as_u64).unwrap_or(0);
    let width = u32::try_from(width).unwrap_or(u32::MAX);
    let download = item.get("download").and_then(Value::as_bool).unwrap_or(false);
    Some((path.clone(), (Picture { path, width }, download)))
}

/// Names and values of a form's hidden fields.
fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.replace("&#43;", "+").replace("&amp;", "&"))
    };
    page.split("<input ")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| tag.contains("type=\"hidden\""))
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
        .collect()
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn unexpected(target: &str, what: &'static str) -> Error {
    Error::Unexpected { target: target.into(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_fields_are_found() {
        let page = "<form><input type=\"hidden\" name=\"_csrf_token\" value=\"a.b-c\">\
                    <input name=\"username\"><input value=\"/\" name=\"next\" type=\"hidden\"></form>";
        let expected = [("_csrf_token", "a.b-c"), ("next", "/")];
        assert_eq!(hidden(page), expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn pictures_of_the_api_are_read() {
        let item = serde_json::json!({"src": "a/b.jpg", "supported": true, "width": 3000, "download": true});
        let expected = Picture { path: "a/b.jpg".into(), width: 3000 };
        assert_eq!(picture(&item), Some(("a/b.jpg".into(), (expected, true))));
        assert_eq!(picture(&serde_json::json!({"filename": "x.txt", "supported": false})), None);
    }
}
