/// Words of a line that mean nothing but themselves. `is_first`: they begin the line.
pub(super) fn escaped(words: &str, is_first: bool) -> String {
    let mut escaped = String::with_capacity(words.len() + 8);
    for (at, c) in words.char_indices() {
        let behind = &words[at + c.len_utf8()..];
        let is_read = match c {
            '[' | '<' => true,
            ':' => is_emoji(behind),
            _ if is_first => begins_line(&words[..at], c, behind),
            _ => false,
        };
        if is_read || is_sign(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Whether Discord reads a character as formatting wherever it stands.
pub(super) const fn is_sign(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`' | '|' | '\\')
}

/// Whether a line that begins so is a quote, a heading, small print or an item of a list.
fn begins_line(before: &str, c: char, behind: &str) -> bool {
    let is_apart = |behind: &str| behind.chars().next().is_none_or(char::is_whitespace);
    match c {
        '>' => before.is_empty(),
        '#' => before.is_empty() && is_apart(behind.trim_start_matches('#')),
        '-' => before.is_empty() && (is_apart(behind) || behind.starts_with('#')),
        '.' => !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit()) && is_apart(behind),
        _ => false,
    }
}

/// Whether what stands behind a colon makes an emoji of it.
fn is_emoji(behind: &str) -> bool {
    let name = behind.split_once(':').map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
}
