use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use teloxide::types::Update;

use crate::inbound;

/// What a poll brought.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// What can be read, in order.
    pub(super) updates: Vec<Update>,
    /// The numbers of what cannot, where they have one.
    pub(super) lost: Vec<Option<i64>>,
    /// What the next poll asks for, which confirms these.
    pub(super) next: Option<i64>,
}

/// What each update has, whatever else it is.
#[derive(Deserialize)]
struct Numbered {
    update_id: i64,
}

/// An answer of Telegram's of which one update or another is beyond a reader.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    result: Vec<&'a RawValue>,
}

impl Batch {
    /// Reads the updates of an answer.
    pub(super) fn of(updates: &[Value]) -> Self {
        let mut batch = Self::default();
        // teloxide reads an update from text alone.
        for update in updates {
            batch.take(&update.to_string());
        }
        batch
    }

    /// Reads the updates of an answer that could not be read as a whole; `None` when it has none.
    pub(super) fn of_answer(answer: &str) -> Option<Self> {
        let answer: Answer<'_> = serde_json::from_str(answer).ok()?;
        let mut batch = Self::default();
        for update in answer.result {
            batch.take(update.get());
        }
        Some(batch)
    }

    fn take(&mut self, update: &str) {
        let number = serde_json::from_str(update).ok().map(|of: Numbered| of.update_id);
        self.next = self.next.max(number.map(|number| number.saturating_add(1)));
        match inbound::parse(update.as_bytes()) {
            Ok(update) => self.updates.push(update),
            Err(_) => self.lost.push(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn says(number: u32) -> Value {
        let ada = json!({"id": 42, "is_bot": false, "first_name": "Ada"});
        json!({"update_id": number, "message": {"message_id": 5, "date": 1_700_000_000, "from": ada, "text": "hello",
            "chat": {"id": 42, "type": "private", "first_name": "Ada"}}})
    }

    fn numbers(batch: &Batch) -> Vec<u32> {
        batch.updates.iter().map(|update| update.id.0).collect()
    }

    #[test]
    fn an_update_is_read_as_teloxide_reads_it() {
        let text = says(7).to_string();
        let read: Update = serde_json::from_str(&text).expect("an update is read");
        let batch = Batch::of(&[says(7)]);
        assert_eq!(batch.updates, [read]);
        assert_eq!((batch.next, batch.lost), (Some(8), vec![]));
    }

    #[test]
    fn what_cannot_be_read_is_passed_over_and_named() {
        let beyond = i64::from(u32::MAX) + 1;
        let batch = Batch::of(&[json!("no update"), says(7), json!({"update_id": beyond, "message": {}})]);
        assert_eq!(numbers(&batch), [7]);
        assert_eq!(batch.lost, [None, Some(beyond)]);
        assert_eq!(batch.next, Some(beyond + 1));
    }

    #[test]
    fn one_update_beyond_a_reader_takes_no_other_along() {
        let deep = format!(r#"{{"update_id":8,"message":{}1{}}}"#, "[".repeat(500), "]".repeat(500));
        let answer = format!(r#"{{"ok":true,"result":[{},{deep},{}]}}"#, says(7), says(9));
        serde_json::from_str::<Value>(&answer).expect_err("it is too deep");
        let batch = Batch::of_answer(&answer).expect("it has updates");
        assert_eq!(numbers(&batch), [7, 9]);
        assert_eq!((batch.lost, batch.next), (vec![Some(8)], Some(10)));
    }

    #[test]
    fn what_is_no_answer_has_no_updates() {
        for answer in ["", "<html>", r#"{"ok":true}"#, r#"{"ok":true,"result":{}}"#] {
            assert!(Batch::of_answer(answer).is_none(), "{answer}");
        }
    }
}
