use std::{fmt, net::SocketAddr, str::FromStr};

use url::{Host, Url};

/// Where the desk reaches the hookpoint, without the secret: `https://bot.example.com/omnidesk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookpointUrl(String);

/// Why an address cannot be the hookpoint's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HookpointUrlError {
    /// It holds a character that the desk refuses.
    #[error("the hookpoint's address holds {0:?}; the desk takes A to Z, a to z, 0 to 9 and . : / - alone")]
    Character(char),
    /// It is not a whole address, or stands for every address of a machine (`0.0.0.0`).
    #[error(
        "the hookpoint's address has to be a whole one that the desk can reach, as in https://bot.example.com/omnidesk"
    )]
    NotWhole,
    /// None is set, and the one that it is served at is none for the desk: it stands for every address of the machine, or
    /// is written in characters that the desk refuses.
    #[error(
        "the desk cannot reach the hookpoint at {0}: set its public address, such as https://bot.example.com/omnidesk"
    )]
    ServedAt(SocketAddr),
}

impl HookpointUrl {
    /// Reads an address; slashes at its end are left out. Which characters it may hold is the rule for `chatServer` of the
    /// desk's OpenAPI pages; that page says nothing of what they have to be, so the rest is ours.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(address: &str) -> Result<Self, HookpointUrlError> {
        let address = address.trim().trim_end_matches('/');
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-');
        if let Some(refused) = address.chars().find(|c| !allowed(*c)) {
            return Err(HookpointUrlError::Character(refused));
        }
        if !is_reachable(address) {
            return Err(HookpointUrlError::NotWhole);
        }
        Ok(Self(address.to_owned()))
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it can lead anywhere: a scheme that the desk speaks, and a host. One on this machine will do for a simulator.
fn is_reachable(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_whole = address.contains("://") && matches!(url.scheme(), "http" | "https");
    is_whole
        && match url.host() {
            Some(Host::Ipv4(ip)) => !ip.is_unspecified(),
            Some(Host::Ipv6(ip)) => !ip.is_unspecified(),
            Some(Host::Domain(_)) => true,
            None => false,
        }
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
            ("HTTPS://bot.example.com:8443", "HTTPS://bot.example.com:8443"),
        ] {
            let url = HookpointUrl::parse(given).expect("it keeps the rule");
            assert_eq!(url.as_str(), kept);
        }
    }

    #[test]
    fn a_broken_rule_is_named() {
        for (given, error) in [
            ("https://bot.example.com/a_b", HookpointUrlError::Character('_')),
            ("https://bot.example.com/?a=b", HookpointUrlError::Character('?')),
            ("https://me@bot.example.com", HookpointUrlError::Character('@')),
            ("https://bot.example.com/ü", HookpointUrlError::Character('ü')),
            ("https://bot.example.com/a b", HookpointUrlError::Character(' ')),
            ("http://[::1]:80", HookpointUrlError::Character('[')),
        ] {
            assert_eq!(HookpointUrl::parse(given), Err(error), "{given}");
        }
        let said = HookpointUrlError::Character('[').to_string();
        assert!(said.contains("'['") && said.contains(". : / - alone"), "{said}");
    }

    #[test]
    fn an_address_that_leads_nowhere_is_refused() {
        for given in [
            "",
            "a.b/",
            "bot.example.com/omnidesk",
            "bot.example.com:8443",
            "ftp://bot.example.com",
            "https:bot.example.com",
            "https://",
            "https://bot.example.com:99999",
            "http://0.0.0.0:80",
            "http://0/hooks",
        ] {
            assert_eq!(HookpointUrl::parse(given), Err(HookpointUrlError::NotWhole), "{given}");
        }
        let said = HookpointUrlError::NotWhole.to_string();
        assert!(said.contains("https://bot.example.com/omnidesk"), "{said}");
    }
}
