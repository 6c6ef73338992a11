//! The bot of an author who embeds escalation, and what reaches its handlers.

use std::sync::{Arc, Mutex, PoisonError};

use escalator::{
    channel::{EscalationChannel, Turn},
    model::{Contact, Escalation},
};
use escalator_telegram::{Telegram, TurnExt};
use teloxide::{
    dispatching::{UpdateFilterExt, UpdateHandler},
    prelude::*,
    types::{InlineKeyboardButton, InlineKeyboardMarkup},
};

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the button under the bot's menu sends.
pub(crate) const MORE: &str = "menu:more";

/// What reached the author's handlers, in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what.into());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers each message in its own words, and hands over at `/human`, which may be followed by an e-mail address.
pub(crate) fn handlers() -> UpdateHandler<Failed> {
    dptree::entry()
        .branch(Update::filter_message().endpoint(answer))
        .branch(Update::filter_edited_message().endpoint(edited))
        .branch(Update::filter_callback_query().endpoint(pressed))
}

async fn answer(bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>, seen: Seen) -> Result<(), Failed> {
    let said = message.text().unwrap_or_default();
    seen.note(said);
    if let Some(rest) = said.strip_prefix("/human") {
        let mut escalation = Escalation::because("the customer asked for a human");
        if let Some(contact) = Contact::find(rest) {
            escalation = escalation.contact(contact);
        }
        telegram.escalate(turn, escalation).await?;
    } else if said == "/menu" {
        let buttons = InlineKeyboardMarkup::new([[InlineKeyboardButton::callback("More", MORE)]]);
        let menu = bot.send_message(message.chat.id, "Bot: menu").reply_markup(buttons);
        turn.say("Bot: menu", menu).await?;
    } else {
        turn.reply(&bot, message.chat.id, format!("Bot: {said}")).await?;
    }
    Ok(())
}

async fn edited(message: Message, seen: Seen) -> Result<(), Failed> {
    seen.note(format!("edited: {}", message.text().unwrap_or_default()));
    Ok(())
}

async fn pressed(bot: Bot, query: CallbackQuery, seen: Seen) -> Result<(), Failed> {
    seen.note(format!("pressed: {}", query.data.unwrap_or_default()));
    bot.answer_callback_query(query.id).text("Bot: pressed").await?;
    Ok(())
}
