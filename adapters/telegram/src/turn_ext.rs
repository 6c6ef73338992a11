use std::future::Future;

use escalator::channel::{SayError, Turn};
use teloxide::{
    requests::Requester,
    types::{Message, Recipient},
};

/// A line of the bot, written once.
pub trait TurnExt {
    /// Sends a text through the turn: it stands in the transcript, and is refused after a takeover. For anything but a
    /// plain text use [`Turn::say`] with the request and what it says.
    ///
    /// # Errors
    /// [`SayError::TakenOver`] when a human owns the chat; [`SayError::Send`] with teloxide's error.
    fn reply<R>(
        &self,
        bot: &R,
        chat: impl Into<Recipient> + Send,
        text: impl Into<String> + Send,
    ) -> impl Future<Output = Result<Message, SayError<R::Err>>> + Send
    where
        R: Requester<SendMessage: Send> + Sync;
}

impl TurnExt for Turn {
    async fn reply<R>(
        &self,
        bot: &R,
        chat: impl Into<Recipient> + Send,
        text: impl Into<String> + Send,
    ) -> Result<Message, SayError<R::Err>>
    where
        R: Requester<SendMessage: Send> + Sync,
    {
        let text = text.into();
        self.say(text.as_str(), bot.send_message(chat, text.clone())).await
    }
}
