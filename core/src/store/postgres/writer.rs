//! The one connection that writes, and its transactions.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{failure::failed, news::latest, open::within};
use crate::store::{Flushes, StoreError};

/// The connection that writes. One that broke is replaced by the next call.
pub(super) struct Writer {
    options: PgConnectOptions,
    busy_max: Duration,
    connection: Option<PgConnection>,
    /// Whether a transaction was begun and not seen to end.
    begun: bool,
    flushes: Flushes,
    /// How many batches were written, or tried to be.
    batches: i64,
    /// Whether the latest commit was lost on its way.
    was_lost: bool,
}

/// How long is waited before the database is asked again what became of a batch.
const AGAIN_EVERY: Duration = Duration::from_millis(100);

impl Writer {
    pub(super) fn new(options: PgConnectOptions, busy_max: Duration, flushes: Flushes) -> Self {
        Self {
            options,
            busy_max,
            connection: None,
            begun: false,
            flushes,
            batches: 0,
            was_lost: false,
        }
    }

    /// The number of a batch that is about to be written.
    pub(super) fn count(&mut self) -> i64 {
        self.batches += 1;
        self.batches
    }

    /// The connection, in a fresh transaction.
    pub(super) async fn begin(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.roll_back().await;
        let busy_max = self.busy_max;
        if self.connection.is_none() {
            self.connection = Some(within(busy_max, self.options.connect()).await?);
        }
        self.begun = true;
        let connection = self.connection.as_mut().expect("it was just made sure of");
        if let Err(gone) = within(busy_max, sqlx::query("BEGIN").execute(&mut *connection)).await {
            tracing::debug!(error = %gone, "the connection that writes is made anew");
            self.connection = Some(within(busy_max, self.options.connect()).await?);
            let connection = self.connection.as_mut().expect("it was just made sure of");
            within(busy_max, sqlx::query("BEGIN").execute(&mut *connection)).await?;
        }
        Ok(self.connection.as_mut().expect("it was just made sure of"))
    }

    /// The connection in the transaction that was begun, or else in a fresh one.
    pub(super) async fn go_on(&mut self) -> Result<&mut PgConnection, StoreError> {
        if !self.begun {
            return self.begin().await;
        }
        Ok(self.connection.as_mut().expect("a transaction has its connection"))
    }

    /// Leaves the transaction open for what follows, or takes it back if something failed.
    pub(super) async fn keep<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &done {
            self.gave_up(error).await;
        }
        done
    }

    /// Commits what was done, and returns when it is on the disk; or takes it back if it failed.
    pub(super) async fn end<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let ended = match done {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => Err(error),
        };
        self.keep(ended).await
    }

    /// Finds out whether the latest batch was committed, after the answer to that was lost: from the database, once it can
    /// be reached, and not for longer than a call may take.
    pub(super) async fn find_out(&mut self, origin: Uuid, detail: String) -> Result<(), StoreError> {
        let latest = timeout(self.busy_max, self.ask(origin)).await;
        match latest {
            Ok(latest) if latest == self.batches => {
                tracing::warn!("a commit whose answer was lost had been made: {detail}");
                self.was_lost = false;
                Ok(())
            }
            // Decided afresh, once: it is on another connection now.
            Ok(_) if !std::mem::replace(&mut self.was_lost, true) => Err(StoreError::Contended {
                detail: format!("a commit was not made: {detail}"),
            }),
            Ok(_) => Err(StoreError::unavailable(format_args!("a commit was not made: {detail}"))),
            Err(_elapsed) => Err(StoreError::InDoubt { detail }),
        }
    }

    /// Asks until there is an answer.
    async fn ask(&mut self, origin: Uuid) -> i64 {
        loop {
            // A call that is cut off leaves a connection that cannot be used.
            let asked = async {
                let mut connection = within(self.busy_max, self.options.connect()).await?;
                let latest = latest(&mut connection, origin).await?;
                Ok::<_, StoreError>((connection, latest))
            };
            match asked.await {
                Ok((connection, latest)) => {
                    self.connection = Some(connection);
                    return latest;
                }
                Err(error) => tracing::debug!(%error, "it is not known what became of a commit"),
            }
            sleep(AGAIN_EVERY).await;
        }
    }

    /// Takes back what was begun, and lets go of its locks.
    pub(super) async fn roll_back(&mut self) {
        if !std::mem::take(&mut self.begun) {
            return;
        }
        let Some(connection) = &mut self.connection else { return };
        if let Err(error) = within(self.busy_max, sqlx::query("ROLLBACK").execute(connection)).await {
            // The database takes back what a connection leaves that is gone.
            tracing::debug!(%error, "the connection that writes is given up");
            self.connection = None;
        }
    }

    pub(super) async fn close(self) -> Result<(), StoreError> {
        match self.connection {
            Some(connection) => connection.close().await.map_err(failed),
            None => Ok(()),
        }
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        tracing::trace!(target: "escalator::site", site = "commit.before");
        let connection = self.connection.as_mut().expect("a transaction has its connection");
        within(self.busy_max, sqlx::query("COMMIT").execute(connection))
            .await
            .map_err(in_doubt)?;
        self.begun = false;
        self.flushes.one_more();
        self.was_lost = false;
        tracing::trace!(target: "escalator::site", site = "commit.after");
        Ok(())
    }

    async fn gave_up(&mut self, error: &StoreError) {
        if matches!(error, StoreError::Unavailable { .. } | StoreError::InDoubt { .. }) {
            // An answer may still be on its way: nothing more is asked of this connection.
            self.connection = None;
            self.begun = false;
        } else {
            self.roll_back().await;
        }
    }
}

/// What a COMMIT came to that failed: only where the database refuses it, nothing is committed.
fn in_doubt(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { detail } => StoreError::InDoubt { detail },
        refused => refused,
    }
}
