use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    channel::{Seat, Turn},
    model::{ChannelId, ConversationKey, Timestamp},
    store::Store,
};

/// The seats of the conversations that are active in this process. A seat that holds nothing is given up, so memory
/// follows what is going on and not how many customers there ever were.
pub(super) struct Seats {
    now: fn() -> Timestamp,
    store: Arc<dyn Store>,
    by_key: Mutex<HashMap<ConversationKey, Arc<Seat>>>,
    /// Whether the house closes.
    is_closing: Arc<AtomicBool>,
}

impl Seats {
    pub(super) fn new(store: Arc<dyn Store>, now: fn() -> Timestamp) -> Self {
        Self {
            now,
            store,
            by_key: Mutex::default(),
            is_closing: Arc::default(),
        }
    }

    pub(super) fn of(&self, key: &ConversationKey) -> Arc<Seat> {
        let mut seats = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seat) = seats.get(key) {
            return Arc::clone(seat);
        }
        let (store, channel) = (Arc::clone(&self.store), key.channel.clone());
        let is_closing = Arc::clone(&self.is_closing);
        let seat = Seat::held_while(
            key.clone(),
            self.now,
            Box::new(move || !is_closing.load(Ordering::SeqCst) && store.holds(&channel)),
        );
        seats.insert(key.clone(), Arc::clone(&seat));
        seat
    }

    /// The house closes: from here on no seat lets the bot begin a line, whoever holds its channel.
    pub(super) fn close(&self) {
        self.is_closing.store(true, Ordering::SeqCst);
    }

    /// Another instance receives for a channel: whatever its seats allowed is over.
    pub(super) fn void(&self, channel: &ChannelId) {
        let seats = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        let of_channel = seats.iter().filter(|(key, _)| key.channel == *channel);
        of_channel.for_each(|(_, seat)| seat.void());
    }

    /// Whether a turn's seat is one of these, and so one that an escalation closes to everybody.
    pub(super) fn has(&self, turn: &Turn) -> bool {
        let seats = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        seats
            .get(turn.conversation())
            .is_some_and(|seat| Arc::ptr_eq(seat, turn.seat()))
    }

    /// Gives up what holds nothing and that nobody holds, and names the rest.
    pub(super) fn sweep(&self) -> Vec<Arc<Seat>> {
        let mut seats = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        // A turn holds its seat: were it given up, the turn and a new seat would not know of each other.
        seats.retain(|_, seat| Arc::strong_count(seat) > 1 || !seat.is_idle());
        seats.values().cloned().collect()
    }
}
