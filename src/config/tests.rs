use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::*;

/// A folder with settings files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn main(&self) -> Option<PathBuf> {
        Some(self.0.path().join("halftone.toml"))
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        load(&Sources { file: self.main(), ..Sources::default() })
    }

    /// The faults, without the folder's name.
    fn faults(&self) -> Vec<String> {
        let here = format!("{}/", self.0.path().display());
        let error = self.load().expect_err("faults");
        error.to_string().lines().map(|line| line.replace(&here, "")).collect()
    }
}

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let environment = pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
    Sources { environment, ..Sources::default() }
}

#[test]
fn nothing_said_is_the_defaults() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!(loaded.settings.threads, 15);
    assert_eq!(loaded.settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(loaded.settings.fcgi_socket_mode, 0o660);
    assert_eq!(loaded.origin("threads"), &Origin::Default);
}

#[test]
fn later_sources_win() {
    let folder = Folder::new(&[
        ("halftone.toml", "threads = 1\nworkers = 1\nslots = 1\nqueue_len = 1\ndrain_s = 1\n"),
        ("conf.d/20-b.toml", "slots = 3\n"),
        ("conf.d/10-a.toml", "# first\nslots = 2\nqueue_len = 2\nworkers = 2\ndrain_s = 2\n"),
        ("conf.d/notes.txt", "this is not TOML"),
        ("conf.d/.#20-b.toml", "nor is this"),
    ]);
    let mut sources =
        environment(&[("HALFTONE_WORKERS", "4"), ("HALFTONE_DRAIN_S", "4"), ("PATH", "x")]);
    sources.file = folder.main();
    sources.overrides = vec![("drain_s".into(), "5".into())];
    let loaded = load(&sources).unwrap();
    let s = &loaded.settings;
    assert_eq!((s.threads, s.queue_len, s.slots, s.workers, s.drain_s), (1, 2, 3, 4, 5));
    let origin = |name: &str| {
        loaded.origin(name).to_string().replace(&format!("{}/", folder.0.path().display()), "")
    };
    assert_eq!(origin("threads"), "halftone.toml:1");
    assert_eq!(origin("queue_len"), "conf.d/10-a.toml:3");
    assert_eq!(origin("slots"), "conf.d/20-b.toml:1");
    assert_eq!(origin("workers"), "environment variable HALFTONE_WORKERS");
    assert_eq!(origin("drain_s"), "command line");
    assert_eq!(origin("log_level"), "default");
    assert_eq!(loaded.files.len(), 3);
}

#[test]
fn every_fault_is_told_with_file_and_line() {
    let folder = Folder::new(&[
        (
            "halftone.toml",
            "threads = 0\n\n# a comment\nthread = 5\nlisten = 'here'\n[cache]\na = 1\n",
        ),
        ("conf.d/a.toml", "log_level = \"loud\"\nlinear_light = 'true'\nmemcached_servers = [1]\n"),
    ]);
    assert_eq!(
        folder.faults(),
        [
            "halftone.toml:1: threads: must be a whole number from 1 to 1000",
            "halftone.toml:4: thread: is not a setting; did you mean threads?",
            "halftone.toml:5: listen: must be an IP address and a port, such as 127.0.0.1:8080",
            "halftone.toml:6: cache: is a table; settings are not in tables",
            "conf.d/a.toml:1: log_level: must be one of off, error, warn, info, debug, trace",
            "conf.d/a.toml:2: linear_light: must be true or false",
            "conf.d/a.toml:3: memcached_servers: must be a list of texts, such as [\"a\", \"b\"]",
        ]
    );
}

#[test]
fn values_of_other_types_are_refused() {
    for value in ["1.5", "\"5\"", "true", "[5]", "2026-01-01", "99999999999999999999"] {
        let folder = Folder::new(&[("halftone.toml", &format!("threads = {value}\n"))]);
        let expected = "halftone.toml:1: threads: must be a whole number from 1 to 1000";
        assert!(folder.faults().contains(&expected.to_owned()), "{value}: {:?}", folder.faults());
    }
    let folder = Folder::new(&[("halftone.toml", "threads = 0x10\nworkers = 1_0\n")]);
    let settings = folder.load().unwrap().settings;
    assert_eq!((settings.threads, settings.workers), (16, 10));
}

#[test]
fn broken_toml_is_told_by_its_line() {
    let folder = Folder::new(&[("halftone.toml", "threads = 5\nworkers = = 5\n")]);
    assert!(folder.faults()[0].starts_with("halftone.toml:2: "), "{:?}", folder.faults());
    let folder = Folder::new(&[("halftone.toml", "threads = 5\n\nthreads = 6\n")]);
    assert!(folder.faults()[0].starts_with("halftone.toml:3: "), "{:?}", folder.faults());
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let folder = Folder::new(&[]);
    assert!(folder.faults()[0].starts_with("halftone.toml: cannot be read: "));
    let folder = Folder::new(&[("halftone.toml", ""), ("conf.d", "a file")]);
    assert!(folder.faults()[0].starts_with("conf.d: cannot be read: "));
}

#[test]
fn the_environment_says_anything_a_file_can() {
    let loaded = load(&environment(&[
        ("HALFTONE_MEMCACHED_SERVERS", "a,b:2"),
        ("HALFTONE_FCGI_LISTEN", ""),
        ("HALFTONE_LINEAR_LIGHT", "false"),
        ("HALFTONE_DATABASE", "postgresql:///images"),
        ("HALFTONE_ADMIN_PASSWORD", "x"),
        ("HALFTONE_TEST_POSTGRES", "x"),
        ("HALFTONEX", "x"),
    ]))
    .unwrap();
    let servers: Vec<String> =
        loaded.settings.memcached_servers.iter().map(Endpoint::to_string).collect();
    assert_eq!(servers, ["a:11211", "b:2"]);
    assert_eq!(loaded.settings.fcgi_listen, []);
    assert!(!loaded.settings.linear_light);
    assert_eq!(loaded.settings.database_url(), "postgresql:///images");
}

#[test]
fn faults_of_the_environment_and_the_command_line_are_told() {
    let mut sources = environment(&[("HALFTONE_THREADS", "many"), ("HALFTONE_TREADS", "1")]);
    sources.environment.push(("HALFTONE_IMAGES_DIR".into(), OsString::from_vec(vec![0xff])));
    sources.environment.push(("HALFTONE_threads".into(), "1".into()));
    sources.overrides = vec![("listen".into(), "80".into()), ("nothing".into(), "1".into())];
    let error = load(&sources).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(
        lines,
        [
            "environment variable HALFTONE_THREADS: threads: must be a whole number from 1 to 1000",
            "environment variable HALFTONE_TREADS: treads: is not a setting; did you mean threads?",
            "environment variable HALFTONE_IMAGES_DIR: images_dir: must be UTF-8",
            "environment variable HALFTONE_threads: threads: is not a setting; variables have capitals",
            "command line: listen: must be an IP address and a port, such as 127.0.0.1:8080",
            "command line: nothing: is not a setting",
        ]
    );
}

#[test]
fn settings_that_do_not_fit_each_other_are_told_where_they_stand() {
    let folder = Folder::new(&[("halftone.toml", "\nheld_megapixels = 400\n")]);
    assert!(folder.load().is_ok());
    let folder = Folder::new(&[("halftone.toml", "\nheld_megapixels = 501\n")]);
    let faults = folder.faults();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("default: pixel_budget_megapixels: must not be less"));
    let folder = Folder::new(&[("halftone.toml", "\nmemory_cache_mb = 4000\n")]);
    assert!(folder.faults()[0].starts_with("halftone.toml:2: memory_cache_mb: must be less"));
}

#[test]
fn what_is_shown_is_a_settings_file_without_secrets() {
    let mut sources = environment(&[("HALFTONE_DATABASE", "postgresql://u:hunter2@db/images")]);
    sources.overrides = vec![("threads".into(), "7".into())];
    let loaded = load(&sources).unwrap();
    let text = show(&loaded);
    assert!(!text.contains("hunter2"));
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert!(text.contains("\nthreads = 7  # command line\n"), "{text}");
    assert!(text.contains("# environment variable HALFTONE_DATABASE\n"));
    assert_eq!(text.lines().count(), SETTINGS.len());
    let table: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(table.len(), SETTINGS.len());
    let defaults = show(&load(&Sources::default()).unwrap());
    assert!(defaults.contains("\ndatabase = \"\"  # default\n"));
}

#[test]
fn a_check_tells_what_was_read() {
    let folder = Folder::new(&[("halftone.toml", "threads = 5\n"), ("conf.d/a.toml", "")]);
    let here = format!("{}/", folder.0.path().display());
    let text = check(&folder.load().unwrap()).replace(&here, "");
    assert_eq!(text, "read halftone.toml\nread conf.d/a.toml\nall settings are valid\n");
    assert_eq!(check(&load(&Sources::default()).unwrap()), "all settings are valid\n");
}

#[test]
fn changes_that_a_reload_does_not_take_are_told() {
    let old = Settings::default();
    assert_eq!(old.needing_restart(&old), Vec::<&str>::new());
    let new = Settings {
        threads: 3,
        run_dir: "/run/other".into(),
        fcgi_listen: Vec::new(),
        ..old.clone()
    };
    assert_eq!(old.needing_restart(&new), ["run_dir", "fcgi_listen"]);
}

#[test]
fn a_secret_that_is_refused_is_not_repeated() {
    let error = load(&environment(&[("HALFTONE_DATABASE", "mysql://hunter2")])).unwrap_err();
    assert!(error.to_string().contains("database: must be"));
    assert!(!error.to_string().contains("hunter2"));
}
