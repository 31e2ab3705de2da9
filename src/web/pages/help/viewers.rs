//! The guide to the viewers: each at work on pictures of this library, and the text that puts it into a page.

use askama::Template;

use super::pictures;
use crate::http::{Progress, Request, Response};
use crate::web::api::in_query;
use crate::web::pages::frame::Frame;
use crate::web::{App, Error, client, who};

/// Pictures of the gallery and the slideshow.
const SHOWN: usize = 6;

/// What stands for the path of a picture.
const STANDS_FOR_ONE: &str = "products/coat.jpg";

#[derive(Template)]
#[template(path = "help_viewers.html")]
struct Page {
    f: Frame,
    base_url: String,
    /// Whether there are pictures for the viewers to show; else one stands for them in what pages write.
    is_live: bool,
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
    let mut views = pictures(app, &identity)?;
    views.truncate(SHOWN);
    let picture = |path: &str| {
        let src = in_query(path);
        let address = |rest: &str| app.protection.address("/image", &format!("src={src}{rest}"));
        Picture {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            address: address(""),
            small: address("&width=800&format=auto"),
            public: format!("{base_url}/image?src={src}"),
        }
    };
    let is_live = !views.is_empty();
    let mut pictures: Vec<Picture> = views.iter().map(|view| picture(&view.path)).collect();
    if !is_live {
        pictures.push(picture(STANDS_FOR_ONE));
    }
    let words = f.texts().viewers_for_people();
    let page = Page { base_url, is_live, pictures, words, f };
    Ok(page.f.send(&page))
}
