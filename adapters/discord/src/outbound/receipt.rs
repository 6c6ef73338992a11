use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use escalator::model;
use serenity::model::{
    channel::Reaction,
    id::{ChannelId, MessageId, UserId},
};
use tokio::time::Instant;

use crate::{
    bounded::Bounded,
    error::{Failure, Refusal},
    inbound,
    post::Post,
};

/// Reactions of ours that are known at once, so that they are not taken for somebody else's.
const OURS_MAX: usize = 20_000;
/// Channels of which something is known at once. No more are under way than the caller's limit on signals.
const CHANNELS_MAX: usize = 1_024;
/// Reactions that wait for each other in a channel at once, about a second's worth. One more is left out: it would keep
/// signals of others from going.
const WAITING_MAX: usize = 4;
/// How often Discord may ask to wait with one.
const ATTEMPTS_MAX: u32 = 3;
/// How long one may take with all its waits: less than the core lets a signal take.
const IN_ALL_MAX: Duration = Duration::from_secs(4);
/// How long a channel counts as one in which the bot may put none.
const FORBIDDEN_FOR: Duration = Duration::from_mins(5);

/// The reactions that tell customers that the desk has their messages.
pub(crate) struct Receipts(Mutex<State>);

struct State {
    ours: Bounded<MessageId, ()>,
    /// Discord takes about one each 250 milliseconds in a channel, so one waits for the other.
    channels: Bounded<ChannelId, Arc<tokio::sync::Mutex<()>>>,
    /// Until when none is put in a channel: the bot may not, or Discord asks to wait for longer than it is worth.
    quiet: Bounded<ChannelId, Instant>,
}

impl Receipts {
    /// Whether a reaction is one that we put there.
    pub(crate) fn are_ours(&self, reaction: &Reaction, me: Option<UserId>) -> bool {
        let state = self.lock();
        reaction.user_id.is_some() && reaction.user_id == me && state.ours.get(&reaction.message_id).is_some()
    }

    /// What to hold while a reaction is put in a channel; `None` when too many wait there.
    fn queue(&self, channel: ChannelId) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut state = self.lock();
        let known = state.channels.get(&channel).cloned();
        let of_channel = known.unwrap_or_default();
        state.channels.insert(channel, Arc::clone(&of_channel));
        // Each that waits holds it, and so do the map and this one.
        (Arc::strong_count(&of_channel) <= WAITING_MAX + 1).then_some(of_channel)
    }

    /// Notes a reaction that is about to be put.
    fn note(&self, message: MessageId) {
        self.lock().ours.insert(message, ());
    }

    fn is_quiet(&self, channel: ChannelId) -> bool {
        let state = self.lock();
        state.quiet.get(&channel).is_some_and(|until| Instant::now() < *until)
    }

    fn silence(&self, channel: ChannelId, until: Instant) {
        self.lock().quiet.insert(channel, until);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Receipts {
    fn default() -> Self {
        Self(Mutex::new(State {
            ours: Bounded::new(OURS_MAX),
            channels: Bounded::new(CHANNELS_MAX),
            quiet: Bounded::new(CHANNELS_MAX),
        }))
    }
}

/// Puts a reaction on a message that the desk has. Best effort: no lane of deliveries waits for it.
pub(crate) async fn received(post: &Post, message: &model::MessageId) {
    let (Some(emoji), Some((channel, message))) = (&post.settings.receipt_emoji, inbound::read_id(message)) else {
        return;
    };
    let until = Instant::now() + IN_ALL_MAX;
    let Some(of_channel) = post.receipts.queue(channel) else {
        tracing::debug!(%channel, "a message is not marked as received: too many wait there");
        return;
    };
    let put = async {
        let _alone = of_channel.lock().await;
        if !post.receipts.is_quiet(channel) {
            post.receipts.note(message);
            let put = react(post, channel, message, emoji, until).await;
            put.unwrap_or_else(|failure| note_failure(post, channel, &failure));
        }
    };
    if tokio::time::timeout_at(until, put).await.is_err() {
        tracing::debug!(%channel, "a message was not marked as received in time");
    }
}

/// Puts a reaction. The same one again shows nothing new.
async fn react(
    post: &Post,
    channel: ChannelId,
    message: MessageId,
    emoji: &str,
    until: Instant,
) -> Result<(), Failure> {
    let mut attempt = 1;
    loop {
        match post.rest.react(channel, message, emoji).await {
            Err(Failure::Wait { wait, .. }) if attempt < ATTEMPTS_MAX && Instant::now() + wait < until => {
                tokio::time::sleep(wait).await;
                attempt += 1;
            }
            made => return made,
        }
    }
}

/// Notes what a failure says of the next reactions in its channel.
fn note_failure(post: &Post, channel: ChannelId, failure: &Failure) {
    let (account, error) = (post.ingress.channel(), failure.detail());
    match failure {
        Failure::Refused(refusal) if !is_of_message(refusal) => {
            tracing::warn!(
                channel = %account, place = %channel, error,
                "no message can be marked as received in a channel (does the bot lack \"Add Reactions\" or \"Read Message History\"?)"
            );
            post.receipts.silence(channel, Instant::now() + FORBIDDEN_FOR);
        }
        Failure::Wait { wait, .. } => {
            tracing::debug!(channel = %account, place = %channel, error, "a message was not marked as received");
            post.receipts.silence(channel, Instant::now() + *wait);
        }
        _ => tracing::debug!(channel = %account, place = %channel, error, "a message was not marked as received"),
    }
}

/// Whether a refusal says nothing of other messages: this one is gone, has all the reactions that it can, or its author
/// has blocked the bot.
const fn is_of_message(refusal: &Refusal) -> bool {
    matches!(
        refusal.code,
        Refusal::UNKNOWN_MESSAGE | Refusal::REACTIONS_FULL | Refusal::REACTION_BLOCKED
    )
}
