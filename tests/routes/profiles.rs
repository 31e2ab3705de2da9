//! `icc`, `intent` and `bpc`, and the settings that go with them.

use std::fs;
use std::path::Path;

use crate::magick;
use crate::site::Site;
use crate::support::wait;
use crate::{errors, library};

fn srgb() -> Vec<u8> {
    lcms2::Profile::new_srgb().icc().unwrap()
}

fn gray(gamma: f64) -> Vec<u8> {
    let white = lcms2::CIExyY { x: 0.3457, y: 0.3585, Y: 1.0 };
    lcms2::Profile::new_gray(&white, &lcms2::ToneCurve::new(gamma)).unwrap().icc().unwrap()
}

/// A site with a folder of profiles of its own.
fn start(profiles: &Path) -> Site {
    fs::create_dir_all(profiles.join("press")).unwrap();
    fs::write(profiles.join("My Screen.icc"), srgb()).unwrap();
    fs::write(profiles.join("press/Grey.ICM"), gray(2.2)).unwrap();
    fs::write(profiles.join("broken.icc"), &srgb()[..300]).unwrap();
    let settings = format!("icc_dirs = ['{}']\ncmyk_profile = 'none'", profiles.display());
    Site::start(&settings, library::make)
}

#[test]
fn a_profile_is_applied_and_attached_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let site = start(folder.path());
    let facts = |query: &str| {
        magick::facts(&site.ok(&format!("/image?src=a/photo.jpg&width=60&{query}")).body)
    };
    for name in ["grey", "GREY", "Grey.icm", "grey.ICC"] {
        let found = facts(&format!("icc={name}"));
        assert_eq!(found.space, "Gray", "{name}");
        assert!(found.profiles.contains("icc"), "{name}: {found:?}");
    }
    let found = facts("icc=my%20screen&strip=1");
    assert_eq!((found.space.as_str(), found.profiles.contains("icc")), ("sRGB", false));
    assert_eq!(facts("icc=grey&colorspace=rgb").space, "sRGB");
}

#[test]
fn equal_requests_share_a_picture_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let site = start(folder.path());
    let etag = |query: &str| {
        let response = site.ok(&format!("/image?src=a/photo.jpg&width=60&{query}"));
        response.header("etag").unwrap().to_owned()
    };
    let usual = etag("icc=grey");
    for same in ["icc=GREY.icm", "icc=grey&intent=relative", "icc=grey&intent=RELATIVE&bpc=true"] {
        assert_eq!(etag(same), usual, "{same}");
    }
    for other in ["icc=grey&bpc=0", "icc=grey&intent=absolute", "icc=my screen", ""] {
        assert_ne!(etag(&other.replace(' ', "%20")), usual, "{other}");
    }
    assert_eq!(etag("icc=grey&intent=absolute&bpc=0"), etag("icc=grey&intent=absolute&bpc=1"));
    assert_eq!(etag("intent=absolute&bpc=0"), etag(""));
}

#[test]
fn a_changed_profile_makes_another_picture() {
    let folder = tempfile::tempdir().unwrap();
    let site = start(folder.path());
    let target = "/image?src=a/photo.jpg&width=60&format=png&icc=grey";
    let before = site.ok(target);
    let profile = folder.path().join("press/Grey.ICM");
    let old = fs::read(&profile).unwrap();
    fs::write(&profile, gray(1.0)).unwrap();
    wait::until("the new profile is known", || site.ok(target).body != before.body);
    let after = site.ok(target);
    assert_ne!(after.header("etag"), before.header("etag"));
    // The old content under its old key, again.
    fs::write(&profile, old).unwrap();
    wait::until("the old profile is known", || site.ok(target).body == before.body);
}

#[test]
fn what_cannot_be_used_is_said_without_paths() {
    let folder = tempfile::tempdir().unwrap();
    let site = start(folder.path());
    for (query, words) in [
        ("icc=absent", "there are broken, grey, my screen"),
        ("icc=broken", "is damaged"),
        ("icc=../grey", "must be the name of a colour profile"),
        ("icc=/etc/passwd", "must be the name of a colour profile"),
    ] {
        let target = format!("/image?src=a/photo.jpg&width=60&{query}");
        let response = site.get(&target);
        assert_eq!(response.status, 400, "{query}");
        let page = String::from_utf8_lossy(&response.body).into_owned();
        assert!(page.contains("icc") && page.contains(words), "{query}: {page}");
        assert!(!page.contains(&*folder.path().to_string_lossy()), "{query}");
    }
    errors::refused(&site, "src=a/photo.jpg&icc=grey&intent=nice", "intent");
    errors::refused(&site, "src=a/photo.jpg&icc=grey&bpc=maybe", "bpc");
    // CMYK without a profile, and no profile for such pictures.
    errors::refused(&site, "src=a/cmyk.jpg&icc=grey", "icc");
}
