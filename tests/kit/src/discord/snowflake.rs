//! Ids that rise with time, and the times that stand in them.

use std::time::{SystemTime, UNIX_EPOCH};

/// The first moment of Discord's ids, in milliseconds since 1970.
const EPOCH_MILLIS: u64 = 1_420_070_400_000;

/// Gives each thing an id above all earlier ones.
#[derive(Default)]
pub(crate) struct Mint {
    last: u64,
}

impl Mint {
    pub(crate) fn next(&mut self) -> u64 {
        let now = unix_millis().saturating_sub(EPOCH_MILLIS) << 22;
        self.last = now.max(self.last + 1);
        self.last
    }
}

/// The moment in an id, as Discord writes it.
pub(crate) fn time_of(id: u64) -> String {
    timestamp((id >> 22) + EPOCH_MILLIS)
}

/// Now, as Discord writes it.
pub(crate) fn now() -> String {
    timestamp(unix_millis())
}

/// Now, in milliseconds since 1970.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn timestamp(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_even_within_a_millisecond() {
        let mut mint = Mint::default();
        let ids: Vec<_> = (0..10_000).map(|_| mint.next()).collect();
        assert!(ids.is_sorted_by(|left, right| left < right));
    }

    #[test]
    fn the_time_stands_in_the_id() {
        // The example of Discord's reference.
        assert_eq!(time_of(175_928_847_299_117_063), "2016-04-30T11:18:25.796000+00:00");
    }
}
