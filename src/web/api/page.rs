//! Long lists, a part at a time.

use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

use super::call::Call;
use super::endpoint::{Field, Kind, optional};
use super::reply::Reply;
use crate::web::Error;

/// How many items the whole list has.
pub const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// The most items that one answer holds.
pub const MOST: i64 = 1000;

/// From where the answer tells.
pub const START: Field =
    optional("start", Kind::Whole(0, i64::MAX), "Number of items to skip. Default: 0.");

/// How much the answer tells.
pub const LIMIT: Field = optional(
    "limit",
    Kind::Whole(1, MOST),
    "Maximum number of items to return. Default: the most allowed.",
);

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Items before it.
    pub start: i64,
    /// Items in it, at most.
    pub limit: i64,
}

impl Page {
    /// As the call says, which declares [`START`] and [`LIMIT`].
    pub fn of(call: &Call<'_>) -> Self {
        Self { start: call.int(START.name), limit: call.opt_int(LIMIT.name).unwrap_or(MOST) }
    }

    /// This part of a whole list.
    pub fn slice<T>(self, items: &[T]) -> &[T] {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX).min(items.len());
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        &items[start..start.saturating_add(limit).min(items.len())]
    }

    /// The answer with a part of a list of `total` items: `X-Total-Count`, and `Link` (RFC 8288) to
    /// what comes before and after.
    pub fn reply(self, call: &Call<'_>, part: &impl Serialize, total: i64) -> Result<Reply, Error> {
        Ok(self.tell(call, Reply::ok(part)?, total))
    }

    /// Tells with an answer of which part of how many items it is.
    pub fn tell(self, call: &Call<'_>, reply: Reply, total: i64) -> Reply {
        let mut reply = reply.header(TOTAL, HeaderValue::from(total));
        let mut links = Vec::new();
        if self.start > 0 {
            links.push(self.link(call, (self.start - self.limit).max(0), "prev"));
        }
        if self.start.saturating_add(self.limit) < total {
            links.push(self.link(call, self.start + self.limit, "next"));
        }
        if !links.is_empty()
            && let Ok(value) = HeaderValue::from_str(&links.join(", "))
        {
            reply = reply.header(header::LINK, value);
        }
        reply
    }

    /// The same call with another start.
    fn link(self, call: &Call<'_>, start: i64, relation: &str) -> String {
        let query = String::from_utf8_lossy(&call.request.query);
        let others = query.split('&').filter(|pair| {
            !pair.is_empty() && !pair.starts_with("start=") && !pair.starts_with("limit=")
        });
        let mut pairs: Vec<String> = others.map(escaped).collect();
        pairs.push(format!("start={start}&limit={}", self.limit));
        let base = call.base_url();
        format!("<{base}{}?{}>; rel=\"{relation}\"", escaped(&call.request.path), pairs.join("&"))
    }
}

/// Without what would end the link; clients send it encoded, and others see it so here.
fn escaped(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"');
    text.chars()
        .map(|c| if plain(c) { c.to_string() } else { super::shape::in_query(&c.to_string()) })
        .collect()
}

/// The part of a whole list that a call asks for.
pub fn paged<T, S: Serialize>(
    call: &Call<'_>,
    items: &[T],
    shape: impl Fn(&T) -> S,
) -> Result<Reply, Error> {
    let page = Page::of(call);
    let part: Vec<S> = page.slice(items).iter().map(shape).collect();
    page.reply(call, &part, i64::try_from(items.len()).unwrap_or(i64::MAX))
}
