//! `halftone check`: what it tells of sound and of broken installations, on both databases.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::config::Config;
use crate::support::database::Database;
use crate::support::files::{is_root, temp_dir};
use crate::support::fixture::write_jpeg;
use crate::support::front::make_certificate;
use crate::support::halftone::{Pool, binary, run};

/// What a check said.
struct Page {
    status: i32,
    rows: Vec<(String, String, String, String)>,
}

impl Page {
    /// The verdicts on one thing, with what was found.
    fn of(&self, name: &str) -> Vec<(&str, &str)> {
        let rows = self.rows.iter().filter(|(known, ..)| known == name);
        rows.map(|(_, verdict, found, _)| (verdict.as_str(), found.as_str())).collect()
    }

    #[track_caller]
    fn says(&self, name: &str, verdict: &str, found: &str) {
        let said = self.of(name);
        assert!(
            said.iter().any(|(known, text)| *known == verdict && text.contains(found)),
            "{name} is not {verdict} with {found:?}: {said:?}"
        );
    }

    #[track_caller]
    fn is_fine(&self, name: &str) {
        let said = self.of(name);
        assert!(
            !said.is_empty() && said.iter().all(|(verdict, _)| *verdict == "ok"),
            "{name}: {said:?}"
        );
    }
}

fn check(config: &Path, more: &[&str]) -> Page {
    check_with(config, more, &[])
}

fn check_with(config: &Path, more: &[&str], environment: &[(&str, &str)]) -> Page {
    let mut command = binary();
    command.envs(environment.iter().copied());
    command.args(["check", "--json", "--config"]).arg(config).args(more);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let page: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    let rows: Vec<_> = page["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("name"), text("verdict"), text("found"), text("to_do"))
        })
        .collect();
    for (name, verdict, found, to_do) in &rows {
        assert_eq!(verdict == "ok", to_do.is_empty(), "{name} {verdict}: {found} -> {to_do}");
        assert!(!found.contains("secret@"), "a password is shown: {found}");
    }
    let worst = page["verdict"].as_str().unwrap();
    let status = output.status.code().unwrap();
    assert_eq!(
        status,
        ["ok", "warn", "fail"].iter().position(|word| *word == worst).unwrap() as i32
    );
    Page { status, rows }
}

fn library(images: &Path) {
    write_jpeg(&images.join("photo.jpg"), 90, 60);
}

/// A folder with settings, migrated, that nothing serves.
fn installation(adjust: impl FnOnce(Config) -> Config) -> (TempDir, std::path::PathBuf) {
    let dir = temp_dir();
    for part in ["images", "data", "run", "log"] {
        fs::create_dir(dir.path().join(part)).unwrap();
        let closed = fs::Permissions::from_mode(0o750);
        fs::set_permissions(dir.path().join(part), closed).unwrap();
    }
    library(&dir.path().join("images"));
    let database = format!("sqlite:{}", dir.path().join("data/halftone.db").display());
    let config = dir.path().join("halftone.toml");
    fs::write(&config, adjust(Config::alone(dir.path(), &database)).to_toml()).unwrap();
    run(&["migrate", "--config", config.to_str().unwrap()]);
    (dir, config)
}

#[test]
fn a_sound_pool_is_told_to_be_sound_on_both_databases() {
    for pool in [Pool::start(library, |config| config), Pool::start_alone(library, |config| config)]
    {
        let page = check(&pool.config(), &[]);
        for name in ["settings", "secret", "pictures", "service", "database", "limits", "profiles"]
        {
            assert!(!page.of(name).is_empty(), "{name}");
        }
        page.is_fine("settings");
        page.is_fine("secret");
        page.is_fine("service");
        page.is_fine("database");
        page.is_fine("pictures");
    }
}

#[test]
fn the_database_is_named_and_judged() {
    let database = Database::create();
    let (_dir, config) = installation(|config| config.text("database", &database.url()));
    let page = check(&config, &[]);
    page.says("database", "ok", "PostgreSQL 1");
    page.says("database", "ok", "the role may use and make tables");
    page.says("database", "ok", "schema version");
    // A role that owns nothing.
    let role = format!("reader_{}", std::process::id());
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = database.url();
    let at = url.find('@').unwrap();
    let other = format!("postgresql://{role}:secret{}", &url[at..]);
    fs::write(config.with_file_name("other.toml"), settings_with(&config, &other)).unwrap();
    let page = check(&config.with_file_name("other.toml"), &[]);
    page.says("database", "fail", "no right to read and write: ");
    page.says("database", "fail", "users");
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    database.execute("DELETE FROM refinery_schema_history WHERE version > 1");
    check(&config, &[]).says("database", "fail", "schema version 1,");
}

/// The same settings with another database.
fn settings_with(config: &Path, database: &str) -> String {
    let text = fs::read_to_string(config).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("database ="));
    let mut text: String = lines.map(|line| format!("{line}\n")).collect();
    text.push_str(&format!("database = '{database}'\n"));
    text
}

#[test]
fn a_database_that_is_away_is_told_at_once() {
    let (_dir, config) = installation(|config| config);
    // Connections are taken, and nothing is ever answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgresql://halftone:secret@127.0.0.1:{port}/halftone");
    let other = config.with_file_name("other.toml");
    fs::write(&other, settings_with(&config, &url)).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o640)).unwrap();
    let begun = Instant::now();
    let page = check(&other, &["--patience", "3"]);
    assert_eq!(page.status, 2);
    assert_eq!(page.of("database").len(), 1);
    page.says("database", "fail", "");
    // Three seconds, and all that a busy machine may add.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn memcached_is_named_and_judged() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent_port, other_port) =
        (silent.local_addr().unwrap().port(), other.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in other.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 64]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let there = crate::support::database::from_environment("HALFTONE_TEST_MEMCACHED");
    let servers = format!("['{there}', '127.0.0.1:{silent_port}', '127.0.0.1:{other_port}']");
    let (_dir, config) = installation(|config| config.raw("memcached_servers", &servers));
    let page = check(&config, &["--patience", "4"]);
    page.says("memcached", "ok", &format!("{there}: memcached 1."));
    page.says("memcached", "fail", &format!("127.0.0.1:{silent_port}: "));
    page.says("memcached", "fail", "does not speak memcached's protocol");
    let large = |config: Config| {
        config.raw("memcached_servers", &format!("['{there}']")).raw("memcached_item_kb", "1024")
    };
    let (_dir, config) = installation(large);
    check(&config, &[]).says("memcached", "fail", "items up to 1024 kB");
}

#[test]
fn broken_settings_are_the_whole_page() {
    let dir = temp_dir();
    let config = dir.path().join("halftone.toml");
    fs::write(&config, "threads = 0\n").unwrap();
    let page = check(&config, &[]);
    assert_eq!((page.status, page.rows.len()), (2, 1));
    page.says("settings", "fail", "halftone.toml:1: threads");
}

#[test]
fn open_files_and_missing_folders_are_told() {
    let (dir, config) = installation(|config| config);
    let page = check(&config, &[]);
    page.is_fine("secret");
    page.says("service", "fail", "no pool has run");
    let mode = |path: &str, mode| {
        fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("data/secret", 0o644);
    mode("data", 0o755);
    mode("halftone.toml", 0o666);
    fs::remove_file(dir.path().join("images/photo.jpg")).unwrap();
    let page = check(&config, &[]);
    page.says("secret", "fail", "can be read by others");
    page.says("folders", "warn", "mode 755");
    page.says("settings files", "fail", "can be changed by everybody");
    page.says("pictures", "warn", "is empty");
    mode("data/secret", 0o600);
    mode("halftone.toml", 0o644);
    fs::create_dir_all(dir.path().join("conf.d")).unwrap();
    fs::write(
        dir.path().join("conf.d/50.toml"),
        "signing_keys = [\"k:0123456789012345678901234567890123456789\"]\n",
    )
    .unwrap();
    mode("conf.d/50.toml", 0o644);
    let page = check(&config, &[]);
    page.says("settings files", "fail", "50.toml holds a secret");
    fs::write(dir.path().join("data/secret"), "short\n").unwrap();
    fs::remove_dir(dir.path().join("images")).unwrap();
    fs::remove_file(dir.path().join("data/halftone.db")).unwrap();
    let page = check(&config, &[]);
    page.says("secret", "fail", "is too short");
    page.says("pictures", "fail", "cannot be read");
    page.says("database", "fail", "is not there");
    assert!(!dir.path().join("data/halftone.db").exists(), "a check makes no database");
}

#[test]
fn certificates_are_judged() {
    let (dir, config) = installation(|config| config.text("public_base_url", "https://localhost"));
    let folder = dir.path().join("tls");
    fs::create_dir(&folder).unwrap();
    let certificate = folder.join("fullchain.pem");
    let of = |config: &Path| check(config, &["--certificate", certificate.to_str().unwrap()]);
    of(&config).says("certificate", "warn", "cannot be read");
    // Two days, which is soon.
    make_certificate(&folder);
    let page = of(&config);
    page.says("certificate", "warn", "runs out on");
    make("-days 400 -subj /CN=localhost -addext subjectAltName=DNS:localhost", &folder);
    fs::set_permissions(folder.join("privkey.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let page = of(&config);
    page.says("certificate", "warn", "signed by itself");
    page.says("certificate", "ok", "is the certificate's");
    let key = fs::read(folder.join("privkey.pem")).unwrap();
    make("-days 400 -subj /CN=x -addext subjectAltName=DNS:*.example.com", &folder);
    let page = of(&config);
    page.says("certificate", "warn", "is not for localhost");
    fs::write(folder.join("privkey.pem"), key).unwrap();
    of(&config).says("certificate", "fail", "is not the certificate's");
    fs::set_permissions(folder.join("privkey.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    of(&config).says("certificate", "fail", "everybody on this machine can read it");
    let chained = chained(&folder);
    fs::write(&certificate, &chained[0]).unwrap();
    of(&config).says("certificate", "fail", "is sent without that of CN=between");
    fs::write(&certificate, chained.concat()).unwrap();
    of(&config).says("certificate", "warn", "leads to no authority that this system trusts");
    let more = ["--certificate", certificate.to_str().unwrap()];
    let root = folder.join("root.pem");
    let page = check_with(&config, &more, &[("SSL_CERT_FILE", root.to_str().unwrap())]);
    page.says("certificate", "ok", "valid until");
    fs::write(&certificate, "nothing\n").unwrap();
    of(&config).says("certificate", "warn", "holds no certificate");
}

/// What root has left behind in the service's folders, and pictures that are not for the service.
#[test]
fn files_that_the_service_cannot_use_are_told() {
    let (dir, config) = installation(|config| config);
    let below = |path: &str| dir.path().join(path);
    fs::create_dir_all(below("images/inner")).unwrap();
    fs::write(below("log/halftone.log"), "").unwrap();
    if is_root() {
        let nobody = Command::new("chown").args(["-R", "nobody"]).arg(dir.path()).status().unwrap();
        assert!(nobody.success());
    }
    let page = check(&config, &[]);
    page.is_fine("pictures");
    assert!(
        page.of("folders").iter().all(|(verdict, _)| *verdict != "fail"),
        "{:?}",
        page.of("folders")
    );
    for (path, mode) in
        [("log/halftone.log", 0o400), ("images/inner", 0o000), ("data/secret", 0o600)]
    {
        if is_root() {
            std::os::unix::fs::chown(below(path), Some(0), Some(0)).unwrap();
        }
        fs::set_permissions(below(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    let page = check(&config, &[]);
    page.says("folders", "fail", "log/halftone.log in it cannot be written to");
    page.says("pictures", "fail", "images/inner cannot be read by the service");
    fs::set_permissions(below("images/inner"), fs::Permissions::from_mode(0o700)).unwrap();
}

/// A certificate for localhost and that of the authority between it and `root.pem`.
fn chained(folder: &Path) -> [String; 2] {
    let sign = |name: &str, by: &str, extensions: &str| {
        let (key, csr) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.csr")));
        let (more, certificate) = (folder.join("extensions"), folder.join(format!("{name}.pem")));
        fs::write(&more, extensions).unwrap();
        openssl(&[
            "req -newkey rsa:2048 -nodes -subj",
            &format!("/CN={name}"),
            "-keyout",
            key.to_str().unwrap(),
            "-out",
            csr.to_str().unwrap(),
        ]);
        let by = |end: &str| folder.join(format!("{by}.{end}")).to_str().unwrap().to_owned();
        openssl(&[
            "x509 -req -days 400 -set_serial 7 -in",
            csr.to_str().unwrap(),
            "-extfile",
            more.to_str().unwrap(),
            "-CA",
            &by("pem"),
            "-CAkey",
            &by("key"),
            "-out",
            certificate.to_str().unwrap(),
        ]);
        fs::read_to_string(certificate).unwrap()
    };
    let (key, root) = (folder.join("root.key"), folder.join("root.pem"));
    openssl(&[
        "req -x509 -newkey rsa:2048 -nodes -days 400 -subj /CN=root -keyout",
        key.to_str().unwrap(),
        "-out",
        root.to_str().unwrap(),
    ]);
    let between = sign("between", "root", "basicConstraints=critical,CA:TRUE\n");
    let own = sign("localhost", "between", "subjectAltName=DNS:localhost\n");
    [own, between]
}

/// Runs openssl; each text is one argument, the first of them several.
fn openssl(arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(arguments[0].split(' ')).args(&arguments[1..]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Has openssl make a certificate.
fn make(arguments: &str, folder: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
        .args(arguments.split(' '))
        .arg("-keyout")
        .arg(folder.join("privkey.pem"))
        .arg("-out")
        .arg(folder.join("fullchain.pem"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_page_for_people_says_the_same() {
    let (_dir, config) = installation(|config| config);
    let output = binary().args(["check", "--config"]).arg(&config).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("FAIL  service"), "{text}");
    assert!(text.contains("-> start it"), "{text}");
    assert!(text.contains(" verdicts: "), "{text}");
}
