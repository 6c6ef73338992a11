use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::{Duration, Instant};

use crate::model::{Clock, Timestamp};

/// Where every test's time begins.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// A clock that stands until the test moves it.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(BEGIN.as_millis()))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("a test is short");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that goes with the runtime's own, paused or not.
pub(crate) struct PausedClock(Instant);

impl PausedClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        BEGIN + self.0.elapsed()
    }
}
