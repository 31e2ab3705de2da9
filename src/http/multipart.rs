//! The parts of a `multipart/form-data` body (RFC 7578), one after the other and never in memory as
//! a whole.

use std::io::{self, Read};

/// The longest header of a part.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// The longest boundary (RFC 2046, section 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;
/// Bytes held at once; more than a delimiter and the longest header.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MultipartError {
    /// It does not have the form that it claims.
    #[error("{0}")]
    Malformed(&'static str),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What stands before the content of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHead {
    /// The name of the form's field.
    pub name: String,
    /// The name of the file, if the part is one.
    pub file_name: Option<String>,
}

/// The boundary that a content type names, if it is that of a form in parts.
#[must_use]
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters(rest).into_iter().find(|(name, _)| name == "boundary")?.1;
    let usual = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    let sound = (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()) && boundary.bytes().all(usual);
    sound.then_some(boundary)
}

/// Reads a body part by part: [`next_part`](Self::next_part), then the content by [`Read`].
pub struct Multipart<R: Read> {
    input: Window<R>,
    /// The line break, dashes and boundary that end a part.
    delimiter: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Preamble,
    /// Within a part's content.
    Content,
    /// Behind a part's content and the boundary that ended it.
    Between,
    /// Behind the last boundary.
    End,
}

impl<R: Read> Multipart<R> {
    /// Reads a body whose parts are parted by `boundary`.
    #[must_use]
    pub fn new(input: R, boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Self { input: Window::new(input), delimiter, state: State::Preamble }
    }

    /// Goes to the next part, past what is left of this one.
    ///
    /// # Errors
    /// See [`MultipartError`].
    pub fn next_part(&mut self) -> Result<Option<PartHead>, MultipartError> {
        match self.state {
            State::Preamble => self.skip_preamble()?,
            State::Content => {
                io::copy(self, &mut io::sink()).map_err(unwrapped)?;
            }
            State::Between => {}
            State::End => return Ok(None),
        }
        // What follows a boundary: dashes after the last one, else the end of the line.
        if self.input.at_least(2)?.starts_with(b"--") {
            self.state = State::End;
            return Ok(None);
        }
        if !self.line()?.trim_ascii().is_empty() {
            return Err(MultipartError::Malformed("text stands behind a boundary"));
        }
        let head = self.head()?;
        self.state = State::Content;
        Ok(Some(head))
    }

    /// To behind the first boundary, which needs no line break before it.
    fn skip_preamble(&mut self) -> Result<(), MultipartError> {
        let opening = self.delimiter.len() - 2;
        let mut skipped = 0;
        while !self.input.at_least(opening)?.starts_with(&self.delimiter[2..]) {
            skipped += self.line()?.len() + 2;
            if skipped > MAX_HEADER_BYTES {
                return Err(MultipartError::Malformed("no part begins"));
            }
        }
        self.input.consume(opening);
        Ok(())
    }

    fn head(&mut self) -> Result<PartHead, MultipartError> {
        let (mut found, mut len) = (None, 0);
        loop {
            let line = self.line()?;
            len += line.len();
            if line.is_empty() {
                return found.ok_or(MultipartError::Malformed("a part has no name"));
            }
            if len > MAX_HEADER_BYTES {
                return Err(MultipartError::Malformed("the header of a part is too long"));
            }
            let text = std::str::from_utf8(&line)
                .map_err(|_| MultipartError::Malformed("the header of a part is not UTF-8"))?;
            if let Some((name, value)) = text.split_once(':')
                && name.trim().eq_ignore_ascii_case("content-disposition")
            {
                found = disposition(value);
            }
        }
    }

    /// A line without its end.
    fn line(&mut self) -> Result<Vec<u8>, MultipartError> {
        let held = self.input.at_least(MAX_HEADER_BYTES)?;
        let Some(end) = held.iter().position(|byte| *byte == b'\n') else {
            let too_long = held.len() >= MAX_HEADER_BYTES;
            let reason = if too_long { "a header is too long" } else { "it ends too early" };
            return Err(MultipartError::Malformed(reason));
        };
        let line = held[..end].strip_suffix(b"\r").unwrap_or(&held[..end]).to_vec();
        self.input.consume(end + 1);
        Ok(line)
    }
}

/// The content of the part that [`Multipart::next_part`] went to.
impl<R: Read> Read for Multipart<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.state != State::Content || into.is_empty() {
            return Ok(0);
        }
        let held = self.input.at_least(self.delimiter.len())?;
        let content = match find(held, &self.delimiter) {
            Some(0) => {
                self.input.consume(self.delimiter.len());
                self.state = State::Between;
                return Ok(0);
            }
            Some(end) => end,
            None if held.len() < self.delimiter.len() => {
                let early = MultipartError::Malformed("it ends within a part");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, early));
            }
            // The delimiter may have begun at the end of what is held.
            None => held.len() - (self.delimiter.len() - 1),
        };
        let len = content.min(into.len());
        into[..len].copy_from_slice(&held[..len]);
        self.input.consume(len);
        Ok(len)
    }
}

/// The fault of the form that came as an error of reading.
fn unwrapped(error: io::Error) -> MultipartError {
    error.downcast::<MultipartError>().unwrap_or_else(MultipartError::Io)
}

fn find(held: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted[0];
    let mut from = 0;
    while let Some(at) = held[from..].iter().position(|byte| *byte == first) {
        if held[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The next bytes of a reader.
struct Window<R: Read> {
    input: R,
    held: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: Read> Window<R> {
    fn new(input: R) -> Self {
        Self { input, held: vec![0; BUFFER_BYTES].into(), start: 0, end: 0 }
    }

    /// What comes next: at least `count` bytes, fewer only at the end.
    fn at_least(&mut self, count: usize) -> io::Result<&[u8]> {
        debug_assert!(count <= BUFFER_BYTES);
        if self.end - self.start < count {
            self.held.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            while self.end < count {
                match self.input.read(&mut self.held[self.end..]) {
                    Ok(0) => break,
                    Ok(read) => self.end += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(&self.held[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

/// Name and file name of a part; none unless it is a field of a form.
fn disposition(value: &str) -> Option<PartHead> {
    let (kind, rest) = value.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    let mut head = PartHead { name: String::new(), file_name: None };
    let mut named = false;
    for (name, value) in parameters(rest) {
        match name.as_str() {
            "name" => (head.name, named) = (value, true),
            // Clients write names in UTF-8 here (RFC 7578, section 4.2), never in the other form.
            "filename" => head.file_name = Some(value),
            _ => {}
        }
    }
    named.then_some(head)
}

/// `name=value` pairs behind semicolons, names in lower case, values with or without quotes.
///
/// Browsers write a quote within a value as `%22`, others as `\"`; a backslash before anything else
/// is a character of the name.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_ascii_lowercase();
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted),
            None => {
                let (value, left) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), left)
            }
        };
        found.push((name, value));
        rest = left;
    }
    found
}

fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value.replace("%22", "\""), &text[at + 1..]),
            '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                chars.next();
            }
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, so that every boundary falls across reads.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(into.len());
            into[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    type Parts = Vec<(String, Option<String>, Vec<u8>)>;

    fn parts(body: &[u8], step: usize) -> Result<Parts, MultipartError> {
        let mut multipart = Multipart::new(Drops(body, step), "XyZ");
        let mut parts = Vec::new();
        while let Some(head) = multipart.next_part()? {
            let mut content = Vec::new();
            multipart.read_to_end(&mut content).map_err(unwrapped)?;
            parts.push((head.name, head.file_name, content));
        }
        Ok(parts)
    }

    #[test]
    fn parts_come_out_as_they_went_in() {
        let mut picture: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        picture.extend(b"\r\n--XyW\r\n--Xy\r\n--\r\r\n");
        let mut body = b"--XyZ\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\na/b\r\n\
            --XyZ  \r\ncontent-type: image/jpeg\r\n\
            content-disposition: FORM-DATA; filename=\"a \\\"b%22; c\\d.jpg\"; name=files\r\n\r\n"
            .to_vec();
        body.extend(&picture);
        body.extend(
            b"\r\n--XyZ\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--XyZ--\r\nend",
        );
        let expected: Parts = vec![
            ("path".into(), None, b"a/b".to_vec()),
            ("files".into(), Some("a \"b\"; c\\d.jpg".into()), picture),
            (String::new(), None, Vec::new()),
        ];
        for step in [1, 7, 4096, usize::MAX] {
            assert_eq!(parts(&body, step).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn parts_that_nobody_reads_are_skipped() {
        let body = b"preamble\r\n--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n\
            --XyZ\r\nContent-Disposition: form-data; name=b\r\n\r\n2\r\n--XyZ--";
        let mut multipart = Multipart::new(&body[..], "XyZ");
        assert_eq!(multipart.next_part().unwrap().unwrap().name, "a");
        assert_eq!(multipart.next_part().unwrap().unwrap().name, "b");
        assert_eq!(multipart.next_part().unwrap(), None);
        assert_eq!(multipart.next_part().unwrap(), None);
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let long = format!("--XyZ\r\nX: {}\r\n\r\n", "x".repeat(20_000));
        for body in [
            "",
            "--XyZ",
            "--XyZ\r\n",
            "--XyZ\r\n\r\nno name\r\n--XyZ--",
            "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\ncut",
            "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\ncut\r\n--XyZ",
            "--XyZ\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--XyZ--",
            "--XyZmore\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--XyZ--",
            &long,
            &"no boundary\r\n".repeat(5_000),
        ] {
            let refused = parts(body.as_bytes(), 1000);
            assert!(
                matches!(refused, Err(MultipartError::Malformed(_))),
                "{body:.60}: {refused:?}"
            );
        }
    }

    #[test]
    fn boundaries_are_read_from_the_content_type() {
        for (value, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            ("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/mixed; boundary=abc", None),
            ("text/plain; boundary=abc", None),
        ] {
            assert_eq!(boundary(value).as_deref(), expected, "{value}");
        }
        assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
    }
}
