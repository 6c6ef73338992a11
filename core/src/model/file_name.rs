use crate::model::plain_file_name;

/// How many characters of a name are kept.
const CHARS_MAX: usize = 120;
/// How many of those an ending may have.
const ENDING_CHARS_MAX: usize = 16;

/// A name that is a name and nothing else, and not too long. `None` when nothing is left.
pub(super) fn cleaned(name: &str) -> Option<String> {
    let name = plain_file_name(name);
    (!name.is_empty()).then(|| shortened(&name))
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
            assert_eq!(cleaned(given).as_deref(), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = format!("{}.tar.gz", "ü".repeat(300));
        let kept = cleaned(&long).expect("something is left");
        assert_eq!(kept.chars().count(), CHARS_MAX);
        assert!(kept.ends_with("ü.gz"), "{kept}");
        let odd = format!("a.{}", "b".repeat(300));
        assert_eq!(cleaned(&odd).map(|kept| kept.chars().count()), Some(CHARS_MAX));
    }
}
