//! The state machine of one connection: bytes in, events out.
//!
//! It exists apart from the connection so that every fragmentation of every input can be tried
//! without a socket: it does no I/O, keeps no clock and holds nothing but the parameters of the
//! request being received. Content of a body is handed through without a copy.

use super::params::{Pairs, encode_pair};
use super::record::{
    BeginRequest, HEADER_LEN, Header, ProtocolStatus, RecordType, Role, VERSION, end_request,
};

/// Content that a management record may have: the three names that there are fit many times over.
const MAX_MANAGEMENT_CONTENT: u16 = 1024;

/// A breach of the protocol that ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not FastCGI version 1.
    #[error("record of protocol version {0}")]
    Version(u8),
    /// A record that a front server does not send, or not with this kind of request id.
    #[error("unexpected record of type {0}")]
    Type(u8),
    /// Content of a length that this type cannot have.
    #[error("record of type {kind} with {len} bytes of content")]
    Length {
        /// The record's type.
        kind: u8,
        /// Its declared length.
        len: u16,
    },
    /// A record at a point of the request where it cannot stand.
    #[error("record of type {0} out of order")]
    Order(u8),
    /// Name-value pairs whose lengths do not add up.
    #[error("broken name-value pairs")]
    Pairs,
}

/// What a stretch of input meant.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// These bytes are to be sent back, whatever else is going on.
    Reply {
        /// Complete records.
        bytes: Vec<u8>,
        /// Whether the connection is to be closed after them.
        close: bool,
    },
    /// All parameters have arrived; see [`Protocol::params`].
    Params,
    /// The parameters take more than they may; the rest of them will not be kept.
    ParamsTooLarge,
    /// A part of the request body.
    Body(&'a [u8]),
    /// The request is complete.
    Complete,
    /// The front server is no longer interested in the answer.
    Abort,
}

/// What is told to whoever asks with `FCGI_GET_VALUES`.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// Connections accepted at once.
    pub max_connections: usize,
    /// Requests worked on at once.
    pub max_requests: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Params,
    ParamsOverflow,
    Body,
    Complete,
}

#[derive(Debug, Clone, Copy)]
struct Active {
    id: u16,
    keep: bool,
    phase: Phase,
}

/// What becomes of the content of the record being read.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// Nothing.
    Skip,
    /// It is collected until it is whole.
    Collect(RecordType, u16),
    /// It belongs to the parameters.
    Params,
    /// It belongs to the body.
    Body,
}

/// The receiving side of one connection.
#[derive(Debug)]
pub struct Protocol {
    capacity: Capacity,
    max_params_bytes: usize,
    active: Option<Active>,
    content: Content,
    content_left: u16,
    padding_left: u8,
    collected: Vec<u8>,
    params: Vec<u8>,
}

impl Protocol {
    /// A connection on which nothing has arrived.
    #[must_use]
    pub fn new(capacity: Capacity, max_params_bytes: usize) -> Self {
        Self {
            capacity,
            max_params_bytes,
            active: None,
            content: Content::Skip,
            content_left: 0,
            padding_left: 0,
            collected: Vec::new(),
            params: Vec::new(),
        }
    }

    /// Takes from the front of `input` as much as makes one event.
    ///
    /// Tells how many bytes were used, which may be all of them without an event. A header is only
    /// used when it is whole: up to seven bytes may be left over, to be given again with more.
    ///
    /// # Errors
    /// [`Malformed`], after which the connection is of no more use.
    pub fn next<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Malformed> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            if self.content_left > 0 {
                let taken = rest.len().min(usize::from(self.content_left));
                if taken == 0 {
                    return Ok((at, None));
                }
                at += taken;
                // Cannot truncate: not more than `content_left`.
                self.content_left -= taken as u16;
                if let Some(event) = self.take_content(&rest[..taken])? {
                    return Ok((at, Some(event)));
                }
            } else if self.padding_left > 0 {
                let taken = rest.len().min(usize::from(self.padding_left));
                if taken == 0 {
                    return Ok((at, None));
                }
                at += taken;
                self.padding_left -= taken as u8;
            } else {
                let Some(header) = rest.first_chunk::<HEADER_LEN>() else {
                    return Ok((at, None));
                };
                at += HEADER_LEN;
                if let Some(event) = self.take_header(Header::decode(header))? {
                    return Ok((at, Some(event)));
                }
            }
        }
    }

    /// The name-value pairs of the request, valid from [`Event::Params`] until [`Protocol::end`].
    #[must_use]
    pub fn params(&self) -> &[u8] {
        &self.params
    }

    /// The id of the request being received or answered.
    #[must_use]
    pub fn request_id(&self) -> Option<u16> {
        self.active.map(|active| active.id)
    }

    /// Whether nothing of a request or record has arrived since the last one ended.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.active.is_none() && self.content_left == 0 && self.padding_left == 0
    }

    /// Whether the content being read belongs to nobody.
    #[must_use]
    pub fn is_ignoring(&self) -> bool {
        self.active.is_none() && self.content_left > 0 && matches!(self.content, Content::Skip)
    }

    /// Ends the request, answered or not, and tells whether the connection is to stay open.
    ///
    /// What still arrives for it is ignored, as the specification asks (section 3.3).
    pub fn end(&mut self) -> bool {
        self.params.clear();
        // The rest of a record that was being read is nobody's, above all not the next request's.
        if matches!(self.content, Content::Params | Content::Body) {
            self.content = Content::Skip;
        }
        self.active.take().is_none_or(|active| active.keep)
    }

    fn take_header(&mut self, header: Header) -> Result<Option<Event<'static>>, Malformed> {
        if header.version != VERSION {
            return Err(Malformed::Version(header.version));
        }
        self.content_left = header.content_len;
        self.padding_left = header.padding_len;
        self.content = Content::Skip;
        if header.request_id == 0 {
            return self.take_management_header(&header);
        }
        let kind = RecordType::from_byte(header.kind).ok_or(Malformed::Type(header.kind))?;
        match kind {
            RecordType::BeginRequest => {
                if header.content_len != 8 {
                    return Err(length_fault(&header));
                }
                self.collect(kind, header.request_id);
                Ok(None)
            }
            RecordType::AbortRequest
            | RecordType::Params
            | RecordType::Stdin
            | RecordType::Data => self.take_stream_header(kind, &header),
            _ => Err(Malformed::Type(header.kind)),
        }
    }

    fn take_management_header(
        &mut self,
        header: &Header,
    ) -> Result<Option<Event<'static>>, Malformed> {
        match RecordType::from_byte(header.kind) {
            Some(RecordType::GetValues) => {
                if header.content_len > MAX_MANAGEMENT_CONTENT {
                    return Err(length_fault(header));
                }
                if header.content_len == 0 {
                    return Ok(Some(self.values(&[])?));
                }
                self.collect(RecordType::GetValues, 0);
                Ok(None)
            }
            Some(_) => Err(Malformed::Type(header.kind)),
            None => {
                let mut bytes = Header::new(RecordType::UnknownType, 0, 8, 0).encode().to_vec();
                bytes.extend_from_slice(&[header.kind, 0, 0, 0, 0, 0, 0, 0]);
                Ok(Some(Event::Reply { bytes, close: false }))
            }
        }
    }

    fn take_stream_header(
        &mut self,
        kind: RecordType,
        header: &Header,
    ) -> Result<Option<Event<'static>>, Malformed> {
        let Some(active) = self.active.as_mut().filter(|active| active.id == header.request_id)
        else {
            return Ok(None);
        };
        let ends = header.content_len == 0;
        match (kind, active.phase) {
            (RecordType::AbortRequest, _) => return Ok(Some(Event::Abort)),
            (RecordType::Params, Phase::Params) if ends => {
                active.phase = Phase::Body;
                let mut pairs = Pairs::new(&self.params);
                pairs.by_ref().for_each(drop);
                if !pairs.is_complete() {
                    return Err(Malformed::Pairs);
                }
                return Ok(Some(Event::Params));
            }
            (RecordType::Params, Phase::Params) => {
                let total = self.params.len() + usize::from(header.content_len);
                if total > self.max_params_bytes {
                    active.phase = Phase::ParamsOverflow;
                    return Ok(Some(Event::ParamsTooLarge));
                }
                self.content = Content::Params;
            }
            (RecordType::Params, Phase::ParamsOverflow) => {}
            (RecordType::Stdin, Phase::Body) if ends => {
                active.phase = Phase::Complete;
                return Ok(Some(Event::Complete));
            }
            (RecordType::Stdin, Phase::Body) => self.content = Content::Body,
            (RecordType::Stdin, Phase::ParamsOverflow) => {}
            _ => return Err(Malformed::Order(header.kind)),
        }
        Ok(None)
    }

    fn collect(&mut self, kind: RecordType, request_id: u16) {
        self.collected.clear();
        self.content = Content::Collect(kind, request_id);
    }

    fn take_content<'a>(&mut self, part: &'a [u8]) -> Result<Option<Event<'a>>, Malformed> {
        match self.content {
            Content::Skip => Ok(None),
            Content::Params => {
                self.params.extend_from_slice(part);
                Ok(None)
            }
            Content::Body => Ok(Some(Event::Body(part))),
            Content::Collect(kind, request_id) => {
                self.collected.extend_from_slice(part);
                if self.content_left > 0 {
                    return Ok(None);
                }
                let collected = std::mem::take(&mut self.collected);
                let event = if kind == RecordType::GetValues {
                    Some(self.values(&collected)?)
                } else {
                    self.begin(request_id, &collected)?
                };
                self.collected = collected;
                Ok(event)
            }
        }
    }

    fn begin(&mut self, id: u16, content: &[u8]) -> Result<Option<Event<'static>>, Malformed> {
        let begin = content
            .first_chunk::<8>()
            .map(BeginRequest::decode)
            .ok_or(Malformed::Order(RecordType::BeginRequest as u8))?;
        let keep = begin.keeps_connection();
        if let Some(active) = self.active {
            if active.id == id {
                return Err(Malformed::Order(RecordType::BeginRequest as u8));
            }
            let bytes = end_request(id, ProtocolStatus::CantMpxConn).to_vec();
            return Ok(Some(Event::Reply { bytes, close: false }));
        }
        if begin.role != Role::Responder as u16 {
            let bytes = end_request(id, ProtocolStatus::UnknownRole).to_vec();
            return Ok(Some(Event::Reply { bytes, close: !keep }));
        }
        self.params.clear();
        self.active = Some(Active { id, keep, phase: Phase::Params });
        Ok(None)
    }

    fn values(&self, asked: &[u8]) -> Result<Event<'static>, Malformed> {
        let mut pairs = Pairs::new(asked);
        let mut content = Vec::new();
        for (name, _) in pairs.by_ref() {
            let value = match name {
                b"FCGI_MAX_CONNS" => self.capacity.max_connections,
                b"FCGI_MAX_REQS" => self.capacity.max_requests,
                b"FCGI_MPXS_CONNS" => 0,
                _ => continue,
            };
            encode_pair(name, value.to_string().as_bytes(), &mut content);
        }
        if !pairs.is_complete() {
            return Err(Malformed::Pairs);
        }
        // Each answered pair was asked for, and the question is bounded far below 64 KiB; a name
        // takes at least 17 bytes of it and its value at most 20 more.
        let padding = (8 - content.len() % 8) % 8;
        let header = Header::new(
            RecordType::GetValuesResult,
            0,
            u16::try_from(content.len()).map_err(|_| Malformed::Pairs)?,
            padding as u8,
        );
        let mut bytes = header.encode().to_vec();
        bytes.extend_from_slice(&content);
        bytes.resize(bytes.len() + padding, 0);
        Ok(Event::Reply { bytes, close: false })
    }
}

fn length_fault(header: &Header) -> Malformed {
    Malformed::Length { kind: header.kind, len: header.content_len }
}

#[cfg(test)]
mod tests;
