//! Links in text and on buttons, as `LinkManager::check_link` of `tdlib/td` takes them.

use url::Host;

/// The address as it is kept, or why it is none: the words behind "is invalid: ".
pub(crate) fn checked(link: &str) -> Result<String, &'static str> {
    if link.is_empty() {
        return Err("URL host is empty");
    }
    let full = if has_protocol(link) {
        link.to_owned()
    } else {
        format!("http://{link}")
    };
    let url = url::Url::parse(&full).map_err(|_| "Wrong HTTP URL")?;
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(Host::Domain(host))) if !host.contains('.') => Err("Wrong HTTP URL"),
        ("http" | "https", None) => Err("Wrong HTTP URL"),
        ("http" | "https" | "tg" | "ton" | "tonsite", Some(_)) => Ok(url.into()),
        ("tg" | "ton" | "tonsite", None) => Err("URL host is empty"),
        _ => Err("Unsupported URL protocol"),
    }
}

/// The person whom a link such as `tg://user?id=7` mentions.
pub(crate) fn mentioned(link: &str) -> Option<i64> {
    link.strip_prefix("tg://user?id=")?.parse().ok()
}

/// Whether a protocol is named; `example.org:8080` names none.
fn has_protocol(link: &str) -> bool {
    link.split_once("://")
        .is_some_and(|(protocol, _)| protocol.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_the_real_server_takes_are_links() {
        let taken = [
            ("https://example.org/a?b=1", "https://example.org/a?b=1"),
            ("example.org", "http://example.org/"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
            ("tg://resolve?domain=x", "tg://resolve?domain=x"),
        ];
        for (link, wanted) in taken {
            assert_eq!(checked(link).as_deref(), Ok(wanted), "{link}");
        }
        let refused = [
            ("", "URL host is empty"),
            ("http://localhost/", "Wrong HTTP URL"),
            ("somewhere", "Wrong HTTP URL"),
            ("ftp://example.org/", "Unsupported URL protocol"),
            ("javascript://alert(1)", "Unsupported URL protocol"),
        ];
        for (link, wanted) in refused {
            assert_eq!(checked(link), Err(wanted), "{link}");
        }
    }
}
