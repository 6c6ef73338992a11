//! Keeps each conversation in order: its requests, which come in at the same time, and its updates for the bot, of which
//! the bot gets the next when it is done with the one before.

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use escalator::{
    channel::{Inbound, Started},
    model::ConversationKey,
};
use futures::FutureExt;
use tokio_util::task::TaskTracker;

use crate::Messenger;

/// So many conversations are looked through for those that are done with.
const LANES_SWEPT_FROM: usize = 1_024;
/// So many updates of a conversation wait for the bot; then the platform has to keep them.
pub(crate) const WAITING_MAX: usize = 64;

#[derive(Default)]
pub(crate) struct Lanes {
    /// One request of a conversation at a time. Tokio's lock is fair.
    requests: Mutex<HashMap<ConversationKey, Weak<tokio::sync::Mutex<()>>>>,
    /// What waits for the bot. A conversation stands here while the bot has an update of it.
    waiting: Mutex<HashMap<ConversationKey, VecDeque<Inbound>>>,
    bots: TaskTracker,
}

impl Lanes {
    /// What a request of a conversation holds while it is accepted.
    pub(crate) fn lane(&self, conversation: &ConversationKey) -> Arc<tokio::sync::Mutex<()>> {
        let mut lanes = lock(&self.requests);
        if lanes.len() >= LANES_SWEPT_FROM {
            lanes.retain(|_, lane| lane.strong_count() > 0);
        }
        let lane = lanes.get(conversation).and_then(Weak::upgrade).unwrap_or_default();
        lanes.insert(conversation.clone(), Arc::downgrade(&lane));
        lane
    }

    /// Whether one more update of a conversation can wait for the bot. Holds until the lane is let go of.
    pub(crate) fn has_room(&self, conversation: &ConversationKey) -> bool {
        let waiting = lock(&self.waiting);
        waiting.get(conversation).is_none_or(|lane| lane.len() < WAITING_MAX)
    }

    /// Passes an update on to the bot.
    pub(crate) fn pass(&self, messenger: &Messenger, update: Inbound) {
        let mut waiting = lock(&self.waiting);
        if let Some(lane) = waiting.get_mut(&update.conversation) {
            lane.push_back(update);
            return;
        }
        let conversation = update.conversation.clone();
        waiting.insert(conversation.clone(), VecDeque::from([update]));
        drop(waiting);
        let messenger = messenger.clone();
        self.bots.spawn(async move {
            while let Some(update) = messenger.inner.lanes.next(&conversation) {
                answer(&messenger, update).await;
            }
        });
    }

    fn next(&self, conversation: &ConversationKey) -> Option<Inbound> {
        let mut waiting = lock(&self.waiting);
        // At the shutdown the handler under way is the last one.
        let next = waiting
            .get_mut(conversation)?
            .pop_front()
            .filter(|_| !self.bots.is_closed());
        if next.is_none() {
            waiting.remove(conversation);
        }
        next
    }

    /// Waits until the bot is done with what it has begun. What waits for it is lost to it, as in a crash.
    pub(crate) async fn finished(&self) {
        self.bots.close();
        self.bots.wait().await;
    }
}

/// Asks whether the update is still the bot's, in the moment in which the bot would begin.
async fn answer(messenger: &Messenger, update: Inbound) {
    let inner = &messenger.inner;
    let Started::Turn(turn) = inner.ingress.start(&update.conversation, update.position).await else {
        return;
    };
    let answering = inner.bot.answer(turn, update.event, messenger);
    if AssertUnwindSafe(answering).catch_unwind().await.is_err() {
        tracing::error!(update = update.position.0, "the bot panicked");
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one step.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
