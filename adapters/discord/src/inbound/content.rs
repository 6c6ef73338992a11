use escalator::model::{Attachment, CustomerMessage, RichText};
use serenity::model::{
    application::{ActionRow, ActionRowComponent},
    channel::{self, ChannelMention, Embed, Message, MessageFlags, MessageSnapshot, MessageType},
    sticker::StickerItem,
    user::User,
};

use super::{
    embed, file, poll,
    service::{self, Means},
    tag::{self, Known, Named},
    words,
};
use crate::memory::{Memory, Names};

/// What nobody here knows.
const UNKNOWN: &str = "[a message of a kind that cannot be shown here]";

/// How much of each text of a message is read where only its beginning is of interest, and how much of all of them, in
/// bytes: that is done for every message of a guild, where nobody may be kept waiting.
const BEGINNING_BYTES_MAX: usize = 1_000;

/// How much of a message is read.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    Beginning,
}

impl Extent {
    /// How long a text may be, in bytes, of which no more is read.
    const fn bytes_max(self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::Beginning => BEGINNING_BYTES_MAX,
        }
    }

    /// Whether enough was read.
    fn is_read(self, lines: &[RichText]) -> bool {
        let bytes: usize = lines.iter().map(|line| line.words().as_str().len()).sum();
        bytes >= self.bytes_max()
    }
}

/// What a message says: its text, and its files.
pub(super) fn of(message: &Message, memory: &Memory) -> CustomerMessage {
    let (names, files) = (memory.at(message), files(message));
    let mut lines: Vec<RichText> = quote(message, names).into_iter().collect();
    let said = said(message, names, Extent::Whole);
    if said.is_empty() && files.is_empty() {
        lines.push(UNKNOWN.into());
    }
    lines.extend(said);
    CustomerMessage {
        text: (!lines.is_empty()).then(|| RichText::joined(lines, "\n")),
        files,
        ..CustomerMessage::default()
    }
}

/// What it says now that was changed: its files as labels, and its words. `None` when nothing is left.
pub(super) fn changed(message: &Message, memory: &Memory) -> Option<RichText> {
    shown(message, memory.at(message), Extent::Whole)
}

fn shown(message: &Message, names: Names<'_>, extent: Extent) -> Option<RichText> {
    let words = RichText::joined(said(message, names, extent), "\n");
    let labels = labels(message).into_iter().map(RichText::from);
    let words = std::iter::once(words).filter(|words| !words.is_blank());
    let all = RichText::joined(labels.chain(words), " ");
    (!all.is_blank()).then_some(all)
}

/// How it begins, on one line and without formatting; empty when nothing can be read of it.
pub(super) fn beginning(message: &Message, memory: &Memory) -> String {
    short(message, memory.at(message))
}

/// The same. One that is answered does not tell its guild.
fn short(message: &Message, names: Names<'_>) -> String {
    let words = shown(message, names, Extent::Beginning);
    words.map_or_else(String::new, |words| words.words().clone().into_string())
}

/// The channels and roles that it names.
pub(super) fn named(message: &Message) -> Named {
    let mut named = Named::default();
    parts(message).for_each(|part| named.note(part.content));
    named
}

/// Whether nothing can be seen in it.
pub(super) fn is_empty(message: &Message) -> bool {
    let nothing_else = message.embeds.is_empty() && message.components.is_empty() && message.poll.is_none();
    let no_files = message.attachments.is_empty() && message.sticker_items.is_empty();
    let is_alone = message.message_snapshots.is_empty() && message.activity.is_none();
    message.content.is_empty() && nothing_else && no_files && is_alone
}

/// A message's own part, or that of one that it forwards.
struct Part<'m> {
    within: embed::In,
    content: &'m str,
    people: &'m [User],
    channels: &'m [ChannelMention],
    attachments: &'m [channel::Attachment],
    embeds: &'m [Embed],
    stickers: &'m [StickerItem],
    buttons: &'m [ActionRow],
    flags: Option<MessageFlags>,
}

impl<'m> Part<'m> {
    fn own(message: &'m Message) -> Self {
        Self {
            within: embed::In::Own,
            content: &message.content,
            people: &message.mentions,
            channels: &message.mention_channels,
            attachments: &message.attachments,
            embeds: &message.embeds,
            stickers: &message.sticker_items,
            buttons: &message.components,
            flags: message.flags,
        }
    }

    fn forwarded(snapshot: &'m MessageSnapshot) -> Self {
        Self {
            within: embed::In::Forwarded,
            content: &snapshot.content,
            people: &snapshot.mentions,
            channels: &[],
            attachments: &snapshot.attachments,
            embeds: &snapshot.embeds,
            stickers: &snapshot.sticker_items,
            buttons: &snapshot.components,
            flags: snapshot.flags,
        }
    }

    fn lines(&self, names: Names<'_>, extent: Extent) -> Vec<RichText> {
        let known = Known {
            people: self.people,
            channels: self.channels,
            names,
            bytes_max: extent.bytes_max(),
        };
        let words = words::readable(self.content, &known);
        let mut lines: Vec<RichText> = Some(words).filter(|words| !words.is_blank()).into_iter().collect();
        lines.extend(self.attachments.iter().filter_map(description));
        let stickers = self.stickers.iter();
        lines.extend(stickers.map(|sticker| format!("[sticker: {}]", sticker.name).into()));
        for embed in self.embeds {
            if extent.is_read(&lines) {
                break;
            }
            lines.extend(embed::line(embed, self.within, self.content, &known));
        }
        lines.extend(buttons(self.buttons));
        lines
    }

    fn is_empty(&self) -> bool {
        self.attachments.is_empty() && self.stickers.iter().all(|sticker| file::of_sticker(sticker).is_none())
    }

    fn files(&self, message: &Message) -> Vec<Attachment> {
        let stickers = self.stickers.iter().filter_map(file::of_sticker);
        self.attached(message).chain(stickers).collect()
    }

    /// Those that were attached; a sticker's picture is told by the sticker's own line.
    fn attached(&self, message: &Message) -> impl Iterator<Item = Attachment> {
        let (place, is_voice) = ((message.channel_id, message.id), file::is_voice(self.flags));
        let files = self.attachments.iter();
        files.map(move |attachment| file::of(place, attachment, is_voice))
    }
}

fn parts(message: &Message) -> impl Iterator<Item = Part<'_>> {
    let forwarded = message.message_snapshots.iter().map(Part::forwarded);
    std::iter::once(Part::own(message)).chain(forwarded)
}

fn files(message: &Message) -> Vec<Attachment> {
    parts(message).flat_map(|part| part.files(message)).collect()
}

fn labels(message: &Message) -> Vec<String> {
    let files = parts(message).flat_map(|part| part.attached(message).collect::<Vec<_>>());
    files.map(|file| file.label().into_string()).collect()
}

/// Its lines, without what it answers.
fn said(message: &Message, names: Names<'_>, extent: Extent) -> Vec<RichText> {
    let mut lines: Vec<RichText> = service::line(message, names).into_iter().collect();
    // What a message of Discord's own holds is in its line.
    if service::means(message.kind) == Means::Deed {
        return lines;
    }
    lines.extend(Part::own(message).lines(names, extent));
    for snapshot in &message.message_snapshots {
        if extent.is_read(&lines) {
            break;
        }
        lines.push(forwarded(snapshot, names, extent));
    }
    lines.extend(message.poll.as_deref().map(|of| poll::line(of).into()));
    lines.extend(invitation(message).map(RichText::from));
    lines
}

/// What is answered: its words, or the files that it is. And whose it is, where that is neither the customer nor the bot.
fn quote(message: &Message, names: Names<'_>) -> Option<RichText> {
    let Some(answered) = message.referenced_message.as_deref() else {
        let answered = message.message_reference.as_ref()?.message_id?;
        let is_reply = message.kind == MessageType::InlineReply;
        return is_reply.then(|| RichText::in_reply_to(&names.message(answered).unwrap_or_default(), None));
    };
    let author = &answered.author;
    let is_ours = author.bot && names.may_be_us(author.id);
    let is_others = author.id != message.author.id && !is_ours && answered.webhook_id.is_none();
    let from = is_others.then(|| tag::called(author));
    Some(RichText::in_reply_to(&short(answered, names), from))
}

/// What was forwarded. Discord does not tell whose it was.
fn forwarded(snapshot: &MessageSnapshot, names: Names<'_>, extent: Extent) -> RichText {
    let part = Part::forwarded(snapshot);
    let mut lines = part.lines(names, extent);
    if lines.is_empty() && part.is_empty() {
        lines.push(UNKNOWN.into());
    }
    RichText::joined(std::iter::once(RichText::forwarded(None)).chain(lines), "\n")
}

/// What a file's sender wrote about it.
fn description(attachment: &channel::Attachment) -> Option<RichText> {
    let description = attachment.description.as_deref()?;
    let is_said = !description.trim().is_empty();
    is_said.then(|| format!("[{}: {description}]", file::named(&attachment.filename)).into())
}

/// The buttons under a message, which only bots' messages have.
fn buttons(rows: &[ActionRow]) -> Option<RichText> {
    let labels = rows.iter().flat_map(|row| &row.components);
    let labels: Vec<_> = labels
        .filter_map(|component| match component {
            ActionRowComponent::Button(button) => button.label.as_deref(),
            _ => None,
        })
        .collect();
    (!labels.is_empty()).then(|| format!("[buttons: {}]", labels.join(" / ")).into())
}

/// An invitation to do something together.
fn invitation(message: &Message) -> Option<String> {
    message.activity.as_ref()?;
    let to = message.application.as_ref().map(|application| &application.name);
    Some(to.map_or_else(|| "[invitation]".to_owned(), |to| format!("[invitation: {to}]")))
}
