//! `halftone cache warm` where not everything is for everybody.

use std::process::Output;

use halftone::auth::Level;
use halftone::db::groups;

use crate::site::Site;
use crate::support::fixture::write_jpeg;
use crate::support::halftone::binary;
use crate::support::wait;

fn site(settings: &str) -> Site {
    let site = Site::start(settings, |images| {
        write_jpeg(&images.join("open/photo.jpg"), 300, 200);
        write_jpeg(&images.join("open/other.jpg"), 320, 240);
        write_jpeg(&images.join("closed/secret.jpg"), 300, 200);
    });
    // Rows come with the first look at a folder.
    let config = site.config();
    let output = binary().args(["sync", "--config"]).arg(config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    site
}

fn warm(site: &Site, arguments: &[&str]) -> Output {
    let url = format!("http://{}", site.addr());
    let mut command = binary();
    command.args(["cache", "warm", "--url", &url, "--config"]).arg(site.config());
    command.args(arguments).output().unwrap()
}

/// What it says when it has worked.
#[track_caller]
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn protected_pictures_are_asked_for_with_the_key_of_the_site() {
    let site = site(
        "signing_keys = [\"a:0123456789abcdef0123456789abcdef\"]\nsignatures_for = [\"/\"]\n\
         new_pictures_per_min = 1\nnew_pictures_burst = 1\nallowed_sizes = [77]\nother_sizes = \"refuse\"\n\
         referer_hosts = [\"www.example.com\"]\nreferer_blank = false",
    );
    assert_eq!(site.status("/image?src=open/photo.jpg"), 403);
    let text = told(&warm(&site, &["--folder", "open", "--template", "SmallJpeg"]));
    assert_eq!(text, "2 asked for, 0 failed\n");
    // A list may hold what is signed and what is not.
    let mut sign = binary();
    sign.args(["sign", "/image?src=open/photo.jpg&width=40", "--config"]).arg(site.config());
    let signed = String::from_utf8(sign.output().unwrap().stdout).unwrap();
    let list = site.scratch().join("list");
    std::fs::write(&list, format!("{signed}/image?src=open/other.jpg&width=41\n")).unwrap();
    let text = told(&warm(&site, &["--list", list.to_str().unwrap()]));
    assert_eq!(text, "2 asked for, 0 failed\n");
}

#[test]
fn pictures_that_are_not_for_everybody_are_left_out() {
    let site = site("");
    site.permit("closed", groups::PUBLIC, Level::None.access());
    wait::until("the folder is closed", || site.status("/image?src=closed/secret.jpg") == 403);
    let text = told(&warm(&site, &["--folder", "/"]));
    assert!(text.contains("2 asked for, 0 failed\n1 left out"), "{text}");
    let text = told(&warm(&site, &["--folder", "closed"]));
    assert!(text.contains("0 asked for, 0 failed\n1 left out"), "{text}");
    // Nor are those that show one of them.
    site.template("Stamped", r#"{"overlay_src": {"value": "closed/secret.jpg"}}"#);
    let stamped = ["--folder", "open", "--template", "SmallJpeg", "--template", "Stamped"];
    let text = told(&warm(&site, &stamped));
    assert!(text.contains("2 asked for, 0 failed\n2 left out"), "{text}");
}

#[test]
fn nothing_is_no_number_of_wanted_pictures() {
    let site = site("");
    let output = warm(&site, &["--wanted", "0"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("--wanted"), "{text}");
}

#[test]
fn every_class_of_browsers_is_warmed() {
    let site = site("");
    let target = "/image?src=open/photo.jpg&width=90&format=auto";
    let list = site.scratch().join("list");
    std::fs::write(&list, format!("{target}\n")).unwrap();
    let text = told(&warm(&site, &["--list", list.to_str().unwrap()]));
    assert_eq!(text, "1 asked for, 0 failed\n");
    for accept in ["image/avif,image/webp,*/*", "image/webp,*/*", "*/*"] {
        let answer = site.get_with(target, &[("Accept", accept)]);
        assert_eq!(answer.header("x-from-cache"), Some("True"), "{accept}");
    }
}
