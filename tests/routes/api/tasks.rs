//! Background tasks and statistics.

use halftone::db::stats::{self, Batch, Bucket, Numbers};

use super::Api;
use crate::site::BOTH;
use crate::support::wait;

#[test]
fn purges_run_in_the_background() {
    for backend in BOTH {
        let api = Api::on(backend, "");
        let id = api.image_id("b/three.jpg");
        let bucket = |image_id, from_ms| Bucket {
            image_id,
            from_ms,
            to_ms: from_ms + 1000,
            numbers: Numbers { requests: 3, request_us: 1_500_000, ..Numbers::default() },
        };
        // A second of 2001, and one of 2030.
        let (old, young) = (1_000_000_000_000, 1_900_000_000_000);
        let buckets = [
            bucket(Some(id), old),
            bucket(Some(id), young),
            bucket(None, old),
            bucket(None, young),
        ];
        let batch = Batch { buckets: buckets.to_vec(), ..Batch::default() };
        stats::add(api.site.db(), "test", &batch).unwrap();
        let span = "?from=2000-01-01&to=2031-01-01";
        let counted = |path: &str| {
            api.get(&format!("/admin/statistics/{path}{span}"), &api.admin)
                .as_array()
                .unwrap()
                .iter()
                .filter(|bucket| bucket["requests"] == 3)
                .count()
        };
        let images = format!("images/{id}/");
        assert_eq!((counted("system/"), counted(&images)), (2, 2));
        let busiest = api.get(&format!("/admin/statistics/images/{span}"), &api.admin);
        let busiest = &busiest[0];
        assert_eq!(busiest["src"], "b/three.jpg");
        assert!(busiest["requests"].as_i64().unwrap() >= 6, "{busiest}");
        assert_eq!(busiest["max_request_seconds"], 0.0);

        let before = [("before_time", "2010-01-01")];
        for function in ["purge_system_stats", "purge_image_stats"] {
            let path = format!("/admin/tasks/{function}/");
            assert_eq!(api.status("POST", &path, &api.jo, &before), 403);
            assert_eq!(api.status("POST", &path, &api.admin, &[]), 400);
            assert_eq!(api.call("POST", &path, &api.admin, &before).status, 202);
        }
        wait::until("statistics are purged", || (counted("system/"), counted(&images)) == (1, 1));

        std::fs::remove_dir_all(api.site.image("b")).unwrap();
        wait::until("the image is gone", || {
            api.status("GET", "/details/?src=b/three.jpg", "", &[]) == 404
        });
        let purge =
            api.ok("POST", "/admin/tasks/purge_deleted_folder_data", &api.admin, &[("path", "/")]);
        assert_eq!(purge["funcname"], "purge_deleted_folder_data");
        assert_eq!(purge["user"]["username"], "admin");
        let task = format!("/admin/tasks/{}/", purge["id"]);
        wait::until("rows are purged", || api.get(&task, &api.admin)["status"] == 2);
        let done = api.get(&task, &api.admin);
        assert_eq!(done["result"]["images"], 1, "{done}");
        assert_eq!(api.status("GET", &format!("/admin/images/{id}/"), &api.admin, &[]), 404);
        assert_eq!(api.status("GET", &task, &api.jo, &[]), 403);
        assert_eq!(api.status("DELETE", &task, &api.admin, &[]), 409);
        assert_eq!(api.status("POST", "/admin/tasks/no_such_thing/", &api.admin, &[]), 404);
        assert_eq!(api.status("GET", "/admin/tasks/999999/", &api.admin, &[]), 404);
    }
}
