//! The guide to the viewers: each at work on pictures of this library, and the text that puts it into a page.

use askama::Template;

use super::pictures;
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::Frame;
use crate::web::{App, Error, client, who};

/// Pictures of the gallery and the slideshow.
const SHOWN: usize = 6;

#[derive(Template)]
#[template(path = "help_viewers.html")]
struct Page {
    f: Frame,
    base_url: String,
    pictures: Vec<Picture>,
    /// All that viewers say, as a page may say it to them.
    words: String,
}

struct Picture {
    name: String,
    /// Its address without a size, for viewers, and with one, for browsers without scripts.
    address: String,
    small: String,
    /// As another page would ask for it.
    public: String,
}

/// `GET /help/viewers`
pub fn viewers_help(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let f = Frame::of(app, request, &identity);
    let base_url = client::base_url(app, request);
    let mut tiles = pictures(app, &identity)?;
    tiles.truncate(SHOWN);
    let picture = |path: &String| {
        let src = in_query(path);
        let address = |rest: &str| app.protection.address("/image", &format!("src={src}{rest}"));
        Picture {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            address: address(""),
            small: address("&width=800&format=auto"),
            public: format!("{base_url}/image?src={src}"),
        }
    };
    let pictures = tiles.iter().map(|tile| picture(&tile.path)).collect();
    let page = Page { base_url, pictures, words: f.texts().viewers_for_people(), f };
    Ok(page.f.send(&page))
}
