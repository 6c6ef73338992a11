use async_trait::async_trait;
use tokio::sync::watch;

use super::IngressError;
use crate::model::{Arrival, Position};

/// Where a platform posts its updates to any of several instances: what keeps them, in order, for the one that receives
/// for the channel. See [`Ingress::arrivals`](super::Ingress::arrivals).
#[async_trait]
pub trait Arrivals: Send + Sync + 'static {
    /// Commits an update, at whichever instance it came. Acknowledge it to the platform then.
    ///
    /// # Errors
    /// [`IngressError`]: it is not kept; do not acknowledge it.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may be committed all the same.
    async fn keep(&self, arrival: Arrival) -> Result<(), IngressError>;

    /// The first `max` that are kept, in order; none at an instance that does not receive for the channel.
    ///
    /// # Errors
    /// [`IngressError`] when they cannot be read.
    async fn first(&self, max: usize) -> Result<Vec<Arrival>, IngressError>;

    /// Removes one. Called once it was accepted, or the bot has it.
    ///
    /// # Errors
    /// [`IngressError`]: it comes again.
    async fn forget(&self, position: Position) -> Result<(), IngressError>;

    /// Changes when something may have come. A hint: look now and then all the same.
    fn news(&self) -> watch::Receiver<()>;
}
