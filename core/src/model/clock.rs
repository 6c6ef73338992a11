use std::{
    fmt,
    ops::{Add, Sub},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// A moment in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Takes milliseconds since 1970-01-01 00:00 UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 00:00 UTC.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
        )
    }
}

/// To the minute, as an agent reads it: `2026-11-22 10:05`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{}", moment.strftime("%Y-%m-%d %H:%M"))
    }
}

/// Tells the time. Injected, so that tests own it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. Called often: it must be cheap and must not block.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine. It follows a step forward, and when the machine's clock is set back it goes on as before for
/// as long as the process lives: what is due in a second is not due in an hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        static ANCHOR: Mutex<Option<(Timestamp, Instant)>> = Mutex::new(None);

        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let machine = Timestamp::default() + since_epoch;
        let mut anchor = ANCHOR.lock().unwrap_or_else(PoisonError::into_inner);
        let steady = anchor.map(|(moment, at)| moment + at.elapsed());
        match steady {
            Some(steady) if machine <= steady => steady,
            _ => {
                *anchor = Some((machine, Instant::now()));
                machine
            }
        }
    }
}
