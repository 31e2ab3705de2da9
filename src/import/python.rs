//! Values out of a settings file that is a Python program.
//!
//! Nothing is executed. Lines `NAME = value` at the left margin are read where the value is made of
//! literals, of names that were given before, and of `+` and `*` between them; every other line is
//! told by its number. The language's reference, sections 2.4 to 2.6 and 6.2, says what literals are.

use std::collections::{BTreeMap, BTreeSet};

/// How deep lists may stand in lists.
const MAX_DEPTH: usize = 32;

/// The longest text or list that is made by adding.
const MAX_LEN: usize = 1 << 20;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// None.
    None,
    /// True or False.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list, a tuple or a set.
    List(Vec<Literal>),
    /// A dictionary.
    Dict(Vec<(Literal, Literal)>),
}

/// What was found in a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The values by their names, the last one of each.
    pub values: BTreeMap<String, Literal>,
    /// The names that the file itself gives values.
    pub given: BTreeSet<String>,
    /// Lines, from 1, that are not values, with what stands there.
    pub others: Vec<(usize, String)>,
}

/// Reads a file, with the values that hold before it.
#[must_use]
pub fn read(text: &str, before: BTreeMap<String, Literal>) -> Found {
    let mut found = Found { values: before, ..Found::default() };
    for (line, statement) in statements(text) {
        let assigned = assignment(&statement).and_then(|(name, value)| {
            Some((name.to_owned(), Parser::new(value, &found.values).whole()?))
        });
        match assigned {
            Some((name, value)) => {
                found.given.insert(name.clone());
                found.values.insert(name, value);
            }
            None => {
                let start = statement.lines().next().unwrap_or_default().trim_end();
                // A value that cannot be read does not fall back on an earlier one.
                if let Some((name, _)) = assignment(&statement) {
                    found.values.remove(name);
                    found.given.remove(name);
                    found.others.push((line, name.to_owned()));
                } else {
                    found.others.push((line, start.chars().take(60).collect()));
                }
            }
        }
    }
    found
}

/// `NAME = value` at the left margin.
fn assignment(statement: &str) -> Option<(&str, &str)> {
    let end = statement.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, rest) = statement.split_at(end);
    let value = rest.trim_start().strip_prefix('=')?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (starts_well && !value.starts_with('=')).then_some((name, value))
}

/// The logical lines with the numbers of their first lines: without comments, and over several lines
/// where brackets or long texts are open, or a backslash ends a line.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let (mut current, mut start, mut line, mut depth) = (String::new(), 1, 1, 0_usize);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '#' => taken = rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' => {
                taken = string_len(rest).unwrap_or(rest.len());
                current.push_str(&rest[..taken]);
            }
            '\\' if rest[1..].starts_with('\n') => {
                taken = 2;
                current.push(' ');
            }
            '\n' if depth == 0 => {
                all.push((start, std::mem::take(&mut current)));
                start = line + 1;
            }
            '\n' => current.push(' '),
            '\r' => {}
            c => {
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                current.push(c);
            }
        }
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    all.push((start, current));
    all.retain(|(_, statement)| !statement.trim().is_empty());
    all
}

/// The length of the quoted text at the beginning, its quotes included.
fn string_len(text: &str) -> Option<usize> {
    let quote = quote(text)?;
    let mut at = quote.len();
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(quote) {
            return Some(at + quote.len());
        }
        let mut chars = rest.chars();
        match chars.next()? {
            '\\' => at += 1 + chars.next()?.len_utf8(),
            '\n' if quote.len() == 1 => return None,
            c => at += c.len_utf8(),
        }
    }
}

fn quote(text: &str) -> Option<&'static str> {
    ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote))
}

struct Parser<'a> {
    rest: &'a str,
    names: &'a BTreeMap<String, Literal>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: &'a BTreeMap<String, Literal>) -> Self {
        Self { rest: text, names, depth: 0 }
    }

    fn whole(mut self) -> Option<Literal> {
        let first = self.sum()?;
        if self.peek() != Some(',') {
            return self.rest.trim().is_empty().then_some(first);
        }
        // A tuple without brackets.
        let mut items = vec![first];
        while self.eat(',') {
            if self.peek().is_none() {
                break;
            }
            items.push(self.sum()?);
        }
        self.rest.trim().is_empty().then_some(Literal::List(items))
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        found
    }

    fn sum(&mut self) -> Option<Literal> {
        let mut value = self.product()?;
        while self.eat('+') {
            value = add(value, self.product()?)?;
        }
        Some(value)
    }

    fn product(&mut self) -> Option<Literal> {
        let mut value = self.one()?;
        while self.peek() == Some('*') && !self.rest.starts_with("**") {
            self.eat('*');
            value = match (value, self.one()?) {
                (Literal::Int(a), Literal::Int(b)) => Literal::Int(a.checked_mul(b)?),
                _ => return None,
            };
        }
        Some(value)
    }

    fn one(&mut self) -> Option<Literal> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = match self.peek()? {
            '(' => self.tuple(),
            '[' => {
                self.eat('[');
                Some(Literal::List(self.items(']')?.0))
            }
            '{' => self.braces(),
            '-' => {
                self.eat('-');
                match self.one()? {
                    Literal::Int(value) => Some(Literal::Int(value.checked_neg()?)),
                    Literal::Float(value) => Some(Literal::Float(-value)),
                    _ => None,
                }
            }
            '0'..='9' | '.' => self.number(),
            _ => self.text_or_name(),
        };
        self.depth -= 1;
        value
    }

    /// Items up to a closing bracket, and whether a comma came after the last.
    fn items(&mut self, end: char) -> Option<(Vec<Literal>, bool)> {
        let mut items = Vec::new();
        let mut comma = false;
        while !self.eat(end) {
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.sum()?);
            comma = self.eat(',');
        }
        Some((items, comma))
    }

    fn tuple(&mut self) -> Option<Literal> {
        self.eat('(');
        let (mut items, comma) = self.items(')')?;
        if items.len() == 1 && !comma { items.pop() } else { Some(Literal::List(items)) }
    }

    fn braces(&mut self) -> Option<Literal> {
        self.eat('{');
        let mut pairs = Vec::new();
        if self.eat('}') {
            return Some(Literal::Dict(pairs));
        }
        let first = self.sum()?;
        if self.peek()? != ':' {
            let mut items = vec![first];
            if self.eat(',') {
                items.extend(self.items('}')?.0);
            } else if !self.eat('}') {
                return None;
            }
            return Some(Literal::List(items));
        }
        let mut key = first;
        loop {
            if !self.eat(':') {
                return None;
            }
            pairs.push((key, self.sum()?));
            let comma = self.eat(',');
            if self.eat('}') {
                return Some(Literal::Dict(pairs));
            }
            if !comma {
                return None;
            }
            key = self.sum()?;
        }
    }

    fn number(&mut self) -> Option<Literal> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let digits = digits.replace('_', "").to_ascii_lowercase();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if let Some(digits) = digits.strip_prefix(prefix) {
                return i64::from_str_radix(digits, radix).ok().map(Literal::Int);
            }
        }
        match digits.parse() {
            Ok(value) => Some(Literal::Int(value)),
            Err(_) if digits.contains(['.', 'e']) => digits.parse().ok().map(Literal::Float),
            Err(_) => None,
        }
    }

    fn text_or_name(&mut self) -> Option<Literal> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if quote(rest).is_some() {
            let raw = match word.to_ascii_lowercase().as_str() {
                "" | "u" | "b" => false,
                "r" | "br" | "rb" => true,
                _ => return None,
            };
            self.rest = rest;
            let text = self.text(raw)?;
            // Texts that stand beside each other are one.
            return match self.peek() {
                Some(c) if c == '\'' || c == '"' => add(Literal::Text(text), self.text_or_name()?),
                _ => Some(Literal::Text(text)),
            };
        }
        self.rest = rest;
        match word {
            "True" => Some(Literal::Bool(true)),
            "False" => Some(Literal::Bool(false)),
            "None" => Some(Literal::None),
            name => self.names.get(name).cloned(),
        }
    }

    fn text(&mut self, raw: bool) -> Option<String> {
        let (len, quote) = (string_len(self.rest)?, quote(self.rest)?);
        let inside = &self.rest[quote.len()..len - quote.len()];
        self.rest = &self.rest[len..];
        if raw { Some(inside.to_owned()) } else { unescape(inside) }
    }
}

fn add(a: Literal, b: Literal) -> Option<Literal> {
    match (a, b) {
        (Literal::Int(a), Literal::Int(b)) => Some(Literal::Int(a.checked_add(b)?)),
        (Literal::Text(a), Literal::Text(b)) if a.len() + b.len() <= MAX_LEN => {
            Some(Literal::Text(a + &b))
        }
        (Literal::List(mut a), Literal::List(b)) if a.len() + b.len() <= MAX_LEN => {
            a.extend(b);
            Some(Literal::List(a))
        }
        _ => None,
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = match chars.next()? {
            '\n' => continue,
            'n' => {
                out.push('\n');
                continue;
            }
            't' => {
                out.push('\t');
                continue;
            }
            'r' => {
                out.push('\r');
                continue;
            }
            quoted @ ('\\' | '\'' | '"') => {
                out.push(quoted);
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            // The rest (bells, names of letters, octal numbers) does not stand in settings.
            _ => return None,
        };
        let digits: String = chars.by_ref().take(digits).collect();
        out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Literal> {
        read(&format!("A = {text}\n"), BTreeMap::new()).values.remove("A")
    }

    fn text(text: &str) -> Literal {
        Literal::Text(text.to_owned())
    }

    #[test]
    fn literals_are_read() {
        for (given, expected) in [
            ("None", Literal::None),
            ("True", Literal::Bool(true)),
            ("0o644", Literal::Int(420)),
            ("0x1F", Literal::Int(31)),
            ("1_000", Literal::Int(1000)),
            ("-3", Literal::Int(-3)),
            ("1024 * 1024 * 2", Literal::Int(2_097_152)),
            ("60 * 60 + 1", Literal::Int(3601)),
            ("1.5", Literal::Float(1.5)),
            ("'it''s'  # a comment", text("its")),
            (r#""a\"\u00fc\x41""#, text("a\"\u{fc}A")),
            (r"r'\d'", text(r"\d")),
            ("('a' + 'b')", text("ab")),
            ("('a',)", Literal::List(vec![text("a")])),
            ("'a', 1", Literal::List(vec![text("a"), Literal::Int(1)])),
            ("[\n 'a', # one\n 'b',\n]", Literal::List(vec![text("a"), text("b")])),
            (
                "{'a': (1, 2)}",
                Literal::Dict(vec![(
                    text("a"),
                    Literal::List(vec![Literal::Int(1), Literal::Int(2)]),
                )]),
            ),
            ("{1}", Literal::List(vec![Literal::Int(1)])),
            ("'\u{e9}t\u{e9} #1'", text("\u{e9}t\u{e9} #1")),
        ] {
            assert_eq!(value(given), Some(expected), "{given}");
        }
    }

    #[test]
    fn programs_are_not_run() {
        for given in [
            "os.environ['X']",
            "open('/etc/passwd').read()",
            "f'{1}'",
            "1 if True else 2",
            "[1",
            "'a",
            "9223372036854775807 * 2",
            "2 ** 3",
            "UNKNOWN",
            "'a' * 1000000000",
            "{1: 2, 3}",
            "",
            "[1 2]",
            "__import__('os')",
            "lambda: 1",
            "1 == 1",
        ] {
            assert_eq!(value(given), None, "{given}");
        }
        assert_eq!(value(&"[".repeat(100_000)), None);
        assert_eq!(value(&"-".repeat(100_000)), None);
    }

    #[test]
    fn names_stand_for_what_they_were_given() {
        let found = read(
            "import os\nBASE = '/x/'\nIMAGES = BASE + 'i/'\nif True:\n    HIDDEN = 1\nBASE = os.sep\nA = B = 1\n",
            BTreeMap::from([("OLD".to_owned(), Literal::Int(1))]),
        );
        assert_eq!(found.values.get("IMAGES"), Some(&text("/x/i/")));
        assert_eq!(found.values.get("OLD"), Some(&Literal::Int(1)));
        assert_eq!(found.values.len(), 2);
        let lines: Vec<usize> = found.others.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 4, 5, 6, 7]);
    }
}
