//! From hyper's request to ours: the body is read whole, into memory or into a file; one that may be
//! cut is handed on in pieces.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::ListenerOptions;
use crate::http::{
    Client, Dispatch, Request, RequestBody, Response, is_for_programs, pieces, plain,
};

/// Why a body was not received.
enum BodyError {
    TooLarge,
    Stalled,
    Broken,
    Spool(io::Error),
}

/// Reads the request whole.
///
/// # Errors
///
/// The response to send in place of handling it.
pub async fn receive<D: Dispatch>(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    options: &ListenerOptions,
    dispatch: &D,
) -> Result<Request, Response> {
    let (head, incoming) = request.into_parts();
    let mut head = Head {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().as_bytes().to_vec(),
        headers: head.headers,
        peer,
    };
    let for_programs = is_for_programs(&head.path);
    let refused = |error| refusal(error, for_programs);
    if pieces::may_be_cut(&head.headers) {
        return receive_pieces(head, incoming, options, dispatch).await;
    }
    // Known before the client is told to go on (`Expect: 100-continue`), which asking for the first
    // part of the body does.
    let declared = incoming.size_hint().lower();
    if declared > options.max_body_bytes {
        return Err(refused(BodyError::TooLarge));
    }
    let mut body = Spool { declared, ..Spool::default() };
    let mut incoming = incoming;
    while let Some(data) = next_part(&mut incoming, options.stall_timeout).await.map_err(refused)? {
        body.push(&data, options).await.map_err(refused)?;
    }
    let headers = std::mem::take(&mut head.headers);
    Ok(head.with(headers, body.finish().await.map_err(refused)?))
}

/// Has what comes of a body handled in pieces; gives back the last one.
async fn receive_pieces<D: Dispatch>(
    head: Head,
    mut incoming: Incoming,
    options: &ListenerOptions,
    dispatch: &D,
) -> Result<Request, Response> {
    let for_programs = is_for_programs(&head.path);
    let refused = |error| refusal(error, for_programs);
    let enough = pieces::PIECE_BYTES.min(options.max_body_bytes.div_ceil(2)).max(1);
    let (mut body, mut passed, mut answer) = (Spool::default(), 0, None);
    loop {
        match next_part(&mut incoming, options.stall_timeout).await {
            Ok(Some(data)) => body.push(&data, options).await.map_err(refused)?,
            Ok(None) => break,
            Err(error) => {
                keep(&head, passed, body, dispatch);
                return Err(refused(error));
            }
        }
        if body.len >= enough {
            let headers = pieces::of_piece(&head.headers, passed);
            passed += body.len;
            let piece = std::mem::take(&mut body).finish().await.map_err(refused)?;
            let response = dispatch.dispatch(head.clone().with(headers, piece)).await;
            if !response.status.is_success() {
                return Err(response);
            }
            answer = Some(response);
        }
    }
    match answer {
        Some(response) if body.len == 0 => Err(response),
        _ => {
            let headers = pieces::of_piece(&head.headers, passed);
            Ok(head.with(headers, body.finish().await.map_err(refused)?))
        }
    }
}

/// Has what came of a broken body handled, by a task of its own: this one goes with its connection.
fn keep<D: Dispatch>(head: &Head, passed: u64, body: Spool, dispatch: &D) {
    if body.len == 0 {
        return;
    }
    let headers = pieces::of_piece(&head.headers, passed);
    let (head, dispatch) = (head.clone(), dispatch.clone());
    tokio::task::spawn_local(async move {
        if let Ok(piece) = body.finish().await {
            dispatch.dispatch(head.with(headers, piece)).await;
        }
    });
}

/// A request without its body.
#[derive(Clone)]
struct Head {
    method: Method,
    path: String,
    query: Vec<u8>,
    headers: HeaderMap,
    peer: IpAddr,
}

impl Head {
    fn with(self, headers: HeaderMap, body: RequestBody) -> Request {
        Request {
            method: self.method,
            path: self.path,
            query: self.query,
            headers,
            client: Client { addr: Some(self.peer), ..Client::default() },
            body,
            received: Instant::now(),
        }
    }
}

fn refusal(error: BodyError, for_programs: bool) -> Response {
    let (status, text) = match error {
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large."),
        BodyError::Stalled => {
            (StatusCode::REQUEST_TIMEOUT, "The request's body did not arrive in time.")
        }
        BodyError::Broken => (StatusCode::BAD_REQUEST, "The request's body is broken."),
        BodyError::Spool(error) => {
            log::error!("cannot keep a request's body: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, "The request's body cannot be kept.")
        }
    };
    plain(status, text, for_programs)
}

/// What has come of a body: in memory as long as it is short, else in a file.
#[derive(Default)]
struct Spool {
    memory: BytesMut,
    file: Option<tokio::fs::File>,
    len: u64,
    /// How long it is to become at least.
    declared: u64,
}

impl Spool {
    async fn push(&mut self, data: &[u8], options: &ListenerOptions) -> Result<(), BodyError> {
        self.len += data.len() as u64;
        if self.len > options.max_body_bytes {
            return Err(BodyError::TooLarge);
        }
        if self.file.is_none() && self.len.max(self.declared) > options.memory_body_bytes as u64 {
            let mut file = open_spool(&options.spool_dir).await.map_err(BodyError::Spool)?;
            file.write_all(&self.memory).await.map_err(BodyError::Spool)?;
            self.memory = BytesMut::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file.write_all(data).await.map_err(BodyError::Spool)?,
            None => self.memory.extend_from_slice(data),
        }
        Ok(())
    }

    async fn finish(self) -> Result<RequestBody, BodyError> {
        Ok(match self.file {
            Some(file) => {
                let file = finish_spool(file).await.map_err(BodyError::Spool)?;
                RequestBody::File { file, len: self.len }
            }
            None if self.memory.is_empty() => RequestBody::Empty,
            None => RequestBody::Memory(self.memory.freeze()),
        })
    }
}

/// The next part of the body; trailers are dropped.
async fn next_part(incoming: &mut Incoming, timeout: Duration) -> Result<Option<Bytes>, BodyError> {
    loop {
        let frame = tokio::time::timeout(timeout, incoming.frame());
        match frame.await.map_err(|_| BodyError::Stalled)? {
            None => return Ok(None),
            Some(Err(_)) => return Err(BodyError::Broken),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

async fn open_spool(folder: &Path) -> io::Result<tokio::fs::File> {
    let folder = folder.to_owned();
    let opened = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
    Ok(tokio::fs::File::from_std(opened.map_err(io::Error::other)??))
}

async fn finish_spool(mut file: tokio::fs::File) -> io::Result<File> {
    file.flush().await?;
    file.rewind().await?;
    Ok(file.into_std().await)
}
