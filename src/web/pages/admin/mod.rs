//! The pages of those who look after the installation: who is let in, and the way between them.

pub mod acts;
mod audit;
mod cache;
mod explain;
mod groups;
mod maintenance;
mod outcome;
mod overview;
mod permissions;
mod recycled;
mod settings;
mod tags;
mod tasks;
mod templates;
mod users;

use std::sync::Arc;

use super::frame::{Frame, has_folder, require_user};
use crate::auth::{Identity, Level, Rights, SystemPermission};
use crate::http::Request;
use crate::web::{App, Error, who};

pub use audit::audit;
pub use cache::cache;
pub use explain::explain;
pub use groups::{group, groups, new_group, type_key};
pub use maintenance::maintenance;
pub use overview::overview;
pub use permissions::permissions;
pub use recycled::recycled;
pub use settings::settings;
pub use tags::tags;
pub use tasks::tasks;
pub use templates::{in_words, new_template, template, templates};
pub use users::{new_user, user, users, was as was_of_user};

/// A page, and who is offered it.
struct Place {
    key: &'static str,
    about: &'static str,
    href: &'static str,
    may: May,
}

/// Who is offered a page.
enum May {
    /// Whoever has a permission.
    Have(SystemPermission),
    /// Whoever may delete something somewhere.
    Delete,
}

impl May {
    fn is_met(&self, rights: &Rights, identity: &Identity) -> bool {
        match *self {
            Self::Have(permission) => rights.has(identity, permission),
            Self::Delete => has_folder(rights, identity, Level::Delete),
        }
    }
}

/// Every page, by what it is about.
const PLACES: [(&str, &[Place]); 3] = [
    (
        "admin-people",
        &[
            Place {
                key: "users-title",
                about: "users-about",
                href: "/admin/users",
                may: May::Have(SystemPermission::AdminUsers),
            },
            Place {
                key: "groups-title",
                about: "groups-about",
                href: "/admin/groups",
                may: May::Have(SystemPermission::AdminUsers),
            },
            Place {
                key: "permissions-title",
                about: "permissions-about",
                href: "/admin/permissions",
                may: May::Have(SystemPermission::AdminPermissions),
            },
            Place {
                key: "explain-title",
                about: "explain-about",
                href: "/admin/permissions/explain",
                may: May::Have(SystemPermission::AdminPermissions),
            },
        ],
    ),
    (
        "admin-pictures",
        &[
            Place {
                key: "templates-title",
                about: "templates-about",
                href: "/admin/templates",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "tags-title",
                about: "tags-about",
                href: "/admin/tags",
                may: May::Have(SystemPermission::AdminFiles),
            },
            Place {
                key: "recycled-title",
                about: "recycled-about",
                href: "/admin/recycled",
                may: May::Delete,
            },
        ],
    ),
    (
        "admin-server",
        &[
            Place {
                key: "status-title",
                about: "status-about",
                href: "/status",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "tasks-title",
                about: "tasks-about",
                href: "/admin/tasks",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "cache-title",
                about: "cache-about",
                href: "/admin/cache",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "maintenance-title",
                about: "maintenance-about",
                href: "/admin/maintenance",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "settings-title",
                about: "settings-about",
                href: "/admin/settings",
                may: May::Have(SystemPermission::AdminAll),
            },
            Place {
                key: "audit-title",
                about: "audit-about",
                href: "/admin/audit",
                may: May::Have(SystemPermission::AdminAll),
            },
        ],
    ),
];

/// A part of the administration in the navigation.
pub struct Section {
    /// Its heading.
    pub key: &'static str,
    /// Its pages.
    pub pages: Vec<SectionPage>,
}

/// A page in the navigation of the administration.
pub struct SectionPage {
    /// Its title.
    pub key: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its address.
    pub href: &'static str,
    /// Whether it, or a page below it, is looked at.
    pub is_here: bool,
}

/// Somebody who was let in.
pub struct Desk {
    /// Who.
    pub identity: Identity,
    /// Everybody's rights at this moment.
    pub rights: Arc<Rights>,
    /// What every page gets.
    pub f: Frame,
    /// The pages that are offered.
    pub sections: Vec<Section>,
}

/// Lets somebody in who has a permission: 401 for nobody known, 403 for others.
pub fn enter(app: &App, request: &Request, may: SystemPermission) -> Result<Desk, Error> {
    let desk = sit_down(app, request)?;
    who::require_system(app, &desk.identity, may)?;
    Ok(desk)
}

/// Lets anybody in who is signed in.
pub fn sit_down(app: &App, request: &Request) -> Result<Desk, Error> {
    let identity = who::identify(app, request)?;
    require_user(&identity)?;
    // What was just changed may have been changed by another worker.
    app.store.refresh()?;
    let rights = app.store.rights()?;
    let f = Frame::of(app, request, &identity);
    let sections = sections(&rights, &identity, request.path.trim_end_matches('/'));
    Ok(Desk { identity, rights, f, sections })
}

/// Whether somebody administers anything. Who does not, and may delete something, finds the recycle folder elsewhere.
pub fn is_offered(rights: &Rights, identity: &Identity) -> bool {
    let mut places = PLACES.iter().flat_map(|(_, places)| places.iter());
    places.any(|place| matches!(place.may, May::Have(it) if rights.has(identity, it)))
}

/// The address of the page that an address belongs to: its own, or the nearest above it.
fn nearest(path: &str) -> Option<&'static str> {
    let all = PLACES.iter().flat_map(|(_, places)| places.iter().map(|place| place.href));
    let within = |href: &&'static str| {
        path.strip_prefix(*href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    all.filter(within).max_by_key(|href| href.len())
}

fn sections(rights: &Rights, identity: &Identity, path: &str) -> Vec<Section> {
    if !is_offered(rights, identity) {
        return Vec::new();
    }
    let here = nearest(path);
    let page = |place: &Place| SectionPage {
        key: place.key,
        about: place.about,
        href: place.href,
        is_here: here == Some(place.href),
    };
    let section = |&(key, places): &(&'static str, &'static [Place])| Section {
        key,
        pages: places.iter().filter(|place| place.may.is_met(rights, identity)).map(page).collect(),
    };
    let mut sections: Vec<Section> = PLACES.iter().map(section).collect();
    sections.retain(|section| !section.pages.is_empty());
    sections
}

/// The number that a part of the path is, counted from 0; 404 for anything else.
fn id_in_path(request: &Request, at: usize) -> Result<i64, Error> {
    let part = request.path.trim_matches('/').split('/').nth(at);
    part.and_then(|part| part.parse().ok()).ok_or_else(Error::not_found)
}

/// The text of a level.
pub fn level_key(level: Level) -> &'static str {
    match level {
        Level::None => "level-none",
        Level::View => "level-view",
        Level::Download => "level-download",
        Level::Edit => "level-edit",
        Level::Upload => "level-upload",
        Level::Delete => "level-delete",
        Level::CreateFolder => "level-create-folder",
        Level::DeleteFolder => "level-delete-folder",
    }
}

/// A level that can be chosen.
struct LevelChoice {
    access: i64,
    key: &'static str,
    is_here: bool,
}

/// Every level, one of them chosen.
fn level_choices(chosen: Option<Level>) -> Vec<LevelChoice> {
    let choice = |level: Level| LevelChoice {
        access: level.access(),
        key: level_key(level),
        is_here: chosen == Some(level),
    };
    Level::ALL.into_iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_that_is_looked_at_is_the_nearest_above_the_address() {
        for (path, page) in [
            ("/admin", None),
            ("/admin/users", Some("/admin/users")),
            ("/admin/users/5", Some("/admin/users")),
            ("/admin/usersx", None),
            ("/admin/permissions", Some("/admin/permissions")),
            ("/admin/permissions/explain", Some("/admin/permissions/explain")),
            ("/status", Some("/status")),
        ] {
            assert_eq!(nearest(path), page, "{path}");
        }
    }

    #[test]
    fn nobody_is_offered_anything() {
        let rights = Rights::default();
        assert!(sections(&rights, &Identity::Anonymous, "/admin/users").is_empty());
        assert!(!is_offered(&rights, &Identity::Anonymous));
    }
}
