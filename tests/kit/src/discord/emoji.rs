//! Emoji, as a reaction names them.

/// Whether a text is one of Unicode's emoji, as far as its letters tell: a picture with what may follow it, or a key.
pub(crate) fn is_unicode(text: &str) -> bool {
    let pictures = text.chars().filter(|c| is_picture(*c)).count();
    let keycap = text.ends_with('\u{20e3}');
    let fits = |c: char| is_picture(c) || is_joint(c) || (keycap && (c.is_ascii_digit() || matches!(c, '#' | '*')));
    (pictures > 0 || keycap) && text.chars().all(fits)
}

/// The id in `name:id`, by which a reaction names an emoji of a guild.
pub(crate) fn custom(text: &str) -> Option<u64> {
    let (name, id) = text.split_once(':')?;
    let named = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    id.parse().ok().filter(|_| named)
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{24c2}'
        | '\u{25a0}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
        | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ')
}

/// What joins pictures, or changes how they look.
fn is_joint(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_no_emoji() {
        for emoji in ["👍", "✅", "❤️", "👨‍👩‍👧", "🇦🇹", "1️⃣", "👍🏽"] {
            assert!(is_unicode(emoji), "{emoji}");
        }
        for words in ["", "ok", "1", "über", "日本", "👍 ok", "\u{fe0f}"] {
            assert!(!is_unicode(words), "{words}");
        }
        assert_eq!(custom("cat:7"), Some(7));
        assert_eq!((custom("cat"), custom(":7"), custom("a b:7")), (None, None, None));
    }
}
