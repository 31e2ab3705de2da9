//! Every command of the guides for administrators is run by `tests/package`, or stands here with the reason
//! why it is not.

use std::fs;
use std::path::Path;

const GUIDES: [&str; 3] = ["install.md", "docs/tuning.md", "docs/upgrading.md"];

/// What commands in the text begin with.
const PROGRAMS: [&str; 30] = [
    "a2dissite",
    "a2enmod",
    "a2ensite",
    "apachectl",
    "apt-get",
    "cargo",
    "curl",
    "debconf-set-selections",
    "dpkg",
    "dpkg-reconfigure",
    "grep",
    "halftone",
    "install",
    "ln",
    "nginx",
    "npm",
    "openssl",
    "pg_dump",
    "psql",
    "rm",
    "rpm",
    "runuser",
    "scripts/package",
    "scripts/run",
    "service",
    "systemctl",
    "systemd-analyze",
    "tar",
    "usermod",
    "dnf",
];

const NAME: &str = "names the command, whose use stands elsewhere";
const RUN: &str = "is run by a marked block of the same guides, or by the test itself";
const OTHER: &str = "is for another system, or takes the sources";
const TYPED: &str = "somebody has to type, or it is for a file or a fault of theirs";

/// Commands that no test runs as they stand, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("install.md", "halftone check", NAME),
    ("install.md", "dpkg-reconfigure halftone", TYPED),
    ("install.md", "install -m 640 -g halftone /dev/null FILE", RUN),
    ("install.md", "apt-get install ghostscript imagemagick", OTHER),
    ("install.md", "apt-get remove halftone", RUN),
    ("install.md", "apt-get purge halftone", RUN),
    ("install.md", "scripts/package rpm", OTHER),
    ("install.md", "usermod -aG halftone nginx", OTHER),
    ("install.md", "usermod -aG halftone www-data", OTHER),
    ("install.md", "scripts/package tar", OTHER),
    ("install.md", "tar -C / --strip-components=1 -xzf FILE --wildcards '*/usr' '*/etc'", RUN),
    ("install.md", "cargo build --locked --release", OTHER),
    (
        "install.md",
        "apt-get install build-essential cmake libraw-dev nasm nodejs npm pkg-config",
        OTHER,
    ),
    ("install.md", "scripts/package --binary target/release/halftone --out / stage", OTHER),
    ("install.md", "apachectl -V", NAME),
    ("install.md", "systemctl enable --now apache-htcacheclean", OTHER),
    ("install.md", "halftone cache stats", NAME),
    ("install.md", "halftone cache warm", NAME),
    ("install.md", "systemctl stop halftone halftone.socket", RUN),
    ("install.md", "systemctl restart halftone", RUN),
    ("install.md", "halftone decode-child", NAME),
    ("install.md", "cargo test --test sandbox", OTHER),
    ("install.md", "grep -E 'NoNewPrivs|Seccomp' /proc/PID/status", TYPED),
    ("install.md", "systemctl edit", TYPED),
    ("install.md", "systemctl edit halftone halftone-tasks", TYPED),
    ("install.md", "halftone restore", NAME),
    ("install.md", "pg_dump halftone", TYPED),
    ("install.md", "systemd-analyze verify", OTHER),
    ("install.md", "systemctl restart", NAME),
    ("docs/tuning.md", "halftone bench", NAME),
    ("docs/tuning.md", "halftone check", NAME),
    ("docs/upgrading.md", "apt-get install --allow-downgrades ./halftone_OLD.deb", TYPED),
    ("docs/upgrading.md", "halftone restore --replace", NAME),
    ("docs/upgrading.md", "halftone check", NAME),
];

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The marks of a guide's blocks, and what stands outside of them.
fn read(guide: &str) -> (Vec<String>, String) {
    let (mut marks, mut rest, mut inside) = (Vec::new(), String::new(), false);
    for line in text(guide).lines() {
        match line.strip_prefix("```") {
            Some(mark) => {
                inside = !inside;
                if inside {
                    marks.push(mark.to_owned());
                }
            }
            None if !inside => {
                rest.push_str(line);
                rest.push('\n');
            }
            None => {}
        }
    }
    assert!(!inside, "{guide}: a block has no end");
    (marks, rest)
}

/// The commands outside of blocks: indented lines, and spans of code that begin with a program.
fn commands(rest: &str) -> Vec<String> {
    let indented = rest.lines().filter_map(|line| line.strip_prefix("    "));
    let indented = indented.filter(|line| !line.starts_with(' ')).map(str::to_owned);
    // A span may go over the end of a line.
    let spans = rest.split("\n\n").flat_map(|paragraph| {
        let text = paragraph.replace('\n', " ");
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    });
    let is_command = |span: &String| {
        span.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program))
    };
    indented.chain(spans.filter(is_command)).collect()
}

#[test]
fn every_block_is_run() {
    let script = text("tests/package/inside.sh");
    let mut count = 0;
    for guide in GUIDES {
        let name = guide.rsplit('/').next().unwrap();
        for mark in read(guide).0 {
            let mark =
                mark.strip_prefix("sh ").unwrap_or_else(|| panic!("{guide}: a block {mark:?}"));
            let direct = format!("follow {name} {mark} ");
            let indirect = format!("follow_with_nginx_started {mark}\n");
            assert!(script.contains(&direct) || script.contains(&indirect), "{guide}: {mark}");
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn every_other_command_has_its_reason() {
    for guide in GUIDES {
        let mut found = commands(&read(guide).1);
        found.sort_unstable();
        found.dedup();
        let of_guide = NOT_RUN.iter().filter(|(of, ..)| *of == guide);
        let mut known: Vec<String> =
            of_guide.map(|(_, command, _)| (*command).to_owned()).collect();
        known.sort_unstable();
        assert_eq!(found, known, "{guide}: on the left what it says, on the right what is known");
    }
    assert!(NOT_RUN.iter().all(|(_, _, reason)| !reason.is_empty()));
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let text = "Do `halftone check\n--url X` or\n\n    systemctl stop x\n        [Service]\n\nand `halftone` \
                or `width=5 a`.\n";
    assert_eq!(commands(text), ["systemctl stop x", "halftone check --url X"]);
}
