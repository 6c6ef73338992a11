use escalator::model::{CustomerMessage, RichText};
use serenity::model::channel::{Message, MessageSnapshot};

use super::{file, words};

/// What nobody here knows.
const UNKNOWN: &str = "[a message of a kind that cannot be shown here]";

/// What a message says: its text, and its files.
pub(super) fn of(message: &Message) -> CustomerMessage {
    let mut lines: Vec<RichText> = Vec::new();
    lines.extend(quote(message));
    lines.extend(said(message));
    lines.extend(message.message_snapshots.iter().map(forwarded));
    let stickers = message.sticker_items.iter();
    lines.extend(stickers.map(|sticker| format!("[sticker: {}]", sticker.name).into()));
    lines.extend(poll(message).map(RichText::from));
    let is_voice = file::is_voice(message);
    let files = message.attachments.iter();
    let files: Vec<_> = files
        .map(|attachment| file::of(message, attachment, is_voice))
        .collect();
    if lines.is_empty() && files.is_empty() {
        lines.push(UNKNOWN.into());
    }
    CustomerMessage {
        text: (!lines.is_empty()).then(|| RichText::joined(lines, "\n")),
        files,
        ..CustomerMessage::default()
    }
}

/// Whether nothing can be seen in it.
pub(super) fn is_empty(message: &Message) -> bool {
    let nothing_else = message.embeds.is_empty() && message.components.is_empty() && message.poll.is_none();
    let no_files = message.attachments.is_empty() && message.sticker_items.is_empty();
    message.content.is_empty() && nothing_else && no_files && message.message_snapshots.is_empty()
}

fn said(message: &Message) -> Option<RichText> {
    let words = words::readable(&message.content, &message.mentions);
    (!words.is_blank()).then_some(words)
}

/// What is answered: its words, or the files that it is.
fn quote(message: &Message) -> Option<RichText> {
    let answered = message.referenced_message.as_ref()?;
    let files = answered.attachments.iter();
    let files = files.map(|attachment| {
        file::of(answered, attachment, file::is_voice(answered))
            .label()
            .into_string()
    });
    let words = said(answered).map(|words| words.words().clone().into_string());
    let all: Vec<_> = files.chain(words).collect();
    Some(RichText::in_reply_to(&all.join(" "), None))
}

/// What was forwarded. Discord does not tell whose it was.
fn forwarded(snapshot: &MessageSnapshot) -> RichText {
    let files = snapshot.attachments.iter();
    let files = files.map(|attachment| format!("[file: {}]", file::named(attachment)).into());
    let words = words::readable(&snapshot.content, &snapshot.mentions);
    let words = std::iter::once(words).filter(|words| !words.is_blank());
    let said = RichText::joined(words.chain(files), " ");
    RichText::joined([RichText::forwarded(None), said], "\n")
}

fn poll(message: &Message) -> Option<String> {
    let poll = message.poll.as_ref()?;
    let question = poll.question.text.as_deref().unwrap_or_default();
    let answers = poll.answers.iter();
    let answers: Vec<_> = answers.filter_map(|answer| answer.poll_media.text.as_deref()).collect();
    Some(format!("[poll: {question} ({})]", answers.join(" / ")))
}
