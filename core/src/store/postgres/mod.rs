//! The ledger in a PostgreSQL database, which several instances share.
//!
//! # Invariants
//! - What a decision stands on is locked from the read to the commit: conversations in the order of their ids, then their
//!   lanes. Claims lock lanes alone, and pass over those that are locked. So nobody waits for two in turn.
//! - A lane is out to one instance at a time, under a fence that rises; what comes under an older one changes nothing.
//! - Leases go by the database's clock; all other times are the ledger's.
//! - What fails leaves no trace. A process that is stopped in a transaction loses it with its lease.
//!
//! # Not here
//! - What a batch is, and when it is written: `ledger`. What an instance does among others: `sharing`. How a value is stored:
//!   `stored`.

mod age_out;
mod arrivals;
mod columns;
mod commit;
mod failure;
mod instances;
mod lanes;
mod letters;
mod load;
mod news;
mod open;
mod read;
mod schema;
mod settle;
mod timers;
mod writer;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::{Connection, PgPool, Postgres, pool::PoolConnection};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use uuid::Uuid;

use self::{
    failure::{closed, failed},
    news::Ear,
    writer::Writer,
};
use super::{
    AgeOut, DeadLetter, DueTimer, Ledger, LedgerSettings, LettersOf, PostgresSettings, StoreError,
    backend::{
        Backend, Changes, ClaimedRow, Commons, DoorRows, Listening, Loaded, LoadedMore, Recovered, WaitingRow, Wanted,
        WantedMore,
    },
};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{Arrival, BlobId, ChannelId, ConversationId, Line, Position, SessionId, Timestamp},
    session::{Conversation, TimerKind},
};

impl Ledger {
    /// Opens the ledger in a PostgreSQL database (`postgres://…`), as one of the instances that share it. Its tables are made
    /// if they are not there.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached, refuses us, or holds what cannot be read. Neither password nor
    /// address is told.
    pub async fn postgres(url: &str, postgres: PostgresSettings, settings: LedgerSettings) -> Result<Self, StoreError> {
        let postgres = PostgresSettings {
            lease: postgres.lease.max(LEASE_MIN),
            ..postgres
        };
        let backend = PostgresBackend::open(url, &postgres).await?;
        Self::open_shared(Arc::new(backend), postgres.lease, postgres.heartbeats, settings).await
    }
}

/// The shortest lease: one that a busy machine can still renew.
const LEASE_MIN: Duration = Duration::from_secs(1);

/// How many times as long as a call it may take to read all that instances know by heart.
const RECOVERY_CALLS: u32 = 12;

/// A ledger's storage in a PostgreSQL database.
pub(crate) struct PostgresBackend {
    /// Who tells news from here.
    origin: Uuid,
    /// `None` once it was closed.
    writer: Mutex<Option<Writer>>,
    pool: PgPool,
    busy_max: Duration,
}

impl PostgresBackend {
    /// Reaches the database that a URL names, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the URL is none of PostgreSQL's, or the database cannot be reached.
    pub(crate) async fn open(url: &str, settings: &PostgresSettings) -> Result<Self, StoreError> {
        let (writer, pool) = open::open(url, settings).await?;
        Ok(Self {
            origin: Uuid::new_v4(),
            writer: Mutex::new(Some(writer)),
            pool,
            busy_max: settings.busy_max,
        })
    }

    async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>, StoreError> {
        MutexGuard::try_map(self.writer.lock().await, Option::as_mut).map_err(|_| closed())
    }

    async fn reader(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(failed)
    }

    /// What lasts longer than it may is given up.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        in_time(self.busy_max, call).await
    }
}

async fn in_time<T>(max: Duration, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let answered = tokio::time::timeout(max, call).await;
    answered.unwrap_or_else(|_elapsed| {
        let secs = max.as_secs();
        Err(StoreError::unavailable(format_args!("no answer within {secs} seconds")))
    })
}

/// Gives a connection back to the pool, or closes it where an answer may still be on its way.
fn kept<T>(mut db: PoolConnection<Postgres>, answered: Result<T, StoreError>) -> Result<T, StoreError> {
    if matches!(answered, Err(StoreError::Unavailable { .. })) {
        db.close_on_drop();
    }
    answered
}

#[async_trait]
impl Backend for PostgresBackend {
    async fn recover(&self, recent_since: Timestamp) -> Result<Recovered, StoreError> {
        let mut db = self.reader().await?;
        let recovered = in_time(self.busy_max * RECOVERY_CALLS, load::recover(&mut db, recent_since)).await;
        kept(db, recovered)
    }

    async fn load(&self, wanted: &Wanted) -> Result<Loaded, StoreError> {
        let mut writer = self.writer().await?;
        let loaded = self.in_time(load::load(writer.begin().await?, wanted)).await;
        writer.keep(loaded).await
    }

    async fn load_more(&self, wanted: &WantedMore) -> Result<LoadedMore, StoreError> {
        let mut writer = self.writer().await?;
        let loaded = self.in_time(load::load_more(writer.go_on().await?, wanted)).await;
        writer.keep(loaded).await
    }

    async fn commit(&self, changes: &Changes) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let written = commit::write(writer.go_on().await?, self.origin, changes);
        let written = self.in_time(written).await;
        writer.end(written).await
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let written = self.in_time(commit::probe(writer.begin().await?)).await;
        writer.end(written).await
    }

    async fn abandon(&self) {
        if let Ok(mut writer) = self.writer().await {
            writer.roll_back().await;
        }
    }

    async fn age_out(&self, now: Timestamp, age_out: &AgeOut) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let removed = self
            .in_time(age_out::age_out(writer.begin().await?, now, age_out))
            .await;
        writer.end(removed).await
    }

    async fn rows(&self, ids: &[DeliveryId]) -> Result<Vec<WaitingRow>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::rows(&mut db, ids)).await;
        kept(db, answered)
    }

    async fn transcript(&self, session: SessionId) -> Result<Vec<Line>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::transcript(&mut db, session)).await;
        kept(db, answered)
    }

    async fn dead_letters(&self, of: &LettersOf, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(letters::dead_letters(&mut db, of, max)).await;
        kept(db, answered)
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(letters::dead_letter(&mut db, id)).await;
        kept(db, answered)
    }

    async fn escalated(&self, ended_since: Timestamp, max: usize) -> Result<Vec<Conversation>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::escalated(&mut db, ended_since, max)).await;
        kept(db, answered)
    }

    async fn rows_at_doors(&self) -> Result<Vec<DoorRows>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::rows_at_doors(&mut db)).await;
        kept(db, answered)
    }

    async fn blob_bytes(&self, blob: BlobId) -> Result<Option<u64>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::blob_bytes(&mut db, blob)).await;
        kept(db, answered)
    }

    async fn blob_piece(&self, blob: BlobId, piece: u32) -> Result<Option<Bytes>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::blob_piece(&mut db, blob, piece)).await;
        kept(db, answered)
    }

    async fn secret(&self) -> Result<Option<String>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::secret(&mut db)).await;
        kept(db, answered)
    }

    async fn close(&self) -> Result<(), StoreError> {
        let Some(writer) = self.writer.lock().await.take() else {
            return Ok(());
        };
        self.pool.close().await;
        writer.close().await
    }
}

#[async_trait]
impl Commons for PostgresBackend {
    fn busy_max(&self) -> Duration {
        self.busy_max
    }

    async fn join(&self, instance: Uuid, lease: Duration) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(instances::join(&mut db, instance, lease)).await;
        kept(db, answered)
    }

    async fn renew(&self, instance: Uuid, lease: Duration) -> Result<bool, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(instances::renew(&mut db, instance, lease)).await;
        kept(db, answered)
    }

    async fn leave(&self, instance: Uuid) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        let left = async {
            let mut transaction = db.begin().await.map_err(failed)?;
            instances::leave(&mut transaction, self.origin, instance).await?;
            transaction.commit().await.map_err(failed)
        };
        let left = self.in_time(left).await;
        kept(db, left)
    }

    async fn sweep(&self) -> Result<Vec<Door>, StoreError> {
        let mut db = self.reader().await?;
        let doors = async {
            let mut transaction = db.begin().await.map_err(failed)?;
            let doors = instances::sweep(&mut transaction).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(doors)
        };
        let doors = self.in_time(doors).await;
        kept(db, doors)
    }

    async fn take_back(&self, instance: Uuid, known: &[u64]) -> Result<(), StoreError> {
        let known = known
            .iter()
            .map(|fence| columns::number(*fence))
            .collect::<Result<Vec<_>, _>>()?;
        let mut db = self.reader().await?;
        let doors = async {
            let mut transaction = db.begin().await.map_err(failed)?;
            let doors = lanes::take_back(&mut transaction, instance, &known).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(doors)
        };
        let doors = self.in_time(doors).await;
        kept(db, doors).map(|_doors| ())
    }

    async fn take_channel(&self, instance: Uuid, channel: &ChannelId) -> Result<bool, StoreError> {
        let mut db = self.reader().await?;
        let taken = async {
            let mut transaction = db.begin().await.map_err(failed)?;
            let taken = instances::take_channel(&mut transaction, instance, channel).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(taken)
        };
        let taken = self.in_time(taken).await;
        kept(db, taken)
    }

    async fn channels_of(&self, instance: Uuid) -> Result<HashSet<ChannelId>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(instances::channels_of(&mut db, instance)).await;
        kept(db, answered)
    }

    async fn claim(
        &self,
        instance: Uuid,
        door: &Door,
        now: Timestamp,
        max: usize,
    ) -> Result<Vec<ClaimedRow>, StoreError> {
        let mut db = self.reader().await?;
        let claimed = async {
            let mut transaction = db.begin().await.map_err(failed)?;
            let claimed = lanes::claim(&mut transaction, instance, door, now, max).await?;
            transaction.commit().await.map_err(failed)?;
            Ok(claimed)
        };
        let claimed = self.in_time(claimed).await;
        kept(db, claimed)
    }

    async fn next_due(&self, door: &Door) -> Result<Option<Timestamp>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::next_due(&mut db, door)).await;
        kept(db, answered)
    }

    async fn is_wanted(&self, id: DeliveryId, instance: Uuid) -> Result<bool, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::is_wanted(&mut db, id, instance)).await;
        kept(db, answered)
    }

    async fn due_timers(&self, now: Timestamp, max: usize) -> Result<(Vec<DueTimer>, Option<Timestamp>), StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::due_timers(&mut db, now, max)).await;
        kept(db, answered)
    }

    async fn hasten(&self, timers: &[(SessionId, TimerKind, Timestamp)]) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        let hastened = self.in_time(timers::hasten(&mut db, timers)).await;
        kept(db, hastened)
    }

    async fn instances(&self) -> Result<HashSet<Uuid>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(instances::alive(&mut db)).await;
        kept(db, answered)
    }

    async fn doors(&self) -> Result<Vec<Door>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::doors(&mut db)).await;
        kept(db, answered)
    }

    async fn outstanding(&self) -> Result<usize, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::outstanding(&mut db)).await;
        kept(db, answered)
    }

    async fn rows_in(&self, of: &[Lane]) -> Result<HashMap<Lane, usize>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::rows_in(&mut db, of)).await;
        kept(db, answered)
    }

    async fn lanes_at_doors(&self) -> Result<HashMap<Door, (usize, Option<Timestamp>)>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(lanes::at_doors(&mut db)).await;
        kept(db, answered)
    }

    async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Conversation>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::conversations(&mut db, ids)).await;
        kept(db, answered)
    }

    async fn of_session(&self, session: SessionId) -> Result<Option<Conversation>, StoreError> {
        let mut db = self.reader().await?;
        let answered = self.in_time(read::of_session(&mut db, session)).await;
        kept(db, answered)
    }

    async fn keep_arrival(&self, channel: &ChannelId, arrival: &Arrival) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        let answered = self
            .in_time(arrivals::keep(&mut db, self.origin, channel, arrival))
            .await;
        kept(db, answered)
    }

    async fn first_arrivals(&self, channel: &ChannelId, max: usize) -> Result<Vec<Arrival>, StoreError> {
        let mut db = self.reader().await?;
        let first = self.in_time(arrivals::first(&mut db, channel, max)).await;
        kept(db, first)
    }

    async fn forget_arrival(&self, channel: &ChannelId, position: Position) -> Result<(), StoreError> {
        let mut db = self.reader().await?;
        let forgotten = self.in_time(arrivals::forget(&mut db, channel, position)).await;
        kept(db, forgotten)
    }

    async fn listen(&self) -> Result<Box<dyn Listening>, StoreError> {
        Ok(Box::new(
            self.in_time(Ear::open(self.origin, &self.pool, self.busy_max)).await?,
        ))
    }
}
