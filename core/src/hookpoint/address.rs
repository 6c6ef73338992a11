use std::{fmt, net::SocketAddr, str::FromStr};

/// Where the desk reaches the hookpoint, without the secret: `https://bot.example.com/omnidesk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookpointUrl(String);

/// Why an address cannot be the hookpoint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookpointUrlError {
    /// It is too short.
    #[error("the hookpoint's address needs at least {} characters", HookpointUrl::CHARS_MIN)]
    TooShort,
    /// It holds a character that the desk refuses.
    #[error(
        "the hookpoint's address holds {0:?}; the desk takes letters, digits and . : / - alone, so none of _ ? = & % @ ~"
    )]
    Character(char),
    /// It begins with another scheme than HTTP.
    #[error("the hookpoint's address begins with https:// or http://, or is a bare host")]
    Scheme,
    /// None is set, and the one that it is served at is none for the desk: it stands for every address of the machine, or
    /// is written in characters that the desk refuses.
    #[error(
        "the desk cannot reach the hookpoint at {0}: set its public address, such as https://bot.example.com/omnidesk"
    )]
    ServedAt(SocketAddr),
}

impl HookpointUrl {
    /// The least number of characters. The rule for `chatServer` of the desk's OpenAPI pages, like the rest.
    pub const CHARS_MIN: usize = 5;

    /// Reads an address; slashes at its end are left out.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(address: &str) -> Result<Self, HookpointUrlError> {
        let address = address.trim();
        if let Some((scheme, host)) = address.split_once("://")
            && (!is_http(scheme) || host.is_empty())
        {
            return Err(HookpointUrlError::Scheme);
        }
        let address = address.trim_end_matches('/');
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-');
        if let Some(refused) = address.chars().find(|c| !allowed(*c)) {
            return Err(HookpointUrlError::Character(refused));
        }
        if address.len() < Self::CHARS_MIN {
            return Err(HookpointUrlError::TooShort);
        }
        Ok(Self(address.to_owned()))
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

impl FromStr for HookpointUrl {
    type Err = HookpointUrlError;

    fn from_str(address: &str) -> Result<Self, Self::Err> {
        Self::parse(address)
    }
}

impl fmt::Display for HookpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_without_its_last_slash() {
        for (given, kept) in [
            ("https://bot.example.com/omnidesk", "https://bot.example.com/omnidesk"),
            (" http://127.0.0.1:8080// ", "http://127.0.0.1:8080"),
            ("bot.example.com:8443", "bot.example.com:8443"),
        ] {
            let url = HookpointUrl::parse(given).expect("it keeps the rule");
            assert_eq!(url.as_str(), kept);
        }
    }

    #[test]
    fn a_broken_rule_is_named() {
        for (given, error) in [
            ("a.b/", HookpointUrlError::TooShort),
            ("", HookpointUrlError::TooShort),
            ("https://bot.example.com/a_b", HookpointUrlError::Character('_')),
            ("https://bot.example.com/?a=b", HookpointUrlError::Character('?')),
            ("https://me@bot.example.com", HookpointUrlError::Character('@')),
            ("https://bot.example.com/ü", HookpointUrlError::Character('ü')),
            ("ftp://bot.example.com", HookpointUrlError::Scheme),
            ("https://", HookpointUrlError::Scheme),
        ] {
            assert_eq!(HookpointUrl::parse(given), Err(error), "{given}");
        }
        let said = HookpointUrlError::Character('_').to_string();
        assert!(said.contains("'_'") && said.contains("letters, digits"), "{said}");
    }
}
