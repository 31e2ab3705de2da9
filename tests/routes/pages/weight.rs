//! How heavy a page of a hundred pictures is.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::library;
use crate::site::Site;

/// All that a browser loads beside pictures and letters, in bytes of gzip.
const LIMIT: usize = 150 * 1024;

fn gzipped(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap().len()
}

#[test]
fn a_folder_of_many_pictures_comes_in_light_pages() {
    let site = Site::start("", |images| {
        for number in 0..130 {
            let name = format!("holidays by the sea/IMG_2026_{number:04}.png");
            library::plain(&images.join(name), 6, 4, [10, 20, 30]);
        }
    });
    site.permit("/", PUBLIC, Level::View.access());
    let page = site.get("/browse?path=holidays%20by%20the%20sea");
    let text = page.text();
    assert_eq!(text.matches("class=\"tile ").count(), 100);
    // Pictures wait until they are seen, and their space is kept.
    assert_eq!(text.matches("loading=\"lazy\"").count(), 100);
    assert_eq!(text.matches("height=\"240\"").count(), 100);
    assert!(
        text.contains("rel=\"next\" href=\"/browse?path=holidays%20by%20the%20sea&#38;page=2\"")
    );
    let mut total = gzipped(text.as_bytes());
    let mut counted = 0;
    for attribute in ["href=\"/static/", "src=\"/static/"] {
        let names = text.split(attribute).skip(1);
        for rest in names.filter(|name| !name.starts_with("fonts/")) {
            let file = site.get(&format!("/static/{}", rest.split('"').next().unwrap()));
            assert_eq!(file.status, 200);
            total += gzipped(&file.body);
            counted += 1;
        }
    }
    assert!(counted >= 3, "only {counted} files");
    assert!(total <= LIMIT, "{total} bytes of gzip, {LIMIT} are allowed");
    let second = site.get("/browse?path=holidays%20by%20the%20sea&page=2").text();
    assert_eq!(second.matches("class=\"tile ").count(), 30);
    assert!(second.contains("rel=\"prev\"") && !second.contains("rel=\"next\""));
}
