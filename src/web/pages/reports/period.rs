//! The stretch of time that a report is of.

use crate::web::Error;
use crate::web::api::{Moment, in_query};
use crate::web::pages::frame::given;
use crate::web::sign_in::Form;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Stretches up to now: the word in addresses, the text, the length. The usual one is the second.
const USUAL: [(&str, &str, i64); 4] = [
    ("hour", "period-hour", HOUR_MS),
    ("day", "period-day", DAY_MS),
    ("week", "period-week", 7 * DAY_MS),
    ("month", "period-month", 30 * DAY_MS),
];

/// Lengths of one line of a table.
const STEPS_MS: [i64; 9] = [
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    7 * DAY_MS,
    30 * DAY_MS,
];

/// The most lines of a table.
const LINES: i64 = 200;

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its word in addresses; blank for one that was chosen by its ends.
    word: &'static str,
    /// Its beginning.
    pub from_ms: i64,
    /// Its end, exclusive.
    pub to_ms: i64,
}

/// A stretch of time that can be chosen.
pub struct Choice {
    /// Its text.
    pub key: &'static str,
    /// What stands for it in a query.
    pub query: String,
    /// Whether it is the one that is shown.
    pub is_here: bool,
}

/// What is wrong with the ends that were typed.
pub struct Fault {
    /// Why.
    pub error: Error,
    /// Where it was to begin, as fields hold it.
    pub from: String,
    /// Where it was to end.
    pub to: String,
}

impl Period {
    /// The one that a query asks for: by `from` and `to`, else by `period`.
    ///
    /// # Errors
    /// 400 for times that are none, or in the wrong order.
    pub fn of(form: &Form, now_ms: i64) -> Result<Self, Error> {
        let (from, to) = (moment(form, "from")?, moment(form, "to")?);
        if from.is_none() && to.is_none() {
            let wanted = given(form, "period");
            let (word, _, length_ms) =
                USUAL.into_iter().find(|(word, ..)| *word == wanted).unwrap_or(USUAL[1]);
            // To the end of the minute, so that what was counted just now is in it.
            let to_ms = (now_ms / MINUTE_MS + 1) * MINUTE_MS;
            return Ok(Self { word, from_ms: to_ms - length_ms, to_ms });
        }
        // A day as the end means all of it.
        let whole_day = |text: &str| if text.len() <= "2026-12-31".len() { DAY_MS } else { 0 };
        let to_ms = to.map_or(now_ms, |ms| ms + whole_day(given(form, "to")));
        let from_ms = from.unwrap_or(to_ms - DAY_MS);
        if from_ms >= to_ms {
            return Err(Error::parameter("from", "must be before \"to\""));
        }
        Ok(Self { word: "", from_ms, to_ms })
    }

    /// The same for a page that says what is wrong where it was typed: the usual one then, and why.
    ///
    /// # Errors
    /// None of the client's.
    pub fn or_usual(form: &Form, now_ms: i64) -> Result<(Self, Option<Fault>), Error> {
        match Self::of(form, now_ms) {
            Ok(period) => Ok((period, None)),
            Err(error) if error.status().is_client_error() => {
                let typed = |name| typed(given(form, name));
                let fault = Fault { error, from: typed("from"), to: typed("to") };
                Ok((Self::of(&Form::default(), now_ms)?, Some(fault)))
            }
            Err(error) => Err(error),
        }
    }

    /// Both ends.
    pub fn span(&self) -> (i64, i64) {
        (self.from_ms, self.to_ms)
    }

    /// Whether it goes on to this moment, within a few minutes.
    pub fn reaches(&self, now_ms: i64) -> bool {
        self.to_ms + 5 * MINUTE_MS > now_ms
    }

    /// What stands for it in the query of a page.
    pub fn query(&self) -> String {
        match self.word {
            "" => self.ends(),
            word => format!("period={word}"),
        }
    }

    /// Its ends, as the query of a page or of the API.
    pub fn ends(&self) -> String {
        let text = |ms| in_query(&Moment(ms).to_text());
        format!("from={}&to={}", text(self.from_ms), text(self.to_ms))
    }

    /// Its ends to the minute, as fields hold them: nothing of it is left out.
    pub fn fields(&self) -> (String, String) {
        (minute(self.from_ms), minute(self.to_ms + MINUTE_MS - 1))
    }

    /// The length of one line of a table: the finest that keeps the table readable.
    pub fn step_ms(&self) -> i64 {
        let length_ms = self.to_ms - self.from_ms;
        let fits = |step: &&i64| length_ms / **step <= LINES;
        let longest = STEPS_MS[STEPS_MS.len() - 1];
        STEPS_MS.iter().find(fits).copied().unwrap_or_else(|| {
            // Whole months, as many as it takes.
            longest * (length_ms / (longest * LINES) + 1)
        })
    }

    /// Those that can be chosen by name.
    pub fn choices(&self) -> Vec<Choice> {
        let choice = |(word, key, _): (&'static str, &'static str, i64)| Choice {
            key,
            query: format!("period={word}"),
            is_here: word == self.word,
        };
        USUAL.into_iter().map(choice).collect()
    }
}

fn moment(form: &Form, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = form.text(name) else { return Ok(None) };
    let reason = "must be a day (2026-12-31) or a time (2026-12-31T23:59:59)";
    let moment = parsed(text).ok_or_else(|| Error::parameter(name, reason))?;
    Ok(Some(moment.0))
}

fn parsed(text: &str) -> Option<Moment> {
    // Fields of times leave out seconds that are 0.
    Moment::parse(text).or_else(|| Moment::parse(&format!("{text}:00")))
}

/// What was typed as fields hold it, to the minute; what is no time stays as it is.
fn typed(text: &str) -> String {
    parsed(text).map_or_else(|| text.to_owned(), |moment| minute(moment.0))
}

fn minute(ms: i64) -> String {
    Moment(ms).to_text().chars().take("2026-12-31T23:59".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(query: &str, now_ms: i64) -> Result<Period, Error> {
        use std::time::Instant;

        use http::{HeaderMap, Method};

        use crate::http::{Client, Request, RequestBody};
        let request = Request {
            method: Method::GET,
            path: "/reports".into(),
            query: query.as_bytes().to_vec(),
            headers: HeaderMap::new(),
            client: Client::default(),
            body: RequestBody::Empty,
            received: Instant::now(),
        };
        Period::of(&Form::of_query(&request)?, now_ms)
    }

    #[test]
    fn stretches_are_chosen_by_name_or_by_their_ends() {
        // 2026-12-31T00:00:00Z is 1798675200000 (`date -u -d 2026-12-31 +%s`).
        let now = 1_798_675_200_000;
        let minute = 60_000;
        let day = period("", now).unwrap();
        assert_eq!(day.span(), (now + minute - DAY_MS, now + minute));
        assert_eq!(day.query(), "period=day");
        assert_eq!(period("period=week", now).unwrap().from_ms, now + minute - 7 * DAY_MS);
        assert_eq!(period("period=x", now).unwrap(), day);
        assert!(day.reaches(now));
        let days = period("from=2026-12-30&to=2026-12-31", now).unwrap();
        assert_eq!(days.span(), (now - DAY_MS, now + DAY_MS));
        let fields = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(days.fields(), fields("2026-12-30T00:00", "2027-01-01T00:00"));
        let hours = period("from=2026-12-31T00:00&to=2026-12-31T01:00", now).unwrap();
        assert_eq!(hours.span(), (now, now + HOUR_MS));
        assert_eq!(hours.fields(), fields("2026-12-31T00:00", "2026-12-31T01:00"));
        let odd = period("from=2026-12-31T00:00:30Z&to=2026-12-31T01:00:30Z", now).unwrap();
        assert_eq!(odd.fields(), fields("2026-12-31T00:00", "2026-12-31T01:01"));
        let zoned = period("from=2026-12-31T02:00:00.000%2B02:00&to=2026-12-31", now).unwrap();
        assert_eq!(zoned.span(), (now, now + DAY_MS));
        let times = period("from=2026-12-31T00:00:00Z&to=2026-12-31T01:00:00Z", now).unwrap();
        assert_eq!(times.span(), (now, now + HOUR_MS));
        assert!(times.reaches(now + HOUR_MS) && !times.reaches(now + 2 * HOUR_MS));
        assert_eq!(times.ends(), "from=2026-12-31T00%3A00%3A00Z&to=2026-12-31T01%3A00%3A00Z");
        for wrong in [
            "from=x",
            "from=:00",
            "to=2026-13-01",
            "to=2026-12-31T24:00",
            "from=2026-12-31&to=2026-12-30",
            "from=2026-12-31T01:00&to=2026-12-31T01:00",
        ] {
            assert_eq!(period(wrong, now).unwrap_err().status(), 400, "{wrong}");
        }
    }

    #[test]
    fn tables_stay_readable_however_long_the_stretch() {
        for (length_ms, step_ms) in [
            (HOUR_MS, 5 * MINUTE_MS),
            (DAY_MS, 15 * MINUTE_MS),
            (7 * DAY_MS, HOUR_MS),
            (30 * DAY_MS, 6 * HOUR_MS),
            (365 * DAY_MS, 7 * DAY_MS),
        ] {
            let period = Period { word: "", from_ms: 0, to_ms: length_ms };
            assert_eq!(period.step_ms(), step_ms);
        }
        let ages = Period { word: "", from_ms: 0, to_ms: 20_000 * DAY_MS };
        assert!(ages.to_ms / ages.step_ms() <= LINES);
    }
}
