//! Writing answers, whole ones and those of files, within the peer's time.

use std::io;

use http::{Method, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{Connection, Error};
use crate::fastcgi::response::sends_body;
use crate::fastcgi::writer::{read_chunk, write_plan};
use crate::http::{Body, Response};

impl<S: AsyncRead + AsyncWrite + Unpin, D> Connection<'_, S, D> {
    /// Writes records that answer no request.
    pub(super) async fn reply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match timeout(self.options.write_timeout, self.stream.write_all(bytes)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(Error::Timeout("writing a reply")),
        }
    }

    /// Says that an aborted request has ended; tells whether the connection stays open.
    pub(super) async fn end_aborted(&mut self) -> Result<bool, Error> {
        if let Some(request_id) = self.protocol.request_id() {
            self.plan.clear();
            self.plan.end(request_id);
            self.write(&[]).await?;
        }
        Ok(self.protocol.end())
    }

    pub(super) async fn write_response(
        &mut self,
        method: &Method,
        response: Response,
    ) -> Result<(), Error> {
        let Some(request_id) = self.protocol.request_id() else { return Ok(()) };
        let with_body = sends_body(method, &response);
        self.plan.clear();
        match &response.body {
            Body::Bytes(bytes) if with_body => {
                let bytes = bytes.clone();
                self.plan.response(&response, bytes.len(), request_id);
                self.plan.end(request_id);
                self.write(&bytes).await
            }
            Body::File { .. } if with_body => self.write_file(response, request_id).await,
            _ => {
                self.plan.response(&response, 0, request_id);
                self.plan.end(request_id);
                self.write(&[]).await
            }
        }
    }

    /// Sends a part of a file, a chunk after the other: no more of it is read than the peer takes.
    async fn write_file(&mut self, mut response: Response, request_id: u16) -> Result<(), Error> {
        let Body::File { file, mut offset, len } =
            std::mem::replace(&mut response.body, Body::Empty)
        else {
            return Ok(());
        };
        let mut left = len;
        let mut step = match read_chunk(file, offset, left, Vec::new()).await {
            Ok(step) => step,
            Err(error) => {
                log::error!("a file to be sent could not be read: {error}");
                self.plan.response(&failure(), 0, request_id);
                self.plan.end(request_id);
                return self.write(&[]).await;
            }
        };
        // The head tells the length of the whole, though its records carry the first chunk.
        let mut head = Response::new(response.status);
        head.headers = response.headers;
        self.plan.response_of_len(&head, len, step.1.len(), request_id);
        loop {
            let (file, chunk) = step;
            left -= chunk.len() as u64;
            offset += chunk.len() as u64;
            if left == 0 {
                self.plan.end(request_id);
            }
            self.write(&chunk).await?;
            if left == 0 {
                return Ok(());
            }
            step = read_chunk(file, offset, left, chunk).await?;
            self.plan.clear();
            self.plan.body(step.1.len(), request_id);
        }
    }

    async fn write(&mut self, body: &[u8]) -> Result<(), Error> {
        write_plan(&mut self.stream, &self.plan, body, self.options.write_timeout).await.map_err(
            |error| match error.kind() {
                io::ErrorKind::TimedOut => Error::Timeout("writing a response"),
                _ => Error::Io(error),
            },
        )
    }
}

fn failure() -> Response {
    Response::new(StatusCode::INTERNAL_SERVER_ERROR)
}
