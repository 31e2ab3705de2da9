//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::receive::receive;
use super::send::{Outgoing, send};
use super::stall::{Watch, Watched};
use super::{ListenerOptions, requested};
use crate::http::request_id::X_REQUEST_ID;
use crate::http::{Dispatch, plain};

/// How long what a client still sends is read and thrown away after the last response.
const LINGER: Duration = Duration::from_secs(2);

/// hyper's parser asks for at least this much.
const MIN_BUFFER_BYTES: usize = 8192;

/// The largest buffer that is read into at once.
const BUFFER_BYTES: usize = 256 << 10;

type Answer = Pin<Box<dyn Future<Output = Result<hyper::Response<Outgoing>, Infallible>>>>;

/// Answers the requests of one connection until it ends, stalls, or the listener stops.
pub async fn run<D: Dispatch>(
    stream: TcpStream,
    peer: IpAddr,
    dispatch: D,
    options: Rc<ListenerOptions>,
    mut shutdown: watch::Receiver<bool>,
) {
    let watch = Watch::new(options.stall_timeout);
    let io = TokioIo::new(Watched::new(stream, watch.clone()));
    let max_header_bytes = options.max_header_bytes;
    let header_timeout = options.header_timeout;
    let dispatch = Rc::new(dispatch);
    let refusing = Rc::clone(&dispatch);
    let service = service_fn(move |request| -> Answer {
        let (dispatch, options) = (Rc::clone(&dispatch), Rc::clone(&options));
        Box::pin(async move { Ok(answer(request, peer, &*dispatch, &options).await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_header_size(max_header_bytes)
        .max_buf_size(BUFFER_BYTES.max(max_header_bytes).max(MIN_BUFFER_BYTES))
        .serve_connection(io, service);
    let mut stopping = false;
    let result = loop {
        tokio::select! {
            // In this order, so that a response that is ready just then already says that it is the
            // last one.
            biased;
            () = requested(&mut shutdown), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            () = watch.stalled() => return,
            result = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break result,
        }
    };
    if let Err(error) = result {
        log::debug!("connection of {peer}: {error}");
        if error.is_parse() {
            // hyper has answered by itself; what remains is to count it.
            let answer = plain(StatusCode::BAD_REQUEST, "", false);
            refusing.refuse("", &mut HeaderMap::new(), answer);
        }
    }
    linger(connection.into_parts().io.into_inner().into_stream()).await;
}

async fn answer<D: Dispatch>(
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    dispatch: &D,
    options: &ListenerOptions,
) -> hyper::Response<Outgoing> {
    let head = request.method() == Method::HEAD;
    let (path, mut headers) = (request.uri().path().to_owned(), id_of(request.headers()));
    let refusal = if request.method() == Method::CONNECT {
        plain(StatusCode::NOT_IMPLEMENTED, "This is not a proxy.", false)
    } else if !has_sound_host(request.version(), request.headers()) {
        plain(StatusCode::BAD_REQUEST, "There must be one Host field.", false)
    } else {
        match receive(request, peer, options, dispatch).await {
            Ok(request) => return send(dispatch.dispatch(request).await, head),
            // A piece of it was answered.
            Err(answer) if answer.headers.contains_key(X_REQUEST_ID) => return send(answer, head),
            Err(refusal) => refusal,
        }
    };
    send(dispatch.refuse(&path, &mut headers, refusal), head)
}

/// The id that a request came with.
fn id_of(headers: &HeaderMap) -> HeaderMap {
    headers.get(X_REQUEST_ID).map(|id| (X_REQUEST_ID, id.clone())).into_iter().collect()
}

/// RFC 9112, section 3.2.
fn has_sound_host(version: Version, headers: &HeaderMap) -> bool {
    match headers.get_all(HOST).iter().count() {
        0 => version < Version::HTTP_11,
        count => count == 1,
    }
}

/// Closing a socket that holds unread bytes resets it, and the reset can overtake the response: so
/// what the client is still sending is read for a moment (RFC 9112, section 9.6).
async fn linger(mut stream: TcpStream) {
    let discard = async {
        stream.shutdown().await?;
        let mut buffer = [0; 4096];
        while stream.read(&mut buffer).await? > 0 {}
        std::io::Result::Ok(())
    };
    // How it ends makes no difference any more.
    let _ = tokio::time::timeout(LINGER, discard).await;
}
