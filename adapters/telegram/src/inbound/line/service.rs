use escalator::model::RichText;
use teloxide::types::{ChatShared, Dice, DiceEmoji, Invoice, MaybeInaccessibleMessage, MessageKind, UsersShared};

use super::{UNKNOWN, card, gift, list};
use crate::inbound::content;

pub(super) const GIVEAWAY: &str = "[giveaway]";
pub(super) const WINNERS: &str = "[winners of a giveaway]";

/// Messages that Telegram makes, and some that are no common ones.
pub(in crate::inbound) fn of_kind(kind: &MessageKind) -> String {
    match kind {
        MessageKind::Dice(message) => dice(&message.dice),
        MessageKind::Pinned(message) => pinned(&message.pinned),
        MessageKind::Invoice(message) => invoice(&message.invoice),
        MessageKind::WebAppData(message) => format!("[sent the form “{}”]", message.web_app_data.button_text),
        MessageKind::UsersShared(message) => users(&message.users_shared),
        MessageKind::ChatShared(message) => chat(&message.chat_shared),
        MessageKind::ChecklistTasksDone(message) => list::done(&message.checklist_tasks_done),
        MessageKind::ChecklistTasksAdded(message) => list::added(&message.checklist_tasks_added),
        MessageKind::PassportData(_) => "[sent passport data, which is not passed on]".to_owned(),
        MessageKind::GiftInfo(message) => gift::gift(&message.gift),
        MessageKind::UniqueGiftInfo(message) => gift::unique(&message.unique_gift),
        MessageKind::Giveaway(_) => GIVEAWAY.to_owned(),
        MessageKind::GiveawayWinners(_) => WINNERS.to_owned(),
        MessageKind::MessageAutoDeleteTimerChanged(_) => "[changed when messages are deleted]".to_owned(),
        MessageKind::ChatBackground(_) => "[changed the chat's background]".to_owned(),
        MessageKind::WriteAccessAllowed(_) => "[allowed the bot to write]".to_owned(),
        MessageKind::ForumTopicCreated(message) => format!("[topic: {}]", message.forum_topic_created.name),
        MessageKind::ForumTopicEdited(message) => match &message.forum_topic_edited.name {
            Some(name) => format!("[topic: {name}]"),
            None => "[changed a topic]".to_owned(),
        },
        MessageKind::ForumTopicClosed(_) => "[closed a topic]".to_owned(),
        MessageKind::ForumTopicReopened(_) => "[opened a topic again]".to_owned(),
        MessageKind::ConnectedWebsite(message) => format!("[logged in to {}]", message.connected_website),
        _ => UNKNOWN.to_owned(),
    }
}

pub(super) fn dice(dice: &Dice) -> String {
    let emoji = match dice.emoji {
        DiceEmoji::Dice => "🎲",
        DiceEmoji::Darts => "🎯",
        DiceEmoji::Bowling => "🎳",
        DiceEmoji::Basketball => "🏀",
        DiceEmoji::Football => "⚽",
        DiceEmoji::SlotMachine => "🎰",
    };
    format!("[{emoji} {}]", dice.value)
}

pub(super) fn invoice(invoice: &Invoice) -> String {
    format!("[invoice: {}]", invoice.title)
}

fn pinned(pinned: &MaybeInaccessibleMessage) -> String {
    let words = pinned.regular_message().map(content::words).unwrap_or_default();
    RichText::about("pinned", &words, None).words().clone().into_string()
}

fn users(shared: &UsersShared) -> String {
    let names: Vec<_> = shared.users.iter().map(card::user).collect();
    format!("[shared {}]", names.join(", "))
}

fn chat(shared: &ChatShared) -> String {
    let names = [
        shared.title.clone(),
        shared.username.as_ref().map(|name| format!("@{name}")),
    ];
    let names: Vec<_> = names.into_iter().flatten().collect();
    if names.is_empty() {
        return "[shared a chat]".to_owned();
    }
    format!("[shared the chat {}]", names.join(", "))
}
