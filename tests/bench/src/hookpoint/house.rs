//! The house under load: the real hookpoint, intake and ledger, with open sessions.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use escalator::{
    channel::Ingress,
    dispatch::DispatchSettings,
    model::{Address, ConversationKey, CustomerId, Escalation, SessionId},
    runtime::{Database, Escalator, Running},
    store::{Flushes, SqliteSettings},
};
use futures::{StreamExt, TryStreamExt, stream};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    ends::{QuickChat, QuickDesk},
    message,
};
use crate::load::{self, Requests};

/// How long the house may take to get ready, or to deliver what waits.
const PATIENCE: Duration = Duration::from_mins(5);

/// Where a house keeps its ledger.
#[derive(Clone, Copy)]
pub(super) enum Ledger<'f> {
    /// In a new SQLite file in this folder, each flush this much slower.
    File(&'f Path, Duration),
    /// In memory: nothing is on a disk.
    Memory,
}

/// A house with open sessions, each with its agent.
pub(super) struct House {
    pub(super) address: SocketAddr,
    /// A hook for each session.
    pub(super) hooks: Requests,
    pub(super) flushes: Flushes,
    running: Running,
    chat: Arc<QuickChat>,
    /// Holds the database, and goes with it.
    _folder: Option<TempDir>,
}

impl House {
    /// Opens a house and its sessions, and waits until nothing is left to deliver.
    pub(super) async fn open(ledger: Ledger<'_>, sessions: usize) -> Result<Self> {
        let (database, delay, folder) = match ledger {
            Ledger::File(folder, delay) => {
                let folder = tempfile::Builder::new().prefix("escalator-bench-").tempdir_in(folder)?;
                (Database::Sqlite(folder.path().join("ledger.db")), delay, Some(folder))
            }
            Ledger::Memory => (Database::Memory, Duration::ZERO, None),
        };
        let mut sqlite = SqliteSettings::default();
        sqlite.flush_delay = (!delay.is_zero()).then_some(delay);
        let flushes = sqlite.flushes.clone();
        let mut house = Escalator::builder(QuickDesk)
            .database(database)
            .sqlite(sqlite)
            .dispatch(dispatch())
            .hookpoint_listen(([127, 0, 0, 1], 0).into())
            .hookpoint_secret(message::SECRET)
            .open()
            .await?;
        let ingress = house.ingress("bench");
        let chat = QuickChat::new(ingress.clone());
        house.connect(Arc::<QuickChat>::clone(&chat))?;
        let running = house.start().await?;
        let address = running.hookpoint_listens_on().context("it is served here")?;
        let sessions = open_sessions(&ingress, sessions).await?;
        let hooks: Requests = sessions.into_iter().map(message::request).collect();
        let house = Self {
            address,
            hooks,
            flushes,
            running,
            chat,
            _folder: folder,
        };
        // The first message of an agent takes a session, and is not what is measured.
        load::once(address, &house.hooks, 16).await?;
        house.drained().await?;
        Ok(house)
    }

    /// Lets the chat take deliveries, or lets them wait.
    pub(super) fn open_chat(&self, open: bool) {
        self.chat.open(open);
    }

    /// How many deliveries the chat has taken.
    pub(super) fn delivered(&self) -> u64 {
        self.chat.delivered()
    }

    /// How many deliveries wait.
    pub(super) fn waiting(&self) -> u64 {
        self.running.health().outstanding as u64
    }

    /// Waits until nothing is left to deliver.
    pub(super) async fn drained(&self) -> Result<()> {
        timeout(PATIENCE, self.running.drained())
            .await
            .context("the chat did not get everything in time")
    }

    /// Stops the house. What waits is not delivered.
    pub(super) async fn close(self) -> Result<()> {
        self.chat.open(true);
        ensure!(self.running.shutdown().await, "the house did not stop in time");
        Ok(())
    }
}

/// The chat takes deliveries as fast as they come, and may let them wait for as long as it likes.
fn dispatch() -> DispatchSettings {
    let mut settings = DispatchSettings::default();
    settings.channel.pace = Duration::ZERO;
    settings.channel.call_max = PATIENCE;
    settings
}

async fn open_sessions(ingress: &Ingress, sessions: usize) -> Result<Vec<SessionId>> {
    let opened = stream::iter(0..sessions)
        .map(|customer| open_session(ingress, customer))
        .buffered(64)
        .try_collect();
    timeout(PATIENCE, opened)
        .await
        .context("the sessions were not opened in time")?
}

async fn open_session(ingress: &Ingress, customer: usize) -> Result<SessionId> {
    let conversation = ConversationKey {
        channel: ingress.channel().clone(),
        address: Address::new(customer.to_string()),
        customer: CustomerId::new(customer.to_string()),
    };
    let turn = ingress.turn(&conversation).context("the bot owns a new conversation")?;
    let escalation = Escalation::because("the customer asked for a human");
    Ok(ingress.escalate(turn, escalation).await?.session())
}
