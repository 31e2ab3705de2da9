//! What groups may do in folders: the tree of folders with what the members of one group have in each, and all
//! groups in one folder, each with where the level of its members comes from.

use std::collections::HashMap;

use askama::Template;

use super::{Desk, LevelChoice, Section, enter, level_choices, level_key};
use crate::auth::{Level, SystemPermission, SystemPermissions};
use crate::db::folder_permissions::{self, FolderPermission};
use crate::db::folder_templates::{self, FolderTemplate};
use crate::db::folders::{self, Folder, Which};
use crate::db::groups::{self, ADMINISTRATORS, Group, PUBLIC};
use crate::db::users::name_key;
use crate::db::{STATUS_ACTIVE, system_permissions, templates};
use crate::http::{Progress, Request, Response};
use crate::library::Caller;
use crate::web::api::{folder_path, in_query};
use crate::web::pages::frame::{Frame, given};
use crate::web::pages::listing::{PER_PAGE, Pager};
use crate::web::pages::tree::{self, Tree};
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "admin/permissions.html")]
struct Page {
    f: Frame,
    sections: Vec<Section>,
    folder: Folder,
    here: String,
    tree: Vec<Branch>,
    /// Which of the folders in the folder the tree shows.
    pager: Pager,
    /// The group whose levels the tree shows.
    group: Group,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    /// What the group of everybody is called.
    public: String,
    /// Which templates hold here.
    templates: Vec<TemplateRow>,
    template_choices: Vec<(i64, String)>,
}

/// A folder of the tree.
struct Branch {
    name: String,
    href: String,
    depth: usize,
    is_here: bool,
    /// What members of the group have.
    level_key: &'static str,
    /// Whether the level is set for the group in this very folder.
    is_own: bool,
    /// Of a row that leads to all folders of one, how many there are; else 0.
    all: usize,
}

struct Choice {
    id: i64,
    name: String,
    is_here: bool,
}

/// What a group may do in the folder.
struct Row {
    group_id: i64,
    name: String,
    /// Its page; blank for who may not open it.
    href: String,
    /// What its members have.
    level_key: &'static str,
    /// Public has more than the group itself.
    is_public: bool,
    /// The level that is set for the group, here or further up.
    set_key: &'static str,
    /// It may do everything everywhere, whatever is set.
    administers: bool,
    /// The record of this very folder; 0 for none.
    own_id: i64,
    /// The folder that the level of the group comes from, if not from this one; blank for none.
    from: String,
    from_href: String,
    /// None is chosen beforehand while none is set here.
    levels: Vec<LevelChoice>,
}

/// A template of a group in the folder, or in the nearest one above that has one.
struct TemplateRow {
    group_id: i64,
    group: String,
    /// Its name; blank where the group is free.
    template: String,
    required: bool,
    is_own: bool,
    from: String,
    from_href: String,
}

/// The page of a folder, with the levels of a group in the tree.
fn address(path: &str, group: i64) -> String {
    let path = path.trim_matches('/');
    format!("/admin/permissions?path=/{}&group={group}", in_query(path))
}

/// `GET /admin/permissions`
pub fn permissions(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let desk = enter(app, request, SystemPermission::AdminPermissions)?;
    let form = Form::of_query(request)?;
    let path = folder_path(given(&form, "path"))?;
    let folder = match folders::by_path(&app.db, &path)? {
        Some(folder) if folder.status == STATUS_ACTIVE => folder,
        _ => app.library.folder_at(&Caller::System, &path)?,
    };
    let mut groups = groups::all(&app.db)?;
    groups.sort_by_key(|group| (group.id > ADMINISTRATORS, name_key(&group.name)));
    let wanted = given(&form, "group").parse().unwrap_or(PUBLIC);
    let group = groups.iter().find(|group| group.id == wanted).or(groups.first());
    let group = group.cloned().ok_or_else(Error::not_found)?;
    let here = address(&path, group.id);
    let granted = granted(app)?;
    let tree = Tree::around(app, &folder, |_| Which::ALL)?;
    let page_of = |page: usize| format!("{here}&page={page}");
    let pager = Pager::of(tree.children("").count(&app.db)?, given(&form, "page"), page_of);
    let shown = pager.start()..pager.start() + PER_PAGE;
    let page = Page {
        tree: tree
            .rows(app, Some(shown))?
            .into_iter()
            .map(|row| branch(&desk, &granted, row, group.id))
            .collect(),
        here: if pager.page > 1 { page_of(pager.page) } else { here.clone() },
        pager,
        choices: groups
            .iter()
            .map(|one| Choice { id: one.id, name: one.name.clone(), is_here: one.id == group.id })
            .collect(),
        rows: rows(app, &desk, &granted, (&folder, &groups), group.id)?,
        public: groups
            .iter()
            .find(|one| one.id == PUBLIC)
            .map_or_else(String::new, |one| one.name.clone()),
        templates: template_rows(app, &folder, &groups, group.id)?,
        template_choices: templates::all(&app.db)?.into_iter().map(|t| (t.id, t.name)).collect(),
        folder,
        group,
        sections: desk.sections,
        f: desk.f,
    };
    Ok(page.f.send(&page))
}

/// What groups may do beside what is set for folders.
type Granted = HashMap<i64, SystemPermissions>;

fn granted(app: &App) -> Result<Granted, Error> {
    let all = system_permissions::all(&app.db)?.into_iter();
    Ok(all.map(|(group, set)| (group, SystemPermissions::from_columns(set))).collect())
}

/// What members of a group have in a folder.
struct Held {
    /// What is set for the group, and in which folder.
    record: Option<(String, Level)>,
    /// What they have: nobody has less than Public.
    level: Level,
    /// It is Public that they have it from.
    is_public: bool,
    /// They have it whatever is set.
    administers: bool,
}

impl Held {
    fn of(desk: &Desk, granted: &Granted, group: i64, path: &str) -> Self {
        let record = desk.rights.nearest(group, path);
        let set = granted.get(&group).filter(|_| group != PUBLIC);
        if set.is_some_and(|set| set.has(SystemPermission::AdminFiles)) {
            return Self {
                record,
                level: Level::DeleteFolder,
                is_public: false,
                administers: true,
            };
        }
        let own = record.as_ref().map_or(Level::None, |(_, level)| *level);
        let public = desk.rights.group_level(PUBLIC, path).unwrap_or(Level::None);
        Self { record, level: own.max(public), is_public: public > own, administers: false }
    }
}

fn branch(desk: &Desk, granted: &Granted, row: tree::Row, group: i64) -> Branch {
    let held = Held::of(desk, granted, group, &row.path);
    let path = folders::normal_path(&row.path);
    let is_set_here = held.record.as_ref().is_some_and(|(from, _)| *from == path);
    Branch {
        href: address(&row.path, group),
        level_key: level_key(held.level),
        is_own: is_set_here && !held.is_public && !held.administers,
        name: row.name,
        depth: row.depth,
        is_here: row.is_here,
        all: row.all,
    }
}

/// The page of a group, for who may open it.
pub(super) fn group_page(desk: &Desk, group: i64) -> String {
    match desk.rights.has(&desk.identity, SystemPermission::AdminUsers) {
        true => format!("/admin/groups/{group}"),
        false => String::new(),
    }
}

fn rows(
    app: &App,
    desk: &Desk,
    granted: &Granted,
    (folder, groups): (&Folder, &[Group]),
    shown: i64,
) -> Result<Vec<Row>, Error> {
    let records = folder_permissions::all(&app.db)?;
    let row = |group: &Group| {
        let own = records.iter().find(|record: &&FolderPermission| {
            (record.folder_id, record.group_id) == (folder.id, group.id)
        });
        let held = Held::of(desk, granted, group.id, &folder.path);
        let set = held.record.as_ref().map_or(Level::None, |(_, level)| *level);
        let from = held.record.map(|(from, _)| from).filter(|_| own.is_none()).unwrap_or_default();
        Row {
            group_id: group.id,
            name: group.name.clone(),
            href: group_page(desk, group.id),
            level_key: level_key(held.level),
            is_public: held.is_public,
            set_key: level_key(set),
            administers: held.administers,
            own_id: own.map_or(0, |record| record.id),
            from_href: address(&from, shown),
            from,
            levels: level_choices(own.map(|own| Level::from_access(own.access))),
        }
    };
    Ok(groups.iter().map(row).collect())
}

/// The templates that are set in the folder, and those that come from above.
fn template_rows(
    app: &App,
    folder: &Folder,
    groups: &[Group],
    shown: i64,
) -> Result<Vec<TemplateRow>, Error> {
    let records = folder_templates::all(&app.db)?;
    let names: HashMap<i64, String> =
        templates::all(&app.db)?.into_iter().map(|template| (template.id, template.name)).collect();
    let path = folders::normal_path(&folder.path);
    let is_above = |record: &&FolderTemplate| {
        record.folder_path == path
            || record.folder_path == folders::ROOT
            || path.starts_with(&format!("{}/", record.folder_path))
    };
    let mut rows = Vec::new();
    for group in groups {
        for required in [true, false] {
            let own = |record: &&FolderTemplate| {
                record.group_id == group.id && record.required == required
            };
            // The nearest one holds.
            let nearest = records.iter().filter(own).filter(is_above);
            let Some(record) = nearest.max_by_key(|record| record.folder_path.len()) else {
                continue;
            };
            let template = record.template_id.and_then(|id| names.get(&id)).cloned();
            rows.push(TemplateRow {
                group_id: group.id,
                group: group.name.clone(),
                template: template.unwrap_or_default(),
                required,
                is_own: record.folder_id == folder.id,
                from_href: address(&record.folder_path, shown),
                from: record.folder_path.clone(),
            });
        }
    }
    Ok(rows)
}
