//! The shortest hit: a picture that was sent a moment ago, answered on the event loop.
//!
//! A request whose query was answered before needs no parsing and no look at the disk while three
//! things are fresh: the memory tier holds the picture, the file's state was looked at within the
//! last second, and rights and templates are those that the answer was made with. Anything else
//! goes to a request thread. There the same memory spares parsing where only the memory tier has lost
//! the picture; all else goes the whole way, which refreshes all three.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, header};

use super::asked::{Asked, accepts};
use super::respond::Head;
use super::seen::{self, Seen, Versions};
use super::subject::Subject;
use crate::auth::Identity;
use crate::cache::{Entry, Key};
use crate::http::{Request, Response};
use crate::spec::Accepts;
use crate::web::metrics::Verdict;
use crate::web::sign_in::session;
use crate::web::{App, count, protection};

/// The only path that is answered this way.
const PATH: &str = "/image";

/// Longest query that is remembered.
const LONGEST_QUERY: usize = 512;

/// Queries remembered for each class of clients; when there are more, all are forgotten, and those still wanted come back with
/// their next request.
const MOST: usize = 4_096;

/// What an answer was made of.
pub struct Memo {
    /// The specification and the path.
    pub asked: Asked,
    /// The original.
    pub subject: Subject,
    /// The original that is laid over it.
    pub overlay: Option<Subject>,
    /// The picture's key.
    pub key: Key,
    /// What it is sent with.
    pub head: Head,
    /// Until when that is right, in seconds since 1970.
    pub right_until_s: Option<i64>,
}

impl Memo {
    /// Whether the answer may still be given like that.
    fn is_right(&self) -> bool {
        self.right_until_s.is_none_or(|until_s| session::now_s() < until_s)
    }
}

/// The answers of this worker to anonymous requests, by query.
#[derive(Default)]
pub struct Memos(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Those that all of these were made with.
    versions: Versions,
    /// One map for each class of clients, since `format=auto` answers each in its own way.
    by_query: [HashMap<Box<[u8]>, Arc<Memo>>; Accepts::CLASSES],
}

impl Memos {
    /// Remembers how a request was answered, going by what was `seen`, if it may be answered that way again.
    pub fn remember(
        &self,
        app: &App,
        request: &Request,
        identity: &Identity,
        seen: &Seen,
        memo: Memo,
    ) {
        let anonymous = matches!(identity, Identity::Anonymous);
        let spec = &memo.asked.spec;
        // A colour profile may change without this memory hearing of it.
        let lasting = spec.delivery.xref.is_none() && spec.recipe.icc.is_none() && memo.is_right();
        if !anonymous || !is_plain(request) || !lasting {
            return;
        }
        let Some(versions) = seen.fresh_versions(app) else { return };
        let mut known = self.lock();
        if known.versions != versions {
            *known = Known { versions, ..Known::default() };
        }
        let by_query = &mut known.by_query[accepts(request).class()];
        if by_query.len() >= MOST {
            by_query.clear();
        }
        by_query.insert(request.query.as_slice().into(), memo.into());
    }

    /// Answers from what is known and what `get` finds, or not at all.
    pub fn answer(
        &self,
        app: &App,
        request: &Request,
        get: impl FnOnce(&Key) -> Option<Entry>,
    ) -> Option<Response> {
        if !is_plain(request) || !protection::comes_from_allowed_page(app, request) {
            return None;
        }
        let versions = seen::fresh(app)?;
        let memo = {
            let known = self.lock();
            if known.versions != versions {
                return None;
            }
            known.by_query[accepts(request).class()].get(request.query.as_slice())?.clone()
        };
        if !memo.is_right() || app.repository.cached_stat(&memo.asked.path)? != memo.subject.stat {
            return None;
        }
        if memo.asked.spec.recipe.uses_focus() && !memo.subject.keeps_focus(app, &memo.asked.path) {
            return None;
        }
        if let (Some(path), Some(overlay)) = (&memo.asked.overlay, &memo.overlay)
            && app.repository.cached_stat(path)? != overlay.stat
        {
            return None;
        }
        let (response, verdict) = match memo.head.unchanged(request, Some(0)) {
            Some(response) => (response, Verdict::Unchanged),
            None => {
                let body = get(&memo.key)?.body;
                (memo.head.found(body, true, request, Some(0)), Verdict::Memory)
            }
        };
        app.meters.picture(verdict);
        let delivery = &memo.asked.spec.delivery;
        count::picture(app, &memo.subject, delivery, &response, request, true);
        Some(response)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request says nothing that could change the answer besides its query and the class of
/// its client.
fn is_plain(request: &Request) -> bool {
    let read = request.method == Method::GET || request.method == Method::HEAD;
    read && request.path == PATH
        && request.query.len() <= LONGEST_QUERY
        && request.client.remote_user.is_none()
        && !request.headers.contains_key(header::COOKIE)
        && !request.headers.contains_key(header::AUTHORIZATION)
}
