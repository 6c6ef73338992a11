//! Reads an update into our terms. Pure.
//!
//! # Invariants
//! - What a customer sends in a private chat is never read as nothing: a message or an edit of a kind that nobody knows
//!   becomes a readable placeholder.
//! - A file is read as a reference; its bytes are fetched when it is delivered.
//!
//! # Not here
//! - Payments, reactions, inline queries, groups: they are no part of a conversation and stay the bot's.

mod command;
mod content;
#[cfg(test)]
mod corpus;
mod file;
mod format;
mod hollow;
mod line;
mod press;
mod reference;
#[cfg(test)]
mod tests;
mod unread;

use escalator::{
    channel::Inbound,
    model::{
        Address, ChannelId, Contact, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, EventKey, MessageId,
        Position, Profile, Text, Timestamp,
    },
};
use teloxide::types::{
    CallbackQuery, ChatId, MaybeInaccessibleMessage, MediaKind, Message, MessageKind, Update, UpdateKind, User, UserId,
};

pub use self::press::human_button;
pub(crate) use self::{
    command::command,
    hollow::{for_handlers, is_unreadable, parse},
    press::{Button, Press, answer_button, asks_for_human, end_button},
};

/// The command that ends a chat with a human.
const END_COMMAND: &str = "end";

/// An update of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    /// What is offered.
    pub(crate) inbound: Inbound,
    /// The button that was pressed, which wants an answer.
    pub(crate) button: Option<Button>,
}

impl Read {
    /// The same, where the button that ends the chat is one of an earlier session.
    pub(crate) fn of_earlier_session(mut self) -> Self {
        if let Some(button) = &mut self.button {
            button.press = Press::EarlierEnd;
            self.inbound.event = pressed(button);
        }
        self
    }

    /// The same for a bot that does not ask for such updates.
    pub(crate) fn without_handler(self) -> Self {
        Self {
            inbound: self.inbound.without_handler(),
            ..self
        }
    }
}

/// Reads an update; `None` when it is no part of a conversation.
pub(crate) fn read(channel: &ChannelId, update: &Update) -> Option<Read> {
    let conversation = conversation(channel, update)?;
    let (profile, event, button) = match &update.kind {
        UpdateKind::Message(message) => (told_by(message), said(message), None),
        UpdateKind::EditedMessage(message) => (known(message.from.as_ref()), edited(message), None),
        UpdateKind::CallbackQuery(query) => {
            let button = Button {
                id: query.id.clone(),
                press: Press::read(query.data.as_deref()),
                under: query.message.as_ref().map(MaybeInaccessibleMessage::id),
                said: query.regular_message().map(|message| moment(message.date.timestamp())),
            };
            (known(Some(&query.from)), pressed(&button), Some(button))
        }
        UpdateKind::Error(raw) => {
            let unread = unread::update(raw)?;
            (unread.profile, unread.event, unread.button)
        }
        _ => return None,
    };
    let is_answered = button.as_ref().is_some_and(|button| button.press.is_answered());
    // We answer most of our buttons, and teloxide hands no handler what it cannot read.
    let has_handler = !is_answered && !is_unreadable(update);
    let inbound = Inbound {
        key: EventKey::new(format!("telegram:{channel}:update:{}", update.id.0)),
        conversation,
        position: position(update),
        profile,
        event,
        has_handler,
        edits: changed(update),
    };
    Some(Read { inbound, button })
}

/// The message that an update edits.
fn changed(update: &Update) -> Option<MessageId> {
    match &update.kind {
        UpdateKind::EditedMessage(message) => Some(id_of(message.id.0.into())),
        UpdateKind::Error(raw) => unread::edited(raw).map(id_of),
        _ => None,
    }
}

/// The conversation that an update belongs to; `None` when it belongs to none.
pub(crate) fn conversation(channel: &ChannelId, update: &Update) -> Option<ConversationKey> {
    let customer = match &update.kind {
        UpdateKind::Message(message) if !is_payment(message) => private_customer(message),
        UpdateKind::EditedMessage(message) => private_customer(message),
        UpdateKind::CallbackQuery(query) => button_customer(query),
        UpdateKind::Error(raw) => unread::update(raw).map(|unread| unread.customer),
        _ => None,
    };
    customer.map(|customer| private(channel, customer))
}

/// Where an update stands in its channel's order.
pub(crate) fn position(update: &Update) -> Position {
    Position(i64::from(update.id.0))
}

/// The conversation of a customer: a private chat has its customer's number.
pub(crate) fn private(channel: &ChannelId, customer: UserId) -> ConversationKey {
    ConversationKey {
        channel: channel.clone(),
        address: Address::new(customer.to_string()),
        customer: CustomerId::new(customer.to_string()),
    }
}

/// The chat of a conversation.
pub(crate) fn chat(conversation: &ConversationKey) -> Option<ChatId> {
    conversation.address.as_str().parse().ok().map(ChatId)
}

/// Whether a key is that of a private chat.
pub(crate) fn is_private(conversation: &ConversationKey) -> bool {
    let (address, customer) = (conversation.address.as_str(), conversation.customer.as_str());
    address == customer && !address.is_empty()
}

/// Whether an update is of a business account's chat, which the bot only helps with.
pub(crate) fn is_business(update: &Update) -> bool {
    matches!(
        update.kind,
        UpdateKind::BusinessMessage(_) | UpdateKind::EditedBusinessMessage(_) | UpdateKind::DeletedBusinessMessages(_)
    )
}

fn private_customer(message: &Message) -> Option<UserId> {
    let chat = message.chat.is_private().then_some(message.chat.id)?;
    u64::try_from(chat.0).ok().map(UserId)
}

fn button_customer(query: &CallbackQuery) -> Option<UserId> {
    let chat = query.message.as_ref().map(MaybeInaccessibleMessage::chat)?;
    chat.is_private().then_some(query.from.id)
}

/// Telegram's word on a payment is for the program that sells, whoever speaks in the chat.
fn is_payment(message: &Message) -> bool {
    matches!(
        message.kind,
        MessageKind::SuccessfulPayment(_) | MessageKind::RefundedPayment(_)
    )
}

fn said(message: &Message) -> CustomerEvent {
    let text = message.text().unwrap_or_default();
    if command(text).is_some_and(|command| command.is(END_COMMAND, None)) {
        return CustomerEvent::Ended;
    }
    CustomerEvent::Message(CustomerMessage {
        id: Some(id_of(i64::from(message.id.0))),
        contact: own_contact(message),
        ..content::of(message)
    })
}

fn id_of(message: i64) -> MessageId {
    MessageId::new(message.to_string())
}

fn edited(message: &Message) -> CustomerEvent {
    // A live location is edited at each step that its owner takes.
    let moves =
        matches!(&message.kind, MessageKind::Common(common) if matches!(common.media_kind, MediaKind::Location(_)));
    if moves {
        return nothing_said();
    }
    CustomerEvent::Edited(content::changed(message))
}

/// A moment as Telegram tells it, in seconds.
fn moment(secs: i64) -> Timestamp {
    Timestamp::from_millis(secs.saturating_mul(1_000))
}

fn pressed(button: &Button) -> CustomerEvent {
    match button.press {
        Press::End => CustomerEvent::Ended,
        Press::Answer(session, answer) => CustomerEvent::Answered { session, answer },
        Press::Human | Press::EarlierEnd | Press::Theirs => nothing_said(),
    }
}

/// An update that a human's conversation keeps from the bot, and in which nobody says anything: a line of a transcript
/// for each of them would bury what was said.
fn nothing_said() -> CustomerEvent {
    CustomerEvent::Message(CustomerMessage::default())
}

/// What a message tells of its customer.
fn told_by(message: &Message) -> Profile {
    Profile {
        contact: own_contact(message),
        ..known(message.from.as_ref())
    }
}

/// A contact that is the customer's own, as the contact button sends it.
fn own_contact(message: &Message) -> Option<Contact> {
    let contact = message.contact()?;
    let own = message.from.as_ref().map(|from| from.id)?;
    // An account's number is an international one, with its sign or without.
    let number = format!("+{}", contact.phone_number.trim_start_matches('+'));
    (contact.user_id == Some(own)).then(|| Contact::parse(&number).ok())?
}

fn known(user: Option<&User>) -> Profile {
    Profile {
        name: user.map(|user| Text::new(user.full_name())),
        username: user.and_then(|user| user.username.as_deref()).map(Text::from),
        language: user.and_then(|user| user.language_code.clone()),
        platform: Some("Telegram".to_owned()),
        link: user.map(page),
        contact: None,
    }
}

/// The address of somebody's page: by the handle for everybody, else one that Telegram's own programs open, for those who
/// share a chat with the customer.
fn page(user: &User) -> Text {
    let page = user.username.as_deref().map_or_else(
        || format!("tg://user?id={}", user.id),
        |name| format!("https://t.me/{name}"),
    );
    Text::new(page)
}
