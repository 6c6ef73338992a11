use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::refused;
use crate::{
    channel::{Arrivals, IngressError},
    model::{Arrival, ChannelId, Position},
    store::{self, Store},
};

/// The updates of one channel that may arrive at any instance.
pub(super) struct Arriving {
    pub(super) channel: ChannelId,
    pub(super) store: Arc<dyn Store>,
    pub(super) kept: Arc<dyn store::Arrivals>,
}

#[async_trait]
impl Arrivals for Arriving {
    async fn keep(&self, arrival: Arrival) -> Result<(), IngressError> {
        self.kept
            .keep(&self.channel, &arrival)
            .await
            .map_err(|failed| refused(&failed))
    }

    async fn first(&self, max: usize) -> Result<Vec<Arrival>, IngressError> {
        if !self.store.holds(&self.channel) {
            return Ok(Vec::new());
        }
        self.kept
            .first(&self.channel, max)
            .await
            .map_err(|failed| refused(&failed))
    }

    async fn forget(&self, position: Position) -> Result<(), IngressError> {
        self.kept
            .forget(&self.channel, position)
            .await
            .map_err(|failed| refused(&failed))
    }

    fn news(&self) -> watch::Receiver<()> {
        self.kept.news()
    }
}
