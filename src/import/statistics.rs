//! Statistics. Seconds there are microseconds here; dates are milliseconds.

use std::collections::HashSet;

use super::source::ms;
use super::{Import, Result};
use crate::db::{Row, Value, bulk};

const IMAGES: &str = "image statistics";
const SYSTEM: &str = "system statistics";

/// What both have, from the fifth column of what is read.
const NUMBERS: &str = "CAST(requests AS BIGINT), CAST(views AS BIGINT), \
     CAST(cached_views AS BIGINT), CAST(downloads AS BIGINT), CAST(total_bytes AS BIGINT), \
     CAST(ROUND(CAST(request_seconds AS NUMERIC) * 1000000) AS BIGINT), \
     CAST(ROUND(CAST(max_request_seconds AS NUMERIC) * 1000000) AS BIGINT)";

/// Their columns here.
const COLUMNS: [&str; 9] = [
    "from_ms",
    "to_ms",
    "requests",
    "views",
    "cached_views",
    "downloads",
    "total_bytes",
    "request_us",
    "max_request_us",
];

/// The times and numbers, none below zero.
fn numbers(row: &Row, from: usize) -> crate::db::Result<Option<Vec<Value>>> {
    let (Some(from_ms), Some(to_ms)) = (row.opt_int(from)?, row.opt_int(from + 1)?) else {
        return Ok(None);
    };
    if to_ms < from_ms {
        return Ok(None);
    }
    let mut values: Vec<Value> = vec![from_ms.into(), to_ms.into()];
    for column in from + 2..from + 9 {
        values.push(row.opt_int(column)?.unwrap_or(0).max(0).into());
    }
    Ok(Some(values))
}

impl Import<'_> {
    pub(super) fn image_statistics(&mut self) -> Result<()> {
        let times = concat!(ms!("from_time"), ", ", ms!("to_time"));
        let columns = format!("CAST(image_id AS BIGINT), {times}, {NUMBERS}");
        self.each_page("imagestats", &columns, |import, rows| {
            let mut theirs = Vec::new();
            for row in rows {
                let ours = row.opt_int(1)?.and_then(|id| import.images.get(&id).copied());
                let which = format!("record {}", row.int(0)?);
                match (ours, numbers(row, 2)?) {
                    (None, _) => import.report.left_out(IMAGES, "the image does not exist", &which),
                    (_, None) => import.report.left_out(IMAGES, "its times are not a span", &which),
                    (Some(ours), Some(numbers)) => theirs.push((ours, numbers)),
                }
            }
            import.image_records(theirs)
        })
    }

    fn image_records(&mut self, theirs: Vec<(i64, Vec<Value>)>) -> Result<()> {
        let mut ids: Vec<i64> = theirs.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let times = theirs.iter().filter_map(|(_, numbers)| match numbers.first() {
            Some(Value::Int(from)) => Some(*from),
            _ => None,
        });
        let span = super::span(times).map(|(from, to)| ("from_ms", from, to));
        let columns = ["image_id", "from_ms"];
        let rows = bulk::rows_of(self.sql, "image_stats", &columns, ("image_id", &ids), span)?;
        let mut here: HashSet<(i64, i64)> = rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [Value::Int(image), Value::Int(from)] => Some((*image, *from)),
                _ => None,
            })
            .collect();
        let mut new = Vec::new();
        for (image, mut numbers) in theirs {
            let Some(Value::Int(from)) = numbers.first().cloned() else { continue };
            if here.insert((image, from)) {
                numbers.push(image.into());
                new.push(numbers);
                self.report.new_row(IMAGES);
            } else {
                self.report.here(IMAGES);
            }
        }
        let columns: Vec<&str> = COLUMNS.into_iter().chain(["image_id"]).collect();
        bulk::insert(self.sql, "image_stats", &columns, new)?;
        Ok(())
    }

    pub(super) fn system_statistics(&mut self) -> Result<()> {
        let times = concat!(ms!("from_time"), ", ", ms!("to_time"));
        let shares = "CAST(cpu_pc AS DOUBLE PRECISION), CAST(memory_pc AS DOUBLE PRECISION), \
                      CAST(cache_pc AS DOUBLE PRECISION)";
        let columns = format!("{times}, {NUMBERS}, {shares}");
        self.each_page("systemstats", &columns, |import, rows| {
            let mut theirs = Vec::new();
            let mut from = Vec::new();
            for row in rows {
                let Some(mut numbers) = numbers(row, 1)? else {
                    let which = format!("record {}", row.int(0)?);
                    import.report.left_out(SYSTEM, "its times are not a span", &which);
                    continue;
                };
                for column in 10..13 {
                    numbers.push(row.opt_real(column)?.into());
                }
                from.extend(row.opt_int(1)?);
                theirs.push(numbers);
            }
            import.system_records(theirs, &from)
        })
    }

    fn system_records(&mut self, theirs: Vec<Vec<Value>>, from: &[i64]) -> Result<()> {
        let rows = bulk::rows_of(self.sql, "system_stats", &["from_ms"], ("from_ms", from), None)?;
        let mut here: HashSet<i64> = rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [Value::Int(from)] => Some(*from),
                _ => None,
            })
            .collect();
        let mut new = Vec::new();
        for numbers in theirs {
            let Some(Value::Int(from)) = numbers.first() else { continue };
            if here.insert(*from) {
                new.push(numbers);
                self.report.new_row(SYSTEM);
            } else {
                self.report.here(SYSTEM);
            }
        }
        let shares = ["cpu_percent", "memory_percent", "cache_percent"];
        let columns: Vec<&str> = COLUMNS.into_iter().chain(shares).collect();
        bulk::insert(self.sql, "system_stats", &columns, new)?;
        Ok(())
    }
}
