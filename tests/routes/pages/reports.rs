//! Reports: sums, tables, ranks, stretches of time, and who sees which pictures.

use halftone::auth::SystemPermission;
use halftone::db::host_stats::{HostBucket, HostNumbers, MACHINE};
use halftone::db::image_views;
use halftone::db::stats::{self, Batch, Bucket, Numbers};

use super::library_of_three;
use crate::api::grant;
use crate::people::{Browser, account};
use crate::site::Site;

const HOUR_MS: i64 = 3_600_000;
/// 2001-09-09T00:00:00Z (`date -u -d 2001-09-09 +%s` is 999993600).
const DAY: i64 = 999_993_600_000;

fn id(site: &Site, path: &str) -> i64 {
    let mut admin = Browser::new(site.addr());
    admin.login("admin", crate::support::halftone::ADMIN_PASSWORD);
    assert_eq!(admin.status(&format!("/details?src={path}")), 200);
    image_views::by_path(site.db(), path).unwrap().unwrap().id
}

fn counted(site: &Site) {
    let (open, closed) = (id(site, "open/one.png"), id(site, "closed/four.png"));
    let bucket = |image_id, from_ms, requests, total_bytes| Bucket {
        image_id,
        from_ms,
        to_ms: from_ms + HOUR_MS,
        numbers: Numbers {
            requests,
            views: requests,
            cached_views: requests / 2,
            total_bytes,
            request_us: requests * 3_000,
            max_request_us: 2_500_000,
            ..Numbers::default()
        },
    };
    let buckets = vec![
        bucket(Some(open), DAY, 12_000, 5_000_000),
        bucket(Some(open), DAY + 2 * HOUR_MS, 8, 1_000),
        bucket(Some(closed), DAY, 6, 9_000_000),
        bucket(None, DAY, 12_006, 14_000_000),
        bucket(None, DAY + 2 * HOUR_MS, 8, 1_000),
    ];
    stats::add(site.db(), "test", &Batch { buckets, ..Batch::default() }).unwrap();
}

#[test]
fn what_was_counted_is_told() {
    let site = library_of_three();
    counted(&site);
    grant(&site, account(&site, "counter", false), "counters", SystemPermission::Reports);
    let mut counter = Browser::signed_in(&site, "counter");
    let span = "from=2001-09-09&to=2001-09-09";
    let page = counter.get(&format!("/reports?{span}")).text();
    // 12,006 and 8 requests; half of them from a cache; 3 ms each.
    for there in ["<strong>12,014</strong>", "<strong>50%</strong>", "<strong>3\u{a0}ms</strong>"] {
        assert!(page.contains(there), "{there}: {page}");
    }
    assert!(page.contains("/reports/image?src=open/one.png"), "{page}");
    assert!(
        page.contains("<bdi>one.png</bdi></a><span class=\"quiet small under\"><bdi>open</bdi>"),
        "{page}"
    );
    // A picture that may not be seen is counted and not named.
    assert!(!page.contains("four.png") && page.contains("you may not see"), "{page}");
    let first = |page: &str| page.find("one.png").unwrap() < page.find("may not see").unwrap();
    assert!(first(&page));
    assert!(!first(&counter.get(&format!("/reports?{span}&sort=bytes")).text()));

    let system = counter.get(&format!("/reports/system?{span}")).text();
    assert!(system.contains("data-value=\"12006\">12,006<"), "{system}");
    assert_eq!(system.matches("<time datetime=\"2001-09-09T").count(), 2, "{system}");
    let csv = "/api/v1/admin/statistics/system?from=2001-09-09T00%3A00%3A00Z&#38;to=2001-09-10T00%3A00%3A00Z&#38;format=csv";
    assert!(system.contains(csv), "{system}");
    let table = counter.get(&csv.replace("&#38;", "&"));
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));

    let image = counter.get(&format!("/reports/image?src=open/one.png&{span}")).text();
    assert!(image.contains("data-value=\"12000\">12,000<"), "{image}");
    // It lies below the pictures' report.
    assert!(image.contains("<a href=\"/reports\" aria-current=\"true\">"), "{image}");
    assert!(image.contains("<li><a href=\"/reports\">Reports</a></li>"), "{image}");
    // Ten days in lines of hours would be too many: the two are one line of three hours.
    let long = counter.get("/reports/image?src=open/one.png&from=2001-09-05&to=2001-09-14").text();
    assert!(long.contains("data-value=\"12008\">12,008<"), "{long}");

    for (target, status) in [
        ("/reports/image?src=closed/four.png", 403),
        ("/reports/image?src=closed/none.png", 403),
        ("/reports/image?src=open/none.png", 404),
        ("/reports/image?src=../x", 403),
        ("/reports/image", 400),
        ("/reports?from=x", 400),
        ("/reports?from=2001-09-10&to=2001-09-01", 400),
        ("/reports?period=none&sort=none&page=99", 200),
    ] {
        assert_eq!(counter.status(target), status, "{target}");
    }
}

#[test]
fn stretches_have_two_ends_to_the_minute() {
    let site = library_of_three();
    counted(&site);
    grant(&site, account(&site, "counter", false), "counters", SystemPermission::Reports);
    let mut counter = Browser::signed_in(&site, "counter");
    // The fields of a form as browsers send them, and as scripts do: without the hours from two on, and without the
    // first ones.
    for (span, there, missing, ends) in [
        (
            "from=2001-09-09T00:00&to=2001-09-09T02:00",
            "12006",
            "data-value=\"8\"",
            ["2001-09-09T00:00", "2001-09-09T02:00"],
        ),
        (
            "from=2001-09-09T01:30:00.000Z&to=2001-09-09T03%3A00",
            "8",
            "12006",
            ["2001-09-09T01:30", "2001-09-09T03:00"],
        ),
    ] {
        let page = counter.get(&format!("/reports/system?{span}")).text();
        let cell = format!("data-value=\"{there}\"");
        assert!(page.contains(&cell) && !page.contains(missing), "{span}: {page}");
        for (name, end) in ["from", "to"].into_iter().zip(ends) {
            let field = format!("type=\"datetime-local\" name=\"{name}\" value=\"{end}\"");
            assert!(page.contains(&field), "{field}: {page}");
        }
        let (_, rest) = page.split_once("href=\"/api/v1/admin/statistics/system?").unwrap();
        let query = rest.split_once('"').unwrap().0.replace("&#38;", "&");
        let csv = counter.get(&format!("/api/v1/admin/statistics/system?{query}"));
        let lines: Vec<String> = csv.text().lines().skip(1).map(str::to_owned).collect();
        assert_eq!(lines.len(), 1, "{query}: {}", csv.text());
        assert!(lines[0].contains(&format!(",{there},")), "{lines:?}");
    }
    for wrong in [
        "from=2001-09-09T02:00&to=2001-09-09T02:00",
        "from=2001-09-09T03:00&to=2001-09-09T02:00",
        "to=2001-09-09T25:00",
    ] {
        let answer = counter.get(&format!("/reports/system?{wrong}"));
        assert_eq!(answer.status, 400, "{wrong}");
        let text = answer.text();
        assert!(
            text.contains("role=\"alert\">From: ") || text.contains("role=\"alert\">To: "),
            "{wrong}: {text}"
        );
        // It is said on the page, which keeps what was typed.
        for pair in wrong.split('&') {
            let (name, typed) = pair.split_once('=').unwrap();
            let field = format!("type=\"datetime-local\" name=\"{name}\" value=\"{typed}\"");
            assert!(text.contains(&field), "{field}: {text}");
        }
    }
}

#[test]
fn a_table_is_whole_however_long() {
    let site = library_of_three();
    let minutes = |minute: i64| Bucket {
        image_id: None,
        from_ms: DAY + minute * 60_000,
        to_ms: DAY + (minute + 1) * 60_000,
        numbers: Numbers { requests: 1, ..Numbers::default() },
    };
    // More than one answer of a list holds.
    let batch = Batch { buckets: (0..1_100).map(minutes).collect(), ..Batch::default() };
    stats::add(site.db(), "long", &batch).unwrap();
    grant(&site, account(&site, "counter", false), "counters", SystemPermission::Reports);
    let mut counter = Browser::signed_in(&site, "counter");
    let path = "/api/v1/admin/statistics/system?from=2001-09-09&to=2001-09-10";
    let lines = |answer: crate::support::http::Response| answer.text().lines().count();
    assert_eq!(lines(counter.get(&format!("{path}&format=csv"))), 1_101);
    assert_eq!(lines(counter.get(&format!("{path}&format=csv&limit=10"))), 11);
}

#[test]
fn nothing_counted_is_said_so() {
    let site = library_of_three();
    grant(&site, account(&site, "counter", false), "counters", SystemPermission::Reports);
    let mut counter = Browser::signed_in(&site, "counter");
    for page in ["/reports", "/reports/system"] {
        let text = counter.get(&format!("{page}?from=2001-01-01&to=2001-01-02")).text();
        assert!(text.contains("No requests in this period"), "{page}: {text}");
        // What is over is counted.
        assert!(!text.contains("not be counted yet"), "{page}: {text}");
        // What nothing took has no mean.
        assert!(
            !text.contains("0\u{a0}µs") && text.contains("<strong>–</strong>"),
            "{page}: {text}"
        );
    }
    assert!(counter.get("/details?src=open/one.png").text().contains("/reports/image?src=open"));
    let now = counter.get("/reports/image?src=open/one.png&period=hour").text();
    assert!(now.contains("not be counted yet"), "{now}");
}

#[test]
fn each_host_has_a_row() {
    let site = library_of_three();
    grant(&site, account(&site, "counter", false), "counters", SystemPermission::Reports);
    let used = |host: &str, worker, numbers| HostBucket {
        host: host.into(),
        worker,
        from_ms: DAY,
        to_ms: DAY + HOUR_MS,
        numbers,
    };
    let machine = HostNumbers {
        samples: 1,
        cpu_us: 1,
        span_us: 4,
        memory_byte_sum: 3,
        memory_limit_bytes: 5,
        ..HostNumbers::default()
    };
    let worker = HostNumbers { memory_hits: 700, ..HostNumbers::default() };
    let hosts = vec![
        used("web<1>", MACHINE, machine),
        used("web<1>", 0, worker),
        used("web<1>", 1, HostNumbers { memory_hits: 800, stored: 7, ..worker }),
        used("zoo", 0, HostNumbers { max_memory_bytes: 25_000_000, ..worker }),
    ];
    let counted = Bucket {
        image_id: None,
        from_ms: DAY,
        to_ms: DAY + HOUR_MS,
        numbers: Numbers { requests: 1, ..Numbers::default() },
    };
    let batch = Batch { hosts, buckets: vec![counted], ..Batch::default() };
    stats::add(site.db(), "hosts", &batch).unwrap();
    let mut counter = Browser::signed_in(&site, "counter");
    let page = counter.get("/reports/system?from=2001-09-09&to=2001-09-09").text();
    let rows = |page: &str| -> Vec<Vec<String>> {
        let table = page.split_once("id=\"hosts\"").unwrap().1;
        let body = table.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
        let cells = |row: &str| row.split("<td").skip(1).map(text_of).collect();
        body.split("<tr>").skip(1).map(cells).collect()
    };
    assert!(
        page.contains("<bdi>web&#60;1&#62;</bdi>") && page.contains("<bdi>zoo</bdi>"),
        "{page}"
    );
    // A quarter of the processors, three fifths of the memory; both workers' hits.
    let first = ["25%", "60%", "–", "0\u{a0}B", "1,500", "0", "7", "0"];
    let second = ["–", "–", "–", "23.8\u{a0}MB", "700", "0", "0", "0"];
    let found = rows(&page);
    assert_eq!(found.len(), 2, "{page}");
    assert_eq!(found, [first, second], "{page}");
    let image = counter.get("/reports/image?src=open/one.png").text();
    assert!(!image.contains("id=\"hosts\""), "{image}");
}

/// The text of a cell, from within its first tag.
fn text_of(cell: &str) -> String {
    let (_, rest) = cell.split_once('>').unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}
