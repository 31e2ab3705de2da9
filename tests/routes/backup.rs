//! `halftone backup` and `halftone restore`: the drill that an administrator would do.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use halftone::db::{self, Db, DbOptions, Value, bulk, folios, images, templates};
use tempfile::TempDir;

use crate::people::{PASSWORD, account, ask_token};
use crate::site::{Backend, Site, launch};
use crate::support::database::Database;
use crate::support::files::temp_dir;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::binary;
use crate::support::{http, wait};

const SECRET: &str = "a secret of more than thirty-two bytes for this test";

/// Another installation over the same pictures, with nothing in it.
struct Empty {
    db: Db,
    _database: Option<Database>,
    dir: TempDir,
}

impl Empty {
    fn new(backend: Backend, site: &Site) -> Self {
        let dir = temp_dir();
        let database = (backend == Backend::Postgres).then(Database::create);
        let url = match &database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", dir.path().join("test.db").display()),
        };
        let text = format!(
            "images_dir = '{}'\ndata_dir = '{}'\ndatabase = '{url}'\nsync_every_h = 0\n\
             watch_library = false\n",
            site.image("").display(),
            dir.path().join("data").display()
        );
        fs::write(dir.path().join("halftone.toml"), text).unwrap();
        let db = Db::connect(&DbOptions { url, pool_size: 2, ..DbOptions::default() }).unwrap();
        Self { db, _database: database, dir }
    }

    fn restore(&self, file: &Path, more: &[&str]) -> (bool, String) {
        let config = self.dir.path().join("halftone.toml");
        run("restore", file, &config, more)
    }
}

fn run(command: &str, file: &Path, config: &Path, more: &[&str]) -> (bool, String) {
    let mut command_line = binary();
    command_line.arg(command).arg(file).args(more).arg("--config").arg(config);
    let output = command_line.output().unwrap();
    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.success(), text)
}

fn site(backend: Backend) -> Site {
    let settings = format!("sync_every_h = 0\nwatch_library = false\nsecret = '{SECRET}'");
    let site = Site::on(backend, &settings, |images| {
        write_jpeg(&images.join("a/photo.jpg"), 300, 200);
        write_jpeg(&images.join("b\u{fc}cher/\u{65e5}.jpg"), 30, 20);
    });
    let db = site.db();
    let owner = account(&site, "M\u{ed}a", true);
    site.known_template("Thumb", r#"{"width": {"value": 40}}"#);
    site.permit("/b\u{fc}cher", db::groups::PUBLIC, 0);
    site.ok("/image?src=a/photo.jpg");
    let photo = images::by_path(db, "a/photo.jpg").unwrap().unwrap();
    images::set_texts(db, photo.id, "A 'title'\u{1f600}", "two\nlines").unwrap();
    let point = db::images::FocalPoint::new(0.1, 1.0 / 3.0).unwrap();
    images::set_focal_point(db, photo.id, Some(point)).unwrap();
    let folio = folios::NewFolio {
        human_id: "spring".into(),
        name: "Spring".into(),
        description: String::new(),
        internal_access: 20,
        public_access: 10,
    };
    folios::insert(db, &folio, owner).unwrap();
    // The highest id of all is not in use any more.
    let gone = templates::insert(db, "Gone", "", "{}").unwrap();
    assert!(templates::remove(db, gone).unwrap());
    site
}

/// Every row of every table, but for the counters of changes, which a restore raises.
fn dump(db: &Db) -> String {
    let mut text = String::new();
    for table in bulk::TABLES {
        let columns = bulk::columns(db, table.name).unwrap();
        let mut rows = bulk::page(db, table, &columns, None, 10_000).unwrap().rows;
        rows.retain(|row| !format!("{row:?}").contains("_version"));
        for value in rows.iter_mut().flatten() {
            if let Value::Bool(truth) = value {
                *value = Value::Int((*truth).into());
            }
        }
        text += &format!("{} {rows:#?}\n", table.name);
    }
    text
}

fn indexed(db: &Db) -> i64 {
    db::Sql::query_one(db, "SELECT COUNT(*) FROM image_search", &[]).unwrap().int(0).unwrap()
}

fn unpacked(file: &Path) -> String {
    let mut text = String::new();
    let packed = fs::File::open(file).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

const ASKED: [&str; 6] = [
    "/image?src=a/photo.jpg&width=100",
    "/image?src=a/photo.jpg&tmp=Thumb",
    "/image?src=b%C3%BCcher/%E6%97%A5.jpg",
    "/original?src=a/photo.jpg",
    "/api/v1/list/?path=a",
    "/api/v1/details/?src=a/photo.jpg",
];

fn drill(from: Backend, to: Backend) {
    let mut site = site(from);
    wait::until("the folder is closed", || site.status(ASKED[2]) == 403);
    let answers = ASKED.map(|target| site.get(target));
    // What runs in the background must not change rows between the backup and the comparison.
    site.halt();
    let file = site.scratch().join("backup.gz");
    let (success, said) = run("backup", &file, &site.config(), &[]);
    assert!(success, "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (success, said) = run("backup", &file, &site.config(), &[]);
    let reason = "there is a file of this name already";
    assert!(!success && said.matches(reason).count() == 1, "{said}");

    let other = Empty::new(to, &site);
    let (success, said) = other.restore(&file, &[]);
    assert!(success, "{said}");
    assert_eq!(dump(&other.db), dump(site.db()));
    let active = images::active_after(&other.db, 0, 100).unwrap().len();
    assert!(active > 0);
    assert_eq!(indexed(&other.db), i64::try_from(active).unwrap());
    let next = |db: &Db| templates::insert(db, "Next", "", "{}").unwrap();
    assert_eq!(next(&other.db), next(site.db()));

    let (success, said) = other.restore(&file, &[]);
    assert!(!success && said.contains("--replace"), "{said}");
    let (success, said) = other.restore(&file, &["--replace"]);
    assert!(success, "{said}");
    let names = templates::all(&other.db).unwrap();
    assert!(names.iter().all(|template| template.name != "Next"));

    let (_process, addr) = launch("restored", other.dir.path());
    for (target, before) in ASKED.iter().zip(answers) {
        let after = http::get(addr, target).unwrap();
        assert_eq!(after.status, before.status, "{target}: {}", after.text());
        assert_eq!(after.header("etag"), before.header("etag"), "{target}");
        if before.header("content-type").is_some_and(|kind| kind.contains("json")) {
            // The addresses in it are those of the server that was asked.
            let own =
                |text: String, addr: std::net::SocketAddr| text.replace(&addr.to_string(), "");
            assert_eq!(own(after.text(), addr), own(before.text(), site.addr()), "{target}");
        } else if before.status == 200 {
            assert_eq!(after.body, before.body, "{target}");
        }
    }
    assert_eq!(ask_token(addr, "m\u{ed}a", PASSWORD).status, 200);
}

#[test]
fn a_file_is_restored_into_a_server() {
    drill(Backend::Sqlite, Backend::Postgres);
}

#[test]
fn a_server_is_restored_into_a_file() {
    drill(Backend::Postgres, Backend::Sqlite);
}

#[test]
fn secrets_are_in_it_only_when_asked_for() {
    let site = site(Backend::Sqlite);
    let other = Empty::new(Backend::Sqlite, &site);
    for (name, more, inside) in [("a.gz", &[][..], false), ("b.gz", &["--with-secrets"][..], true)]
    {
        let file = site.scratch().join(name);
        assert!(run("backup", &file, &site.config(), more).0);
        assert_eq!(unpacked(&file).contains(SECRET), inside);
        let settings = other.dir.path().join(format!("{name}.toml"));
        let more = ["--replace", "--settings-to", settings.to_str().unwrap()];
        let (success, said) = other.restore(&file, &more);
        assert!(success, "{said}");
        let text = fs::read_to_string(&settings).unwrap();
        assert!(text.contains("sync_every_h = 0"), "{text}");
        assert_eq!(text.contains(SECRET), inside);
        assert_eq!(fs::metadata(&settings).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn damage_is_seen_before_anything_is_changed() {
    let site = site(Backend::Sqlite);
    let file = site.scratch().join("backup.gz");
    assert!(run("backup", &file, &site.config(), &[]).0);
    let whole = fs::read(&file).unwrap();
    let text = unpacked(&file);
    let packed = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let without_end = &text[..text.trim_end().rfind('\n').unwrap() + 1];
    let other_name = text.replace("\"Thumb\"", "\"Thump\"");
    assert_ne!(other_name, text);
    let newer = text.replacen("\"halftone_backup\":1", "\"halftone_backup\":2", 1);
    assert_ne!(newer, text);
    let target = Empty::new(Backend::Sqlite, &site);
    assert!(target.restore(&file, &[]).0);
    let before = dump(&target.db);
    for (what, bytes, expected) in [
        ("nothing", Vec::new(), "no whole backup"),
        ("half", whole[..whole.len() / 2].to_vec(), "no whole backup"),
        ("all but its last byte", whole[..whole.len() - 1].to_vec(), "no whole backup"),
        ("a changed bit", flipped, "no whole backup"),
        ("no end", packed(without_end), "no whole backup"),
        ("a changed name", packed(&other_name), "checksum"),
        ("something behind", packed(&format!("{text}[]\n")), "no whole backup"),
        ("another version", packed(&newer), "another version"),
        ("a picture", fs::read(site.image("a/photo.jpg")).unwrap(), "no whole backup"),
    ] {
        let damaged = site.scratch().join("damaged.gz");
        fs::write(&damaged, bytes).unwrap();
        let (success, said) = target.restore(&damaged, &["--replace"]);
        assert!(!success && said.contains(expected), "{what}: {said}");
        assert_eq!(dump(&target.db), before, "{what}");
    }
}
