//! The basket, and copies of portfolios.

use halftone::auth::Level;
use halftone::db::groups::{NORMAL_USERS, PUBLIC};
use serde_json::{Value, json};

use super::{Api, portfolios};
use crate::site::BOTH;
use crate::support::wait;

fn sources(images: &Value) -> Vec<&str> {
    let images = images.as_array().unwrap().iter();
    images.map(|image| image["image"]["src"].as_str().unwrap()).collect()
}

#[test]
fn pictures_are_gathered_into_one_portfolio_of_ones_own() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (one, two) = (api.image_id("a/one.jpg"), api.image_id("a/two.jpg"));
        assert_eq!(api.get("/basket/", &api.maker), Value::Null);
        assert_eq!(api.status("DELETE", "/basket/", &api.maker, &[]), 404);
        let put =
            |who: &str, fields: &[(&str, &str)]| api.call("POST", "/basket/images/", who, fields);
        let both = format!("{one}, {two},{one}");
        for (who, status) in [("", 401), (&*api.jo, 403)] {
            assert_eq!(put(who, &[("image_ids", &both)]).status, status);
        }
        let first = api.ok("POST", "/basket/images/", &api.maker, &[("image_ids", &both)]);
        assert_eq!((&first["added"], &first["images"]), (&json!(2), &json!(2)));
        let more = [("image_src", "b/three.jpg"), ("image_parameters", r#"{"width":{"value":9}}"#)];
        let second = api.ok("POST", "/basket/images/", &api.maker, &more);
        assert_eq!(second["folio_id"], first["folio_id"]);
        assert_eq!((&second["added"], &second["images"]), (&json!(1), &json!(3)));
        let again = api.ok("POST", "/basket/images/", &api.maker, &[("image_src", "a/two.jpg")]);
        assert_eq!((&again["added"], &again["images"]), (&json!(0), &json!(3)));
        let basket = api.get("/basket/", &api.maker);
        assert_eq!(basket["id"], first["folio_id"]);
        assert_eq!(sources(&basket["images"]), ["a/one.jpg", "a/two.jpg", "b/three.jpg"]);
        assert_eq!(basket["images"][2]["parameters"]["width"]["value"], 9);
        // Nobody else sees it until its owner says so.
        let path = format!("/portfolios/{}/", first["folio_id"]);
        for who in ["", &*api.jo] {
            assert_eq!(api.status("GET", &path, who, &[]), 403);
        }
        for (fields, status) in [
            (vec![], 400),
            (vec![("image_ids", "x")], 400),
            (vec![("image_ids", "987654")], 400),
            (vec![("image_src", "a/none.jpg")], 404),
            (vec![("image_ids", "1"), ("image_parameters", r#"{"width":{"value":-1}}"#)], 400),
        ] {
            assert_eq!(put(&api.maker, &fields).status, status, "{fields:?}");
        }
    }
}

#[test]
fn what_is_gathered_goes_where_its_owner_says() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (spring, theirs) = (
            portfolios::make(&api, "spring", "20", "20"),
            api.ok("POST", "/portfolios/", &api.admin, &portfolios::folio("theirs", "20", "20")),
        );
        let choose = |who: &str, id: &str| api.status("PUT", "/basket/", who, &[("folio_id", id)]);
        assert_eq!(choose(&api.maker, &spring.to_string()), 200);
        assert_eq!(choose(&api.maker, &theirs["id"].to_string()), 403);
        assert_eq!(choose(&api.jo, &spring.to_string()), 403);
        assert_eq!(choose(&api.maker, "987654"), 400);
        let put = || api.ok("POST", "/basket/images/", &api.maker, &[("image_src", "a/one.jpg")]);
        assert_eq!(put()["human_id"], "spring");
        api.ok("DELETE", "/basket/", &api.maker, &[]);
        assert_eq!(sources(&api.get(&format!("/portfolios/{spring}/images/"), "")), ["a/one.jpg"]);
        // Without a basket another one is begun; when that is deleted, the next.
        let begun = put()["folio_id"].to_string();
        assert_ne!(begun, spring.to_string());
        api.ok("DELETE", &format!("/portfolios/{begun}/"), &api.maker, &[]);
        assert_eq!(api.get("/basket/", &api.maker), Value::Null);
        assert_ne!(put()["folio_id"].to_string(), begun);
    }
}

#[test]
fn pictures_that_somebody_may_not_see_are_not_gathered() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let three = api.image_id("b/three.jpg").to_string();
        for group in [PUBLIC, NORMAL_USERS] {
            api.site.permit("/b", group, Level::None.access());
        }
        wait::until("the folder is closed", || {
            api.status("GET", "/details/?src=b/three.jpg", &api.maker, &[]) == 403
        });
        for field in
            [("image_ids", &*three), ("image_src", "b/three.jpg"), ("image_src", "b/no.jpg")]
        {
            let status = api.status("POST", "/basket/images/", &api.maker, &[field]);
            assert_eq!(status, 403, "{field:?}");
        }
        assert_eq!(api.get("/basket/", &api.maker), Value::Null);
    }
}

#[test]
fn a_copy_has_the_pictures_that_its_maker_may_see() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = portfolios::make(&api, "spring", "20", "20");
        let images = format!("/portfolios/{id}/images/");
        for src in ["b/three.jpg", "a/two.jpg", "a/one.jpg"] {
            let fields = [("image_src", src), ("image_parameters", r#"{"flip":{"value":"h"}}"#)];
            api.ok("POST", &images, &api.maker, &fields);
        }
        for group in [PUBLIC, NORMAL_USERS] {
            api.site.permit("/b", group, Level::None.access());
        }
        wait::until("the folder is closed", || {
            api.status("GET", "/details/?src=b/three.jpg", &api.maker, &[]) == 403
        });
        let copies = format!("/portfolios/{id}/copies/");
        let name = [("name", "Spring again")];
        for (who, status) in [("", 403), (&*api.jo, 403)] {
            assert_eq!(api.status("POST", &copies, who, &name), status);
        }
        assert_eq!(api.status("POST", &copies, &api.maker, &[]), 400);
        let copy = api.ok("POST", &copies, &api.maker, &name);
        assert_eq!(copy["name"], "Spring again");
        assert_eq!(copy["owner_id"], api.maker_id);
        assert_eq!(sources(&copy["images"]), ["a/two.jpg", "a/one.jpg"]);
        assert_eq!(copy["images"][0]["parameters"]["flip"]["value"], "h");
        assert!(copy["permissions"].as_array().unwrap().iter().all(|one| one["access"] == 0));
        // The one that it was made of is as it was.
        assert_eq!(api.get(&images, &api.admin).as_array().unwrap().len(), 3);
    }
}
