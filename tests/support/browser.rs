//! A browser: it keeps cookies, and fills in forms.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::http::{Client, Response};

/// Names and values as a form is sent.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A browser: it keeps cookies and sends them back.
#[derive(Clone)]
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
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        if !body.is_empty() {
            all.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        self.send_bytes(method, target, &all, body.as_bytes())
    }

    /// The same with any body.
    pub fn send_bytes(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if !cookies.is_empty() {
            all.push(("Cookie", &cookies));
        }
        let mut client = Client::connect(self.addr).unwrap();
        let response = client.request(method, target.as_bytes(), &all, body).unwrap();
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
        let value = rest.split_once('"')?.0;
        let signs =
            [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
        Some(signs.iter().fold(value.to_owned(), |text, (code, sign)| text.replace(code, sign)))
    };
    page.split("<input ")
        .filter(|tag| tag.starts_with("type=\"hidden\""))
        .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
        .collect()
}
