//! The front server, seen through real requests: what it hands on, and what it hands back.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Case;
use super::certificate;
use super::front_files::FrontFiles;
use super::handed;
use super::row::Row;
use super::wire::{Answer, request};
use crate::config::Settings;
use crate::load::Address;

/// Entries of the library that are looked at for a picture.
const MOST_ENTRIES: usize = 2000;
/// How deep.
const DEEPEST: usize = 4;
/// Pictures that are asked for until one is shown.
const MOST_PICTURES: usize = 5;
/// How many of them lie in one folder at most.
const OF_EACH_FOLDER: usize = 3;

/// What is no token of anybody's.
const NO_TOKEN: &str = "Bearer halftone-check";

/// A path that no library has, to see who answers.
const NO_PICTURE: &str = "halftone-check/there-is-none.jpg";

pub fn look(case: &Case) -> Vec<Row> {
    let mut rows = Vec::new();
    match &case.options.url {
        None => rows.push(Row::ok("not looked at; --url https://HOST does")),
        Some(url) => {
            let front = Front { case, url };
            match front.reach() {
                Err(row) => rows.push(row),
                Ok(answer) => rows.extend(front.look_closer(&answer)),
            }
        }
    }
    rows.extend(handed::look(case));
    rows.extend(times(case.front_files.as_ref(), &case.settings));
    rows
}

struct Front<'a> {
    case: &'a Case,
    url: &'a Address,
}

impl Front<'_> {
    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> std::io::Result<Answer> {
        // Several questions share the time of one check.
        request(self.url, method, target, headers, self.case.options.patience / 6)
    }

    /// Asks once more while nobody listens: it may have been told to reload a moment ago.
    fn ask_again(&self, target: &str) -> std::io::Result<Answer> {
        let end = Instant::now() + self.case.options.patience / 4;
        loop {
            match self.ask("GET", target, &[]) {
                Err(error)
                    if error.kind() == std::io::ErrorKind::ConnectionRefused
                        && Instant::now() < end =>
                {
                    thread::sleep(Duration::from_millis(200));
                }
                answered => return answered,
            }
        }
    }

    fn reach(&self) -> Result<Answer, Row> {
        let answer = self.ask_again("/static/halftone.css").map_err(|error| {
            Row::fail(
                format!("{} port {}: {error}", self.url.host, self.url.port),
                "see whether the front server runs, and whether a firewall lets this host in",
            )
        })?;
        match answer.status {
            200 => Ok(answer),
            301 | 302 | 307 | 308 => Err(Row::warn(
                format!("it sends on to {}", answer.header("location").unwrap_or("nowhere")),
                "look at that address: --url",
            )),
            502..=504 => Err(Row::fail(
                format!("it answers {}: Halftone cannot be reached", answer.status),
                "see whether the socket is the same on both sides, and its group the front server's",
            )),
            status => Err(Row::fail(
                format!("it answers {status} where Halftone would answer 200"),
                "see whether another site takes this name: nginx -T, apachectl -S",
            )),
        }
    }

    fn look_closer(&self, answer: &Answer) -> Vec<Row> {
        let server = answer.header("server").unwrap_or("unnamed");
        let mut rows = vec![Row::ok(format!("{server} hands requests on"))];
        if !answer.certificates.is_empty() {
            let shown = "the certificate shown";
            rows.push(certificate::judge(shown, &answer.certificates, Some(&self.url.host)));
        }
        rows.push(clock(answer));
        rows.push(match answer.header("cache-control") {
            Some(text) if text.contains("max-age") => Row::ok("caching fields pass"),
            _ => Row::fail(
                "Cache-Control of Halftone does not arrive",
                "take out what changes it: expires, add_header, Header set",
            ),
        });
        rows.push(self.picture());
        rows.push(self.authorization());
        rows.push(self.upload());
        rows
    }

    /// A public picture can be kept by clients, and asked for again with its entity tag.
    fn picture(&self) -> Row {
        let (mut closed, mut bad) = (Vec::new(), Vec::new());
        for picture in self.pictures() {
            match self.ask("GET", &address_of(&picture), &[]) {
                Ok(answer) if answer.status == 200 => return self.tagged(&picture, &answer),
                Ok(answer) if matches!(answer.status, 401 | 403) => closed.push(picture),
                Ok(answer) if (400..500).contains(&answer.status) => {
                    bad.push(format!("{picture} is answered with {}", answer.status));
                }
                Ok(answer) => {
                    return Row::fail(
                        format!("{picture} is answered with {}", answer.status),
                        "see log_file for the reason",
                    );
                }
                Err(error) => {
                    return Row::fail(format!("{picture}: {error}"), "see log_file for the reason");
                }
            }
        }
        match (closed.first(), bad.into_iter().next()) {
            (None, None) => Row::ok("no picture to ask for; --picture PATH names one"),
            (Some(picture), _) => Row::ok(format!(
                "{picture} is not for everybody, so that caching was not looked at; --picture PATH names another"
            )),
            (None, Some(bad)) => {
                Row::warn(bad, "see log_file for the reason; --picture PATH names another")
            }
        }
    }

    /// What may be asked for: what was named, or some that were found.
    fn pictures(&self) -> Vec<String> {
        if let Some(named) = &self.case.options.picture {
            return vec![named.clone()];
        }
        let (mut found, mut left) = (Vec::new(), MOST_ENTRIES);
        find_pictures(&self.case.settings.images_folder(), "", DEEPEST, &mut left, &mut found);
        found
    }

    fn tagged(&self, picture: &str, first: &Answer) -> Row {
        let Some(tag) = first.header("etag") else {
            return Row::fail(
                "the ETag of pictures does not arrive",
                "take out what removes it; every client would fetch every picture again",
            );
        };
        match self.ask("GET", &address_of(picture), &[("If-None-Match", tag)]) {
            Ok(again) if again.status == 304 => {
                Row::ok(format!("{picture}: 200, then 304 by its ETag"))
            }
            Ok(again) => Row::fail(
                format!("If-None-Match is answered with {} and not 304", again.status),
                "let the front server hand the field on and the answer back as they are",
            ),
            Err(error) => Row::fail(format!("{picture}: {error}"), "see log_file for the reason"),
        }
    }

    /// Halftone refuses a token that is none, if it sees it.
    fn authorization(&self) -> Row {
        let target = format!("/image?src={NO_PICTURE}");
        match self.ask("GET", &target, &[("Authorization", NO_TOKEN)]) {
            Ok(answer) if answer.status == 401 => Row::ok("Authorization is passed on"),
            Ok(answer) => Row::fail(
                format!(
                    "Authorization is not passed on: a wrong token is answered with {}",
                    answer.status
                ),
                "nginx: nothing may clear it; Apache: CGIPassAuth On",
            ),
            Err(error) => {
                Row::fail(format!("a request with Authorization: {error}"), "see its error log")
            }
        }
    }

    /// Announces the largest upload that Halftone takes, and sends none of it.
    fn upload(&self) -> Row {
        let megabytes = self.case.settings.max_body_mb;
        let length = (u64::from(megabytes) << 20).to_string();
        let headers = [
            ("Content-Length", length.as_str()),
            ("Content-Type", "application/octet-stream"),
            ("Expect", "100-continue"),
        ];
        match self.ask("POST", "/api/v1/upload/", &headers) {
            Ok(answer) if answer.status == 413 => Row::fail(
                format!("uploads of {megabytes} MB (max_body_mb) are refused"),
                "raise client_max_body_size of nginx (or the limit of what stands in front), or lower max_body_mb",
            ),
            Ok(answer) if matches!(answer.status, 404 | 405 | 500..=599) => Row::fail(
                format!("an upload is answered with {}", answer.status),
                "see whether the site hands /api/ on with all methods, and its error log",
            ),
            // It asks for the body, waits for it, or Halftone has answered for another reason.
            Ok(_) => Row::ok(format!("uploads up to {megabytes} MB pass")),
            Err(error) if waits(&error) => Row::ok(format!("uploads up to {megabytes} MB pass")),
            Err(error) => Row::fail(format!("an upload: {error}"), "see its error log"),
        }
    }
}

fn waits(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock)
}

fn clock(answer: &Answer) -> Row {
    let date = answer.header("date").and_then(|text| httpdate::parse_http_date(text).ok());
    let Some(date) = date else {
        return Row::warn("it sends no Date", "caches need it; take out what removes it");
    };
    let now = std::time::SystemTime::now();
    let apart = now.duration_since(date).or_else(|_| date.duration_since(now)).unwrap_or_default();
    if apart.as_secs() > 10 {
        return Row::warn(
            format!("its clock and ours are {} s apart", apart.as_secs()),
            "let both be kept in step: chrony, systemd-timesyncd",
        );
    }
    Row::ok("its clock goes with ours")
}

/// Halftone answers last of all; the front server has to wait that long.
fn times(files: Option<&FrontFiles>, settings: &Settings) -> Vec<Row> {
    let needed = u64::from(settings.request_deadline_s)
        + u64::from(settings.deadline_grace_s)
        + u64::from(settings.kill_grace_s);
    let Some(files) = files else {
        return vec![Row::ok(format!(
            "its times are not seen from here: it has to wait more than {needed} s for an answer"
        ))];
    };
    let shown = files.path.display();
    let mut rows = vec![match files.read_timeout_s {
        Some(found) if found > needed => {
            Row::ok(format!("{shown}: waits {found} s, Halftone answers within {needed} s"))
        }
        Some(found) => Row::fail(
            format!(
                "{shown}: waits {found} s, Halftone may take {needed} s: clients see 504 in place of 503"
            ),
            "raise fastcgi_read_timeout (nginx) or timeout= (Apache), or lower request_deadline_s",
        ),
        None => Row::warn(
            format!("{shown}: does not say how long it waits"),
            format!(
                "set fastcgi_read_timeout (nginx) or timeout= (Apache) to more than {needed} s"
            ),
        ),
    }];
    let idle = u64::from(settings.connection_idle_s);
    if let Some(kept) = files.kept_s.filter(|kept| idle != 0 && *kept >= idle) {
        rows.push(Row::warn(
            format!("{shown}: keeps connections for {kept} s, Halftone closes them after {idle} s"),
            "set connection_idle_s to 0, or to more than the front server's time",
        ));
    }
    rows
}

/// Some pictures by name, in the folder and below: one that cannot be shown says nothing of the others.
fn find_pictures(
    root: &Path,
    below: &str,
    depth: usize,
    left: &mut usize,
    found: &mut Vec<String>,
) {
    let mut names: Vec<String> = fs::read_dir(root.join(below))
        .into_iter()
        .flatten()
        .flatten()
        .take(*left)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    *left = left.saturating_sub(names.len());
    names.sort();
    let path =
        |name: &String| if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
    let is_picture = |name: &&String| {
        let name = name.to_ascii_lowercase();
        [".jpg", ".jpeg", ".png", ".webp", ".gif"].iter().any(|end| name.ends_with(end))
    };
    found.extend(names.iter().filter(is_picture).take(OF_EACH_FOLDER).map(path));
    for name in &names {
        if depth == 0 || found.len() >= MOST_PICTURES {
            break;
        }
        find_pictures(root, &path(name), depth - 1, left, found);
    }
    found.truncate(MOST_PICTURES);
}

fn address_of(picture: &str) -> String {
    let src = percent_encoding::utf8_percent_encode(picture, percent_encoding::NON_ALPHANUMERIC);
    format!("/image?src={src}&width=64&stats=0")
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn a_front_server_that_gives_up_first_is_told() {
        let settings = Settings {
            request_deadline_s: 60,
            deadline_grace_s: 5,
            kill_grace_s: 5,
            ..Settings::default()
        };
        let verdict = |read_timeout_s, kept_s| {
            let files = FrontFiles { path: "x".into(), read_timeout_s, kept_s };
            times(Some(&files), &settings).iter().map(|row| row.verdict).max().unwrap()
        };
        assert_eq!(verdict(Some(71), Some(60)), Verdict::Ok);
        assert_eq!(verdict(Some(70), None), Verdict::Fail);
        assert_eq!(verdict(None, None), Verdict::Warn);
        let settings = Settings { connection_idle_s: 60, ..settings.clone() };
        let files = FrontFiles { path: "x".into(), read_timeout_s: Some(120), kept_s: Some(60) };
        assert_eq!(times(Some(&files), &settings).last().unwrap().verdict, Verdict::Warn);
    }

    #[test]
    fn a_picture_is_found_below_folders() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join(".hidden.jpg"), "").unwrap();
        let find = || {
            let mut found = Vec::new();
            find_pictures(root.path(), "", DEEPEST, &mut MOST_ENTRIES.clone(), &mut found);
            found
        };
        assert!(find().is_empty());
        fs::write(root.path().join("a/b/c.JPG"), "").unwrap();
        assert_eq!(find(), ["a/b/c.JPG"]);
        fs::write(root.path().join("z.png"), "").unwrap();
        for number in 0..9 {
            fs::write(root.path().join(format!("a/{number}.gif")), "").unwrap();
        }
        let found = find();
        assert_eq!(found.len(), MOST_PICTURES);
        assert_eq!((found[0].as_str(), found[1].as_str()), ("z.png", "a/0.gif"));
    }
}
