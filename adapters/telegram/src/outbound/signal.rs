use std::time::Duration;

use escalator::model::{ConversationKey, Signal};
use teloxide::{requests::Request, types::ChatAction};

use crate::{channel::TelegramBot, error, inbound};

/// How long it is shown.
pub(crate) const TYPING_LASTS: Duration = Duration::from_secs(5);

/// Shows "typing…". Telegram takes it back by itself after five seconds, or when a message comes; it has no call for it.
pub(crate) async fn signal<R: TelegramBot>(bot: &R, to: &ConversationKey, signal: Signal) {
    let (Signal::TypingStarted, Some(chat)) = (signal, inbound::chat(to)) else {
        return;
    };
    let typing = bot.send_chat_action(chat, ChatAction::Typing);
    if let Err(failure) = error::in_time(typing.send()).await {
        tracing::debug!(channel = %to.channel, error = failure.detail(), "typing was not shown");
    }
}
