//! The people whom portfolios tell of: whose they are, and who did what with them.
//!
//! Ids are for everybody who may view a portfolio, names for who is signed in, and e-mail addresses for
//! who could ask for the account itself.

use std::collections::HashMap;

use super::super::call::Call;
use super::super::shape::UserShape;
use crate::auth::{Identity, SystemPermission};
use crate::db::users::{self, User};
use crate::web::Error;

/// Accounts by their ids, as far as the caller may know them.
pub struct People {
    by_id: HashMap<i64, User>,
}

impl People {
    /// The owners of all portfolios; nobody for a caller who is not signed in.
    pub fn owners(call: &Call<'_>) -> Result<Self, Error> {
        Self::known(call, || Ok(users::of_folios(call.db())?))
    }

    /// The owner of a portfolio and all in its history; nobody for a caller who is not signed in.
    pub fn of_folio(call: &Call<'_>, folio_id: i64) -> Result<Self, Error> {
        Self::known(call, || Ok(users::of_folio(call.db(), folio_id)?))
    }

    fn known(
        call: &Call<'_>,
        read: impl FnOnce() -> Result<Vec<User>, Error>,
    ) -> Result<Self, Error> {
        if matches!(call.identity, Identity::Anonymous) {
            return Ok(Self { by_id: HashMap::new() });
        }
        let (all, own) = (call.has(SystemPermission::AdminUsers)?, call.user_id());
        let seen = |user: User| {
            let email = if all || own == Some(user.id) { user.email } else { String::new() };
            (user.id, User { email, ..user })
        };
        Ok(Self { by_id: read()?.into_iter().map(seen).collect() })
    }

    /// The form of an account.
    pub fn tell(&self, id: Option<i64>) -> Option<UserShape> {
        self.by_id.get(&id?).map(UserShape::from)
    }
}
