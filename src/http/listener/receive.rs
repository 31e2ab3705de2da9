//! From hyper's request to ours: the body is read whole, into memory or into a file.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::ListenerOptions;
use crate::http::{Client, Request, RequestBody, Response, is_for_programs, plain};

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
pub async fn receive(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    options: &ListenerOptions,
) -> Result<Request, Response> {
    let (head, incoming) = request.into_parts();
    let for_programs = is_for_programs(head.uri.path());
    let body = read_body(incoming, options).await.map_err(|error| refusal(error, for_programs))?;
    Ok(Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().as_bytes().to_vec(),
        headers: head.headers,
        client: Client { addr: Some(peer), secure: false, remote_user: None },
        body,
        received: Instant::now(),
    })
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

async fn read_body(
    mut incoming: Incoming,
    options: &ListenerOptions,
) -> Result<RequestBody, BodyError> {
    let declared = incoming.size_hint().lower();
    // Known before the client is told to go on (`Expect: 100-continue`), which asking for the first
    // part of the body does.
    if declared > options.max_body_bytes {
        return Err(BodyError::TooLarge);
    }
    let in_memory = options.memory_body_bytes as u64;
    let mut memory = BytesMut::new();
    let mut spool = None;
    let mut len = 0;
    while let Some(data) = next_part(&mut incoming, options.stall_timeout).await? {
        len += data.len() as u64;
        if len > options.max_body_bytes {
            return Err(BodyError::TooLarge);
        }
        if spool.is_none() && len.max(declared) > in_memory {
            let mut file = open_spool(&options.spool_dir).await.map_err(BodyError::Spool)?;
            file.write_all(&memory).await.map_err(BodyError::Spool)?;
            memory = BytesMut::new();
            spool = Some(file);
        }
        match &mut spool {
            Some(file) => file.write_all(&data).await.map_err(BodyError::Spool)?,
            None => memory.extend_from_slice(&data),
        }
    }
    Ok(match spool {
        Some(file) => {
            let file = finish_spool(file).await.map_err(BodyError::Spool)?;
            RequestBody::File { file, len }
        }
        None if memory.is_empty() => RequestBody::Empty,
        None => RequestBody::Memory(memory.freeze()),
    })
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
