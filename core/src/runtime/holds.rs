use std::{fmt, sync::Arc};

use tokio::sync::watch;

use crate::store::Lease;

/// Whether this instance receives for a channel: told by who supervises it, after what was before is cleared away.
#[derive(Clone, Debug, Default)]
pub(super) struct Holds(Arc<watch::Sender<Option<Lease>>>);

impl Holds {
    pub(super) fn gained(&self, lease: Lease) {
        self.0.send_replace(Some(lease));
    }

    pub(super) fn lost(&self) {
        self.0.send_replace(None);
    }

    pub(super) async fn held(&self) -> Hold {
        let mut changes = self.0.subscribe();
        let held = |lease: &Option<Lease>| lease.as_ref().is_some_and(Lease::is_held);
        let lease = changes.wait_for(held).await.expect("the sender is this value's own");
        Hold(lease.clone().expect("it was looked at"))
    }
}

/// This instance receives for a channel: run the bot's own dispatcher or gateway client while it does.
#[derive(Clone)]
pub struct Hold(Lease);

impl Hold {
    /// Whether it does so right now.
    pub fn is_held(&self) -> bool {
        self.0.is_held()
    }

    /// Waits until it no longer does. Stop receiving then: another instance begins. Without a shared database that never
    /// comes.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn lost(&self) {
        self.0.over().await;
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("is_held", &self.is_held()).finish()
    }
}
