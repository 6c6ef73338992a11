use std::{any::Any, pin::pin, sync::Arc, time::Duration};

use escalator::channel::Offered;
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use teloxide::{
    ApiError, RequestError,
    stop::{StopFlag, StopToken, mk_stop_token},
    types::{AllowedUpdate, Update, UpdateKind},
    update_listeners::{AsUpdateStream, UpdateListener},
};
use tokio_util::sync::CancellationToken;

use crate::{asides::Aside, inbound, post::Post};

/// The kinds of updates that a conversation with a human needs.
pub(crate) const NEEDED: [AllowedUpdate; 3] = [
    AllowedUpdate::Message,
    AllowedUpdate::EditedMessage,
    AllowedUpdate::CallbackQuery,
];

/// The part of the installation that stands in front of the dispatcher. Made by
/// [`Telegram::install`](crate::Telegram::install), over any listener that acknowledges an update no earlier than when
/// the next one is asked of it (polling does).
///
/// # Invariants
/// - The inner listener is asked for the next update only after the last one was accepted.
/// - When an update cannot be accepted and the bot is stopped, the stream ends without asking the inner one again: its
///   last request would acknowledge the whole batch.
pub struct Listener<L> {
    inner: L,
    post: Arc<Post>,
    /// Between `stop_token` and the stream that it stops.
    stop: Option<(StopFlag, StopToken)>,
    /// The channel's own wish to stop. Taken when the listener is made: a wish that comes before the first poll counts.
    channel_stop: CancellationToken,
    /// Kinds that we added to the host's.
    added: Vec<AllowedUpdate>,
}

impl<L> Listener<L> {
    pub(crate) fn new(inner: L, post: Arc<Post>) -> Self {
        let channel_stop = post.stop_token();
        Self {
            inner,
            post,
            stop: None,
            channel_stop,
            added: Vec::new(),
        }
    }
}

impl<L> UpdateListener for Listener<L>
where
    L: UpdateListener<Err: Send + 'static>,
{
    type Err = L::Err;

    fn stop_token(&mut self) -> StopToken {
        let (token, flag) = mk_stop_token();
        self.stop = Some((flag, self.inner.stop_token()));
        token
    }

    fn hint_allowed_updates(&mut self, hint: &mut dyn Iterator<Item = AllowedUpdate>) {
        let hosts: Vec<_> = hint.collect();
        self.added = NEEDED.into_iter().filter(|kind| !hosts.contains(kind)).collect();
        let mut all = hosts.into_iter().chain(self.added.iter().copied());
        self.inner.hint_allowed_updates(&mut all);
    }
}

impl<'a, L> AsUpdateStream<'a> for Listener<L>
where
    L: UpdateListener<Err: Send + 'static>,
{
    type StreamErr = L::Err;
    type Stream = BoxStream<'a, Result<Update, L::Err>>;

    fn as_stream(&'a mut self) -> Self::Stream {
        let (flag, inner) = self
            .stop
            .take()
            .unwrap_or_else(|| (mk_stop_token().1, self.inner.stop_token()));
        let stop = Stop::Awaited {
            flag,
            channel: self.channel_stop.clone(),
            inner,
        };
        let state = Reading {
            updates: Box::pin(self.inner.as_stream()),
            post: &self.post,
            stop,
            added: &self.added,
            kinds: Kinds::Untold,
        };
        stream::unfold(state, Reading::next).fuse().boxed()
    }
}

/// A stream of updates that is being read.
struct Reading<'a, S> {
    updates: std::pin::Pin<Box<S>>,
    post: &'a Post,
    stop: Stop,
    added: &'a [AllowedUpdate],
    kinds: Kinds,
}

/// Whether Telegram knows which kinds of updates are wanted. Our own polling says so with each poll, teloxide's with its
/// first and never again; until it is told, Telegram goes by what it was told last, which may have been another version of
/// the bot.
enum Kinds {
    /// Nothing was answered.
    Untold,
    /// The first poll failed: it may have arrived, or not.
    InDoubt,
    /// It does, or whoever asks is told what it lacks.
    Settled,
}

impl<S, E> Reading<'_, S>
where
    S: Stream<Item = Result<Update, E>> + Send,
    E: Send + 'static,
{
    async fn next(mut self) -> Option<(Result<Update, E>, Self)> {
        loop {
            let update = match self.pull().await? {
                Ok(update) => update,
                Err(failed) => {
                    self.kinds.failed();
                    explain_conflict(self.post, &failed);
                    return Some((Err(failed), self));
                }
            };
            if self.kinds.are_in_doubt() {
                self.post.asides.push(Aside::Kinds);
            }
            match self.admit(&update).await {
                Admitted::Bots => return Some((Ok(inbound::for_handlers(update)), self)),
                Admitted::Kept => {}
                Admitted::Not => return None,
            }
        }
    }

    async fn pull(&mut self) -> Option<Result<Update, E>> {
        tokio::select! {
            biased;
            () = self.stop.wished() => self.stop.pass_on(),
            update = self.updates.next() => return update,
        }
        // What was pulled comes at once. Behind it stands the last request, which tells Telegram so.
        let last = tokio::time::timeout(self.post.settings.stop_wait_max, self.updates.next()).await;
        last.unwrap_or_else(|_elapsed| {
            tracing::warn!(
                channel = %self.post.ingress.channel(),
                "stopped while Telegram did not answer; it may hand out the last batch again"
            );
            None
        })
    }

    async fn admit(&mut self, update: &Update) -> Admitted {
        let Some(read) = self.post.read(update) else {
            return self.bots(update);
        };
        let read = if self.has_handler(update) {
            read
        } else {
            read.without_handler()
        };
        let stop_wait_max = self.post.settings.stop_wait_max;
        let offered = {
            let offer = pin!(self.post.offer(&read.inbound));
            tokio::select! {
                biased;
                offered = offer => offered,
                () = self.stop.is_overdue(stop_wait_max) => {
                    tracing::error!(
                        channel = %self.post.ingress.channel(),
                        update = update.id.0,
                        "stopped while an update could not be accepted; Telegram keeps it, with its batch"
                    );
                    return Admitted::Not;
                }
            }
        };
        if self.post.settle_button(&read, offered) {
            return Admitted::Kept;
        }
        match offered {
            Offered::Kept => Admitted::Kept,
            Offered::Pass => self.bots(update),
        }
    }

    /// What becomes of an update that is not a human's. One that teloxide could not read goes no further: no handler gets
    /// it, and the dispatcher would log the whole of it.
    fn bots(&self, update: &Update) -> Admitted {
        if inbound::is_unreadable(update) {
            tracing::warn!(
                channel = %self.post.ingress.channel(),
                update = update.id.0,
                "an update is of a form that teloxide does not know: no handler gets it"
            );
        }
        if self.has_handler(update) {
            Admitted::Bots
        } else {
            Admitted::Kept
        }
    }

    /// Whether an update is for the host's handlers, or for our node, which asks for a human where that button was pressed.
    fn has_handler(&self, update: &Update) -> bool {
        let is_wanted = !self.is_added(update) || inbound::asks_for_human(update).is_some();
        is_wanted && !inbound::is_unreadable(update)
    }

    fn is_added(&self, update: &Update) -> bool {
        let kind = match &update.kind {
            UpdateKind::Message(_) => AllowedUpdate::Message,
            UpdateKind::EditedMessage(_) => AllowedUpdate::EditedMessage,
            UpdateKind::CallbackQuery(_) => AllowedUpdate::CallbackQuery,
            UpdateKind::Error(raw) if raw.get("message").is_some() => AllowedUpdate::Message,
            UpdateKind::Error(raw) if raw.get("edited_message").is_some() => AllowedUpdate::EditedMessage,
            _ => return false,
        };
        self.added.contains(&kind)
    }
}

/// What becomes of an update.
enum Admitted {
    /// The bot gets it.
    Bots,
    /// It goes no further.
    Kept,
    /// It could not be accepted, and the bot is being stopped.
    Not,
}

impl Kinds {
    fn failed(&mut self) {
        if matches!(self, Self::Untold) {
            *self = Self::InDoubt;
        }
    }

    /// Whether they are, now that a poll was answered; `true` once.
    fn are_in_doubt(&mut self) -> bool {
        matches!(std::mem::replace(self, Self::Settled), Self::InDoubt)
    }
}

/// The wish to stop, which reaches the inner listener through us.
enum Stop {
    /// It has not come, or not been noticed.
    Awaited {
        /// The dispatcher's.
        flag: StopFlag,
        channel: CancellationToken,
        inner: StopToken,
    },
    /// The inner listener was told.
    PassedOn,
}

impl Stop {
    /// Resolves when the bot is being stopped, by the dispatcher or by the channel.
    async fn wished(&mut self) {
        if let Self::Awaited { flag, channel, .. } = self {
            tokio::select! {
                () = flag => {}
                () = channel.cancelled() => {}
            }
        }
    }

    fn pass_on(&mut self) {
        if let Self::Awaited { inner, .. } = std::mem::replace(self, Self::PassedOn) {
            inner.stop();
        }
    }

    /// Resolves when the bot is being stopped and has waited long enough.
    async fn is_overdue(&mut self, wait_max: Duration) {
        self.wished().await;
        tokio::time::sleep(wait_max).await;
    }
}

/// Two ways in which Telegram refuses polling are mended by the bot's owner alone: say how.
fn explain_conflict<E: 'static>(post: &Post, failed: &E) {
    let Some(RequestError::Api(refusal)) = (failed as &dyn Any).downcast_ref::<RequestError>() else {
        return;
    };
    if let Some(advice) = advice(refusal) {
        tracing::error!(channel = %post.ingress.channel(), "{advice}");
    }
}

fn advice(refusal: &ApiError) -> Option<&'static str> {
    match refusal {
        ApiError::TerminatedByOtherGetUpdates => Some(ANOTHER_POLLS),
        ApiError::CantGetUpdates => Some(WEBHOOK_IS_SET),
        ApiError::Unknown(said) if said.to_lowercase().contains("webhook") => Some(WEBHOOK_IS_SET),
        _ => None,
    }
}

/// What to do when Telegram hands the updates to somebody else.
const ANOTHER_POLLS: &str =
    "another process polls Telegram with the same token: stop one of the two, or give this bot a token of its own";

/// What to do when a webhook stands in the way of polling.
pub(crate) const WEBHOOK_IS_SET: &str = "a webhook is set for this bot, so Telegram refuses polling. \
    If no other program needs it, call deleteWebhook once; it is not deleted unasked";

#[cfg(test)]
mod tests {
    use super::*;

    /// As teloxide reads it.
    fn told(description: &str) -> Option<&'static str> {
        let refusal = serde_json::from_value(serde_json::json!(description));
        advice(&refusal.expect("every description is read"))
    }

    #[test]
    fn each_conflict_is_told_what_mends_it() {
        for conflict in [
            "Conflict: can't use getUpdates method while webhook is active",
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            "Conflict: terminated by setWebhook request",
        ] {
            assert_eq!(told(conflict), Some(WEBHOOK_IS_SET), "{conflict}");
        }
        let other = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
        assert_eq!(told(other), Some(ANOTHER_POLLS));
        assert_eq!(told("Bad Request: chat not found"), None);
    }
}
