//! People and programs that sign in.

use halftone::auth::Actor;
use halftone::auth::accounts::{self, NewAccount};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::site::Site;
use crate::support::http::{Client, Response};
use std::net::SocketAddr;

/// The password of everybody here.
pub const PASSWORD: &str = "correct horse battery";

/// Makes an account of the group "Normal users", and gives back its id.
pub fn account(site: &Site, username: &str, allow_api: bool) -> i64 {
    let account = NewAccount {
        username: username.to_owned(),
        password: Some(PASSWORD.to_owned()),
        allow_api,
        ..NewAccount::default()
    };
    // Tests that run at the same time in this process share its turns at hashing.
    loop {
        match accounts::create(site.db(), &Actor::server(), &account) {
            Err(accounts::AccountError::Busy) => std::thread::yield_now(),
            made => return made.unwrap(),
        }
    }
}

/// Names and values as a form is sent.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A browser: it keeps cookies and sends them back.
pub struct Browser {
    addr: SocketAddr,
    /// Names and values.
    pub cookies: Vec<(String, String)>,
    /// Further header fields of every request.
    pub headers: Vec<(String, String)>,
}

impl Browser {
    /// One that has never been anywhere.
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, cookies: Vec::new(), headers: Vec::new() }
    }

    /// One in which somebody has signed in.
    pub fn signed_in(site: &Site, username: &str) -> Self {
        let mut browser = Self::new(site.addr());
        let response = browser.login(username, PASSWORD);
        assert_eq!(response.status, 303, "{}\n{}", response.text(), site.log());
        browser
    }

    /// The same cookies at another address.
    pub fn at(&self, addr: SocketAddr) -> Self {
        Self { addr, cookies: self.cookies.clone(), headers: self.headers.clone() }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sends a request and keeps the cookies of the answer.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if !cookies.is_empty() {
            all.push(("Cookie", &cookies));
        }
        if !body.is_empty() {
            all.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let mut client = Client::connect(self.addr).unwrap();
        let response = client.request(method, target.as_bytes(), &all, body.as_bytes()).unwrap();
        for (name, value) in &response.headers {
            if name == "set-cookie" {
                let (pair, attributes) = value.split_once(';').unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.retain(|(known, _)| known != name);
                if !attributes.contains("Max-Age=0") {
                    self.cookies.push((name.to_owned(), value.to_owned()));
                }
            }
        }
        response
    }

    /// GET.
    pub fn get(&mut self, target: &str) -> Response {
        self.send("GET", target, &[], "")
    }

    /// The status of a GET.
    pub fn status(&mut self, target: &str) -> u16 {
        self.get(target).status
    }

    /// Fills in a form as a page shows it, and sends it.
    pub fn submit(&mut self, page: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let hidden = hidden(page);
        let mut all: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.send("POST", target, &[], &form(&all))
    }

    /// Signs in by the page.
    pub fn login(&mut self, username: &str, password: &str) -> Response {
        let page = self.get("/login").text();
        self.submit(&page, "/login", &[("username", username), ("password", password)])
    }

    /// Signs out by the page.
    pub fn logout(&mut self) -> Response {
        let page = self.get("/logout").text();
        self.submit(&page, "/logout", &[])
    }

    /// The text that writes need, from a page.
    pub fn csrf(&mut self) -> String {
        let page = self.get("/logout").text();
        let found = hidden(&page).into_iter().find(|(name, _)| name == "_csrf_token");
        found.expect("the page has a form").1
    }
}

/// The hidden fields of a page's form.
pub fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    page.split("<input ")
        .filter(|tag| tag.starts_with("type=\"hidden\""))
        .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
        .collect()
}

/// The header field of HTTP Basic authentication.
pub fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{username}:{password}").as_bytes()))
}

/// Base64 (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(chunk.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let letter = char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]);
            text.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

/// The `data` of an answer of the API.
#[track_caller]
pub fn data(response: &Response) -> Value {
    let value: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(value["status"], response.status, "{value}");
    value["data"].clone()
}

/// Asks for a token.
pub fn ask_token(addr: SocketAddr, username: &str, password: &str) -> Response {
    let body = form(&[("username", username), ("password", password)]);
    Browser::new(addr).send("POST", "/api/v1/token/", &[], &body)
}

/// A token of somebody.
pub fn token(site: &Site, username: &str) -> String {
    let response = ask_token(site.addr(), username, PASSWORD);
    assert_eq!(response.status, 200, "{}\n{}", response.text(), site.log());
    data(&response)["token"].as_str().unwrap().to_owned()
}
