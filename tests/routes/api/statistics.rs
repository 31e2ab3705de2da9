//! Reports: who may have them, what they hold, in which order, and as tables.

use halftone::auth::SystemPermission;
use halftone::db::stats::{self, Batch, Bucket, Numbers};

use super::{Api, grant};
use crate::people::basic;
use crate::site::BOTH;
use crate::support::http::{Client, Response};
use crate::support::wait;

const HOUR_MS: i64 = 3_600_000;
/// 2001-09-09T01:00:00Z and the hours after it.
const FROM_MS: i64 = 1_000_000_800_000 - 1_000_000_800_000 % HOUR_MS;
const SPAN: &str = "from=2001-09-08&to=2001-09-11";

fn table(api: &Api, path: &str, who: &str) -> Response {
    let header = basic(who, "unused");
    let mut client = Client::connect(api.site.addr()).unwrap();
    let target = format!("/api/v1{path}");
    client.request("GET", target.as_bytes(), &[("Authorization", &header)], b"").unwrap()
}

fn counted(api: &Api) -> (i64, i64) {
    let (one, three) = (api.image_id("a/one.jpg"), api.image_id("b/three.jpg"));
    let bucket = |image_id, hour, requests, total_bytes, max_request_us| Bucket {
        image_id,
        from_ms: FROM_MS + hour * HOUR_MS,
        to_ms: FROM_MS + (hour + 1) * HOUR_MS,
        numbers: Numbers {
            requests,
            views: requests,
            total_bytes,
            request_us: requests * 1000,
            max_request_us,
            ..Numbers::default()
        },
    };
    let buckets = vec![
        bucket(Some(one), 0, 5, 100, 2_500_000),
        bucket(Some(one), 1, 4, 100, 1_000),
        bucket(Some(three), 0, 3, 900, 9_000),
        bucket(None, 0, 8, 1000, 2_500_000),
        bucket(None, 1, 4, 100, 1_000),
    ];
    stats::add(api.site.db(), "x", &Batch { buckets, ..Batch::default() }).unwrap();
    (one, three)
}

#[test]
fn images_are_ranked_paged_and_told_as_tables() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (one, three) = counted(&api);
        let ids = |more: &str| -> Vec<i64> {
            let path = format!("/admin/statistics/images?{SPAN}{more}");
            let found = api.get(&path, &api.admin);
            found.as_array().unwrap().iter().map(|it| it["image_id"].as_i64().unwrap()).collect()
        };
        for (sort, expected) in [
            ("", [one, three]),
            ("&sort=requests", [one, three]),
            ("&sort=views", [one, three]),
            ("&sort=bytes", [three, one]),
            ("&sort=time", [one, three]),
            ("&sort=slowest", [one, three]),
        ] {
            assert_eq!(ids(sort), expected, "{backend:?} {sort}");
        }
        assert_eq!(ids("&sort=bytes&start=1"), [one]);
        assert_eq!(ids("&sort=bytes&limit=1"), [three]);
        assert_eq!(ids("&from=2001-09-10"), [one, three], "the first of two counts");
        let path = format!("/admin/statistics/images?{SPAN}");
        let paged = api.call("GET", &format!("{path}&limit=1"), &api.admin, &[]);
        assert_eq!(paged.header("x-total-count"), Some("2"));
        assert!(paged.header("link").unwrap().contains("start=1&limit=1>; rel=\"next\""));

        let csv = table(&api, &format!("{path}&format=csv&sort=bytes"), &api.admin);
        assert_eq!(csv.status, 200, "{}", csv.text());
        assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(csv.header("content-disposition").unwrap().contains("images.csv"));
        let expected = format!(
            "\u{feff}\"image_id\",\"src\",\"requests\",\"views\",\"cached_views\",\"downloads\",\"total_bytes\",\
             \"request_seconds\",\"max_request_seconds\"\r\n\
             {three},\"b/three.jpg\",3,3,0,0,900,0.003,0.009\r\n\
             {one},\"a/one.jpg\",9,9,0,0,200,0.009,2.5\r\n"
        );
        assert_eq!(csv.text(), expected, "{backend:?}");
        for (wrong, name) in [("sort=best", "sort"), ("format=xls", "format"), ("limit=0", "limit")]
        {
            let refused = api.call("GET", &format!("{path}&{wrong}"), &api.admin, &[]);
            assert_eq!(refused.status, 400, "{wrong}");
            assert!(refused.text().contains(name), "{}", refused.text());
        }
    }
}

#[test]
fn time_is_told_for_images_and_for_all() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let (one, _) = counted(&api);
        let image = api.get(&format!("/admin/statistics/images/{one}?{SPAN}"), &api.admin);
        let requests: Vec<i64> =
            image.as_array().unwrap().iter().map(|it| it["requests"].as_i64().unwrap()).collect();
        assert_eq!(requests, [5, 4], "{backend:?}");
        let system = api.get(&format!("/admin/statistics/system?{SPAN}&limit=1"), &api.admin);
        assert_eq!(system[0]["requests"], 8);
        assert_eq!(system[0]["max_request_seconds"], 2.5);
        assert!(system[0]["cpu_percent"].is_null(), "nobody looked then");
        let csv = table(&api, &format!("/admin/statistics/system?{SPAN}&format=csv"), &api.admin);
        assert_eq!(csv.text().lines().count(), 3, "{}", csv.text());
        assert!(
            csv.text().starts_with("\u{feff}\"from_time\",\"to_time\",\"requests\","),
            "{}",
            csv.text()
        );
    }
}

#[test]
fn hosts_tell_what_they_use() {
    for backend in BOTH {
        let api = Api::on(backend, "stats_flush_s = 1\nhost_name = '-host'");
        let hosts = || api.get("/admin/statistics/hosts?host=-host", &api.admin);
        // The machine, and the one worker.
        wait::until("they are looked at", || hosts().as_array().unwrap().len() >= 2);
        let found = hosts();
        let (machine, worker) = (&found[0], &found[1]);
        assert!(machine["worker"].is_null() && worker["worker"] == 0, "{found}");
        assert!(machine["memory_limit_bytes"].as_i64() > worker["max_memory_bytes"].as_i64());
        assert!(worker["memory_bytes"].as_i64().unwrap() > 1 << 20, "{worker}");
        assert!((0.0..=100.0).contains(&machine["cpu_percent"].as_f64().unwrap()), "{machine}");
        assert!(worker["cache_limit_bytes"].as_i64().unwrap() > 0, "{worker}");
        let system = || api.get("/admin/statistics/system", &api.admin);
        wait::until("the load is told", || system()[0]["cpu_percent"].is_f64());
        assert!(api.get("/admin/statistics/hosts?host=other", &api.admin)[0].is_null());
        // A name that a spreadsheet would take for a formula.
        let csv = table(&api, "/admin/statistics/hosts?format=csv", &api.admin);
        assert!(csv.text().contains(",\"'-host\","), "{}", csv.text());
    }
}

#[test]
fn reports_are_for_who_may_have_them() {
    let api = Api::on(crate::site::Backend::Sqlite, "");
    let paths = ["system", "hosts", "images", "images/1"];
    for path in paths {
        let path = format!("/admin/statistics/{path}");
        assert_eq!(api.status("GET", &path, "", &[]), 401, "{path}");
        assert_eq!(api.status("GET", &format!("{path}?format=csv"), "", &[]), 401, "{path}");
        assert_eq!(api.status("GET", &path, &api.jo, &[]), 403, "{path}");
    }
    grant(&api.site, api.jo_id, "Reporters", SystemPermission::Reports);
    let allowed = || api.status("GET", "/admin/statistics/hosts", &api.jo, &[]) == 200;
    wait::until("the permission is known", allowed);
    assert_eq!(api.status("GET", "/admin/statistics/images?sort=slowest", &api.jo, &[]), 200);
}
