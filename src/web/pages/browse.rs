//! A folder: the folders in it, its pictures, and what can be done with them.

use std::collections::HashMap;

use askama::Template;

use super::deleting::Deleting;
use super::frame::{Frame, given, with_value};
use super::listing::{self, Crumb, PER_PAGE, Pager, SORTS, Sort, crumbs};
use super::outcome::{Renamed, renamed_ones};
use super::preferences;
use super::tiles::{Tile, thumbnail};
use super::tree::{self, Tree};
use crate::auth::{Identity, Level};
use crate::db::folders::{self, Folder};
use crate::db::image_views::{self, Cover, ImageView};
use crate::db::{STATUS_ACTIVE, STATUS_DELETED};
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::web::api::{Now, folder_path, in_query, supported};
use crate::web::sign_in::Form;
use crate::web::{App, Error, who};

#[derive(Template)]
#[template(path = "browse.html")]
struct Browse {
    f: Frame,
    name: String,
    path: String,
    folder_id: i64,
    crumbs: Vec<Crumb>,
    tree: Vec<tree::Row>,
    folders: Folders,
    tiles: Vec<Tile>,
    total: usize,
    /// What came a moment ago and is kept under other names than were sent.
    renamed: Vec<Renamed>,
    pager: Pager,
    is_list: bool,
    sort_key: &'static str,
    sorts: Vec<Choice>,
    grid_href: String,
    list_href: String,
    upload_href: String,
    /// Where a table of titles and tags is brought in, and had.
    table_href: String,
    list_of_href: String,
    here_href: String,
    parent_href: String,
    may: May,
    /// The question before it is deleted.
    delete_href: String,
    /// What is said of deleting chosen pictures.
    deleting_chosen: Deleting,
}

/// The folders in the folder, as far as they are on this page.
struct Folders {
    /// How many there are.
    count: usize,
    /// What the names of those that are shown have in them; blank for any.
    named: String,
    cards: Vec<FolderCard>,
    pager: Pager,
}

struct FolderCard {
    name: String,
    path: String,
    href: String,
    cover: String,
    count: i64,
}

struct Choice {
    key: &'static str,
    href: String,
    is_here: bool,
}

/// What somebody may do in a folder.
pub struct May {
    /// Download originals.
    pub download: bool,
    /// Change what is said of pictures.
    pub edit: bool,
    /// Add pictures.
    pub upload: bool,
    /// Delete and move pictures.
    pub delete_images: bool,
    /// Make folders in it.
    pub folders: bool,
    /// Rename it.
    pub rename: bool,
    /// Delete or move it.
    pub delete: bool,
}

impl May {
    /// With this level in a folder.
    pub fn of(level: Level, is_root: bool) -> Self {
        Self {
            download: level >= Level::Download,
            edit: level >= Level::Edit,
            upload: level >= Level::Upload,
            delete_images: level >= Level::Delete,
            folders: level >= Level::CreateFolder,
            rename: level >= Level::CreateFolder && !is_root,
            delete: level >= Level::DeleteFolder && !is_root,
        }
    }

    /// What may be done with a picture among others, as scripts read it.
    pub fn words(&self) -> &'static str {
        match (self.edit, self.delete_images) {
            (_, true) => "edit delete",
            (true, false) => "edit",
            (false, false) => "nothing",
        }
    }
}

/// `GET /browse`
pub fn browse(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let identity = who::identify(app, request)?;
    let query = Form::of_query(request)?;
    let path = folder_path(given(&query, "path"))?;
    who::require(app, &identity, &path, Level::View)?;
    let folder = row_of(app, &identity, &path)?;
    let rights = app.store.rights()?;
    let level = rights.level(&identity, &path);
    let (is_list, sort) =
        (preferences::is_list(request, &query), Sort::named(given(&query, "sort")));
    let paths = listing::pictures(app, &folder, sort)?;
    let address = |sort: Sort, page: usize, view: &str| address(&path, sort, page, view);
    let pager = Pager::of(paths.len(), given(&query, "page"), |page| address(sort, page, ""));
    let f = Frame::of(app, request, &identity);
    let may = May::of(level, path == folders::ROOT);
    let parent = folders::parent_path(&path);
    let tree = Tree::around(app, &folder, |path| rights.within(&identity, path, Level::View))?;
    // The pages of the pictures go on without them.
    let folders = match pager.page {
        1 => Folders::of(app, &query, &tree, &address(sort, 1, ""))?,
        _ => Folders::none(),
    };
    let page = Browse {
        name: if folder.name.is_empty() { f.t("library") } else { folder.name.clone() },
        folder_id: folder.id,
        crumbs: crumbs(&path, f.t("library")),
        tree: tree.rows(app, None)?,
        folders,
        tiles: in_order(tiles(app, &f, &paths[pager.start()..], is_list)?, sort),
        total: paths.len(),
        renamed: renamed_ones(app, given(&query, "stored"), |folder| {
            rights.level(&identity, folder) >= Level::View
        })?,
        is_list,
        sort_key: sort.key,
        sorts: SORTS
            .into_iter()
            .map(|choice| Choice {
                key: choice.key,
                href: address(choice, 1, ""),
                is_here: choice == sort,
            })
            .collect(),
        grid_href: address(sort, pager.page, "grid"),
        list_href: address(sort, pager.page, "list"),
        upload_href: with_value("/upload", "path", &path),
        table_href: with_value("/table", "path", &path),
        list_of_href: format!("/api/v1/admin/metadata?path={}&format=csv", in_query(&path)),
        here_href: with_value("/browse", "path", &path),
        delete_href: with_value("/browse/delete", "path", &path),
        deleting_chosen: Deleting::picture(app),
        parent_href: with_value("/browse", "path", &parent),
        path,
        pager,
        may,
        f,
    };
    let mut response = page.f.send(&page);
    preferences::keep_view(app, request, &query, &mut response);
    Ok(response)
}

/// The row of a folder that is on disk.
pub fn row_of(app: &App, identity: &Identity, path: &str) -> Result<Folder, Error> {
    match folders::by_path(&app.db, path)? {
        Some(folder) if folder.status != STATUS_DELETED => Ok(folder),
        // It may be on disk, and nobody has asked for it yet.
        _ => {
            let now = Now::of(app, identity);
            let caller = Caller::Somebody { rights: &now, user: identity.user_id() };
            Ok(app.library.folder_at(&caller, path)?)
        }
    }
}

fn address(path: &str, sort: Sort, page: usize, view: &str) -> String {
    let mut pairs = Vec::new();
    if path != folders::ROOT {
        pairs.push(format!("path={}", in_query(path.trim_matches('/'))));
    }
    if sort != SORTS[0] {
        pairs.push(format!("sort={}", sort.word));
    }
    if page > 1 {
        pairs.push(format!("page={page}"));
    }
    if !view.is_empty() {
        pairs.push(format!("view={view}"));
    }
    let sign = if pairs.is_empty() { "" } else { "?" };
    format!("/browse{sign}{}", pairs.join("&"))
}

fn tiles(app: &App, f: &Frame, paths: &[String], is_list: bool) -> Result<Vec<Tile>, Error> {
    let pickable = !f.user.is_empty();
    let paths = &paths[..paths.len().min(PER_PAGE)];
    let known = image_views::by_paths(&app.db, paths)?;
    let known: HashMap<&str, &ImageView> =
        known.iter().map(|view| (view.path.as_str(), view)).collect();
    let tile = |path: &String| match known.get(path.as_str()) {
        Some(view) if view.status == STATUS_ACTIVE => match is_list {
            true => Tile::of_list(app, f, view, pickable),
            false => Tile::of(app, view, pickable),
        },
        _ => Tile::of_path(app, path, None),
    };
    Ok(paths.iter().map(tile).collect())
}

/// With pages that lead on in the same order.
fn in_order(mut tiles: Vec<Tile>, sort: Sort) -> Vec<Tile> {
    for tile in &mut tiles {
        tile.href.push_str(&sort.in_query());
    }
    tiles
}

impl Folders {
    /// Of all folders in a folder those that the query asks for; `here` is the address of the folder's page.
    fn of(app: &App, query: &Form, tree: &Tree, here: &str) -> Result<Self, Error> {
        let named = given(query, "folder").trim();
        let count = tree.children("").count(&app.db)?;
        let found = tree.children(named);
        let total = if named.is_empty() { count } else { found.count(&app.db)? };
        let pager = Pager::of(total, given(query, "folders"), |page| {
            let sign = if here.contains('?') { '&' } else { '?' };
            let sought = if named.is_empty() { "" } else { "&folder=" };
            format!("{here}{sign}folders={page}{sought}{}#folders", in_query(named))
        });
        let cards = cards(app, &found.page(&app.db, pager.start(), pager.length())?)?;
        Ok(Self { count, named: named.to_owned(), cards, pager })
    }

    fn none() -> Self {
        let pager = Pager::of(0, "", |_| String::new());
        Self { count: 0, named: String::new(), cards: Vec::new(), pager }
    }

    /// Whether there are more than one page has.
    fn are_many(&self) -> bool {
        self.count > self.pager.length()
    }
}

fn cards(app: &App, children: &[Folder]) -> Result<Vec<FolderCard>, Error> {
    let ids: Vec<i64> = children.iter().map(|child| child.id).collect();
    let covers = image_views::covers(&app.db, &ids)?;
    let covers: HashMap<i64, Cover> =
        covers.into_iter().map(|cover| (cover.folder_id, cover)).collect();
    let card = |child: &Folder| {
        let found = covers.get(&child.id);
        let cover = found.filter(|cover| supported(&cover.path));
        FolderCard {
            name: child.name.clone(),
            path: child.path.clone(),
            href: with_value("/browse", "path", &child.path),
            cover: cover.map(|cover| thumbnail(app, &cover.path, 480, 300)).unwrap_or_default(),
            count: found.map_or(0, |cover| cover.count),
        }
    };
    Ok(children.iter().map(card).collect())
}
