//! The pages of those who look after the installation: who is let in, what their forms do without scripts.

use std::time::Duration;

use halftone::auth::{Level, SystemPermission};
use halftone::db::groups::{self, NORMAL_USERS, PUBLIC, TYPE_LOCAL};
use halftone::db::{folder_permissions, folders, system_permissions, templates, users};

use super::forms::was;
use super::library_of_three;
use super::publish::control;
use crate::api::grant;
use crate::people::{Browser, PASSWORD, account, form};
use crate::site::{Site, within};
use crate::support::halftone::ADMIN_PASSWORD;
use crate::support::http::Response;

/// A task is done after this time.
const DONE: Duration = Duration::from_secs(20);

/// Pages and the permission that lets in; none for those that let in whoever is signed in.
const PAGES: [(&str, Option<SystemPermission>); 20] = [
    ("/admin/users", Some(SystemPermission::AdminUsers)),
    ("/admin/users/new", Some(SystemPermission::AdminUsers)),
    ("/admin/users/1", Some(SystemPermission::AdminUsers)),
    ("/admin/groups", Some(SystemPermission::AdminUsers)),
    ("/admin/groups/2", Some(SystemPermission::AdminUsers)),
    ("/admin/permissions", Some(SystemPermission::AdminPermissions)),
    ("/admin/permissions/explain?path=/", Some(SystemPermission::AdminPermissions)),
    ("/admin/templates", Some(SystemPermission::AdminAll)),
    ("/admin/templates/new", Some(SystemPermission::AdminAll)),
    ("/admin/templates/1", Some(SystemPermission::AdminAll)),
    ("/admin/tags", Some(SystemPermission::AdminFiles)),
    ("/admin/recycled", None),
    ("/admin/tasks", Some(SystemPermission::AdminAll)),
    ("/admin/cache", Some(SystemPermission::AdminAll)),
    ("/admin/maintenance", Some(SystemPermission::AdminAll)),
    ("/admin/settings", Some(SystemPermission::AdminAll)),
    ("/admin/audit", Some(SystemPermission::AdminAll)),
    ("/status", Some(SystemPermission::AdminAll)),
    ("/reports", Some(SystemPermission::Reports)),
    ("/reports/system", Some(SystemPermission::Reports)),
];

fn administrator(site: &Site) -> Browser {
    let mut browser = Browser::new(site.addr());
    assert_eq!(browser.login("admin", ADMIN_PASSWORD).status, 303, "{}", site.log());
    browser
}

fn post(browser: &mut Browser, target: &str, fields: &[(&str, &str)]) -> Response {
    let csrf = browser.csrf();
    let mut all = vec![("_csrf_token", csrf.as_str())];
    all.extend(fields);
    browser.send("POST", target, &[], &form(&all))
}

#[track_caller]
fn done(browser: &mut Browser, target: &str, fields: &[(&str, &str)]) {
    let answer = post(browser, target, fields);
    assert_eq!(answer.status, 303, "{target}: {}", answer.text());
}

#[test]
fn every_page_is_for_who_has_its_permission() {
    let site = library_of_three();
    let people = [
        ("usher", SystemPermission::AdminUsers),
        ("keeper", SystemPermission::AdminPermissions),
        ("filer", SystemPermission::AdminFiles),
        ("counter", SystemPermission::Reports),
    ];
    for (name, permission) in people {
        grant(&site, account(&site, name, false), &format!("{name}s"), permission);
    }
    for (page, _) in PAGES {
        assert_eq!(site.status(page), 401, "{page}");
    }
    assert_eq!(site.status("/admin"), 401);
    for (name, theirs) in people {
        let mut browser = Browser::signed_in(&site, name);
        for (page, permission) in PAGES {
            let may = permission.is_none_or(|permission| permission == theirs);
            assert_eq!(browser.status(page), if may { 200 } else { 403 }, "{name} {page}");
        }
        let administers = theirs != SystemPermission::Reports;
        assert_eq!(browser.status("/admin"), if administers { 200 } else { 403 }, "{name}");
        let home = browser.get("/").text();
        assert_eq!(home.contains("href=\"/admin\""), administers, "{name}");
        assert_eq!(home.contains("href=\"/reports\""), !administers, "{name}");
        // A group is made by who may do both.
        assert_eq!(browser.status("/admin/groups/new"), 403, "{name}");
    }
    let mut stranger = Browser::signed_in(&site, "stranger");
    for (page, permission) in PAGES {
        let status = if permission.is_none() { 200 } else { 403 };
        assert_eq!(stranger.status(page), status, "{page}");
    }
    let home = stranger.get("/").text();
    assert!(!home.contains("href=\"/admin\"") && !home.contains("href=\"/reports\""), "{home}");
    let mut admin = administrator(&site);
    for (page, _) in PAGES {
        let answer = admin.get(page);
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{page}");
    }
    let overview = admin.get("/admin").text();
    for (page, _) in PAGES.iter().filter(|(page, _)| !page[1..].contains(['?', '1', '2'])) {
        let elsewhere = page.starts_with("/reports") || page.ends_with("/new");
        let listed = overview.contains(&format!("class=\"card\" href=\"{page}\""));
        assert!(listed || elsewhere, "{page} is not offered");
    }
    for nothing in
        ["/admin/users/999999", "/admin/users/x", "/admin/groups/0", "/admin/templates/77"]
    {
        assert_eq!(admin.status(nothing), 404, "{nothing}");
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

#[test]
fn levels_are_set_cleared_and_explained() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let deep = folders::seen(site.db(), "/open/deep").unwrap().to_string();
    let page = "/admin/permissions?path=/open/deep&group=1";
    let text = admin.get(page).text();
    assert!(text.contains("from <a href=\"/admin/permissions?path=/&#38;group=1\">"), "{text}");
    // Who has nothing anywhere has no level that looks chosen, administrators neither.
    let administrators = between(&text, "Level of Administrators", "</select>");
    assert!(
        administrators.contains("<option value=\"\" selected>Not set</option>"),
        "{administrators}"
    );
    assert_eq!(administrators.matches(" selected").count(), 1, "{administrators}");
    let set = "/do/post/admin/permissions?next=/admin/permissions&done=permission-set";
    let public = PUBLIC.to_string();
    let fields = [("group_id", &*public), ("folder_id", &*deep), ("access", "0")];
    done(&mut admin, set, &fields);
    assert_eq!(post(&mut admin, set, &fields).status, 409);
    let text = admin.get(page).text();
    let record = folder_permissions::all(site.db())
        .unwrap()
        .into_iter()
        .find(|record| record.folder_path == "/open/deep")
        .unwrap();
    let change = format!("/do/put/admin/permissions/{}?next=/", record.id);
    assert!(text.contains(&change.replace("next=/", "next=%2Fadmin")), "{text}");
    assert_eq!(site.status("/browse?path=open/deep"), 403);
    done(&mut admin, &change, &[fields[0], fields[1], ("access", "20")]);
    assert_eq!(site.status("/browse?path=open/deep"), 200);
    let explain = "/admin/permissions/explain?path=open/deep/three.png&user=";
    let text = admin.get(explain).text();
    assert!(text.contains("Set for everybody in /open/deep."), "{text}");
    assert!(text.contains("class=\"level own\">Download<"), "{text}");
    done(&mut admin, &format!("/do/delete/admin/permissions/{}?next=/", record.id), &[]);
    let text = admin.get(explain).text();
    assert!(text.contains("Set for everybody in /."), "{text}");

    for (user, path, level, rule) in [
        ("reader", "/closed", "View", "for the group reader in /closed."),
        ("editor", "closed", "Full access", "for the group editor in /closed."),
        ("stranger", "/closed", "No access", "Set for the group Normal users in /closed."),
        ("admin", "/closed", "Full access", "The group Administrators administers files"),
    ] {
        let text = admin.get(&format!("/admin/permissions/explain?user={user}&path={path}")).text();
        assert!(text.contains(&format!("class=\"level own\">{level}<")), "{user}: {text}");
        assert!(text.contains(rule), "{user}: {text}");
    }
    let nobody = admin.get("/admin/permissions/explain?user=no+such+name&path=/").text();
    assert!(nobody.contains("User: there is no such account"), "{nobody}");
    // Something was chosen; what is wrong with it is all there is to say.
    assert!(!nobody.contains("Choose a user and a folder"), "{nobody}");
    let not_yet = admin.get("/admin/permissions/explain").text();
    assert!(not_yet.contains("Choose a user and a folder"), "{not_yet}");
    let outside = admin.get("/admin/permissions/explain?path=../x").text();
    assert!(outside.contains("role=\"alert\">You do not have permission"), "{outside}");
}

/// What an element says, without the elements within it.
fn words(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn groups_are_shown_with_what_their_members_have_from_everybody() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let open = folders::seen(site.db(), "/open").unwrap().to_string();
    let group = groups::insert(site.db(), "fresh", "", TYPE_LOCAL).unwrap().to_string();
    let address = format!("/admin/permissions?path=/open&group={group}");
    // What stands at the group's name, and at the folder in the tree; whether each is marked as set here.
    let shown = |admin: &mut Browser| {
        let page = admin.get(&address).text();
        let row = between(&page, "<bdi>fresh</bdi></a></strong>", "</div>");
        let tree = between(&page, "id=\"tree-title\"", "</nav>");
        let here = between(tree, "<bdi>open</bdi></span>", "</a>");
        let is_marked = |html: &str| html.contains("class=\"level own\"");
        (words(row), is_marked(row), words(here), is_marked(here))
    };
    let as_shown =
        |row: &str, here: &str, is_own| (row.to_owned(), is_own, here.to_owned(), is_own);
    assert_eq!(shown(&mut admin), as_shown("View from Public", "View", false));
    // Where it has less than everybody its members have as much.
    let fields = |access| [("group_id", &*group), ("folder_id", &*open), ("access", access)];
    done(&mut admin, "/do/post/admin/permissions?next=/admin", &fields("0"));
    let less = "View from Public; for the group itself: No access, set here";
    assert_eq!(shown(&mut admin), as_shown(less, "View", false));
    let mut records = folder_permissions::all(site.db()).unwrap().into_iter();
    let own = records.rfind(|record| record.group_id.to_string() == group).unwrap();
    let change = format!("/do/put/admin/permissions/{}?next=/admin", own.id);
    done(&mut admin, &change, &fields("20"));
    assert_eq!(shown(&mut admin), as_shown("Download set here", "Download (set here)", true));
    // Who administers files has everything, whatever is set.
    let page = admin.get("/admin/permissions?path=/open&group=3").text();
    let tree = words(between(&page, "<nav class=\"tree open\"", "</nav>"));
    assert!(tree.contains("Full access") && !tree.contains("No access"), "{tree}");
}

#[test]
fn a_level_that_comes_from_above_is_not_set_by_accident() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let records = || folder_permissions::all(site.db()).unwrap().len();
    let before = records();
    // What stands in the form of a group on the page of a folder: what is chosen, and where it is posted.
    let form_of = |page: &str, group: i64| {
        let field = format!("name=\"group_id\" value=\"{group}\"");
        let (head, rest) = page.split_once(&field).expect("the group has a form");
        let form = rest.split_once("</form>").unwrap().0.to_owned();
        let target = head.rsplit_once("action=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        (form, target.replace("&#38;", "&").replace("&amp;", "&"))
    };
    let chosen = |form: &str| -> Vec<String> {
        let options = form.split("<option value=\"").skip(1);
        let selected = options.filter(|option| option.contains(" selected>"));
        selected.map(|option| option.split_once('"').unwrap().0.to_owned()).collect()
    };
    // Public has its level from the root.
    let deep = folders::seen(site.db(), "/open/deep").unwrap().to_string();
    let (form, target) = form_of(&admin.get("/admin/permissions?path=/open/deep").text(), PUBLIC);
    assert!(form.contains("<option value=\"\" selected>Inherited: View</option>"), "{form}");
    assert_eq!(chosen(&form), [""], "{form}");
    assert!(form.contains(" required>"), "{form}");
    let public = PUBLIC.to_string();
    let sent = [("group_id", &*public), ("folder_id", &*deep), ("access", "")];
    let answer = post(&mut admin, &target, &sent);
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("Level: must be given"), "{}", answer.text());
    assert_eq!(records(), before);
    // Where it has its own there is nothing above to keep.
    let (form, _) = form_of(&admin.get("/admin/permissions?path=/closed").text(), PUBLIC);
    assert_eq!(chosen(&form), ["0"], "{form}");
    assert!(!form.contains("Inherited"), "{form}");
    // Nothing is set anywhere for a group that was just made.
    let fresh = groups::insert(site.db(), "fresh", "", TYPE_LOCAL).unwrap();
    let (form, _) = form_of(&admin.get("/admin/permissions?path=/open").text(), fresh);
    assert_eq!(chosen(&form), [""], "{form}");
    assert!(form.contains("selected>Not set<"), "{form}");
}

#[test]
fn every_folder_can_be_reached_however_many() {
    let site = library_of_three();
    folders::seen(site.db(), "/open").unwrap();
    for number in 0..230 {
        let path = format!("many/folder {number:03}");
        std::fs::create_dir_all(site.image(&path)).unwrap();
        folders::seen(site.db(), &format!("/{path}")).unwrap();
    }
    for number in 0..70 {
        std::fs::create_dir_all(site.image(&format!("top {number:02}"))).unwrap();
        folders::seen(site.db(), &format!("/top {number:02}")).unwrap();
    }
    let mut admin = administrator(&site);
    let tree = |page: &str| -> String {
        let (_, rest) = page.split_once("<nav class=\"tree open\"").unwrap();
        rest.split_once("</nav>").unwrap().0.to_owned()
    };
    let next = |page: &str| {
        let (_, rest) = page.split_once("rel=\"next\" href=\"")?;
        Some(rest.split_once('"')?.0.replace("&#38;", "&"))
    };
    // By the links of the page alone, as without scripts.
    let mut page = admin.get("/admin/permissions?path=/many&group=1").text();
    let mut found = std::collections::BTreeSet::new();
    let mut pages = 1;
    loop {
        let shown = tree(&page);
        found.extend((0..230).filter(|number| shown.contains(&format!("folder {number:03}<"))));
        // Of those beside it there are too many, and a link to all of them.
        assert!(shown.contains("<span>All 73…</span>"), "{shown}");
        let Some(href) = next(&page) else { break };
        page = admin.get(&href).text();
        pages += 1;
    }
    assert_eq!((found.len(), pages), (230, 3));
    // A form leads back to the page that it stands on.
    assert!(page.contains("next=%2Fadmin%2Fpermissions%3Fpath%3D%2Fmany%26group%3D1%26page%3D3"));
    assert!(!tree(&page).contains("top 69<"), "{page}");
    let root = admin.get("/admin/permissions?path=/&group=1").text();
    assert!(tree(&root).contains("top 69<"), "{root}");
    // From a folder that lies far down in the list the way leads up again, to all.
    let shown = tree(&admin.get("/admin/permissions?path=/many/folder%20229&group=1").text());
    assert!(shown.contains("aria-current=\"page\"") && shown.contains("folder 229<"), "{shown}");
    assert!(shown.contains("href=\"/admin/permissions?path=/many&#38;group=1\""), "{shown}");
    assert!(shown.contains("<span>All 230…</span>"), "{shown}");
    // The same in the library, where the page of a folder leads to all that lie in it.
    let browse = admin.get("/browse?path=many/folder%20229").text();
    assert!(browse.contains("<span>All 230…</span>"), "{browse}");
    let many = admin.get("/browse?path=many").text();
    assert_eq!(many.matches("<a class=\"folder\" href=").count(), 100);
    assert!(many.contains("Page 1 of 3"), "{many}");
}

#[test]
fn the_log_of_acts_is_in_words() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let group = [("name", "Press"), ("description", ""), ("group_type", "2")];
    let none =
        ["folios", "reports", "admin_users", "admin_folios", "admin_permissions", "admin_all"];
    let none: Vec<String> = none.iter().map(|name| format!("access_{name}")).collect();
    let mut fields: Vec<(&str, &str)> = group.to_vec();
    fields.extend(none.iter().map(|name| (name.as_str(), "false")));
    fields.push(("access_admin_files", "true"));
    done(&mut admin, "/do/post/admin/groups?next=/", &fields);
    let deep = folders::seen(site.db(), "/open/deep").unwrap().to_string();
    let set = [("group_id", "1"), ("folder_id", deep.as_str()), ("access", "20")];
    done(&mut admin, "/do/post/admin/permissions?next=/", &set);
    let log = admin.get("/admin/audit").text();
    for words in [
        "<td>Created a group</td>",
        "Permissions: Administer files and folders",
        "<td>Set a folder permission</td>",
        "Group: Public",
        "Level: Download",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
    for raw in ["group.create", "permission.create", "admin_files", "access 20"] {
        assert!(!log.contains(raw), "{raw}: {log}");
    }
    // What cannot be done is told in the words of forms, by a page and to a script of ours; programs get names.
    fields[0] = ("name", "");
    let page = post(&mut admin, "/do/post/admin/groups?next=/", &fields);
    assert_eq!(page.status, 400);
    assert!(page.text().contains("<p>Name: must be given</p>"), "{}", page.text());
    let csrf = admin.csrf();
    let mut call = |more: &[(&str, &str)]| {
        let mut headers = vec![("X-CSRF-Token", csrf.as_str())];
        headers.extend(more);
        admin
            .send("POST", "/api/v1/admin/permissions", &headers, &form(&[("group_id", "1")]))
            .text()
    };
    let told = call(&[("Halftone-Words", "1")]);
    assert!(told.contains("\"Folder: must be given\""), "{told}");
    let told = call(&[]);
    assert!(told.contains("\"folder_id: must be given\""), "{told}");
}

#[test]
fn templates_are_set_in_folders() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let folder = folders::seen(site.db(), "/open").unwrap().to_string();
    let template = site.template("Press", r#"{"width":{"value":20,"locked":true}}"#).to_string();
    let fields = [
        ("folder_id", &*folder),
        ("group_id", "1"),
        ("required", "true"),
        ("template_id", &*template),
    ];
    done(&mut admin, "/do/put/admin/folder-templates?next=/", &fields);
    let below = admin.get("/admin/permissions?path=/open/deep").text();
    assert!(below.contains("<bdi>Press</bdi>") && below.contains("Always"), "{below}");
    // The fields of a form stand in its body, whatever the method it means.
    done(&mut admin, "/do/delete/admin/folder-templates?next=/", &fields[..3]);
    assert!(
        !admin
            .get("/admin/permissions?path=/open")
            .text()
            .contains("<strong><bdi>Public</bdi></strong><span class=\"level own\"><bdi>Press")
    );
}

#[test]
fn users_are_made_found_changed_deleted_and_brought_back() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let text = [
        ("username", "zoe"),
        ("first_name", "Zoë"),
        ("last_name", "<i>Quark</i>"),
        ("email", "zoe@example.org"),
        ("auth_type", "1"),
    ];
    let password = [("password", PASSWORD)];
    // A box that is ticked comes before the hidden field that says no.
    let ticked = [("allow_api", "true"), ("allow_api", "false")];
    let all = [&text[..], &password, &ticked].concat();
    done(&mut admin, "/do/post/admin/users?next=/admin/users&done=user-made", &all);
    let zoe = users::by_name(site.db(), "zoe").unwrap().unwrap().0;
    assert!(zoe.allow_api);
    let found = admin.get("/admin/users?q=quark").text();
    assert!(found.contains("One account") && found.contains("&#60;i&#62;Quark"), "{found}");
    // A column is there when anything is in it.
    assert!(found.contains(">Status</th>"), "{found}");
    assert!(!admin.get("/admin/users?q=admin").text().contains(">Status</th>"));
    assert!(!found.contains("<i>Quark") && found.contains("<bdi>Normal users</bdi>"), "{found}");
    assert!(admin.get("/admin/users?q=nobody+of+this+name").text().contains("Nobody found"));

    let target = format!("/do/put/admin/users/{}?next=/", zoe.id);
    done(&mut admin, &target, &[&text[..], &[("allow_api", "false")]].concat());
    assert!(!users::by_id(site.db(), zoe.id).unwrap().unwrap().allow_api);
    // A new password changes nothing else, whatever somebody has changed since the page was loaded.
    let before = users::by_id(site.db(), zoe.id).unwrap();
    let target = format!("/do/patch/admin/users/{}?next=/", zoe.id);
    let page = admin.get(&format!("/admin/users/{}", zoe.id)).text();
    assert!(page.contains(&format!("action=\"/do/patch/admin/users/{}?", zoe.id)), "{page}");
    done(&mut admin, &target, &[("password", "another secret 2")]);
    assert_eq!(users::by_id(site.db(), zoe.id).unwrap(), before);
    assert_eq!(Browser::new(site.addr()).login("zoe", "another secret 2").status, 303);
    done(&mut admin, &target, &password);
    let member = format!("/do/post/admin/groups/3/members?next=/admin/users/{}", zoe.id);
    done(&mut admin, &member, &[("user_id", &zoe.id.to_string())]);
    let page = admin.get(&format!("/admin/users/{}", zoe.id)).text();
    assert!(page.contains("<li>Full administration</li>"), "{page}");

    // Who administers users alone can do nothing to who may do everything.
    grant(&site, account(&site, "usher", false), "ushers", SystemPermission::AdminUsers);
    let mut usher = Browser::signed_in(&site, "usher");
    let page = usher.get(&format!("/admin/users/{}", zoe.id)).text();
    assert!(
        page.contains("permissions that you may not grant") && !page.contains("name=\"password\""),
        "{page}"
    );
    let delete = format!("/do/delete/admin/users/{}?next=/admin/users", zoe.id);
    assert_eq!(post(&mut usher, &delete, &[]).status, 403);
    done(&mut admin, &delete, &[]);
    assert!(
        !admin.get("/admin/users").text().contains(&format!("href=\"/admin/users/{}\"", zoe.id))
    );
    assert!(admin.get("/admin/users?show=deleted").text().contains("<bdi>zoe</bdi>"));
    let restore = format!("/do/post/admin/users/{}/restore?next=/", zoe.id);
    assert_eq!(post(&mut usher, &restore, &[]).status, 403);
    done(&mut admin, &restore, &[]);
    assert_eq!(post(&mut admin, &restore, &[]).status, 409);
    Browser::signed_in(&site, "zoe");
    let own = admin.get("/admin/users/1").text();
    assert!(own.contains("your own account") && !own.contains("delete-user"), "{own}");
}

#[test]
fn groups_are_made_filled_changed_and_deleted() {
    let site = library_of_three();
    let hostile = "\"><script>alert(1)</script>";
    groups::insert(site.db(), hostile, hostile, TYPE_LOCAL).unwrap();
    let mut admin = administrator(&site);
    let grants = |reports: &'static str| {
        let mut fields = vec![("group_type", "2"), ("description", "Who & why")];
        for name in ["folios", "reports", "admin_users", "admin_files", "admin_folios"] {
            let field: &'static str = match name {
                "folios" => "access_folios",
                "reports" => "access_reports",
                "admin_users" => "access_admin_users",
                "admin_files" => "access_admin_files",
                _ => "access_admin_folios",
            };
            fields.push((field, if name == "reports" { reports } else { "false" }));
        }
        fields.extend([("access_admin_permissions", "false"), ("access_admin_all", "false")]);
        fields
    };
    let named = |name: &'static str, reports| [vec![("name", name)], grants(reports)].concat();
    done(&mut admin, "/do/post/admin/groups?next=/", &named("Press", "true"));
    let list = admin.get("/admin/groups").text();
    assert!(list.contains("<bdi>Press</bdi>") && list.contains("Who &#38; why"), "{list}");
    assert!(!list.contains("<script>alert"), "{list}");
    let id = groups::all(site.db()).unwrap().into_iter().find(|g| g.name == "Press").unwrap().id;
    let page = format!("/admin/groups/{id}");
    let reader = users::by_name(site.db(), "reader").unwrap().unwrap().0.id.to_string();
    let found = admin.get(&format!("{page}?q=read")).text();
    assert!(found.contains(&format!("name=\"user_id\" value=\"{reader}\"")), "{found}");
    done(&mut admin, &format!("/do/post{page}/members?next=/"), &[("user_id", &reader)]);
    assert_eq!(Browser::signed_in(&site, "reader").status("/reports"), 200);
    done(&mut admin, &format!("/do/put{page}?next=/"), &named("Press office", "false"));
    assert_eq!(Browser::signed_in(&site, "reader").status("/reports"), 403);
    done(&mut admin, &format!("/do/delete{page}/members/{reader}?next=/"), &[]);
    assert!(admin.get(&page).text().contains("The group has no members yet."));
    done(&mut admin, &format!("/do/delete{page}?next=/"), &[]);
    assert_eq!(admin.status(&page), 404);
    // What the server relies on stays.
    let page = admin.get(&format!("/admin/groups/{NORMAL_USERS}")).text();
    assert!(!page.contains("id=\"delete-group\""), "{page}");
    assert_eq!(post(&mut admin, "/do/delete/admin/groups/1?next=/", &[]).status, 409);
}

#[test]
fn two_who_change_a_group_undo_nothing_of_each_other() {
    let site = library_of_three();
    let id = groups::insert(site.db(), "Press", "", TYPE_LOCAL).unwrap();
    let granted = |folios: bool| [folios, false, false, false, false, false, false];
    system_permissions::set(site.db(), id, granted(true)).unwrap();
    let (mut first, mut second) = (administrator(&site), administrator(&site));
    let page = format!("/admin/groups/{id}");
    let target = format!("/do/put{page}?next={page}&done=group-saved");
    let read = was(&first.get(&page).text());
    let fields = |read: &str, name: &str, about: &str, folios: bool| {
        let mut fields = vec![
            ("was", read.to_owned()),
            ("name", name.to_owned()),
            ("description", about.to_owned()),
            ("group_type", "2".to_owned()),
            ("access_folios", folios.to_string()),
        ];
        for other in ["reports", "admin_users", "admin_files", "admin_folios", "admin_all"] {
            fields.push((access_field(other), "false".to_owned()));
        }
        fields.push((access_field("admin_permissions"), "false".to_owned()));
        fields
    };
    let save = |browser: &mut Browser, fields: &[(&str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        post(browser, &target, &fields)
    };
    // One takes a permission away, the other changes the description.
    assert_eq!(save(&mut first, &fields(&read, "Press", "", false)).status, 303);
    assert_eq!(save(&mut second, &fields(&read, "Press", "Who writes", true)).status, 303);
    let group = groups::by_id(site.db(), id).unwrap().unwrap();
    assert_eq!(group.description, "Who writes");
    assert_eq!(system_permissions::of_group(site.db(), id).unwrap(), granted(false));
    // Both have changed the name: the page shows either, and saves what is sent then.
    let read = was(&first.get(&page).text());
    assert_eq!(save(&mut first, &fields(&read, "Papers", "Who writes", false)).status, 303);
    let told = save(&mut second, &fields(&read, "<Media>", "Who writes", true));
    assert_eq!(told.status, 409);
    let shown = told.text();
    for there in [
        "Somebody else changed this",
        "Saved: Name",
        ">Papers</p>",
        "name=\"name\" value=\"&#60;Media&#62;\"",
        "name=\"access_folios\" value=\"true\"",
        "done=group-saved",
    ] {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert_eq!(groups::by_id(site.db(), id).unwrap().unwrap().name, "Papers");
    assert_eq!(second.submit(&shown, &target, &[("name", "Media")]).status, 303);
    assert_eq!(groups::by_id(site.db(), id).unwrap().unwrap().name, "Media");
    assert_eq!(system_permissions::of_group(site.db(), id).unwrap(), granted(true));
    // Who sends nothing that was read changes all of it, as programs do.
    let all = fields(&read, "Press", "", false);
    assert_eq!(save(&mut first, &all[1..]).status, 303);
    assert_eq!(system_permissions::of_group(site.db(), id).unwrap(), granted(false));
    assert_eq!(groups::by_id(site.db(), id).unwrap().unwrap().name, "Press");
}

fn access_field(permission: &str) -> &'static str {
    let all = SystemPermission::ALL.into_iter();
    let found = all.zip(GRANTS).find(|(one, _)| one.name() == permission);
    found.expect("there is such a permission").1
}

/// The fields of [`SystemPermission::ALL`].
const GRANTS: [&str; 7] = [
    "access_folios",
    "access_reports",
    "access_admin_users",
    "access_admin_files",
    "access_admin_folios",
    "access_admin_permissions",
    "access_admin_all",
];

#[test]
fn two_who_change_an_account_or_a_template_undo_nothing_of_each_other() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let id = users::by_name(site.db(), "reader").unwrap().unwrap().0.id;
    let page = format!("/admin/users/{id}");
    let read = was(&admin.get(&page).text());
    let target = format!("/do/put{page}?next={page}");
    let fields = |first_name: &'static str, api: &'static str| {
        [
            ("username", "reader"),
            ("first_name", first_name),
            ("last_name", ""),
            ("email", ""),
            ("auth_type", "1"),
            ("allow_api", api),
        ]
    };
    let with = |fields: &[(&'static str, &'static str)]| -> Vec<(&'static str, String)> {
        let mut all = vec![("was", read.clone())];
        all.extend(fields.iter().map(|(name, text)| (*name, (*text).to_owned())));
        all
    };
    let mut send = |target: &str, fields: &[(&str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        post(&mut admin, target, &fields)
    };
    assert_eq!(send(&target, &with(&fields("", "true"))).status, 303);
    assert_eq!(send(&target, &with(&fields("Rita", "false"))).status, 303);
    let user = users::by_id(site.db(), id).unwrap().unwrap();
    assert_eq!((user.first_name.as_str(), user.allow_api), ("Rita", true));
    let told = send(&target, &with(&fields("Rosa", "false")));
    assert_eq!(told.status, 409);
    let shown = told.text();
    assert!(shown.contains(">Rita</p>") && shown.contains("value=\"Rosa\""), "{shown}");
    assert_eq!(users::by_id(site.db(), id).unwrap().unwrap().first_name, "Rita");

    let json = r#"{"width":{"locked":true,"value":30}}"#;
    let id = templates::insert(site.db(), "Wee", "", json).unwrap();
    let page = format!("/admin/templates/{id}");
    let read = was(&admin.get(&page).text());
    let target = format!("/do/put{page}?next={page}");
    let mut save = |about: &str, json: &str| {
        let fields = [("was", &*read), ("name", "Wee"), ("description", about), ("template", json)];
        post(&mut admin, &target, &fields)
    };
    // One takes the lock away, the other changes the description.
    let free = r#"{"width":{"value":30}}"#;
    assert_eq!(save("", free).status, 303);
    assert_eq!(save("Small", json).status, 303);
    let template = templates::by_id(site.db(), id).unwrap().unwrap();
    assert_eq!((template.description.as_str(), template.json.as_str()), ("Small", free));
    let told = save("", r#"{"width":{"value":40}}"#);
    assert_eq!(told.status, 409);
    let shown = told.text();
    for there in ["Saved: Template", "&#34;value&#34;: 30", "Yours: Template", "&#34;value&#34;:40"]
    {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert_eq!(templates::by_id(site.db(), id).unwrap().unwrap().json, free);
}

#[test]
fn templates_are_made_shown_locked_and_made_the_default() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let json = r#"{"width":{"value":30,"locked":true},"format":{"value":"png"}}"#;
    let fields = [("name", "Wee <one>"), ("description", "small"), ("template", json)];
    done(&mut admin, "/do/post/admin/templates?next=/admin/templates&done=template-made", &fields);
    let list = admin.get("/admin/templates").text();
    for there in ["Wee &#60;one&#62;", "<bdi>Width: 30\u{a0}px</bdi>", "1 locked"] {
        assert!(list.contains(there), "{there}: {list}");
    }
    let all = halftone::db::templates::all(site.db()).unwrap();
    let id = all.iter().find(|template| template.name == "Wee <one>").unwrap().id;
    let page = admin.get(&format!("/admin/templates/{id}?src=open/one.png")).text();
    assert!(page.contains("src=\"/image?src=open/one.png&#38;tmp=Wee%20%3Cone%3E\""), "{page}");
    assert!(page.contains("&#34;locked&#34;: true"), "{page}");
    // The publish page's controls, each with a lock, by the names that templates have.
    let width = control(&page, "width");
    for there in ["data-field=\"width\"", "value=\"30\"", "aria-label=\"Lock Width\" checked"] {
        assert!(width.contains(there), "{there}: {width}");
    }
    let format = control(&page, "format");
    assert!(format.contains("<option value=\"png\" selected>PNG</option>"), "{format}");
    assert!(format.contains(">Automatic: best for each browser</option>"), "{format}");
    assert!(format.contains("aria-label=\"Lock Format\">"), "{format}");
    let turned = control(&page, "angle");
    assert!(turned.contains("data-field=\"rotation\"") && turned.contains("<code>rotation</code>"));
    assert!(control(&page, "rotate").contains("<option value=\"\">Not set"), "{page}");
    for (group, state) in [("size", " open"), ("output", " open"), ("turn", ""), ("delivery", "")] {
        assert!(page.contains(&format!("id=\"group-{group}\"{state}>")), "{group}: {page}");
    }
    let change = format!("/do/put/admin/templates/{id}?next=/");
    let wrong = [fields[0], fields[1], ("template", r#"{"width":{"value":-1}}"#)];
    let refused = post(&mut admin, &change, &wrong);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("width"), "{}", refused.text());
    let default = "/do/put/admin/properties/default_template?next=/";
    done(&mut admin, default, &[("value", "Wee <one>")]);
    let delete = format!("/do/delete/admin/templates/{id}?next=/");
    assert_eq!(post(&mut admin, &delete, &[]).status, 409);
    done(&mut admin, default, &[("value", "Default")]);
    done(&mut admin, &delete, &[]);
    assert_eq!(admin.status(&format!("/admin/templates/{id}")), 404);
}

#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let secret = "hush-0123456789-0123456789-0123456789-hush";
    let site = Site::start(&format!("secret = '{secret}'\nthreads = 7"), |_| {});
    let mut admin = administrator(&site);
    let page = admin.get("/admin/settings").text();
    assert!(!page.contains(secret) && page.contains("(a secret)"), "{page}");
    assert!(page.contains("halftone.toml, line 5"), "{page}");
    // What holds nothing says so in words.
    assert!(page.contains("<code class=\"value\">blank</code>"), "{page}");
    assert!(page.contains("<code class=\"value\">none</code>"), "{page}");
    assert!(!page.contains(">&#34;&#34;<") && !page.contains(">[]<"), "{page}");
    let given = admin.get("/admin/settings?show=given&q=request+threads").text();
    assert!(given.contains("<code>threads</code>"), "{given}");
    assert!(!given.contains("<code>stat_cache_ms</code>"), "{given}");
    assert!(admin.get("/admin/settings?q=%3Cscript%3E").text().contains("No setting found"));
}

#[test]
fn work_is_begun_called_off_and_noted() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let begin = "/do/post/admin/tasks/purge_made_pictures?next=/admin/tasks&done=task-begun";
    assert_eq!(post(&mut admin, begin, &[("path", "/no/such/folder")]).status, 400);
    assert_eq!(post(&mut admin, begin, &[("path", "../../etc")]).status, 403);
    let address = "/image?src=open/one.png&width=20";
    let before = site.get(address).header("etag").unwrap().to_owned();
    done(&mut admin, begin, &[("path", "/open/one.png")]);
    within(DONE, "the picture is another one", || {
        site.get(address).header("etag") != Some(before.as_str())
    });
    within(DONE, "the task is done", || {
        let page = admin.get("/admin/tasks?show=done").text();
        page.contains("Rebuild the pictures of /open/one.png") && page.contains("One original")
    });
    done(&mut admin, "/do/post/admin/tasks/sync?next=/admin/tasks", &[("yes", "true")]);
    for function in ["read_metadata", "prepare_folder"] {
        let target = format!("/do/post/admin/tasks/{function}?next=/");
        done(&mut admin, &target, &[("path", "/")]);
    }
    // What is done now and then is told in words, too, and so is what came of it.
    within(DONE, "all is done and told in words", || {
        let page = admin.get("/admin/tasks?show=done").text();
        let told = ["Scan library", "Read new files", "Clean up the database", "4 pictures found"];
        assert!(!page.contains("read_metadata") && !page.contains("{&#34;"), "{page}");
        told.iter().all(|words| page.contains(words))
    });
    let waiting = halftone::db::tasks::NewTask {
        delay_ms: 10 * 365 * 24 * 3_600_000,
        ..halftone::db::tasks::NewTask::new("purge_image_stats")
    };
    let (id, _) = halftone::db::tasks::enqueue(site.db(), &waiting).unwrap();
    let page = admin.get("/admin/tasks?show=waiting").text();
    assert!(page.contains("Needs your confirmation"), "{page}");
    done(&mut admin, &format!("/do/delete/admin/tasks/{id}?next=/"), &[]);
    assert_eq!(post(&mut admin, &format!("/do/post/admin/tasks/{id}/run?next=/"), &[]).status, 409);
    let log = admin.get("/admin/audit?action=task").text();
    assert!(
        log.contains("<td>Started a task</td>") && log.contains("Path: /open/one.png"),
        "{log}"
    );
    assert!(!log.contains("<td>Created a user</td>"), "{log}");
    assert!(log.contains("<option value=\"task.\" selected>"), "{log}");
    assert!(admin.get("/admin/audit?username=nobody").text().contains("No entries"));
    let cache = admin.get("/admin/cache").text();
    assert!(
        cache.contains("Memory of this server process") && cache.contains("<h2>Disk</h2>"),
        "{cache}"
    );
    // As the setting has it.
    assert!(cache.contains(" of 32\u{a0}MB</span>"), "{cache}");
}

#[test]
fn what_was_deleted_is_put_back_or_ended() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    for name in ["one", "two"] {
        let page = editor.get(&format!("/details?src=open/{name}.png")).text();
        let (_, rest) = page.split_once("action=\"/do/put/admin/images/").unwrap();
        let id = rest.split_once('?').unwrap().0;
        done(&mut editor, &format!("/do/delete/admin/filesystem/images/{id}?next=/"), &[]);
    }
    let page = editor.get("/admin/recycled").text();
    assert!(
        page.contains("<bdi>open/one.png</bdi>") && page.contains("<bdi>editor</bdi>"),
        "{page}"
    );
    // On a narrow screen who and when stand under the path.
    let (_, under) = page.split_once("<span class=\"tucked").unwrap();
    assert!(under.split_once("</th>").unwrap().0.contains("<bdi>editor</bdi>, <time"), "{under}");
    // Who does not administer files puts back and ends nothing.
    assert!(!page.contains("for good"), "{page}");
    let (_, rest) = page.split_once("action=\"/do/post/admin/recycled/").unwrap();
    let restore =
        format!("/do/post/admin/recycled/{}/restore?next=/", &rest[..rest.find('/').unwrap()]);
    done(&mut editor, &restore, &[("overwrite", "rename")]);
    assert_eq!(post(&mut editor, "/do/delete/admin/recycled?next=/", &[]).status, 403);
    let back = ["one", "two"].map(|name| site.image(&format!("open/{name}.png")).exists());
    assert_eq!(back.iter().filter(|back| **back).count(), 1);
    let mut admin = administrator(&site);
    done(&mut admin, "/do/delete/admin/recycled?next=/admin/recycled", &[]);
    within(DONE, "nothing is left", || {
        admin.get("/admin/recycled").text().contains("Nothing has been deleted")
    });
    let mut stranger = Browser::signed_in(&site, "stranger");
    assert!(stranger.get("/admin/recycled").text().contains("Nothing has been deleted"));
}

#[test]
fn what_is_put_back_under_another_name_says_so() {
    let site = library_of_three();
    let mut editor = Browser::signed_in(&site, "editor");
    let bytes = std::fs::read(site.image("open/one.png")).unwrap();
    let page = editor.get("/details?src=open/one.png").text();
    let id = between(&page, "action=\"/do/put/admin/images/", "?");
    done(&mut editor, &format!("/do/delete/admin/filesystem/images/{id}?next=/"), &[]);
    std::fs::write(site.image("open/one.png"), bytes).unwrap();
    let page = editor.get("/admin/recycled").text();
    let form = between(&page, "action=\"/do/post/admin/recycled/", "\"");
    let target = format!("/do/post/admin/recycled/{}", form.replace("&#38;", "&"));
    let target = target.replace("&amp;", "&");
    let led = post(&mut editor, &target, &[("overwrite", "rename")]);
    let next = led.header("location").expect("it leads back").to_owned();
    let page = editor.get(&next).text();
    assert!(page.contains("Restored as open/one-001.png"), "{next}: {page}");
    assert!(site.image("open/one-001.png").exists());
    // Nobody is told of what is not there, or what they may not know, whatever an address says.
    for nothing in ["open/none.png", "../x", "%3Cb%3E"] {
        let page = editor.get(&format!("/admin/recycled?told={nothing}")).text();
        assert!(!page.contains("Restored as"), "{nothing}: {page}");
    }
    let mut stranger = Browser::signed_in(&site, "stranger");
    let page = stranger.get("/admin/recycled?told=closed/four.png").text();
    assert!(!page.contains("Restored as"), "{page}");
}

#[test]
fn who_may_delete_somewhere_finds_what_was_deleted() {
    let site = library_of_three();
    let sweepers = groups::insert(site.db(), "sweepers", "", TYPE_LOCAL).unwrap();
    groups::add_member(site.db(), sweepers, account(&site, "sweeper", false)).unwrap();
    site.permit("/open/deep", sweepers, Level::Delete.access());
    let clerk = account(&site, "clerk", false);
    grant(&site, clerk, "clerks", SystemPermission::AdminUsers);
    let link = "href=\"/admin/recycled\"";
    let found = |browser: &mut Browser, page: &str| browser.get(page).text().matches(link).count();
    let mut sweeper = Browser::signed_in(&site, "sweeper");
    within(DONE, "rights hold", || found(&mut sweeper, "/") == 1);
    // In the menu of every page, and in that of every folder.
    for folder in ["/browse", "/browse?path=open", "/browse?path=open/deep"] {
        assert_eq!(found(&mut sweeper, folder), 2, "{folder}");
    }
    assert_eq!(sweeper.status("/admin/recycled"), 200);
    // That is no administration.
    assert_eq!(sweeper.status("/admin"), 403);
    let page = sweeper.get("/admin/recycled").text();
    assert!(!page.contains("class=\"sections\"") && !page.contains("href=\"/admin\""), "{page}");
    for name in ["reader", "stranger", "clerk"] {
        let mut browser = Browser::signed_in(&site, name);
        for page in ["/", "/browse?path=open"] {
            assert_eq!(found(&mut browser, page), 0, "{name} {page}");
        }
    }
    // Who administers something has it among those pages, if it is for them.
    let mut browser = Browser::signed_in(&site, "clerk");
    assert_eq!(found(&mut browser, "/admin"), 0);
    groups::add_member(site.db(), sweepers, clerk).unwrap();
    within(DONE, "rights hold", || found(&mut browser, "/admin") == 3);
}

#[test]
fn tags_and_their_lists_are_kept() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let make = "/do/post/admin/tag-lists?next=/admin/tags";
    done(&mut admin, make, &[("name", "Subjects"), ("tags", "Sea\n<b>Land")]);
    let page = admin.get("/admin/tags").text();
    assert!(page.contains(">List</th>") && page.contains("<td class=\"wide\"><bdi>Subjects</bdi>"));
    assert!(page.contains("<bdi>Subjects</bdi>") && page.contains("&#60;b&#62;Land"), "{page}");
    assert!(!page.contains("<b>Land"), "{page}");
    let id = |page: &str, before: &str| {
        let (_, rest) = page.split_once(before).unwrap();
        rest.split_once('?').unwrap().0.to_owned()
    };
    let tag = id(&admin.get("/admin/tags?q=Sea").text(), "action=\"/do/put/admin/tags/");
    done(&mut admin, &format!("/do/put/admin/tags/{tag}?next=/"), &[("name", "Ocean")]);
    assert!(admin.get("/admin/tags?q=Oc").text().contains("<bdi>Ocean</bdi>"));
    done(&mut admin, &format!("/do/delete/admin/tags/{tag}?next=/"), &[]);
    assert!(admin.get("/admin/tags?q=Oc").text().contains("Tags appear here"));
    let list = id(&page, "action=\"/do/put/admin/tag-lists/");
    done(&mut admin, &format!("/do/delete/admin/tag-lists/{list}?next=/"), &[]);
    assert!(admin.get("/admin/tags").text().contains("There are no tag lists."));
}

#[test]
fn levels_have_the_words_of_their_numbers() {
    let site = library_of_three();
    let mut admin = administrator(&site);
    let page = admin.get("/admin/permissions").text();
    for (level, word) in [
        (Level::None, "No access"),
        (Level::View, "View"),
        (Level::Download, "Download"),
        (Level::Edit, "Edit details"),
        (Level::Upload, "Upload"),
        (Level::Delete, "Delete pictures"),
        (Level::CreateFolder, "Create folders"),
        (Level::DeleteFolder, "Full access"),
    ] {
        let chosen = format!("<option value=\"{}\" selected>{word}</option>", level.access());
        let plain = format!("<option value=\"{}\">{word}</option>", level.access());
        assert!(page.contains(&chosen) || page.contains(&plain), "{word}: {page}");
    }
}
