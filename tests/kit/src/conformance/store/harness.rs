//! What a store's author implements.

use std::sync::Arc;

use async_trait::async_trait;
use escalator::{
    model::{ChannelId, ChatLimits},
    store::{LedgerSettings, Store},
};

use crate::conformance::Patience;

/// Makes what each trial needs. One value serves all trials, which run at the same time.
#[async_trait]
pub trait StoreHarness: Send + Sync + 'static {
    /// An empty place for a store.
    async fn place(&self) -> Arc<dyn Place>;

    /// How long the suite waits. `Patience::default()` suits most.
    fn patience(&self) -> Patience;
}

/// Where a store is kept. Panic where it cannot be opened or closed.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the store on what is kept here. The one before was closed or killed.
    async fn open(&self, setup: Setup) -> Arc<dyn Store>;

    /// Writes what waits and closes the store that is open.
    async fn close(&self);

    /// Ends the store that is open as a crash of its process does: what was not on the disk is gone. Returns when it can
    /// be opened again.
    async fn kill(&self);

    /// Opens the store a second time, as another instance beside the first, which goes on. It has not asked for the channel.
    /// `None` where a store belongs to one process: then the trials of sharing are ignored.
    async fn open_beside(&self, setup: Setup) -> Option<Arc<dyn Store>>;

    /// Stops the first instance from keeping itself alive, as a process that is stopped does not, until the place is
    /// closed.
    fn pause(&self);

    /// Whether what is kept is there after a close. A store in memory says no, and the trials that open again are
    /// ignored.
    fn keeps(&self) -> bool;
}

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The rules, the texts, and the clock, which must be the store's only one.
    pub settings: LedgerSettings,
    /// The channel of all conversations.
    pub channel: ChannelId,
    /// What the channel takes.
    pub limits: ChatLimits,
    /// Where the hooks of new sessions go.
    pub hook_address: String,
}
