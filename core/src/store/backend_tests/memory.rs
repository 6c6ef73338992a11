use async_trait::async_trait;

use super::Bed;
use crate::{
    delivery::{DeliveryId, Receipt},
    store::{backend::Backend, memory::MemoryBackend},
};

#[async_trait]
impl Bed for MemoryBackend {
    fn backend(&self) -> &dyn Backend {
        self
    }

    async fn reopen(&mut self) {}

    async fn receipt(&self, id: DeliveryId) -> Option<Receipt> {
        MemoryBackend::receipt(self, id)
    }
}

#[tokio::test]
async fn memory_does_what_every_backend_does() {
    super::run(async || MemoryBackend::default()).await;
}
