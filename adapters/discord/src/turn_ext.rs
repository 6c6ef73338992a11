use std::future::Future;

use escalator::channel::{SayError, Turn};
use serenity::{
    builder::CreateMessage,
    http::Http,
    model::{channel::Message, id::ChannelId},
};

/// A line of the bot, written once.
pub trait TurnExt {
    /// Sends a text through the turn: it stands in the transcript, and is refused after a takeover. For anything but a
    /// plain text use [`Turn::say`] with the request and what it says.
    ///
    /// # Errors
    /// [`SayError::TakenOver`] when a human owns the conversation; [`SayError::Send`] with serenity's error.
    fn reply(
        &self,
        http: impl AsRef<Http> + Send + Sync,
        channel: ChannelId,
        text: impl Into<String> + Send,
    ) -> impl Future<Output = Result<Message, SayError<serenity::Error>>> + Send;
}

impl TurnExt for Turn {
    async fn reply(
        &self,
        http: impl AsRef<Http> + Send + Sync,
        channel: ChannelId,
        text: impl Into<String> + Send,
    ) -> Result<Message, SayError<serenity::Error>> {
        let text = text.into();
        let message = CreateMessage::new().content(text.as_str());
        let send = async { channel.send_message(http.as_ref(), message).await };
        self.say(text.as_str(), send).await
    }
}
