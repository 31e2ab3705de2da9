//! Numbers, switches, log levels and file modes.

use log::LevelFilter;

use super::{Kind, Raw, quoted, text};
use crate::config::settings::Unit;

/// Whole numbers.
pub(in crate::config) struct Whole {
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

impl<T: TryFrom<i64> + Copy + Into<i64>> Kind<T> for Whole {
    fn read(&self, raw: Raw<'_>) -> Result<T, String> {
        let number = match raw {
            Raw::Plain(text) => text.trim().parse().ok(),
            Raw::Whole(number) => Some(number),
            Raw::Text(_) | Raw::Switch(_) | Raw::List(_) | Raw::Wholes(_) | Raw::Other => None,
        };
        number
            .filter(|number| (self.min..=self.max).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("must be a whole number from {} to {}", self.min, self.max))
    }

    fn toml(&self, value: &T) -> String {
        let number: i64 = (*value).into();
        number.to_string()
    }

    fn describe(&self, unit: Option<Unit>) -> String {
        let range = format!("whole number, {} to {}", self.min, self.max);
        match unit {
            Some(unit) => format!("{range} {}", unit.name()),
            None => range,
        }
    }
}

/// True or false.
pub(in crate::config) struct Switch;

impl Kind<bool> for Switch {
    fn read(&self, raw: Raw<'_>) -> Result<bool, String> {
        match raw {
            Raw::Switch(value) => Ok(value),
            Raw::Plain("true" | "1") => Ok(true),
            Raw::Plain("false" | "0") => Ok(false),
            _ => Err("must be true or false".into()),
        }
    }

    fn toml(&self, value: &bool) -> String {
        value.to_string()
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "`true` or `false`".into()
    }
}

/// How much is logged.
pub(in crate::config) struct Level;

impl Kind<LevelFilter> for Level {
    fn read(&self, raw: Raw<'_>) -> Result<LevelFilter, String> {
        text(raw)?
            .parse()
            .map_err(|_| "must be one of off, error, warn, info, debug, trace".to_owned())
    }

    fn toml(&self, value: &LevelFilter) -> String {
        quoted(&value.as_str().to_lowercase())
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "`off`, `error`, `warn`, `info`, `debug` or `trace`".into()
    }
}

/// The mode of a file, as octal digits in a text.
pub(in crate::config) struct Mode;

impl Kind<u32> for Mode {
    fn read(&self, raw: Raw<'_>) -> Result<u32, String> {
        let digits = match raw {
            Raw::Plain(text) | Raw::Text(text) => text,
            _ => "",
        };
        let octal = (3..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        u32::from_str_radix(digits, 8)
            .ok()
            .filter(|mode| octal && *mode <= 0o777)
            .ok_or_else(|| "must be three or four octal digits in a text, such as \"0660\"".into())
    }

    fn toml(&self, value: &u32) -> String {
        format!("\"{value:04o}\"")
    }

    fn describe(&self, _: Option<Unit>) -> String {
        "octal digits in a text".into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{reads, refuses};
    use super::*;

    #[test]
    fn whole_numbers() {
        let kind: &dyn Kind<u32> = &Whole { min: 1, max: 20 };
        reads(kind, " 20 ", "20");
        for bad in ["0", "21", "x", "1.5", "", "-1"] {
            refuses(kind, Raw::Plain(bad));
        }
        refuses(kind, Raw::Text("5"));
        refuses(kind, Raw::Switch(true));
        refuses(kind, Raw::Whole(1 << 40));
    }

    #[test]
    fn switches() {
        reads(&Switch, "1", "true");
        reads(&Switch, "false", "false");
        refuses(&Switch, Raw::Plain("on"));
        refuses(&Switch, Raw::Whole(1));
        refuses(&Switch, Raw::Text("true"));
    }

    #[test]
    fn levels_and_modes() {
        reads(&Level, "WARN", "\"warn\"");
        refuses(&Level, Raw::Plain("loud"));
        reads(&Mode, "0660", "\"0660\"");
        reads(&Mode, "600", "\"0600\"");
        for bad in ["", "66", "0888", "+660", "1777", "00660", "0o66"] {
            refuses(&Mode, Raw::Plain(bad));
        }
        refuses(&Mode, Raw::Whole(660));
    }
}
