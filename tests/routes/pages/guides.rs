//! The guides: every parameter, every call, every viewer.

use super::library_of_three;

#[test]
fn the_guides_tell_of_all_there_is() {
    let site = library_of_three();
    let imaging = site.ok("/help").text();
    for name in ["width", "gravity", "ovopacity", "tmp", "colorspace"] {
        assert!(imaging.contains(&format!("id=\"p-{name}\"")), "{name}");
    }
    // The pictures of the guide can be had.
    let addresses: Vec<&str> =
        imaging.split("<img src=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
    assert!(addresses.len() > 30, "{}", addresses.len());
    for address in addresses {
        site.ok(&address.replace("&#38;", "&"));
    }
    let api = site.ok("/help/api").text();
    let document: serde_json::Value =
        serde_json::from_slice(&site.ok("/api/v1/openapi.json").body).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(api.contains(&format!("id=\"{id}\"")), "{path}");
        }
    }
    let viewers = site.ok("/help/viewers").text();
    for viewer in ["zoom", "gallery", "slideshow", "image"] {
        assert!(viewers.contains(&format!("<halftone-{viewer}")), "{viewer}");
        assert!(
            viewers.contains(&format!("&#60;halftone-{viewer}"))
                || viewers.contains(&format!("&lt;halftone-{viewer}"))
        );
    }
}
