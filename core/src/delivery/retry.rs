use std::time::Duration;

/// When a delivery is tried again, and for how long. Age makes a dead letter, not the number of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The first wait. 500 milliseconds.
    pub first_wait: Duration,
    /// The longest wait; it bounds the attempts. 60 seconds.
    pub wait_max: Duration,
    /// The age at which a delivery becomes a dead letter. 24 hours.
    pub age_max: Duration,
    /// The same for a delivery that is refused alone, and for a file that breaks off each time, when that is shorter: what
    /// follows in its lane is not held up for a day by one of them. 15 minutes.
    pub refused_age_max: Duration,
    /// The same for an event that the bot's own handler does not take, when that is shorter. 5 minutes.
    pub bot_age_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(500),
            wait_max: Duration::from_mins(1),
            age_max: Duration::from_hours(24),
            refused_age_max: Duration::from_mins(15),
            bot_age_max: Duration::from_mins(5),
        }
    }
}

impl RetryPolicy {
    /// The longest wait that is taken from the other side. A day: whatever is longer is a slip of it.
    pub const ASKED_MAX: Duration = Duration::from_hours(24);

    /// How long to wait after an attempt: doubled each time up to the longest wait, then somewhere in its upper half.
    ///
    /// `attempt` counts from 1. `jitter` is a fraction from 0 to 1. What the other side asked for is never undercut,
    /// up to [`ASKED_MAX`](Self::ASKED_MAX).
    pub fn wait(&self, attempt: u32, jitter: f64, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_wait
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let ours = doubled.min(self.wait_max).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        asked.map_or(ours, |asked| asked.min(Self::ASKED_MAX).max(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let waits: Vec<u128> = [1, 2, 3, 8, 60]
            .iter()
            .map(|n| policy.wait(*n, 1.0, None).as_millis())
            .collect();
        assert_eq!(waits, [500, 1_000, 2_000, 60_000, 60_000]);
    }

    #[test]
    fn what_the_other_side_asks_for_is_never_undercut() {
        let policy = RetryPolicy::default();
        let asked = Duration::from_mins(5);
        assert_eq!(policy.wait(1, 0.0, Some(asked)), asked);
        assert_eq!(policy.wait(20, 1.0, Some(Duration::from_secs(1))), policy.wait_max);
    }

    #[test]
    fn no_wait_is_longer_than_a_day() {
        let wait = RetryPolicy::default().wait(1, 1.0, Some(Duration::MAX));
        assert_eq!(wait, RetryPolicy::ASKED_MAX);
    }
}
