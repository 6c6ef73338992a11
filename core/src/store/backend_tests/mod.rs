//! What every backend does, as cases that run over each. A database is closed and opened again in the middle of each.

mod ages;
mod conversations;
mod files;
mod lanes;
mod letters;
mod memory;
mod samples;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod twins;

use async_trait::async_trait;
use futures::future::BoxFuture;

use super::backend::Backend;
use crate::delivery::{DeliveryId, Receipt};

/// A backend under test.
#[async_trait]
trait Bed: Send + Sync {
    fn backend(&self) -> &dyn Backend;

    /// Closes it and opens it again, where that means something.
    async fn reopen(&mut self);

    async fn receipt(&self, id: DeliveryId) -> Option<Receipt>;
}

type Case = fn(&mut dyn Bed) -> BoxFuture<'_, ()>;

/// Each case, over a backend of its own.
async fn run<B: Bed>(new: impl AsyncFn() -> B) {
    let cases: [&[(&str, Case)]; 5] = [
        &conversations::CASES,
        &lanes::CASES,
        &letters::CASES,
        &files::CASES,
        &ages::CASES,
    ];
    for (name, case) in cases.concat() {
        println!("{name}");
        case(&mut new().await).await;
    }
}
