use escalator::model::{RichText, Span, Style};
use teloxide::types::{MessageEntity, MessageEntityKind};

/// A text with the formatting that Telegram tells. What Telegram finds in it by itself, such as addresses and commands,
/// stands there anyway.
pub(super) fn formatted(words: &str, entities: &[MessageEntity]) -> RichText {
    let spans = entities.iter().filter_map(|entity| {
        let end = entity.offset.checked_add(entity.length)?;
        Some(Span {
            start: byte_at(words, entity.offset)?,
            end: byte_at(words, end)?,
            style: style(&entity.kind)?,
        })
    });
    RichText::new(words, spans.collect())
}

fn style(kind: &MessageEntityKind) -> Option<Style> {
    use MessageEntityKind as Kind;
    Some(match kind {
        Kind::Bold => Style::Bold,
        Kind::Italic => Style::Italic,
        Kind::Underline => Style::Underline,
        Kind::Strikethrough => Style::Strike,
        Kind::Spoiler => Style::Spoiler,
        Kind::Code => Style::Code,
        Kind::Pre { language } => Style::Block {
            language: language.clone(),
        },
        Kind::Blockquote | Kind::ExpandableBlockquote => Style::Quote,
        Kind::TextLink { url } => Style::Link { url: url.to_string() },
        // Of a mention by name, only Telegram knows whose it is; a custom emoji has a common one as its word.
        Kind::TextMention { .. }
        | Kind::CustomEmoji { .. }
        | Kind::Mention
        | Kind::Hashtag
        | Kind::Cashtag
        | Kind::BotCommand
        | Kind::Url
        | Kind::Email
        | Kind::PhoneNumber => return None,
    })
}

/// The byte at an offset in UTF-16 code units; `None` where it lies outside of the words or within a character.
fn byte_at(words: &str, offset: usize) -> Option<usize> {
    let mut units = 0;
    for (byte, c) in words.char_indices() {
        if units >= offset {
            return (units == offset).then_some(byte);
        }
        units += c.len_utf16();
    }
    (units == offset).then_some(words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_utf16_and_what_lies_outside_is_left_out() {
        let words = "😀 bold é link";
        let entities = [
            MessageEntity::bold(3, 4),
            MessageEntity::text_link("https://shop.example/".parse().expect("it is an address"), 10, 4),
            MessageEntity::italic(1, 3),
            MessageEntity::code(9, 99),
            MessageEntity::code(usize::MAX, usize::MAX),
        ];
        let text = formatted(words, &entities);
        let styled: Vec<_> = text
            .spans()
            .iter()
            .map(|span| (&words[span.start..span.end], &span.style))
            .collect();
        let link = Style::Link {
            url: "https://shop.example/".to_owned(),
        };
        assert_eq!(styled, [("bold", &Style::Bold), ("link", &link)]);
    }

    #[test]
    fn each_kind_that_says_more_than_its_words_is_kept() {
        let entity = |kind| MessageEntity::new(kind, 0, 2);
        let of = |kind| formatted("ab", &[entity(kind)]).markdown();
        for (kind, markdown) in [
            (MessageEntityKind::Bold, "**ab**"),
            (MessageEntityKind::Italic, "*ab*"),
            (MessageEntityKind::Strikethrough, "~~ab~~"),
            (MessageEntityKind::Underline, "ab"),
            (MessageEntityKind::Spoiler, "ab"),
            (MessageEntityKind::Code, "`ab`"),
            (MessageEntityKind::Pre { language: None }, "```\nab\n```"),
            (MessageEntityKind::Blockquote, "> ab"),
            (MessageEntityKind::ExpandableBlockquote, "> ab"),
            (MessageEntityKind::Url, "ab"),
            (MessageEntityKind::Mention, "ab"),
        ] {
            assert_eq!(of(kind.clone()).as_str(), markdown, "{kind:?}");
        }
    }
}
