//! The one connection that writes, and its transactions.

use std::{fs::File, time::Duration};

use sqlx::{Connection, SqliteConnection};

use super::{
    SqliteSettings, commit,
    failure::{failed, nothing_to_roll_back},
    statement::Script,
    tail::{Growth, Tail, fold},
};
use crate::store::{Flushes, StoreError, backend::Changes, nap::nap};

/// The connection that writes.
pub(super) struct Writer {
    connection: SqliteConnection,
    /// Whether a transaction was begun and not seen to end: what it did must go before the next begins.
    begun: bool,
    /// What was appended. `None` before it was read, and when nobody saw how a transaction ended.
    tail: Option<Tail>,
    /// What the transaction that was begun appends.
    growth: Option<Growth>,
    flush_delay: Option<Duration>,
    flushes: Flushes,
    /// Held for as long as the connection stands.
    lock: File,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, lock: File, settings: &SqliteSettings) -> Self {
        Self {
            connection,
            begun: false,
            tail: None,
            growth: None,
            flush_delay: settings.flush_delay,
            flushes: settings.flushes.clone(),
            lock,
        }
    }

    /// The connection, outside of any transaction, and what was appended.
    pub(super) async fn idle(&mut self) -> Result<(&mut SqliteConnection, &mut Tail), StoreError> {
        if self.begun {
            self.tail = None;
            self.roll_back().await?;
        }
        let tail = match self.tail.take() {
            Some(tail) => tail,
            None => Tail::restored(&mut self.connection).await?,
        };
        Ok((&mut self.connection, self.tail.insert(tail)))
    }

    /// Sorts in what was appended.
    pub(super) async fn fold(&mut self) -> Result<(), StoreError> {
        let (_, tail) = self.idle().await?;
        if tail.is_folded() {
            return Ok(());
        }
        let mut script = Script::new(1);
        script.run("BEGIN IMMEDIATE", []);
        fold(&mut script);
        self.begun = true;
        let done = script.execute(&mut self.connection).await;
        self.growth = Some(Growth::folding());
        self.end(done).await
    }

    /// The connection, in a transaction that is to be [`end`](Self::end)ed. It may remove anything.
    pub(super) async fn begin(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let (_, tail) = self.idle().await?;
        tail.forget_heads();
        self.begun = true;
        run(&mut self.connection, "BEGIN IMMEDIATE").await.map_err(failed)?;
        Ok(&mut self.connection)
    }

    /// Writes a batch, in a transaction that is to be [`end`](Self::end)ed.
    pub(super) async fn write(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let (connection, tail) = self.idle().await?;
        let growth = tail.growth(connection, changes).await?;
        let script = commit::script(changes, &growth)?;
        self.growth = Some(growth);
        self.begun = true;
        script.execute(&mut self.connection).await
    }

    /// Commits what was done, and returns when it is on the disk; or takes it back if it failed.
    pub(super) async fn end<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let ended = match done {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => Err(error),
        };
        if ended.is_err()
            && let Err(error) = self.roll_back().await
        {
            // `begun` still stands, so that the next transaction tries it again.
            tracing::warn!(%error, "the ledger could not take a transaction back");
        }
        ended
    }

    pub(super) async fn close(self) -> Result<(), StoreError> {
        let closed = self.connection.close().await.map_err(failed);
        drop(self.lock);
        closed
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        tracing::trace!(target: "escalator::site", site = "commit.before");
        run(&mut self.connection, "COMMIT").await.map_err(failed)?;
        self.begun = false;
        if let (Some(tail), Some(growth)) = (&mut self.tail, self.growth.take()) {
            tail.grow(growth);
        }
        self.flushes.one_more();
        if let Some(delay) = self.flush_delay {
            nap(delay).await;
        }
        tracing::trace!(target: "escalator::site", site = "commit.after");
        Ok(())
    }

    async fn roll_back(&mut self) -> Result<(), StoreError> {
        match run(&mut self.connection, "ROLLBACK").await {
            Err(error) if !nothing_to_roll_back(&error) => Err(failed(error)),
            _ => {
                self.begun = false;
                self.growth = None;
                Ok(())
            }
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}
