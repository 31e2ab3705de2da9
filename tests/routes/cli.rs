//! The commands beside `serve`: what they write, and how they say what is wrong.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use halftone::pixel::{FORMATS, Format};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::library::{self, QUARTERS};
use crate::magick;
use crate::people::Browser;
use crate::site::{Site, shared};
use crate::support::database::Database;
use crate::support::files::{repository, temp_dir};
use crate::support::halftone::{binary, run};
use crate::support::process::Process;

fn output(command: &mut Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// Fails unless the command fails and says all of this.
#[track_caller]
fn fails(command: &mut Command, says: &[&str]) {
    let (success, stdout, stderr) = output(command);
    assert!(!success, "{command:?} did not fail: {stdout}");
    for text in says {
        assert!(stderr.contains(text), "{command:?} does not say {text:?}: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

fn check(file: &Path) -> Command {
    let mut command = binary();
    command.args(["config", "check", "--config"]).arg(file);
    command
}

fn file(dir: &TempDir, name: &str, text: &str) -> std::path::PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn errors_of_settings_name_file_line_and_reason() {
    let dir = temp_dir();
    for (text, line, name, reason) in [
        ("# a\n\nthreads = 0\n", 3, "threads", "1 to 1000"),
        ("threads = 'many'\n", 1, "threads", "whole number"),
        ("\nworkers = -1", 2, "workers", "0 to 1024"),
        ("tread = 5\n", 1, "tread", "threads"),
        ("nonsense = 5\n", 1, "nonsense", "not a setting"),
        ("log_level = 'loud'\n", 1, "log_level", "warn"),
        ("linear_light = 'yes'\n", 1, "linear_light", "true"),
        ("listen = 'localhost'\n", 1, "listen", "port"),
        ("database = 'mysql://x'\n", 1, "database", "sqlite"),
        ("threads = 5\nthreads = 6\n", 2, "", "duplicate"),
        ("threads = \n", 1, "", ""),
        ("[serve]\nthreads = 5\n", 1, "serve", "table"),
        ("trusted_proxies = ['10.0.0.0/99']\n", 1, "trusted_proxies", ""),
        ("xref_url = 'ftp://x'\n", 1, "xref_url", "http"),
        ("decoder_shrink_margin = 3\n", 1, "decoder_shrink_margin", "1 to 2"),
    ] {
        let path = file(&dir, "halftone.toml", text);
        let place = format!("{}:{line}", path.display());
        fails(&mut check(&path), &[&place, name, reason]);
        // Every command that reads settings says so.
        let mut serve = binary();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&path);
        fails(&mut serve, &[&place, name, reason]);
    }
}

#[test]
fn a_folder_of_originals_that_is_not_there_is_told() {
    let dir = temp_dir();
    let absent = dir.path().join("absent");
    let text = format!("images_dir = '{}'\n", absent.display());
    let path = file(&dir, "halftone.toml", &text);
    let says = ["images_dir", "absent", "not a folder"];
    fails(&mut check(&path), &says);
    let mut serve = binary();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path().join("data"));
    fails(serve.arg("--images").arg(&absent), &says);
    fs::create_dir(&absent).unwrap();
    assert!(output(&mut check(&path)).0);
}

#[test]
fn a_first_start_on_a_port_that_is_taken_makes_nothing_and_the_next_shows_the_password() {
    let dir = temp_dir();
    let images = dir.path().join("images");
    fs::create_dir(&images).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let serve = |listen: &str| {
        let mut command = binary();
        command.env_remove("HALFTONE_ADMIN_PASSWORD").args(["serve", "--listen", listen]);
        command.arg("--images").arg(&images).arg("--data").arg(dir.path().join("data"));
        command
    };
    let address = taken.local_addr().unwrap().to_string();
    fails(&mut serve(&address), &["cannot listen on", &address]);
    assert!(!dir.path().join("data").exists(), "nothing is begun");

    let mut process = Process::start("first", dir.path(), &mut serve("127.0.0.1:0"));
    let mut said = String::new();
    process.wait_until("it serves", || {
        said = process_output(dir.path());
        said.contains("data folder")
    });
    let (_, rest) = said.split_once("user \"admin\", password  ").expect(&said);
    let password = rest.split_whitespace().next().unwrap();
    let (_, rest) = said.split_once("http://").unwrap();
    let addr = rest.split_once('/').unwrap().0.parse().unwrap();
    assert_eq!(Browser::new(addr).login("admin", password).status, 303);
    process.signal(Signal::SIGTERM);
    process.wait();
}

fn process_output(dir: &Path) -> String {
    fs::read_to_string(dir.join("first.out")).unwrap_or_default()
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let dir = temp_dir();
    let path = file(&dir, "halftone.toml", "threads = 0\nqueue_len = 5\nslots = 'x'\n");
    let more = file(&dir, "conf.d/10-more.toml", "\n\nworkers = 99999\n");
    let first = format!("{}:1", path.display());
    let third = format!("{}:3", path.display());
    let other = format!("{}:3", more.display());
    let mut command = check(&path);
    command.env("HALFTONE_QUEUE_LEN", "long");
    let says = [&*first, "threads", &third, "slots", &other, "workers", "HALFTONE_QUEUE_LEN"];
    fails(&mut command, &says);
}

#[test]
fn a_file_that_is_missing_or_no_text_is_an_error() {
    let dir = temp_dir();
    let missing = dir.path().join("none.toml");
    fails(&mut check(&missing), &[missing.to_str().unwrap(), "cannot be read"]);
    let binary_file = dir.path().join("binary.toml");
    fs::write(&binary_file, [0xff, 0xfe, 0x00]).unwrap();
    fails(&mut check(&binary_file), &[binary_file.to_str().unwrap()]);
    fails(&mut check(dir.path()), &["cannot be read"]);
}

#[test]
fn files_environment_and_command_line_in_this_order() {
    let dir = temp_dir();
    let path = file(&dir, "halftone.toml", "threads = 5\nworkers = 3\nqueue_len = 7\nslots = 2\n");
    let one = file(&dir, "conf.d/10-one.toml", "workers = 4\nqueue_len = 8\n");
    let two = file(&dir, "conf.d/20-two.toml", "queue_len = 9\n");
    file(&dir, "conf.d/30-not.conf", "queue_len = 10\n");
    file(&dir, "conf.d/.40-hidden.toml", "queue_len = 11\n");
    let mut command = binary();
    command.args(["config", "show", "--config"]).arg(&path);
    command.env("HALFTONE_SLOTS", "6").env("HALFTONE_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16");
    let (success, shown, stderr) = output(&mut command);
    assert!(success, "{stderr}");
    for line in [
        format!("threads = 5  # {}:1", path.display()),
        format!("workers = 4  # {}:1", one.display()),
        format!("queue_len = 9  # {}:1", two.display()),
    ] {
        assert!(shown.contains(&line), "{line}\n{shown}");
    }
    assert!(shown.contains("slots = 6  # "), "{shown}");
    let slots = shown.lines().find(|line| line.starts_with("slots = ")).unwrap();
    assert!(slots.contains("HALFTONE_SLOTS"), "{slots}");
    assert!(shown.contains("trusted_proxies = [\"10.0.0.1/32\", \"10.1.0.0/16\"]"), "{shown}");

    let (success, checked, _) = output(&mut check(&path));
    assert!(success);
    for name in [&path, &one, &two] {
        assert!(checked.contains(name.to_str().unwrap()), "{checked}");
    }
    assert!(!checked.contains("30-not") && !checked.contains(".40-hidden"), "{checked}");
}

#[test]
fn variables_that_are_wrong_are_named() {
    for (name, value, reason) in [
        ("HALFTONE_THREADS", "0", "1 to 1000"),
        ("HALFTONE_THREADS", "", "1 to 1000"),
        ("HALFTONE_TREADS", "5", "threads"),
        ("HALFTONE_NOTHING_LIKE_IT", "5", "not a setting"),
        ("HALFTONE_threads", "5", "capitals"),
        ("HALFTONE_LINEAR_LIGHT", "maybe", "true"),
    ] {
        let mut command = binary();
        command.args(["config", "check"]).env(name, value);
        fails(&mut command, &[name, reason]);
    }
    let mut command = binary();
    command.args(["config", "check"]).env("HALFTONE_THREADS", "5");
    assert!(output(&mut command).0);
}

#[test]
fn secrets_are_not_shown() {
    let dir = temp_dir();
    let url = "postgresql://halftone:verysecret@db.example/halftone";
    let path = file(&dir, "halftone.toml", &format!("database = '{url}'\n"));
    let shown = run(&["config", "show", "--config", path.to_str().unwrap()]);
    assert!(!shown.contains("verysecret"), "{shown}");
    let wrong = file(&dir, "wrong.toml", "database = 'mysql://halftone:verysecret@db/x'\n");
    let (success, stdout, stderr) = output(&mut check(&wrong));
    assert!(!success);
    assert!(!stderr.contains("verysecret") && !stdout.contains("verysecret"), "{stderr}{stdout}");
}

#[test]
fn the_sample_is_valid_and_changes_nothing() {
    let dir = temp_dir();
    let sample = run(&["config", "sample"]);
    let path = file(&dir, "sample.toml", &sample);
    let shown = |path: &Path| run(&["config", "show", "--config", path.to_str().unwrap()]);
    let empty = file(&dir, "empty.toml", "");
    assert_eq!(shown(&path), shown(&empty));
    // With every setting switched on it says the same.
    let on: String = sample
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let on = file(&dir, "on.toml", &on);
    // A secret is not shown once it is said, be it blank.
    let secret = |line: &String| {
        ["database", "signing_keys", "secret", "ldap_bind_password"]
            .iter()
            .any(|name| line.starts_with(&format!("{name} = ")))
    };
    let values = |text: String| -> Vec<String> {
        let values = text.lines().map(|line| line.split("  # ").next().unwrap().to_owned());
        values.filter(|line| !secret(line)).collect()
    };
    assert_eq!(values(shown(&on)), values(shown(&empty)));
    assert!(values(shown(&empty)).len() > 40);
}

#[test]
fn the_generated_references_are_current() {
    let dir = temp_dir();
    run(&["docs", "--root", dir.path().to_str().unwrap()]);
    for name in [
        "docs/reference/formats.md",
        "docs/reference/parameters.md",
        "docs/reference/settings.md",
        "conf/halftone.toml",
    ] {
        let made = fs::read_to_string(dir.path().join(name)).unwrap();
        let kept = fs::read_to_string(repository(name)).unwrap();
        assert!(made == kept, "{name} is not what `halftone docs` writes");
    }
    let mut command = binary();
    command.args(["docs", "--root", "/dev/null"]);
    fails(&mut command, &["/dev/null", "cannot be written"]);
}

#[test]
fn convert_takes_the_parameters_of_urls() {
    let dir = temp_dir();
    library::make(dir.path());
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (chart, photo) = (at("a/chart.png"), at("a/photo.jpg"));
    let convert = |arguments: &[&str]| run(&[&["convert"], arguments].concat());

    let said = convert(&[&photo, &at("out.png"), "--width", "300"]);
    assert!(said.contains("300×200"), "{said}");
    let found = magick::facts(&fs::read(at("out.png")).unwrap());
    assert_eq!((found.format.as_str(), found.size), ("PNG", (300, 200)));

    convert(&[&photo, &at("out.dat"), "--format", "pjpg", "--height", "100", "--quality", "50"]);
    let found = magick::facts(&fs::read(at("out.dat")).unwrap());
    assert_eq!((found.interlace.as_str(), found.size), ("JPEG", (150, 100)));
    assert!(found.quality.abs_diff(50) <= 1, "{}", found.quality);

    convert(&[&chart, &at("turned.bmp"), "--angle", "-90", "--flip", "h", "--width", "60"]);
    // Mirrored it reads 1 0 / 3 2; a quarter to the left makes that 0 2 / 1 3.
    let pixels = magick::pixels(&fs::read(at("turned.bmp")).unwrap());
    assert_eq!(pixels.size, (60, 80));
    for ((x, y), quarter) in [(15, 20), (45, 20), (15, 60), (45, 60)].into_iter().zip([0, 2, 1, 3])
    {
        pixels.assert(x, y, QUARTERS[quarter], 2, "turned");
    }

    convert(&[&at("a/pages.tif"), &at("page.png"), "--page", "3"]);
    assert_eq!(magick::facts(&fs::read(at("page.png")).unwrap()).size, (80, 30));

    // The same pixels as through a URL, with no template in between.
    let site = shared();
    let query = "/image?src=a/photo.jpg&width=120&angle=7&fill=red&format=png";
    convert(&[&photo, &at("same.png"), "--width", "120", "--angle", "7", "--fill", "red"]);
    let here = magick::pixels(&fs::read(at("same.png")).unwrap());
    let there = magick::pixels(&site.ok(query).body);
    assert_eq!(here.size, there.size);
    let (width, height) = here.size;
    assert!(here.part(0, 0, width, height) == there.part(0, 0, width, height));
}

#[test]
fn convert_writes_the_format_that_a_name_says() {
    let dir = temp_dir();
    library::make(dir.path());
    let chart = dir.path().join("a/chart.png").to_str().unwrap().to_owned();
    for row in FORMATS.iter().filter(|row| row.is_written()) {
        for extension in row.extensions {
            let out = dir.path().join(format!("out.{extension}"));
            run(&["convert", &chart, out.to_str().unwrap(), "--width", "40"]);
            let bytes = fs::read(&out).unwrap();
            assert!((row.matches)(&bytes[..bytes.len().min(512)]), "{extension}");
            assert_eq!(Format::sniff(&bytes[..bytes.len().min(512)]), Some(row.format));
        }
    }
    for row in FORMATS.iter().filter(|row| !row.is_written()) {
        let out = dir.path().join(format!("none.{}", row.extensions[0]));
        let mut command = binary();
        command.args(["convert", &chart, out.to_str().unwrap()]);
        fails(&mut command, &["format"]);
        assert!(!out.exists(), "{}", row.title);
    }
}

#[test]
fn convert_says_what_is_wrong() {
    let dir = temp_dir();
    library::make(dir.path());
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("text.jpg"), "no picture").unwrap();
    let photo = at("a/photo.jpg");
    for (arguments, says) in [
        (vec![&*at("none.jpg"), "out.png"], vec!["none.jpg", "cannot be read"]),
        (vec![&*at("text.jpg"), "out.png"], vec!["text.jpg"]),
        (vec![&*photo, "out.png", "--width", "x"], vec!["width", "whole number"]),
        (vec![&*photo, "out.png", "--width", "15001"], vec!["width", "15000"]),
        (vec![&*photo, "out.png", "--page", "2"], vec!["page"]),
        (vec![&*photo, "out.xyz"], vec!["out.xyz", "names no format"]),
        (vec![&*photo, "out.png", "--left", "0.7", "--right", "0.2"], vec!["left"]),
        (vec![&*photo, "out.png", "--nothing", "1"], vec!["--nothing"]),
        (vec![&*photo, "out.png", "--src", "x"], vec!["--src"]),
        (vec![&*photo], vec!["OUT"]),
        (vec![], vec!["Usage"]),
    ] {
        let mut command = binary();
        command.arg("convert").args(&arguments).current_dir(dir.path());
        fails(&mut command, &says);
        assert!(!dir.path().join("out.png").exists(), "{arguments:?}");
    }
    let mut command = binary();
    let target = at("no/folder/out.png");
    command.args(["convert", &photo, &target]);
    fails(&mut command, &[&target, "cannot be written"]);
    // A file that cannot be made leaves the one that was there.
    fs::write(at("kept.png"), "kept").unwrap();
    let mut command = binary();
    command.args(["convert", &at("text.jpg"), &at("kept.png")]);
    fails(&mut command, &["text.jpg"]);
    assert_eq!(fs::read_to_string(at("kept.png")).unwrap(), "kept");
}

#[test]
fn status_shows_a_running_server() {
    let site = Site::start("threads = 3", library::make);
    for width in 20..25 {
        site.ok(&format!("/image?src=a/chart.png&width={width}"));
    }
    let config = site.config();
    let config = config.to_str().unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&run(&["status", "--json", "--config", config])).unwrap();
    let text = json.to_string();
    assert!(text.contains(&site.pid().to_string()), "{text}");
    let workers = json["workers"].as_array().expect("workers");
    assert_eq!(workers.len(), 1, "{text}");
    // As many again make pictures.
    assert_eq!(workers[0]["threads"].as_array().map(Vec::len), Some(6), "{text}");
    assert_eq!(workers[0]["makers"], 3, "{text}");
    assert!(run(&["status", "--config", config]).contains(&site.pid().to_string()));

    let dir = temp_dir();
    let mut command = binary();
    command.args(["status", "--data"]).arg(dir.path());
    fails(&mut command, &["no server is running", dir.path().to_str().unwrap()]);
}

#[test]
fn migrate_is_done_once_and_again_without_harm() {
    let dir = temp_dir();
    let database = Database::create();
    for url in [format!("sqlite:{}", dir.path().join("m.db").display()), database.url()] {
        let text = format!("data_dir = '{}'\ndatabase = '{url}'\n", dir.path().display());
        let config = file(&dir, "halftone.toml", &text);
        let config = config.to_str().unwrap();
        // Nothing serves before the database is there.
        let mut tasks = binary();
        tasks.args(["tasks", "--config", config]);
        fails(&mut tasks, &["migrate"]);
        let mut first = binary();
        first.args(["migrate", "--config", config]).env_remove("HALFTONE_ADMIN_PASSWORD");
        let (success, stdout, stderr) = output(&mut first);
        assert!(success, "{stderr}");
        assert!(stdout.contains("admin"), "{stdout}");
        let again = run(&["migrate", "--config", config]);
        assert!(again.contains("up to date") && !again.contains("password"), "{again}");
    }
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let dir = temp_dir();
    let port = crate::support::files::free_port();
    let text = format!(
        "data_dir = '{}'\ndatabase = 'postgresql://me:verysecret@127.0.0.1:{port}/x'\n\
         database_connect_timeout_ms = 300\n",
        dir.path().display()
    );
    let config = file(&dir, "halftone.toml", &text);
    for name in ["migrate", "serve", "tasks"] {
        let mut command = binary();
        command.args([name, "--config"]).arg(&config);
        if name == "serve" {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let (success, stdout, stderr) = output(&mut command);
        assert!(!success, "{name}");
        assert!(stderr.contains("database"), "{name}: {stderr}");
        assert!(!stderr.contains("verysecret") && !stdout.contains("verysecret"), "{stderr}");
    }
}

#[test]
fn serve_says_why_it_cannot() {
    let dir = temp_dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let images = dir.path().join("images");
    fs::create_dir(&images).unwrap();
    let serve = |listen: &str, data: &Path| {
        let mut command = binary();
        command
            .args(["serve", "--listen", listen, "--images"])
            .arg(&images)
            .arg("--data")
            .arg(data);
        command
    };
    fails(&mut serve(&addr, &dir.path().join("data")), &["cannot listen on", &addr]);
    fails(&mut serve("nowhere", &dir.path().join("data")), &["command line", "listen", "port"]);
    fs::write(dir.path().join("file"), "").unwrap();
    let inside = dir.path().join("file/data");
    fails(&mut serve("127.0.0.1:0", &inside), &[inside.to_str().unwrap(), "cannot be made"]);
}

#[test]
fn the_program_explains_itself() {
    let help = run(&["--help"]);
    for command in ["serve", "fcgi", "tasks", "migrate", "config", "status", "convert", "docs"] {
        assert!(help.contains(command), "{help}");
        assert!(run(&[command, "--help"]).contains("Usage"), "{command}");
    }
    assert!(run(&["--version"]).contains(env!("CARGO_PKG_VERSION")));
    let convert = run(&["convert", "--help"]);
    for param in halftone::spec::pixel_params() {
        let flag = format!("--{}", param.about.name);
        assert!(convert.contains(&flag), "{flag}");
    }
    fails(binary().arg("nonsense"), &["nonsense"]);
    fails(&mut binary(), &["Usage"]);
}

#[test]
fn formats_are_listed_as_in_the_reference() {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/formats.md");
    let reference = fs::read_to_string(reference).unwrap();
    let table = reference.lines().skip_while(|line| !line.starts_with('|'));
    let rows: Vec<Vec<&str>> = table
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() > 15);
    let text = run(&["formats"]);
    assert_eq!(text.lines().count(), rows.len());
    // Columns are wide enough for their longest cell, so that words stand in the reference's order.
    for (line, row) in text.lines().zip(&rows) {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(line), words(&row.join(" ")), "{line}");
    }
    let listed: serde_json::Value = serde_json::from_str(&run(&["formats", "--json"])).unwrap();
    for (row, format) in rows[1..].iter().zip(listed.as_array().unwrap()) {
        assert_eq!(format["name"], row[0]);
        let extensions = format["extensions"].as_array().unwrap().iter();
        let extensions: Vec<&str> = extensions.map(|one| one.as_str().unwrap()).collect();
        assert_eq!(extensions.join(" "), row[1]);
        for (at, member) in [(2, "read"), (3, "write"), (4, "pages"), (5, "alpha")] {
            assert_eq!(format[member], row[at] == "yes", "{} {member}", row[0]);
        }
    }
}

#[test]
fn the_first_password_is_shown_once_and_never_too_short() {
    let dir = temp_dir();
    fs::create_dir(dir.path().join("images")).unwrap();
    let config = file(&dir, "halftone.toml", &format!("data_dir = '{}'\n", dir.path().display()));
    let migrate = |password: Option<&str>| {
        let mut command = binary();
        command.args(["migrate", "--config"]).arg(&config).env_remove("HALFTONE_ADMIN_PASSWORD");
        if let Some(password) = password {
            command.env("HALFTONE_ADMIN_PASSWORD", password);
        }
        command
    };
    let (success, stdout, stderr) = output(&mut migrate(Some("short")));
    assert!(!success, "{stdout}");
    assert!(stderr.contains("password") && stderr.contains('8'), "{stderr}");
    let (success, stdout, _) = output(&mut migrate(None));
    assert!(success);
    let shown = stdout.lines().find(|line| line.contains("password")).expect(&stdout);
    let word = shown.split("password").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(word.len() >= 16, "{shown}");
    let (_, stdout, stderr) = output(&mut migrate(None));
    assert!(!stdout.contains(word) && !stderr.contains(word));
    // What is given is not shown.
    let site = Site::start("", |_| ());
    assert!(!site.log().contains(crate::support::halftone::ADMIN_PASSWORD), "{}", site.log());
}

#[test]
fn serve_ends_when_it_is_told_to() {
    let site = Site::start("", library::make);
    site.ok("/image?src=a/chart.png&width=9");
    let status = site.stop();
    assert!(status.success(), "{status}");
}
