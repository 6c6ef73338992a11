//! Words with whatever formatting somebody says is over them.

use arbitrary::{Result, Unstructured};
use escalator::model::{ChannelId, RichText, Span, Style};
use escalator_telegram::fuzzing;
use serde_json::{Value, json};

use super::telegram_update::message;
use crate::{Target, events, rich};

pub(crate) const TARGET: Target = Target {
    name: "entities",
    run,
    seeds,
    bytes_max: 1_024,
};

/// How many there are over one text at most.
const SPANS_MAX: usize = 12;

const KINDS: [&str; 20] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "code",
    "pre",
    "blockquote",
    "expandable_blockquote",
    "text_link",
    "text_mention",
    "custom_emoji",
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "new_tomorrow",
];

/// The first bytes of an input are the formatting, and the rest the words.
fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(marks) = marks(&mut input) else { return };
    let Ok(words) = std::str::from_utf8(input.take_rest()) else {
        return;
    };
    rich::check(&as_spans(words, &marks));
    as_entities(words, &marks);
}

/// From where to where, and what.
struct Mark {
    start: u8,
    length: u8,
    kind: u8,
}

fn marks(input: &mut Unstructured<'_>) -> Result<Vec<Mark>> {
    let count = usize::from(input.arbitrary::<u8>()?) % (SPANS_MAX + 1);
    let mark = |input: &mut Unstructured<'_>| {
        let [start, length, kind] = input.arbitrary()?;
        Ok(Mark { start, length, kind })
    };
    (0..count).map(|_| mark(input)).collect()
}

fn as_spans(words: &str, marks: &[Mark]) -> RichText {
    let spans = marks.iter().map(|mark| Span {
        start: usize::from(mark.start),
        end: usize::from(mark.start) + usize::from(mark.length),
        style: style(mark.kind),
    });
    RichText::new(words, spans.collect())
}

fn style(kind: u8) -> Style {
    let link = |url: &str| Style::Link { url: url.to_owned() };
    let block = |language: Option<&str>| Style::Block {
        language: language.map(str::to_owned),
    };
    match kind % 12 {
        0 => Style::Bold,
        1 => Style::Italic,
        2 => Style::Underline,
        3 => Style::Strike,
        4 => Style::Spoiler,
        5 => Style::Code,
        6 => block(None),
        7 => block(Some("c++ `x`\n")),
        8 => Style::Quote,
        9 => link("https://shop.example/(a_b)?c=<d>&e=\\f g"),
        10 => link("not an address"),
        _ => link("https://shop.example/"),
    }
}

fn as_entities(words: &str, marks: &[Mark]) {
    let entities: Vec<Value> = marks.iter().map(entity).collect();
    for fields in [
        json!({"text": words, "entities": entities}),
        json!({"caption": words, "caption_entities": entities,
            "photo": [{"file_id": "F", "file_unique_id": "U", "width": 9, "height": 9, "file_size": 9}]}),
        json!({"text": words, "entities": entities, "quote": {"text": words, "entities": entities, "position": 0},
            "reply_to_message": message(json!({"text": words, "entities": entities}))}),
    ] {
        let body = json!({"update_id": 7, "message": message(fields)}).to_string();
        let channel = ChannelId::new("telegram");
        for read in [fuzzing::posted, fuzzing::unreadable] {
            let read = read(&channel, body.as_bytes()).expect("it is a message of a private chat");
            events::check(&read);
        }
    }
}

fn entity(mark: &Mark) -> Value {
    // The last ones lie outside of any words.
    let offset = match mark.start {
        255 => u64::from(u32::MAX),
        start => u64::from(start),
    };
    json!({
        "type": KINDS[usize::from(mark.kind) % KINDS.len()], "offset": offset, "length": mark.length,
        "url": "https://shop.example/(a_b)?c=d", "language": "c++", "custom_emoji_id": "5",
        "user": {"id": 7, "is_bot": false, "first_name": "Anna"},
    })
}

fn seeds() -> Vec<Vec<u8>> {
    let of = |marks: &[[u8; 3]], words: &str| {
        let count = u8::try_from(marks.len()).expect("there are few");
        [&[count], marks.concat().as_slice(), words.as_bytes()].concat()
    };
    vec![
        of(&[], "1. a*b_c_d <x> _e_\n# 2 &amp; 3 > 2"),
        of(&[[0, 4, 0], [5, 6, 1], [12, 5, 2]], "bold italic under"),
        of(&[[0, 8, 0], [4, 8, 1], [6, 2, 5]], "one two three four"),
        of(&[[0, 12, 8], [2, 6, 6]], "said\nfn f() {}\nno"),
        of(&[[3, 4, 0], [255, 255, 9], [1, 1, 1]], "😀 bold 👨‍👩‍👧‍👦"),
        of(&[[0, 4, 9], [5, 20, 11]], "shop https://shop.example/ !"),
    ]
}
