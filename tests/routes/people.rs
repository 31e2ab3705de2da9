//! People and programs that sign in.

use halftone::auth::Actor;
use halftone::auth::accounts::{self, NewAccount};
use serde_json::Value;

use crate::site::Site;
pub use crate::support::browser::{Browser, form, hidden};
use crate::support::http::Response;
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

impl Browser {
    /// One in which somebody has signed in.
    pub fn signed_in(site: &Site, username: &str) -> Self {
        let mut browser = Self::new(site.addr());
        let response = browser.login(username, PASSWORD);
        assert_eq!(response.status, 303, "{}\n{}", response.text(), site.log());
        browser
    }
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
