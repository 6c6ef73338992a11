//! Faults of a store.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use escalator::{
    delivery::{DeliveryId, Door, OpenedFile},
    model::{BlobId, ChannelId, ConversationKey, EventKey, Line, SessionId, Timestamp},
    session::{Event, Verdict},
    store::{
        Accepted, Arrivals, Claimed, Claims, DeadLetter, DueTimer, Incoming, Lease, LettersOf, Maintained, Maintenance,
        Owners, QueueFacts, Recorded, SessionFacts, Settle, SettleAs, Standing, Store, StoreError, Target,
        blobs::Blobs,
    },
};
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::Notify;

/// One fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoreFault {
    /// Takes every event for a new one.
    ForgetsKeys,
    /// Takes an event from before a restart for a new one.
    ForgetsKeysAtRestart,
    /// Remembers what it gave to the bot.
    RemembersTheBots,
    /// Commits a batch from its end.
    ReordersBatches,
    /// Loses what stands behind a faulty event.
    DropsANeighbour,
    /// Refuses a whole batch for one event.
    RefusesAll,
    /// Commits the first event of a batch alone before the rest.
    SplitsBatches,
    /// Answers before the last event is written.
    AnswersBeforeTheCommit,
    /// Hands a claim out again.
    HandsOutAgain,
    /// Hands out a whole lane's heads regardless of how many were asked for.
    IgnoresTheMaximum,
    /// Wakes nobody.
    WakesNobody,
    /// Says that all is delivered at once.
    IsAlwaysDrained,
    /// Forgets that a delivery is over.
    ForgetsSettlements,
    /// Tries again at once.
    DoesNotWait,
    /// Forgets that something may have arrived.
    ForgetsDoubts,
    /// Takes a dead letter for a delivered one.
    BuriesInSilence,
    /// Forgets what must not be done twice.
    ForgetsStarts,
    /// Wants what was taken back.
    WantsAll,
    /// Takes what was handed out before a restart for delivered.
    ForgetsClaims,
    /// Hands out what another instance has.
    HandsOutToBoth,
    /// Takes what is settled late for what is settled in time.
    FencesNothing,
    /// Says of every channel that it is this instance's.
    HoldsAll,
    /// Writes what comes to the second instance later than it says.
    LagsBehind,
    /// Forgets who owns what at a restart.
    ForgetsOwners,
    /// Forgets timers at a restart.
    ForgetsTimers,
    /// Hands a timer out once.
    TimersComeOnce,
    /// Forgets dead letters at a restart.
    ForgetsDeadLetters,
    /// Hands out transcripts with the newest line first.
    ReordersTranscripts,
    /// Keeps the secret that came last.
    KeepsTheLastSecret,
    /// Loses the end of a file.
    CutsFiles,
    /// Takes files of any size.
    TakesAnySize,
    /// Keeps what was discarded.
    KeepsWhatWasDiscarded,
    /// Removes files that are needed.
    SweepsAll,
    /// Removes no file.
    SweepsNothing,
    /// Says that a dead letter is sent again, and leaves it where it is.
    RedrivesNothing,
    /// Sends a dead letter again as old as it is: by the next attempt's failure it is dead once more.
    RedrivesTheOld,
    /// Sends a row of the desk again whose session is over.
    RedrivesWhatIsOver,
    /// Answers that anything was dropped.
    DropsNothing,
    /// Finds dead letters that were not asked for.
    FindsAllDeadLetters,
    /// Shows no session that is over.
    HidesWhatEnded,
    /// Counts no dead letter.
    CountsNoDeadLetters,
}

/// What a faulty store knows over restarts.
#[derive(Default)]
pub(super) struct Memory {
    openings: AtomicUsize,
    calls: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: HashSet<EventKey>,
    unwritten: Vec<Incoming>,
    /// What was handed out and not settled: by this opening, or one before.
    out: Vec<(usize, Claimed)>,
    timers: HashSet<SessionId>,
    /// When each delivery joined its lane first.
    made: HashMap<DeliveryId, Timestamp>,
    blobs: Vec<BlobId>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store with a fault.
pub(super) struct FaultyStore {
    inner: Arc<dyn Store>,
    fault: StoreFault,
    memory: Arc<Memory>,
    /// Which opening it is, from 1.
    opening: usize,
    nobody: Owners,
}

impl FaultyStore {
    pub(super) fn new(inner: Arc<dyn Store>, fault: StoreFault, memory: Arc<Memory>) -> Self {
        // What stood in memory alone is gone.
        memory.state().unwritten.clear();
        let opening = memory.openings.fetch_add(1, Ordering::SeqCst) + 1;
        Self {
            inner,
            fault,
            memory,
            opening,
            nobody: Owners::default(),
        }
    }

    fn is(&self, fault: StoreFault) -> bool {
        self.fault == fault
    }

    fn is_after_a_restart(&self, fault: StoreFault) -> bool {
        self.is(fault) && self.opening > 1
    }

    /// The key as the faulty store would remember it.
    fn miskey(&self, event: &mut Incoming) {
        let mark = match self.fault {
            StoreFault::ForgetsKeys => self.memory.calls.fetch_add(1, Ordering::SeqCst),
            StoreFault::ForgetsKeysAtRestart => self.opening,
            _ => return,
        };
        event.key = EventKey::new(format!("{}#{mark}", event.key));
    }

    /// Writes what was answered before it was written.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let unwritten = std::mem::take(&mut self.memory.state().unwritten);
        if !unwritten.is_empty() {
            self.inner.accept(unwritten).await?;
        }
        Ok(())
    }

    async fn accept_later(&self, mut events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        self.catch_up().await?;
        let is_message = |event: &Incoming| {
            let is_of_session = matches!(event.target, Target::Session(_));
            !is_of_session && matches!(event.event, Event::Customer { position: Some(at), .. } if at.0 > 1)
        };
        let last = events.pop_if(|event| is_message(event));
        let mut answers = self.inner.accept(events).await?;
        if let Some(last) = last {
            self.memory.state().unwritten.push(last);
            answers.push(Accepted::New(Verdict::Kept));
        }
        Ok(answers)
    }

    async fn accept_with_neighbours(&self, mut events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        let stranger = events.iter().position(|event| match event.target {
            Target::Session(session) => self.inner.owners().of_session(session).is_none(),
            Target::Conversation(_) => false,
        });
        let lost = stranger.map_or(0, |at| events.len() - at - 1);
        events.truncate(events.len() - lost);
        let mut answers = self.inner.accept(events).await?;
        answers.extend(std::iter::repeat_n(Accepted::New(Verdict::Kept), lost));
        Ok(answers)
    }

    /// The claims as the faulty store would hand them out.
    async fn misclaim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        let mut claims = self.inner.claim(door, max).await?;
        for claimed in &mut claims.claimed {
            claimed.maybe_sent &= !self.is(StoreFault::ForgetsDoubts);
            if self.is(StoreFault::RedrivesTheOld) {
                let mut state = self.memory.state();
                let first = *state.made.entry(claimed.id).or_insert(claimed.created_at);
                claimed.created_at = first;
            }
        }
        let opening = self.opening;
        if self.is(StoreFault::HandsOutAgain) && claims.claimed.is_empty() && max > 0 {
            let out: Vec<Claimed> = self
                .memory
                .state()
                .out
                .iter()
                .map(|(_, claimed)| claimed.clone())
                .collect();
            for claimed in out {
                if self.inner.is_wanted(claimed.id).await {
                    claims.claimed.push(claimed);
                }
            }
            return Ok(claims);
        }
        let mut state = self.memory.state();
        let mut before = HashSet::new();
        if self.is(StoreFault::ForgetsClaims) {
            let out = state.out.iter().filter(|(at, _)| *at < opening);
            before = out.map(|(_, claimed)| claimed.id).collect();
        }
        claims.claimed.retain(|claimed| !before.contains(&claimed.id));
        state
            .out
            .extend(claims.claimed.iter().map(|claimed| (opening, claimed.clone())));
        if self.is(StoreFault::HandsOutToBoth) && max > 0 {
            let others = state.out.iter().filter(|(at, _)| *at != opening);
            claims.claimed.extend(others.map(|(_, claimed)| claimed.clone()));
        }
        Ok(claims)
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn accept(&self, mut events: Vec<Incoming>) -> Result<Vec<Accepted>, StoreError> {
        for event in &mut events {
            self.miskey(event);
        }
        match self.fault {
            StoreFault::ReordersBatches => {
                events.reverse();
                let mut answers = self.inner.accept(events).await?;
                answers.reverse();
                Ok(answers)
            }
            StoreFault::RemembersTheBots => {
                let keys: Vec<_> = events.iter().map(|event| event.key.clone()).collect();
                let mut answers = self.inner.accept(events).await?;
                let mut state = self.memory.state();
                for (key, answer) in keys.into_iter().zip(&mut answers) {
                    if !state.seen.insert(key) {
                        *answer = Accepted::Duplicate;
                    }
                }
                Ok(answers)
            }
            StoreFault::DropsANeighbour => self.accept_with_neighbours(events).await,
            StoreFault::RefusesAll => {
                let answers = self.inner.accept(events).await?;
                if answers.contains(&Accepted::UnknownSession) {
                    return Err(StoreError::Invalid {
                        detail: "one of the events".to_owned(),
                    });
                }
                Ok(answers)
            }
            StoreFault::SplitsBatches => {
                let rest = events.split_off(1.min(events.len()));
                let mut answers = self.inner.accept(events).await?;
                if !rest.is_empty() {
                    tokio::task::yield_now().await;
                    answers.extend(self.inner.accept(rest).await?);
                }
                Ok(answers)
            }
            StoreFault::AnswersBeforeTheCommit => self.accept_later(events).await,
            StoreFault::LagsBehind if self.opening > 1 => self.accept_later(events).await,
            _ => self.inner.accept(events).await,
        }
    }

    async fn settle(&self, mut settle: Settle) -> Result<Recorded, StoreError> {
        if self.is(StoreFault::FencesNothing) {
            let out = &self.memory.state().out;
            let latest = out.iter().rev().find(|(_, claimed)| claimed.id == settle.id);
            if let Some((_, latest)) = latest {
                settle.lease = latest.lease.clone();
            }
        }
        self.memory.state().out.retain(|(_, claimed)| claimed.id != settle.id);
        settle.as_ = match (self.fault, settle.as_) {
            (StoreFault::ForgetsStarts, SettleAs::Started) => return Ok(Recorded::Done),
            (StoreFault::ForgetsSettlements, SettleAs::Delivered(_)) => SettleAs::Retry {
                due: Timestamp::default(),
                maybe_sent: false,
            },
            (StoreFault::DoesNotWait, SettleAs::Retry { maybe_sent, .. }) => SettleAs::Retry {
                due: Timestamp::default(),
                maybe_sent,
            },
            (StoreFault::BuriesInSilence, SettleAs::Dead { .. }) => {
                SettleAs::Delivered(escalator::delivery::Receipt::None)
            }
            (_, as_) => as_,
        };
        self.inner.settle(settle).await
    }

    async fn maintain(&self, task: Maintenance) -> Result<Maintained, StoreError> {
        match (self.fault, task) {
            (StoreFault::RedrivesNothing, Maintenance::Redrive(_))
            | (StoreFault::DropsNothing, Maintenance::Drop(_)) => Ok(Maintained::Done),
            (StoreFault::RedrivesWhatIsOver, task @ Maintenance::Redrive(_)) => match self.inner.maintain(task).await {
                Err(StoreError::NotAgain { .. }) => Ok(Maintained::Done),
                answer => answer,
            },
            (StoreFault::KeepsTheLastSecret, Maintenance::Secret(secret)) => Ok(Maintained::Secret(secret)),
            (StoreFault::SweepsNothing, Maintenance::AgeOut(_)) => Ok(Maintained::Removed(0)),
            (StoreFault::SweepsAll, task @ Maintenance::AgeOut(_)) => {
                let blobs = std::mem::take(&mut self.memory.state().blobs);
                for blob in blobs {
                    self.inner.blobs().discard(blob).await?;
                }
                self.inner.maintain(task).await
            }
            (_, task) => self.inner.maintain(task).await,
        }
    }

    async fn claim(&self, door: &Door, max: usize) -> Result<Claims, StoreError> {
        self.catch_up().await?;
        let max = if self.is(StoreFault::IgnoresTheMaximum) {
            max.max(100)
        } else {
            max
        };
        self.misclaim(door, max).await
    }

    async fn is_wanted(&self, id: DeliveryId) -> bool {
        self.is(StoreFault::WantsAll) || self.inner.is_wanted(id).await
    }

    async fn due_timers(&self) -> (Vec<DueTimer>, Option<Timestamp>) {
        if self.is_after_a_restart(StoreFault::ForgetsTimers) {
            return (Vec::new(), None);
        }
        let (mut due, next) = self.inner.due_timers().await;
        if self.is(StoreFault::TimersComeOnce) {
            due.retain(|timer| self.memory.state().timers.insert(timer.session));
        }
        (due, next)
    }

    fn wake(&self, door: &Door) -> Arc<Notify> {
        if self.is(StoreFault::WakesNobody) {
            return Arc::default();
        }
        self.inner.wake(door)
    }

    fn wake_timers(&self) -> Arc<Notify> {
        self.inner.wake_timers()
    }

    async fn doors(&self) -> Vec<Door> {
        self.inner.doors().await
    }

    async fn outstanding(&self) -> usize {
        self.inner.outstanding().await
    }

    async fn drained(&self) {
        if !self.is(StoreFault::IsAlwaysDrained) {
            self.inner.drained().await;
        }
    }

    fn owners(&self) -> &Owners {
        if self.is_after_a_restart(StoreFault::ForgetsOwners) {
            return &self.nobody;
        }
        self.inner.owners()
    }

    async fn standing(&self, session: SessionId) -> Result<Option<(ConversationKey, Standing)>, StoreError> {
        self.inner.standing(session).await
    }

    async fn hold(&self, channel: &ChannelId) -> Lease {
        self.inner.hold(channel).await
    }

    fn holds(&self, channel: &ChannelId) -> bool {
        self.is(StoreFault::HoldsAll) || self.inner.holds(channel)
    }

    fn arrivals(&self) -> Option<Arc<dyn Arrivals>> {
        self.inner.arrivals()
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        let mut lines = self.inner.transcript(session).await?;
        if self.is(StoreFault::ReordersTranscripts) {
            lines.reverse();
        }
        Ok(lines)
    }

    async fn dead_letters(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        if self.is_after_a_restart(StoreFault::ForgetsDeadLetters) {
            return Ok(Vec::new());
        }
        self.inner.dead_letters(max).await
    }

    async fn dead_letters_of(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let all = LettersOf::default();
        let of = if self.is(StoreFault::FindsAllDeadLetters) {
            &all
        } else {
            of
        };
        self.inner.dead_letters_of(of, max).await
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        self.inner.dead_letter(id).await
    }

    async fn sessions(&self, ended_since: Timestamp, max: usize) -> Result<Vec<SessionFacts>, StoreError> {
        let mut sessions = self.inner.sessions(ended_since, max).await?;
        if self.is(StoreFault::HidesWhatEnded) {
            sessions.retain(|session| session.ended.is_none());
        }
        Ok(sessions)
    }

    async fn queues(&self) -> Result<Vec<QueueFacts>, StoreError> {
        let mut queues = self.inner.queues().await?;
        if self.is(StoreFault::CountsNoDeadLetters) {
            for queue in &mut queues {
                queue.dead = 0;
            }
        }
        Ok(queues)
    }

    fn blobs(&self) -> Arc<dyn Blobs> {
        Arc::new(FaultyBlobs {
            inner: self.inner.blobs(),
            fault: self.fault,
            memory: Arc::clone(&self.memory),
        })
    }

    fn is_healthy(&self) -> bool {
        self.inner.is_healthy()
    }
}

/// Files with a fault.
struct FaultyBlobs {
    inner: Arc<dyn Blobs>,
    fault: StoreFault,
    memory: Arc<Memory>,
}

#[async_trait]
impl Blobs for FaultyBlobs {
    async fn put(
        &self,
        stream: BoxStream<'_, Result<Bytes, std::io::Error>>,
        bytes_max: u64,
    ) -> Result<(BlobId, u64), StoreError> {
        let bytes_max = match self.fault {
            StoreFault::TakesAnySize => u64::MAX,
            _ => bytes_max,
        };
        let kept = self.inner.put(stream, bytes_max).await?;
        self.memory.state().blobs.push(kept.0);
        Ok(kept)
    }

    async fn open(&self, blob: BlobId) -> Result<Option<OpenedFile>, StoreError> {
        let mut opened = self.inner.open(blob).await?;
        if let (StoreFault::CutsFiles, Some(opened)) = (self.fault, &mut opened) {
            let whole = std::mem::replace(&mut opened.stream, futures::stream::empty().boxed());
            opened.stream = whole.take(1).boxed();
        }
        Ok(opened)
    }

    async fn discard(&self, blob: BlobId) -> Result<(), StoreError> {
        match self.fault {
            StoreFault::KeepsWhatWasDiscarded => Ok(()),
            _ => self.inner.discard(blob).await,
        }
    }
}
