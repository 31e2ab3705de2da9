//! Files that the front server sends itself, because a worker has said that it may.

use std::path::Path;

use http::{HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::App;
use crate::http::{Body, FileSender, Request, Response};

/// Where nginx finds the file, as it is asked for within nginx alone.
const X_ACCEL_REDIRECT: HeaderName = HeaderName::from_static("x-accel-redirect");

/// Where Apache finds the file.
const X_SENDFILE: HeaderName = HeaderName::from_static("x-sendfile");

/// What may stand in a path as it is.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Files of which folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// Originals, by their path.
    Images,
    /// Published portfolios, by their name.
    Exports,
}

/// Has the front server send the file that is the body of `response`, whole or the part that the client
/// asks for, if it does such things and the settings let it. It is the last step: what stands in
/// `response` before tells what will be sent.
pub fn hand_over(
    app: &App,
    request: &Request,
    folder: Folder,
    path: &str,
    mut response: Response,
) -> Response {
    let sends = matches!(response.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
        && matches!(response.body, Body::File { .. });
    let Some(sender) = request.client.file_sender.filter(|_| sends && app.front_sends_files) else {
        return response;
    };
    let (field, place) = match sender {
        FileSender::XAccelRedirect => (X_ACCEL_REDIRECT, within_nginx(folder, path)),
        FileSender::XSendfile => {
            let root = match folder {
                Folder::Images => app.repository.root(),
                Folder::Exports => app.exports.folder(),
            };
            (X_SENDFILE, on_disk(root, path))
        }
    };
    let Some(place) = place else { return response };
    // The front server looks at the client's range itself, and says that it does.
    response.status = StatusCode::OK;
    if sender == FileSender::XAccelRedirect {
        response.headers.remove(header::ACCEPT_RANGES);
    }
    response.headers.remove(header::CONTENT_RANGE);
    response.headers.insert(field, place);
    response.body(Body::Empty)
}

/// The address of a file in nginx's own locations.
fn within_nginx(folder: Folder, path: &str) -> Option<HeaderValue> {
    let name = match folder {
        Folder::Images => "images",
        Folder::Exports => "exports",
    };
    let place = format!("/halftone-files/{name}/{}", utf8_percent_encode(path, PATH));
    HeaderValue::try_from(place).ok()
}

/// The path of a file as it is. Some releases of the module take percent signs for themselves as they are,
/// others decode them; and a header field can neither hold the end of a line nor end in a blank. We send
/// such files ourselves.
fn on_disk(root: &Path, path: &str) -> Option<HeaderValue> {
    let place = root.join(path);
    let place = place.to_str().filter(|_| root.is_absolute())?;
    let survives = !place.contains('%') && place.trim_end() == place;
    HeaderValue::from_bytes(place.as_bytes()).ok().filter(|_| survives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_to_apache_as_they_are_or_not_at_all() {
        let told = |root: &str, path: &str| {
            on_disk(Path::new(root), path).map(|place| place.as_bytes().to_vec())
        };
        for path in ["a/b.jpg", "caf\u{e9} 1/b+c?.jpg", "a/\"b\";#&\\.jpg", " a/b.jpg"] {
            let expected = format!("/srv/images/{path}").into_bytes();
            assert_eq!(told("/srv/images", path), Some(expected), "{path}");
        }
        for path in ["a/50%.jpg", "a/%41.jpg", "a/b\n.jpg", "a/b\u{7f}.jpg", "a/b.jpg ", "a/b\t"] {
            assert_eq!(told("/srv/images", path), None, "{path}");
        }
        assert_eq!(told("images", "a/b.jpg"), None);
        assert_eq!(told("/srv/100%", "a/b.jpg"), None);
    }

    #[test]
    fn addresses_within_nginx_hold_plain_characters() {
        let told = within_nginx(Folder::Images, "caf\u{e9} 1%/b+c?.jpg").unwrap();
        assert_eq!(told, "/halftone-files/images/caf%C3%A9%201%25/b%2Bc%3F.jpg");
        let told = within_nginx(Folder::Exports, "0f.zip").unwrap();
        assert_eq!(told, "/halftone-files/exports/0f.zip");
    }
}
