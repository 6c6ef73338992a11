/// Signs at the end of an address that are the sentence's.
const SENTENCE: &str = "!?.,:;'\"]";
/// Those of them that Discord takes for the sentence's too.
const ENDING: &str = ".,:;'\"])";

/// Whether Discord takes these words for an address wherever they stand.
pub(super) fn is_address(words: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| words.starts_with(scheme))
}

/// Where an address begins and ends in words.
pub(super) fn address_in(words: &str) -> Option<(usize, usize)> {
    let found = ["https://", "http://"].iter().filter_map(|scheme| words.find(scheme));
    let start = found.min()?;
    Some((start, start + len(&words[start..])))
}

/// Whether Discord sees the end of an address where this follows, up to the next white space.
pub(super) fn may_follow(words: &str) -> bool {
    words.chars().all(|c| ENDING.contains(c))
}

/// An address for between brackets, without what would end it there.
pub(super) fn target(url: &str) -> String {
    let mut target = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => target.push_str("%28"),
            ')' => target.push_str("%29"),
            '<' => target.push_str("%3C"),
            '>' => target.push_str("%3E"),
            '\\' => target.push_str("%5C"),
            '`' => target.push_str("%60"),
            '|' => target.push_str("%7C"),
            c if c.is_whitespace() || c.is_control() => target.push_str("%20"),
            c => target.push(c),
        }
    }
    target
}

fn len(words: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>`\"“”\\".contains(c);
    let mut address = &words[..words.find(ends).unwrap_or(words.len())];
    loop {
        let is_closed = address.matches('(').count() >= address.matches(')').count();
        let rest = address.trim_end_matches(|c| SENTENCE.contains(c) || (c == ')' && !is_closed));
        if rest.len() == address.len() {
            return rest.len();
        }
        address = rest;
    }
}
