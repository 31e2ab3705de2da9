//! The REST API: each address by anonymous callers, users without and with the right, and
//! administrators, on both databases.

mod accounts;
mod acts;
mod administration;
mod basket;
mod envelope;
mod guide;
mod levels;
mod library;
mod matrix;
mod metadata;
pub mod portfolios;
mod published_locks;
mod recycled;
mod statistics;
mod takeover;
mod tasks;
mod templates;
mod uploads;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use halftone::auth::SystemPermission;
use halftone::db::{groups, system_permissions, users};
use serde_json::Value;

use crate::people::{PASSWORD, account, basic, data, form, token};
use crate::site::{Backend, Site};
use crate::support::fixture::write_jpeg;
use crate::support::halftone::ADMIN_PASSWORD;
use crate::support::http::{Client, Response};

/// A site with people and their tokens.
pub struct Api {
    pub site: Site,
    /// May do everything.
    pub admin: String,
    /// Is a member of Normal users.
    pub jo: String,
    pub jo_id: i64,
    /// May make portfolios.
    pub maker: String,
    pub maker_id: i64,
}

/// Three pictures, one of them in a folder of its own, and a file that is none.
pub fn pictures(images: &Path) {
    write_jpeg(&images.join("a/one.jpg"), 60, 40);
    write_jpeg(&images.join("a/two.jpg"), 40, 60);
    write_jpeg(&images.join("b/three.jpg"), 30, 30);
    std::fs::write(images.join("a/notes.txt"), "no picture").unwrap();
}

/// The fields of a group of a kind that grants these permissions and no others.
pub fn group<'a>(name: &'a str, kind: &'a str, granted: &[&str]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("name", name), ("description", "d"), ("group_type", kind)];
    for field in [
        "access_folios",
        "access_reports",
        "access_admin_users",
        "access_admin_files",
        "access_admin_folios",
        "access_admin_permissions",
        "access_admin_all",
    ] {
        fields.push((field, if granted.contains(&field) { "true" } else { "false" }));
    }
    fields
}

impl Api {
    pub fn on(backend: Backend, settings: &str) -> Self {
        let site = Site::on(backend, settings, pictures);
        let jo_id = account(&site, "jo", true);
        let maker_id = account(&site, "maker", true);
        grant(&site, maker_id, "Makers", SystemPermission::Folios);
        let root = users::by_name(site.db(), "admin").unwrap().unwrap().0;
        users::update(site.db(), &users::User { allow_api: true, ..root }).unwrap();
        let admin = admin_token(&site);
        let (jo, maker) = (token(&site, "jo"), token(&site, "maker"));
        Self { site, admin, jo, jo_id, maker, maker_id }
    }

    /// Calls an address below the version; `who` is a token, or blank for nobody.
    pub fn call(&self, method: &str, path: &str, who: &str, fields: &[(&str, &str)]) -> Response {
        let body = if fields.is_empty() { String::new() } else { form(fields) };
        let kind = "application/x-www-form-urlencoded";
        self.send(method, path, who, kind, body.as_bytes())
    }

    pub fn send(&self, method: &str, path: &str, who: &str, kind: &str, body: &[u8]) -> Response {
        let header = basic(who, "unused");
        let mut headers = vec![("Content-Type", kind)];
        if !who.is_empty() {
            headers.push(("Authorization", &header));
        }
        let target = format!("/api/v1{path}");
        let mut client = Client::connect(self.site.addr()).unwrap();
        let response = client.request(method, target.as_bytes(), &headers, body).unwrap();
        assert!(response.status < 500 || response.status == 503, "{path}: {}", self.site.log());
        assert_eq!(response.header("content-type"), Some("application/json"), "{method} {path}");
        response
    }

    pub fn status(&self, method: &str, path: &str, who: &str, fields: &[(&str, &str)]) -> u16 {
        self.call(method, path, who, fields).status
    }

    /// The data of a call that has to succeed.
    #[track_caller]
    pub fn ok(&self, method: &str, path: &str, who: &str, fields: &[(&str, &str)]) -> Value {
        let response = self.call(method, path, who, fields);
        let good = matches!(response.status, 200 | 202);
        assert!(good, "{method} {path}: {}\n{}", response.text(), self.site.log());
        data(&response)
    }

    /// The data of a GET that has to succeed.
    #[track_caller]
    pub fn get(&self, path: &str, who: &str) -> Value {
        self.ok("GET", path, who, &[])
    }

    /// The id of an image by its path.
    pub fn image_id(&self, src: &str) -> i64 {
        self.get(&format!("/details?src={src}"), &self.admin)["id"].as_i64().unwrap()
    }
}

/// Makes a user the member of a new group with one permission.
pub fn grant(site: &Site, user: i64, group: &str, permission: SystemPermission) {
    let mut granted = [false; 7];
    granted[permission as usize] = true;
    let group = groups::insert(site.db(), group, "", groups::TYPE_LOCAL).unwrap();
    system_permissions::set(site.db(), group, granted).unwrap();
    groups::add_member(site.db(), group, user).unwrap();
}

/// The administrator has another password than the others.
fn admin_token(site: &Site) -> String {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let response = crate::people::ask_token(site.addr(), "admin", ADMIN_PASSWORD);
    assert_eq!(response.status, 200, "{}\n{}", response.text(), site.log());
    data(&response)["token"].as_str().unwrap().to_owned()
}

/// What everybody here signs in with.
pub fn password() -> &'static str {
    PASSWORD
}
