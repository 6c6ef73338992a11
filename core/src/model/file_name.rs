/// How many characters of a name are kept.
const CHARS_MAX: usize = 120;
/// How many of those an ending may have.
const ENDING_CHARS_MAX: usize = 16;

/// A file's name as its sender gave it, without folders and what cannot be seen, and of at most 120 characters, of which the
/// ending is kept. `None` when nothing is left.
pub fn file_name(given: &str) -> Option<String> {
    let name = plain_file_name(given);
    (!name.is_empty()).then(|| shortened(&name))
}

/// A name that is a name and nothing else: no folders, no control characters, nothing that turns or hides its letters, and
/// no dot or space at its ends, so that `.env` is kept as `env` and hides nowhere. Empty when nothing is left.
pub(crate) fn plain_file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    shown.trim_matches(|c: char| c.is_whitespace() || c == '.').to_owned()
}

/// Marks and overrides of direction, zero-width spaces, the byte order mark. Joiners stay: emoji are made of them.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// Cuts the stem, and keeps the ending.
fn shortened(name: &str) -> String {
    let chars = name.chars().count();
    if chars <= CHARS_MAX {
        return name.to_owned();
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let ending = ending.filter(|ending| ending.chars().count() < ENDING_CHARS_MAX);
    let stem_chars = CHARS_MAX - ending.map_or(0, |ending| ending.chars().count() + 1);
    let stem: String = name.chars().take(stem_chars).collect();
    ending.map_or_else(|| stem.clone(), |ending| format!("{stem}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cleaned() {
        for (given, kept) in [
            ("cat.png", Some("cat.png")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\anna\\bill.pdf", Some("bill.pdf")),
            ("a\r\nb\0.txt", Some("ab.txt")),
            ("photo\u{202e}gpj.exe", Some("photogpj.exe")),
            (" Rechnung März.pdf ", Some("Rechnung März.pdf")),
            ("👩\u{200d}👧.png", Some("👩\u{200d}👧.png")),
            (".env", Some("env")),
            ("..", None),
            ("folder/", None),
            ("", None),
            ("\u{200b}\u{feff}", None),
        ] {
            assert_eq!(file_name(given).as_deref(), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = format!("{}.tar.gz", "ü".repeat(300));
        let kept = file_name(&long).expect("something is left");
        assert_eq!(kept.chars().count(), CHARS_MAX);
        assert!(kept.ends_with("ü.gz"), "{kept}");
        let odd = format!("a.{}", "b".repeat(300));
        assert_eq!(file_name(&odd).map(|kept| kept.chars().count()), Some(CHARS_MAX));
    }
}
