//! Which marked text arrived when.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::Notify;

/// What stands around a marker's number.
const MARK: &str = "qz";

/// The marked texts of a run: when each was due, and when the call with it was made.
pub(super) struct Arrivals {
    events: Mutex<Vec<Event>>,
    more: Notify,
}

#[derive(Clone, Copy, Default)]
struct Event {
    due: Option<Instant>,
    arrived: Option<Instant>,
}

impl Arrivals {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            events: Mutex::default(),
            more: Notify::new(),
        })
    }

    /// Makes room for so many more, and tells their numbers.
    pub(super) fn expect(&self, events: usize) -> Range<usize> {
        let mut known = self.events();
        let start = known.len();
        known.resize(start + events, Event::default());
        start..start + events
    }

    /// An event's moment by the clock.
    pub(super) fn due(&self, marker: usize, due: Instant) {
        self.events()[marker].due = Some(due);
    }

    /// A call was made: notes the marker in it, where it has one. The first time counts.
    pub(super) fn note(&self, call: &[u8]) {
        let now = Instant::now();
        if let Some(event) = marker(call).and_then(|marker| {
            self.events().get_mut(marker).map(|event| {
                let first = event.arrived.is_none();
                event.arrived.get_or_insert(now);
                first
            })
        }) && event
        {
            self.more.notify_waiters();
        }
    }

    /// Waits until all of these have arrived.
    pub(super) async fn complete(&self, markers: Range<usize>) {
        loop {
            let more = self.more.notified();
            if self.events()[markers.clone()]
                .iter()
                .all(|event| event.arrived.is_some())
            {
                return;
            }
            more.await;
        }
    }

    /// How long each took, in nanoseconds.
    pub(super) fn take(&self, markers: Range<usize>) -> Vec<u64> {
        let events = self.events();
        let took = events[markers]
            .iter()
            .filter_map(|event| event.arrived?.checked_duration_since(event.due?));
        took.map(|took| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
            .collect()
    }

    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text with a marker in it.
pub(super) fn text(marker: usize) -> String {
    format!("I have looked into your order, and it left our house this morning {MARK}{marker}{MARK}")
}

/// The number of the marker in a call.
fn marker(call: &[u8]) -> Option<usize> {
    let mark = MARK.as_bytes();
    let start = call.windows(mark.len()).position(|window| window == mark)? + mark.len();
    let digits: Vec<u8> = call[start..].iter().copied().take_while(u8::is_ascii_digit).collect();
    let ends = call[start + digits.len()..].starts_with(mark);
    ends.then_some(String::from_utf8(digits).ok()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_in_whatever_encoding() {
        assert_eq!(marker(text(17).as_bytes()), Some(17));
        assert_eq!(marker(b"message=left+our+house%20qz4qz&x=1"), Some(4));
        assert_eq!(marker(b"qzqz, qz5"), None);
    }
}
