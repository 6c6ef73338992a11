use std::{
    collections::{BTreeSet, btree_set},
    iter::Peekable,
};

/// How a channel is read for several conversations: each message once, and behind the mark of each as many as are allowed,
/// so that one that missed much costs another nothing.
pub(super) struct Reading<'m> {
    /// Those that lie ahead.
    marks: Peekable<btree_set::Iter<'m, u64>>,
    after: Option<u64>,
    left: usize,
    messages_max: usize,
}

impl<'m> Reading<'m> {
    pub(super) fn new(marks: &'m BTreeSet<u64>, messages_max: usize) -> Self {
        let mut marks = marks.iter().peekable();
        Self {
            after: marks.next().copied(),
            marks,
            left: messages_max,
            messages_max,
        }
    }

    /// Behind which message the next page begins; `None` when enough is read.
    pub(super) const fn after(&self) -> Option<u64> {
        self.after
    }

    /// Goes on behind a page, which was not the last one. `true` when some messages are passed over.
    pub(super) fn turn(&mut self, page: impl Iterator<Item = u64>) -> bool {
        let mut last = None;
        for id in page {
            if self.marks.next_if(|mark| **mark < id).is_some() {
                while self.marks.next_if(|mark| **mark < id).is_some() {}
                self.left = self.messages_max;
            }
            self.left = self.left.saturating_sub(1);
            last = Some(id);
        }
        // A page of which nothing can be read has no end to go on from.
        let is_spent = self.left == 0 || last.is_none();
        self.after = if is_spent { self.marks.next().copied() } else { last };
        self.left = if is_spent { self.messages_max } else { self.left };
        is_spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a channel of so many messages, in pages of ten, and tells which were read.
    fn read(marks: &[u64], messages_max: usize, count: u64) -> Vec<u64> {
        let marks = marks.iter().copied().collect();
        let mut reading = Reading::new(&marks, messages_max);
        let mut all = Vec::new();
        while let Some(after) = reading.after() {
            let page: Vec<u64> = (after + 1..=count).take(10).collect();
            all.extend(&page);
            if page.len() < 10 {
                break;
            }
            reading.turn(page.into_iter());
        }
        all
    }

    #[test]
    fn a_channel_is_read_to_its_end_each_message_once() {
        let all: Vec<u64> = (1..=95).collect();
        assert_eq!(read(&[0], 200, 95), all);
        assert_eq!(read(&[0, 40, 41, 90], 60, 95), all);
    }

    #[test]
    fn one_that_missed_much_costs_another_nothing() {
        let wanted: Vec<u64> = (1..=20).chain(501..=520).collect();
        assert_eq!(read(&[0, 500], 20, 1_000), wanted);
        assert!(read(&[], 20, 1_000).is_empty());
    }
}
