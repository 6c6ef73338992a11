use std::{any::Any, future::pending, pin::pin, sync::Arc, time::Duration};

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

use crate::{inbound, post::Post};

/// The kinds of updates that a conversation with a human needs.
const NEEDED: [AllowedUpdate; 3] = [
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
    /// Kinds that we added to the host's.
    added: Vec<AllowedUpdate>,
}

impl<L> Listener<L> {
    pub(crate) fn new(inner: L, post: Arc<Post>) -> Self {
        Self {
            inner,
            post,
            stop: None,
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
        let state = Reading {
            updates: Box::pin(self.inner.as_stream()),
            post: &self.post,
            stop: Stop::new(
                self.stop.take(),
                self.post.stop_token(),
                self.post.settings.stop_wait_max,
            ),
            added: &self.added,
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
                    explain_conflict(self.post, &failed);
                    return Some((Err(failed), self));
                }
            };
            match self.admit(&update).await {
                Admitted::Bots => return Some((Ok(update), self)),
                Admitted::Kept => {}
                Admitted::Not => return None,
            }
        }
    }

    async fn pull(&mut self) -> Option<Result<Update, E>> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.comes() => self.stop.pass_on(),
                update = self.updates.next() => return update,
            }
        }
    }

    async fn admit(&mut self, update: &Update) -> Admitted {
        let Some(read) = inbound::read(self.post.ingress.channel(), update) else {
            return Admitted::bots_unless(self.is_added(update));
        };
        let offered = {
            let offer = pin!(self.post.offer(&read.inbound));
            tokio::select! {
                biased;
                offered = offer => offered,
                () = self.stop.is_overdue() => {
                    tracing::error!(
                        channel = %self.post.ingress.channel(),
                        update = update.id.0,
                        "stopped while an update could not be accepted; Telegram keeps it, with its batch"
                    );
                    return Admitted::Not;
                }
            }
        };
        if read
            .button
            .is_some_and(|button| self.post.settle_button(&button, offered))
        {
            return Admitted::Kept;
        }
        match offered {
            escalator::channel::Offered::Kept => Admitted::Kept,
            escalator::channel::Offered::Pass => Admitted::bots_unless(self.is_added(update)),
        }
    }

    fn is_added(&self, update: &Update) -> bool {
        let kind = match update.kind {
            UpdateKind::Message(_) => AllowedUpdate::Message,
            UpdateKind::EditedMessage(_) => AllowedUpdate::EditedMessage,
            UpdateKind::CallbackQuery(_) => AllowedUpdate::CallbackQuery,
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

impl Admitted {
    fn bots_unless(is_added: bool) -> Self {
        if is_added { Self::Kept } else { Self::Bots }
    }
}

/// The wish to stop, which reaches the inner listener through us.
struct Stop {
    flag: Option<StopFlag>,
    /// The channel's own.
    channel: CancellationToken,
    inner: Option<StopToken>,
    grace: Duration,
}

impl Stop {
    fn new(pair: Option<(StopFlag, StopToken)>, channel: CancellationToken, grace: Duration) -> Self {
        let (flag, inner) = pair.unzip();
        Self {
            flag,
            channel,
            inner,
            grace,
        }
    }

    /// Resolves when the bot is being stopped, by the dispatcher or by the channel.
    async fn wished(&mut self) {
        match &mut self.flag {
            Some(flag) => {
                tokio::select! {
                    () = flag => {}
                    () = self.channel.cancelled() => {}
                }
            }
            None => self.channel.cancelled().await,
        }
    }

    /// Resolves when the bot is being stopped and the inner listener does not know.
    async fn comes(&mut self) {
        match self.inner {
            Some(_) => self.wished().await,
            None => pending().await,
        }
    }

    fn pass_on(&mut self) {
        if let Some(inner) = self.inner.take() {
            inner.stop();
        }
    }

    /// Resolves when the bot is being stopped and has waited long enough.
    async fn is_overdue(&mut self) {
        self.wished().await;
        tokio::time::sleep(self.grace).await;
    }
}

/// Two ways in which Telegram refuses polling are mended by the bot's owner alone: say how.
fn explain_conflict<E: 'static>(post: &Post, failed: &E) {
    let Some(RequestError::Api(refusal)) = (failed as &dyn Any).downcast_ref::<RequestError>() else {
        return;
    };
    let channel = post.ingress.channel();
    match refusal {
        ApiError::TerminatedByOtherGetUpdates => tracing::error!(
            %channel,
            "another process polls Telegram with the same token: stop one of the two, or give this bot a token of its own"
        ),
        ApiError::CantGetUpdates => tracing::error!(%channel, "{WEBHOOK_IS_SET}"),
        ApiError::Unknown(said) if said.contains("webhook") => tracing::error!(%channel, "{WEBHOOK_IS_SET}"),
        _ => {}
    }
}

/// What to do when a webhook stands in the way of polling.
pub(crate) const WEBHOOK_IS_SET: &str = "a webhook is set for this bot, so Telegram refuses polling. \
    If no other program needs it, call deleteWebhook once; it is not deleted unasked";
