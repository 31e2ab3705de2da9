//! API tokens: signed, good for a set time, for as long as their account may have any.

use super::signer::{Fields, Purpose, Signer};

/// What tokens begin with, so that they are known for what they are wherever they turn up.
pub const TOKEN_PREFIX: &str = "htt_";

const FORM: u8 = 1;

/// An API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub user_id: i64,
    /// The account's epoch when it was made.
    pub epoch: i64,
    /// When it was made, in seconds since 1970 UTC.
    pub made_s: i64,
    /// When it runs out, in seconds since 1970 UTC.
    pub ends_s: i64,
}

impl Token {
    /// Its text: letters, digits, `-` and `_`.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        let mut payload = vec![FORM];
        for number in [self.user_id, self.epoch, self.made_s, self.ends_s] {
            payload.extend_from_slice(&number.to_be_bytes());
        }
        format!("{TOKEN_PREFIX}{}", signer.sign(Purpose::Token, &payload))
    }

    /// The token of a text, unless it was not signed here or has run out.
    #[must_use]
    pub fn open(text: &str, signer: &Signer, now_s: i64) -> Option<Self> {
        let payload = signer.open(Purpose::Token, text.strip_prefix(TOKEN_PREFIX)?)?;
        let mut fields = Fields(&payload);
        if fields.take()? != [FORM] {
            return None;
        }
        let token = Self {
            user_id: fields.int()?,
            epoch: fields.int()?,
            made_s: fields.int()?,
            ends_s: fields.int()?,
        };
        fields.end()?;
        (now_s < token.ends_s).then_some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_until_it_has_run_out() {
        let signer = Signer::new(&[1; 32]).unwrap();
        let token = Token { user_id: 7, epoch: 2, made_s: 100, ends_s: 200 };
        let text = token.sign(&signer);
        assert!(!text.contains([':', '+', '/', '=', '.']), "{text}");
        assert_eq!(Token::open(&text, &signer, 199), Some(token));
        assert_eq!(Token::open(&text, &signer, 200), None);
        assert_eq!(Token::open(&text[4..], &signer, 150), None);
        assert_eq!(Token::open(&text, &Signer::new(&[2; 32]).unwrap(), 150), None);
    }
}
