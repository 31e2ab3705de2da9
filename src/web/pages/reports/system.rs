//! All together over time: requests, bytes, times, how busy the machines were; and what each host used.

use askama::Template;

use super::period::Period;
use super::{Cell, Head, Table, enter, line};
use crate::db::host_stats::{self, HostNumbers, MACHINE};
use crate::db::{now_ms, stats};
use crate::http::{Progress, Request, Response};
use crate::web::pages::frame::Frame;
use crate::web::sign_in::Form;
use crate::web::{App, Error};

#[derive(Template)]
#[template(path = "reports/system.html")]
struct Page {
    f: Frame,
    head: Head,
    table: Table,
    hosts: Vec<Host>,
    hosts_csv: String,
}

/// What a host used.
struct Host {
    name: String,
    /// In the order of the columns of `reports/system.html`.
    cells: Vec<Cell>,
}

/// `GET /reports/system`
pub fn system(app: &App, request: &Request, _: &dyn Progress) -> Result<Response, Error> {
    let (_, f) = enter(app, request)?;
    let (period, fault) = Period::or_usual(&Form::of_query(request)?, now_ms())?;
    let found = stats::system_steps(&app.db, period.span(), period.step_ms())?;
    let sum = stats::system_sum(&app.db, period.from_ms, period.to_ms)?;
    let lines = found.iter().map(|(bucket, load)| line(&f, bucket, Some(load))).collect();
    let page = Page {
        head: Head::of(&f, &period, "/reports/system?".to_owned(), "system?", &sum).with(&f, fault),
        table: Table { step_s: period.step_ms() / 1000, lines, has_load: true },
        hosts: hosts(&f, host_stats::sums(&app.db, period.span())?),
        hosts_csv: format!("/api/v1/admin/statistics/hosts?{}&format=csv", period.ends()),
        f,
    };
    Ok(page.f.send_as(page.head.status(), &page))
}

/// A row for each host, of its machine's numbers and those of all its workers.
fn hosts(f: &Frame, sums: Vec<(String, i64, HostNumbers)>) -> Vec<Host> {
    let mut hosts: Vec<(String, HostNumbers, HostNumbers)> = Vec::new();
    for (name, worker, numbers) in sums {
        if hosts.last().is_none_or(|(last, ..)| *last != name) {
            hosts.push((name, HostNumbers::default(), HostNumbers::default()));
        }
        let Some((_, machine, workers)) = hosts.last_mut() else { continue };
        if worker == MACHINE { machine } else { workers }.add(&numbers);
    }
    let host = |(name, machine, workers): (String, HostNumbers, HostNumbers)| Host {
        name,
        cells: vec![
            Cell::percent(f, machine.cpu_percent()),
            Cell::percent(f, machine.memory_percent()),
            Cell::percent(f, machine.cache_percent()),
            Cell::memory(f, workers.max_memory_bytes),
            Cell::count(f, workers.memory_hits),
            Cell::count(f, workers.shared_hits),
            Cell::count(f, workers.stored),
            Cell::count(f, workers.cache_faults),
        ],
    };
    hosts.into_iter().map(host).collect()
}
