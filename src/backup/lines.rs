//! The lines of a backup file: compressed, counted and checked.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Error, Result};
use crate::db::Value;
use crate::db::bulk::Kind;

/// No row is longer: texts of a row come in through requests, whose bodies are bounded.
const MAX_LINE_BYTES: u64 = 256 << 20;

/// Writes lines.
pub struct Writer<W: Write> {
    out: GzEncoder<BufWriter<W>>,
    sum: Sha256,
}

impl<W: Write> Writer<W> {
    /// Writes to a file or the like.
    pub fn new(out: W) -> Self {
        Self {
            out: GzEncoder::new(BufWriter::new(out), Compression::default()),
            sum: Sha256::new(),
        }
    }

    /// Writes a line.
    pub fn line(&mut self, value: &Json) -> Result<()> {
        let mut text = value.to_string();
        text.push('\n');
        self.sum.update(text.as_bytes());
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Writes the last line, and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        let text = json!({ "sha256": hex(&self.sum.finalize()) }).to_string();
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\n")?;
        let out = self.out.finish()?;
        out.into_inner().map_err(|error| Error::Io(error.into_error()))
    }
}

/// Reads lines.
pub struct Reader<R: Read> {
    input: BufReader<MultiGzDecoder<BufReader<R>>>,
    sum: Sha256,
    line: Vec<u8>,
}

impl<R: Read> Reader<R> {
    /// Reads from a file or the like.
    pub fn new(input: R) -> Self {
        let input = BufReader::new(MultiGzDecoder::new(BufReader::new(input)));
        Self { input, sum: Sha256::new(), line: Vec::new() }
    }

    /// The next line; `None` after the last one, once it is known that all lines before it are those
    /// that were written.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn line(&mut self) -> Result<Option<Json>> {
        let text = self.raw()?;
        let value: Json = serde_json::from_slice(text)
            .map_err(|_| Error::Damaged("a line is not JSON".into()))?;
        let Some(sum) = value.get("sha256").and_then(Json::as_str) else {
            self.sum.update(&self.line);
            return Ok(Some(value));
        };
        if sum != hex(&std::mem::take(&mut self.sum).finalize()) {
            return Err(Error::Damaged("its checksum is another one".into()));
        }
        let mut rest = [0];
        match self.input.read(&mut rest) {
            Ok(0) => Ok(None),
            Ok(_) => Err(Error::Damaged("something follows its end".into())),
            Err(error) => Err(broken(error)),
        }
    }

    fn raw(&mut self) -> Result<&[u8]> {
        self.line.clear();
        let mut bounded = (&mut self.input).take(MAX_LINE_BYTES);
        bounded.read_until(b'\n', &mut self.line).map_err(broken)?;
        match self.line.last() {
            Some(b'\n') => Ok(&self.line),
            _ if self.line.len() as u64 == MAX_LINE_BYTES => {
                Err(Error::Damaged("a line is too long".into()))
            }
            _ => Err(Error::Damaged("it ends too early".into())),
        }
    }
}

/// What the decompressor finds wrong is damage, what the disk says is not.
fn broken(error: std::io::Error) -> Error {
    match error.raw_os_error() {
        Some(_) => Error::Io(error),
        None => Error::Damaged("it cannot be decompressed, or ends too early".into()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value as it stands in a line. Floating-point numbers are texts, which keep every digit.
pub fn to_json(kind: Kind, value: &Value) -> Json {
    match (kind, value) {
        (_, Value::Null) => Json::Null,
        (Kind::Bool, Value::Int(value)) => Json::Bool(*value != 0),
        (_, Value::Bool(value)) => Json::Bool(*value),
        (Kind::Real, Value::Int(value)) => json!((*value as f64).to_string()),
        (_, Value::Int(value)) => json!(value),
        (_, Value::Real(value)) => json!(value.to_string()),
        (_, Value::Text(text)) => json!(text),
    }
}

/// The other way round.
pub fn from_json(kind: Kind, value: &Json) -> Result<Value> {
    let found = match (kind, value) {
        (_, Json::Null) => Some(Value::Null),
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Int, Json::Number(number)) => number.as_i64().map(Value::Int),
        (Kind::Real, Json::String(text)) => text.parse().ok().map(Value::Real),
        (Kind::Text, Json::String(text)) => Some(Value::Text(text.clone())),
        _ => None,
    };
    found.ok_or_else(|| Error::Damaged("a value does not fit its column".into()))
}
