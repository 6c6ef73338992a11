//! Gateway order. serenity dispatches each event in a task of its own, so without order; a collector callback sees them
//! all in order, before their dispatch. It gives each event a ticket in its lane, and whoever handles the event waits
//! until the one in front of it is dealt with.
//!
//! # Invariants
//! - Of two events of one conversation the earlier one is dealt with first; one conversation waits for no other.
//! - Noting an event never waits and never panics: it runs inside the gateway's own loop.
//! - While an event is being accepted there is no limit on the wait of the next; a bot's handler holds it up for
//!   `handler_wait_max` at the most.
//!
//! # Not here
//! - What is done with an event: `admit`.

mod gate;
mod lane;
mod stragglers;
mod ticket;
mod watch;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serenity::model::id::ShardId;

pub(crate) use self::{
    gate::Gate,
    lane::{Lane, Mark},
    stragglers::Straggler,
    ticket::{Place, Ticket},
    watch::{collect, watch},
};
use self::{gate::Gated, stragglers::Stragglers, ticket::Before};

/// Who has noted what, and who waits for whom.
pub(crate) struct Order {
    state: Mutex<State>,
    gate: Gate,
    stragglers: Arc<Stragglers>,
}

#[derive(Default)]
struct State {
    /// The collector that notes the events of a shard; an older one has nothing to say any more.
    generations: HashMap<ShardId, u64>,
    /// The session of each shard whose READY was noted.
    sessions: HashMap<ShardId, String>,
    /// Tickets whose event was not dispatched yet.
    tickets: HashMap<Mark, VecDeque<Ticket>>,
    /// What the next ticket of each lane waits for. Swept when it has grown.
    tails: HashMap<Lane, Before>,
    /// The latest id of a message or interaction: what has neither is put in order by it.
    latest: u64,
    sweep_at: usize,
    /// The same for the tickets.
    tickets_sweep_at: usize,
}

/// Lanes that are kept before those are swept out in which nothing goes on.
const SWEEP_MIN: usize = 1_024;
/// An event that is not dispatched within this time never will be: whoever dispatches by hand has left it out.
const TICKET_AGE_MAX: Duration = Duration::from_mins(5);

impl Order {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            gate: Gate::default(),
            stragglers: Arc::default(),
        }
    }

    /// What holds events back while a channel catches up.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The number for a collector of a shard that is about to be added.
    fn next_generation(&self, shard: ShardId) -> u64 {
        self.lock().generations.get(&shard).copied().unwrap_or(0) + 1
    }

    /// From here on the collector of this number notes the shard's events.
    fn switch(&self, shard: ShardId, generation: u64) {
        self.lock().generations.insert(shard, generation);
    }

    fn notes(&self, shard: ShardId, generation: u64) -> bool {
        self.lock().generations.get(&shard) == Some(&generation)
    }

    /// Whether a newer collector notes the shard's events.
    fn is_past(&self, shard: ShardId, generation: u64) -> bool {
        self.lock().generations.get(&shard).is_some_and(|now| *now > generation)
    }

    /// Notes the beginning of a session: what comes in it waits until its channel has caught up.
    pub(crate) fn note_session(&self, shard: ShardId, session: &str) {
        self.gate.close();
        self.lock().sessions.insert(shard, session.to_owned());
    }

    /// Whether the beginning of a session was noted, and so all that came in it.
    pub(crate) fn has_noted(&self, shard: ShardId, session: &str) -> bool {
        self.lock().sessions.get(&shard).is_some_and(|noted| noted == session)
    }

    /// Whether any session has begun.
    pub(crate) fn has_begun(&self) -> bool {
        !self.lock().sessions.is_empty()
    }

    /// Notes the id of a message or interaction.
    pub(crate) fn seen(&self, id: u64) {
        let mut state = self.lock();
        state.latest = state.latest.max(id);
    }

    /// Gives an event the last place in its lane.
    pub(crate) fn note(&self, mark: Mark, lane: Lane) {
        let gated = self.gate.ticket();
        let mut state = self.lock();
        state.sweep_tickets();
        let ticket = state.ticket(lane, gated);
        state.tickets.entry(mark).or_default().push_back(ticket);
    }

    /// Takes the ticket of an event that is dispatched; `None` when no collector saw it.
    pub(crate) fn claim(&self, mark: &Mark) -> Option<Ticket> {
        let mut state = self.lock();
        let waiting = state.tickets.get_mut(mark)?;
        let ticket = waiting.pop_front();
        if waiting.is_empty() {
            state.tickets.remove(mark);
        }
        drop(state);
        ticket.inspect(Ticket::claimed)
    }

    /// Waits for a ticket's turn, and gives the place back when it is dropped.
    pub(crate) async fn turn(&self, ticket: Ticket, handler_wait_max: Duration) -> Place {
        let lane = ticket.lane();
        let place = ticket.pass(handler_wait_max).await;
        self.stragglers.all_through(lane).await;
        place
    }

    /// Waits for the turn of a message that no collector saw: those of the first moments of a session, in the order of
    /// their ids.
    pub(crate) async fn straggle(&self, lane: Lane, id: u64, mark: Mark) -> Straggler<'_> {
        self.stragglers.turn(lane, id, mark, || self.gate.ticket()).await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sweep_tickets(&mut self) {
        if self.tickets.len() < self.tickets_sweep_at.max(SWEEP_MIN) {
            return;
        }
        self.tickets.retain(|_, waiting| {
            waiting.retain(|ticket| ticket.age() < TICKET_AGE_MAX);
            !waiting.is_empty()
        });
        self.tickets_sweep_at = self.tickets.len() * 2;
    }

    fn ticket(&mut self, lane: Lane, gated: Gated) -> Ticket {
        if self.tails.len() >= self.sweep_at.max(SWEEP_MIN) {
            self.tails.retain(|_, last| ticket::is_awaited(last));
            self.sweep_at = self.tails.len() * 2;
        }
        let (ticket, behind) = Ticket::new(lane, gated, self.latest);
        let before = self.tails.insert(lane, behind);
        ticket.behind(before)
    }
}

#[cfg(test)]
mod tests;
