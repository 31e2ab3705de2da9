//! Everything that answers a request: the router, the handlers, the pages, and the one error that
//! leaves the program.
//!
//! Knows all parts that an answer is made of, and nothing of processes, sockets or settings files:
//! `cli` makes an [`App`] of those parts and hands it to whatever carries requests.

pub mod api;
pub mod assets;
mod client;
mod count;
mod error;
mod handed;
mod health;
pub mod image;
pub mod metrics;
mod pages;
pub mod protection;
mod router;
pub mod sign_in;
mod templates;
pub mod text;
mod waiting;
mod who;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::{Method, header};

pub use error::Error;
pub use health::{Health, Part as HealthPart};
use image::{Memos, Prepare, Xref};
use metrics::Meters;
use protection::Protection;
pub use router::shows_pictures;
pub use templates::ParsedTemplates;
pub use waiting::TaskWaits;

use crate::auth::RightsStore;
use crate::cache::flight::Flights;
use crate::cache::{Cache, Key};
use crate::config::{self, Network};
use crate::db::image_ids::ImageIds;
use crate::db::{self, Db};
use crate::http::{Answer, Later, Progress, Request, Response, Service, Stage, Then};
use crate::library::Library;
use crate::pixel::Engine;
use crate::portfolio::Exports;
use crate::process::slots::Slots;
use crate::profiles::Profiles;
use crate::source::{Repository, SourcePath};
use crate::spec::Rules;
use crate::stats::Counters;
use error::{in_words, label};
use router::{Found, Handler, Route};

/// The parts of a worker that answers requests.
pub struct App {
    /// The database.
    pub db: Db,
    /// Rights and templates as last known.
    pub store: Arc<RightsStore>,
    /// Templates as parameters.
    pub templates: ParsedTemplates,
    /// The originals.
    pub repository: Arc<Repository>,
    /// Published portfolios.
    pub exports: Exports,
    /// The colour profiles that requests may name.
    pub profiles: Profiles,
    /// Which image a path is.
    pub image_ids: Arc<ImageIds>,
    /// What people do with originals.
    pub library: Arc<Library>,
    /// Answers that wait for tasks.
    pub task_waits: TaskWaits,
    /// Made pictures.
    pub cache: Arc<Cache>,
    /// One maker per picture.
    pub flights: Flights,
    /// How many pictures are made at once.
    pub slots: Slots,
    /// The same for those that are made from files which another program reads.
    pub program_slots: Slots,
    /// Makes pictures.
    pub engine: Engine,
    /// How the engine is set up, as a part of every key.
    pub engine_signature: String,
    /// Prepared reductions, unless there are to be none.
    pub reductions: Option<Prepare>,
    /// Answers that the event loop may give again.
    pub memos: Memos,
    /// Statistics.
    pub counters: Arc<Counters>,
    /// What this worker does, for whoever watches.
    pub meters: Meters,
    /// Who may read metrics.
    pub metrics_from: Vec<Network>,
    /// Whether all that answers depend on is there.
    pub health: Health,
    /// The rules against floods of variants.
    pub protection: Protection,
    /// The picture that stands in for those that there are not, if one does.
    pub placeholder: Option<SourcePath>,
    /// Whom to tell of `xref`.
    pub xref: Xref,
    /// Bounds on parameters.
    pub rules: Rules,
    /// The largest width and height for callers who are not signed in, 0 for no limit.
    pub public_limit: Option<(u32, u32)>,
    /// How long clients may keep what no template says otherwise of.
    pub default_expiry_s: i64,
    /// For how long front servers may keep what everybody may see, in seconds; 0 for not at all.
    pub edge_s: u32,
    /// Whether front servers that can may send files themselves.
    pub front_sends_files: bool,
    /// How long a request waits for its turn to make a picture.
    pub image_wait: Duration,
    /// The settings that hold, as administrators are shown them.
    pub settings: Vec<config::Shown>,
    /// The address that people reach the server by; empty when it is not known.
    pub public_base_url: String,
    /// Which other sites' pages may call the API.
    pub cors: api::Cors,
    /// Proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<Network>,
    /// How people and programs sign in.
    pub sign_in: sign_in::SignIn,
    /// This installation among others that share a cache.
    pub installation: OnceLock<String>,
}

impl App {
    /// The random name of this installation, asked of the database once.
    fn installation(&self) -> Result<&str, Error> {
        if let Some(known) = self.installation.get() {
            return Ok(known);
        }
        let id = db::properties::installation_id(&self.db)?;
        Ok(self.installation.get_or_init(|| id))
    }

    fn answer(self: &Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
        let result = match router::find(&request) {
            Found::Api(path) => return api::answer(self, request, progress, path),
            Found::Form(method, path) => {
                return api::answer_form(self, request, progress, &method, path);
            }
            Found::LeftForm => api::leave_form(self, &request),
            Found::Route(Route { handler: Handler::Plain(answer), .. }) => {
                answer(self, &request, progress)
            }
            Found::Route(Route { handler: Handler::Picture(source), .. }) => {
                return image::answer(self, request, progress, *source);
            }
            Found::Options(allow) => Ok(router::options(allow)),
            Found::Nothing => Err(Error::not_found()),
            Found::WrongMethod(allow) => {
                let error = Error::method_not_allowed();
                let mut response = pages::error_page(self, &request, &error);
                response.headers.insert(header::ALLOW, allow);
                Ok(response)
            }
        };
        self.finish(&request, result).into()
    }

    /// What every answer has, however it came about.
    fn finish(&self, request: &Request, result: Result<Response, Error>) -> Response {
        let mut response = result.unwrap_or_else(|error| {
            error.log(&subject(self, request));
            let mut response = pages::error_page(self, request, &error);
            // Viewers on other sites' pages ask why a picture did not come, and when to ask again.
            if shows_pictures(&request.path) {
                self.cors.allow(request, &mut response.headers);
            }
            count::failed(self, &error, &response, request);
            response
        });
        sign_in::session::renew(self, request, &mut response);
        response
    }

    /// Answers, and counts whatever comes of it.
    fn answer_counted(self: &Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
        let (kind, received) = (metrics::Kind::of(&request.path), request.received);
        counted(self.answer(request, progress), self.meters.clone(), kind, received)
    }
}

/// An answer that is counted once there is a response.
fn counted(answer: Answer, meters: Meters, kind: metrics::Kind, received: Instant) -> Answer {
    match answer {
        Answer::Now(response) => {
            meters.answered(kind, &response, received);
            response.into()
        }
        Answer::Later(later) => {
            let then = counted_then(later.then, meters, kind, received);
            Answer::Later(Later { then, ..later })
        }
        Answer::Make(then) => Answer::Make(counted_then(then, meters, kind, received)),
    }
}

fn counted_then(then: Then, meters: Meters, kind: metrics::Kind, received: Instant) -> Then {
    Box::new(move |progress| counted(then(progress), meters, kind, received))
}

impl Service for App {
    fn try_now(&self, request: &Request) -> Option<Response> {
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        let response = match request.path.as_str() {
            health::LIVE if reads => Some(health::live()),
            health::READY if reads => self.health.answer_now(),
            _ => self.memos.answer(self, request, |key| self.cache.get_memory(key)),
        };
        if let Some(response) = &response {
            self.meters.answered(metrics::Kind::of(&request.path), response, request.received);
        }
        response
    }

    fn call(self: Arc<Self>, request: Request, progress: &dyn Progress) -> Answer {
        progress.enter(Stage::Routing);
        let mut hasher = DefaultHasher::new();
        (request.path.as_str(), &request.query).hash(&mut hasher);
        progress.url_hash(hasher.finish());
        // A key of this request's own: it counts the time that caches may take.
        let get = |key: &Key| self.cache.get(&Key::new(key.text().to_owned()));
        if let Some(response) = self.memos.answer(&self, &request, get) {
            self.meters.answered(metrics::Kind::Image, &response, request.received);
            return response.into();
        }
        self.answer_counted(request, progress)
    }

    fn note(&self, path: &str, response: &Response, received: Instant) {
        self.meters.answered(metrics::Kind::of(path), response, received);
    }
}

/// A request as the log names it: method and address, as they were sent, without what could break a
/// line.
fn subject(app: &App, request: &Request) -> String {
    let query = String::from_utf8_lossy(&request.query);
    // A token in an address is no less a secret.
    let query = if query.contains("token=") { "(hidden)".into() } else { query };
    let client = client::address(app, request).map(|addr| format!("{addr} ")).unwrap_or_default();
    let separator = if query.is_empty() { "" } else { "?" };
    format!("{client}{} {}{separator}{}", request.method, request.path, query.escape_debug())
}
