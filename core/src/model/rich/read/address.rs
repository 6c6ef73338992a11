use std::ops::Range;

/// How much of a host is looked at. A longer one has no address (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// Where the first address is that stands in words: `http://` or `https://` with a host, or a host of three names that begins
/// with `www.`. It ends before white space, signs that no address has, a bracket that was not opened in it, and signs that
/// are more likely the sentence's.
pub(in crate::model::rich) fn find(words: &str) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let mark = next_mark(&words[from..])?;
        let (mark, host) = (from + mark.start, from + mark.end);
        let is_host = words[host..].starts_with(is_of_host);
        if let Some(start) = begin(&words[..host], &words[host..], mark).filter(|_| is_host) {
            return Some(start..host + len(&words[host..]));
        }
        from = host;
    }
}

/// Where an address leads that somebody wrote or put behind words, as long as it leads where an address may: `http`, `https`,
/// `mailto`, `tel` or `tg`. One without a scheme that begins with `www.` or `//` leads to `https`.
pub(super) fn checked(given: &str) -> Option<String> {
    let given = given.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let given: String = given.chars().filter(|c| !"\t\r\n".contains(*c)).collect();
    if starts_with(&given, "www.") {
        return checked(&format!("https://{given}"));
    }
    if given.starts_with("//") {
        return checked(&format!("https:{given}"));
    }
    let (scheme, place) = given.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    let leads = match scheme.as_str() {
        "http" | "https" => place
            .strip_prefix("//")
            .is_some_and(|host| host.starts_with(is_of_host)),
        "tg" => place.len() > 2 && place.starts_with("//"),
        "mailto" | "tel" => !place.is_empty(),
        _ => false,
    };
    leads.then(|| format!("{scheme}:{}", without_gaps(place)))
}

/// How long an address is whose host begins here. One look at each character.
fn len(words: &str) -> usize {
    let mut open = Vec::new();
    let mut end = 0;
    for (at, c) in words.char_indices() {
        match c {
            '(' | '{' => open.push(c),
            ')' if open.pop() != Some('(') => break,
            '}' if open.pop() != Some('{') => break,
            c if is_end(c) => break,
            _ => {}
        }
        let is_sentence = "?!.,:;*~'({".contains(c);
        if !is_sentence {
            end = at + c.len_utf8();
        }
    }
    end
}

/// What is in no address: beside what cannot be, what a writer of a language without spaces puts behind one.
fn is_end(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || "<>[]`\"|\\^“”„‘’«»‹›…".contains(c)
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '、' | '。' | '〈'..='】' | '〔'..='〟' | '！' | '（' | '）' | '，' | '．' | '：' | '；' | '？' | '［' | '］')
}

/// Where `://` stands next, or `www.` before two more names.
fn next_mark(words: &str) -> Option<Range<usize>> {
    let bytes = words.as_bytes();
    (0..bytes.len()).find_map(|at| match bytes[at] {
        b':' if bytes[at..].starts_with(b"://") => Some(at..at + 3),
        b'w' | b'W' if starts_with(&words[at..], "www.") => Some(at..at + 4),
        _ => None,
    })
}

/// Where an address begins whose mark stands here, behind which its host comes: not within a word.
fn begin(words: &str, rest: &str, mark: usize) -> Option<usize> {
    let is_scheme = words[mark..].starts_with(':');
    let before = if is_scheme {
        let schemes = ["https", "http"].into_iter();
        let mut before = schemes.filter_map(|scheme| before(&words[..mark], scheme));
        before.next()?
    } else {
        &words[..mark]
    };
    let is_within = |c: char| c.is_ascii_alphanumeric() || (!is_scheme && "@/.-_".contains(c));
    let begins = !before.ends_with(is_within) && (is_scheme || is_dotted(rest));
    begins.then_some(before.len())
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || c == '['
}

/// Whether a host of two names or more begins here.
fn is_dotted(words: &str) -> bool {
    let is_end = |&(at, c): &(usize, char)| at >= HOST_BYTES_MAX || (!is_of_host(c) && !".-".contains(c));
    let end = words.char_indices().find(is_end);
    let host = &words[..end.map_or(words.len(), |(at, _)| at)];
    host.split('.').filter(|name| !name.is_empty()).nth(1).is_some()
}

fn without_gaps(place: &str) -> String {
    let gap = |c: char| c.is_whitespace() || c.is_control();
    place.split(gap).collect::<Vec<_>>().join("%20")
}

fn starts_with(words: &str, start: &str) -> bool {
    words
        .get(..start.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// What stands before an ending.
fn before<'w>(words: &'w str, end: &str) -> Option<&'w str> {
    let (before, ending) = words.split_at_checked(words.len().checked_sub(end.len())?)?;
    ending.eq_ignore_ascii_case(end).then_some(before)
}
