use escalator::{
    delivery::split,
    model::{RichText, Span, Style},
};
use proptest::prelude::*;
use teloxide::types::{MessageEntity, MessageEntityKind as Kind};

use super::{Formatted, place::units};

const TAKEN: &str = "https://shop.example/a";
const REFUSED: &str = "ftp://shop.example/b";

/// The rules of <https://core.telegram.org/bots/api#formatting-options>, under which nothing is refused or left out.
pub(super) fn assert_rules(shown: &Formatted) {
    let utf16: Vec<u16> = shown.text.encode_utf16().collect();
    let is_whole = |from: usize, to: usize| utf16.get(from..to).and_then(|units| String::from_utf16(units).ok());
    for (at, entity) in shown.entities.iter().enumerate() {
        let words = is_whole(entity.offset, end(entity));
        let words = words.unwrap_or_else(|| panic!("{entity:?} lies within the words and cuts no character"));
        let rest = is_whole(0, entity.offset).is_some() && is_whole(end(entity), utf16.len()).is_some();
        assert!(rest && !words.trim().is_empty(), "{entity:?}");
        for later in &shown.entities[at + 1..] {
            assert_beside(entity, later);
        }
    }
}

fn assert_beside(one: &MessageEntity, later: &MessageEntity) {
    let order = |entity: &MessageEntity| (entity.offset, usize::MAX - entity.length);
    assert!(order(one) <= order(later), "{one:?} is told before {later:?}");
    if later.offset >= end(one) {
        return;
    }
    assert!(end(later) <= end(one), "{one:?} crosses {later:?}");
    let is_soft = !is_code(later) && !is_link(later) && !is_quote(later);
    let may_hold = match one {
        one if is_code(one) => false,
        one if is_quote(one) => !is_quote(later),
        one if is_link(one) => is_soft,
        _ => !is_code(later) && !is_quote(later),
    };
    assert!(may_hold, "{one:?} holds {later:?}");
    assert!(!is_soft || one.kind != later.kind, "{one:?} and {later:?} are one");
}

fn end(entity: &MessageEntity) -> usize {
    entity.offset + entity.length
}

fn is_code(entity: &MessageEntity) -> bool {
    matches!(entity.kind, Kind::Code | Kind::Pre { .. })
}

fn is_link(entity: &MessageEntity) -> bool {
    matches!(entity.kind, Kind::TextLink { .. })
}

fn is_quote(entity: &MessageEntity) -> bool {
    entity.kind == Kind::Blockquote
}

fn any_style() -> impl Strategy<Value = Style> {
    let link = |url: &str| Just(Style::Link { url: url.to_owned() });
    prop_oneof![
        Just(Style::Bold),
        Just(Style::Italic),
        Just(Style::Underline),
        Just(Style::Strike),
        Just(Style::Spoiler),
        Just(Style::Code),
        Just(Style::Block { language: None }),
        Just(Style::Quote),
        Just(Style::Quote),
        link(TAKEN),
        link(REFUSED),
    ]
}

fn any_text() -> impl Strategy<Value = RichText> {
    let spans = prop::collection::vec((0_usize..60, 0_usize..40, any_style()), 0..10);
    ("[a-z é😀\n\r\t👧\u{200d}]{0,60}|\\PC{0,40}", spans).prop_map(|(words, spans)| {
        let spans = spans.into_iter().map(|(start, length, style)| {
            let end = start + length;
            Span { start, end, style }
        });
        RichText::new(words, spans.collect())
    })
}

/// What no formatting takes or adds.
fn solid(words: &str) -> String {
    let words = words
        .replace(&format!(" ({REFUSED})"), "")
        .replace(&format!(" ({TAKEN})"), "");
    words.chars().filter(|c| !c.is_whitespace() && *c != '>').collect()
}

proptest! {
    #[test]
    fn any_text_is_shown_by_telegrams_rules_and_whole(text in any_text()) {
        let shown = Formatted::of(&text);
        assert_rules(&shown);
        prop_assert_eq!(solid(&shown.text), solid(text.words().as_str()));
    }

    #[test]
    fn without_quotes_and_links_the_words_are_those_of_plain_text(text in any_text()) {
        let spans = text.spans().iter().filter(|span| !matches!(span.style, Style::Quote | Style::Link { .. }));
        let text = RichText::new(text.words().clone(), spans.cloned().collect());
        prop_assert_eq!(Formatted::of(&text).text, text.plain().into_string());
    }

    #[test]
    fn each_part_of_a_text_fits_and_nothing_is_lost(
        texts in prop::collection::vec(any_text(), 1..6),
        units_max in 60_usize..120,
        // A single character has up to seven, and is a part all the same.
        entities_max in 7_usize..12,
    ) {
        let text = RichText::joined(texts, "\n");
        let shows = |part: &RichText| {
            let shown = Formatted::of(part);
            units(&shown.text) <= units_max && shown.entities.len() <= entities_max
        };
        let parts = split(&text, shows);
        let mut all = String::new();
        for part in &parts {
            let shown = Formatted::of(part);
            assert_rules(&shown);
            prop_assert!(units(&shown.text) <= units_max && shown.entities.len() <= entities_max, "{:?}", shown.text);
            all += &shown.text;
        }
        prop_assert_eq!(solid(&all), solid(text.words().as_str()));
    }
}
