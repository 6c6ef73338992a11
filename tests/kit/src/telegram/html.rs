//! The HTML of `parse_mode`: plain text and entities out of tags, or the refusal.
//!
//! The tags and the wording follow <https://core.telegram.org/bots/api#html-style>.

use serde_json::{Value, json};

use super::link;

/// What the customer sees of a formatted text.
#[derive(Debug, PartialEq)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

/// Reads the HTML of a message.
///
/// # Errors
/// The reason as it stands behind "can't parse entities: ".
pub(crate) fn parse(html: &str) -> Result<Rendered, String> {
    let mut reader = Reader::new(html);
    while let Some(c) = reader.peek() {
        match c {
            '<' if reader.rest().starts_with("</") => reader.end_tag()?,
            '<' => reader.start_tag()?,
            '&' => {
                let c = reader.character_reference();
                reader.push(c);
            }
            c => {
                reader.advance(c.len_utf8());
                reader.push(c);
            }
        }
    }
    match reader.open.pop() {
        Some(tag) => Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            tag.name
        )),
        None => Ok(reader.into_rendered()),
    }
}

struct Reader<'a> {
    html: &'a str,
    at: usize,
    text: String,
    utf16_len: usize,
    open: Vec<Tag>,
    entities: Vec<Value>,
}

struct Tag {
    name: String,
    argument: Option<String>,
    text_at: usize,
    offset: usize,
}

impl<'a> Reader<'a> {
    fn new(html: &'a str) -> Self {
        Self {
            html,
            at: 0,
            text: String::with_capacity(html.len()),
            utf16_len: 0,
            open: Vec::new(),
            entities: Vec::new(),
        }
    }

    fn into_rendered(mut self) -> Rendered {
        let place = |entity: &Value, key: &str| entity[key].as_u64().unwrap_or(0);
        self.entities
            .sort_by_key(|e| (place(e, "offset"), u64::MAX - place(e, "length")));
        Rendered {
            text: self.text,
            entities: self.entities,
        }
    }

    fn rest(&self) -> &'a str {
        &self.html[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn push(&mut self, c: char) {
        self.text.push(c);
        self.utf16_len += c.len_utf16();
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.advance(end);
        &rest[..end]
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn character_reference(&mut self) -> char {
        let decoded = self.rest().find(';').and_then(|end| {
            let name = &self.rest()[1..end];
            decode_reference(name).map(|c| (c, end + 1))
        });
        // What is no reference is an ampersand.
        let (c, bytes) = decoded.unwrap_or(('&', 1));
        self.advance(bytes);
        c
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.advance(1);
        let name = self.take_while(|c| !c.is_whitespace() && c != '>');
        let name = name.to_ascii_lowercase();
        if self.peek().is_none() {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        if !SUPPORTED.contains(&name.as_str()) {
            return Err(format!("Unsupported start tag \"{name}\" at byte offset {begin}"));
        }
        let argument = self.attributes(&name, begin)?;
        if name == "span" && argument.as_deref() != Some("tg-spoiler") {
            return Err(format!(
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"
            ));
        }
        self.open.push(Tag {
            name,
            argument,
            text_at: self.text.len(),
            offset: self.utf16_len,
        });
        Ok(())
    }

    /// Reads up to the closing bracket and returns the one attribute that matters for the tag.
    fn attributes(&mut self, tag: &str, begin: usize) -> Result<Option<String>, String> {
        let mut argument = None;
        loop {
            self.skip_space();
            if self.rest().starts_with('>') {
                self.advance(1);
                return Ok(argument);
            }
            let name = self.take_while(|c| !c.is_whitespace() && !matches!(c, '=' | '>' | '/' | '"' | '\''));
            if name.is_empty() {
                return Err(match self.peek() {
                    None => format!("Unclosed start tag \"{tag}\" at byte offset {begin}"),
                    Some(_) => {
                        format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}")
                    }
                });
            }
            self.skip_space();
            let value = match self.peek() {
                None => {
                    return Err(format!("Unclosed start tag \"{tag}\" at byte offset {begin}"));
                }
                Some('=') => self.attribute_value(begin)?,
                Some(_) => String::new(),
            };
            if matters(tag, name) {
                argument = Some(value);
            }
        }
    }

    fn attribute_value(&mut self, begin: usize) -> Result<String, String> {
        self.advance(1);
        self.skip_space();
        let quote = self.peek().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            let at = self.at;
            let value = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
            return match self.peek() {
                Some(c) if c.is_whitespace() || c == '>' => Ok(value.to_ascii_lowercase()),
                _ => Err(format!("Unexpected end of name token at byte offset {at}")),
            };
        };
        self.advance(1);
        let mut value = String::new();
        while let Some(c) = self.peek() {
            if c == quote {
                self.advance(1);
                return Ok(value);
            }
            if c == '&' {
                value.push(self.character_reference());
            } else {
                self.advance(c.len_utf8());
                value.push(c);
            }
        }
        Err(format!("Unclosed start tag at byte offset {begin}"))
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let Some(tag) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.advance(2);
        let name = self.take_while(|c| !c.is_whitespace() && c != '>');
        let name = name.to_ascii_lowercase();
        self.skip_space();
        if self.peek() != Some('>') {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        self.advance(1);
        if !name.is_empty() && name != tag.name {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{name}>\"",
                tag.name
            ));
        }
        self.close(&tag);
        Ok(())
    }

    fn close(&mut self, tag: &Tag) {
        let length = self.utf16_len - tag.offset;
        if length == 0 {
            return;
        }
        let mut entity = match tag.name.as_str() {
            "b" | "strong" => json!({ "type": "bold" }),
            "i" | "em" => json!({ "type": "italic" }),
            "u" | "ins" => json!({ "type": "underline" }),
            "s" | "strike" | "del" => json!({ "type": "strikethrough" }),
            "span" | "tg-spoiler" => json!({ "type": "spoiler" }),
            "pre" => self.pre(tag, length),
            "code" => code(tag.argument.as_deref()),
            "blockquote" if tag.argument.is_some() => json!({ "type": "expandable_blockquote" }),
            "blockquote" => json!({ "type": "blockquote" }),
            "a" => match self.link(tag) {
                Some(link) => link,
                None => return,
            },
            "tg-emoji" => json!({ "type": "custom_emoji", "custom_emoji_id": tag.argument }),
            _ => return,
        };
        entity["offset"] = json!(tag.offset);
        entity["length"] = json!(length);
        self.entities.push(entity);
    }

    /// `<pre><code class="language-x">` is one entity with a language.
    fn pre(&mut self, tag: &Tag, length: usize) -> Value {
        let inner = self.entities.iter().rposition(|entity| {
            entity["type"] == "code" && entity["offset"] == tag.offset && entity["length"] == length
        });
        match inner.map(|place| self.entities.remove(place)) {
            Some(code) if code.get("language").is_some() => {
                json!({ "type": "pre", "language": code["language"] })
            }
            _ => json!({ "type": "pre" }),
        }
    }

    /// A link without an address is taken for its own address; what is no address is plain text.
    fn link(&self, tag: &Tag) -> Option<Value> {
        let address = tag
            .argument
            .as_deref()
            .filter(|address| !address.is_empty())
            .unwrap_or(&self.text[tag.text_at..]);
        if let Some(id) = link::mentioned(address) {
            let user = json!({ "id": id, "is_bot": false, "first_name": "" });
            return Some(json!({ "type": "text_mention", "user": user }));
        }
        let url = link::checked(address).ok()?;
        Some(json!({ "type": "text_link", "url": url }))
    }
}

const SUPPORTED: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
];

fn matters(tag: &str, attribute: &str) -> bool {
    matches!(
        (tag, attribute),
        ("a", "href") | ("code" | "span", "class") | ("tg-emoji", "emoji-id") | ("blockquote", "expandable")
    )
}

fn code(class: Option<&str>) -> Value {
    match class.and_then(|class| class.strip_prefix("language-")) {
        Some(language) => json!({ "type": "code", "language": language }),
        None => json!({ "type": "code" }),
    }
}

fn decode_reference(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_entities_with_utf16_places() {
        let rendered = parse("😀 <b>bold <i>both</i></b> &lt;&#65;&amp;x").expect("it is right");
        assert_eq!(rendered.text, "😀 bold both <A&x");
        assert_eq!(
            rendered.entities,
            [
                json!({"type": "bold", "offset": 3, "length": 9}),
                json!({"type": "italic", "offset": 8, "length": 4}),
            ]
        );
    }

    #[test]
    fn links_and_code_keep_what_they_point_to() {
        let html = "<a href=\"https://x.test/?a=1&amp;b\">l</a><pre><code class=\"language-rust\">f</code></pre>";
        let rendered = parse(html).expect("it is right");
        assert_eq!(
            rendered.entities,
            [
                json!({"type": "text_link", "url": "https://x.test/?a=1&b", "offset": 0, "length": 1}),
                json!({"type": "pre", "language": "rust", "offset": 1, "length": 1}),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("a <b>", "Can't find end tag corresponding to start tag \"b\""),
            ("<p>x</p>", "Unsupported start tag \"p\" at byte offset 0"),
            ("1 <2", "Unclosed start tag at byte offset 2"),
            ("x</b>", "Unexpected end tag at byte offset 1"),
            (
                "<b><i>x</b></i>",
                "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"",
            ),
            (
                "<span>x</span>",
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
            ),
            ("<a href=\"x", "Unclosed start tag at byte offset 0"),
            ("<br/>", "Unsupported start tag \"br/\" at byte offset 0"),
            ("1 < 2", "Unsupported start tag \"\" at byte offset 2"),
        ];
        for (html, wanted) in cases {
            assert_eq!(parse(html).map(|r| r.text), Err(wanted.to_owned()), "{html}");
        }
    }
}
