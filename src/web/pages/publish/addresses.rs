//! Addresses of pictures as they go into pages: ours, and other people's.

use super::wanted::Pair;
use crate::auth::Identity;
use crate::http::Request;
use crate::web::api::in_query;
use crate::web::{App, Error, client};

/// Makes addresses.
pub struct Addresses<'a> {
    app: &'a App,
    /// What this server is reached by, without a slash at the end.
    pub base: String,
    /// Whether addresses are signed where that makes a difference.
    pub signs: bool,
}

impl<'a> Addresses<'a> {
    /// For a visitor. Nobody but who is signed in has addresses signed.
    ///
    /// # Errors
    /// 401 where addresses have to be signed and nobody is signed in.
    pub fn new(app: &'a App, request: &Request, identity: &Identity) -> Result<Self, Error> {
        let signs = matches!(identity, Identity::User { .. });
        if !signs && !app.protection.leaves_free(identity) {
            return Err(Error::sign_in());
        }
        Ok(Self { app, base: client::base_url(app, request), signs })
    }

    /// An address below this server's, for our own pages.
    pub fn local(&self, pairs: &[Pair]) -> String {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, text)| format!("{name}={}", in_query(text))).collect();
        let query = pairs.join("&");
        if self.signs {
            self.app.protection.address("/image", &query)
        } else {
            format!("/image?{query}")
        }
    }

    /// A whole address, for other people's pages.
    pub fn whole(&self, pairs: &[Pair]) -> String {
        format!("{}{}", self.base, self.local(pairs))
    }

    /// The largest size up to this one that may be asked for.
    pub fn up_to(&self, pixels: u32) -> u32 {
        let sizes = self.app.protection.sizes.as_ref().filter(|_| !self.is_signed());
        sizes.map_or(pixels, |sizes| sizes.up_to(pixels))
    }

    /// Whether what comes out is signed.
    pub fn is_signed(&self) -> bool {
        self.signs && self.app.protection.signs()
    }
}
