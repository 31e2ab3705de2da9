//! Reading answers of HTTP/1.1 (RFC 9112): the few fields of a head that are counted, and where a body ends.
//!
//! Bodies are not kept. A whole client library would copy, pool and check what a load generator throws away;
//! at the speed of a static file that costs the server under test a fifth of the machine.

use httparse::Status;

/// Header fields of one answer that are looked at.
const MOST_FIELDS: usize = 64;

/// How a front server came to an answer, as its `X-Cache` says. `None` is an answer without the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    None,
    Hit,
    Revalidated,
    Expired,
    Miss,
    Bypass,
    Other,
}

/// How the body of an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// After so many bytes.
    Length(u64),
    /// After a chunk of no bytes.
    Chunked,
    /// With the connection.
    Close,
}

/// What is read of the head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes that it takes.
    pub len: usize,
    pub status: u16,
    pub body: Body,
    /// Whether the server keeps the connection open.
    pub keeps: bool,
    pub verdict: Verdict,
    /// What `X-From-Cache` says.
    pub from_cache: Option<bool>,
}

/// Reads a head; none while it is not whole.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, &'static str> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let len = match answer.parse(bytes) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Ok(None),
        Err(_) => return Err("malformed"),
    };
    let status = answer.code.ok_or("malformed")?;
    let mut head = Head {
        len,
        status,
        body: Body::Close,
        keeps: answer.version == Some(1),
        verdict: Verdict::None,
        from_cache: None,
    };
    for field in answer.headers.iter() {
        let value = field.value.trim_ascii();
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        match field.name.len() {
            14 if is("content-length") && head.body != Body::Chunked => {
                let text = std::str::from_utf8(value).map_err(|_| "malformed")?;
                head.body = Body::Length(text.parse().map_err(|_| "malformed")?);
            }
            17 if is("transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") => {
                head.body = Body::Chunked;
            }
            10 if is("connection") => {
                if value.eq_ignore_ascii_case(b"close") {
                    head.keeps = false;
                } else if value.eq_ignore_ascii_case(b"keep-alive") {
                    head.keeps = true;
                }
            }
            7 if is("x-cache") => head.verdict = verdict(value),
            12 if is("x-from-cache") => head.from_cache = Some(value == b"True"),
            _ => {}
        }
    }
    // These have no body, whatever their heads say of one.
    if status < 200 || status == 204 || status == 304 {
        head.body = Body::Length(0);
    }
    head.keeps &= head.body != Body::Close;
    Ok(Some(head))
}

/// All fields of a head, names in small letters.
pub(super) fn fields(bytes: &[u8]) -> Vec<(String, String)> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    if answer.parse(bytes).is_err() {
        return Vec::new();
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value.trim_ascii()).into_owned();
    answer.headers.iter().map(|f| (f.name.to_ascii_lowercase(), text(f.value))).collect()
}

/// nginx says one word, Apache a word and where.
fn verdict(value: &[u8]) -> Verdict {
    let word = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    match word {
        b"HIT" => Verdict::Hit,
        b"REVALIDATED" | b"REVALIDATE" => Verdict::Revalidated,
        b"EXPIRED" => Verdict::Expired,
        b"MISS" => Verdict::Miss,
        b"BYPASS" => Verdict::Bypass,
        b"" => Verdict::None,
        _ => Verdict::Other,
    }
}

/// Where in a chunked body the next byte stands.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    state: ChunkState,
}

#[derive(Debug)]
enum ChunkState {
    /// In the line that says how long the next chunk is.
    Size {
        size: u64,
        digits: u8,
        extension: bool,
    },
    Data {
        left: u64,
    },
    /// In the line end behind a chunk.
    Behind,
    /// In the fields behind the last chunk; whether the line has begun.
    Trailer {
        begun: bool,
    },
    Done,
}

impl Default for ChunkState {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0, extension: false }
    }
}

impl Chunks {
    /// Takes bytes and hands on those that are the body's; gives whether the body has ended.
    pub(super) fn take(
        &mut self,
        mut bytes: &[u8],
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, &'static str> {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.state = match self.state {
                ChunkState::Data { left } => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    sink(&bytes[..here]);
                    bytes = &bytes[here..];
                    let left = left - here as u64;
                    self.state =
                        if left == 0 { ChunkState::Behind } else { ChunkState::Data { left } };
                    continue;
                }
                ChunkState::Size { size, digits, extension } => {
                    size_line(byte, size, digits, extension)?
                }
                ChunkState::Behind => match byte {
                    b'\n' => ChunkState::default(),
                    b'\r' => ChunkState::Behind,
                    _ => return Err("malformed"),
                },
                ChunkState::Trailer { begun } => match byte {
                    b'\n' if !begun => ChunkState::Done,
                    b'\n' => ChunkState::Trailer { begun: false },
                    b'\r' => ChunkState::Trailer { begun },
                    _ => ChunkState::Trailer { begun: true },
                },
                ChunkState::Done => return Err("more than one answer"),
            };
            bytes = rest;
        }
        Ok(matches!(self.state, ChunkState::Done))
    }
}

fn size_line(byte: u8, size: u64, digits: u8, extension: bool) -> Result<ChunkState, &'static str> {
    match byte {
        b'\n' if digits == 0 => Err("malformed"),
        b'\n' if size == 0 => Ok(ChunkState::Trailer { begun: false }),
        b'\n' => Ok(ChunkState::Data { left: size }),
        _ if extension => Ok(ChunkState::Size { size, digits, extension }),
        b';' | b'\r' | b' ' => Ok(ChunkState::Size { size, digits, extension: true }),
        _ => {
            let digit = char::from(byte).to_digit(16).ok_or("malformed")?;
            if digits == 15 {
                return Err("malformed");
            }
            Ok(ChunkState::Size {
                size: size * 16 + u64::from(digit),
                digits: digits + 1,
                extension,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_tell_what_is_counted() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-Cache: HIT from localhost\r\n\
                     X-From-Cache: True\r\n\r\nbody";
        let found = head(text).unwrap().unwrap();
        assert_eq!(found.len, text.len() - 4);
        assert_eq!((found.status, found.body), (200, Body::Length(12)));
        assert_eq!(
            (found.verdict, found.from_cache, found.keeps),
            (Verdict::Hit, Some(true), true)
        );
        for (text, keeps) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\n", false),
            ("HTTP/1.1 304 Not Modified\r\n\r\n", true),
        ] {
            assert_eq!(head(text.as_bytes()).unwrap().unwrap().keeps, keeps, "{text}");
        }
        assert_eq!(
            head(b"HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n").unwrap().unwrap().body,
            Body::Length(0)
        );
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nConte"), Ok(None));
        for wrong in [&b"SSH-2.0-x\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"] {
            assert!(head(wrong).is_err());
        }
    }

    #[test]
    fn chunks_are_read_however_they_are_cut() {
        let text = b"4\r\nWiki\r\n6;a=b\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX: y\r\n\r\n";
        for cut in 0..text.len() {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            let mut sink = |part: &[u8]| body.extend_from_slice(part);
            assert!(!chunks.take(&text[..cut], &mut sink).unwrap());
            assert!(chunks.take(&text[cut..], &mut sink).unwrap());
            assert_eq!(body, b"Wikipedia in \r\n\r\nchunks.");
        }
        let take = |text: &[u8]| Chunks::default().take(text, &mut |_| {});
        for wrong in [&b"\r\n"[..], b"x\r\n", b"1\r\nab", b"fffffffffffffffff\r\n", b"0\r\n\r\nH"] {
            assert!(take(wrong).is_err(), "{wrong:?}");
        }
    }
}
