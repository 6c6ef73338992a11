//! Updates that arrive at any instance.

use async_trait::async_trait;
use tokio::sync::watch;

use super::Sharing;
use crate::{
    model::{Arrival, ChannelId, Position},
    store::{Arrivals, StoreError},
};

#[async_trait]
impl Arrivals for Sharing {
    async fn keep(&self, channel: &ChannelId, arrival: &Arrival) -> Result<(), StoreError> {
        self.commons.keep_arrival(channel, arrival).await?;
        // What one tells oneself is not heard.
        self.arrived.send_replace(());
        Ok(())
    }

    async fn first(&self, channel: &ChannelId, max: usize) -> Result<Vec<Arrival>, StoreError> {
        self.commons.first_arrivals(channel, max).await
    }

    async fn forget(&self, channel: &ChannelId, position: Position) -> Result<(), StoreError> {
        self.commons.forget_arrival(channel, position).await
    }

    fn news(&self) -> watch::Receiver<()> {
        self.arrived.subscribe()
    }
}
