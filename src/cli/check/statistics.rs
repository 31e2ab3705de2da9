//! Whether pictures that front servers send by themselves are counted.

use super::Case;
use super::database::sqlite_file;
use super::row::Row;
use crate::cli::wiring;
use crate::db::{self, Db, stats, stats_logs};

/// A library that is asked for nothing in this time is one whose logs need not have been read.
const DAY_MS: i64 = 24 * 3600 * 1000;

pub fn look(case: &Case) -> Vec<Row> {
    let edge_s = case.settings.edge_cache_s;
    if edge_s <= 1 {
        return vec![Row::ok("every request reaches Halftone and is counted there")];
    }
    // What is wrong with the database is told by a look of its own.
    if sqlite_file(&case.settings).is_some() {
        return Vec::new();
    }
    let Ok(db) = wiring::database(&case.settings) else { return Vec::new() };
    told(&db, edge_s).into_iter().collect()
}

fn told(db: &Db, edge_s: u32) -> db::Result<Row> {
    let now_ms = db::now_ms();
    let sum = stats::system_sum(db, now_ms - DAY_MS, now_ms)?;
    Ok(judge(edge_s, sum.views, stats_logs::last_read_ms(db)?, now_ms))
}

fn judge(edge_s: u32, views: i64, read_ms: Option<i64>, now_ms: i64) -> Row {
    if views == 0 {
        return Row::ok("no picture was sent in the last day");
    }
    if read_ms.is_some_and(|read_ms| read_ms >= now_ms - DAY_MS) {
        return Row::ok("the log of a front server is read");
    }
    Row::warn(
        format!(
            "front servers may keep pictures for {edge_s} s, and none of their logs was read in the last \
             day: what they send by themselves is not counted"
        ),
        "start the service halftone-stats (halftone stats follow LOG), or set edge_cache_s = 0 where no \
         front server keeps pictures",
    )
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn logs_that_nobody_reads_are_told_where_pictures_are_sent() {
        let verdict = |views, read_ms| judge(10, views, read_ms, 2 * DAY_MS).verdict;
        assert_eq!(verdict(0, None), Verdict::Ok);
        assert_eq!(verdict(1, None), Verdict::Warn);
        assert_eq!(verdict(1, Some(DAY_MS)), Verdict::Ok);
        assert_eq!(verdict(1, Some(DAY_MS - 1)), Verdict::Warn);
    }
}
