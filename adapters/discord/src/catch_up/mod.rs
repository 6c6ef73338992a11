//! What was missed is fetched from Discord: after a restart, after a lost session of the gateway, and when more came
//! than could wait. Only conversations that a human owns are caught up with; the bot's are the bot's affair.
//!
//! # Invariants
//! - Live messages of a conversation wait until it has caught up, and all that was read of it is accepted.
//! - What is passed over while something is read is read by the next one.
//! - A place that was opened for a conversation is read also when the ledger does not know of it yet: the process that
//!   opened it can have been killed, and the opening can be under way.
//! - It begins somewhat below what is known to be accepted. The keys remove what was accepted already.

mod names;
mod reading;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use escalator::{
    channel::{Held, Offered, Owner},
    model::{Clock, ConversationKey, Position, SystemClock, Timestamp},
};
use futures::{StreamExt, stream};
use serenity::model::{channel::Message, id::ChannelId};
use tokio::{sync::OnceCell, time::Instant};

use self::reading::Reading;
use crate::{error::Failure, inbound, order::Lane, places, post::Post};

/// How far below the last accepted update it begins: what was made at about the same time may have come in another order
/// than its ids say.
const OVERLAP: Duration = Duration::from_mins(1);
/// How young the last accepted update must be for that. An older one stood alone; and the keys by which doubles are known
/// do not live for ever.
const OVERLAP_FOR: Duration = Duration::from_hours(1);
/// Conversations that catch up at once.
const AT_ONCE_MAX: usize = 8;

/// The channels that have to be read, each read once, from these low-water marks on.
type Channels = HashMap<ChannelId, (BTreeSet<u64>, OnceCell<Vec<Message>>)>;

/// One catching up. It opens the gate, whichever way it ends.
struct Round<'a> {
    post: &'a Post,
    closings: u64,
    lanes: HashSet<Lane>,
    /// Those that ended before anybody could catch up with them: what was said there goes to the history that the next
    /// agent reads.
    ended: Vec<Held>,
}

impl Post {
    /// Fetches what was missed, and lets live messages go on behind it.
    pub(crate) async fn catch_up(&self) {
        // Before the wait for another one: conversations that miss nothing need not wait for it.
        let round = Round::begin(self);
        let _one = self.catching_up.lock().await;
        // Their marks may have risen meanwhile.
        let mut held = self.ingress.held();
        held.retain(|of| places::lane(&of.conversation).is_some_and(|lane| round.lanes.contains(&lane)));
        held.extend(round.ended.iter().cloned());
        round.catch_up_with(&held).await;
    }

    /// Notes where the conversations are held that a human owns, and how far they are.
    pub(crate) fn hold_places(&self) -> Vec<Held> {
        let mut held = self.ingress.held();
        held.sort_by_key(|of| of.since);
        let shown: Vec<_> = held
            .iter()
            .filter_map(|of| {
                let place = of.place.as_ref().and_then(places::channel);
                Some((
                    place.or_else(|| places::home(&of.conversation))?,
                    of.conversation.clone(),
                ))
            })
            .collect();
        self.places.recall(&shown);
        for of in &held {
            let accepted = of.accepted.and_then(|accepted| u64::try_from(accepted.0).ok());
            self.order.seen(accepted.unwrap_or_default());
        }
        held
    }
}

impl<'a> Round<'a> {
    fn begin(post: &'a Post) -> Self {
        // First: what is passed over from here on is left to the next one.
        post.begin_to_catch_up();
        let closings = post.order.gate().closings();
        let held = post.hold_places();
        let ended = post.ended_unseen();
        let all = held.iter().chain(&ended);
        let lanes: HashSet<_> = all.filter_map(|of| places::lane(&of.conversation)).collect();
        post.order.gate().hold(closings, lanes.clone());
        Self {
            post,
            closings,
            lanes,
            ended,
        }
    }

    async fn catch_up_with(&self, held: &[Held]) {
        let now = SystemClock.now();
        // Once for all of them: what is said in a place that several have in common must not fall between them.
        let held: Vec<_> = held.iter().map(|of| (of, self.post.heard_in(of))).collect();
        let channels = channels(&held, now);
        let channels = &channels;
        stream::iter(held)
            .for_each_concurrent(AT_ONCE_MAX, |(of, heard_in)| async move {
                let unnamed = self.post.read_unnamed(of, &heard_in, now).await;
                // For as long as it takes: what was read here would not be read again.
                let missed = self.post.missed(channels, &unnamed, of, &heard_in, now).await;
                self.post.offer_missed(of, &missed).await;
                if let Some(lane) = places::lane(&of.conversation) {
                    self.post.order.gate().release(self.closings, lane);
                }
            })
            .await;
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        self.post.order.gate().open(self.closings);
    }
}

impl Post {
    /// Commits what was missed, and tells of what comes too late: its conversation is the bot's again, and only the
    /// history has it.
    async fn offer_missed(&self, of: &Held, missed: &[&Message]) {
        if let Some(home) = places::home(&of.conversation) {
            names::learn(&self.rest, &self.memory, home, missed).await;
        }
        let mut late = 0_usize;
        for message in missed {
            let offered = self.offer_message(message, of.conversation.clone()).await;
            let is_new = inbound::position(message.id.get()) > known(of);
            let is_bots = offered == Offered::Pass && self.ingress.owner(&of.conversation) == Owner::Bot;
            late += usize::from(is_new && is_bots);
        }
        if late > 0 {
            let home = places::home(&of.conversation);
            tracing::error!(
                home = home.map(tracing::field::display),
                late,
                "what a customer wrote was fetched when the session was over: no agent gets it before the next session, nor does the bot"
            );
        }
    }

    /// The channels in which what its customer writes belongs to a conversation.
    fn heard_in(&self, of: &Held) -> Vec<ChannelId> {
        let is_theirs = |channel: &ChannelId| self.humans_at(*channel).is_none_or(|humans| humans == of.conversation);
        self.homes(of).into_iter().filter(is_theirs).collect()
    }

    /// Where the customer of a conversation may have written, as far as it is known here.
    fn homes(&self, of: &Held) -> BTreeSet<ChannelId> {
        let place = of.place.as_ref().and_then(places::channel);
        let known = [places::home(&of.conversation), place, self.shown(&of.conversation)];
        known.into_iter().flatten().collect()
    }

    /// What was written in a place that was opened for a conversation and of which nothing is known here: the process
    /// that opened it was killed before it could say so.
    async fn read_unnamed(&self, of: &Held, heard_in: &[ChannelId], now: Timestamp) -> Vec<Message> {
        let is_named = of.place.is_some() || self.shown(&of.conversation).is_some();
        let Some(home) = places::home(&of.conversation).filter(|_| !is_named) else {
            return Vec::new();
        };
        let until = Instant::now() + self.settings.catch_up_max;
        let opened = self.insist(home, || self.opened(&of.conversation, low_water(of, now)));
        let Ok(opened) = tokio::time::timeout_at(until, opened).await else {
            tracing::error!(%home, "looking for a customer's place took too long: messages may be missing");
            return Vec::new();
        };
        match opened.flatten().filter(|(place, _)| !heard_in.contains(place)) {
            Some((place, mark)) => self.read(place, &BTreeSet::from([mark])).await,
            None => Vec::new(),
        }
    }

    /// What the customer of a conversation wrote since its low-water mark in these channels, and in one that is its own.
    async fn missed<'c>(
        &self,
        channels: &'c Channels,
        unnamed: &'c [Message],
        of: &Held,
        heard_in: &[ChannelId],
        now: Timestamp,
    ) -> Vec<&'c Message> {
        let customer = places::customer(&of.conversation);
        let low = low_water(of, now);
        let is_missed = |message: &&Message| {
            Some(message.author.id) == customer && inbound::is_told(message) && message.id.get() > low
        };
        let mut missed: Vec<&Message> = unnamed.iter().filter(is_missed).collect();
        for channel in heard_in {
            let Some((marks, read)) = channels.get(channel) else {
                continue;
            };
            let all = read.get_or_init(|| self.read(*channel, marks)).await;
            missed.extend(all.iter().filter(is_missed));
        }
        missed.sort_by_key(|message| message.id);
        missed
    }

    /// Reads a channel's messages behind some marks, as many behind each as are allowed.
    async fn read(&self, channel: ChannelId, marks: &BTreeSet<u64>) -> Vec<Message> {
        let messages_max = self.settings.catch_up_messages_max;
        let until = Instant::now() + self.settings.catch_up_max;
        let mut reading = Reading::new(marks, messages_max);
        let mut all: Vec<Message> = Vec::new();
        while let Some(after) = reading.after() {
            let page = self.insist(channel, || self.rest.messages_after(channel, after));
            let Ok(page) = tokio::time::timeout_at(until, page).await else {
                tracing::error!(%channel, "catching up took too long: messages may be missing");
                break;
            };
            let Some((page, is_last)) = page else { break };
            if is_last {
                all.extend(page);
                break;
            }
            if reading.turn(page.iter().map(|message| message.id.get())) {
                tracing::error!(%channel, messages_max, "more was missed than is fetched: messages are missing");
            }
            all.extend(page);
        }
        all
    }

    /// Asks Discord of a channel, again until it answers. `None` when it refuses.
    async fn insist<T, F>(&self, channel: ChannelId, ask: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut attempt = 1;
        loop {
            let failure = match ask().await {
                Ok(answer) => return Some(answer),
                Err(failure) => failure,
            };
            let error = failure.detail();
            if !failure.is_passing() {
                tracing::warn!(%channel, error, "a channel cannot be caught up with");
                return None;
            }
            tracing::debug!(%channel, error, attempt, "a channel is asked again for what was missed");
            tokio::time::sleep(failure.wait(attempt)).await;
            attempt = attempt.saturating_add(1);
        }
    }
}

/// The channels of some conversations, each with their marks.
fn channels(held: &[(&Held, Vec<ChannelId>)], now: Timestamp) -> Channels {
    let mut channels = Channels::new();
    for (of, heard_in) in held {
        let low = low_water(of, now);
        for channel in heard_in {
            channels.entry(*channel).or_default().0.insert(low);
        }
    }
    channels
}

/// The position behind which nothing is known to be accepted.
fn known(of: &Held) -> Position {
    of.accepted.unwrap_or_else(|| inbound::of_moment(of.since.as_millis()))
}

/// The mark up to which everything of a conversation is accepted.
fn low_water(of: &Held, now: Timestamp) -> u64 {
    let known = of.accepted.map_or(of.since, accepted_at);
    let Position(low) = match of.accepted {
        Some(accepted) if known + OVERLAP_FOR < now => accepted,
        _ => inbound::of_moment((known - OVERLAP).as_millis()),
    };
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

#[cfg(test)]
mod tests {
    use escalator::model::{Address, ChannelId as Account, CustomerId};

    use super::*;

    #[test]
    fn it_begins_below_a_mark_only_while_that_is_young() {
        let at = Timestamp::from_millis(1_750_000_000_000);
        let position = inbound::of_moment(at.as_millis());
        let held = Held {
            conversation: ConversationKey {
                channel: Account::new("discord"),
                address: Address::new("10"),
                customer: CustomerId::new("42"),
            },
            place: None,
            accepted: Some(position),
            since: at,
        };
        let mark = u64::try_from(position.0).expect("it is above 0");
        assert!(low_water(&held, at + Duration::from_mins(5)) < mark);
        assert_eq!(low_water(&held, at + Duration::from_hours(49)), mark);
    }
}
