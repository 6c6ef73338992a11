//! What agents write, and the messages that Telegram is given of it: the kit's texts, and those of `texts.json`, which have
//! what Telegram has rules for. Read the snapshots beside it when they change.

use std::fmt::Write as _;

use escalator::{
    delivery::{ChatPayload, split},
    model::{ChatLimits, Formatting, LengthUnit, RichText, Span, Style},
};
use escalator_testkit::texts::agent_messages;
use serde::Deserialize;
use serde_json::Value;
use teloxide::types::MessageEntity;

use super::{Formatted, TEXT_MAX, fits, tests::assert_rules};

/// A longer text stands in the snapshot with its ends alone, in characters.
const WHOLE_CHARS_MAX: usize = 800;
const END_CHARS: usize = 60;

/// Of more entities, a few stand there.
const ALL_ENTITIES_MAX: usize = 30;
const FEW_ENTITIES: usize = 4;

#[derive(Deserialize)]
struct Written {
    case: String,
    words: String,
    #[serde(default)]
    spans: Vec<Styled>,
    /// How often the words stand in the text.
    #[serde(default = "once")]
    times: usize,
}

#[derive(Deserialize)]
struct Styled {
    style: String,
    words: String,
    /// Where a link leads, or the language of a block of code.
    of: Option<String>,
}

const fn once() -> usize {
    1
}

impl Written {
    fn text(&self) -> RichText {
        let spans = self.spans.iter().map(|styled| {
            let start = self.words.find(styled.words.as_str());
            let start = start.expect("the words are in the text");
            Span {
                start,
                end: start + styled.words.len(),
                style: styled.style(),
            }
        });
        let one = RichText::new(self.words.as_str(), spans.collect());
        if self.times == 1 {
            return one;
        }
        let all = RichText::joined(vec![one; self.times], " ");
        match &self.spans[..] {
            // One stretch, and not as many as there are words.
            [styled] if styled.words == self.words && styled.style != "link" => {
                let (start, end, style) = (0, all.words().as_str().len(), styled.style());
                RichText::new(all.words().clone(), vec![Span { start, end, style }])
            }
            _ => all,
        }
    }
}

impl Styled {
    fn style(&self) -> Style {
        match self.style.as_str() {
            "bold" => Style::Bold,
            "italic" => Style::Italic,
            "underline" => Style::Underline,
            "strike" => Style::Strike,
            "spoiler" => Style::Spoiler,
            "code" => Style::Code,
            "block" => Style::Block {
                language: self.of.clone(),
            },
            "quote" => Style::Quote,
            "link" => Style::Link {
                url: self.of.clone().expect("a link leads somewhere"),
            },
            other => panic!("{other} is no formatting"),
        }
    }
}

fn written() -> Vec<Written> {
    serde_json::from_str(include_str!("texts.json")).expect("the corpus is a list of cases")
}

/// The messages of a text, as the core cuts them.
fn messages(text: &RichText) -> Vec<Formatted> {
    let limits = ChatLimits {
        text_max: TEXT_MAX,
        text_unit: LengthUnit::Utf16,
        formatting: Formatting::Own(fits),
        fetch_bytes_max: 1,
        send_bytes_max: 1,
    };
    let said = |text: RichText, continues| {
        let author = Some("Anna".into());
        let said = ChatPayload::Message {
            author,
            continues,
            text,
        };
        said.rich().expect("a message has words")
    };
    let parts = split(text, |part| limits.fits(&said(part.clone(), false)));
    let parts = parts.into_iter().enumerate();
    parts.map(|(at, part)| Formatted::of(&said(part, at > 0))).collect()
}

fn shown(message: &Formatted) -> String {
    let mut page = String::new();
    let between = "\n         │ ";
    let text = shortened(&message.text).replace('\n', between);
    writeln!(page, "  message│ {text}").expect("a string takes all");
    let count = message.entities.len();
    let first = if count > ALL_ENTITIES_MAX { FEW_ENTITIES } else { count };
    for entity in &message.entities[..first] {
        let json = serde_json::to_value(entity).expect("an entity is JSON");
        let words = shortened(&words_of(&message.text, entity)).replace('\n', "⏎");
        writeln!(page, "         {} «{words}»", in_order(&json)).expect("a string takes all");
    }
    if first < count {
        writeln!(page, "         … {count} entities").expect("a string takes all");
    }
    page
}

/// The kind first, so that one reads it first.
fn in_order(entity: &Value) -> String {
    let given = entity.as_object().expect("an entity has fields");
    let names = ["type", "offset", "length", "url", "language"];
    let fields = names
        .iter()
        .filter_map(|name| Some(format!("{name}: {}", given.get(*name)?)));
    let fields: Vec<_> = fields.collect();
    assert_eq!(fields.len(), given.len(), "each field is shown");
    format!("{{{}}}", fields.join(", "))
}

fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= WHOLE_CHARS_MAX {
        return text.to_owned();
    }
    let begin: String = text.chars().take(END_CHARS).collect();
    let end: String = text.chars().skip(length - END_CHARS).collect();
    let units = text.encode_utf16().count();
    format!("{begin}[… {units} units in all …]{end}")
}

fn words_of(text: &str, entity: &MessageEntity) -> String {
    let units: Vec<u16> = text.encode_utf16().skip(entity.offset).take(entity.length).collect();
    String::from_utf16(&units).expect("an entity cuts no character")
}

/// All messages of all texts, as a page to read.
fn page<'t>(texts: impl IntoIterator<Item = (&'t str, RichText)>) -> String {
    let mut page = String::new();
    for (case, text) in texts {
        writeln!(page, "{case}").expect("a string takes all");
        for message in messages(&text) {
            assert_rules(&message);
            assert!(message.fits(TEXT_MAX), "{case}");
            page += &shown(&message);
        }
        page.push('\n');
    }
    page
}

#[test]
fn each_text_is_shown_as_telegram_can() {
    let texts = written();
    let texts = texts.iter().map(|written| (written.case.as_str(), written.text()));
    insta::assert_snapshot!("texts", page(texts));
}

#[test]
fn what_agents_write_is_shown_as_telegram_can() {
    let all = agent_messages();
    let texts = all.iter().map(|message| (message.name, message.read()));
    insta::assert_snapshot!("agent_messages", page(texts));
}
