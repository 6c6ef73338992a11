use escalator::model::{Position, Timestamp};

/// When Discord began to count, in milliseconds.
const EPOCH_MILLIS: i64 = 1_420_070_400_000;
/// What stands behind the milliseconds of an id, in bits.
const BEHIND_BITS: u32 = 22;

/// Where a message or interaction stands: its id rises with time.
pub(crate) fn position(id: u64) -> Position {
    Position(i64::try_from(id).unwrap_or(i64::MAX))
}

/// Where an event stands that has no id but a moment, in milliseconds: behind the messages of that millisecond.
pub(crate) fn of_moment(millis: i64) -> Position {
    let since = millis.saturating_sub(EPOCH_MILLIS).max(0);
    Position((since << BEHIND_BITS) | ((1 << BEHIND_BITS) - 1))
}

/// When something got its id.
pub(crate) fn moment(id: u64) -> Timestamp {
    let millis = i64::try_from(id >> BEHIND_BITS).expect("42 bits fit");
    Timestamp::from_millis(EPOCH_MILLIS + millis)
}

/// A moment as Discord writes it, in milliseconds. What stands behind serenity's type depends on a feature that is the
/// host's; the written form does not.
pub(super) fn millis(moment: serenity::model::Timestamp) -> i64 {
    let written = moment.to_string();
    let fraction = written.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction
        .bytes()
        .take_while(u8::is_ascii_digit)
        .chain(std::iter::repeat(b'0'));
    let millis = digits
        .take(3)
        .fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0'));
    moment.unix_timestamp() * 1_000 + millis
}
