use std::fmt::Write;

use axum::http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The header in which Telegram tells the secret (`setWebhook`, `secret_token`).
const HEADER: &str = "x-telegram-bot-api-secret-token";

/// What goes into a secret beside the token, so that it is good for nothing else.
const PURPOSE: &[u8] = b"escalator: secret token of the webhook";

/// The secret that Telegram sends along with each update.
#[derive(Clone)]
pub struct WebhookSecret(SecretString);

/// Why a text cannot be the secret. The text itself is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookSecretError {
    /// It is empty or too long.
    #[error(
        "the webhook's secret has {chars} characters; Telegram takes 1 to {}",
        WebhookSecret::CHARS_MAX
    )]
    Length {
        /// How many characters it has.
        chars: usize,
    },
    /// It holds a character that Telegram refuses.
    #[error("the webhook's secret takes A-Z, a-z, 0-9, _ and - alone")]
    Characters,
}

impl WebhookSecret {
    /// The greatest number of characters.
    pub const CHARS_MAX: usize = 256;

    /// Takes a secret that was set.
    ///
    /// # Errors
    /// The rule of Telegram's that it breaks.
    pub fn parse(secret: &str) -> Result<Self, WebhookSecretError> {
        let secret = secret.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !secret.chars().all(fits) {
            return Err(WebhookSecretError::Characters);
        }
        if !(1..=Self::CHARS_MAX).contains(&secret.len()) {
            return Err(WebhookSecretError::Length { chars: secret.len() });
        }
        Ok(Self(SecretString::from(secret)))
    }

    /// Makes a new one. Telegram has to be told of it, and other instances of the bot do not know it.
    pub fn mint() -> Self {
        let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
        Self(SecretString::from(format!("{}{}", one.simple(), two.simple())))
    }

    /// Makes one from the bot's token: the same over restarts and at every instance, and the token cannot be told from it.
    pub fn of_token(token: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(PURPOSE)
            .chain_update([0])
            .chain_update(token)
            .finalize();
        let hex = digest.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a text takes everything");
            hex
        });
        Self(SecretString::from(hex))
    }

    /// The secret itself, for a `setWebhook` of one's own. Not for logs.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether a call tells it, compared in a time that tells nothing but the length.
    pub(super) fn is_told_in(&self, headers: &HeaderMap) -> bool {
        let mut told = headers.get_all(HEADER).iter();
        match (told.next(), told.next()) {
            (Some(told), None) => self.expose().as_bytes().ct_eq(told.as_bytes()).into(),
            _ => false,
        }
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_secret_follows_telegrams_rules() {
        for good in ["a", "A-Z_a-z_0-9", &"x".repeat(256), " trimmed\n"] {
            assert!(WebhookSecret::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", WebhookSecretError::Length { chars: 0 }),
            (&"x".repeat(257), WebhookSecretError::Length { chars: 257 }),
            ("a b", WebhookSecretError::Characters),
            ("a+b/", WebhookSecretError::Characters),
            ("schlüssel", WebhookSecretError::Characters),
        ] {
            assert_eq!(WebhookSecret::parse(bad).err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn one_is_made_that_telegram_takes() {
        let (one, two) = (WebhookSecret::mint(), WebhookSecret::mint());
        assert_ne!(one.expose(), two.expose());
        let of_token = |token| WebhookSecret::of_token(token);
        assert_eq!(of_token("1:a").expose(), of_token("1:a").expose());
        assert_ne!(of_token("1:a").expose(), of_token("1:b").expose());
        for made in [one, two, of_token("1:a")] {
            assert_eq!(made.expose().len(), 64);
            assert!(WebhookSecret::parse(made.expose()).is_ok());
            assert!(!format!("{made:?}").contains(made.expose()));
        }
    }

    #[test]
    fn it_is_told_once_and_whole() {
        let secret = WebhookSecret::parse("right-one").expect("it is one");
        let told = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, HeaderValue::from_static(value));
            }
            secret.is_told_in(&headers)
        };
        assert!(told(&["right-one"]));
        for wrong in [
            &[][..],
            &[""],
            &["right-on"],
            &["right-ones"],
            &["Right-one"],
            &["right-one", "right-one"],
        ] {
            assert!(!told(wrong), "{wrong:?}");
        }
    }
}
