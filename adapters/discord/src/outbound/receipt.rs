use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use escalator::model;
use serenity::model::{
    channel::Reaction,
    id::{ChannelId, MessageId, UserId},
};

use crate::{bounded::Bounded, error::Failure, inbound, post::Post};

/// Reactions of ours that are known at once, so that they are not taken for somebody else's.
const OURS_MAX: usize = 20_000;
/// Channels whose reactions are kept apart at once. No more are under way than the caller's limit on signals.
const CHANNELS_MAX: usize = 1_024;
/// How often Discord may ask to wait with one.
const ATTEMPTS_MAX: u32 = 3;
/// The longest wait that a receipt is worth.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// The reactions that tell customers that the desk has their messages.
pub(crate) struct Receipts(Mutex<State>);

struct State {
    ours: Bounded<MessageId, ()>,
    /// Discord takes about one each 250 milliseconds in a channel, so one waits for the other.
    channels: Bounded<ChannelId, Arc<tokio::sync::Mutex<()>>>,
}

impl Receipts {
    /// Whether a reaction is one that we put there.
    pub(crate) fn are_ours(&self, reaction: &Reaction, me: Option<UserId>) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reaction.user_id.is_some() && reaction.user_id == me && state.ours.get(&reaction.message_id).is_some()
    }

    /// Notes a reaction that is about to be put, and names what to hold while it is.
    fn begin(&self, channel: ChannelId, message: MessageId) -> Arc<tokio::sync::Mutex<()>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.ours.insert(message, ());
        let known = state.channels.get(&channel).cloned();
        let of_channel = known.unwrap_or_default();
        state.channels.insert(channel, Arc::clone(&of_channel));
        of_channel
    }
}

impl Default for Receipts {
    fn default() -> Self {
        Self(Mutex::new(State {
            ours: Bounded::new(OURS_MAX),
            channels: Bounded::new(CHANNELS_MAX),
        }))
    }
}

/// Puts a reaction on a message that the desk has. Best effort: no lane of deliveries waits for it.
pub(crate) async fn received(post: &Post, message: &model::MessageId) {
    let (Some(emoji), Some((channel, message))) = (&post.settings.receipt_emoji, inbound::read_id(message)) else {
        return;
    };
    if let Err(failure) = react(post, channel, message, emoji).await {
        let (channel, error) = (post.ingress.channel(), failure.detail());
        tracing::debug!(%channel, error, "a message was not marked as received");
    }
}

/// Puts a reaction, once those before it in its channel are put. The same one again shows nothing new.
async fn react(post: &Post, channel: ChannelId, message: MessageId, emoji: &str) -> Result<(), Failure> {
    let of_channel = post.receipts.begin(channel, message);
    let _alone = of_channel.lock().await;
    let mut attempt = 1;
    loop {
        match post.rest.react(channel, message, emoji).await {
            Err(Failure::Wait { wait, .. }) if attempt < ATTEMPTS_MAX && wait <= WAIT_MAX => {
                tokio::time::sleep(wait).await;
                attempt += 1;
            }
            made => return made,
        }
    }
}
