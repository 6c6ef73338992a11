use std::future::Future;

use async_trait::async_trait;

use crate::model::BotEvent;

/// The bot author's own handler of what happens to its conversations. A closure `|event| async { … }` is one.
#[async_trait]
pub trait BotListener: Send + Sync + 'static {
    /// Called for each event, in order for each conversation, after it is committed. Keep it short: the next event of the
    /// same conversation waits for it.
    ///
    /// It is called once, but again when the process stopped before it returned, when it panicked, and when it took longer
    /// than `DispatchSettings::bot.call_max` (30 seconds): then it is cut off where it awaits. An event that it does not
    /// take for `RetryPolicy::bot_age_max` (5 minutes) is a dead letter.
    async fn hear(&self, event: BotEvent);
}

#[async_trait]
impl<F, Told> BotListener for F
where
    F: Fn(BotEvent) -> Told + Send + Sync + 'static,
    Told: Future<Output = ()> + Send,
{
    async fn hear(&self, event: BotEvent) {
        self(event).await;
    }
}
