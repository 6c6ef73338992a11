use crate::model::LengthUnit;

/// Cuts a text into parts of at most `max` units, at a paragraph, line, sentence or word where one is near, else between
/// two characters. Nothing is lost but the white space at a cut. An empty text makes no part.
///
/// `max` is at least one character's length; a smaller one is taken as that.
pub fn split(text: &str, max: usize, unit: LengthUnit) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let fits = prefix_within(rest, max, unit);
        if fits == rest.len() {
            parts.push(rest);
            break;
        }
        let cut = good_cut(&rest[..fits]).unwrap_or(fits);
        parts.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The longest prefix, in bytes, that has at most `max` units; never less than one character.
fn prefix_within(text: &str, max: usize, unit: LengthUnit) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += match unit {
            LengthUnit::Utf16 => c.len_utf16(),
            LengthUnit::Chars => 1,
        };
        if units > max && at > 0 {
            return at;
        }
    }
    text.len()
}

/// Where a reader would cut: behind the last paragraph, line, sentence or word, if that lies in the second half.
fn good_cut(piece: &str) -> Option<usize> {
    ["\n\n", "\n", ". ", " "]
        .iter()
        .filter_map(|mark| piece.rfind(mark).map(|at| at + mark.len()))
        .find(|cut| *cut > piece.len() / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(split("hello", 4_096, LengthUnit::Utf16), ["hello"]);
        assert!(split("", 10, LengthUnit::Chars).is_empty());
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(split("one two three", 8, LengthUnit::Chars), ["one two", "three"]);
    }

    #[test]
    fn astral_characters_count_twice_in_utf16() {
        assert_eq!(split("😀😀😀", 4, LengthUnit::Utf16), ["😀😀", "😀"]);
        assert_eq!(split("😀😀😀", 4, LengthUnit::Chars), ["😀😀😀"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_is_too_long(text in "\\PC{0,200}|[a-z \n.]{0,300}", max in 2_usize..50) {
            for unit in [LengthUnit::Utf16, LengthUnit::Chars] {
                let parts = split(&text, max, unit);
                prop_assert!(parts.iter().all(|part| unit.count(part) <= max));
                let solid = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(solid(&parts.concat()), solid(&text));
            }
        }
    }
}
