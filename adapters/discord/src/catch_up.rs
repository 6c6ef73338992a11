//! What was missed is fetched from Discord: after a restart, after a lost session of the gateway, and when more came
//! than could wait. Only conversations that a human owns are caught up with; the bot's are the bot's affair.
//!
//! # Invariants
//! - Live messages of a conversation wait until it has caught up.
//! - It begins somewhat below what is known to be accepted. The keys remove what was accepted already.

use std::{collections::HashMap, time::Duration};

use escalator::{
    channel::Held,
    delivery::RetryPolicy,
    model::{ConversationKey, Position, Timestamp},
};
use futures::{StreamExt, stream};
use serenity::model::{channel::Message, id::ChannelId};
use tokio::sync::OnceCell;

use crate::{error::Failure, inbound, places, post::Post};

/// How far below the last accepted update it begins: what was made at about the same time may have come in another order
/// than its ids say.
const OVERLAP: Duration = Duration::from_mins(1);
/// Conversations that catch up at once.
const AT_ONCE_MAX: usize = 8;

/// The channels that have to be read, each read once, from its low-water mark.
type Channels = HashMap<ChannelId, (u64, OnceCell<Vec<Message>>)>;

impl Post {
    /// Fetches what was missed, and lets live messages go on behind it.
    pub(crate) async fn catch_up(&self) {
        let _one = self.catching_up.lock().await;
        let open = Reopen {
            post: self,
            closings: self.order.gate().closings(),
        };
        let held = self.ingress.held();
        for of in &held {
            if let Some(place) = of.place.as_ref().and_then(places::channel) {
                self.places.hold(place, &of.conversation);
            }
        }
        let lanes = held.iter().filter_map(|of| places::lane(&of.conversation)).collect();
        self.order.gate().hold(open.closings, lanes);
        let all = self.catch_up_with(&held);
        if tokio::time::timeout(self.settings.catch_up_max, all).await.is_err() {
            let (channel, conversations) = (self.ingress.channel(), held.len());
            tracing::error!(%channel, conversations, "catching up took too long: messages may be missing");
        }
        drop(open);
    }

    async fn catch_up_with(&self, held: &[Held]) {
        let channels = channels(held);
        stream::iter(held)
            .for_each_concurrent(AT_ONCE_MAX, |of| async {
                for message in self.missed(&channels, of).await {
                    self.offer_message(message, of.conversation.clone()).await;
                }
                if let Some(lane) = places::lane(&of.conversation) {
                    self.order.gate().release(lane);
                }
            })
            .await;
    }

    /// What the customer of a conversation wrote since its low-water mark, wherever it is held.
    async fn missed<'c>(&self, channels: &'c Channels, of: &Held) -> Vec<&'c Message> {
        let customer = places::customer(&of.conversation);
        let mut missed: Vec<&Message> = Vec::new();
        let low = low_water(of);
        for channel in homes(of) {
            let Some((after, read)) = channels.get(&channel) else {
                continue;
            };
            let all = read.get_or_init(|| self.read(channel, *after)).await;
            let theirs = all
                .iter()
                .filter(|message| Some(message.author.id) == customer && inbound::is_said(message));
            missed.extend(theirs.filter(|message| message.id.get() > low));
        }
        missed.sort_by_key(|message| message.id);
        missed
    }

    /// Reads a channel's messages behind a mark, as many as are allowed.
    async fn read(&self, channel: ChannelId, mut after: u64) -> Vec<Message> {
        let mut all: Vec<Message> = Vec::new();
        loop {
            let Some((page, is_last)) = self.page(channel, after).await else {
                return all;
            };
            after = page.last().map_or(after, |message| message.id.get());
            let is_empty = page.is_empty();
            all.extend(page);
            if is_last || is_empty {
                return all;
            }
            if all.len() >= self.settings.catch_up_messages_max {
                let messages_max = self.settings.catch_up_messages_max;
                tracing::error!(%channel, messages_max, "more was missed than is fetched: messages are missing");
                return all;
            }
        }
    }

    /// Reads a page, again until it is there. `None` when Discord does not give it.
    async fn page(&self, channel: ChannelId, after: u64) -> Option<(Vec<Message>, bool)> {
        let mut attempt = 1;
        loop {
            let failure = match self.rest.messages_after(channel, after).await {
                Ok(page) => return Some(page),
                Err(failure) => failure,
            };
            let error = failure.detail();
            if !failure.is_passing() {
                tracing::warn!(%channel, error, "a channel cannot be caught up with");
                return None;
            }
            tracing::debug!(%channel, error, attempt, "a channel is asked again for what was missed");
            tokio::time::sleep(wait(&failure, attempt)).await;
            attempt = attempt.saturating_add(1);
        }
    }
}

/// Opens the gate, whichever way it ends.
struct Reopen<'a> {
    post: &'a Post,
    closings: u64,
}

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        self.post.caught_up();
        self.post.order.gate().open(self.closings);
    }
}

fn wait(failure: &Failure, attempt: u32) -> Duration {
    let asked = match failure {
        Failure::Wait { wait, .. } => Some(*wait),
        _ => None,
    };
    RetryPolicy::default().wait(attempt, 0.5, asked)
}

/// The channels of some conversations, each from the lowest of their marks.
fn channels(held: &[Held]) -> Channels {
    let mut channels: HashMap<ChannelId, (u64, OnceCell<Vec<Message>>)> = HashMap::new();
    for of in held {
        let low = low_water(of);
        for channel in homes(of) {
            let (after, _) = channels.entry(channel).or_insert_with(|| (low, OnceCell::new()));
            *after = low.min(*after);
        }
    }
    channels
}

/// Where the customer of a conversation may have written.
fn homes(of: &Held) -> impl Iterator<Item = ChannelId> {
    let place = of.place.as_ref().and_then(places::channel);
    let home = places::home(&of.conversation).filter(|home| Some(*home) != place);
    home.into_iter().chain(place)
}

/// The mark below which everything of a conversation is accepted.
fn low_water(of: &Held) -> u64 {
    let known = of.accepted.map_or(of.since, accepted_at);
    let Position(low) = inbound::of_moment((known - OVERLAP).as_millis());
    u64::try_from(low).unwrap_or(0)
}

fn accepted_at(position: Position) -> Timestamp {
    inbound::moment(u64::try_from(position.0).unwrap_or(0))
}

impl Post {
    /// Catches up each time when too much has come, until it is dropped.
    pub(crate) async fn keep_up(&self) {
        loop {
            self.behind.notified().await;
            self.catch_up().await;
        }
    }

    /// Where a conversation is shown now, when that is not its home.
    pub(crate) fn shown(&self, conversation: &ConversationKey) -> Option<ChannelId> {
        self.places.shown(conversation)
    }
}
