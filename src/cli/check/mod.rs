//! `halftone check`: one page of verdicts on an installation, each with what to do about it.
//!
//! [`CHECKS`] is the one list of what is looked at. Each check runs in a thread of its own with a bound
//! in time, so that a mount, a server or a name that hangs costs a verdict and never the page. Nothing
//! here changes anything.

mod as_service;
mod certificate;
mod database;
mod files;
mod front;
mod front_files;
mod handed;
mod host;
mod memcached;
mod row;
mod service;
mod settings;
mod space;
mod statistics;
#[allow(unsafe_code)]
mod sys;
mod tools;
mod wire;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use self::front_files::FrontFiles;
use self::row::{Page, Row, Verdict};
use super::Common;
use crate::config::Settings;
use crate::load::Address;

/// The settings file of an installation by package, taken when none is named.
const INSTALLED: &str = "/etc/halftone/halftone.toml";

/// What to look at, and how to print it.
#[derive(Args)]
pub struct Options {
    /// Print JSON instead of a page
    #[arg(long)]
    json: bool,
    /// The address of the front server.
    #[arg(
        long,
        help = "Address of the front server, such as https://images.example.com, to be looked at by real requests",
        value_name = "URL",
        value_parser = Address::read
    )]
    url: Option<Address>,
    /// A picture that everybody may see, by its path in the library; the first one found by default
    #[arg(long, value_name = "PATH")]
    picture: Option<String>,
    /// The certificate that the front server shows, in PEM; its key lies beside it as privkey.pem
    #[arg(long, value_name = "FILE", default_value = "/etc/ssl/halftone/fullchain.pem")]
    certificate: PathBuf,
    /// A file of the front server's with its times; those of the package are found by themselves
    #[arg(long, value_name = "FILE")]
    front_file: Vec<PathBuf>,
    /// Seconds that each look may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    patience: u64,
    #[command(flatten)]
    common: Common,
}

/// What the checks look at.
struct Case {
    settings: Settings,
    options: Asked,
    /// Read while that was still allowed.
    key: certificate::KeyFile,
    front_files: Option<FrontFiles>,
}

/// The options that checks need.
struct Asked {
    url: Option<Address>,
    picture: Option<String>,
    certificate: PathBuf,
    patience: Duration,
}

/// One look at one thing: a name and what comes of it.
struct Check {
    name: &'static str,
    look: fn(&Case) -> Vec<Row>,
}

/// Everything that is looked at, in the order in which it is told.
const CHECKS: &[Check] = &[
    Check { name: "host name", look: host::name },
    Check { name: "clock", look: host::clock },
    Check { name: "certificate", look: certificate::look },
    Check { name: "settings files", look: settings::files },
    Check { name: "secret", look: settings::secret },
    Check { name: "folders", look: files::folders },
    Check { name: "pictures", look: files::images },
    Check { name: "space", look: space::look },
    Check { name: "limits", look: host::limits },
    Check { name: "service", look: service::look },
    Check { name: "database", look: database::look },
    Check { name: "memcached", look: memcached::look },
    Check { name: "isolation", look: tools::isolation },
    Check { name: "optional parts", look: tools::optional },
    Check { name: "profiles", look: tools::profiles },
    Check { name: "front server", look: front::look },
    Check { name: "statistics", look: statistics::look },
];

/// Looks at everything and prints the page. The status is 0 when all is right, 1 with warnings and 2
/// when something does not work.
pub fn run(options: Options) -> ExitCode {
    let mut page = Page::default();
    let common = Common { config: options.common.config.or_else(installed) };
    match common.load_as_is(Vec::new()) {
        // Without settings there is nothing else to look at.
        Err(error) => page.add("settings", vec![settings::broken(&error)]),
        Ok(loaded) => {
            page.add("settings", vec![settings::sound(&loaded)]);
            let key = certificate::KeyFile::read(&options.certificate);
            let front_files = FrontFiles::find(&options.front_file);
            page.add("user", vec![as_service::become_it(&loaded.settings.data_dir)]);
            let asked = Asked {
                url: options.url,
                picture: options.picture,
                certificate: options.certificate,
                patience: Duration::from_secs(options.patience),
            };
            let case = Case { settings: loaded.settings, options: asked, key, front_files };
            settings::remember(&loaded.files);
            look_at_all(case, &mut page);
        }
    }
    if options.json {
        println!("{}", page.json());
    } else {
        print!("{}", page.text());
    }
    page.verdict().exit_code()
}

fn installed() -> Option<PathBuf> {
    Path::new(INSTALLED).exists().then(|| INSTALLED.into())
}

/// All checks at once; what does not come back in time is told so.
fn look_at_all(case: Case, page: &mut Page) {
    let patience = case.options.patience;
    let case = Arc::new(case);
    let begun = Instant::now();
    let looks: Vec<_> = CHECKS
        .iter()
        .map(|check| {
            let (sender, answer) = mpsc::channel();
            let (case, look) = (Arc::clone(&case), check.look);
            // A thread that hangs goes with the process.
            let started = thread::Builder::new().spawn(move || {
                let _ = sender.send(look(&case));
            });
            (check, started.is_ok(), answer)
        })
        .collect();
    for (check, started, answer) in looks {
        let left = patience.saturating_sub(begun.elapsed()).max(Duration::from_millis(50));
        let rows = match answer.recv_timeout(left) {
            Ok(rows) => rows,
            Err(mpsc::RecvTimeoutError::Timeout) if started => vec![Row::new(
                Verdict::Fail,
                format!("no answer within {} s", patience.as_secs()),
                "see what hangs: a mount, a name server, a server that is away",
            )],
            Err(_) => vec![Row::new(
                Verdict::Fail,
                "this could not be looked at",
                "try again; when it stays so, report it as a fault of Halftone",
            )],
        };
        page.add(check.name, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_check_stands_twice() {
        for (index, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS[index + 1..].iter().all(|other| other.name != check.name));
        }
    }
}
