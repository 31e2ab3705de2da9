//! The library, the server over it, nginx in front, and what is asked of them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use halftone::auth::Level;
use halftone::db::groups::{self, PUBLIC};
use halftone::db::{self, Db, DbOptions};
use tempfile::TempDir;

use crate::support::cluster::Cluster;
use crate::support::files::{free_port, temp_dir};
use crate::support::fixture::write_jpeg;
use crate::support::front::{Front, Kind};
use crate::support::halftone::{Pool, run, run_with_input};
use crate::support::http::{Client, Response};
use crate::usage;

/// Files in each folder: as many as one answer of a list holds.
pub const IN_A_FOLDER: usize = 1_000;

const STATIC_BYTES: usize = 45_000;
/// Who may see the library.
pub const EDITOR: &str = "editor";
/// Their password.
pub const PASSWORD: &str = "a password for measuring";

/// Pictures on a page of the library, as is usual.
pub const ON_A_PAGE: usize = 100;

/// Everything that runs.
pub struct Site {
    // In this order: whoever asks ends before whoever answers.
    front: Front,
    pool: Pool,
    cluster: Cluster,
    _files: TempDir,
    fixed: SocketAddr,
    token: String,
}

/// The path of a file, by its number.
fn path(number: usize) -> String {
    format!("folder-{:03}/picture-{:04}.jpg", number / IN_A_FOLDER, number % IN_A_FOLDER)
}

/// The details of one file after the other.
pub fn details(number: u64, files: usize) -> String {
    // Coprime to the number of files, so that neighbours are of different folders.
    let file = number.wrapping_mul(7_919) % files as u64;
    format!("/api/v1/details/?src={}", path(file as usize))
}

/// The list of one folder after the other.
pub fn list(number: u64, files: usize) -> String {
    let folder = number % (files / IN_A_FOLDER) as u64;
    format!("/api/v1/list/?path=folder-{folder:03}")
}

/// The same with all that is known of each picture.
pub fn attributes(number: u64, files: usize) -> String {
    list(number, files) + "&attributes=1"
}

/// One page after the other, each of another folder than the one before.
pub fn browse(number: u64, files: usize) -> String {
    let folders = (files / IN_A_FOLDER) as u64;
    let page = number / folders % (IN_A_FOLDER / ON_A_PAGE) as u64;
    format!("/browse?path=folder-{:03}&page={}", number % folders, page + 1)
}

impl Site {
    /// Makes the library, starts everything, and waits until every file is known.
    pub fn start(files: usize) -> Self {
        let cluster = Cluster::start();
        let url = cluster.database("halftone");
        let pool = Pool::start_at(
            &url,
            |images| make_library(images, files),
            |config| config.raw("sync_every_h", "0").raw("watch_library", "false"),
        );
        let config = pool.config();
        let config = config.to_str().unwrap();
        run(&["sync", "--config", config]);
        let arguments =
            ["user", "add", EDITOR, "--allow-api", "--password-stdin", "--config", config];
        run_with_input(&arguments, &format!("{PASSWORD}\n"));
        let db = Db::connect(&DbOptions { url, ..DbOptions::default() }).unwrap();
        make_editor(&db);

        let statics = temp_dir();
        fs::write(statics.path().join("picture.jpg"), vec![b'x'; STATIC_BYTES]).unwrap();
        let fixed = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let more = format!(
            "server {{ listen {fixed}; root {}; types {{ image/jpeg jpg; }} }}",
            statics.path().display()
        );
        let front = Front::start_with(Kind::Nginx, &pool.socket(), &more);
        let token = token(&front);
        let site = Self { front, pool, cluster, _files: statics, fixed, token };
        site.check(files);
        site
    }

    /// Where nginx answers for the server.
    pub fn http(&self) -> SocketAddr {
        self.front.http()
    }

    /// Where nginx serves the static file.
    pub fn fixed(&self) -> SocketAddr {
        self.fixed
    }

    /// The editor's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Seconds of CPU time of nginx, the server and PostgreSQL.
    pub fn cpu_s(&self) -> [f64; 3] {
        [
            usage::cpu_s(self.front.pid()),
            usage::cpu_s(self.pool.pid()),
            usage::cpu_s(self.cluster.pid()),
        ]
    }

    /// What is measured is what was meant: whole answers, to the editor, about files that are known;
    /// the first look at each is taken here.
    fn check(&self, files: usize) {
        let get = |target: &str| {
            let bearer = format!("Bearer {}", self.token);
            let mut client = Client::connect(self.front.http()).unwrap();
            let headers = [("Authorization", bearer.as_str())];
            let response = client.request("GET", target.as_bytes(), &headers, b"").unwrap();
            assert_eq!(response.status, 200, "{target}: {}", response.text());
            data(&response)
        };
        let told = get(&format!("/api/v1/details/?src={}", path(files - 1)));
        assert_eq!((&told["width"], &told["download"]), (&60.into(), &true.into()));
        for folder in 0..files / IN_A_FOLDER {
            let listed = get(&format!("/api/v1/list/?path=folder-{folder:03}&attributes=1"));
            let known = listed.as_array().unwrap().iter().filter(|file| file["width"] == 60);
            assert_eq!(known.count(), IN_A_FOLDER);
        }
    }
}

fn make_library(images: &Path, files: usize) {
    let one = images.join(path(0));
    write_jpeg(&one, 60, 40);
    let bytes = fs::read(one).unwrap();
    for number in 0..files {
        let file = images.join(path(number));
        if number % IN_A_FOLDER == 0 {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
        }
        fs::write(file, &bytes).unwrap();
    }
}

/// Lets nobody but an editor see anything.
fn make_editor(db: &Db) {
    let (user, _) = db::users::by_name(db, EDITOR).unwrap().unwrap();
    let group = groups::insert(db, "Editors", "", groups::TYPE_LOCAL).unwrap();
    groups::add_member(db, group, user.id).unwrap();
    let root = db::folders::seen(db, "/").unwrap();
    db::folder_permissions::set(db, root, PUBLIC, Level::None.access()).unwrap();
    db::folder_permissions::set(db, root, group, Level::Upload.access()).unwrap();
}

fn token(front: &Front) -> String {
    let mut client = Client::connect(front.http()).unwrap();
    let body = format!("username={EDITOR}&password={}", PASSWORD.replace(' ', "+"));
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let response = client.request("POST", b"/api/v1/token/", &headers, body.as_bytes()).unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    data(&response)["token"].as_str().unwrap().to_owned()
}

fn data(response: &Response) -> serde_json::Value {
    let mut answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    answer["data"].take()
}
