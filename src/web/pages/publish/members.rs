//! The pictures that a gallery or a slideshow is made of: one, those of its folder, or those of the basket.

use super::usual_alt;
use crate::auth::{Identity, Level};
use crate::db::image_views::{self, ImageView};
use crate::db::{STATUS_ACTIVE, baskets, folio_images};
use crate::web::pages::listing::{self, SORTS};
use crate::web::{App, Error};

/// The most pictures that code is written for.
pub const MOST: usize = 100;

/// A picture of a gallery.
pub struct Member {
    /// Its path.
    pub path: String,
    /// What to say of it to those who do not see it.
    pub alt: String,
}

/// The pictures that a word of the address means, in their order, and how many there are in all; none for the one
/// picture.
pub fn members(
    app: &App,
    identity: &Identity,
    view: &ImageView,
    of: &str,
) -> Result<(Vec<Member>, usize), Error> {
    let views = match of {
        "folder" => {
            let mut paths = listing::pictures(app, &view.folder, SORTS[0])?;
            let count = paths.len();
            paths.truncate(MOST);
            let known = image_views::by_paths(&app.db, &paths)?;
            let member = |path: String| {
                let view = known.iter().find(|view| view.path == path);
                Member { alt: view.map(usual_alt).unwrap_or_default().to_owned(), path }
            };
            return Ok((paths.into_iter().map(member).collect(), count));
        }
        "basket" => of_basket(app, identity)?,
        _ => Vec::new(),
    };
    let member =
        |view: &ImageView| Member { path: view.path.clone(), alt: usual_alt(view).to_owned() };
    Ok((views.iter().take(MOST).map(member).collect(), views.len()))
}

fn of_basket(app: &App, identity: &Identity) -> Result<Vec<ImageView>, Error> {
    let folio = identity.user_id().map(|user| baskets::of_user(&app.db, user)).transpose()?;
    let Some(folio) = folio.flatten() else { return Ok(Vec::new()) };
    let rights = app.store.rights()?;
    let images = folio_images::of_folio(&app.db, folio)?.into_iter().map(|one| one.image);
    let is_seen = |image: &ImageView| {
        image.status == STATUS_ACTIVE && rights.level(identity, &image.folder.path) >= Level::View
    };
    Ok(images.filter(is_seen).collect())
}
