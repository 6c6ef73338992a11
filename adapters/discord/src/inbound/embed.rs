use escalator::model::{RichText, Span, Style};
use serenity::model::channel::{Embed, EmbedField};

use super::{poll, tag::Known, words};

/// The kind of those that are made on purpose. The others are previews of addresses.
const RICH: &str = "rich";
/// The kind of the one that tells how a poll ended.
const POLL_RESULT: &str = "poll_result";

/// Whose message an embed stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum In {
    /// A person's, in which Discord puts previews of the addresses that stand there.
    Own,
    /// One that was forwarded, which can be a bot's.
    Forwarded,
}

/// What an embed tells beside the words; `None` of a preview, whose address stands there.
pub(super) fn line(embed: &Embed, within: In, content: &str, known: &Known<'_>) -> Option<RichText> {
    if embed.kind.as_deref() == Some(POLL_RESULT) {
        return Some(poll::result(std::slice::from_ref(embed)).into());
    }
    if is_preview(embed, within, content) {
        return None;
    }
    let lines = lines(embed, known);
    let told = RichText::joined(lines.into_iter().filter(|line| !line.is_blank()), "\n");
    (!told.is_blank()).then(|| RichText::joined(["[embed]".into(), styled(&told, Style::Quote)], "\n"))
}

fn is_preview(embed: &Embed, within: In, content: &str) -> bool {
    let is_there = embed.url.as_ref().is_some_and(|url| content.contains(url.as_str()));
    let has_address = content.contains("https://") || content.contains("http://");
    let is_rich = embed.kind.as_deref() == Some(RICH);
    is_there || (has_address && (within == In::Own || !is_rich))
}

fn lines(embed: &Embed, known: &Known<'_>) -> Vec<RichText> {
    let said = |words: &str| words::readable(words, known);
    let pictures = [
        embed.image.as_ref().map(|image| image.url.as_str()),
        embed.video.as_ref().map(|video| video.url.as_str()),
    ];
    let mut lines = Vec::new();
    lines.extend(embed.author.as_ref().map(|author| author.name.as_str().into()));
    lines.extend(title(embed));
    lines.extend(embed.description.as_deref().map(said));
    lines.extend(embed.fields.iter().map(|of| field(of, known)));
    lines.extend(pictures.into_iter().flatten().map(RichText::from));
    lines.extend(embed.footer.as_ref().map(|footer| footer.text.as_str().into()));
    lines
}

fn title(embed: &Embed) -> Option<RichText> {
    let bold = embed.title.as_deref().map(|title| styled(&title.into(), Style::Bold));
    match (bold, embed.url.as_ref()) {
        (Some(title), Some(url)) => Some(styled(&title, Style::Link { url: url.clone() })),
        (title, url) => title.or_else(|| url.map(|url| url.as_str().into())),
    }
}

fn field(field: &EmbedField, known: &Known<'_>) -> RichText {
    let name = words::readable(&field.name, known);
    let value = words::readable(&field.value, known);
    let both = [name, value].into_iter().filter(|part| !part.is_blank());
    RichText::joined(both, ": ")
}

/// A text with one more formatting over all of it.
fn styled(text: &RichText, style: Style) -> RichText {
    let words = text.words().clone();
    let all = Span {
        start: 0,
        end: words.as_str().len(),
        style,
    };
    RichText::new(
        words,
        std::iter::once(all).chain(text.spans().iter().cloned()).collect(),
    )
}
