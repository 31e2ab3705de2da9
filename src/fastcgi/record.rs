//! The fixed-size parts of the wire format: record headers, request starts and ends.
//!
//! FastCGI specification 1.0, sections 3.3, 5.1 and 5.5.

/// The only protocol version there is.
pub const VERSION: u8 = 1;
/// Bytes of a record's header.
pub const HEADER_LEN: usize = 8;
/// The most content that we put into one record: the largest multiple of eight, so that no record
/// but the last needs padding.
pub const MAX_CONTENT: usize = 65528;
/// The flag of a request start that keeps the connection open after the answer.
pub const KEEP_CONN: u8 = 1;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordType {
    /// Starts a request.
    BeginRequest = 1,
    /// Calls a request off.
    AbortRequest = 2,
    /// Ends a request (ours).
    EndRequest = 3,
    /// Part of the name-value pairs.
    Params = 4,
    /// Part of the request body.
    Stdin = 5,
    /// Part of the response (ours).
    Stdout = 6,
    /// Part of the error stream (ours).
    Stderr = 7,
    /// Part of the second input of a filter.
    Data = 8,
    /// Asks for values.
    GetValues = 9,
    /// Tells values (ours).
    GetValuesResult = 10,
    /// Tells that a management record was not understood (ours).
    UnknownType = 11,
}

impl RecordType {
    /// The type with this number.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::BeginRequest,
            2 => Self::AbortRequest,
            3 => Self::EndRequest,
            4 => Self::Params,
            5 => Self::Stdin,
            6 => Self::Stdout,
            7 => Self::Stderr,
            8 => Self::Data,
            9 => Self::GetValues,
            10 => Self::GetValuesResult,
            11 => Self::UnknownType,
            _ => return None,
        })
    }
}

/// A record's header, with the type still a number: an unknown one is not always a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The protocol version.
    pub version: u8,
    /// The type.
    pub kind: u8,
    /// The request, or 0 for a management record.
    pub request_id: u16,
    /// Bytes of content that follow.
    pub content_len: u16,
    /// Bytes of padding after the content.
    pub padding_len: u8,
}

impl Header {
    /// A header of our own.
    #[must_use]
    pub fn new(kind: RecordType, request_id: u16, content_len: u16, padding_len: u8) -> Self {
        Self { version: VERSION, kind: kind as u8, request_id, content_len, padding_len }
    }

    /// Reads a header. The reserved byte is ignored.
    #[must_use]
    pub fn decode(bytes: &[u8; HEADER_LEN]) -> Self {
        Self {
            version: bytes[0],
            kind: bytes[1],
            request_id: u16::from_be_bytes([bytes[2], bytes[3]]),
            content_len: u16::from_be_bytes([bytes[4], bytes[5]]),
            padding_len: bytes[6],
        }
    }

    /// Writes a header.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let id = self.request_id.to_be_bytes();
        let len = self.content_len.to_be_bytes();
        [self.version, self.kind, id[0], id[1], len[0], len[1], self.padding_len, 0]
    }
}

/// What the front server wants to have answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Role {
    /// A request for a response: all that this server does.
    Responder = 1,
    /// A decision on access.
    Authorizer = 2,
    /// A response made from a file that the front server sends along.
    Filter = 3,
}

/// The content of a record that starts a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeginRequest {
    /// The role's number.
    pub role: u16,
    /// Flags; see [`KEEP_CONN`].
    pub flags: u8,
}

impl BeginRequest {
    /// Reads the content; the reserved bytes are ignored.
    #[must_use]
    pub fn decode(content: &[u8; 8]) -> Self {
        Self { role: u16::from_be_bytes([content[0], content[1]]), flags: content[2] }
    }

    /// Whether the connection is to stay open after the answer.
    #[must_use]
    pub fn keeps_connection(&self) -> bool {
        self.flags & KEEP_CONN != 0
    }
}

/// How a request ended, in the protocol's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ProtocolStatus {
    /// Answered.
    RequestComplete = 0,
    /// Refused: this connection carries one request at a time.
    CantMpxConn = 1,
    /// Refused: too busy. Not sent by this server, which answers 503 instead.
    Overloaded = 2,
    /// Refused: not a responder's work.
    UnknownRole = 3,
}

/// The record that ends a request; the application status is 0.
#[must_use]
pub fn end_request(request_id: u16, status: ProtocolStatus) -> [u8; 16] {
    let mut record = [0; 16];
    record[..HEADER_LEN]
        .copy_from_slice(&Header::new(RecordType::EndRequest, request_id, 8, 0).encode());
    record[12] = status as u8;
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_bytes_are_those_of_the_specification() {
        let header = Header::new(RecordType::Stdin, 0x0102, 0x0304, 5);
        assert_eq!(header.encode(), [1, 5, 1, 2, 3, 4, 5, 0]);
        assert_eq!(Header::decode(&header.encode()), header);
    }

    #[test]
    fn every_type_has_its_number() {
        for byte in 1..=11 {
            assert_eq!(RecordType::from_byte(byte).map(|kind| kind as u8), Some(byte));
        }
        assert_eq!(RecordType::from_byte(0), None);
        assert_eq!(RecordType::from_byte(12), None);
    }

    #[test]
    fn begin_request_reads_role_and_flags() {
        let begin = BeginRequest::decode(&[0, 1, 1, 9, 9, 9, 9, 9]);
        assert_eq!(begin, BeginRequest { role: Role::Responder as u16, flags: 1 });
        assert!(begin.keeps_connection());
        assert!(!BeginRequest::decode(&[0, 1, 2, 0, 0, 0, 0, 0]).keeps_connection());
    }

    #[test]
    fn end_request_carries_the_protocol_status() {
        assert_eq!(
            end_request(7, ProtocolStatus::UnknownRole),
            [1, 3, 0, 7, 0, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]
        );
    }
}
