//! Times as the API writes and reads them: RFC 3339 in UTC.

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

/// A moment, in milliseconds since 1970 UTC; in JSON `2026-12-31T23:59:59.123Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

/// The last second of a day, from its beginning.
const LAST_SECOND_MS: i64 = DAY_MS - 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;

impl Moment {
    /// As text. Moments outside the years 0 to 9999 are held at 1970.
    pub fn to_text(self) -> String {
        let nanos = i128::from(self.0) * 1_000_000;
        let moment =
            OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        moment.format(&Rfc3339).unwrap_or_default()
    }

    /// Reads the same, but that a day means its last second.
    pub fn parse_end(text: &str) -> Option<Self> {
        let Self(ms) = Self::parse(text)?;
        let is_day = !text.contains('T');
        Some(Self(if is_day { ms.saturating_add(LAST_SECOND_MS) } else { ms }))
    }

    /// Whether it is what a day is read as by [`Self::parse_end`].
    pub fn is_end_of_day(self) -> bool {
        self.0.rem_euclid(DAY_MS) == LAST_SECOND_MS
    }

    /// Reads a day, which means its beginning, or a time; UTC unless the text tells an offset. Years
    /// before 1970 are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let day = format_description!("[year]-[month]-[day]");
        let second = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        let moment = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| PrimitiveDateTime::parse(text, &second).map(PrimitiveDateTime::assume_utc))
            .or_else(|_| {
                Date::parse(text, &day)
                    .map(|day| PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_utc())
            })
            .ok()?;
        let millis = moment.unix_timestamp_nanos() / 1_000_000;
        i64::try_from(millis).ok().filter(|millis| *millis >= 0).map(Self)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl schemars::JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        // `date -u -d 2026-12-31T23:59:59 +%s` is 1798761599.
        let cases = [
            ("2026-12-31", Some(1_798_675_200_000)),
            ("2026-12-31T23:59:59", Some(1_798_761_599_000)),
            ("2026-12-31T23:59:59Z", Some(1_798_761_599_000)),
            ("2026-12-31T23:59:59.123", Some(1_798_761_599_123)),
            ("2027-01-01T01:59:59+02:00", Some(1_798_761_599_000)),
            ("1970-01-01", Some(0)),
            ("1969-12-31", None),
            ("2026-02-30", None),
            ("31.12.2026", None),
            ("2026-12-31 23:59:59", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Moment::parse(text).map(|moment| moment.0), expected, "{text}");
        }
        for (text, expected) in [
            ("2026-12-31", Some(1_798_761_599_000)),
            ("2026-12-31T00:00:00", Some(1_798_675_200_000)),
            ("", None),
        ] {
            let end = Moment::parse_end(text);
            assert_eq!(end.map(|moment| moment.0), expected, "{text}");
            assert_eq!(end.is_some_and(Moment::is_end_of_day), text == "2026-12-31");
        }
        assert_eq!(Moment(1_798_761_599_000).to_text(), "2026-12-31T23:59:59Z");
        assert_eq!(Moment(1_798_761_599_120).to_text(), "2026-12-31T23:59:59.12Z");
    }
}
