//! Titles, descriptions and tags as tables, out and in.

use halftone::auth::Level;
use halftone::db::groups;
use serde_json::{Value, json};

use super::Api;
use crate::people::{basic, data};
use crate::site::BOTH;
use crate::support::http::{Client, Response};
use crate::support::wait;

/// A table as it is sent for spreadsheets.
fn table(api: &Api, who: &str, query: &str) -> Response {
    let header = basic(who, "");
    let target = format!("/api/v1/admin/metadata/?{query}&format=csv");
    let headers = [("Authorization", header.as_str())];
    Client::connect(api.site.addr())
        .and_then(|mut client| client.request("GET", target.as_bytes(), &headers, b""))
        .unwrap()
}

/// Lets Jo edit what lies in one folder.
fn let_edit(api: &Api, folder: &str) {
    let group = groups::insert(api.site.db(), "Editors", "", groups::TYPE_LOCAL).unwrap();
    groups::add_member(api.site.db(), group, api.jo_id).unwrap();
    api.site.permit(folder, group, Level::Edit.access());
    let one = api.image_id("a/one.jpg");
    wait::until("the right holds", || {
        api.status("GET", &format!("/admin/images/{one}/history/"), &api.jo, &[]) == 200
    });
}

#[test]
fn a_table_goes_out_and_comes_back_as_it_was() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let one = api.image_id("a/one.jpg");
        let said = [("title", "=1+1 \"quoted\", or not"), ("description", "Two\nlines; -1")];
        api.ok("PUT", &format!("/admin/images/{one}/"), &api.admin, &said);
        let tags = [("tags", "sea; shore\nsummer")];
        api.ok("PUT", &format!("/admin/images/{one}/tags/"), &api.admin, &tags);
        assert_eq!(api.status("GET", "/admin/metadata/?path=a", "", &[]), 401);
        assert_eq!(api.status("GET", "/admin/metadata/", &api.jo, &[]), 400);
        assert_eq!(api.status("GET", "/admin/metadata/?path=none", &api.jo, &[]), 404);
        let listed = api.get("/admin/metadata/?path=a", &api.jo);
        // The file that is no picture is left out.
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["src"], "a/one.jpg");
        assert_eq!((&listed[0]["width"], &listed[0]["image_id"]), (&json!(60), &json!(one)));
        let out = table(&api, &api.jo, "path=a");
        assert_eq!(out.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(out.header("content-disposition").unwrap().contains("pictures.csv"));
        let text = out.text();
        // Spreadsheets take what does not begin with the mark of UTF-8 for something else.
        assert!(text.starts_with("\u{feff}\"src\",\"title\",\"description\",\"tags\","), "{text}");
        // No spreadsheet takes the title for a formula.
        assert!(text.contains("\"'=1+1 \"\"quoted\"\", or not\""), "{text}");
        let chosen = table(&api, &api.jo, &format!("image_ids={one}"));
        assert_eq!(chosen.text().matches("a/").count(), 1);
        let same = api.ok("POST", "/admin/metadata/", &api.admin, &[("table", &text)]);
        let counts = (&same["changed"], &same["failed"], &same["lines"]);
        assert_eq!(counts, (&json!(0), &json!(0), &json!([])));
    }
}

#[test]
fn every_line_is_tried_and_its_failure_told() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let_edit(&api, "/a");
        let long = "x".repeat(256);
        let table = format!(
            "src;title;tags\n\
             a/one.jpg;First;sea; summer\n\
             a/two.jpg;{long};\n\
             b/three.jpg;Not mine;\n\
             b/none.jpg;Nor this;\n\
             a/none.jpg;Nothing;\n\
             a/one.jpg;Twice;\n\
             ../x.jpg;Out;\n"
        );
        // Where a semicolon divides, tags stand in quotes.
        let table = table.replace("sea; summer", "\"sea; summer\"");
        let dry = [("table", table.as_str()), ("dry_run", "1")];
        let told = api.ok("POST", "/admin/metadata/", &api.jo, &dry);
        assert_eq!((&told["changed"], &told["failed"]), (&json!(1), &json!(6)), "{told}");
        let changes = &told["lines"][0]["changes"];
        assert_eq!(changes[0], json!({ "field": "title", "from": "", "to": "First" }));
        assert_eq!(changes[1], json!({ "field": "tags", "from": "", "to": "sea; summer" }));
        assert_eq!(api.get("/details/?src=a/one.jpg", "")["title"], "", "nothing was changed");

        let answer = api.call("POST", "/admin/metadata/", &api.jo, &[("table", &table)]);
        assert_eq!(answer.status, 409);
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        let message = told["message"].as_str().unwrap();
        assert!(message.contains("Line 3: title"), "{message}");
        let lines = told["data"]["lines"].as_array().unwrap();
        let numbers: Vec<i64> = lines.iter().map(|line| line["line"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [2, 3, 4, 5, 6, 7, 8]);
        // What is there and what is not are one to who may not edit.
        assert_eq!(lines[2]["error"], lines[3]["error"]);
        assert_eq!(api.get("/details/?src=a/one.jpg", "")["title"], "First");
        assert_eq!(api.get("/details/?src=b/three.jpg", "")["title"], "");
        let one = api.image_id("a/one.jpg");
        let tags = api.get(&format!("/admin/images/{one}/tags/"), &api.jo);
        assert_eq!(tags, json!(["sea", "summer"]));

        let blank = "src,title\na/one.jpg,\n";
        api.ok("POST", "/admin/metadata/", &api.jo, &[("table", blank)]);
        assert_eq!(api.get("/details/?src=a/one.jpg", "")["title"], "");
        assert_eq!(
            data(&api.call("GET", &format!("/admin/images/{one}/tags/"), &api.jo, &[])),
            tags
        );
        for (table, status) in [("", 400), ("a,b\n1,2\n", 400), ("src,title\n\"a", 200)] {
            let answer = api.status(
                "POST",
                "/admin/metadata/",
                &api.jo,
                &[("table", table), ("dry_run", "1")],
            );
            assert_eq!(answer, status, "{table}");
        }
    }
}

#[test]
fn an_import_makes_the_changes_of_its_dry_run_or_none() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let_edit(&api, "/a");
        let table = "src,title\na/one.jpg,Mine\na/two.jpg,Also mine\n";
        let dry = [("table", table), ("dry_run", "1")];
        let told = api.ok("POST", "/admin/metadata/", &api.jo, &dry);
        let plan = told["plan"].as_str().unwrap().to_owned();
        assert_eq!(told["outdated"], false);
        let one = api.image_id("a/one.jpg");
        let theirs = [("title", "Theirs"), ("description", "")];
        api.ok("PUT", &format!("/admin/images/{one}/"), &api.admin, &theirs);
        let planned = [("table", table), ("plan", plan.as_str())];
        let refused = api.call("POST", "/admin/metadata/", &api.jo, &planned);
        assert_eq!(refused.status, 409);
        let told: Value = serde_json::from_slice(&refused.body).unwrap();
        let told = &told["data"];
        assert_eq!((&told["outdated"], &told["changed"]), (&json!(true), &json!(2)), "{told}");
        assert_eq!(told["lines"][0]["changes"][0]["from"], "Theirs");
        assert_eq!(api.get("/details/?src=a/two.jpg", "")["title"], "", "nothing was changed");
        let planned = [("table", table), ("plan", told["plan"].as_str().unwrap())];
        let told = api.ok("POST", "/admin/metadata/", &api.jo, &planned);
        assert_eq!((&told["outdated"], &told["changed"]), (&json!(false), &json!(2)));
        assert_eq!(api.get("/details/?src=a/one.jpg", "")["title"], "Mine");
        // Without a plan, what is there now does not matter.
        api.ok("PUT", &format!("/admin/images/{one}/"), &api.admin, &theirs);
        api.ok("POST", "/admin/metadata/", &api.jo, &[("table", table)]);
        assert_eq!(api.get("/details/?src=a/one.jpg", "")["title"], "Mine");
    }
}

#[test]
fn the_table_of_a_large_folder_is_taken() {
    let api = Api::on(BOTH[0], "");
    let_edit(&api, "/a");
    // More than all values of other calls may have together.
    let unknown: String =
        (0..4_000).map(|n| format!("a/none-{n}.jpg,\"{}\"\r\n", "x".repeat(300))).collect();
    let table = format!("src,description\r\na/one.jpg,Long\r\n{unknown}");
    assert!(table.len() > 1 << 20);
    let dry = [("table", table.as_str()), ("dry_run", "1")];
    let told = api.ok("POST", "/admin/metadata/", &api.jo, &dry);
    assert_eq!((&told["changed"], &told["failed"]), (&json!(1), &json!(4_000)));
}
