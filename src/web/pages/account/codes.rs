//! The second step of signing in, as its owner sees it: off, being set up, or on.

use askama::filters::Safe;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::auth::totp;
use crate::web::{App, Error};

/// Modules of white around a code (ISO/IEC 18004, section 9.1).
const MARGIN: i32 = 4;

/// How far the second step is.
pub enum SecondStep {
    /// There is none.
    Off,
    /// It waits for a first code.
    Begun(Secret),
    /// Signing in takes a code.
    On,
}

/// What an authenticator needs, until it has given a first code.
pub struct Secret {
    /// In Base32, in groups of four for who types it.
    pub text: String,
    /// The same as an address that opens authenticators on a phone.
    pub uri: String,
    /// The address as a drawing.
    pub drawing: Safe<String>,
}

impl SecondStep {
    /// That of an account; a set-up that was begun is told to nobody but a person who has signed in.
    pub fn read(app: &App, user_id: i64, username: &str, is_person: bool) -> Result<Self, Error> {
        if totp::is_on(&app.db, user_id)? {
            return Ok(Self::On);
        }
        if !is_person {
            return Ok(Self::Off);
        }
        let secret = totp::begun(&app.db, &app.sign_in.seal, user_id)?;
        Ok(secret.map_or(Self::Off, |secret| Self::Begun(Secret::new(username, &secret))))
    }

    /// Whether signing in takes a code.
    pub fn is_on(&self) -> bool {
        matches!(self, Self::On)
    }

    /// What an authenticator needs, while it is being set up.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Begun(secret) => Some(secret),
            _ => None,
        }
    }
}

impl Secret {
    /// Its text without gaps, as programs take it.
    pub fn plain(&self) -> String {
        self.text.replace(' ', "")
    }

    fn new(username: &str, secret: &str) -> Self {
        let uri = totp::uri("Halftone", username, secret);
        let groups: Vec<String> = secret
            .as_bytes()
            .chunks(4)
            .map(|group| String::from_utf8_lossy(group).into_owned())
            .collect();
        Self { text: groups.join(" "), drawing: Safe(drawing(&uri)), uri }
    }
}

/// A text as a QR code, one unit to each module; blank for one that no code can hold.
fn drawing(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let (size, mut path) = (code.size(), String::new());
    for y in 0..size {
        for x in 0..size {
            if code.get_module(x, y) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN));
            }
        }
    }
    let side = size + 2 * MARGIN;
    format!(
        "<svg class=\"code\" viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_marks_and_its_margin() {
        let drawn = drawing("otpauth://totp/Halftone:jo?secret=ABCDEFGHIJKLMNOP&issuer=Halftone");
        // Version 5 has 37 modules on each side; its marks begin in three corners, and not in the fourth.
        assert!(drawn.contains("viewBox=\"0 0 45 45\""), "{drawn}");
        for corner in ["M4 4h", "M34 4h", "M4 34h"] {
            assert!(drawn.contains(corner), "{corner}");
        }
        assert!(!drawn.contains("M3 "), "the margin is white");
        assert_eq!(drawing(&"x".repeat(5000)), "");
    }

    #[test]
    fn secrets_are_readable() {
        let secret = Secret::new("jo", "ABCDEFGHIJ");
        assert_eq!(secret.text, "ABCD EFGH IJ");
        assert!(secret.uri.contains("secret=ABCDEFGHIJ"));
    }
}
