use async_trait::async_trait;
use tokio::sync::watch;

use super::StoreError;
use crate::model::{Arrival, ChannelId, Position};

/// Updates that a platform posts to any of the instances that share the ledger, kept as they came until the instance that
/// receives for the channel has dealt with them.
#[async_trait]
pub trait Arrivals: Send + Sync + 'static {
    /// Commits an update. One that is kept already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]: it is not kept. [`StoreError::Overloaded`] when too many of the channel are.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be committed all the same.
    async fn keep(&self, channel: &ChannelId, arrival: &Arrival) -> Result<(), StoreError>;

    /// The first `max` of a channel, in the order of their positions.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    async fn first(&self, channel: &ChannelId, max: usize) -> Result<Vec<Arrival>, StoreError>;

    /// Removes one that was dealt with.
    ///
    /// # Errors
    /// [`StoreError`]: it is kept, and comes again.
    async fn forget(&self, channel: &ChannelId, position: Position) -> Result<(), StoreError>;

    /// Changes when something may have come, at whichever instance. A hint: whoever misses it has to look now and then.
    fn news(&self) -> watch::Receiver<()>;
}
