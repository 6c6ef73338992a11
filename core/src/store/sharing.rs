//! What an instance does so that others may share its ledger: it lives by a lease, holds lanes and channels, hears of what
//! others commit, and takes back what the dead had.
//!
//! # Invariants
//! - The instance counts on its lease for less long than the storage does: from before each renewal was asked for, less a
//!   margin. So whoever is given a lane next comes after the last call that was made under the lease.
//! - One whose lease was over comes back under another name, with nothing of what it had.
//! - A channel is held only after who owns its conversations was read anew: no escalation is missing.
//! - Who owns a conversation is read again by the writer alone, so that no older answer comes after a newer commit.

mod arriving;
mod hastening;
mod hearing;
mod locked;

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, RwLock, mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(super) use self::{hastening::hasten, hearing::listen};
use super::{
    Claimed, Claims, DueTimer, Heartbeats, Lease, StoreError,
    backend::{ClaimedRow, Commons},
    lease::Term,
    ledger::{Shared, claimed},
    reach::Reach,
    writer::{Reload, Write},
};
use crate::{
    delivery::{DeliveryId, Door},
    model::{ChannelId, Timestamp},
};

/// How often an instance looks for what nobody told it: the net under what is heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long an instance whose lease could not be renewed waits before it tries again.
const AGAIN_EVERY: Duration = Duration::from_millis(250);

/// How long a door waits for lanes that are due and were locked by somebody's commit.
const LOCKED_WAIT: Duration = Duration::from_millis(10);

/// How many timers are handed out at once.
const TIMERS_MAX: usize = 1_024;

/// An instance among others.
pub(super) struct Sharing {
    pub(super) commons: Arc<dyn Commons>,
    lease: Duration,
    heartbeats: Heartbeats,
    state: Mutex<State>,
    /// Tells that channels were gained or lost.
    changed: watch::Sender<()>,
    /// Woken when there is something to do before the next look.
    asked: Notify,
    /// Tells that updates may have arrived somewhere.
    arrived: watch::Sender<()>,
    /// Read by each claim: whoever has the other side knows that none is on its way.
    claims: RwLock<()>,
    /// Until when a claim may be committed, or was, that nobody here has.
    unsure_until: Mutex<Option<Instant>>,
    /// Whether the storage answered when it was last asked.
    reach: Reach,
    /// How many deliveries there were when it was last counted.
    outstanding: AtomicUsize,
}

struct State {
    instance: Uuid,
    term: Arc<Term>,
    renewed_at: Instant,
    /// Channels that somebody here waits for.
    wanted: HashSet<ChannelId>,
    held: HashSet<ChannelId>,
    /// The fences of what was handed out here and not settled.
    out: HashSet<u64>,
}

impl Sharing {
    /// Joins the others.
    pub(super) async fn join(
        commons: Arc<dyn Commons>,
        lease: Duration,
        heartbeats: Heartbeats,
    ) -> Result<Arc<Self>, StoreError> {
        let (instance, asked_at) = (Uuid::new_v4(), Instant::now());
        commons.join(instance, lease).await?;
        let state = State {
            instance,
            term: Term::new(asked_at + counted_on(lease)),
            renewed_at: asked_at,
            wanted: HashSet::new(),
            held: HashSet::new(),
            out: HashSet::new(),
        };
        Ok(Arc::new(Self {
            commons,
            lease,
            heartbeats,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            asked: Notify::new(),
            arrived: watch::Sender::new(()),
            claims: RwLock::new(()),
            unsure_until: Mutex::new(None),
            reach: Reach::since(Timestamp::default()),
            outstanding: AtomicUsize::new(0),
        }))
    }

    /// The instance's present name.
    pub(super) fn instance(&self) -> Uuid {
        self.state().instance
    }

    /// Since when it is one of them and the storage is there again; `None` while that is not so.
    pub(super) fn reached_since(&self) -> Option<Timestamp> {
        self.reach.reached_since().filter(|_| self.is_alive())
    }

    fn is_alive(&self) -> bool {
        self.state().term.is_on()
    }

    pub(super) fn holds(&self, channel: &ChannelId) -> bool {
        self.state().lease_of(channel).is_some()
    }

    /// Waits until it has a channel.
    pub(super) async fn hold(&self, channel: &ChannelId) -> Lease {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(lease) = self.ask_for(channel) {
                return lease;
            }
            changed.changed().await.expect("the sender is this instance's own");
        }
    }

    fn ask_for(&self, channel: &ChannelId) -> Option<Lease> {
        let mut state = self.state();
        let lease = state.lease_of(channel);
        if lease.is_none() && state.wanted.insert(channel.clone()) {
            self.asked.notify_one();
        }
        lease
    }

    /// Hands out what is due at a door.
    pub(super) async fn claim(&self, door: &Door, now: Timestamp, max: usize) -> Result<Claims, StoreError> {
        let held_here = match door {
            Door::Channel(channel) => self.holds(channel),
            Door::Desk | Door::Bot => self.is_alive(),
        };
        if !held_here {
            return Ok(Claims::default());
        }
        let claimed = if max > 0 {
            self.claim_rows(door, now, max).await?
        } else {
            Vec::new()
        };
        let next_due = match self.commons.next_due(door).await {
            // What is due and was not handed out is locked by somebody, for a moment.
            Ok(Some(due)) if due <= now && claimed.len() < max => Some(now + LOCKED_WAIT),
            Ok(next_due) => next_due,
            Err(failed) if claimed.is_empty() => return Err(failed),
            Err(failed) => {
                tracing::warn!(%door, error = %failed, "it is not known when there is more to claim");
                None
            }
        };
        Ok(Claims { claimed, next_due })
    }

    async fn claim_rows(&self, door: &Door, now: Timestamp, max: usize) -> Result<Vec<Claimed>, StoreError> {
        let claiming = self.claims.read().await;
        let (instance, term) = {
            let state = self.state();
            (state.instance, Arc::clone(&state.term))
        };
        let unsure = Unsure(self);
        let rows = self.commons.claim(instance, door, now, max).await?;
        let mut state = self.state();
        if state.instance == instance {
            state.out.extend(rows.iter().map(|row| row.fence));
        }
        drop((state, claiming));
        unsure.settle();
        let out = |ClaimedRow { row, place, fence }| claimed(row, place, Lease::new(fence, Arc::clone(&term)));
        Ok(rows.into_iter().map(out).collect())
    }

    /// What was handed out under this lease came back.
    pub(super) fn came_back(&self, lease: &Lease) {
        self.state().out.remove(&lease.fence());
    }

    pub(super) async fn is_wanted(&self, id: DeliveryId) -> bool {
        let is_wanted = self.commons.is_wanted(id, self.instance()).await;
        is_wanted.unwrap_or_else(|failed| {
            tracing::warn!(delivery = %id, error = %failed, "a delivery waits: the ledger cannot say whether it is wanted");
            false
        })
    }

    pub(super) async fn due_timers(&self, now: Timestamp) -> (Vec<DueTimer>, Option<Timestamp>) {
        let due = self.commons.due_timers(now, TIMERS_MAX).await;
        due.unwrap_or_else(|failed| {
            tracing::warn!(error = %failed, "timers wait for the ledger");
            (Vec::new(), Some(now + LOOK_EVERY))
        })
    }

    pub(super) async fn doors(&self) -> Vec<Door> {
        let doors = self.commons.doors().await;
        doors.unwrap_or_else(|failed| {
            tracing::warn!(error = %failed, "the ledger cannot say where deliveries wait");
            Vec::new()
        })
    }

    /// How many deliveries there are; how many there were, where the ledger cannot say.
    pub(super) async fn outstanding(&self) -> usize {
        match self.commons.outstanding().await {
            Ok(count) => self.outstanding.store(count, Ordering::Relaxed),
            Err(failed) => tracing::warn!(error = %failed, "the ledger cannot say how much waits"),
        }
        self.outstanding_lately()
    }

    pub(super) fn outstanding_lately(&self) -> usize {
        self.outstanding.load(Ordering::Relaxed)
    }

    /// Keeps the instance alive, until `stop`.
    pub(super) async fn live(
        self: Arc<Self>,
        shared: Arc<Shared>,
        writes: mpsc::Sender<Write>,
        stop: CancellationToken,
    ) {
        loop {
            let beat = async {
                self.heartbeats.pass().await;
                let wait = self.beat(&shared, &writes).await;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = self.asked.notified() => {}
                }
            };
            tokio::select! {
                () = beat => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Gives everything back.
    pub(super) async fn leave(&self) {
        let instance = {
            let mut state = self.state();
            state.lose();
            state.instance
        };
        // Who waits for the lease to be over waits no longer than that.
        match timeout(self.lease, self.commons.leave(instance)).await {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => {
                tracing::warn!(error = %failed, "what this instance had is given back when its lease is over");
            }
            Err(_elapsed) => tracing::warn!("what this instance had is given back when its lease is over"),
        }
    }

    /// One look at everything, and how long until the next.
    async fn beat(&self, shared: &Shared, writes: &mpsc::Sender<Write>) -> Duration {
        let is_member = if self.is_alive() {
            self.renew().await
        } else {
            self.reach.lost();
            self.come_back(writes).await
        };
        match is_member {
            Ok(true) => {}
            Ok(false) => return Duration::ZERO,
            Err(failed) => {
                tracing::warn!(error = %failed, "this instance could not renew its lease");
                self.reach.lost();
                return AGAIN_EVERY.min(self.lease / 10);
            }
        }
        // However long the storage takes, the next renewal comes in time.
        let errands = timeout(self.renew_every(), self.errands(shared, writes)).await;
        if matches!(errands, Ok(Ok(()))) {
            self.reach.reached(shared.clock.now());
        } else {
            self.reach.lost();
        }
        match errands {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => tracing::warn!(error = %failed, "this instance could not look after the ledger"),
            Err(_elapsed) => tracing::warn!("this instance could not look after the ledger in time"),
        }
        shared.index().rouse_all();
        LOOK_EVERY.min(self.renew_every())
    }

    /// Renews the lease, where it is time. `false` when it was over.
    async fn renew(&self) -> Result<bool, StoreError> {
        let (instance, term, renewed_at) = {
            let state = self.state();
            (state.instance, Arc::clone(&state.term), state.renewed_at)
        };
        let asked_at = Instant::now();
        if asked_at.duration_since(renewed_at) < self.renew_every() {
            return Ok(true);
        }
        let left = term.ends_at().saturating_duration_since(asked_at);
        let renewed = timeout(left, self.commons.renew(instance, self.lease));
        let renewed = renewed
            .await
            .unwrap_or_else(|_elapsed| Err(StoreError::unavailable("no answer")))?;
        if renewed && term.extend(asked_at + counted_on(self.lease)) {
            self.state().renewed_at = asked_at;
            return Ok(true);
        }
        self.state().lose();
        Ok(false)
    }

    /// Joins anew after the lease was over, as if it were another.
    async fn come_back(&self, writes: &mpsc::Sender<Write>) -> Result<bool, StoreError> {
        let had_channels = self.state().lose();
        if had_channels {
            self.changed.send_replace(());
        }
        let (instance, asked_at) = (Uuid::new_v4(), Instant::now());
        let joined = timeout(counted_on(self.lease), self.commons.join(instance, self.lease));
        joined
            .await
            .unwrap_or_else(|_elapsed| Err(StoreError::unavailable("no answer")))?;
        tracing::warn!(%instance, "the lease of this instance was over: it goes on as another, with nothing of what it had");
        reload(writes, Reload::All).await?;
        let mut state = self.state();
        state.instance = instance;
        state.term = Term::new(asked_at + counted_on(self.lease));
        state.renewed_at = asked_at;
        Ok(true)
    }

    async fn errands(&self, shared: &Shared, writes: &mpsc::Sender<Write>) -> Result<(), StoreError> {
        for door in self.commons.sweep().await? {
            shared.index().rouse(&door);
        }
        let unsure_until = *self.unsure_until();
        if let Some(until) = unsure_until {
            self.take_back(until).await?;
        }
        self.check_channels().await?;
        let wanted: Vec<ChannelId> = self.state().wanted.iter().cloned().collect();
        for channel in wanted {
            self.take(channel, writes).await?;
        }
        // Seldom: it counts.
        if self.state().renewed_at.elapsed() < LOOK_EVERY {
            self.outstanding().await;
        }
        Ok(())
    }

    /// Takes back what was handed out to this instance and never came here: the answer was lost. Looked for until none can
    /// come any more, since the storage may still be about to commit it.
    async fn take_back(&self, until: Instant) -> Result<(), StoreError> {
        let _none_on_its_way = self.claims.write().await;
        let (instance, known) = {
            let state = self.state();
            (state.instance, state.out.iter().copied().collect::<Vec<_>>())
        };
        let asked_at = Instant::now();
        self.commons.take_back(instance, &known).await?;
        // Another may have been lost since this look began.
        self.unsure_until()
            .take_if(|latest| *latest <= until && *latest <= asked_at);
        Ok(())
    }

    /// Stops counting on what the storage gave to another: a lease here is as long as that of the whole instance.
    async fn check_channels(&self) -> Result<(), StoreError> {
        let (instance, held) = {
            let state = self.state();
            (state.instance, state.held.clone())
        };
        if held.is_empty() || self.commons.channels_of(instance).await?.is_superset(&held) {
            return Ok(());
        }
        tracing::error!(%instance, "a channel of this instance is another's: it gives up all that it had");
        self.state().lose();
        self.changed.send_replace(());
        Err(StoreError::unavailable("a channel of this instance is another's"))
    }

    async fn take(&self, channel: ChannelId, writes: &mpsc::Sender<Write>) -> Result<(), StoreError> {
        let instance = self.instance();
        if !self.commons.take_channel(instance, &channel).await? {
            return Ok(());
        }
        // From here on nobody else escalates its conversations.
        reload(writes, Reload::All).await?;
        tracing::info!(%channel, %instance, "this instance receives for the channel");
        let mut state = self.state();
        if state.instance == instance {
            state.wanted.remove(&channel);
            state.held.insert(channel);
        }
        drop(state);
        self.changed.send_replace(());
        Ok(())
    }

    fn renew_every(&self) -> Duration {
        self.lease / 3
    }

    fn unsure_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.unsure_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of a lease an instance counts on: clocks do not go alike.
fn counted_on(lease: Duration) -> Duration {
    lease / 10 * 9
}

impl State {
    fn lease_of(&self, channel: &ChannelId) -> Option<Lease> {
        let is_held = self.term.is_on() && self.held.contains(channel);
        is_held.then(|| Lease::new(0, Arc::clone(&self.term)))
    }

    /// Drops all that it had, and says whether channels were among that.
    fn lose(&mut self) -> bool {
        self.term.end();
        self.out.clear();
        !std::mem::take(&mut self.held).is_empty()
    }
}

/// Lets the writer read who owns what.
pub(super) async fn reload(writes: &mpsc::Sender<Write>, what: Reload) -> Result<(), StoreError> {
    let (answer, answered) = oneshot::channel();
    let closed = || StoreError::unavailable("it was closed");
    writes.send(Write::Reload(what, answer)).await.map_err(|_| closed())?;
    answered.await.unwrap_or_else(|_| Err(closed()))
}

/// Notes, when it is dropped before it is sure, that a claim may have been lost on its way here.
struct Unsure<'u>(&'u Sharing);

impl Unsure<'_> {
    /// None was.
    fn settle(self) {
        std::mem::forget(self);
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        // What a database has not committed by then, it has given up.
        *self.0.unsure_until() = Some(Instant::now() + self.0.lease + self.0.commons.busy_max());
    }
}
