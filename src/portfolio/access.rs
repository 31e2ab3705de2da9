//! Who may do what with a portfolio.

use crate::auth::{Identity, Rights, SystemPermission};
use crate::db::folios::{ACCESS_DOWNLOAD, ACCESS_NONE, Folio};
use crate::db::groups::{NORMAL_USERS, PUBLIC};

/// What somebody may do with a portfolio: one of the levels of [`crate::db::folios`]. Its owner and who
/// administers portfolios may do everything.
#[must_use]
pub fn level(rights: &Rights, identity: &Identity, folio: &Folio) -> i64 {
    if may_change(rights, identity, folio) {
        return ACCESS_DOWNLOAD;
    }
    let holds = |group: i64| match identity {
        Identity::Anonymous => group == PUBLIC,
        Identity::User { groups, .. } => {
            group == PUBLIC || group == NORMAL_USERS || groups.contains(&group)
        }
    };
    let levels = folio.permissions.iter().filter(|permission| holds(permission.group_id));
    levels.map(|permission| permission.access).max().unwrap_or(ACCESS_NONE)
}

/// Whether somebody may change, publish and delete a portfolio.
#[must_use]
pub fn may_change(rights: &Rights, identity: &Identity, folio: &Folio) -> bool {
    let own = identity.user_id().is_some() && identity.user_id() == folio.owner_id;
    own || rights.has(identity, SystemPermission::AdminFolios)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::SignedIn;
    use crate::db::folios::{ACCESS_VIEW, FolioPermission};

    fn user(id: i64) -> Identity {
        Identity::User {
            id,
            username: "somebody".into(),
            groups: [].into(),
            allow_api: true,
            via: SignedIn::Token,
        }
    }

    #[test]
    fn the_owner_may_all_and_others_what_they_are_granted() {
        let rights = Rights::default();
        for (public, internal, anonymous, other) in [
            (ACCESS_NONE, ACCESS_NONE, ACCESS_NONE, ACCESS_NONE),
            (ACCESS_NONE, ACCESS_VIEW, ACCESS_NONE, ACCESS_VIEW),
            (ACCESS_VIEW, ACCESS_NONE, ACCESS_VIEW, ACCESS_VIEW),
            (ACCESS_VIEW, ACCESS_DOWNLOAD, ACCESS_VIEW, ACCESS_DOWNLOAD),
            (ACCESS_DOWNLOAD, ACCESS_NONE, ACCESS_DOWNLOAD, ACCESS_DOWNLOAD),
        ] {
            let permissions = vec![
                FolioPermission { id: 1, group_id: PUBLIC, access: public },
                FolioPermission { id: 2, group_id: NORMAL_USERS, access: internal },
            ];
            let folio = Folio {
                id: 1,
                human_id: "a".into(),
                name: "A".into(),
                description: String::new(),
                owner_id: Some(7),
                last_updated_ms: 0,
                permissions,
            };
            assert_eq!(level(&rights, &Identity::Anonymous, &folio), anonymous);
            assert_eq!(level(&rights, &user(8), &folio), other);
            assert_eq!(level(&rights, &user(7), &folio), ACCESS_DOWNLOAD);
            assert!(may_change(&rights, &user(7), &folio));
            assert!(!may_change(&rights, &user(8), &folio));
            let orphan = Folio { owner_id: None, ..folio };
            assert!(!may_change(&rights, &Identity::Anonymous, &orphan));
        }
    }
}
