//! Just enough FastCGI 1.0, written from the specification, to stand on either side of a connection
//! without the code under test: for the recorder behind a front server, and for clients that send
//! what no front server would.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// Record types used here.
pub const BEGIN_REQUEST: u8 = 1;
/// End of a request.
pub const END_REQUEST: u8 = 3;
/// Name-value pairs of the request.
pub const PARAMS: u8 = 4;
/// The request's body.
pub const STDIN: u8 = 5;
/// The response.
pub const STDOUT: u8 = 6;

/// One record.
#[derive(Debug)]
pub struct Record {
    /// Its type.
    pub kind: u8,
    /// The request it belongs to.
    pub request: u16,
    /// Its content, without padding.
    pub content: Vec<u8>,
}

/// Reads a record; `None` at a clean end of the stream.
pub fn read_record(stream: &mut impl Read) -> Result<Option<Record>> {
    let mut head = [0; 8];
    if stream.read(&mut head[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut head[1..])?;
    if head[0] != 1 {
        return Err(Error::new(ErrorKind::InvalidData, "not FastCGI version 1"));
    }
    let len = usize::from(u16::from_be_bytes([head[4], head[5]]));
    let mut content = vec![0; len + usize::from(head[6])];
    stream.read_exact(&mut content)?;
    content.truncate(len);
    Ok(Some(Record { kind: head[1], request: u16::from_be_bytes([head[2], head[3]]), content }))
}

/// Appends a record without padding.
pub fn put_record(out: &mut Vec<u8>, kind: u8, request: u16, content: &[u8]) {
    let len = u16::try_from(content.len()).unwrap();
    out.extend_from_slice(&[1, kind]);
    out.extend_from_slice(&request.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(content);
}

/// Appends a whole response: `stdout` in records, its end, and the end of the request.
pub fn put_response(out: &mut Vec<u8>, request: u16, stdout: &[u8]) {
    for part in stdout.chunks(65_528) {
        put_record(out, STDOUT, request, part);
    }
    put_record(out, STDOUT, request, b"");
    put_record(out, END_REQUEST, request, &[0; 8]);
}

/// A whole GET request on a kept connection.
pub fn get_request(uri: &str) -> Vec<u8> {
    get_request_with(uri, &[])
}

/// The same with further parameters.
fn get_request_with(uri: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    let mut params = Vec::new();
    for (name, value) in [
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", uri),
        ("QUERY_STRING", query),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("REMOTE_ADDR", "127.0.0.1"),
        ("HTTP_HOST", "localhost"),
    ]
    .iter()
    .chain(more)
    {
        put_pair(&mut params, name, value);
    }
    let mut out = Vec::new();
    put_record(&mut out, BEGIN_REQUEST, 1, &[0, 1, 1, 0, 0, 0, 0, 0]);
    put_record(&mut out, PARAMS, 1, &params);
    put_record(&mut out, PARAMS, 1, b"");
    put_record(&mut out, STDIN, 1, b"");
    out
}

fn put_pair(out: &mut Vec<u8>, name: &str, value: &str) {
    for len in [name.len(), value.len()] {
        match u8::try_from(len) {
            Ok(short) if short < 128 => out.push(short),
            _ => out.extend_from_slice(&(u32::try_from(len).unwrap() | 1 << 31).to_be_bytes()),
        }
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value.as_bytes());
}

/// Takes name-value pairs apart.
pub fn parse_pairs(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    while !bytes.is_empty() {
        let name_len = take_len(&mut bytes);
        let value_len = take_len(&mut bytes);
        let (name, rest) = bytes.split_at(name_len);
        let (value, rest) = rest.split_at(value_len);
        pairs.push((name.to_vec(), value.to_vec()));
        bytes = rest;
    }
    pairs
}

fn take_len(bytes: &mut &[u8]) -> usize {
    if bytes[0] < 128 {
        let len = usize::from(bytes[0]);
        *bytes = &bytes[1..];
        len
    } else {
        let len = u32::from_be_bytes([bytes[0] & 127, bytes[1], bytes[2], bytes[3]]);
        *bytes = &bytes[4..];
        usize::try_from(len).unwrap()
    }
}

/// Sends a GET on a kept connection and reads what the program writes to its standard output.
pub fn exchange(stream: &mut (impl Read + Write), uri: &str) -> Result<Vec<u8>> {
    exchange_with(stream, uri, &[])
}

/// The same with further parameters.
pub fn exchange_with(
    stream: &mut (impl Read + Write),
    uri: &str,
    more: &[(&str, &str)],
) -> Result<Vec<u8>> {
    stream.write_all(&get_request_with(uri, more))?;
    let mut stdout = Vec::new();
    loop {
        let record = read_record(stream)?
            .ok_or_else(|| Error::new(ErrorKind::UnexpectedEof, "closed before END_REQUEST"))?;
        match record.kind {
            STDOUT => stdout.extend_from_slice(&record.content),
            END_REQUEST => return Ok(stdout),
            _ => {}
        }
    }
}
