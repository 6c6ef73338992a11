use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::runtime::Handle;

/// Work that comes to its end even where nobody waits for it any more: dropped half-way, it goes on in a task of its own.
/// While somebody waits it is done there, which saves a task and two wake-ups.
pub(super) struct ToTheEnd<T: Send + 'static> {
    work: Option<BoxFuture<'static, Result<T, Panicked>>>,
}

/// The work panicked. What a panic says can quote what it choked on: it is not told.
#[derive(Debug)]
pub(super) struct Panicked;

impl<T: Send + 'static> ToTheEnd<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        let work = AssertUnwindSafe(work).catch_unwind();
        Self {
            work: Some(work.map(|done| done.map_err(|_| Panicked)).boxed()),
        }
    }
}

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let work = self.work.as_mut().expect("it is not polled after its end");
        let polled = work.poll_unpin(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn dropped_work_comes_to_its_end() {
        let (go, gone) = oneshot::channel::<()>();
        let (done, told) = oneshot::channel();
        let mut work = ToTheEnd::new(async move {
            let went = gone.await.is_ok();
            done.send(went).is_ok()
        });
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).expect("it waits for this");
        assert_eq!(told.await, Ok(true));
    }

    #[tokio::test]
    async fn a_panic_stays_inside() {
        let work = ToTheEnd::new(async { panic!("a secret") });
        let panicked: Result<(), Panicked> = work.await;
        assert!(panicked.is_err());
    }
}
