use deunicode::deunicode_char;

/// Writes a name in A-Z, a-z, 0-9 and single spaces. Letters and digits of any script are transliterated; apostrophes
/// and accents that stand alone vanish; anything else parts two words.
pub(super) fn transliterate(name: &str) -> String {
    let spelled: String = name.chars().map(spell).collect();
    let plain: String = spelled
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ')
        .collect();
    plain.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn spell(c: char) -> &'static str {
    let ascii = deunicode_char(c).unwrap_or(" ");
    match ascii {
        // Accents that follow their letter, joiners, and marks of stress.
        "" | "'" | "`" | "\"" => "",
        // The crate spells emoji as words: a smile is no name.
        _ if c.is_alphanumeric() => ascii,
        _ => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_become_plain_letters() {
        for (given, plain) in [
            ("Anna", "Anna"),
            ("José", "Jose"),
            ("Jose\u{301}", "Jose"),
            ("O'Brien", "OBrien"),
            ("O’Brien", "OBrien"),
            ("Anne-Marie  Müller", "Anne Marie Muller"),
            ("Þór Æsir", "Thor AEsir"),
            ("Анна", "Anna"),
            ("王小明", "Wang Xiao Ming"),
            ("Ada 🚀 99", "Ada 99"),
            ("🚀😀", ""),
            ("___", ""),
            ("", ""),
        ] {
            assert_eq!(transliterate(given), plain, "{given}");
        }
    }
}
