//! A portfolio as others see it: its pictures, and what can be downloaded.

use askama::Template;
use askama::filters::Safe;

use super::{Seen, address, closed_to_visitors, find, small};
use crate::auth::Level;
use crate::db::folio_images::FolioImage;
use crate::db::folios::ACCESS_VIEW;
use crate::db::{STATUS_ACTIVE, folio_exports, folio_images, now_ms};
use crate::http::{Progress, Request, Response};
use crate::portfolio;
use crate::spec::{Params, Rules};
use crate::web::api::folios::{query_of, require, require_download};
use crate::web::api::in_query;
use crate::web::pages::details::alt;
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::Pager;
use crate::web::pages::tiles::Space;
use crate::web::sign_in::Form;
use crate::web::{App, Error};

/// The longest side of pictures on the page, in pixels.
const SIDE: u32 = 720;

/// The width of pictures that are opened, unless the portfolio says another.
const LARGE: u32 = 2000;

#[derive(Template)]
#[template(path = "portfolio_show.html")]
struct Show {
    f: Frame,
    id: i64,
    name: String,
    description: String,
    seen: Seen,
    /// Where it is put together; blank for who may not.
    edit_href: String,
    /// How many of the pictures visitors do not see, for who may put it together.
    closed: usize,
    /// Those of this page.
    pictures: Vec<Picture>,
    total: usize,
    pager: Pager,
    downloads: Vec<Download>,
}

struct Picture {
    /// What stands for it where it cannot be seen.
    alt: String,
    title: String,
    description: String,
    small: String,
    large: String,
    /// Whether it is shown in no other size than the portfolio says.
    is_fixed: bool,
    /// The space that is kept for it.
    space: Space,
}

struct Download {
    name: String,
    address: String,
    size: String,
    until: Safe<String>,
}

/// `GET /portfolios/{human_id}`
pub fn show(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (identity, folio) = find(app, request)?;
    require(app, &identity, &folio, ACCESS_VIEW)?;
    let rights = app.store.rights()?;
    let mut images = folio_images::of_folio(&app.db, folio.id)?;
    images.retain(|image| {
        let level = rights.level(&identity, &image.image.folder.path);
        image.image.status == STATUS_ACTIVE && level >= Level::View
    });
    let f = Frame::of(app, request, &identity);
    let downloads = match require_download(app, &identity, &folio) {
        Ok(()) => downloads(app, &f, &folio)?,
        Err(_) => Vec::new(),
    };
    let query = Form::of_query(request)?;
    let page_of = |page: usize| format!("{}?page={page}", address(&folio, ""));
    let pager = Pager::of(images.len(), given(&query, "page"), page_of);
    let shown = images.iter().skip(pager.start()).take(pager.length());
    let may_change = portfolio::may_change(&rights, &identity, &folio);
    let page = Show {
        id: folio.id,
        seen: Seen::by(&folio),
        closed: match may_change {
            true => closed_to_visitors(&rights, &identity, &folio, &images),
            false => 0,
        },
        edit_href: if may_change { address(&folio, "edit") } else { String::new() },
        pictures: shown.map(|image| Picture::of(app, image)).collect(),
        total: images.len(),
        pager,
        downloads,
        name: folio.name,
        description: folio.description,
        f,
    };
    Ok(page.f.send(&page))
}

fn downloads(
    app: &App,
    f: &Frame,
    folio: &crate::db::folios::Folio,
) -> Result<Vec<Download>, Error> {
    let mut exports = folio_exports::of_folio(&app.db, folio.id)?;
    exports.retain(|export| !export.filename.is_empty() && export.keep_until_ms > now_ms());
    let download = |export: &folio_exports::FolioExport| Download {
        name: match export.description.as_str() {
            "" => f.t(if export.format == "pdf" { "portfolio-pdf" } else { "portfolio-zip" }),
            text => text.to_owned(),
        },
        address: address(folio, &format!("downloads/{}", export.filename)),
        size: f.bytes(export.filesize),
        until: f.end(export.keep_until_ms),
    };
    Ok(exports.iter().map(download).collect())
}

impl Picture {
    fn of(app: &App, image: &FolioImage) -> Self {
        let (query, view) = (query_of(&image.parameters), &image.image);
        let own = |names: &[&str]| {
            query.split('&').any(|pair| names.iter().any(|name| pair.starts_with(name)))
        };
        let is_fixed = own(&["width=", "height=", "fit="]);
        let size = if is_fixed { String::new() } else { format!("width={LARGE}&") };
        let format = if own(&["format="]) { "" } else { "&format=auto" };
        let rest = if query.is_empty() { String::new() } else { format!("{query}&") };
        let large = format!("{size}{rest}src={}{format}", in_query(&view.path));
        Self {
            alt: alt(view).to_owned(),
            title: view.title.clone(),
            description: view.description.clone(),
            small: small(app, &query, &view.path, view.width.zip(view.height), SIDE),
            large: app.protection.address("/image", &large),
            is_fixed,
            space: Space::of(shape(image)),
        }
    }
}

/// Width by height of a picture as it is in a portfolio, where that follows from its own size: cropped, or
/// turned by quarters.
fn shape(image: &FolioImage) -> Option<f64> {
    let (width, height) = image.image.width.zip(image.image.height)?;
    let rules = Rules { max_dimension: u32::MAX };
    let params = Params::from_template_json(&image.parameters, &rules).ok()?;
    let in_a_box = params.width.is_some() && params.height.is_some();
    if in_a_box || params.fit.is_some() {
        return None;
    }
    let part = |from: Option<f64>, to: Option<f64>| to.unwrap_or(1.0) - from.unwrap_or(0.0);
    let across = part(params.left.map(|given| given.value), params.right.map(|given| given.value));
    let down = part(params.top.map(|given| given.value), params.bottom.map(|given| given.value));
    let ratio = width as f64 * across / (height as f64 * down);
    let angle = params.angle.map_or(0.0, |given| given.value).rem_euclid(180.0);
    match angle {
        0.0 => Some(ratio),
        90.0 => Some(1.0 / ratio),
        _ => None,
    }
    .filter(|ratio| ratio.is_finite() && *ratio > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::folders::Folder;
    use crate::db::image_views::ImageView;

    fn of(parameters: &str) -> Option<f64> {
        let folder =
            Folder { id: 1, path: "/".into(), name: String::new(), parent_id: None, status: 1 };
        shape(&FolioImage {
            id: 1,
            folio_id: 1,
            parameters: parameters.into(),
            filename: String::new(),
            order_num: 0,
            image: ImageView {
                id: 1,
                path: "a.jpg".into(),
                title: String::new(),
                description: String::new(),
                width: Some(600),
                height: Some(400),
                status: 1,
                size_bytes: None,
                mtime_ns: None,
                folder,
            },
        })
    }

    #[test]
    fn the_shape_follows_from_the_part_and_from_quarters() {
        for (parameters, expected) in [
            ("{}", Some(1.5)),
            (r#"{"width":{"value":300}}"#, Some(1.5)),
            // Half of the width, a quarter of the height: 300 by 100.
            (r#"{"left":{"value":0.5},"top":{"value":0.25},"bottom":{"value":0.5}}"#, Some(3.0)),
            (r#"{"rotation":{"value":-90}}"#, Some(400.0 / 600.0)),
            (r#"{"rotation":{"value":180}}"#, Some(1.5)),
            (r#"{"rotation":{"value":10}}"#, None),
            (r#"{"width":{"value":300},"height":{"value":300}}"#, None),
            ("no json", None),
        ] {
            assert_eq!(of(parameters), expected, "{parameters}");
        }
    }
}
