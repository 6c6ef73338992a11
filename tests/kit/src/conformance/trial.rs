//! What the trials of both suites share: how one ends, and how it waits.

use std::{future::Future, time::Duration};

use libtest_mimic::{Completion, Failed, Trial};
use tokio::time::Instant;

/// How often a condition is looked at that nobody tells of.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Why a trial went no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// What is tested breaks its contract.
    #[error("{0}")]
    Broken(String),
    /// The trial cannot be made here.
    #[error("skipped: {0}")]
    Skipped(String),
}

/// What a stand-in answers where its platform knows no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// How long the suite waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For what must happen. 20 seconds.
    pub soon: Duration,
    /// For what must not happen. 150 milliseconds.
    pub quiet: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            soon: Duration::from_secs(20),
            quiet: Duration::from_millis(150),
        }
    }
}

/// How a trial ended.
pub(crate) type Checked<T = ()> = Result<T, Stop>;

/// Ends the trial unless something holds.
pub(crate) fn ensure(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds {
        return Ok(());
    }
    Err(Stop::Broken(otherwise.into()))
}

/// Ends the trial unless two values are the same.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T, what: &str) -> Checked {
    ensure(
        found == wanted,
        format!("{what}: there should be {wanted:?}, and there is {found:?}"),
    )
}

/// Ends the trial because it broke the contract.
pub(crate) fn broken<T>(how: impl Into<String>) -> Checked<T> {
    Err(Stop::Broken(how.into()))
}

/// Ends the trial because it cannot be made.
pub(crate) fn skipped<T>(why: impl Into<String>) -> Checked<T> {
    Err(Stop::Skipped(why.into()))
}

impl Patience {
    /// Waits for a future.
    pub(crate) async fn within<T>(self, what: &str, future: impl Future<Output = T>) -> Checked<T> {
        match tokio::time::timeout(self.soon, future).await {
            Ok(out) => Ok(out),
            Err(_elapsed) => broken(format!("not within {:?}: {what}", self.soon)),
        }
    }

    /// Waits until something holds.
    pub(crate) async fn until(self, what: &str, holds: impl Fn() -> bool) -> Checked {
        self.find(what, || holds().then_some(())).await
    }

    /// Waits until there is something to find.
    pub(crate) async fn find<T>(self, what: &str, find: impl Fn() -> Option<T>) -> Checked<T> {
        let looking = async {
            loop {
                if let Some(found) = find() {
                    return found;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        self.within(what, looking).await
    }

    /// Watches for a while that something goes on holding.
    pub(crate) async fn stays(self, what: &str, holds: impl Fn() -> bool) -> Checked {
        let end = Instant::now() + self.quiet;
        while Instant::now() < end {
            ensure(holds(), format!("this did not stay so: {what}"))?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        ensure(holds(), format!("this did not stay so: {what}"))
    }
}

/// Makes a trial of a future, with a runtime of its own.
pub(crate) fn trial<F>(name: String, run: impl FnOnce() -> F + Send + 'static) -> Trial
where
    F: Future<Output = Checked>,
{
    Trial::ignorable_test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let ended = runtime.block_on(run());
        // What a faulty channel left running must not hold up the others.
        runtime.shutdown_background();
        match ended {
            Ok(()) => Ok(Completion::Completed),
            Err(Stop::Skipped(why)) => Ok(Completion::ignored_with(why)),
            Err(Stop::Broken(how)) => Err(Failed::from(how)),
        }
    })
}
