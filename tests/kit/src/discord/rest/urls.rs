//! Addresses in a body.

use crate::discord::refusal::Refusal;

/// The most characters of an address, as Discord's OpenAPI description has it.
const URL_MAX: usize = 2048;

/// Refuses what is no address of the web. The words are those of Discord: "Scheme \"\" is not supported. Scheme must be
/// one of ('http', 'https').", <https://github.com/discord/discord-api-docs/issues/5837>, and "Not a well formed URL.".
pub(super) fn check(path: &str, url: &str) -> Result<(), Refusal> {
    if url.chars().count() > URL_MAX {
        return Err(Refusal::too_long(path, URL_MAX));
    }
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    if !matches!(scheme, "http" | "https") {
        let words = format!("Scheme \"{scheme}\" is not supported. Scheme must be one of ('http', 'https').");
        return Err(Refusal::form(path, "URL_TYPE_INVALID_SCHEME", words));
    }
    // A host of one name is refused too, <https://github.com/matrix-org/matrix-appservice-discord/issues/649>.
    let is_public = |host: url::Host<&str>| !matches!(host, url::Host::Domain(domain) if !domain.contains('.'));
    let parsed = url::Url::parse(url).ok();
    let has_host = parsed.as_ref().and_then(url::Url::host).is_some_and(is_public);
    if has_host && !url.contains(char::is_whitespace) {
        Ok(())
    } else {
        Err(Refusal::form(path, "URL_TYPE_INVALID_URL", "Not a well formed URL."))
    }
}
