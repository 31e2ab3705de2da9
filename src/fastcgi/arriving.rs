//! A request on its way in: its head, and what has come of its body.

use http::Method;

use super::Options;
use super::body::BodySink;
use super::refusal::Refusal;
use super::request::{BadRequest, Head};
use crate::http::{Request, Response, pieces};

/// What came out of receiving.
pub(super) enum Received {
    /// A request to answer.
    Request(Request),
    /// The answer to what was handed on before all of the request had come.
    Answer {
        /// It.
        response: Response,
        /// Whether all of the request had arrived by then.
        complete: bool,
    },
    /// A request that is not passed on.
    Refused(Refusal),
    /// The connection has ended.
    Closed,
}

impl From<Refusal> for Received {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What has come of a request.
#[derive(Default)]
pub(super) struct Arriving {
    head: Option<Head>,
    /// What has come of the body and was not handed on.
    body: BodySink,
    /// Bytes of the body that were handed on in pieces.
    passed: u64,
    /// The answer to the last piece.
    answer: Option<Response>,
}

impl Arriving {
    /// Takes the head in, unless there is no point in receiving the body.
    pub fn begin(&mut self, params: &[u8], options: &Options) -> Result<(), Refusal> {
        let head = Head::parse(params).map_err(|fault| Refusal::bad_request(fault, false))?;
        if !pieces::may_be_cut(&head.headers) && head.content_length > Some(options.max_body_bytes)
        {
            return Err(Refusal::too_large().of(&head));
        }
        self.head = Some(head);
        Ok(())
    }

    /// Whether the head is there, and what follows is the body.
    pub fn in_body(&self) -> bool {
        self.head.is_some()
    }

    /// Whether something of the body has come.
    pub fn has_body(&self) -> bool {
        self.body.len() > 0
    }

    /// Takes a part of the body in.
    pub async fn push(&mut self, part: &[u8], options: &Options) -> Result<(), Refusal> {
        let pushed = if self.body.len() + part.len() as u64 > options.max_body_bytes {
            Err(Refusal::too_large())
        } else {
            let stored = self.body.push(part, options).await;
            stored.map_err(|error| Refusal::not_stored(&error, false))
        };
        pushed.map_err(|refusal| self.of_this(refusal))
    }

    /// What can be handed on before the rest has come, if the body may be cut and enough of it is there.
    pub async fn piece(&mut self, options: &Options) -> Option<Result<Request, Refusal>> {
        let enough = pieces::PIECE_BYTES.min(options.max_body_bytes.div_ceil(2)).max(1);
        if self.body.len() < enough { None } else { self.cut().await }
    }

    /// What has come of a body that may be cut and will not be whole.
    pub async fn rest(&mut self) -> Option<Request> {
        if self.has_body() { self.cut().await?.ok() } else { None }
    }

    async fn cut(&mut self) -> Option<Result<Request, Refusal>> {
        let head = self.head.as_ref().filter(|head| pieces::may_be_cut(&head.headers))?;
        let headers = pieces::of_piece(&head.headers, self.passed);
        let head = Head { headers, ..head.clone() };
        let body = std::mem::take(&mut self.body);
        self.passed += body.len();
        let stored = body.finish().await.map(|body| head.with_body(body));
        Some(stored.map_err(|error| self.of_this(Refusal::not_stored(&error, false))))
    }

    fn of_this(&self, refusal: Refusal) -> Refusal {
        match &self.head {
            Some(head) => refusal.of(head),
            None => refusal,
        }
    }

    /// Takes the answer to a piece in; gives it back when there is no point in sending more.
    pub fn answered(&mut self, response: Response) -> Option<Received> {
        if response.status.is_success() {
            self.answer = Some(response);
            return None;
        }
        Some(Received::Answer { response, complete: false })
    }

    /// The request, now that its body has ended.
    pub async fn complete(self) -> Received {
        let refuse = |fault| Refusal::bad_request(fault, true);
        let Some(head) = self.head else { return refuse(BadRequest::Path).into() };
        let came = self.passed + self.body.len();
        if head.content_length.is_some_and(|declared| declared != came) {
            return refuse(BadRequest::BodyLength).of(&head).into();
        }
        if self.body.len() == 0
            && let Some(response) = self.answer
        {
            return Received::Answer { response, complete: true };
        }
        let head = match self.passed {
            0 => head,
            passed => Head { headers: pieces::of_piece(&head.headers, passed), ..head },
        };
        match self.body.finish().await {
            Ok(body) => Received::Request(head.with_body(body)),
            Err(error) => Refusal::not_stored(&error, true).of(&head).into(),
        }
    }
}

/// The method by which answers are written that need nobody: they have bodies.
pub(super) const ANY_METHOD: Method = Method::GET;
