//! What it takes to give a folder another name: who waits for it, and what comes after.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halftone::db::{self, Db, DbOptions, Sql, folders, image_history};
use halftone::library::{Caller, Library, Options};
use halftone::pixel::{Engine, EngineOptions};
use halftone::source::{Repository, RepositoryOptions};

use crate::support::files::temp_dir;

/// Moves a folder with so many images, beside which there are as many again; without a URL, on SQLite.
/// The statement's time is that of a new installation.
pub fn measure(name: &str, url: &str, images: usize) {
    let dir = temp_dir();
    let root = dir.path().join("images");
    fs::create_dir_all(root.join("old")).unwrap();
    let url = match url {
        "" => format!("sqlite:{}", dir.path().join("halftone.db").display()),
        url => url.to_owned(),
    };
    let db = Db::connect(&DbOptions { url, ..DbOptions::default() }).unwrap();
    db::migrate(&db).unwrap();
    for folder in ["old", "other"] {
        fill(&db, folder, images);
    }
    let id = folders::by_path(&db, "/old").unwrap().unwrap().id;
    let files = Arc::new(Repository::new(&root, RepositoryOptions::default()));
    let engine = Engine::new(EngineOptions::default()).unwrap();
    let library = Library::new(db.clone(), files, engine, Options::default(), |_| ());
    let tell = |what: &str, began: Instant| {
        let time: Duration = began.elapsed();
        println!("{:44}{:>10.2}", format!("{name}: {what}"), time.as_secs_f64());
    };
    let began = Instant::now();
    library.move_folder(&Caller::System, id, "new", &|| true).expect("the folder moves");
    tell("a folder moves, with history", began);
    let noted = db
        .query_one("SELECT COUNT(*) FROM image_history", &[])
        .and_then(|row| row.int(0))
        .expect("history can be counted");
    assert_eq!(usize::try_from(noted).ok(), Some(images));
    let one = db.query_one("SELECT MIN(id) FROM images WHERE path LIKE 'new/%'", &[]);
    let one = one.and_then(|row| row.int(0)).expect("images have moved");
    assert_eq!(image_history::of_image(&db, one, 1).expect("it has a history").len(), 1);
    let began = Instant::now();
    let indexed = library.index_below("/new", &|_| true).expect("words are made");
    assert_eq!(usize::try_from(indexed).ok(), Some(images));
    tell("its new words for searching, afterwards", began);
}

fn fill(db: &Db, folder: &str, images: usize) {
    let id = folders::seen(db, folder).unwrap();
    let statement = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL \
         SELECT i + 1 FROM n WHERE i < $1) \
         INSERT INTO images (path, path_key, folder_id, size_bytes, mtime_ns, first_seen_ms) \
         SELECT $2 || '/picture ' || i || '.jpg', $2 || '/picture ' || i || '.jpg', $3, 1000, i, 0 \
         FROM n";
    let count = i64::try_from(images).unwrap();
    let made = db.execute(statement, &[count.into(), folder.into(), id.into()]).unwrap();
    assert_eq!(usize::try_from(made).ok(), Some(images));
}
