//! What a server says of itself: for checks of an installation, not for serving.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::address::Address;

/// Lines of an answer that are read: `stats settings` has about 70.
const MOST_LINES: usize = 1000;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Its version.
    pub version: String,
    /// Memory for values, in bytes.
    pub limit_bytes: u64,
    /// The largest item, in bytes.
    pub item_bytes: u64,
}

/// Asks a server (`host:port` or `unix:/path`), waiting at most `patience` for each answer. A name is
/// looked up by the system, which may take longer.
///
/// # Errors
/// When it cannot be reached, does not answer, or answers something else.
pub fn facts(server: &str, patience: Duration) -> io::Result<Facts> {
    match Address::parse(server) {
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "not an address")),
        Some(Address::Unix(path)) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))?;
            ask(stream)
        }
        Some(address @ Address::Tcp(_)) => {
            let mut found = address.name().to_socket_addrs()?;
            let first = found.next().ok_or(io::ErrorKind::NotFound)?;
            let stream = TcpStream::connect_timeout(&first, patience)?;
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))?;
            ask(stream)
        }
    }
}

fn ask(stream: impl Read + Write) -> io::Result<Facts> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"stats\r\nstats settings\r\n")?;
    let mut facts = Facts::default();
    let (mut ends, mut line) = (0, String::new());
    for _ in 0..MOST_LINES {
        line.clear();
        if stream.by_ref().take(4096).read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("STAT"), Some("version"), Some(value)) => value.clone_into(&mut facts.version),
            (Some("STAT"), Some("limit_maxbytes"), Some(value)) => {
                facts.limit_bytes = number(value)?;
            }
            (Some("STAT"), Some("item_size_max"), Some(value)) => facts.item_bytes = number(value)?,
            (Some("STAT"), ..) => {}
            (Some("END"), ..) => ends += 1,
            _ => return Err(not_memcached()),
        }
        if ends == 2 {
            return Ok(facts);
        }
    }
    Err(not_memcached())
}

fn number(text: &str) -> io::Result<u64> {
    text.parse().map_err(|_| not_memcached())
}

fn not_memcached() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it does not speak memcached's protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Peer(io::Cursor<&'static [u8]>);

    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Peer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn both_answers_are_read() {
        let text = b"STAT version 1.6.18\r\nSTAT limit_maxbytes 67108864\r\nEND\r\n\
                     STAT maxbytes 67108864\r\nSTAT item_size_max 1048576\r\nEND\r\n";
        let facts = ask(Peer(io::Cursor::new(text))).unwrap();
        let version = "1.6.18".to_owned();
        assert_eq!(facts, Facts { version, limit_bytes: 64 << 20, item_bytes: 1 << 20 });
    }

    #[test]
    fn others_are_told_apart() {
        for text in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"", b"STAT limit_maxbytes x\r\n"] {
            assert!(ask(Peer(io::Cursor::new(text))).is_err());
        }
    }
}
