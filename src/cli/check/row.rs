//! Verdicts, and the page that they make.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and is not as it should be.
    Warn,
    /// It does not work, or lets in who must not get in.
    Fail,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }

    /// For monitoring: 0, 1 or 2.
    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// What was found at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it; blank when there is nothing to do.
    pub to_do: String,
}

impl Row {
    pub fn new(verdict: Verdict, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { verdict, found: found.into(), to_do: to_do.into() }
    }

    pub fn ok(found: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, found, "")
    }

    pub fn warn(found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, found, to_do)
    }

    pub fn fail(found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, found, to_do)
    }
}

/// All rows, each under the name of its check.
#[derive(Debug, Default)]
pub struct Page {
    rows: Vec<(&'static str, Row)>,
}

impl Page {
    pub fn add(&mut self, name: &'static str, rows: Vec<Row>) {
        self.rows.extend(rows.into_iter().map(|row| (name, row)));
    }

    /// The worst of all.
    pub fn verdict(&self) -> Verdict {
        self.rows.iter().map(|(_, row)| row.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// One line for each row, one more for what to do, and a sum.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, row) in &self.rows {
            let _ = writeln!(text, "{:4}  {name:width$}  {}", row.verdict.word(), row.found);
            if !row.to_do.is_empty() {
                let _ = writeln!(text, "{:4}  {:width$}  -> {}", "", "", row.to_do);
            }
        }
        let count = |verdict| self.rows.iter().filter(|(_, row)| row.verdict == verdict).count();
        let (warnings, failures) = (count(Verdict::Warn), count(Verdict::Fail));
        let _ = writeln!(
            text,
            "\n{} verdicts: {warnings} warnings, {failures} failures",
            self.rows.len()
        );
        text
    }

    /// The same for programs.
    pub fn json(&self) -> String {
        let word = |verdict: Verdict| verdict.word().to_lowercase();
        let rows: Value = self
            .rows
            .iter()
            .map(|(name, row)| {
                json!({
                    "name": name,
                    "found": row.found,
                    "verdict": word(row.verdict),
                    "to_do": row.to_do,
                })
            })
            .collect();
        format!("{:#}", json!({ "verdict": word(self.verdict()), "rows": rows }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_counts() {
        let mut page = Page::default();
        assert_eq!(page.verdict(), Verdict::Ok);
        page.add("a", vec![Row::ok("fine"), Row::warn("odd", "mend it")]);
        assert_eq!(page.verdict(), Verdict::Warn);
        page.add("bb", vec![Row::fail("broken", "mend that"), Row::ok("fine")]);
        assert_eq!(page.verdict(), Verdict::Fail);
        let text = page.text();
        assert!(text.contains("ok    a   fine\n"), "{text}");
        assert!(text.contains("FAIL  bb  broken\n          -> mend that\n"), "{text}");
        assert!(text.ends_with("\n4 verdicts: 1 warnings, 1 failures\n"), "{text}");
        let json: Value = serde_json::from_str(&page.json()).unwrap();
        assert_eq!(json["verdict"], "fail");
        assert_eq!(json["rows"][1]["to_do"], "mend it");
    }
}
