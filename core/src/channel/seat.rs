use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Inbound, TakenOver};
use crate::model::{ConversationKey, CustomerEvent, CustomerMessage, Line, Position, Profile, Text, Timestamp};

/// The place of one conversation in this process while the bot owns it: who may speak, what was passed to the bot and
/// not started, what was said and not yet written down. Gone with the process; what must survive is in the ledger.
pub(crate) struct Seat {
    key: ConversationKey,
    now: fn() -> Timestamp,
    /// Whether this process receives for the channel right now. Where several could, one does.
    is_held: Box<dyn Fn() -> bool + Send + Sync>,
    state: Mutex<State>,
    /// Woken when the last permit is given back, and when lines are written or not.
    drained: Notify,
    /// Woken when an escalation is over, whichever way.
    settled: Notify,
}

struct State {
    /// Rises with each takeover; a turn of an older one is refused. Starts at 1: 0 is never current.
    generation: u64,
    /// Set from the moment an escalation took the remainder to the moment its commit is known.
    taking: bool,
    /// Lines of the bot on their way in the current generation.
    permits: usize,
    /// Cuts off the lines on their way. Replaced with each generation.
    cut: CancellationToken,
    /// Updates passed to the bot whose handler has not started, in source order. The first is one that has a handler.
    passed: VecDeque<Inbound>,
    /// The highest position that is dealt with: a handler started with it, or none ever will.
    started: Option<Position>,
    /// Lines not yet in the ledger, oldest first.
    unwritten: Vec<Line>,
    /// Whether lines are on their way to the ledger: what comes after them waits for that.
    writing: bool,
    /// What the platform last told of the customer.
    profile: Profile,
}

/// What an escalation takes from a seat.
pub(crate) struct Taken {
    /// The generation that it was taken from.
    generation: u64,
    pub(crate) remainder: Vec<Inbound>,
    /// The position up to which the bot has handled the conversation.
    pub(crate) mark: Option<Position>,
    pub(crate) profile: Profile,
}

/// A line of the bot on its way.
pub(crate) struct Permit {
    seat: Arc<Seat>,
    cut: CancellationToken,
}

/// Lines on their way to the ledger. Dropped, they are put back.
pub(crate) struct Writing {
    seat: Arc<Seat>,
    lines: Vec<Line>,
}

impl Seat {
    /// Updates kept for an escalation to take. A dispatcher's own queue per chat is far shorter; past this the oldest are
    /// the bot's for good.
    const PASSED_MAX: usize = 1_024;
    /// Lines kept in memory between two flushes. Past this the oldest are lost to the history.
    const UNWRITTEN_MAX: usize = 1_000;

    pub(crate) fn new(key: ConversationKey, now: fn() -> Timestamp) -> Arc<Self> {
        Self::held_while(key, now, Box::new(|| true))
    }

    /// One in which nothing is said while `is_held` says no.
    pub(crate) fn held_while(
        key: ConversationKey,
        now: fn() -> Timestamp,
        is_held: Box<dyn Fn() -> bool + Send + Sync>,
    ) -> Arc<Self> {
        let state = State {
            generation: 1,
            taking: false,
            permits: 0,
            cut: CancellationToken::new(),
            passed: VecDeque::new(),
            started: None,
            unwritten: Vec::new(),
            writing: false,
            profile: Profile::default(),
        };
        Arc::new(Self {
            key,
            now,
            is_held,
            state: Mutex::new(state),
            drained: Notify::new(),
            settled: Notify::new(),
        })
    }

    pub(crate) fn key(&self) -> &ConversationKey {
        &self.key
    }

    /// The generation that turns are given for now.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().generation
    }

    pub(crate) fn is_current(&self, generation: u64) -> bool {
        let state = self.lock();
        state.generation == generation && !state.taking && (self.is_held)()
    }

    /// Whether an escalation is under way.
    pub(crate) fn is_taking(&self) -> bool {
        self.lock().taking
    }

    /// Remembers an update that is passed to the bot. `false` when an escalation is under way, or was since the
    /// generation was read: then the owner must be looked up anew.
    pub(crate) fn pass(&self, update: &Inbound, generation: u64) -> bool {
        let mut state = self.lock();
        if state.taking || state.generation != generation {
            return false;
        }
        if state.passed.len() == Self::PASSED_MAX {
            let oldest = state.passed.pop_front().map(|update| update.position);
            state.started = state.started.max(oldest);
        }
        state.profile = update.profile.clone();
        state.passed.push_back(as_the_bots(update));
        state.skip_unhandled(self.now);
        true
    }

    /// Notes that the bot's handler for an update starts. `false` when an escalation is under way, or was since the
    /// generation was read: then the owner must be looked up anew.
    pub(crate) fn start(&self, position: Position, generation: u64) -> bool {
        let mut state = self.lock();
        if state.taking || state.generation != generation || !(self.is_held)() {
            return false;
        }
        // What stands before it was started too: a dispatcher keeps a chat in order, and drops what no handler wants.
        while let Some(update) = state.passed.pop_front_if(|update| update.position <= position) {
            state.deal_with(&update, self.now);
        }
        state.started = state.started.max(Some(position));
        state.skip_unhandled(self.now);
        true
    }

    /// Lets one line of the bot out.
    pub(crate) fn enter(self: &Arc<Self>, generation: u64) -> Result<Permit, TakenOver> {
        let mut state = self.lock();
        if state.generation != generation || state.taking || !(self.is_held)() {
            return Err(TakenOver);
        }
        state.permits += 1;
        Ok(Permit {
            seat: Arc::clone(self),
            cut: state.cut.clone(),
        })
    }

    /// Adds lines of the bot's own to the history.
    pub(crate) fn note(&self, lines: impl IntoIterator<Item = Line>, generation: u64) -> Result<(), TakenOver> {
        let mut state = self.lock();
        if state.generation != generation || state.taking {
            return Err(TakenOver);
        }
        lines.into_iter().for_each(|line| state.write(line));
        Ok(())
    }

    /// Takes the lines that are not yet in the ledger, to write them behind. `None` where there are none, or others are
    /// being written, or an escalation is about to take them.
    pub(crate) fn write_behind(self: &Arc<Self>) -> Option<Writing> {
        let mut state = self.lock();
        if state.writing || state.taking || state.unwritten.is_empty() {
            return None;
        }
        state.writing = true;
        let lines = std::mem::take(&mut state.unwritten);
        Some(Writing {
            seat: Arc::clone(self),
            lines,
        })
    }

    /// Takes the lines that are not yet in the ledger, to commit them with an opening. [`drain`](Self::drain) comes
    /// first: what is being written stands before them.
    pub(crate) fn take_unwritten(&self) -> Vec<Line> {
        std::mem::take(&mut self.lock().unwritten)
    }

    /// Waits until no lines are on their way to the ledger, and takes those that are not yet in it.
    pub(crate) async fn unwritten(&self) -> Vec<Line> {
        self.until(|state| (!state.writing).then(|| std::mem::take(&mut state.unwritten)))
            .await
    }

    /// Puts lines back that could not be written.
    pub(crate) fn put_back(&self, lines: Vec<Line>) {
        self.lock().put_back(lines);
    }

    /// Closes the seat for a takeover: from here on the bot says nothing new, and updates wait for the commit.
    /// `None` when the generation is old, or another escalation is under way.
    pub(crate) fn take(&self, generation: u64) -> Option<Taken> {
        let mut state = self.lock();
        if state.generation != generation || state.taking {
            return None;
        }
        state.taking = true;
        Some(Taken {
            generation,
            remainder: state.passed.drain(..).collect(),
            mark: state.started,
            profile: state.profile.clone(),
        })
    }

    /// Waits for the bot's lines on their way, to the customer and to the ledger, then cuts off what is left.
    pub(crate) async fn drain(&self, wait_max: Duration) {
        let all_out = self.until(|state| (state.permits == 0 && !state.writing).then_some(()));
        if tokio::time::timeout(wait_max, all_out).await.is_err() {
            self.lock().cut.cancel();
        }
    }

    /// Waits until no escalation is under way.
    pub(crate) async fn settled(&self) {
        loop {
            let settled = self.settled.notified();
            if !self.is_taking() {
                return;
            }
            settled.await;
        }
    }

    /// The takeover is committed, or may be: turns of the closed generation are over for good. `bots` is what the ledger gave
    /// back of the remainder: it came after an end, so the bot handles it after all. Not where the seat was
    /// [`void`](Self::void) meanwhile: then that is the next one's.
    pub(crate) fn taken_over(&self, generation: u64, bots: Vec<Inbound>) {
        let mut state = self.lock();
        if state.generation == generation {
            state.generation += 1;
            state.passed = bots.into();
            state.skip_unhandled(self.now);
        }
        self.reopen(state);
    }

    /// The takeover failed: the bot goes on where it was. What was taken before the seat was [`void`](Self::void) is the
    /// next one's.
    pub(crate) fn give_back(&self, taken: Taken) {
        let mut state = self.lock();
        if state.generation == taken.generation {
            state.passed = taken.remainder.into();
        }
        self.reopen(state);
    }

    /// The process no longer receives for the channel: turns of the generation are over for good, their lines on their way
    /// are cut off, and what was passed to the bot and not started is the next one's.
    pub(crate) fn void(&self) {
        let mut state = self.lock();
        state.generation += 1;
        state.passed.clear();
        state.cut.cancel();
        // An escalation that is under way ends by itself, and finds the seat changed.
        if !state.taking {
            self.reopen(state);
        }
    }

    fn reopen(&self, mut state: MutexGuard<'_, State>) {
        state.taking = false;
        state.permits = 0;
        state.cut = CancellationToken::new();
        drop(state);
        self.settled.notify_waiters();
    }

    /// Whether nothing would be lost with the seat.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.lock();
        !state.taking && state.permits == 0 && state.passed.is_empty() && state.unwritten.is_empty() && !state.writing
    }

    /// Waits for something that is told by `drained`.
    async fn until<T>(&self, found: impl Fn(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.drained.notified();
            let now = found(&mut self.lock());
            if let Some(found) = now {
                return found;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An update as it stands while the bot owns the conversation. An end that no handler sees found nothing to end, and the
/// channel has told the customer so: an escalation that takes it later must not end by it.
fn as_the_bots(update: &Inbound) -> Inbound {
    let mut update = update.clone();
    if !update.has_handler && update.event == CustomerEvent::Ended {
        update.event = CustomerEvent::Message(CustomerMessage::default());
    }
    update
}

impl State {
    /// Deals with the updates at the front that no handler will start with. What their customer said is history: so an
    /// escalation that comes now still shows it.
    fn skip_unhandled(&mut self, now: fn() -> Timestamp) {
        while let Some(update) = self.passed.pop_front_if(|update| !update.has_handler) {
            self.deal_with(&update, now);
            self.started = self.started.max(Some(update.position));
        }
    }

    /// Notes what a customer said to the bot.
    fn deal_with(&mut self, update: &Inbound, now: fn() -> Timestamp) {
        if let Some(text) = update.event.readable() {
            self.write(Line::customer(now(), text));
        }
    }

    fn write(&mut self, line: Line) {
        if self.unwritten.len() == Seat::UNWRITTEN_MAX {
            tracing::debug!(
                lines_max = Seat::UNWRITTEN_MAX,
                "the oldest line of a history is left out"
            );
            self.unwritten.remove(0);
        }
        self.unwritten.push(line);
    }

    fn put_back(&mut self, mut lines: Vec<Line>) {
        lines.append(&mut self.unwritten);
        lines.drain(..lines.len().saturating_sub(Seat::UNWRITTEN_MAX));
        self.unwritten = lines;
    }
}

impl Permit {
    /// Resolves when a takeover has waited long enough.
    pub(crate) async fn cut_off(&self) {
        self.cut.cancelled().await;
    }

    /// The line is out: it belongs to the history.
    pub(crate) fn said(self, line: Text) {
        let line = Line::bot((self.seat.now)(), line);
        // Also while a takeover waits for it: the line belongs to what is taken.
        self.seat.lock().write(line);
    }
}

impl Writing {
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// They stand in the ledger.
    pub(crate) fn written(mut self) {
        self.lines.clear();
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let mut state = self.seat.lock();
        state.put_back(std::mem::take(&mut self.lines));
        state.writing = false;
        drop(state);
        self.seat.drained.notify_waiters();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.seat.lock();
        // A permit of a generation that was cut off is no longer counted.
        state.permits = state.permits.saturating_sub(usize::from(!self.cut.is_cancelled()));
        if state.permits == 0 {
            self.seat.drained.notify_waiters();
        }
    }
}
