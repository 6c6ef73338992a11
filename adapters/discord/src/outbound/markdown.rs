/// A text so that Discord shows it as it is written. Words with an address in them stay as they are: a backslash would
/// break it. Where the escaped text is too long, the text itself is given.
pub(crate) fn escaped(text: &str, chars_max: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            escaped.push('\n');
        }
        escape_line(line, &mut escaped);
    }
    if escaped.chars().count() > chars_max {
        return text.to_owned();
    }
    escaped
}

/// A name without what Discord would read as formatting.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.replace(['\n', '\r'], " ");
    name.chars().filter(|c| !is_formatting(*c)).collect()
}

fn escape_line(line: &str, escaped: &mut String) {
    // A quote, a heading and small print begin a line.
    if line.starts_with(['>', '#']) || line.starts_with("-#") {
        escaped.push('\\');
    }
    for (number, word) in line.split(' ').enumerate() {
        if number > 0 {
            escaped.push(' ');
        }
        if word.contains("://") {
            // Else it would be a link behind other words.
            escaped.push_str(&word.replace("](", "\\]("));
            continue;
        }
        for c in word.chars() {
            if is_formatting(c) {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
}

const fn is_formatting(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`' | '|' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agents_text_is_shown_as_it_was_written() {
        for (text, shown) in [
            ("Hello, how can I help?", "Hello, how can I help?"),
            ("2*3*4 = 24_000", r"2\*3\*4 = 24\_000"),
            ("see https://a.example/b_c_d?e=*f*", "see https://a.example/b_c_d?e=*f*"),
            ("> quoted\n# big\n-# small", "\\> quoted\n\\# big\n\\-# small"),
            (r"C:\temp", r"C:\\temp"),
            ("[my bank](https://evil.example)", r"[my bank\](https://evil.example)"),
        ] {
            assert_eq!(escaped(text, 2_000), shown);
        }
        assert_eq!(escaped("****", 5), "****");
    }

    #[test]
    fn a_name_has_no_formatting_in_it() {
        assert_eq!(plain_name("*An_na*\n"), "Anna ");
    }
}
