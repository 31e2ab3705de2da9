//! The portfolios that somebody may see: one's own, then those of others.

use std::collections::HashMap;

use askama::Template;

use super::{Seen, address, small};
use crate::auth::{Identity, Level, Rights};
use crate::db::folio_images::{self, Shown};
use crate::db::folios::{self, ACCESS_VIEW, Folio};
use crate::db::{baskets, folio_exports};
use crate::http::{Progress, Request, Response};
use crate::portfolio;
use crate::source::SourcePath;
use crate::web::api::folios::query_of;
use crate::web::api::supported;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

/// The side of covers, in pixels.
const COVER: u32 = 480;

#[derive(Template)]
#[template(path = "portfolios.html")]
struct List {
    f: Frame,
    sections: Vec<Section>,
    pager: Pager,
}

/// Portfolios under a heading.
struct Section {
    id: &'static str,
    key: &'static str,
    cards: Vec<Card>,
}

struct Card {
    name: String,
    href: String,
    cover: String,
    count: usize,
    seen: Seen,
    is_basket: bool,
    downloads: usize,
}

/// `GET /portfolios`
pub fn list(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let query = Form::of_query(request)?;
    let rights = app.store.rights()?;
    let mut all = folios::all(&app.db)?;
    all.retain(|folio| portfolio::level(&rights, &identity, folio) >= ACCESS_VIEW);
    let is_own =
        |folio: &Folio| identity.user_id().is_some() && folio.owner_id == identity.user_id();
    // One's own stand first, the latest changed of them before the others; those of others by name.
    all.sort_by_key(|folio| match is_own(folio) {
        true => (false, -folio.last_updated_ms),
        false => (true, 0),
    });
    let pager =
        Pager::of(all.len(), given(&query, "page"), |page| format!("/portfolios?page={page}"));
    let part = &all[pager.start()..(pager.start() + PER_PAGE).min(all.len())];
    let f = Frame::of(app, request, &identity);
    let cards = Cards::read(app, &rights, &identity, part)?;
    let card = |folio: &&Folio| cards.card(app, folio);
    let (own, others): (Vec<&Folio>, Vec<&Folio>) = part.iter().partition(|folio| is_own(folio));
    let of_others = if f.user.is_empty() { "portfolios-public" } else { "portfolios-others" };
    let mut sections = Vec::new();
    for (id, key, folios) in [("own", "portfolios-own", own), ("others", of_others, others)] {
        if !folios.is_empty() {
            sections.push(Section { id, key, cards: folios.iter().map(card).collect() });
        }
    }
    let page = List { sections, pager, f };
    Ok(page.f.send(&page))
}

/// What cards of portfolios show.
struct Cards<'a> {
    rights: &'a Rights,
    identity: &'a Identity,
    basket: Option<i64>,
    /// The first picture, and how many there are, of those that may be seen.
    pictures: HashMap<i64, (Shown, usize)>,
    downloads: HashMap<i64, usize>,
}

impl<'a> Cards<'a> {
    fn read(
        app: &App,
        rights: &'a Rights,
        identity: &'a Identity,
        folios: &[Folio],
    ) -> Result<Self, Error> {
        let ids: Vec<i64> = folios.iter().map(|folio| folio.id).collect();
        let mut pictures: HashMap<i64, (Shown, usize)> = HashMap::new();
        for shown in folio_images::shown(&app.db, &ids)? {
            let Ok(path) = SourcePath::parse(&shown.path) else { continue };
            if rights.level(identity, path.folder()) < Level::View {
                continue;
            }
            let entry = pictures.entry(shown.folio_id).or_insert_with(|| (shown, 0));
            entry.1 += 1;
        }
        let now = crate::db::now_ms();
        let mut downloads: HashMap<i64, usize> = HashMap::new();
        for export in folio_exports::all_ready(&app.db)? {
            if export.keep_until_ms > now {
                *downloads.entry(export.folio_id).or_default() += 1;
            }
        }
        let basket = identity.user_id().map(|id| baskets::of_user(&app.db, id)).transpose()?;
        Ok(Self { rights, identity, basket: basket.flatten(), pictures, downloads })
    }

    fn card(&self, app: &App, folio: &Folio) -> Card {
        let pictures = self.pictures.get(&folio.id);
        let cover = pictures.filter(|(shown, _)| supported(&shown.path));
        let cover = cover
            .map(|(shown, _)| small(app, &query_of(&shown.parameters), &shown.path, None, COVER));
        let may_change = portfolio::may_change(self.rights, self.identity, folio);
        let may_download =
            portfolio::level(self.rights, self.identity, folio) >= folios::ACCESS_DOWNLOAD;
        Card {
            name: folio.name.clone(),
            href: address(folio, if may_change { "edit" } else { "" }),
            cover: cover.unwrap_or_default(),
            count: pictures.map_or(0, |(_, count)| *count),
            seen: Seen::by(folio),
            is_basket: self.basket == Some(folio.id),
            downloads: self
                .downloads
                .get(&folio.id)
                .copied()
                .filter(|_| may_download)
                .unwrap_or_default(),
        }
    }
}
