//! Accounts that a directory server verifies, against a real slapd; groups within groups against what
//! answers as Active Directory does.

use halftone::auth::Actor;
use halftone::auth::accounts;
use halftone::db::{STATUS_ACTIVE, audit_log, groups, users};

use crate::active_directory::{ActiveDirectory, Entry};
use crate::people::{Browser, account};
use crate::sessions::{closed, library};
use crate::site::{BOTH, Site};
use crate::support::slapd::{BASE, READER, READER_PASSWORD, Slapd};

const CLOSED: &str = "/image?src=closed/a.png";
const PASSWORD: &str = "the directory's password";

/// One person and one group for each layout. A group and a person of one layout are none of another.
const ENTRIES: &str = "\
dn: uid=posy,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: posixAccount
uid: posy
cn: Posy X
sn: X
givenName: Posy
mail: posy@example.com
uidNumber: 1000
gidNumber: 500
homeDirectory: /
userPassword: the directory's password

dn: cn=Press,dc=example,dc=com
objectClass: posixGroup
cn: Press
gidNumber: 600
memberUid: posy

dn: cn=Primary,dc=example,dc=com
objectClass: posixGroup
cn: Primary
gidNumber: 500

dn: uid=orga,dc=example,dc=com
objectClass: inetOrgPerson
uid: orga
cn: Orga (X)
sn: X
userPassword: the directory's password

dn: cn=Archive,dc=example,dc=com
objectClass: groupOfNames
cn: Archive
member: uid=orga,dc=example,dc=com

dn: uid=apple,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: apple-user
uid: apple
cn: Apple
sn: Apple
userPassword: the directory's password

dn: cn=Orchard,dc=example,dc=com
objectClass: posixGroup
objectClass: apple-group
cn: Orchard
gidNumber: 700
memberUid: apple

dn: cn=Ada,dc=example,dc=com
objectClass: user
objectCategory: person
sAMAccountName: ada
userPrincipalName: ada@example.com
cn: Ada
sn: Lovelace
memberOf: cn=Engine,dc=example,dc=com
userPassword: the directory's password

";

fn settings(slapd: &Slapd, layout: &str) -> String {
    format!(
        "ldap_url = '{}'\nldap_ca_file = '{}'\nldap_type = '{layout}'\nldap_base = '{BASE}'\n\
         ldap_bind_user = '{READER}'\nldap_bind_password = \"{READER_PASSWORD}\"\n",
        slapd.url(),
        slapd.ca_file().display()
    )
}

#[test]
fn each_layout_is_understood() {
    let slapd = Slapd::start(ENTRIES);
    for (layout, typed, username, group) in [
        ("posix", "POSY", "posy", "Press"),
        ("organizational", "orga", "orga", "Archive"),
        ("apple", "apple", "apple", "Orchard"),
        ("active_directory", "ada", "ada", "Engine"),
        ("active_directory", "EXAMPLE\\ada", "ada", "Engine"),
        ("active_directory", "ada@example.com", "ada", "Engine"),
    ] {
        let site = Site::start(&settings(&slapd, layout), library);
        closed(&site);
        let made = groups::insert(site.db(), group, "", groups::TYPE_LDAP).unwrap();
        groups::insert(site.db(), "Other", "", groups::TYPE_LDAP).unwrap();
        let mut browser = Browser::new(site.addr());
        assert_eq!(browser.login(typed, "wrong password").status, 403, "{layout}");
        assert_eq!(browser.login(typed, "").status, 403, "{layout}");
        assert!(users::by_name(site.db(), username).unwrap().is_none());
        let entered = browser.login(typed, PASSWORD);
        assert_eq!(entered.status, 303, "{layout} {typed}: {}\n{}", entered.text(), site.log());
        assert_eq!(browser.status(CLOSED), 200, "{layout}: a normal user");
        let (user, hash) = users::by_name(site.db(), username).unwrap().unwrap();
        assert_eq!((user.auth_type, user.status), (users::AUTH_LDAP, STATUS_ACTIVE));
        assert_eq!(hash, None, "the password is not kept");
        let of: Vec<i64> =
            groups::of_user(site.db(), user.id).unwrap().iter().map(|group| group.id).collect();
        assert_eq!(of, [groups::NORMAL_USERS, made], "{layout}");
        // People of another layout are nobody here.
        let stranger = if layout == "apple" { "ada" } else { "apple" };
        let refused = Browser::new(site.addr()).login(stranger, PASSWORD).status;
        let expected = if layout == "organizational" { 303 } else { 403 };
        assert_eq!(refused, expected, "{layout}: every inetOrgPerson is one of that layout alone");
    }
}

#[test]
fn groups_follow_the_directory_and_local_accounts_stay_local() {
    let slapd = Slapd::start(ENTRIES);
    for backend in BOTH {
        let site = Site::on(backend, &settings(&slapd, "posix"), library);
        let press = groups::insert(site.db(), "press", "", groups::TYPE_LDAP).unwrap();
        let primary = groups::insert(site.db(), "primary", "", groups::TYPE_LDAP).unwrap();
        let local = groups::insert(site.db(), "Local", "", groups::TYPE_LOCAL).unwrap();
        let sign_in = || Browser::new(site.addr()).login("posy", PASSWORD).status;
        assert_eq!(sign_in(), 303);
        let (user, _) = users::by_name(site.db(), "posy").unwrap().unwrap();
        assert_eq!((user.first_name.as_str(), user.email.as_str()), ("Posy", "posy@example.com"));
        groups::add_member(site.db(), local, user.id).unwrap();
        let of = || -> Vec<i64> {
            let groups = groups::of_user(site.db(), user.id).unwrap();
            groups.iter().map(|group| group.id).collect()
        };
        assert_eq!(of(), [groups::NORMAL_USERS, press, primary, local]);
        let change = |action: &str| {
            slapd.modify(&format!(
                "dn: cn=Press,{BASE}\nchangetype: modify\n{action}: memberUid\nmemberUid: posy\n"
            ));
        };
        change("delete");
        assert_eq!(sign_in(), 303);
        assert_eq!(of(), [groups::NORMAL_USERS, primary, local], "{backend:?}");
        let acts = audit_log::latest(site.db(), None, 100).unwrap();
        let of_press = acts.iter().filter(|act| act.object == "press");
        let of_press: Vec<_> = of_press
            .map(|act| (act.action.as_str(), act.username.as_str(), &*act.detail))
            .collect();
        let posy = format!("user {} \"posy\"", user.id);
        assert_eq!(
            of_press,
            [("group.remove", "(server)", &*posy), ("group.add", "(server)", &*posy)]
        );
        change("add");
        // A deleted account does not come back by itself, nor does the directory take one over.
        accounts::disable(site.db(), &Actor::server(), user.id).unwrap();
        assert_eq!(sign_in(), 403);
        account(&site, "orga", false);
        assert_eq!(Browser::new(site.addr()).login("orga", PASSWORD).status, 403);
        assert_eq!(Browser::new(site.addr()).login("orga", crate::people::PASSWORD).status, 303);
        // What is typed is a name, not a filter.
        for typed in ["*", "posy)(uid=*", "po*", "\\70osy"] {
            assert_eq!(Browser::new(site.addr()).login(typed, PASSWORD).status, 403, "{typed}");
        }
    }
}

#[test]
fn no_password_leaves_without_a_certificate_that_is_trusted() {
    let slapd = Slapd::start(ENTRIES);
    let posix = settings(&slapd, "posix");
    let tls = posix.replace(&slapd.url(), &slapd.tls_url());
    let sign_in = |settings: &str| {
        let site = Site::start(settings, library);
        let response = Browser::new(site.addr()).login("posy", PASSWORD);
        // The administrator's own account does not need the directory.
        let mut admin = Browser::new(site.addr());
        let admin = admin.login("admin", crate::support::halftone::ADMIN_PASSWORD).status;
        assert_eq!(admin, 303);
        response
    };
    assert_eq!(sign_in(&tls).status, 303);
    let plain = format!("{posix}ldap_start_tls = false\n");
    assert_eq!(sign_in(&plain).status, 303);
    let other = Slapd::start(ENTRIES);
    for good in [&posix, &tls] {
        // The system does not know the authority.
        let untrusted: Vec<&str> = good.lines().filter(|line| !line.contains("ca_file")).collect();
        assert_eq!(sign_in(&untrusted.join("\n")).status, 503, "{good}");
        // Another authority is trusted than the one that signed.
        let (its, others) = (slapd.ca_file(), other.ca_file());
        let foreign = good.replace(its.to_str().unwrap(), others.to_str().unwrap());
        assert_ne!(&foreign, good);
        assert_eq!(sign_in(&foreign).status, 503, "{good}");
        // The certificate is of another name than the one that was asked for.
        let misnamed = good.replace("localhost", "127.0.0.1");
        assert_ne!(&misnamed, good);
        assert_eq!(sign_in(&misnamed).status, 503, "{good}");
    }
    let gone = posix.replace(&slapd.url(), "ldap://localhost:9");
    let refused = sign_in(&gone);
    assert_eq!(refused.status, 503);
    assert!(!refused.text().contains("localhost:9"), "{}", refused.text());
}

/// As Active Directory names people: by what is called there, with signs that filters and names escape.
const COUNTESS: &str = "CN=Lovelace\\, Ada (Countess),OU=Staff,DC=example,DC=com";

/// Ada is in Engine, which is in Works, which is in Company; Company is in Engine again. Nobody is in
/// Board, and Press stands in her entry alone.
fn company() -> Vec<Entry> {
    let group = |dn, attributes| Entry { dn, password: None, attributes };
    vec![
        Entry { dn: READER, password: Some(READER_PASSWORD), attributes: &[] },
        Entry {
            dn: COUNTESS,
            password: Some(PASSWORD),
            attributes: &[
                ("objectCategory", "person"),
                ("objectClass", "user"),
                ("sAMAccountName", "ada"),
                ("userPrincipalName", "ada@example.com"),
                ("givenName", "Ada"),
                ("sn", "Lovelace"),
                ("memberOf", "CN=Engine,OU=Groups,DC=example,DC=com"),
                ("memberOf", "CN=Press\\, Paris,OU=Groups,DC=example,DC=com"),
            ],
        },
        group(
            "CN=Engine,OU=Groups,DC=example,DC=com",
            &[
                ("objectClass", "group"),
                ("cn", "Engine"),
                ("member", COUNTESS),
                ("member", "CN=Company,OU=Groups,DC=example,DC=com"),
            ],
        ),
        group(
            "CN=Works,OU=Groups,DC=example,DC=com",
            &[
                ("objectClass", "group"),
                ("cn", "Works"),
                ("member", "CN=Engine,OU=Groups,DC=example,DC=com"),
            ],
        ),
        group(
            "CN=Company,OU=Groups,DC=example,DC=com",
            &[
                ("objectClass", "group"),
                ("cn", "Company"),
                ("member", "CN=Works,OU=Groups,DC=example,DC=com"),
            ],
        ),
        group(
            "CN=Board,OU=Groups,DC=example,DC=com",
            &[
                ("objectClass", "group"),
                ("cn", "Board"),
                ("member", "CN=Somebody,OU=Staff,DC=example,DC=com"),
            ],
        ),
    ]
}

#[test]
fn groups_within_groups_of_active_directory_are_followed() {
    let directory = ActiveDirectory::start(company());
    let settings = format!(
        "ldap_url = '{}'\nldap_start_tls = false\nldap_type = 'active_directory'\n\
         ldap_base = 'DC=example,DC=com'\nldap_bind_user = '{READER}'\n\
         ldap_bind_password = \"{READER_PASSWORD}\"\n",
        directory.url()
    );
    let site = Site::start(&settings, library);
    let mut expected = vec![groups::NORMAL_USERS];
    for name in ["Engine", "Works", "Company", "Press, Paris"] {
        expected.push(groups::insert(site.db(), name, "", groups::TYPE_LDAP).unwrap());
    }
    groups::insert(site.db(), "Board", "", groups::TYPE_LDAP).unwrap();
    let mut browser = Browser::new(site.addr());
    assert_eq!(browser.login("ada", "wrong password").status, 403);
    let entered = browser.login("EXAMPLE\\ada", PASSWORD);
    assert_eq!(entered.status, 303, "{}\n{}", entered.text(), site.log());
    let (ada, _) = users::by_name(site.db(), "ada").unwrap().unwrap();
    assert_eq!((ada.first_name.as_str(), ada.last_name.as_str()), ("Ada", "Lovelace"));
    let of: Vec<i64> =
        groups::of_user(site.db(), ada.id).unwrap().iter().map(|group| group.id).collect();
    assert_eq!(of, expected);
}
