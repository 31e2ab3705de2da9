//! A library in a folder of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use halftone::auth::{Level, Rights};
use halftone::db::images::ImageRow;
use halftone::db::{Db, STATUS_ACTIVE, folder_permissions, folders, groups, images, users};
use halftone::library::sync::Report;
use halftone::library::{Caller, Error, Library, NewFile, Options, Overwrite};
use halftone::pixel::{Engine, EngineOptions};
use halftone::source::{FolderPath, Repository, RepositoryOptions};

use crate::setup::TestDb;

pub struct Bench {
    pub test: TestDb,
    pub home: tempfile::TempDir,
    pub library: Library,
}

pub fn options() -> Options {
    Options { host: "here".into(), rights_known_after: Duration::ZERO, ..Options::default() }
}

impl Bench {
    pub fn new(test: TestDb) -> Self {
        test.migrated();
        // The ids 1 to 3 mean something: the public's level is a floor for everybody.
        for name in ["Public", "Normal users", "Administrators"] {
            groups::insert(&test.db, name, "", 1).unwrap();
        }
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("root")).unwrap();
        let library = library_at(test.open(), &home.path().join("root"), options());
        Self { test, home, library }
    }

    /// The same files and rows with other options.
    pub fn with(&self, options: Options) -> Library {
        library_at(self.test.open(), &self.root(), options)
    }

    pub fn db(&self) -> &Db {
        &self.test.db
    }

    pub fn root(&self) -> PathBuf {
        self.home.path().join("root")
    }

    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A picture with a time of its own, so that no two files look like one that moved.
    pub fn paint(&self, path: &str, seconds: u64) {
        self.write(path, &png(2, 1));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + seconds);
        let file = File::options().write(true).open(self.root().join(path)).unwrap();
        file.set_modified(time).unwrap();
    }

    pub fn walk(&self) -> Report {
        self.library.sync(false, &|_| true).unwrap()
    }

    pub fn put(&self, folder: &str, name: &str, overwrite: Overwrite) -> Result<ImageRow, Error> {
        put(&self.library, &Caller::System, folder, name, overwrite, &png(3, 2))
    }

    pub fn image(&self, path: &str) -> Option<ImageRow> {
        images::by_path(self.db(), path).unwrap()
    }

    pub fn is_active(&self, path: &str) -> bool {
        self.image(path).is_some_and(|image| image.status == STATUS_ACTIVE)
    }

    /// A user of a group of their own, with levels in folders.
    pub fn user(&self, name: &str, levels: &[(&str, Level)]) -> i64 {
        let group = groups::insert(self.db(), name, "", 2).unwrap();
        let user = users::insert(self.db(), &new_user(name)).unwrap();
        groups::add_member(self.db(), group, user).unwrap();
        for (folder, level) in levels {
            self.set_level(folder, group, *level);
        }
        user
    }

    pub fn set_level(&self, folder: &str, group: i64, level: Level) {
        let folder = folders::seen(self.db(), folder).unwrap();
        folder_permissions::set(self.db(), folder, group, level.access()).unwrap();
    }

    pub fn rights(&self) -> Arc<Rights> {
        Arc::new(self.db().snapshot(|sql| Rights::load(sql)).unwrap())
    }

    /// Every file and folder below the root, hidden ones too, with lengths of files.
    pub fn tree(&self) -> BTreeMap<String, Option<u64>> {
        let mut found = BTreeMap::new();
        list(&self.root(), "", &mut found);
        found
    }

    /// Names of what lies right in a folder, hidden names left out.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root().join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// Whether any file is left that was being written.
    pub fn has_unfinished(&self) -> bool {
        self.tree().keys().any(|name| name.contains(".halftone-incoming-"))
    }
}

fn list(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Option<u64>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &format!("{name}/"), found);
            found.insert(name, None);
        } else {
            found.insert(name, Some(entry.metadata().unwrap().len()));
        }
    }
}

pub fn library_at(db: Db, root: &Path, options: Options) -> Library {
    let repository_options = RepositoryOptions {
        stat_cache: Duration::ZERO,
        follow_links: true,
        ..RepositoryOptions::default()
    };
    let files = Arc::new(Repository::new(root, repository_options));
    let engine = Engine::new(EngineOptions::default()).unwrap();
    Library::new(db, files, engine, options, |_| ())
}

pub fn put(
    library: &Library,
    caller: &Caller<'_>,
    folder: &str,
    name: &str,
    overwrite: Overwrite,
    bytes: &[u8],
) -> Result<ImageRow, Error> {
    let folder = FolderPath::parse(folder).unwrap();
    let mut from = bytes;
    library.put(caller, &NewFile { folder: &folder, name, overwrite }, &mut from)
}

/// A grey picture.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&vec![128; (width * height) as usize]).unwrap();
    writer.finish().unwrap();
    bytes
}

/// A picture of stripes as JPEG.
pub fn jpeg(width: usize, height: usize) -> Vec<u8> {
    let pixels: Vec<u8> = (0..width * height).map(|at| (at * 7 % 256) as u8).collect();
    let mut compressor = turbojpeg::Compressor::new().unwrap();
    compressor.set_subsamp(turbojpeg::Subsamp::Gray).unwrap();
    let format = turbojpeg::PixelFormat::GRAY;
    let image = turbojpeg::Image { pixels: &pixels[..], width, pitch: width, height, format };
    compressor.compress_to_vec(image).unwrap()
}

/// A picture with an XMP packet.
pub fn png_saying(xmp: &str) -> Vec<u8> {
    let bytes = png(2, 2);
    let mut text = b"XML:com.adobe.xmp\0\0\0\0\0".to_vec();
    text.extend(
        format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF \
             xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description \
             xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:exif=\"http://ns.adobe.com/exif/1.0/\" \
             xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\">{xmp}</rdf:Description></rdf:RDF>\
             </x:xmpmeta>"
        )
        .bytes(),
    );
    let mut chunk = b"iTXt".to_vec();
    chunk.extend(text);
    let mut out = bytes[..33].to_vec();
    out.extend((u32::try_from(chunk.len()).unwrap() - 4).to_be_bytes());
    out.extend(&chunk);
    out.extend(crc32fast::hash(&chunk).to_be_bytes());
    out.extend(&bytes[33..]);
    out
}

fn new_user(name: &str) -> users::NewUser {
    users::NewUser { username: name.into(), ..users::NewUser::default() }
}

/// Sets a flag when it is dropped, also by a failed assertion, so that whoever waits for it ends.
pub struct SetOnDrop<'a>(pub &'a std::sync::atomic::AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}
