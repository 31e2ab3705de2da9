//! `halftone cache warm`: asks a running server for pictures, so that they are made and kept.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use ureq::tls::TlsConfig;

use super::service_user::as_root;
use super::{Common, cache, wiring};
use crate::auth::{Identity, Level};
use crate::config::Settings;
use crate::db::stats::{self, Rank};
use crate::db::{self, Db, now_ms};
use crate::protection::Signatures;
use crate::source::SourcePath;
use crate::spec::Rules;
use crate::web::api::in_query;
use crate::web::image::Meant;
use crate::web::protection::OWN_KEY;
use crate::web::shows_pictures;

/// How long one picture may take.
const PATIENCE: Duration = Duration::from_secs(120);

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Where pictures are asked for.
const PICTURE: &str = "/image";

/// What browsers say of the formats they take, of those that the format may depend on.
const BROWSERS: [&str; 2] = ["image/avif,image/webp,*/*", "image/webp,*/*"];

/// Images of a folder that are asked for together.
const AT_ONCE: i64 = 1_000;

/// Which pictures, and from where.
#[derive(Args)]
pub struct Options {
    /// A file of addresses, or of paths and queries, one on a line; - for standard input
    #[arg(long, value_name = "FILE", group = "which")]
    list: Option<PathBuf>,
    /// So many of the originals that were wanted most in the last 30 days, in each template
    #[arg(long, value_name = "NUMBER", group = "which",
          value_parser = clap::value_parser!(u32).range(1..))]
    wanted: Option<u32>,
    /// The originals in a folder and below it, in each template
    #[arg(long, value_name = "FOLDER", group = "which")]
    folder: Option<String>,
    /// A template, may be given again; the default one if there is none
    #[arg(long = "template", value_name = "NAME")]
    templates: Vec<String>,
    /// Where the server is asked; public_base_url if left out
    #[arg(long)]
    url: Option<String>,
    /// How many are asked for at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Take any certificate, such as one that the server has signed itself
    #[arg(long)]
    insecure: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let settings = options.common.load_with_return()?.settings;
    let base = options.url.as_deref().unwrap_or(&settings.public_base_url).trim_end_matches('/');
    ensure!(
        base.starts_with("http://") || base.starts_with("https://"),
        "--url: must say where the server is, such as http://localhost (public_base_url is not set)"
    );
    let Targets { mut targets, left_out } = targets(options, &settings)?;
    if let Some(keys) = wiring::own_signatures(&settings)? {
        targets.iter_mut().for_each(|target| sign(&keys, base, target));
    }
    // Pages of ours may show pictures, whatever others may.
    let page = (!settings.referer_hosts.is_empty()).then(|| format!("{base}/"));
    let asker = Asker { base, page, agent: agent(options.insecure) };
    let failed = asker.ask(&targets, options.jobs);
    println!("{} asked for, {failed} failed", targets.len());
    if left_out > 0 {
        println!("{left_out} left out: not everybody may see them");
    }
    ensure!(failed == 0, "{failed} pictures could not be had");
    Ok(())
}

/// What to ask for.
struct Targets {
    /// Paths with queries, or whole addresses.
    targets: Vec<String>,
    /// How many pictures are not asked for, since not everybody may see them, or what is laid over them.
    left_out: usize,
}

fn targets(options: &Options, settings: &Settings) -> anyhow::Result<Targets> {
    if let Some(list) = &options.list {
        return Ok(Targets { targets: listed(list)?, left_out: 0 });
    }
    let database = cache::open(settings)?;
    let paths = match (&options.wanted, &options.folder) {
        (Some(number), _) => wanted(&database, (*number).into())?,
        (None, Some(folder)) => below(&database, folder)?,
        (None, None) => bail!("--list, --wanted or --folder: one of them must be given"),
    };
    let templates: Vec<String> = match options.templates.as_slice() {
        [] => vec![String::new()],
        names => names.iter().map(|name| format!("&tmp={}", in_query(name))).collect(),
    };
    let each = |path: &String| {
        let src = in_query(path);
        templates.iter().map(move |tmp| format!("src={src}{tmp}")).collect::<Vec<_>>()
    };
    let mut queries: Vec<String> = paths.iter().flat_map(each).collect();
    let all = queries.len();
    let store = wiring::rights(settings, &database);
    store.refresh()?;
    let rights = store.rights()?;
    let rules = Rules { max_dimension: settings.max_image_dimension };
    let meant = Meant::new(store, rules);
    let is_public = |original: &SourcePath| {
        rights.level(&Identity::Anonymous, original.folder()) >= Level::View
    };
    // Of what cannot be told here, the server tells what is wrong.
    queries.retain(|query| {
        let originals = meant.originals(PICTURE, query.as_bytes());
        originals.is_none_or(|originals| originals.iter().all(is_public))
    });
    let left_out = all - queries.len();
    let targets = queries.iter().map(|query| format!("{PICTURE}?{query}")).collect();
    Ok(Targets { targets, left_out })
}

/// Signs an address of a picture as our own pages would. One that is signed, or another server's, stays.
fn sign(keys: &Signatures, base: &str, target: &mut String) {
    let Some((address, query)) = target.split_once('?') else { return };
    let path = address.strip_prefix(base).unwrap_or(address);
    let is_signed = query.split('&').any(|pair| pair.starts_with("signature="));
    if is_signed || !(path == "/original" || shows_pictures(path)) {
        return;
    }
    if let Some(signed) = keys.sign(path, query.as_bytes(), Some(OWN_KEY), None) {
        *target = format!("{address}?{signed}");
    }
}

fn listed(list: &PathBuf) -> anyhow::Result<Vec<String>> {
    let reader: Box<dyn io::BufRead> = if list.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        let file = as_root(|| std::fs::File::open(list));
        Box::new(io::BufReader::new(file.with_context(|| list.display().to_string())?))
    };
    let lines: Result<Vec<String>, _> = reader.lines().collect();
    let lines = lines.with_context(|| list.display().to_string())?;
    let lines = lines.iter().map(|line| line.trim()).enumerate();
    let mut wanted = Vec::new();
    for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        ensure!(
            ["/", "http://", "https://"].iter().any(|start| line.starts_with(start)),
            "{}:{}: must be a path such as /image?src=a/b.jpg, or a whole address",
            list.display(),
            at + 1
        );
        wanted.push(line.to_owned());
    }
    Ok(wanted)
}

fn wanted(database: &Db, number: i64) -> anyhow::Result<Vec<String>> {
    let now = now_ms();
    let span = (now - 30 * DAY_MS, now + DAY_MS);
    let (found, _) = stats::ranked(database, span, Rank::Views, (0, number))?;
    Ok(found.into_iter().filter_map(|(_, path, _)| path).collect())
}

fn below(database: &Db, folder: &str) -> anyhow::Result<Vec<String>> {
    let folder = folder.trim_matches('/');
    ensure!(
        folder.is_empty() || db::folders::by_path(database, folder)?.is_some(),
        "{folder}: there is no such folder, or it has not been seen yet (halftone sync)"
    );
    let mut paths: Vec<String> = Vec::new();
    loop {
        let after = paths.last().map_or("", String::as_str);
        let part = db::images::below(database, folder, after, AT_ONCE)?;
        if part.is_empty() {
            return Ok(paths);
        }
        paths.extend(part);
    }
}

fn agent(insecure: bool) -> ureq::Agent {
    let tls = TlsConfig::builder().disable_verification(insecure).build();
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).tls_config(tls);
    config.http_status_as_error(false).build().into()
}

/// Asks one server.
struct Asker<'a> {
    base: &'a str,
    /// The page that it says it comes from.
    page: Option<String>,
    agent: ureq::Agent,
}

impl Asker<'_> {
    /// Asks for each, so many at a time; gives back how many could not be had.
    fn ask(&self, targets: &[String], jobs: u8) -> u64 {
        let (next, done, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
        let out = Mutex::new(());
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| {
                    while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let told = self.one(target);
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        let _turn = out.lock().unwrap_or_else(PoisonError::into_inner);
                        if let Err(why) = told {
                            failed.fetch_add(1, Ordering::Relaxed);
                            eprintln!("\r{target}: {why}");
                        }
                        show(done, targets.len());
                    }
                });
            }
        });
        if io::stderr().is_terminal() {
            eprintln!();
        }
        failed.load(Ordering::Relaxed)
    }

    /// Asks for one, and where its format depends on who asks, again as browsers do.
    fn one(&self, target: &str) -> Result<(), String> {
        let address =
            if target.starts_with('/') { self.base.to_owned() + target } else { target.into() };
        if self.get(&address, None)? {
            for browser in BROWSERS {
                self.get(&address, Some(browser))?;
            }
        }
        Ok(())
    }

    /// Whether the answer depends on what is accepted.
    fn get(&self, address: &str, accept: Option<&str>) -> Result<bool, String> {
        let mut request = self.agent.get(address);
        if let Some(page) = &self.page {
            request = request.header("Referer", page);
        }
        if let Some(accept) = accept {
            request = request.header("Accept", accept);
        }
        let mut response = request.call().map_err(|error| error.to_string())?;
        let status = response.status();
        let vary = response.headers().get_all("Vary").iter();
        let varies = vary
            .flat_map(|value| value.to_str())
            .any(|names| names.split(',').any(|name| name.trim().eq_ignore_ascii_case("accept")));
        // To its end: a picture that nobody waits for is called off.
        let read = io::copy(&mut response.body_mut().as_reader(), &mut io::sink());
        read.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(varies) } else { Err(format!("status {}", status.as_u16())) }
    }
}

/// Shows how far it has come, to people.
fn show(done: usize, all: usize) {
    const WIDTH: usize = 40;
    if !io::stderr().is_terminal() {
        return;
    }
    let filled = WIDTH * done / all.max(1);
    let mut out = io::stderr().lock();
    // That it cannot be shown is no reason to stop.
    let _ = write!(out, "\r[{:<WIDTH$}] {done}/{all} ", "#".repeat(filled));
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protection::{Key, Verdict};

    #[test]
    fn addresses_of_this_server_are_signed_and_others_stay() {
        let keys = Signatures::new(vec![Key::new(OWN_KEY, &[7; 32]).unwrap()]);
        let signed = |target: &str| {
            let mut target = target.to_owned();
            sign(&keys, "http://x.test", &mut target);
            target
        };
        for address in ["/image?src=a/b.jpg&width=5", "http://x.test/erez5/erez?src=a%20b.jpg"] {
            let target = signed(address);
            let (address, query) = target.split_once('?').unwrap();
            let path = address.trim_start_matches("http://x.test");
            let verdict = keys.judge(path, query.as_bytes(), 0);
            assert_eq!(verdict, Verdict::Good { expires_s: None }, "{target}");
        }
        for other in [
            "http://y.test/image?src=a",
            "/image?src=a&keyid=b&signature=c",
            "/api/v1/list/?path=a",
            "/image",
            "/",
        ] {
            assert_eq!(signed(other), other);
        }
    }
}
