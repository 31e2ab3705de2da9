//! Which requests for pictures are refused, and what they may ask for, by the rules against floods of
//! variants and against pages elsewhere.
//!
//! What a signature, a rule or a bucket is, other modules know. Here they meet the request.

use http::header;

use super::metrics::Cause;
use super::sign_in::session::now_s;
use super::{App, Error, client};
use crate::auth::Identity;
use crate::http::Request;
use crate::process::Rates;
use crate::protection::{Demands, Referers, Signatures, Verdict};
use crate::spec::Sizes;

/// The name of our own key: no setting can name one like this.
pub const OWN_KEY: &str = "~";

/// The smallest part of a picture that a tile counts as.
const SMALLEST_SHARE: f64 = 1.0 / 16.0;

/// The rules of this installation.
#[derive(Debug)]
pub struct Protection {
    /// The keys whose signatures are taken, our own among them.
    pub signatures: Signatures,
    /// Where addresses have to be signed.
    pub demands: Demands,
    /// The sizes that may be asked for.
    pub sizes: Option<Sizes>,
    /// How many new pictures a client may have made.
    pub rates: Option<Rates>,
    /// The pages that may show pictures.
    pub referers: Option<Referers>,
    /// Whether those who have signed in are spared.
    pub spares_users: bool,
}

/// What a request has to show for itself.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    verdict: Verdict,
    /// Its sender has signed in, which frees from all rules.
    spared: bool,
}

impl Pass {
    /// Whether it may ask for what others may not: somebody who has a key vouches for it.
    fn is_vouched(self) -> bool {
        self.spared || matches!(self.verdict, Verdict::Good { .. })
    }

    /// Whether its address bears a signature that is good.
    pub fn is_signed(self) -> bool {
        matches!(self.verdict, Verdict::Good { .. })
    }

    /// When its address is no longer good, in seconds since 1970.
    pub fn expires_s(self) -> Option<i64> {
        match self.verdict {
            Verdict::Good { expires_s } => expires_s,
            _ => None,
        }
    }
}

impl Protection {
    /// Whether any rule depends on who asks, or on how.
    fn is_on(&self) -> bool {
        !self.demands.is_empty()
            || self.sizes.is_some()
            || self.rates.is_some()
            || self.referers.is_some()
    }

    /// Looks at what a request shows.
    pub fn pass(&self, request: &Request, identity: &Identity) -> Pass {
        let verdict = if self.is_on() {
            let path = client::path(request);
            self.signatures.judge(&path, &request.query, now_s())
        } else {
            Verdict::Unsigned
        };
        let signed_in = matches!(identity, Identity::User { .. });
        Pass { verdict, spared: signed_in && self.spares_users && self.is_on() }
    }

    /// Whether shared caches may keep what a request gets: not if others would not get it for the same
    /// address.
    pub fn is_for_all(&self, pass: Pass) -> bool {
        !pass.spared && self.referers.is_none()
    }

    /// The sizes that a request may ask for, if not all.
    pub fn sizes(&self, pass: Pass) -> Option<&Sizes> {
        self.sizes.as_ref().filter(|_| !pass.is_vouched())
    }

    /// Whether somebody may put addresses together without signing them.
    pub fn leaves_free(&self, identity: &Identity) -> bool {
        let signed_in = matches!(identity, Identity::User { .. });
        self.demands.is_empty() || signed_in && self.spares_users
    }

    /// Whether addresses of ours are signed.
    pub fn signs(&self) -> bool {
        self.is_on()
    }

    /// An address of ours as it may be put into a page: signed where that makes a difference. `query` is
    /// what follows the question mark.
    pub fn address(&self, path: &str, query: &str) -> String {
        let signed = if self.is_on() {
            self.signatures.sign(path, query.as_bytes(), Some(OWN_KEY), None)
        } else {
            None
        };
        format!("{path}?{}", signed.as_deref().unwrap_or(query))
    }
}

/// Fails unless a request comes from a page that may show pictures, or from somebody who is spared.
pub fn require_page(app: &App, request: &Request, pass: Pass) -> Result<(), Error> {
    if pass.spared || comes_from_allowed_page(app, request) {
        return Ok(());
    }
    app.meters.refused(Cause::Referer);
    Err(Error::refused("Referer: pictures of this server may not be shown on this page."))
}

/// Whether a request comes from a page that may show pictures.
pub fn comes_from_allowed_page(app: &App, request: &Request) -> bool {
    let Some(referers) = &app.protection.referers else { return true };
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let public = app.public_base_url.split_once("://").map(|(_, rest)| rest);
    let public = public.and_then(|rest| rest.split('/').next());
    let referer = request.headers.get(header::REFERER).map(|referer| referer.as_bytes());
    referers.allow(referer, host.into_iter().chain(public))
}

/// What a picture is made of, as far as rules about signatures go.
pub struct Parts<'a> {
    /// The folders of the picture and of what the request lays over it.
    pub folders: [Option<&'a str>; 2],
    /// The templates that have a part in it.
    pub templates: &'a [i64],
    /// Whether it is asked for as the templates have it.
    pub plain: bool,
}

/// Fails where the address has to be signed and is not.
pub fn require_signature(app: &App, pass: Pass, parts: &Parts<'_>) -> Result<(), Error> {
    let demands = &app.protection.demands;
    if pass.is_vouched() || demands.is_empty() {
        return Ok(());
    }
    let mut demanded = parts.folders.iter().flatten().any(|folder| demands.in_folder(folder));
    if demands.ask_for_templates() {
        let templates = app.store.templates()?;
        let name = |id: &i64| templates.by_id(*id).map(|template| template.name.clone());
        let names: Vec<String> = parts.templates.iter().filter_map(name).collect();
        demanded = demands.by_templates(&names, parts.plain).unwrap_or(demanded);
    }
    if !demanded {
        return Ok(());
    }
    app.meters.refused(Cause::Signature);
    Err(match pass.verdict {
        Verdict::Unsigned | Verdict::Good { .. } => {
            Error::refused("signature: this picture is only sent for addresses that were signed.")
        }
        Verdict::Wrong => Error::refused("signature: it is not the signature of this address."),
        Verdict::UnknownKey => Error::refused("keyid: there is no key of this name."),
        Verdict::Expired => Error::refused("expires: the time of this address is over."),
        Verdict::NoTime => Error::parameter("expires", "must be whole seconds since 1970"),
    })
}

/// Fails when the client has had too many new pictures made. `cells` is how many tiles the picture is
/// cut into, 1 if it is not. A signature says nothing of tiles: of one address there are very many.
pub fn require_rate(app: &App, request: &Request, pass: Pass, cells: u16) -> Result<(), Error> {
    let is_free = pass.spared || pass.is_signed() && cells <= 1;
    let Some(rates) = app.protection.rates.as_ref().filter(|_| !is_free) else {
        return Ok(());
    };
    let share = (1.0 / f64::from(cells.max(1))).max(SMALLEST_SHARE);
    rates.take(client::address(app, request), share).map_err(|wait| {
        app.meters.refused(Cause::Rate);
        Error::too_many_pictures(wait.as_secs_f64().ceil() as u64)
    })
}
