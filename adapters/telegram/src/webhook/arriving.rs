use std::{sync::Arc, time::Duration};

use escalator::{
    channel::{Arrivals, IngressError},
    model::{Arrival, Position},
};
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::watch;

/// How often what is kept is looked at, for the case that no news came.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The same, while there is more than was read.
const LOOK_SOON: Duration = Duration::from_millis(50);
/// How long the removal of an update that was dealt with may take. One that stays comes again, and is known then.
const FORGET_MAX: Duration = Duration::from_secs(2);

/// What is kept of updates that were posted to any instance.
pub(super) struct Arriving {
    arrivals: Arc<dyn Arrivals>,
    /// How many are read at once.
    max: usize,
    looking: BoxFuture<'static, Looked>,
}

/// A look that is over.
struct Looked {
    news: watch::Receiver<()>,
    kept: Result<Vec<Arrival>, IngressError>,
}

impl Arriving {
    pub(super) fn new(arrivals: Arc<dyn Arrivals>, max: usize) -> Self {
        let news = arrivals.news();
        let looking = look(Arc::clone(&arrivals), news, max, Duration::ZERO).boxed();
        Self { arrivals, max, looking }
    }

    /// Waits for news, or a while, and reads what is kept.
    ///
    /// # Cancel safety
    /// The look goes on with the next call.
    pub(super) async fn look(&mut self) -> Result<Vec<Arrival>, IngressError> {
        let Looked { news, kept } = (&mut self.looking).await;
        let is_more = kept.as_ref().is_ok_and(|kept| kept.len() >= self.max);
        let wait = if is_more { LOOK_SOON } else { LOOK_EVERY };
        self.looking = look(Arc::clone(&self.arrivals), news, self.max, wait).boxed();
        kept
    }

    /// Removes an update that was dealt with, before the next one is.
    pub(super) async fn forget(&mut self, position: Position) {
        let forgotten = tokio::time::timeout(FORGET_MAX, self.arrivals.forget(position)).await;
        let why = match forgotten {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => "no answer in time".to_owned(),
        };
        tracing::warn!(update = position.0, why, "an update that was dealt with is still kept");
    }
}

async fn look(arrivals: Arc<dyn Arrivals>, mut news: watch::Receiver<()>, max: usize, wait: Duration) -> Looked {
    // Whoever told them is gone when it fails: then the while alone counts.
    let told = async {
        if news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = told => {}
        () = tokio::time::sleep(wait) => {}
    }
    news.borrow_and_update();
    let kept = arrivals.first(max).await;
    Looked { news, kept }
}
