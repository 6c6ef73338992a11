//! What carries no file and no text, as one readable line.

use teloxide::types::{Contact, DiceEmoji, Location, MediaKind, MessageKind, Poll, Sticker, Venue};

/// What nobody here knows.
pub(super) const UNKNOWN: &str = "[a message of a kind that cannot be shown here]";

/// Content beside texts and files.
pub(super) fn of_media(media: &MediaKind) -> String {
    match media {
        MediaKind::Location(media) => location(&media.location),
        MediaKind::Venue(media) => venue(&media.venue),
        MediaKind::Contact(media) => contact(&media.contact),
        MediaKind::Poll(media) => poll(&media.poll),
        MediaKind::Checklist(media) => {
            let tasks = media.checklist.tasks.iter().map(|task| task.text.as_str());
            listed("checklist", &media.checklist.title, tasks)
        }
        MediaKind::Game(media) => format!("[game: {}]", media.game.title),
        MediaKind::Story(_) => "[a story]".to_owned(),
        MediaKind::PaidMedia(_) => "[paid media]".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Messages that Telegram makes, and some that are no common ones.
pub(super) fn of_kind(kind: &MessageKind) -> String {
    match kind {
        MessageKind::Dice(message) => format!("[{} {}]", dice(message.dice.emoji), message.dice.value),
        MessageKind::Pinned(_) => "[pinned a message]".to_owned(),
        MessageKind::WebAppData(message) => format!("[sent the form “{}”]", message.web_app_data.button_text),
        MessageKind::UsersShared(_) => "[shared users]".to_owned(),
        MessageKind::ChatShared(_) => "[shared a chat]".to_owned(),
        MessageKind::PassportData(_) => "[sent passport data, which is not passed on]".to_owned(),
        MessageKind::GiftInfo(_) | MessageKind::UniqueGiftInfo(_) => "[sent a gift]".to_owned(),
        MessageKind::MessageAutoDeleteTimerChanged(_) => "[changed when messages are deleted]".to_owned(),
        MessageKind::ChatBackground(_) => "[changed the chat's background]".to_owned(),
        MessageKind::WriteAccessAllowed(_) => "[allowed the bot to write]".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// A sticker's meaning, where it has one.
pub(super) fn sticker(sticker: &Sticker) -> Option<String> {
    sticker.emoji.as_ref().map(|emoji| format!("[sticker: {emoji}]"))
}

fn location(location: &Location) -> String {
    let word = if location.live_period.is_some() {
        "live location"
    } else {
        "location"
    };
    format!("[{word}: {}]", place(location))
}

fn venue(venue: &Venue) -> String {
    format!(
        "[place: {}, {}, {}]",
        venue.title,
        venue.address,
        place(&venue.location)
    )
}

fn place(location: &Location) -> String {
    let Location {
        latitude, longitude, ..
    } = location;
    format!("{latitude}, {longitude} https://maps.google.com/?q={latitude},{longitude}")
}

/// Without brackets: the number stands free, so that it is found as a way to reach the customer.
fn contact(contact: &Contact) -> String {
    let last_name = contact.last_name.iter().map(String::as_str);
    let name: Vec<_> = std::iter::once(contact.first_name.as_str()).chain(last_name).collect();
    format!("Contact: {}, {}", name.join(" "), contact.phone_number)
}

fn poll(poll: &Poll) -> String {
    listed(
        "poll",
        &poll.question,
        poll.options.iter().map(|option| option.text.as_str()),
    )
}

fn listed<'a>(word: &str, title: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<_> = items.collect();
    format!("[{word}: {title} ({})]", items.join(" / "))
}

const fn dice(emoji: DiceEmoji) -> &'static str {
    match emoji {
        DiceEmoji::Dice => "🎲",
        DiceEmoji::Darts => "🎯",
        DiceEmoji::Bowling => "🎳",
        DiceEmoji::Basketball => "🏀",
        DiceEmoji::Football => "⚽",
        DiceEmoji::SlotMachine => "🎰",
    }
}
