//! The queue of updates, and what was confirmed of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Update ids start here, so none is mistaken for a count.
const FIRST_UPDATE_ID: i64 = 700_000_001;

/// The kinds that are sent only to a bot that asked for them by name.
const ONLY_ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Updates wait here until a `getUpdates` with a higher offset confirms them.
///
/// # Invariants
/// Handing an update out does not remove it. Only an offset does.
pub(crate) struct UpdateQueue {
    pending: BTreeMap<i64, Value>,
    next_id: i64,
    confirmed_offset: Option<i64>,
    allowed: BTreeSet<String>,
}

impl Default for UpdateQueue {
    fn default() -> Self {
        Self {
            pending: BTreeMap::new(),
            next_id: FIRST_UPDATE_ID,
            confirmed_offset: None,
            allowed: BTreeSet::new(),
        }
    }
}

impl UpdateQueue {
    /// Queues an update if the bot wants its kind; a kind is judged when it comes, not when it is
    /// asked for. Returns its id and whether it was queued. An id that is in it is kept.
    pub(crate) fn push(&mut self, mut update: Value) -> (i64, bool) {
        let given = update.get("update_id").and_then(Value::as_i64);
        let id = given.unwrap_or(self.next_id).max(self.next_id);
        self.next_id = id + 1;
        update["update_id"] = json!(id);
        let wanted = self.wants(&update);
        if wanted {
            self.pending.insert(id, update);
        }
        (id, wanted)
    }

    /// Forgets what lies below the offset and returns the forgotten ids. A negative offset counts
    /// from the end.
    pub(crate) fn confirm(&mut self, offset: i64) -> Vec<i64> {
        let offset = match offset {
            ..0 => self.nth_from_end(offset.unsigned_abs()),
            _ => offset,
        };
        let kept = self.pending.split_off(&offset);
        let forgotten = std::mem::replace(&mut self.pending, kept);
        if offset > 0 {
            self.confirmed_offset = self.confirmed_offset.max(Some(offset));
        }
        forgotten.into_keys().collect()
    }

    /// Forgets one update, which was posted and answered well.
    pub(crate) fn forget(&mut self, id: i64) {
        self.pending.remove(&id);
    }

    pub(crate) fn oldest(&self, limit: usize) -> Vec<Value> {
        self.pending.values().take(limit).cloned().collect()
    }

    pub(crate) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(crate) fn pending_ids(&self) -> Vec<i64> {
        self.pending.keys().copied().collect()
    }

    pub(crate) fn confirmed_offset(&self) -> Option<i64> {
        self.confirmed_offset
    }

    pub(crate) fn allow(&mut self, kinds: BTreeSet<String>) {
        self.allowed = kinds;
    }

    pub(crate) fn allowed(&self) -> &BTreeSet<String> {
        &self.allowed
    }

    fn wants(&self, update: &Value) -> bool {
        let kind = update
            .as_object()
            .and_then(|fields| fields.keys().find(|key| *key != "update_id"));
        let Some(kind) = kind else { return true };
        if self.allowed.is_empty() {
            !ONLY_ON_REQUEST.contains(&kind.as_str())
        } else {
            self.allowed.contains(kind)
        }
    }

    fn nth_from_end(&self, count: u64) -> i64 {
        let place = usize::try_from(count).unwrap_or(usize::MAX);
        let oldest = self.pending.keys().next();
        let nth = self.pending.keys().rev().nth(place.saturating_sub(1));
        nth.or(oldest).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> (UpdateQueue, i64) {
        let mut queue = UpdateQueue::default();
        let (first, _) = queue.push(json!({"message": {}}));
        queue.push(json!({"message": {}}));
        queue.push(json!({"message": {}}));
        (queue, first)
    }

    #[test]
    fn handing_out_keeps_and_an_offset_forgets() {
        let (mut queue, first) = three();
        assert_eq!(queue.oldest(2).len(), 2);
        assert_eq!(queue.oldest(100).len(), 3);
        assert_eq!(queue.confirm(first + 2), [first, first + 1]);
        assert_eq!(queue.confirmed_offset(), Some(first + 2));
        assert_eq!(queue.pending_ids(), [first + 2]);
        assert!(queue.confirm(first).is_empty());
        assert_eq!(queue.confirmed_offset(), Some(first + 2));
    }

    #[test]
    fn a_negative_offset_keeps_the_last_ones() {
        let (mut queue, first) = three();
        assert_eq!(queue.confirm(-1), [first, first + 1]);
        let (mut queue, _) = three();
        assert!(queue.confirm(-9).is_empty());
    }

    #[test]
    fn a_kind_is_judged_when_it_comes() {
        let mut queue = UpdateQueue::default();
        assert!(queue.push(json!({"callback_query": {}})).1);
        assert!(!queue.push(json!({"message_reaction": {}})).1);
        queue.allow(["message".to_owned()].into());
        assert!(!queue.push(json!({"callback_query": {}})).1);
        assert_eq!(queue.len(), 1);
    }
}
