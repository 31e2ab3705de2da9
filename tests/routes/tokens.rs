//! API tokens and named keys.

use std::time::Duration;

use halftone::auth::accounts;
use halftone::auth::{Actor, Level, Scopes, key};
use halftone::db::groups::{self, NORMAL_USERS, PUBLIC};
use halftone::db::{self, users};

use crate::people::{Browser, PASSWORD, account, ask_token, basic, data, form, token};
use crate::sessions::{closed, library};
use crate::site::{BOTH, Site, within};
use crate::support::wait;

const IN_FORCE: Duration = Duration::from_secs(2);
const CLOSED: &str = "/image?src=closed/a.png";

fn status(site: &Site, target: &str, authorization: &str) -> u16 {
    site.get_with(target, &[("Authorization", authorization)]).status
}

#[test]
fn a_token_is_given_for_name_and_password_and_used_as_the_guide_says() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        account(&site, "jo", true);
        account(&site, "quiet", false);
        closed(&site);
        for path in ["/api/v1/token/", "/api/v1/token", "/api/token/"] {
            let header = basic("jo", PASSWORD);
            let given = site.send("POST", path.as_bytes(), &[("Authorization", &header)]);
            assert_eq!(given.status, 200, "{path}: {}", given.text());
        }
        let token = token(&site, "JO");
        assert_eq!(status(&site, CLOSED, &basic(&token, "")), 200);
        assert_eq!(status(&site, CLOSED, &basic(&token, "unused")), 200);
        assert_eq!(status(&site, CLOSED, &format!("Bearer {token}")), 200);
        assert_eq!(status(&site, CLOSED, &format!("bearer {token}")), 200);

        for (username, password) in
            [("jo", "wrong password"), ("nobody", PASSWORD), ("quiet", PASSWORD)]
        {
            let refused = ask_token(site.addr(), username, password);
            assert_eq!(refused.status, 403, "{username}");
            assert!(data(&refused).is_null());
        }
        for body in ["", "username=jo", "password=x", "username=&password="] {
            let refused = Browser::new(site.addr()).send("POST", "/api/v1/token", &[], body);
            assert_eq!(refused.status, 400, "{body}");
        }
        assert_eq!(site.status("/api/v1/token"), 405);
        // A token buys no token, neither as a name nor as a Bearer.
        for header in [basic(&token, ""), basic(&token, PASSWORD)] {
            let refused = site.send("POST", b"/api/v1/token", &[("Authorization", &header)]);
            assert_eq!(refused.status, 403, "{backend:?}");
        }
    }
}

#[test]
fn a_bad_token_is_refused_whatever_is_asked() {
    let site = Site::start("", library);
    account(&site, "jo", true);
    let token = token(&site, "jo");
    let mut forged = token.clone();
    forged.replace_range(10..11, if &forged[10..11] == "A" { "B" } else { "A" });
    for header in [
        basic("jo", PASSWORD),
        basic(&forged, ""),
        basic("htt_", ""),
        basic("htk_x", ""),
        format!("Bearer {forged}"),
        "Bearer".to_owned(),
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        "Basic ä".to_owned(),
    ] {
        for target in ["/image?src=open.png", "/image?src=none.png", "/", "/api/v1/list?path=/"] {
            let refused = site.get_with(target, &[("Authorization", &header)]);
            assert_eq!(refused.status, 401, "{header} {target}");
            assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
        }
    }
    // What is the front server's own business is no token.
    assert_eq!(status(&site, "/image?src=open.png", "Negotiate abc"), 200);
    // Not even the shortest way answers a request with a token.
    site.ok("/image?src=open.png");
    site.ok("/image?src=open.png");
    assert_eq!(status(&site, "/image?src=open.png", &basic(&forged, "")), 401);
}

#[test]
fn a_token_ends_with_its_account_and_its_password() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        closed(&site);
        let header = |token: &str| basic(token, "");
        let ends = |what: &str, token: &str| {
            within(IN_FORCE, what, || status(&site, CLOSED, &header(token)) == 401);
        };

        let first = token(&site, "jo");
        users::end_sessions(site.db(), id).unwrap();
        ends("all was ended", &first);

        let second = token(&site, "jo");
        assert_eq!(status(&site, CLOSED, &header(&second)), 200);
        let user = users::by_id(site.db(), id).unwrap().unwrap();
        let without = users::User { allow_api: false, ..user.clone() };
        accounts::change(site.db(), &Actor::server(), None, &without).unwrap();
        ends("the account may have no token", &second);
        accounts::change(site.db(), &Actor::server(), None, &user).unwrap();

        let third = token(&site, "jo");
        accounts::disable(site.db(), &Actor::server(), id).unwrap();
        ends("the account was deleted", &third);
        accounts::enable(site.db(), &Actor::server(), id).unwrap();
        let fourth = token(&site, "jo");
        assert_eq!(status(&site, CLOSED, &header(&fourth)), 200);
        assert_eq!(status(&site, CLOSED, &header(&third)), 401, "{backend:?}");
    }
}

#[test]
fn tokens_run_out() {
    let site = Site::start("token_expiry_s = 60", library);
    let id = account(&site, "jo", true);
    closed(&site);
    let secret = std::fs::read_to_string(site.data().join("secret")).unwrap();
    let signer = halftone::auth::Signer::new(secret.trim().as_bytes()).unwrap();
    let now_s = db::now_ms() / 1000;
    let made = |ends_s: i64| {
        let token = halftone::auth::Token { user_id: id, epoch: 0, made_s: now_s - 60, ends_s };
        basic(&token.sign(&signer), "")
    };
    assert_eq!(status(&site, CLOSED, &made(now_s + 30)), 200);
    assert_eq!(status(&site, CLOSED, &made(now_s)), 401);
    let given = token(&site, "jo");
    let known = halftone::auth::Token::open(&given, &signer, now_s).unwrap();
    assert_eq!(known.ends_s - known.made_s, 60);
}

#[test]
fn a_token_becomes_a_web_session() {
    let site = Site::start("login_next_hosts = ['app.example.com']", library);
    account(&site, "jo", true);
    closed(&site);
    let token = token(&site, "jo");
    let go = |query: &str| {
        let mut browser = Browser::new(site.addr());
        let response = browser.get(&format!("/api/v1/tokenlogin/?{query}"));
        (response, browser)
    };
    let (entered, mut browser) = go(&format!("token={token}"));
    assert_eq!(entered.status, 200);
    assert_eq!(browser.status(CLOSED), 200);
    let (entered, mut browser) =
        go(&form(&[("token", &token), ("next", "https://app.example.com/")]));
    assert_eq!(entered.status, 303);
    assert_eq!(entered.header("location"), Some("https://app.example.com/"));
    assert_eq!(browser.status(CLOSED), 200);
    for next in ["https://evil.example/", "//evil.example", "https://app.example.com@evil.example/"]
    {
        let (refused, browser) = go(&form(&[("token", &token), ("next", next)]));
        assert_eq!(refused.status, 400, "{next}");
        assert!(browser.cookies.is_empty(), "{next}");
    }
    assert_eq!(go("").0.status, 400);
    assert_eq!(go("token=x").0.status, 403);
    assert_eq!(site.send("POST", b"/api/v1/tokenlogin", &[]).status, 405);
    // A token in an address is not written to the log.
    assert!(!site.log().contains(&token));
}

#[test]
fn keys_are_shown_once_and_good_for_their_scopes() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        account(&site, "jo", true);
        closed(&site);
        site.permit("/closed", NORMAL_USERS, Level::Delete.access());
        let mut jo = Browser::signed_in(&site, "jo");
        let csrf = jo.csrf();
        let csrf = [("X-CSRF-Token", csrf.as_str())];
        let body = form(&[("name", "importer"), ("expires_days", "30")]);
        assert_eq!(jo.send("POST", "/api/v1/keys/", &[], &body).status, 400, "without the text");
        let made = data(&jo.send("POST", "/api/v1/keys/", &csrf, &body));
        let key = made["key"].as_str().unwrap().to_owned();
        assert_eq!(made["scopes"], serde_json::json!(["read"]));
        let header = basic(&key, "");
        within(IN_FORCE, "the key is known", || status(&site, CLOSED, &header) == 200);
        assert_eq!(status(&site, "/original?src=closed/a.png", &format!("Bearer {key}")), 200);
        // It reads, and makes neither tokens nor keys.
        for (method, target) in
            [("POST", "/api/v1/token"), ("POST", "/api/v1/keys"), ("GET", "/api/v1/keys")]
        {
            let refused = site.send(method, target.as_bytes(), &[("Authorization", &header)]);
            assert_eq!(refused.status, 403, "{method} {target}");
        }
        let listed = jo.get("/api/v1/keys/");
        assert!(!listed.text().contains(&key), "{}", listed.text());
        let id = made["id"].as_i64().unwrap();
        wait::until("its use is noted", || {
            let listed = data(&jo.get("/api/v1/keys/"));
            !listed[0]["last_used"].is_null()
        });
        let rows = db::Sql::query(site.db(), "SELECT key_hash FROM api_keys", &[]).unwrap();
        assert_eq!(rows[0].text(0).unwrap(), key::hash(&key), "only the hash is kept");

        account(&site, "eve", true);
        let mut eve = Browser::signed_in(&site, "eve");
        let eves = eve.csrf();
        let path = format!("/api/v1/keys/{id}");
        assert_eq!(eve.send("DELETE", &path, &[("X-CSRF-Token", &eves)], "").status, 404);
        assert_eq!(jo.send("DELETE", &path, &csrf, "").status, 200);
        assert_eq!(jo.send("DELETE", &path, &csrf, "").status, 404);
        within(IN_FORCE, "the key is gone", || status(&site, CLOSED, &header) == 401);
        for bad in
            ["", "name=", "name=a&scopes=root", "name=a&expires_days=0", "name=a&expires_days=x"]
        {
            assert_eq!(jo.send("POST", "/api/v1/keys", &csrf, bad).status, 400, "{bad}");
        }
    }
}

#[test]
fn a_key_has_system_permissions_only_with_their_scope() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        let id = account(&site, "jo", true);
        groups::add_member(site.db(), groups::ADMINISTRATORS, id).unwrap();
        closed(&site);
        site.permit("/closed", NORMAL_USERS, Level::None.access());
        let made = |scopes| {
            basic(&key::create(site.db(), &Actor::server(), id, "k", scopes, None).unwrap().1, "")
        };
        within(IN_FORCE, "who administers files sees all", || {
            status(&site, CLOSED, &made(Scopes::ALL)) == 200
        });
        for scopes in [Scopes::READ, Scopes::parse(["read", "write"]).unwrap()] {
            let key = made(scopes);
            within(IN_FORCE, "it sees no more than the records say", || {
                status(&site, CLOSED, &key) == 403
            });
        }
    }
}

#[test]
fn names_with_a_nul_are_nobodys_and_nothings() {
    for backend in BOTH {
        let site = Site::on(backend, "", library);
        account(&site, "jo", true);
        let jo = [("Authorization", basic("jo\0", PASSWORD))];
        let jo = jo.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(site.send("POST", b"/api/v1/token/", &jo).status, 403);
        let mut browser = Browser::new(site.addr());
        assert_eq!(browser.login("jo\0", PASSWORD).status, 403);
        for target in ["/portfolios/%00/", "/portfolios/a%00b/downloads/a.zip", "/api/v1/x%00"] {
            assert_eq!(site.status(target), 404, "{target}");
        }
        let token = token(&site, "jo");
        let jo = [("Authorization", basic(&token, "")), ("Tus-Resumable", "1.0.0".into())];
        let jo = jo.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(site.send("HEAD", b"/api/v1/uploads/%00", &jo).status, 404);
    }
}

#[test]
fn a_key_ends_with_its_time_and_its_account() {
    let site = Site::start("", library);
    let id = account(&site, "jo", true);
    closed(&site);
    let soon = db::now_ms() + 3_000;
    let make = |expires_ms| {
        let made = key::create(site.db(), &Actor::server(), id, "k", Scopes::READ, expires_ms);
        basic(&made.unwrap().1, "")
    };
    let (short, long) = (make(Some(soon)), make(None));
    within(IN_FORCE, "both are known", || {
        status(&site, CLOSED, &short) == 200 && status(&site, CLOSED, &long) == 200
    });
    wait::until("one has run out", || status(&site, CLOSED, &short) == 401);
    assert!(db::now_ms() >= soon);
    assert_eq!(status(&site, CLOSED, &long), 200);
    accounts::disable(site.db(), &Actor::server(), id).unwrap();
    within(IN_FORCE, "the account was deleted", || status(&site, CLOSED, &long) == 401);
}

#[test]
fn the_public_gets_nothing_that_was_made_for_a_token() {
    let site = Site::start("", library);
    account(&site, "jo", true);
    closed(&site);
    let header = basic(&token(&site, "jo"), "");
    for _ in 0..3 {
        assert_eq!(status(&site, CLOSED, &header), 200);
        assert_eq!(site.status(CLOSED), 403);
    }
    // And the other way round: what everybody may see is the same picture.
    site.permit("/closed", PUBLIC, Level::View.access());
    within(IN_FORCE, "open again", || site.status(CLOSED) == 200);
    let own = site.get_with(CLOSED, &[("Authorization", &header)]);
    assert!(own.body == site.ok(CLOSED).body);
}
