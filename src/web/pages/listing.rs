//! The pictures of a folder in an order, and pages of long lists.

use std::collections::HashMap;

use super::frame::with_value;
use crate::db::folders::Folder;
use crate::db::image_views::{self, Order};
use crate::db::name_order;
use crate::web::api::{of_folder, supported};
use crate::web::{App, Error};

/// Pictures on one page.
pub const PER_PAGE: usize = 100;

/// An order that a visitor can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Its word in addresses.
    pub word: &'static str,
    /// Its text.
    pub key: &'static str,
    order: Option<Order>,
}

/// Every order, the usual one first.
pub const SORTS: [Sort; 4] = [
    Sort { word: "name", key: "sort-name", order: None },
    Sort { word: "changed", key: "sort-changed", order: Some(Order::Changed) },
    Sort { word: "taken", key: "sort-taken", order: Some(Order::Taken) },
    Sort { word: "size", key: "sort-size", order: Some(Order::Size) },
];

impl Sort {
    /// The order of a word; the usual one for another.
    pub fn named(word: &str) -> Self {
        SORTS.into_iter().find(|sort| sort.word == word).unwrap_or(SORTS[0])
    }

    /// What says so at the end of a query; blank for the usual one.
    pub fn in_query(self) -> String {
        if self == SORTS[0] { String::new() } else { format!("&sort={}", self.word) }
    }
}

/// The paths of the pictures in a folder, as they are on disk, in an order. Those that the database does not
/// know yet come last in any but that of names.
pub fn pictures(app: &App, folder: &Folder, sort: Sort) -> Result<Vec<String>, Error> {
    let names = app.repository.files_in(&folder.path).map_err(of_folder)?;
    let inner = folder.path.trim_matches('/');
    let path = |name: String| if inner.is_empty() { name } else { format!("{inner}/{name}") };
    let mut paths: Vec<String> =
        names.into_iter().map(path).filter(|path| supported(path)).collect();
    // What comes before the names is the same for all.
    let before = paths.first().map_or(0, |path| path.rfind('/').map_or(0, |at| at + 1));
    paths.sort_by_cached_key(|path| natural_key(&path[before..]));
    if let Some(order) = sort.order {
        let ordered = image_views::ordered(&app.db, folder.id, order)?;
        let places: HashMap<&str, usize> =
            ordered.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
        paths.sort_by_key(|path| places.get(path.as_str()).copied().unwrap_or(usize::MAX));
    }
    Ok(paths)
}

/// Names compare by this.
pub fn natural_key(name: &str) -> (String, String) {
    (name_order(name), name.to_owned())
}

/// A place in a long list.
pub struct Pager {
    /// The page, from 1.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
    /// Where the page before is; blank for none.
    pub prev: String,
    /// Where the next page is; blank for none.
    pub next: String,
}

impl Pager {
    /// Of a list of so many; `address` tells the address of a page. A page beyond the end is the last.
    pub fn of(total: usize, wanted: &str, address: impl Fn(usize) -> String) -> Self {
        let pages = total.div_ceil(PER_PAGE).max(1);
        let page = wanted.parse().unwrap_or(1).clamp(1, pages);
        Self {
            page,
            pages,
            prev: if page > 1 { address(page - 1) } else { String::new() },
            next: if page < pages { address(page + 1) } else { String::new() },
        }
    }

    /// How many items a page has.
    pub fn length(&self) -> usize {
        PER_PAGE
    }

    /// How many items come before this page.
    pub fn start(&self) -> usize {
        (self.page - 1) * PER_PAGE
    }
}

/// A step on the way down to a folder.
pub struct Crumb {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
}

/// The way down to a folder, itself last. `root` is what the root is called.
pub fn crumbs(folder: &str, root: String) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb { name: root, href: "/browse".to_owned() }];
    let mut path = String::new();
    for name in folder.split('/').filter(|name| !name.is_empty()) {
        path = format!("{path}/{name}");
        crumbs.push(Crumb { name: name.to_owned(), href: with_value("/browse", "path", &path) });
    }
    crumbs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stay_within_the_list() {
        let pager = |total, wanted: &str| Pager::of(total, wanted, |page| page.to_string());
        for (total, wanted, page, pages, start) in [
            (0, "", 1, 1, 0),
            (100, "2", 1, 1, 0),
            (101, "2", 2, 2, 100),
            (250, "99", 3, 3, 200),
            (250, "-1", 1, 3, 0),
        ] {
            let found = pager(total, wanted);
            assert_eq!((found.page, found.pages, found.start()), (page, pages, start), "{wanted}");
        }
        assert_eq!((pager(250, "2").prev.as_str(), pager(250, "2").next.as_str()), ("1", "3"));
        assert!(pager(250, "1").prev.is_empty() && pager(250, "3").next.is_empty());
    }
}
