use super::{
    address::{is_address, target},
    escape::escaped,
};

/// How a link is written of which the words and the address are known.
pub(super) enum Link {
    /// Its address alone, which the words tell already.
    Bare(String),
    /// Its words alone: they tell where it leads, and Discord has no link for that.
    Words,
    /// The words, which lead there.
    Masked(String),
    /// The words, and the address behind them.
    WordsAnd(String),
}

impl Link {
    pub(super) fn of(words: &str, url: &str) -> Self {
        let is_web = is_address(url);
        if bare(words) == bare(url) {
            return if is_web { Self::Bare(plain(url)) } else { Self::Words };
        }
        if is_web && is_maskable(words) {
            return Self::Masked(format!("[{words}]({})", target(url)));
        }
        Self::WordsAnd(behind(url))
    }
}

/// An address behind words.
pub(super) fn behind(url: &str) -> String {
    if is_address(url) {
        format!("(<{}>)", target(url))
    } else {
        let url = url.replace(|c: char| c.is_whitespace() || c.is_control(), "%20");
        format!("({})", escaped(&url, false))
    }
}

/// An address by itself, without what would end it there.
fn plain(url: &str) -> String {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>`\\".contains(c);
    if url.contains(ends) {
        target(url)
    } else {
        url.to_owned()
    }
}

/// Whether Discord shows a link's words in place of its address: it reads no escapes in them, and takes none that have an
/// emoji in them or look like an address themselves.
fn is_maskable(words: &str) -> bool {
    let is_one_word = !words.contains(char::is_whitespace);
    let is_host = is_one_word && words.contains('.') && !words.ends_with('.');
    let looks_like_address = words.contains("//") || words.contains("www.") || words.contains('@') || is_host;
    let has_bracket = words.contains([']', '(', ')', '>']);
    let is_emoji = |c| {
        matches!(c,
            '\u{a9}' | '\u{ae}' | '\u{200d}' | '\u{203c}' | '\u{2049}' | '\u{20e3}' | '\u{2100}'..='\u{2bff}' | '\u{3030}'
            | '\u{303d}' | '\u{3297}' | '\u{3299}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
    };
    let is_as_written = escaped(words, false) == words;
    !words.is_empty() && !looks_like_address && !has_bracket && !words.contains(is_emoji) && is_as_written
}

/// An address as people write it.
fn bare(address: &str) -> String {
    const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];
    let address = address.trim().to_lowercase();
    let bare = SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme));
    bare.unwrap_or(&address).trim_end_matches('/').to_owned()
}
