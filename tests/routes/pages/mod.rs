//! The pages for people: what each shows to whom, and what their forms do without scripts.

mod account;
mod administration;
mod forms;
mod frame;
mod guides;
mod hostile;
mod library;
mod portfolios;
mod publish;
mod reports;
mod tables;
mod weight;

use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};

use crate::library as pictures;
use crate::people::account;
use crate::site::{Site, within};

/// A change holds everywhere after this time.
const IN_FORCE: Duration = Duration::from_secs(5);

/// A site with an open folder and a closed one, and three accounts: "reader", who may look into the
/// closed one, "editor", who may do everything everywhere, and "stranger", who may do neither.
fn library_of_three() -> Site {
    let site = Site::start("", |images| {
        for path in ["open/one.png", "open/two.png", "open/deep/three.png", "closed/four.png"] {
            pictures::plain(&images.join(path), 60, 40, [200, 100, 50]);
        }
    });
    let group = |name: &str| {
        let group = halftone::db::groups::insert(site.db(), name, "", 2).unwrap();
        halftone::db::groups::add_member(site.db(), group, account(&site, name, false)).unwrap();
        group
    };
    let (reader, editor) = (group("reader"), group("editor"));
    account(&site, "stranger", false);
    site.permit("/", PUBLIC, Level::View.access());
    site.permit("/closed", PUBLIC, Level::None.access());
    site.permit("/closed", NORMAL_USERS, Level::None.access());
    site.permit("/closed", reader, Level::View.access());
    site.permit("/", editor, Level::DeleteFolder.access());
    site.permit("/closed", editor, Level::DeleteFolder.access());
    within(IN_FORCE, "rights hold", || site.status("/browse?path=closed") == 403);
    site
}
