use std::time::Duration;

use tokio::sync::watch;

/// Waits for something that must happen soon.
pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("it happens in time")
}

/// Holds whoever comes while it is closed.
pub(crate) struct Gate {
    closed: watch::Sender<bool>,
    held: watch::Sender<usize>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            closed: watch::Sender::new(false),
            held: watch::Sender::new(0),
        }
    }
}

impl Gate {
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn open(&self) {
        self.closed.send_replace(false);
    }

    pub(crate) async fn pass(&self) {
        let held = Held::new(&self.held);
        let mut closed = self.closed.subscribe();
        closed
            .wait_for(|closed| !closed)
            .await
            .expect("the gate outlives who passes it");
        drop(held);
    }

    /// Waits until so many are held.
    pub(crate) async fn holds(&self, count: usize) {
        let mut held = self.held.subscribe();
        within(held.wait_for(|held| *held == count))
            .await
            .expect("the gate outlives who waits at it");
    }
}

struct Held<'g>(&'g watch::Sender<usize>);

impl<'g> Held<'g> {
    fn new(count: &'g watch::Sender<usize>) -> Self {
        count.send_modify(|held| *held += 1);
        Self(count)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}
