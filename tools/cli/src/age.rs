//! How long ago something was, as people say it.

use jiff::Timestamp;

/// As in `3 min`. What lies ahead is `now`.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> String {
    span(now.as_second() - then.as_second())
}

/// As in `3 min ago`. What lies ahead is `just now`.
pub(crate) fn since(now: Timestamp, then: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..=0 => "just now".to_owned(),
        secs => format!("{} ago", span(secs)),
    }
}

/// As in `in 3 min`; what lies behind is `now`.
pub(crate) fn ahead(now: Timestamp, then: Timestamp) -> String {
    match then.as_second() - now.as_second() {
        secs if secs <= 0 => "now".to_owned(),
        secs => format!("in {}", span(secs)),
    }
}

fn span(secs: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match secs {
        ..=0 => "now".to_owned(),
        1..MINUTE => format!("{secs} s"),
        MINUTE..HOUR => format!("{} min", secs / MINUTE),
        HOUR..DAY => format!("{} h", secs / HOUR),
        DAY.. => format!("{} d", secs / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        for (secs, told) in [
            (-5, "now"),
            (0, "now"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (86_399, "23 h"),
            (90 * 86_400, "90 d"),
        ] {
            assert_eq!(span(secs), told, "{secs}");
        }
        let (now, later) = (Timestamp::UNIX_EPOCH, Timestamp::new(61, 0).expect("it is a moment"));
        assert_eq!(
            (since(later, now), since(now, later)),
            ("1 min ago".into(), "just now".into())
        );
        assert_eq!(
            (ago(later, now), ahead(now, later), ahead(later, now)),
            ("1 min".into(), "in 1 min".into(), "now".into())
        );
    }
}
