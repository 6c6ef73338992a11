use std::time::Duration;

use tokio::sync::watch;

use super::Flushes;

/// How an instance shares a PostgreSQL ledger.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PostgresSettings {
    /// How long an instance may be silent before the others take over what it had: its lanes and its channels. It is renewed
    /// every third of it. Shorter is quicker when a machine dies, and asks for a database that answers as quickly. At least
    /// 1 second. 15 seconds.
    pub lease: Duration,
    /// How many connections are used at the most, beside one that writes and one that listens. 8.
    pub connections: u32,
    /// How long a statement may take, or wait for another instance's, before the ledger counts as away. A transaction of a
    /// process that was stopped is taken back after half of it. 5 seconds.
    pub busy_max: Duration,
    /// Holds the instance's renewals back. For tests: what a process that is stopped does not do.
    pub heartbeats: Heartbeats,
    /// Counts the flushes of the batches that this instance wrote; claims and renewals have flushes of their own. Keep a clone
    /// to read it.
    pub flushes: Flushes,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            connections: 8,
            busy_max: Duration::from_secs(5),
            heartbeats: Heartbeats::default(),
            flushes: Flushes::default(),
        }
    }
}

/// Lets an instance renew its lease, or does not. Clones are the same.
#[derive(Clone, Debug)]
pub struct Heartbeats(watch::Sender<bool>);

impl Default for Heartbeats {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Heartbeats {
    /// From here on the instance renews nothing, and its lease comes to its end.
    pub fn hold_back(&self) {
        self.0.send_replace(false);
    }

    /// The instance renews its lease again, or finds that it was over.
    pub fn go_on(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        let mut beats = self.0.subscribe();
        beats
            .wait_for(|beats| *beats)
            .await
            .expect("the sender is this value's own");
    }
}
