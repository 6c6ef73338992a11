use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

/// The path segment that only the desk knows. Nothing else tells its calls from anybody's.
#[derive(Clone)]
pub struct Secret(SecretString);

/// Why a text cannot be the secret. The text itself is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// It is too short or too long.
    #[error(
        "the hookpoint's secret has {chars} characters; it takes {} to {}",
        Secret::CHARS_MIN,
        Secret::CHARS_MAX
    )]
    Length {
        /// How many characters it has.
        chars: usize,
    },
    /// It holds a character that the desk refuses in an address.
    #[error("the hookpoint's secret takes letters, digits and hyphens alone")]
    Characters,
}

impl Secret {
    /// The least number of characters.
    pub const CHARS_MIN: usize = 16;
    /// The greatest number of characters.
    pub const CHARS_MAX: usize = 128;

    /// Takes a secret that was set or kept.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(secret: &str) -> Result<Self, SecretError> {
        let secret = secret.trim();
        if !secret.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(SecretError::Characters);
        }
        if !(Self::CHARS_MIN..=Self::CHARS_MAX).contains(&secret.len()) {
            return Err(SecretError::Length { chars: secret.len() });
        }
        Ok(Self(SecretString::from(secret)))
    }

    /// Makes a new secret of 64 characters, from the system's own source of randomness.
    pub fn mint() -> Self {
        let (one, two) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
        Self(SecretString::from(format!("{}{}", one.simple(), two.simple())))
    }

    /// The secret in a session's hook address: its last segment. `None` when that is none.
    pub fn of_address(hook_address: &str) -> Option<Self> {
        let segment = hook_address.trim_end_matches('/').rsplit('/').next()?;
        Self::parse(segment).ok()
    }

    /// The secret itself, to be kept or to be told to the desk. Not for logs.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares in a time that tells nothing but the length.
    pub(super) fn is(&self, given: &str) -> Choice {
        self.expose().as_bytes().ct_eq(given.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minted_secrets_keep_the_rule_and_differ() {
        let (one, two) = (Secret::mint(), Secret::mint());
        assert_eq!(one.expose().len(), 64);
        Secret::parse(one.expose()).expect("it keeps the rule");
        assert!(!bool::from(one.is(two.expose())));
        assert!(bool::from(one.is(one.expose())));
    }

    #[test]
    fn a_broken_rule_is_named() {
        for (given, error) in [
            ("short", SecretError::Length { chars: 5 }),
            (&"a".repeat(129), SecretError::Length { chars: 129 }),
            ("with_underscore_in_it", SecretError::Characters),
            ("with/slash/in/it/for/sure", SecretError::Characters),
        ] {
            assert_eq!(Secret::parse(given).err(), Some(error), "{given}");
        }
    }

    #[test]
    fn the_secret_of_a_standing_session_is_read_from_its_address() {
        let secret = Secret::of_address("https://bot.example.com/omnidesk/4f1c0000000000000000/");
        assert_eq!(
            secret.as_ref().map(Secret::expose),
            Some("4f1c0000000000000000"),
            "of the last segment"
        );
        assert!(Secret::of_address("https://bot.example.com/").is_none());
        assert!(Secret::of_address("").is_none());
    }

    #[test]
    fn debug_never_shows_it() {
        let shown = format!(
            "{:?}",
            Secret::parse("4f1c0000000000000000").expect("it keeps the rule")
        );
        assert_eq!(shown, "Secret(redacted)");
    }
}
