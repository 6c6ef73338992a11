//! What carries no file and no text, as one readable line.

mod card;
mod gift;
mod list;
mod place;
mod service;

use teloxide::types::{ExternalReplyInfoKind, MediaKind, Sticker, Story};

pub(super) use self::service::of_kind;
use super::reference;

/// What nobody here knows.
pub(super) const UNKNOWN: &str = "[a message of a kind that cannot be shown here]";

/// What nobody here knows, but for what it is called.
pub(super) fn unknown(kind: &str) -> String {
    format!("[a message of the kind “{kind}”]")
}

/// Content beside texts and files.
pub(super) fn of_media(media: &MediaKind) -> String {
    match media {
        MediaKind::Location(media) => place::location(&media.location),
        MediaKind::Venue(media) => place::venue(&media.venue),
        MediaKind::Contact(media) => card::contact(&media.contact),
        MediaKind::Poll(media) => list::poll(&media.poll),
        MediaKind::Checklist(media) => list::checklist(&media.checklist),
        MediaKind::Game(media) => game(&media.game.title),
        MediaKind::Story(media) => story(&media.story),
        MediaKind::PaidMedia(media) => gift::paid_media(&media.paid_media),
        _ => UNKNOWN.to_owned(),
    }
}

/// The same of a message in another chat.
pub(super) fn of_external(kind: &ExternalReplyInfoKind) -> String {
    use ExternalReplyInfoKind as Kind;
    match kind {
        Kind::Location(location) => place::location(location),
        Kind::Venue(venue) => place::venue(venue),
        Kind::Contact(contact) => card::contact(contact),
        Kind::Poll(poll) => list::poll(poll),
        Kind::Checklist(checklist) => list::checklist(checklist),
        Kind::Game(told) => game(&told.title),
        Kind::Story(told) => story(told),
        Kind::PaidMedia(media) => gift::paid_media(media),
        Kind::Dice(dice) => service::dice(dice),
        Kind::Invoice(invoice) => service::invoice(invoice),
        Kind::Giveaway(_) => service::GIVEAWAY.to_owned(),
        Kind::GiveawayWinners(_) => service::WINNERS.to_owned(),
        _ => String::new(),
    }
}

/// A sticker's meaning, where it has one.
pub(super) fn sticker(sticker: &Sticker) -> Option<String> {
    sticker.emoji.as_ref().map(|emoji| format!("[sticker: {emoji}]"))
}

/// A sticker that is elsewhere.
pub(super) fn of_sticker(told: &Sticker) -> String {
    sticker(told).unwrap_or_else(|| "[sticker]".to_owned())
}

/// Whose story it is, and where it can be seen. Its content is told to no bot.
pub(super) fn story(story: &Story) -> String {
    let from = reference::chat_name(&story.chat).map_or_else(String::new, |name| format!(" from {name}"));
    match story.chat.username() {
        Some(username) => format!("[story{from}: https://t.me/{username}/s/{}]", story.id),
        None => format!("[story{from}]"),
    }
}

fn game(title: &str) -> String {
    format!("[game: {title}]")
}
