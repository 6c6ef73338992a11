use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::{
    Accepted, Arrivals, ChannelFacts, Claimed, Claims, DeadLetter, DueTimer, Heartbeats, Incoming, Lease, LettersOf,
    Maintained, Maintenance, Owners, Ownership, QueueFacts, Recorded, SessionFacts, Settle, Standing, Store,
    StoreError,
    backend::{Backend, Commons, DoorRows, Recovered, WaitingMark, WaitingRow},
    blobs::{Blobs, LedgerBlobs},
    fold::{Brain, Live},
    index::{Index, IndexChange, Lanes},
    look,
    memory::MemoryBackend,
    reach::Reach,
    sharing::{Sharing, hasten, listen},
    writer::{Write, Writer},
};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{
        Address, ChannelId, Clock, ConversationKey, DeskLimits, HookAddress, Line, Policy, SessionId, SystemClock,
        Texts, Timestamp,
    },
    session::{Mark, TimerKind, UnsentTo},
};

/// How a ledger works.
#[derive(Clone)]
#[non_exhaustive]
pub struct LedgerSettings {
    /// The rules of a session.
    pub policy: Policy,
    /// The texts to the customer.
    pub texts: Texts,
    /// What the desk takes.
    pub desk: DeskLimits,
    /// Who gets what a customer wrote and no agent got. The bot.
    pub unsent_to: UnsentTo,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How many writes may wait. Past that a write is refused at once. 4,096.
    pub queue_max: usize,
    /// How many writes one commit takes at the most. 512.
    pub batch_max: usize,
}

impl LedgerSettings {
    /// The defaults, for a desk that takes this.
    pub fn new(desk: DeskLimits) -> Self {
        Self {
            policy: Policy::default(),
            texts: Texts::default(),
            desk,
            unsent_to: UnsentTo::Bot,
            clock: Arc::new(SystemClock),
            queue_max: 4_096,
            batch_max: 512,
        }
    }
}

impl fmt::Debug for LedgerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LedgerSettings")
            .field("policy", &self.policy)
            .field("queue_max", &self.queue_max)
            .field("batch_max", &self.batch_max)
            .finish_non_exhaustive()
    }
}

/// The ledger, over whatever it is stored in.
pub struct Ledger {
    writes: mpsc::Sender<Write>,
    queue_max: usize,
    shared: Arc<Shared>,
    closing: CancellationToken,
    tasks: TaskTracker,
    /// What an instance does among others ends with it, and so, later, its lease.
    _stops: DropGuard,
}

/// What the writer and the readers share.
pub(super) struct Shared {
    pub(super) backend: Arc<dyn Backend>,
    /// Where instances share the ledger. Then the index knows whom to wake, and no more.
    pub(super) sharing: Option<Arc<Sharing>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) brain: Brain,
    pub(super) owners: Owners,
    /// Whether the writer could write, at first since this process opened it.
    pub(super) reach: Reach,
    index: Mutex<Index>,
    /// Where the hooks of sessions go that ended shortly before the ledger was opened.
    late_addresses: BTreeSet<HookAddress>,
}

impl Shared {
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when it is reached by all that go by it; `None` while it is not.
    fn reached_since(&self) -> Option<Timestamp> {
        let since = self.reach.reached_since()?;
        match &self.sharing {
            Some(sharing) => sharing.reached_since().map(|shared_since| shared_since.max(since)),
            None => Some(since),
        }
    }
}

impl Ledger {
    /// Opens a ledger that lives in memory and is gone with the process: for tests.
    ///
    /// # Errors
    /// None that is expected; the signature is that of every ledger.
    pub async fn in_memory(settings: LedgerSettings) -> Result<Self, StoreError> {
        Self::open(Box::new(MemoryBackend::default()), settings).await
    }

    /// Opens a ledger that belongs to this process.
    pub(super) async fn open(backend: Box<dyn Backend>, settings: LedgerSettings) -> Result<Self, StoreError> {
        Self::over(Arc::from(backend), None, settings).await
    }

    /// Opens a ledger that instances share, as one more of them.
    #[allow(dead_code, reason = "no storage can be shared in a build without PostgreSQL")]
    pub(super) async fn open_shared(
        commons: Arc<dyn Commons>,
        lease: Duration,
        heartbeats: Heartbeats,
        settings: LedgerSettings,
    ) -> Result<Self, StoreError> {
        let sharing = Sharing::join(Arc::clone(&commons), lease, heartbeats).await?;
        Self::over(commons, Some(sharing), settings).await
    }

    async fn over(
        backend: Arc<dyn Backend>,
        sharing: Option<Arc<Sharing>>,
        settings: LedgerSettings,
    ) -> Result<Self, StoreError> {
        let now = settings.clock.now();
        let recovered = backend.recover(now - Mark::HOLDS_FOR).await?;
        let owners = Owners::default();
        owners.publish(&recovered.conversations);
        let late_since = now - settings.policy.late_max;
        let late = recovered.hook_addresses.iter();
        let late = late.filter(|(_, ended_at)| *ended_at >= late_since);
        let late_addresses = late.map(|(address, _)| address.clone()).collect();
        let (live, index) = if sharing.is_some() {
            (Live::default(), Index::default())
        } else {
            by_heart(recovered, &settings.policy, now)
        };
        let brain = Brain {
            policy: settings.policy,
            texts: settings.texts,
            desk: settings.desk,
            unsent_to: settings.unsent_to,
            chats: RwLock::new(HashMap::new()),
            hook_address: RwLock::default(),
            desk_texts: RwLock::new(BTreeMap::new()),
        };
        let shared = Arc::new(Shared {
            backend,
            sharing,
            clock: settings.clock,
            brain,
            owners,
            reach: Reach::since(now),
            index: Mutex::new(index),
            late_addresses,
        });
        let (writes, queue) = mpsc::channel(settings.queue_max.max(1));
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Writer::new(Arc::clone(&shared), live, settings.batch_max.max(1)).run(queue, closing.clone()));
        let stop = closing.child_token();
        if let Some(sharing) = &shared.sharing {
            let live = Arc::clone(sharing).live(Arc::clone(&shared), writes.clone(), stop.clone());
            tasks.spawn(live);
            let hearing = listen(Arc::clone(sharing), Arc::clone(&shared), writes.clone(), stop.clone());
            tasks.spawn(hearing);
            tasks.spawn(hasten(Arc::clone(sharing), Arc::clone(&shared), stop.clone()));
        }
        tasks.close();
        Ok(Self {
            writes,
            queue_max: settings.queue_max,
            shared,
            closing,
            tasks,
            _stops: stop.drop_guard(),
        })
    }

    /// Tells the ledger what a channel can do. Call it before the channel's first event.
    pub fn know_channel(&self, channel: ChannelId, facts: ChannelFacts) {
        let mut chats = self.shared.brain.chats.write().unwrap_or_else(PoisonError::into_inner);
        chats.insert(channel, facts);
    }

    /// Tells the ledger where the hooks of new sessions go. Sessions that stand keep their address.
    pub fn know_hook_address(&self, address: String) {
        *self
            .shared
            .brain
            .hook_address
            .write()
            .unwrap_or_else(PoisonError::into_inner) = HookAddress::new(address);
    }

    /// Where hooks may still come: of the sessions that stand, and of those that had ended so shortly before the ledger was
    /// opened that a late reply was welcome. Each address once.
    pub fn hook_addresses(&self) -> BTreeSet<HookAddress> {
        let standing = self.shared.owners.hook_addresses();
        &standing | &self.shared.late_addresses
    }

    /// Tells the ledger the texts of the desk's own configuration. Each later answer of the desk replaces them.
    pub fn know_desk_texts(&self, texts: BTreeMap<String, String>) {
        *self
            .shared
            .brain
            .desk_texts
            .write()
            .unwrap_or_else(PoisonError::into_inner) = texts;
    }

    /// How many deliveries wait or are on their way; where instances share the ledger, how many there were a few seconds ago.
    pub fn outstanding_lately(&self) -> usize {
        match &self.shared.sharing {
            Some(sharing) => sharing.outstanding_lately(),
            None => self.shared.index().outstanding(),
        }
    }

    /// Writes what waits, then closes the ledger. A call that comes later is refused. What an instance has goes to the others
    /// at once.
    pub async fn close(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
        if let Some(sharing) = &self.shared.sharing {
            sharing.leave().await;
        }
        if let Err(error) = self.shared.backend.close().await {
            tracing::warn!(%error, "the ledger could not be closed");
        }
    }

    /// Hands out what the index knows to be due.
    async fn claim_own(&self, door: &Door, now: Timestamp, max: usize) -> Result<Claims, StoreError> {
        let leased = self.shared.index().lease(door, now, max);
        let mut handed_out = HandedOut {
            shared: &self.shared,
            held: leased,
        };
        let mut rows = handed_out.read().await?;
        let in_order = handed_out.held.iter().filter_map(|id| rows.remove(id));
        let claimed = in_order.map(|row| {
            let ownership = self.shared.owners.get(&row.conversation);
            claimed(row, ownership.and_then(|ownership| ownership.place), Lease::for_good())
        });
        let claimed = claimed.collect();
        handed_out.keep();
        let next_due = self.shared.index().next_due(door);
        Ok(Claims { claimed, next_due })
    }

    async fn write<T>(
        &self,
        write: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Write,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.writes.try_send(write(answer)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded {
                queue_max: self.queue_max,
            },
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// How long after a start, or after an outage of the storage, what was said meanwhile may take to come in before a session
/// counts as silent or as one that nobody took and a message counts as one without a contact, and what waited may take to
/// go out before an opening counts as one that took too long, or the desk as away.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);

/// How long timers that are due wait while the storage is away, before it is looked again.
const AWAY_WAIT: Duration = Duration::from_secs(1);

/// The timers of a ledger that starts. Those whose time is remembered are due by that and by the settings of now,
/// which may be others than when they were stored; the rest are due as they were stored.
fn timers(
    stored: Vec<(SessionId, TimerKind, Timestamp)>,
    live: &Live,
    policy: &Policy,
    now: Timestamp,
) -> Vec<IndexChange> {
    let stored = stored.into_iter().map(|(session, kind, due)| ((session, kind), due));
    let mut timers: BTreeMap<(SessionId, TimerKind), Timestamp> = stored.collect();
    timers.extend(live.timers(policy).map(|(session, kind, due)| ((session, kind), due)));
    let set = timers.into_iter().map(|((session, kind), due)| {
        let due = match (kind, policy.desk_away_max) {
            (TimerKind::DeskAway, Some(away_max)) => due.min(now + away_max),
            _ => due,
        };
        IndexChange::SetTimer(session, kind, due)
    });
    set.collect()
}

/// How long a ledger that is reached again lets pass before a timer of this kind: what could not come in comes first.
fn catch_up(kind: TimerKind, policy: &Policy) -> Duration {
    let timer_max = match kind {
        TimerKind::Opening => Some(policy.opening_max),
        TimerKind::Waiting => policy.waiting_max,
        TimerKind::Silence => policy.silence_max.map(|silence_max| silence_max.min(policy.warned_max)),
        TimerKind::Leaving => Some(policy.leaving_max),
        TimerKind::DeskAway => policy.desk_away_max,
        TimerKind::Album => Some(policy.album_wait),
    };
    timer_max.map_or(Duration::ZERO, |timer_max| timer_max.min(CATCH_UP_MAX))
}

/// The timers that are due once each kind has caught up.
fn after_catching_up(
    (due, next): (Vec<DueTimer>, Option<Timestamp>),
    now: Timestamp,
    caught_up: impl Fn(TimerKind) -> Timestamp,
) -> (Vec<DueTimer>, Option<Timestamp>) {
    let (due, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|timer| caught_up(timer.kind) <= now);
    let later = later.into_iter().map(|timer| caught_up(timer.kind));
    (due, later.chain(next).min())
}

fn closed() -> StoreError {
    StoreError::unavailable("it was closed")
}

#[async_trait]
impl Store for Ledger {
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        self.write(|answer| Write::Accept(events, answer)).await
    }

    async fn settle(&self, settle: Settle) -> Result<Recorded, StoreError> {
        self.write(|answer| Write::Settle(Box::new(settle), answer)).await
    }

    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError> {
        self.write(|answer| Write::Maintain(task, answer)).await
    }

    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        let now = self.shared.clock.now();
        match &self.shared.sharing {
            Some(sharing) => sharing.claim(door, now, max, &self.writes).await,
            None => self.claim_own(door, now, max).await,
        }
    }

    async fn is_wanted(&self, id: DeliveryId) -> bool {
        match &self.shared.sharing {
            Some(sharing) => sharing.is_wanted(id).await,
            None => self.shared.index().has_row(id),
        }
    }

    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        let now = self.shared.clock.now();
        let due = match &self.shared.sharing {
            Some(sharing) => sharing.due_timers(now).await,
            None => self.shared.index().due_timers(now),
        };
        // Now, since the storage may have been lost while it was asked.
        let since = self.shared.reached_since();
        after_catching_up(due, now, |kind| match since {
            Some(since) => since + catch_up(kind, &self.shared.brain.policy),
            None => now + AWAY_WAIT,
        })
    }

    fn wake(&self, door: &Door) -> Arc<Notify> {
        self.shared.index().wake(door)
    }

    fn wake_timers(&self) -> Arc<Notify> {
        self.shared.index().wake_timers()
    }

    async fn doors(&self) -> Vec<Door> {
        match &self.shared.sharing {
            Some(sharing) => sharing.doors().await,
            None => self.shared.index().doors(),
        }
    }

    async fn outstanding(&self) -> usize {
        match &self.shared.sharing {
            Some(sharing) => sharing.outstanding().await,
            None => self.shared.index().outstanding(),
        }
    }

    async fn drained(&self) {
        let idle = self.shared.index().idle();
        loop {
            let emptied = idle.notified();
            if self.outstanding().await == 0 {
                return;
            }
            // Also woken by each look at what other instances did.
            emptied.await;
        }
    }

    fn owners(&self) -> &Owners {
        &self.shared.owners
    }

    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError> {
        let known = self.shared.owners.of_session(session);
        let Some(sharing) = self.shared.sharing.as_ref().filter(|_| known.is_none()) else {
            return Ok(known);
        };
        let found = sharing.commons.of_session(session).await?;
        Ok(found.and_then(|conversation| {
            let standing = Ownership::of(&conversation).session;
            let standing = standing.filter(|standing| standing.id == session)?;
            Some((conversation.key, standing))
        }))
    }

    async fn hold(&self, channel: &ChannelId) -> Lease {
        match &self.shared.sharing {
            Some(sharing) => sharing.hold(channel).await,
            None => Lease::for_good(),
        }
    }

    fn holds(&self, channel: &ChannelId) -> bool {
        self.shared
            .sharing
            .as_ref()
            .is_none_or(|sharing| sharing.holds(channel))
    }

    fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        let sharing = Arc::clone(self.shared.sharing.as_ref()?);
        Some(sharing)
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        self.shared.backend.transcript(session).await
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.dead_letters_of(&LettersOf::default(), max).await
    }

    async fn dead_letters_of(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.shared.backend.dead_letters(of, max).await
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        self.shared.backend.dead_letter(id).await
    }

    async fn sessions(&self, ended_since: Timestamp, max: usize) -> Result<Vec<SessionFacts>, StoreError> {
        let conversations = self.shared.backend.escalated(ended_since, max).await?;
        let mut sessions = look::sessions(&conversations, ended_since);
        sessions.truncate(max);
        let counted = match &self.shared.sharing {
            Some(sharing) => {
                let lanes: Vec<Lane> = sessions.iter().flat_map(|session| session.lanes).collect();
                Some(sharing.commons.rows_in(&lanes).await?)
            }
            None => None,
        };
        let index = self.shared.index();
        let waiting = |lane: Lane| match &counted {
            Some(counted) => counted.get(&lane).copied().unwrap_or_default(),
            None => index.outstanding_in(lane),
        };
        for session in &mut sessions {
            session.waiting = session.lanes.iter().map(|lane| waiting(*lane)).sum();
        }
        Ok(sessions)
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        let mut doors = self.shared.backend.rows_at_doors().await?;
        doors.sort();
        let lanes = match &self.shared.sharing {
            Some(sharing) => Some(sharing.commons.lanes_at_doors().await?),
            None => None,
        };
        let index = self.shared.index();
        let queue = |rows: DoorRows| {
            let (in_flight, next_due) = match &lanes {
                Some(lanes) => lanes.get(&rows.door).copied().unwrap_or_default(),
                None => (index.in_flight(&rows.door), index.next_due(&rows.door)),
            };
            QueueFacts {
                waiting: rows.waiting.saturating_sub(in_flight),
                in_flight,
                oldest: rows.oldest,
                next_due,
                dead: rows.dead,
                door: rows.door,
            }
        };
        Ok(doors.into_iter().map(queue).collect())
    }

    fn blobs(&self) -> Arc<dyn Blobs> {
        Arc::new(LedgerBlobs::new(self.writes.clone(), Arc::clone(&self.shared)))
    }

    fn is_healthy(&self) -> bool {
        self.shared.reached_since().is_some()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("healthy", &self.is_healthy())
            .finish_non_exhaustive()
    }
}

/// What the memory of a ledger that belongs to one process begins with.
fn by_heart(recovered: Recovered, policy: &Policy, now: Timestamp) -> (Live, Index) {
    let (mut live, mut index) = (Live::default(), Index::default());
    let conversations = recovered.conversations.into_iter();
    conversations.for_each(|conversation| live.keep(conversation));
    // What waited for a retry before a restart is tried at once: the other side may be back.
    let waiting = recovered.waiting.into_iter();
    index.apply(waiting.map(|mark| IndexChange::Wait(WaitingMark { due: now, ..mark })));
    index.apply(timers(recovered.timers, &live, policy, now));
    (live, index)
}

pub(super) fn claimed(row: WaitingRow, place: Option<Address>, lease: Lease) -> Claimed {
    Claimed {
        id: row.id,
        payload: row.payload,
        conversation: row.conversation,
        hook_address: row.hook_address,
        attempt: row.attempts + 1,
        created_at: row.created_at,
        maybe_sent: row.maybe_sent,
        started: row.started,
        place,
        lease,
    }
}

/// Rows that were handed out and not yet read. Given back when the read fails or is dropped.
struct HandedOut<'l> {
    shared: &'l Shared,
    held: Vec<DeliveryId>,
}

impl HandedOut<'_> {
    /// How long a row that cannot be read is left alone, and its lane with it.
    const UNREADABLE_WAIT: Duration = Duration::from_mins(1);

    /// Reads the rows. What is gone was taken back between the lease and the read, and is let go of.
    async fn read(&mut self) -> Result<HashMap<DeliveryId, WaitingRow>, StoreError> {
        if self.held.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = match self.shared.backend.rows(&self.held).await {
            Err(StoreError::Corrupt { .. }) => self.read_one_by_one().await?,
            rows => rows?,
        };
        let rows: HashMap<DeliveryId, WaitingRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let gone = self.held.extract_if(.., |id| !rows.contains_key(id));
        let mut index = self.shared.index();
        gone.for_each(|id| index.release(id, true));
        drop(index);
        Ok(rows)
    }

    /// A row that cannot be read holds up its own lane alone.
    async fn read_one_by_one(&mut self) -> Result<Vec<WaitingRow>, StoreError> {
        let mut rows = Vec::new();
        let mut at = 0;
        while let Some(id) = self.held.get(at).copied() {
            match self.shared.backend.rows(&[id]).await {
                Ok(found) => rows.extend(found),
                Err(StoreError::Corrupt { detail }) => {
                    tracing::error!(delivery = %id, detail, "a delivery cannot be read: its lane waits");
                    self.held.remove(at);
                    let due = self.shared.clock.now() + Self::UNREADABLE_WAIT;
                    self.shared.index().apply([IndexChange::Again(id, due)]);
                    continue;
                }
                Err(failed) => return Err(failed),
            }
            at += 1;
        }
        Ok(rows)
    }

    /// What is held stays out until it is settled.
    fn keep(mut self) {
        self.held.clear();
    }
}

impl Drop for HandedOut<'_> {
    fn drop(&mut self) {
        if !self.held.is_empty() {
            let mut index = self.shared.index();
            self.held.drain(..).for_each(|id| index.release(id, false));
        }
    }
}
