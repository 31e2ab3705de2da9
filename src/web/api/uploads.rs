//! Uploads that can be gone on with after an interruption: tus 1.0.0 with creation, also with the first
//! bytes, expiration, checksum and termination (<https://tus.io/protocols/resumable-upload>).
//!
//! The rules stand in [`crate::library`]. Values travel in header fields here, and answers that the
//! protocol says all of have no body; failures are told as everywhere in the API.

use std::borrow::Cow;
use std::io::{self, Read};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::call::Call;
use super::endpoint::{
    Access, Endpoint, Field, Kind, must, must_header, nothing, optional, optional_header,
};
use super::files::{caller, now, upload_folder};
use super::reply::Reply;
use crate::db::images::ImageRow;
use crate::http::{Request, RequestBody, Response, http_date};
use crate::library::{self, NewFile, Overwrite, Started};
use crate::web::{App, Error};

const PATH: &str = "/uploads";

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
const SUMS: &str = "sha1,sha256";

/// The longest description of an upload.
const METADATA_CHARS: usize = 8 * 1024;

/// What the protocol calls a sum that does not fit.
const CHECKSUM_MISMATCH: u16 = 460;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

const SPEAKS: Field = must_header(
    "Tus-Resumable",
    Kind::Choice(&[VERSION]),
    "The version of the tus protocol that the client uses.",
);

const CHECKSUM: Field = optional_header(
    "Upload-Checksum",
    Kind::Line(200),
    "sha1 or sha256, a space, and the checksum of the body in Base64. If it does not match, the \
     body is discarded.",
);

/// The rows.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::POST,
        path: PATH,
        title: "Start a resumable upload",
        access: Access::SignedIn("Upload permission for the folder."),
        fields: &[
            SPEAKS,
            must_header(
                "Upload-Length",
                Kind::Whole(0, i64::MAX),
                "The file size in bytes, at least 1.",
            ),
            must_header(
                "Upload-Metadata",
                Kind::Line(METADATA_CHARS),
                "Names with values in Base64: filename; path or path_index; overwrite (default: \
                 no). Others are kept and returned.",
            ),
            CHECKSUM,
            optional("body", Kind::Bytes, "The first bytes, or all of them."),
        ],
        gives: nothing(201, &["Location", "Upload-Offset", "Upload-Expires", "Content-Location"]),
        failures: &[404, 409, 412, 429, CHECKSUM_MISMATCH],
        handler: begin,
    },
    Endpoint {
        method: Method::HEAD,
        path: "/uploads/{upload}",
        title: "Get the progress of a resumable upload",
        access: Access::SignedIn("The user who started the upload."),
        fields: &[SPEAKS],
        gives: nothing(
            200,
            &["Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires"],
        ),
        failures: &[403, 412],
        handler: tell,
    },
    Endpoint {
        method: Method::PATCH,
        path: "/uploads/{upload}",
        title: "Continue a resumable upload",
        access: Access::SignedIn(
            "The user who started the upload, with upload permission for the folder.",
        ),
        fields: &[
            SPEAKS,
            must_header(
                "Upload-Offset",
                Kind::Whole(0, i64::MAX),
                "The byte at which to continue; it must be the upload's current offset.",
            ),
            CHECKSUM,
            must("body", Kind::Bytes, "The remaining bytes, or some of them."),
        ],
        gives: nothing(204, &["Upload-Offset", "Upload-Expires", "Content-Location"]),
        failures: &[409, 412, 423, CHECKSUM_MISMATCH],
        handler: go_on,
    },
    Endpoint {
        method: Method::DELETE,
        path: "/uploads/{upload}",
        title: "Cancel a resumable upload",
        access: Access::SignedIn("The user who started the upload."),
        fields: &[SPEAKS],
        gives: nothing(204, &[]),
        failures: &[412],
        handler: end,
    },
];

/// Whether a path below the version is one of the protocol's.
fn is_ours(path: &str) -> bool {
    path.strip_prefix(PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The method that a request means. Where proxies let no others pass, clients of the protocol send
/// POST and say in a header field what they mean.
pub fn method<'a>(request: &'a Request, path: &str) -> Cow<'a, Method> {
    let told = request.headers.get(OVERRIDE).filter(|_| is_ours(path));
    match told.map(|told| Method::from_bytes(told.as_bytes())) {
        Some(Ok(meant)) if request.method == Method::POST => Cow::Owned(meant),
        _ => Cow::Borrowed(&request.method),
    }
}

/// Fails with 412 when the protocol is spoken in another version, before anything else is looked at.
pub fn check_version(endpoint: &Endpoint, request: &Request) -> Result<(), Error> {
    let spoken = request.headers.get(RESUMABLE).is_some_and(|told| told == VERSION);
    if spoken || !is_ours(endpoint.path) {
        return Ok(());
    }
    let message = format!("Tus-Resumable: must be {VERSION}");
    Err(Error::client(StatusCode::PRECONDITION_FAILED, message))
}

/// Writes what every answer at these addresses tells of the server.
pub fn sign(app: &App, request: &Request, path: &str, response: &mut Response) {
    if !is_ours(path) {
        return;
    }
    let headers = &mut response.headers;
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    let asked = request.method == Method::OPTIONS;
    if asked || response.status == StatusCode::PRECONDITION_FAILED {
        set(headers, "tus-version", HeaderValue::from_static(VERSION));
    }
    if asked {
        let max_size = app.library.options().max_file_bytes;
        set(headers, "tus-max-size", HeaderValue::from(max_size));
        set(headers, "tus-extension", HeaderValue::from_static(EXTENSIONS));
        set(headers, "tus-checksum-algorithm", HeaderValue::from_static(SUMS));
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    headers.insert(HeaderName::from_static(name), value);
}

/// `POST /uploads`
fn begin(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let caller = caller(call, &now);
    let library = &call.app.library;
    let note = call.text("Upload-Metadata");
    let metadata = Metadata::parse(note)?;
    // As in a form: a blank number, or -1, leaves it to the path.
    let target = metadata.get("path_index").map(str::trim);
    let target = target.filter(|index| !matches!(*index, "" | "-1"));
    let folder = match (metadata.get("path"), target) {
        (Some(path), None) => upload_folder(library, &caller, path)?,
        (None | Some(""), Some(index)) => library.target_folder(&caller, whole(index)?)?,
        _ => return Err(fault("give either path or path_index")),
    };
    let name = metadata.get("filename").ok_or_else(|| fault("filename must be given"))?;
    let overwrite = Overwrite::parse(metadata.get("overwrite").unwrap_or("no"))
        .ok_or_else(|| fault("overwrite must be yes, no or rename"))?;
    let new = NewFile { folder: &folder, name, overwrite };
    let length = u64::try_from(call.int("Upload-Length")).unwrap_or_default();
    if length == 0 {
        return Err(Error::client(StatusCode::BAD_REQUEST, "The file is empty."));
    }
    if let Some(told) = call.opt_text("Upload-Checksum") {
        check_sum(told, &mut call.body())?;
    }
    let begun = library.begin_upload(&caller, &new, length, note).map_err(|error| match error {
        library::Error::Busy => Error::client(
            StatusCode::TOO_MANY_REQUESTS,
            "You have too many unfinished uploads. Finish some of them, or give them up.",
        ),
        error => error.into(),
    })?;
    let location = format!("/api/v1{PATH}/{}", begun.id);
    let reply = Reply::bare(StatusCode::CREATED).header(header::LOCATION, text(&location)?);
    if matches!(call.request.body, RequestBody::Empty) {
        return Ok(reply.header(EXPIRES, expires(&begun)));
    }
    match library.go_on(&caller, &begun.id, 0, &mut call.body()) {
        Ok((state, image)) => added(reply, &state, image.as_ref()),
        Err(error) => {
            // Nobody has been told where it is.
            match library.end_upload(&caller, &begun.id) {
                Ok(()) | Err(library::Error::NotFound(_)) => {}
                Err(fault) => log::warn!("an upload that failed is left to expire: {fault}"),
            }
            Err(error.into())
        }
    }
}

/// Says how far an upload has come, and when it is complete what has come of it.
fn added(reply: Reply, state: &Started, image: Option<&ImageRow>) -> Result<Reply, Error> {
    let reply = reply.header(OFFSET, HeaderValue::from(state.offset));
    match image {
        None => Ok(reply.header(EXPIRES, expires(state))),
        // Where the picture is told of that has come of it.
        Some(image) => {
            let place = format!("/api/v1/admin/images/{}/", image.id);
            Ok(reply.header(header::CONTENT_LOCATION, text(&place)?))
        }
    }
}

/// `HEAD /uploads/{upload}`
fn tell(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    let state = call.app.library.upload_state(&caller(call, &now), call.segment("upload"))?;
    let reply = Reply::bare(StatusCode::OK)
        .header(OFFSET, HeaderValue::from(state.offset))
        .header(LENGTH, HeaderValue::from(state.length))
        .header(EXPIRES, expires(&state));
    Ok(match state.note.as_str() {
        "" => reply,
        note => reply.header(METADATA, text(note)?),
    })
}

/// `PATCH /uploads/{upload}`
fn go_on(call: &Call<'_>) -> Result<Reply, Error> {
    if let Some(told) = call.opt_text("Upload-Checksum") {
        check_sum(told, &mut call.body())?;
    }
    let now = now(call);
    let offset = u64::try_from(call.int("Upload-Offset")).unwrap_or_default();
    let (caller, id) = (caller(call, &now), call.segment("upload"));
    let done = call.app.library.go_on(&caller, id, offset, &mut call.body());
    let (state, image) = done.map_err(|error| match error {
        library::Error::Busy => Error::client(
            StatusCode::LOCKED,
            "Another request is adding to this upload. Please try again in a moment.",
        ),
        error => error.into(),
    })?;
    added(Reply::bare(StatusCode::NO_CONTENT), &state, image.as_ref())
}

/// `DELETE /uploads/{upload}`
fn end(call: &Call<'_>) -> Result<Reply, Error> {
    let now = now(call);
    call.app.library.end_upload(&caller(call, &now), call.segment("upload"))?;
    Ok(Reply::bare(StatusCode::NO_CONTENT))
}

fn text(value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(Error::internal)
}

fn expires(state: &Started) -> HeaderValue {
    let since = Duration::from_millis(u64::try_from(state.expires_ms).unwrap_or_default());
    http_date(UNIX_EPOCH + since)
}

fn fault(reason: &str) -> Error {
    Error::parameter("Upload-Metadata", reason)
}

fn whole(text: &str) -> Result<usize, Error> {
    text.trim().parse().map_err(|_| fault("path_index must be a whole number"))
}

/// What a client says of a file: names, each with a text.
struct Metadata(Vec<(String, String)>);

impl Metadata {
    /// Reads `name base64,name base64,…`; a name alone stands for a blank text.
    fn parse(told: &str) -> Result<Self, Error> {
        let pairs = told.split(',').map(|pair| {
            let (name, value) = pair.trim().split_once(' ').unwrap_or((pair.trim(), ""));
            let bytes =
                STANDARD.decode(value.trim()).map_err(|_| fault("values must be Base64"))?;
            // What is none of ours may be anything.
            Ok((name.to_owned(), String::from_utf8(bytes).unwrap_or_default()))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// The text of a name, unless it is blank.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Fails unless bytes come to what was told of them.
fn check_sum(told: &str, bytes: &mut dyn Read) -> Result<(), Error> {
    let fault = |reason| Error::parameter("Upload-Checksum", reason);
    let (kind, sum) = told.split_once(' ').ok_or_else(|| fault("it has two parts"))?;
    let sum = STANDARD.decode(sum.trim()).map_err(|_| fault("the sum must be Base64"))?;
    let found = match kind {
        "sha1" => digest::<Sha1>(bytes),
        "sha256" => digest::<Sha256>(bytes),
        _ => return Err(fault("must be of sha1 or sha256")),
    };
    if found.map_err(Error::unavailable)? == sum {
        return Ok(());
    }
    let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
    Err(Error::client(status, "Upload-Checksum: the body comes to another sum"))
}

fn digest<D: Digest>(bytes: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut digest = D::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        match bytes.read(&mut part)? {
            0 => return Ok(digest.finalize().to_vec()),
            read => digest.update(&part[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_names_with_base64() {
        // "ä.jpg" in UTF-8 is c3 a4 2e 6a 70 67; RFC 4648, section 4, by hand.
        let metadata = Metadata::parse("filename w6QuanBn,path YQ==, is_private,odd /w==").unwrap();
        assert_eq!(metadata.get("filename"), Some("ä.jpg"));
        assert_eq!(metadata.get("path"), Some("a"));
        assert_eq!((metadata.get("is_private"), metadata.get("odd")), (None, None));
        assert!(Metadata::parse("filename w6Q").is_err());
        assert!(Metadata::parse("filename").unwrap().get("filename").is_none());
    }

    #[test]
    fn sums_are_those_of_the_standards() {
        // "abc": FIPS 180-2, appendices A.1 and B.1, written in Base64.
        let sha1 = "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=";
        let sha256 = "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        for told in [sha1, sha256] {
            assert!(check_sum(told, &mut &b"abc"[..]).is_ok(), "{told}");
            let error = check_sum(told, &mut &b"abd"[..]).unwrap_err();
            assert_eq!(error.status().as_u16(), 460, "{told}");
        }
        for told in ["md5 kAFQmDzST7DWlj99KOF/cg==", "sha1", "sha1 ?"] {
            let error = check_sum(told, &mut &b"abc"[..]).unwrap_err();
            assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{told}");
        }
    }

    #[test]
    fn only_the_protocols_addresses_are_ours() {
        assert!(is_ours("/uploads") && is_ours("/uploads/") && is_ours("/uploads/x"));
        assert!(!is_ours("/upload") && !is_ours("/uploadsx"));
    }
}
