//! From our response to hyper's: a body in memory goes out as it is, a file in parts that are read
//! off the event loop.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, StatusCode};
use hyper::body::{Frame, SizeHint};
use tokio::task::JoinHandle;

use crate::http::{Body, Response};

/// How much of a file is read at once.
const PART_BYTES: u64 = 128 << 10;

/// Turns a response into one that hyper sends; `head` leaves its body out but not its length.
pub fn send(response: Response, head: bool) -> hyper::Response<Outgoing> {
    let Response { status, mut headers, body } = response;
    // RFC 9110, section 8.6: these never have a body, and a length would be that of another response.
    let bodiless = status.is_informational()
        || status == StatusCode::NO_CONTENT
        || status == StatusCode::NOT_MODIFIED;
    if bodiless {
        headers.remove(CONTENT_LENGTH);
    } else {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let body = if bodiless || head { Outgoing::Done } else { Outgoing::from(body) };
    let mut outgoing = hyper::Response::new(body);
    *outgoing.status_mut() = status;
    *outgoing.headers_mut() = headers;
    outgoing
}

/// A body on its way out.
pub enum Outgoing {
    /// Nothing is left of it.
    Done,
    /// The whole of it.
    Bytes(Bytes),
    /// What is left of a file.
    File(Reading),
}

/// A file that is being sent.
pub struct Reading {
    file: Arc<File>,
    offset: u64,
    /// How much is still to be handed on.
    left: u64,
    part: Option<JoinHandle<io::Result<Bytes>>>,
}

impl From<Body> for Outgoing {
    fn from(body: Body) -> Self {
        match body {
            Body::Empty => Self::Done,
            Body::Bytes(bytes) if bytes.is_empty() => Self::Done,
            Body::File { len: 0, .. } => Self::Done,
            Body::Bytes(bytes) => Self::Bytes(bytes),
            Body::File { file, offset, len } => {
                Self::File(Reading { file: Arc::new(file), offset, left: len, part: None })
            }
        }
    }
}

impl Reading {
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let part = self.part.get_or_insert_with(|| {
            let (file, offset) = (Arc::clone(&self.file), self.offset);
            let len = self.left.min(PART_BYTES) as usize;
            tokio::task::spawn_blocking(move || {
                let mut bytes = vec![0; len];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes.into())
            })
        });
        let read = ready!(Pin::new(part).poll(cx));
        self.part = None;
        let bytes = read.map_err(io::Error::other)??;
        self.offset += bytes.len() as u64;
        self.left -= bytes.len() as u64;
        Poll::Ready(Ok(bytes))
    }
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let bytes = match &mut *self {
            Self::Done => return Poll::Ready(None),
            Self::Bytes(bytes) => std::mem::take(bytes),
            Self::File(reading) => match ready!(reading.poll_part(cx)) {
                Ok(bytes) => bytes,
                Err(error) => {
                    // The length has been promised: the connection ends before its time, which is how
                    // the client learns of it.
                    log::warn!("a file ended or failed while it was sent: {error}");
                    *self = Self::Done;
                    return Poll::Ready(Some(Err(error)));
                }
            },
        };
        if hyper::body::Body::size_hint(&*self).exact() == Some(0) {
            *self = Self::Done;
        }
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Done)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Done => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(reading) => reading.left,
        })
    }
}
