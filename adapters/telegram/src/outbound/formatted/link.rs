use url::{Host, Url};

/// Where a link leads, if Telegram takes it: a page of the web, or a place within Telegram (`LinkManager::check_link` of
/// `tdlib/td`). A link to a person is none: it would be a mention.
pub(in super::super) fn target(url: &str) -> Option<Url> {
    let url = Url::parse(url.trim()).ok()?;
    let is_taken = match (url.scheme(), url.host()) {
        ("http" | "https", Some(Host::Domain(domain))) => domain.contains('.') && url.port() != Some(0),
        ("http" | "https", Some(Host::Ipv4(_) | Host::Ipv6(_))) => url.port() != Some(0),
        ("tg", Some(Host::Domain(place))) => {
            !place.eq_ignore_ascii_case("user") && url.username().is_empty() && url.port().is_none()
        }
        _ => false,
    };
    is_taken.then_some(url)
}

/// The address of a picture, if Telegram would fetch it.
pub(in super::super) fn picture(address: &str) -> Option<Url> {
    target(address).filter(|url| url.scheme() != "tg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_telegram_leads_to_is_a_link() {
        for taken in [
            "https://shop.example/a?b=1#c",
            "HTTP://shop.example",
            "http://192.0.2.7:8080/x",
            "http://[2001:db8::1]/",
            "https://bücher.example/ü",
            "tg://resolve?domain=shop",
        ] {
            assert!(target(taken).is_some(), "{taken}");
        }
        for written_out in [
            "",
            "shop.example",
            "/terms",
            "http://localhost/",
            "http://shop.example:0/",
            "mailto:help@shop.example",
            "tel:+442079460000",
            "javascript:alert(1)",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/hosts",
            "ftp://shop.example/",
            "tg://user?id=7",
            "TG://User?id=7",
            "tg:resolve?domain=shop",
        ] {
            assert!(target(written_out).is_none(), "{written_out}");
        }
        assert!(picture("tg://resolve?domain=shop").is_none());
    }
}
