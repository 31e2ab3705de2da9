//! Rules against floods of variants, and against pages elsewhere.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use halftone::auth::Level;
use halftone::db::groups::PUBLIC;

use crate::api::Api;
use crate::api::portfolios::make as make_portfolio;
use crate::library;
use crate::magick;
use crate::people::{Browser, account, basic, data, token};
use crate::site::{Backend, Site, within};
use crate::support::fcgi;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::{Pool, binary, run};
use crate::support::http::Response;

/// Two keys, of which the second is on its way out.
const KEYS: &str = "signing_keys = [
    'new:0123456789abcdef0123456789abcdef',
    'old:fedcba9876543210fedcba9876543210',
]\n";

fn photo(images: &Path) {
    for folder in ["a", "clients/acme", "clients/open"] {
        write_jpeg(&images.join(folder).join("photo.jpg"), 600, 400);
    }
}

fn signed(site: &Site, url: &str, more: &[&str]) -> String {
    let config = site.config();
    let mut arguments = vec!["sign", "--config", config.to_str().unwrap(), url];
    arguments.extend(more);
    run(&arguments).trim().to_owned()
}

/// A refusal: its status, with the name of what is wrong.
fn assert_refused(answer: &Response, status: u16, name: &str, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    let text = answer.text();
    assert!(text.contains(&format!("{name}: ")), "{what}: {text}");
    assert!(!text.contains("/image") && !text.contains(".rs"), "{text}");
}

fn width(answer: &Response) -> u32 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    magick::facts(&answer.body).size.0
}

#[test]
fn signatures_are_demanded_where_it_is_said() {
    let rules =
        "signatures_for = ['/clients', '!/clients/open', 'template:Print', '!template:Thumb']";
    let site = Site::start(&format!("{KEYS}{rules}"), photo);
    site.known_template("Print", r#"{"width": {"value": 150}}"#);
    site.known_template("Thumb", r#"{"width": {"value": 60}}"#);
    for free in [
        "/image?src=a/photo.jpg&width=100",
        "/image?src=clients/open/photo.jpg&width=100",
        "/image?src=clients/acme/photo.jpg&tmp=thumb",
        "/image?src=clients/acme/photo.jpg&tmp=Thumb&tile=1:4",
    ] {
        assert_eq!(site.status(free), 200, "{free}");
    }
    site.permit("/", PUBLIC, Level::Download.access());
    within(Duration::from_secs(4), "originals may be had", || {
        site.status("/original?src=clients/open/photo.jpg") == 200
    });
    for demanded in [
        "/image?src=clients/acme/photo.jpg",
        "/image?src=clients/acme/photo.jpg&tmp=Thumb&width=61",
        "/image?src=a/photo.jpg&tmp=print",
        "/image?src=a/photo.jpg&width=100&overlay=clients/acme/photo.jpg",
        "/erez/erez?src=clients/acme/photo.jpg",
        "/original?src=clients/acme/photo.jpg",
        // Whether or not it exists.
        "/image?src=clients/acme/none.jpg",
    ] {
        let answer = site.get(demanded);
        assert_refused(&answer, 403, "signature", demanded);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        if !demanded.contains("none") {
            let good = signed(&site, demanded, &[]);
            assert_eq!(site.status(&good), 200, "{good}");
        }
    }
}

#[test]
fn an_address_that_was_changed_or_has_ended_is_refused() {
    let site = Site::start(&format!("{KEYS}signatures_for = ['/']"), photo);
    let url = "/image?src=a/photo.jpg&width=100";
    let good = signed(&site, url, &[]);
    assert_eq!(width(&site.ok(&good)), 100);
    // The same picture from memory, and the same address written otherwise.
    assert_eq!(width(&site.ok(&good)), 100);
    assert_eq!(width(&site.ok(&good.replace("a%2Fphoto", "a/%70hoto"))), 100);
    for (changed, name) in [
        (good.replace("width=100", "width=101"), "signature"),
        (format!("{good}&height=5"), "signature"),
        (good.replace("signature=", "signature=0"), "signature"),
        (good.replace("keyid=new", "keyid=other"), "keyid"),
        (good.replace("keyid=new", "keyid=old"), "signature"),
        (good.replace("/image", "/erez/erez"), "signature"),
        (signed(&site, url, &["--until", "1000"]), "expires"),
    ] {
        assert_refused(&site.get(&changed), 403, name, &changed);
    }
    // Only who has a key can say nonsense.
    let nonsense = "expires=soon&src=a%2Fphoto.jpg";
    let tag = hmac(&format!("/image?{nonsense}"));
    let answer = site.get(&format!("/image?{nonsense}&signature={tag}"));
    assert_refused(&answer, 400, "expires", nonsense);
}

#[test]
fn keys_can_be_rotated_and_answers_end_with_their_addresses() {
    let site = Site::start(&format!("{KEYS}signatures_for = ['/']"), photo);
    let url = "https://img.example/image?src=a/photo.jpg&width=100";
    let old = signed(&site, url, &["--key", "old", "--expires", "1h"]);
    let old = old.strip_prefix("https://img.example").unwrap();
    assert!(old.contains("keyid=old") && old.contains("expires="), "{old}");
    for _ in 0..2 {
        let answer = site.ok(old);
        let control = answer.header("cache-control").unwrap();
        let (_, age) = control.split_once("max-age=").unwrap();
        let age: u32 = age.split(',').next().unwrap().parse().unwrap();
        assert!((3_500..=3_600).contains(&age), "{control}");
    }
    let always = signed(&site, "/image?src=a/photo.jpg&width=100", &[]);
    assert!(always.contains("keyid=new"), "{always}");
    let control = site.ok(&always).header("cache-control").unwrap().to_owned();
    assert!(control.contains("max-age=604800"), "{control}");

    let output = binary()
        .args([
            "sign",
            "--config",
            site.config().to_str().unwrap(),
            "--key",
            "none",
            "/image?src=a",
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("key: ") && !text.contains("0123456789"), "{text}");
}

/// HMAC-SHA256 under the first key, by OpenSSL.
fn hmac(text: &str) -> String {
    let script =
        "printf %s \"$1\" | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -r";
    let output = Command::new("sh").args(["-c", script, "sh", text]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// The lines of a guide between a fence of this language that hold a text.
fn example(guide: &str, language: &str, holding: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(guide);
    let text = fs::read_to_string(path).unwrap();
    let fence = format!("```{language}\n");
    let found = text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    found.into_iter().find(|block| block.contains(holding)).expect("the guide shows it").to_owned()
}

#[test]
fn the_guide_shows_how_shell_and_python_sign() {
    let site = Site::start(&format!("{KEYS}signatures_for = ['/']"), photo);
    for (language, program, holding) in [("sh", "bash", "openssl"), ("python", "python3", "hmac")] {
        let script = example("protection.md", language, holding);
        let output = Command::new(program).arg("-c").arg(&script).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program}: {error}");
        let address = String::from_utf8(output.stdout).unwrap();
        let query = address.trim().split_once("/image?").expect("an address").1;
        assert_eq!(width(&site.ok(&format!("/image?{query}"))), 400, "{address}");
    }
}

#[test]
fn tiles_belong_to_a_signed_picture() {
    let site = Site::start(&format!("{KEYS}signatures_for = ['/']"), photo);
    let good = signed(&site, "/image?src=a/photo.jpg&width=400", &[]);
    for tile in ["1:4", "4:4", "7:9"] {
        assert_eq!(site.status(&format!("{good}&tile={tile}")), 200, "{tile}");
    }
    assert_eq!(width(&site.ok(&format!("{good}&tile=2:4"))), 200);
    assert_refused(
        &site.get(&format!("{good}&tile=1:4&width=1")),
        403,
        "signature",
        "another size",
    );
}

#[test]
fn other_sizes_are_refused_or_become_the_next() {
    let list = "allowed_sizes = [100, 200, 300]\n";
    let refusing = Site::start(&format!("{list}other_sizes = 'refuse'"), photo);
    assert_eq!(width(&refusing.ok("/image?src=a/photo.jpg&width=200")), 200);
    assert_eq!(width(&refusing.ok("/image?src=a/photo.jpg")), 600);
    for (query, name) in
        [("width=201", "width"), ("height=90", "height"), ("width=200&dpr=2", "width")]
    {
        let answer = refusing.get(&format!("/image?src=a/photo.jpg&{query}"));
        assert_refused(&answer, 400, name, query);
        assert!(answer.text().contains("100, 200, 300"), "{}", answer.text());
    }
    let snapping = Site::start(list, photo);
    let made = snapping.ok("/image?src=a/photo.jpg&width=101");
    assert_eq!((width(&made), made.header("x-from-cache")), (200, Some("False")));
    for query in ["width=150", "width=200", "width=199"] {
        let shared = snapping.ok(&format!("/image?src=a/photo.jpg&{query}"));
        assert_eq!(shared.header("x-from-cache"), Some("True"), "{query}");
        assert_eq!(shared.header("etag"), made.header("etag"), "{query}");
    }
    assert_eq!(width(&snapping.ok("/image?src=a/photo.jpg&width=550")), 300);
    assert_eq!(width(&snapping.ok("/image?src=a/photo.jpg&width=350&tile=1:4")), 150);
}

#[test]
fn whoever_has_signed_in_or_signed_is_free_of_sizes() {
    let list = "allowed_sizes = [100]\nother_sizes = 'refuse'\n";
    let site = Site::start(&format!("{KEYS}{list}"), photo);
    let url = "/image?src=a/photo.jpg&width=123";
    assert_eq!(site.status(url), 400);
    assert_eq!(width(&site.ok(&signed(&site, url, &[]))), 123);
    account(&site, "jo", true);
    let mut jo = Browser::signed_in(&site, "jo");
    let answer = jo.get(url);
    assert_eq!(width(&answer), 123);
    assert!(answer.header("cache-control").unwrap().contains("private"), "{:?}", answer.headers);
    assert_eq!(site.status(url), 400);

    let strict = Site::start(&format!("{list}protection_spares_users = false"), photo);
    account(&strict, "jo", true);
    assert_eq!(Browser::signed_in(&strict, "jo").status(url), 400);
    strict.known_template("Other", r#"{"width": {"value": 90}}"#);
    assert_eq!(width(&strict.ok("/image?src=a/photo.jpg&tmp=other")), 90);
}

#[test]
fn new_pictures_have_a_rate_and_cached_ones_are_free() {
    let settings =
        "new_pictures_per_min = 1\nnew_pictures_burst = 3\ntrusted_proxies = ['127.0.0.1']\n";
    let site = Site::start(&format!("{KEYS}{settings}"), photo);
    let ask = |from: &str, width: u32| {
        let url = format!("/image?src=a/photo.jpg&width={width}");
        site.get_with(&url, &[("X-Forwarded-For", from)])
    };
    for width in 11..=13 {
        assert_eq!(ask("203.0.113.5", width).status, 200);
    }
    let refused = ask("203.0.113.5", 14);
    assert_eq!(refused.status, 429, "{}", refused.text());
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    for width in 11..=13 {
        assert_eq!(ask("203.0.113.5", width).header("x-from-cache"), Some("True"));
    }
    // What fails for one is no failure of the picture.
    assert_eq!(ask("198.51.100.1", 14).status, 200);
    // An IPv6 client is its whole network.
    for last in 1..=3 {
        assert_eq!(ask(&format!("2001:db8:0:7::{last}"), 20 + last).status, 200);
    }
    assert_eq!(ask("2001:db8:0:7:ffff::1", 30).status, 429);
    assert_eq!(ask("2001:db8:0:8::1", 30).status, 200);
    // Addresses that were signed are somebody's who has a key; so are people who have signed in.
    let good = signed(&site, "/image?src=a/photo.jpg&width=77", &[]);
    assert_eq!(site.get_with(&good, &[("X-Forwarded-For", "203.0.113.5")]).status, 200);
    account(&site, "jo", true);
    let mut jo = Browser::signed_in(&site, "jo");
    jo.headers.push(("X-Forwarded-For".into(), "203.0.113.5".into()));
    assert_eq!(jo.status("/image?src=a/photo.jpg&width=78"), 200);
    // Tiles cost their share: sixteen of one picture are one.
    for tile in 1..=16 {
        let url = format!("/image?src=a/photo.jpg&width=400&tile={tile}:16");
        let answer = site.get_with(&url, &[("X-Forwarded-For", "192.0.2.77")]);
        assert_eq!(answer.status, 200, "{tile}");
    }
    assert_eq!(ask("192.0.2.77", 91).status, 200);
    assert_eq!(ask("192.0.2.77", 92).status, 200);
    assert_eq!(ask("192.0.2.77", 93).status, 429);
}

#[test]
fn one_signed_address_does_not_free_all_its_tiles_of_the_rate() {
    let settings = "new_pictures_per_min = 1\nnew_pictures_burst = 2\n";
    let site = Site::start(&format!("{KEYS}{settings}"), photo);
    let good = signed(&site, "/image?src=a/photo.jpg&width=400", &[]);
    let status = |tile: &str| site.status(&format!("{good}&tile={tile}"));
    let mut made = 0;
    while status(&format!("{}:256", made + 1)) == 200 {
        made += 1;
        assert!(made < 100, "tiles are free");
    }
    // A sixteenth each; the bucket goes on filling meanwhile.
    assert!(made >= 32, "{made}");
    assert_eq!(status("1:256"), 200, "what is cached is free");
    assert_eq!(site.status(&good), 200, "what is signed is free");
}

#[test]
fn the_workers_of_a_host_share_the_rate() {
    let pool = Pool::start_alone(photo, |config| {
        config.raw("new_pictures_per_min", "1").raw("new_pictures_burst", "5")
    });
    let mut made = 0;
    for width in 10..40 {
        // A connection for each, so that both workers are asked.
        let url = format!("/image?src=a/photo.jpg&width={width}");
        let answer =
            fcgi::exchange_with(&mut pool.connect(), &url, &[("REMOTE_ADDR", "203.0.113.9")]);
        let text = String::from_utf8_lossy(&answer.unwrap()).into_owned();
        if text.contains("Status: 429") {
            assert!(text.to_ascii_lowercase().contains("retry-after: "), "{text}");
        } else {
            made += 1;
        }
    }
    assert_eq!(made, 5);
}

#[test]
fn pictures_are_shown_on_listed_pages_alone() {
    let rules = "referer_hosts = ['www.example.com', '*.shop.example']\n";
    let site = Site::start(rules, photo);
    site.permit("/", PUBLIC, Level::Download.access());
    let from = |target: &str, page: &str| site.get_with(target, &[("Referer", page)]);
    let target = "/image?src=a/photo.jpg&width=100";
    within(Duration::from_secs(4), "originals may be had", || {
        site.status("/original?src=a/photo.jpg") == 200
    });
    // Often enough to come from memory.
    for _ in 0..3 {
        for page in ["https://www.example.com/x", "https://de.shop.example/", "http://localhost/"] {
            let answer = from(target, page);
            assert_eq!(answer.status, 200, "{page}");
            assert!(answer.header("cache-control").unwrap().contains("private"));
        }
        for page in ["https://evil.example/", "https://www.example.com.evil.example/", "nonsense"] {
            assert_refused(&from(target, page), 403, "Referer", page);
            assert_refused(&from("/original?src=a/photo.jpg", page), 403, "Referer", page);
        }
        assert_eq!(site.status(target), 200, "no page is named");
    }
    let strict = Site::start(&format!("{rules}referer_blank = false"), photo);
    assert_refused(&strict.get(target), 403, "Referer", "no page is named");
    let own = strict.get_with(target, &[("Referer", "http://localhost/")]);
    assert_eq!(own.status, 200);
}

/// The addresses of pictures in a page, those for finer screens included.
fn pictures_of(page: &str) -> Vec<String> {
    let parts = page.split("/image?").skip(1).map(|rest| rest.split(['"', ' ']).next().unwrap());
    let plain = |query: &str| query.replace("&#38;", "&").replace("&amp;", "&");
    parts.map(|query| format!("/image?{}", plain(query))).collect()
}

const ALL_RULES: &str = "signatures_for = ['/']
allowed_sizes = [64]
other_sizes = 'refuse'
new_pictures_per_min = 1
new_pictures_burst = 1
referer_hosts = ['www.example.com']
";

#[test]
fn our_own_pages_show_their_pictures_under_all_rules() {
    let api = Api::on(Backend::Sqlite, &format!("{KEYS}{ALL_RULES}"));
    let id = make_portfolio(&api, "spring", "20", "10");
    let images = format!("/portfolios/{id}/images/");
    library::make(&api.site.image(""));
    let parameters = r#"{"width": {"value": 321}, "format": {"value": "png"}}"#;
    let fields = [("image_src", "a/photo.jpg"), ("image_parameters", parameters)];
    api.ok("POST", &images, &api.maker, &fields);
    for page in ["/", "/portfolios/spring/"] {
        let text = api.site.ok(page).text();
        let pictures = pictures_of(&text);
        assert!(pictures.len() >= 2, "{text}");
        for picture in pictures {
            let answer = api.site.get_with(&picture, &[("Referer", "http://localhost/")]);
            assert_eq!(answer.status, 200, "{picture}: {}", answer.text());
        }
    }
    // The form by which anybody puts addresses together is not offered to those who may not.
    assert!(!api.site.ok("/").text().contains("<form action=\"/image\""));
}

#[test]
fn the_api_signs_for_those_who_have_signed_in() {
    let site = Site::start(&format!("{KEYS}signatures_for = ['/']"), photo);
    account(&site, "jo", true);
    let token = token(&site, "jo");
    let list = "/api/v1/list/?path=a&width=88";
    let known = site.get_with(list, &[("Authorization", &basic(&token, "unused"))]);
    let address = |response: &Response| data(response)[0]["url"].as_str().unwrap().to_owned();
    let path = |url: String| url[url.find("/image").unwrap()..].to_owned();
    assert_eq!(width(&site.ok(&path(address(&known)))), 88);
    // Whoever may not have any variant made must not get it signed either.
    let unknown = address(&site.ok(list));
    assert!(!unknown.contains("signature="), "{unknown}");
    assert_eq!(site.status(&path(unknown)), 403);
}

#[test]
fn nothing_is_demanded_by_default() {
    let site = Site::start("", photo);
    let answer = site.get_with(
        "/image?src=a/photo.jpg&width=123&signature=x&expires=1&keyid=y",
        &[("Referer", "https://anywhere.example/")],
    );
    assert_eq!(width(&answer), 123);
    assert!(site.ok("/").text().contains("<form action=\"/image\""));
    assert!(!site.ok("/").text().contains("signature"));
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_names() {
    for (text, name) in [
        ("signatures_for = ['/']", "signing_keys"),
        ("signing_keys = ['a:short']", "signing_keys"),
        ("signatures_for = ['clients']", "signatures_for"),
        ("allowed_sizes = [0]", "allowed_sizes"),
        ("allowed_sizes = ['5']", "allowed_sizes"),
        ("other_sizes = 'round'", "other_sizes"),
        ("referer_hosts = ['https://x']", "referer_hosts"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("halftone.toml");
        fs::write(&file, text).unwrap();
        let output = binary()
            .args(["config", "check", "--config", file.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{text}");
        let told = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(told.contains(name) && !told.contains("short"), "{told}");
    }
}
