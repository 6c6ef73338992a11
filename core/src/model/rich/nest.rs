use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Span, Style};

/// A span that waits: those that begin first come first, of those the longest, of those quotes first and code last, and of
/// those the one that was told first.
struct Waiting(Span, usize);

/// Brings spans into order, and cuts those that cross.
pub(super) fn nested(words: &str, spans: Vec<Span>) -> Vec<Span> {
    let usable = spans.into_iter().filter(|span| is_usable(words, span));
    let mut waiting: BinaryHeap<_> = usable.enumerate().map(|(n, span)| Waiting(span, n)).collect();
    let (mut nested, mut open): (Vec<Span>, Vec<Span>) = (Vec::new(), Vec::new());
    while let Some(Waiting(span, told)) = waiting.pop() {
        while open.pop_if(|outer| outer.end <= span.start).is_some() {}
        let cut = open.last().map(|outer| outer.end).filter(|end| *end < span.end);
        if let Some(at) = cut {
            // Cut first, then ranked: among those of the same words it may come later than as a whole.
            let (first, rest) = span.cut(at);
            waiting.extend([Waiting(first, told), Waiting(rest, told)]);
        } else if open.iter().all(|outer| outer.style.may_hold(&span.style)) {
            open.push(span.clone());
            nested.push(span);
        }
    }
    nested
}

fn is_usable(words: &str, span: &Span) -> bool {
    let has_target = !matches!(&span.style, Style::Link { url } if url.is_empty());
    span.start < span.end && has_target && words.is_char_boundary(span.start) && words.is_char_boundary(span.end)
}

impl Waiting {
    const fn rank(&self) -> (Reverse<usize>, usize, Reverse<u8>, Reverse<usize>) {
        (
            Reverse(self.0.start),
            self.0.end,
            Reverse(self.0.style.depth()),
            Reverse(self.1),
        )
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
