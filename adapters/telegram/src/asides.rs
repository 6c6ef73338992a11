use std::time::Duration;

use futures::{StreamExt, stream};
use teloxide::{
    payloads::SendMessageSetters,
    requests::{HasPayload, Request, Requester},
    types::{AllowedUpdate, CallbackQueryId, ChatId, MessageId, ReplyParameters, WebhookInfo},
};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::listener::NEEDED;

/// Asides that wait to be made. Past this they are dropped: a button then shows as busy for a while.
const WAITING_MAX: usize = 256;
/// Asides that are made at once.
const AT_ONCE_MAX: usize = 8;
/// How long the answer to a pressed button may be, in UTF-16 units.
const ANSWER_MAX: usize = 200;
/// How long one may take.
const ASIDE_MAX: Duration = Duration::from_secs(10);

/// A small call beside the deliveries, made once and best effort. Neither the stream of updates nor a handler waits for
/// it: `run` makes it.
pub(crate) enum Aside {
    /// A pressed button gets its answer, without which the customer's client shows it as busy.
    Pressed {
        button: CallbackQueryId,
        text: Option<String>,
    },
    /// The buttons under a question are taken away: it has its answer.
    Bare { chat: ChatId, question: MessageId },
    /// `/human` in a group gets its hint.
    Hint {
        group: ChatId,
        asked: MessageId,
        text: String,
    },
    /// Telegram is asked which kinds of updates it sends, and whoever reads the logs is told what is missing.
    Kinds,
}

/// The queue of asides.
pub(crate) struct Asides {
    put: mpsc::Sender<Aside>,
    /// Held by the `run` that stands, and free again when it is dropped.
    take: Mutex<mpsc::Receiver<Aside>>,
}

impl Asides {
    pub(crate) fn new() -> Self {
        let (put, take) = mpsc::channel(WAITING_MAX);
        Self {
            put,
            take: Mutex::new(take),
        }
    }

    pub(crate) fn push(&self, aside: Aside) {
        if self.put.try_send(aside).is_err() {
            tracing::warn!(
                waiting_max = WAITING_MAX,
                "too many small answers wait: one was dropped"
            );
        }
    }

    /// Makes asides until the shutdown; those on their way are finished.
    pub(crate) async fn run<R: Requester>(&self, bot: &R, shutdown: &CancellationToken) {
        let mut take = self.take.lock().await;
        stream::poll_fn(|cx| take.poll_recv(cx))
            .take_until(shutdown.cancelled())
            .for_each_concurrent(AT_ONCE_MAX, |aside| make(bot, aside))
            .await;
    }
}

async fn make<R: Requester>(bot: &R, aside: Aside) {
    let made = match aside {
        Aside::Pressed { button, text } => {
            let answer = bot.answer_callback_query(button);
            let answer = answer.with_payload_mut(|answer| answer.text = text.map(cut)).send();
            in_time(answer).await
        }
        Aside::Bare { chat, question } => in_time(bot.edit_message_reply_markup(chat, question).send()).await,
        Aside::Hint { group, asked, text } => {
            let reply = ReplyParameters::new(asked).allow_sending_without_reply();
            in_time(bot.send_message(group, text).reply_parameters(reply).send()).await
        }
        Aside::Kinds => in_time(look_at_kinds(bot)).await,
    };
    if !made {
        tracing::debug!("a small answer did not go out");
    }
}

/// As much of an answer as Telegram takes.
fn cut(mut text: String) -> String {
    let mut units = 0;
    let end = text.char_indices().find_map(|(at, char)| {
        units += char.len_utf16();
        (units > ANSWER_MAX).then_some(at)
    });
    text.truncate(end.unwrap_or(text.len()));
    text
}

async fn look_at_kinds<R: Requester>(bot: &R) -> Result<(), R::Err> {
    tell_what_is_missing(&bot.get_webhook_info().send().await?);
    Ok(())
}

/// Tells whoever reads the logs which of the kinds that we need Telegram does not send.
pub(crate) fn tell_what_is_missing(info: &WebhookInfo) {
    let missing = missing(info.allowed_updates.as_deref());
    if !missing.is_empty() {
        tracing::error!(
            ?missing,
            "Telegram does not send all kinds of updates that a chat with a human needs. Webhook: call setWebhook with them \
             in allowed_updates. A listener of teloxide's: the first poll, which alone asks for them, failed; start the bot \
             again, or poll with escalator_telegram::polling"
        );
    }
}

/// The kinds that we need and Telegram does not send. Where none are named it sends all of ours.
fn missing(sent: Option<&[AllowedUpdate]>) -> Vec<AllowedUpdate> {
    let is_sent = |kind: &AllowedUpdate| sent.is_none_or(|sent| sent.is_empty() || sent.contains(kind));
    NEEDED.into_iter().filter(|kind| !is_sent(kind)).collect()
}

async fn in_time<T, E>(call: impl Future<Output = Result<T, E>>) -> bool {
    let made = tokio::time::timeout(ASIDE_MAX, call).await;
    made.is_ok_and(|answered| answered.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_to_what_telegram_takes() {
        for (text, kept) in [
            ("a".repeat(200), 200),
            ("ä".repeat(201), 200),
            ("😀".repeat(101), 100),
            (String::new(), 0),
        ] {
            let cut = cut(text.clone());
            assert_eq!(cut.chars().count(), kept);
            assert!(text.starts_with(&cut));
        }
    }

    #[test]
    fn what_telegram_does_not_send_is_missing() {
        assert_eq!(missing(None), []);
        assert_eq!(missing(Some(&[])), []);
        assert_eq!(missing(Some(&NEEDED)), []);
        assert_eq!(
            missing(Some(&[AllowedUpdate::Message, AllowedUpdate::InlineQuery])),
            [AllowedUpdate::EditedMessage, AllowedUpdate::CallbackQuery]
        );
    }
}
