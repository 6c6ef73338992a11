use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Accepted, ChannelFacts, Claimed, Claims, DeadLetter, DueTimer, Incoming, LettersOf, Maintained, Maintenance,
    Owners, QueueFacts, SessionFacts, Settle, Store, StoreError,
    backend::{Backend, DoorRows, WaitingMark, WaitingRow},
    blobs::{Blobs, LedgerBlobs},
    fold::{Brain, Live},
    index::{Index, IndexChange},
    look,
    memory::MemoryBackend,
    writer::{Write, Writer},
};
use crate::{
    delivery::{DeliveryId, Door},
    model::{ChannelId, Clock, DeskLimits, HookAddress, Line, Policy, SessionId, SystemClock, Texts, Timestamp},
    session::{Mark, TimerKind},
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
    /// Whether the bot hears events. Where it does not, the customer is told of a line that no agent got. Yes.
    pub bot_listens: bool,
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
            bot_listens: true,
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
}

/// What the writer and the readers share.
pub(super) struct Shared {
    pub(super) backend: Box<dyn Backend>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) brain: Brain,
    pub(super) owners: Owners,
    pub(super) healthy: AtomicBool,
    index: Mutex<Index>,
    /// Where the hooks of sessions go that ended shortly before the ledger was opened.
    late_addresses: BTreeSet<HookAddress>,
}

impl Shared {
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
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

    pub(super) async fn open(backend: Box<dyn Backend>, settings: LedgerSettings) -> Result<Self, StoreError> {
        let now = settings.clock.now();
        let recovered = backend.recover(now - Mark::HOLDS_FOR).await?;
        let mut live = Live::default();
        let owners = Owners::default();
        owners.publish(&recovered.conversations);
        recovered
            .conversations
            .into_iter()
            .for_each(|conversation| live.keep(conversation));
        let mut index = Index::default();
        // What waited for a retry before a restart is tried at once: the other side may be back.
        index.apply(
            recovered
                .waiting
                .into_iter()
                .map(|mark| IndexChange::Wait(WaitingMark { due: now, ..mark })),
        );
        index.apply(timers(recovered.timers, &live, &settings.policy, now));
        let late_since = now - settings.policy.late_max;
        let late = recovered.hook_addresses.into_iter();
        let late = late.filter(|(_, ended_at)| *ended_at >= late_since);
        let brain = Brain {
            policy: settings.policy,
            texts: settings.texts,
            desk: settings.desk,
            bot_listens: settings.bot_listens,
            chats: RwLock::new(HashMap::new()),
            hook_address: RwLock::default(),
            desk_texts: RwLock::new(BTreeMap::new()),
        };
        let shared = Arc::new(Shared {
            backend,
            clock: settings.clock,
            brain,
            owners,
            healthy: AtomicBool::new(true),
            index: Mutex::new(index),
            late_addresses: late.map(|(address, _)| address).collect(),
        });
        let (writes, queue) = mpsc::channel(settings.queue_max.max(1));
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Writer::new(Arc::clone(&shared), live, settings.batch_max.max(1)).run(queue, closing.clone()));
        tasks.close();
        Ok(Self {
            writes,
            queue_max: settings.queue_max,
            shared,
            closing,
            tasks,
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

    /// Writes what waits, then closes the ledger. A call that comes later is refused.
    pub async fn close(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
        if let Err(error) = self.shared.backend.close().await {
            tracing::warn!(%error, "the ledger could not be closed");
        }
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

/// How long after a start what was said meanwhile may take to come in before a session counts as silent, and what waited
/// may take to go out before the desk counts as away.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);

/// The timers of a ledger that starts. Those that a state runs by are due by what is remembered and by the settings of now,
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
        let due = match (kind, policy.silence_max, policy.desk_away_max) {
            (TimerKind::Silence, Some(silence_max), _) => {
                due.max(now + silence_max.min(policy.warned_max).min(CATCH_UP_MAX))
            }
            (TimerKind::DeskAway, _, Some(away_max)) => due.min(now + away_max).max(now + away_max.min(CATCH_UP_MAX)),
            _ => due,
        };
        IndexChange::SetTimer(session, kind, due)
    });
    set.collect()
}

fn closed() -> StoreError {
    StoreError::unavailable("it was closed")
}

#[async_trait]
impl Store for Ledger {
    async fn accept(&self, events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        self.write(|answer| Write::Accept(events, answer)).await
    }

    async fn settle(&self, settle: Settle) -> Result<(), StoreError> {
        self.write(|answer| Write::Settle(Box::new(settle), answer)).await
    }

    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError> {
        self.write(|answer| Write::Maintain(task, answer)).await
    }

    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        let leased = self.shared.index().lease(door, self.shared.clock.now(), max);
        let mut lease = Lease {
            shared: &self.shared,
            held: leased,
        };
        let mut rows = lease.read().await?;
        let claimed = lease
            .held
            .iter()
            .filter_map(|id| rows.remove(id))
            .map(claimed)
            .collect();
        lease.keep();
        let next_due = self.shared.index().next_due(door);
        Ok(Claims { claimed, next_due })
    }

    fn is_wanted(&self, id: DeliveryId) -> bool {
        self.shared.index().has_row(id)
    }

    fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        self.shared.index().due_timers(self.shared.clock.now())
    }

    fn wake(&self, door: &Door) -> Arc<Notify> {
        self.shared.index().wake(door)
    }

    fn wake_timers(&self) -> Arc<Notify> {
        self.shared.index().wake_timers()
    }

    fn doors(&self) -> Vec<Door> {
        self.shared.index().doors()
    }

    fn outstanding(&self) -> usize {
        self.shared.index().outstanding()
    }

    async fn drained(&self) {
        let idle = self.shared.index().idle();
        loop {
            let emptied = idle.notified();
            if self.outstanding() == 0 {
                return;
            }
            emptied.await;
        }
    }

    fn owners(&self) -> &Owners {
        &self.shared.owners
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
        let index = self.shared.index();
        for session in &mut sessions {
            session.waiting = session.lanes.iter().map(|lane| index.outstanding_in(*lane)).sum();
        }
        Ok(sessions)
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        let mut doors = self.shared.backend.rows_at_doors().await?;
        doors.sort();
        let index = self.shared.index();
        let queue = |rows: DoorRows| {
            let in_flight = index.in_flight(&rows.door);
            QueueFacts {
                waiting: rows.waiting.saturating_sub(in_flight),
                in_flight,
                oldest: rows.oldest,
                next_due: index.next_due(&rows.door),
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
        self.shared.healthy.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("healthy", &self.is_healthy())
            .finish_non_exhaustive()
    }
}

fn claimed(row: WaitingRow) -> Claimed {
    Claimed {
        id: row.id,
        payload: row.payload,
        conversation: row.conversation,
        hook_address: row.hook_address,
        attempt: row.attempts + 1,
        created_at: row.created_at,
        maybe_sent: row.maybe_sent,
        started: row.started,
    }
}

/// Rows that were handed out and not yet read. Given back when the read fails or is dropped.
struct Lease<'l> {
    shared: &'l Shared,
    held: Vec<DeliveryId>,
}

impl Lease<'_> {
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

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !self.held.is_empty() {
            let mut index = self.shared.index();
            self.held.drain(..).for_each(|id| index.release(id, false));
        }
    }
}
