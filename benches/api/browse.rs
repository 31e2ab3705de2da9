//! How long the server takes for a page of a hundred pictures, as somebody who is signed in looks through folders.

use halftone::load::{Load, Visitor};

use crate::Arguments;
use crate::figures::{spread, verdict};
use crate::load::{each, put_on, server};
use crate::site::{self, Site};
use crate::support::http::Client;

/// The name of this part.
pub const NAME: &str = "browse";

/// Within how many milliseconds a page should be there.
const GOAL_MS: f64 = 20.0;

/// Asks for one page after the other, each when the one before is there, and tells how long each took.
pub fn measure(site: &Site, arguments: &Arguments) {
    let files = arguments.files;
    let headers = signed_in(site);
    check(site, &headers, files);
    let asked = each(site.http(), &headers, move |number| site::browse(number, files));
    let alone = Load { clients: 1, ..asked };
    let (mut middle, mut most, mut bytes) = (Vec::new(), Vec::new(), 0);
    // One round more, which fills caches and connections and is not counted.
    for round in 0..=arguments.rounds {
        let all = put_on(&alone, arguments.time).all();
        if round > 0 {
            middle.push(all.within_ms(0.5));
            most.push(all.within_ms(0.99));
            bytes = all.bytes / all.requests();
        }
    }
    println!("\n{NAME}: pages of 100 pictures, one at a time, {bytes} bytes each");
    let told = |name: &str, values: Vec<f64>| {
        let (value, low, high) = spread(values);
        println!("{name:24}{value:.1} ms ({low:.1}–{high:.1})");
        value
    };
    told("median", middle);
    let value = told("99 of 100 within", most);
    println!("goal ≤ {GOAL_MS} ms: {}", verdict(value <= GOAL_MS));
}

/// What is measured is what was meant: a page with a hundred pictures.
fn check(site: &Site, headers: &[(String, String)], files: usize) {
    let cookie = headers.iter().filter(|(name, _)| name == "Cookie");
    let cookie: Vec<_> = cookie.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut client = Client::connect(site.http()).unwrap();
    let page = client.request("GET", site::browse(0, files).as_bytes(), &cookie, b"").unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(page.text().matches("class=\"tile\"").count(), site::ON_A_PAGE);
}

/// The header fields of a browser in which the editor has signed in.
fn signed_in(site: &Site) -> Vec<(String, String)> {
    let server = server(site.http());
    let mut visitor = Visitor::new(&server, &[]).unwrap();
    visitor.sign_in(site::EDITOR, site::PASSWORD).unwrap();
    let mut headers = visitor.headers();
    headers.push(("Accept-Encoding".into(), "gzip".into()));
    headers
}
