use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    channel::Inbound,
    model::{ConversationKey, CustomerEvent, MessageId, RichText, Text},
};

/// How many messages are remembered, over all conversations. Past this the oldest are forgotten.
const MESSAGES_MAX: usize = 4_096;

/// What customers said to humans lately, so that an edit can tell what it changes. In memory alone: after a restart, and
/// of what is forgotten, an edit tells the new words and nothing more.
#[derive(Default)]
pub(super) struct Said(Mutex<Newest>);

#[derive(Default)]
struct Newest {
    words: HashMap<Which, Text>,
    order: VecDeque<Which>,
}

type Which = (ConversationKey, MessageId);

impl Said {
    /// An edit with how the message began before; `None` where that is not known, or the update is none.
    pub(super) fn explained(&self, update: &Inbound) -> Option<CustomerEvent> {
        let CustomerEvent::Edited(text) = &update.event else {
            return None;
        };
        let before = self.lock().words.get(&which(update)?).cloned()?;
        Some(CustomerEvent::Edited(text.clone().changed_from(&before)))
    }

    /// Remembers what an update says.
    pub(super) fn note(&self, update: &Inbound) {
        let text = match &update.event {
            CustomerEvent::Message(message) => message.readable(),
            CustomerEvent::Edited(text) => Some(text.plain()),
            _ => None,
        };
        let (Some(which), Some(text)) = (which(update), text) else {
            return;
        };
        let mut newest = self.lock();
        if newest.words.insert(which.clone(), RichText::beginning(&text)).is_none() {
            newest.order.push_back(which);
        }
        if newest.order.len() > MESSAGES_MAX
            && let Some(oldest) = newest.order.pop_front()
        {
            newest.words.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        // Every change under this lock is complete when it is left, even by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message that an update is, or changes.
fn which(update: &Inbound) -> Option<Which> {
    let id = match &update.event {
        CustomerEvent::Message(message) => message.id.as_ref(),
        _ => update.edits.as_ref(),
    };
    id.map(|id| (update.conversation.clone(), id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, ChannelId, CustomerId, CustomerMessage, EventKey, Position};

    fn update(id: usize, event: CustomerEvent) -> Inbound {
        let conversation = ConversationKey {
            channel: ChannelId::new("telegram"),
            address: Address::new("42"),
            customer: CustomerId::new("42"),
        };
        let id = MessageId::new(id.to_string());
        let event = match event {
            CustomerEvent::Message(message) => CustomerEvent::Message(CustomerMessage {
                id: Some(id.clone()),
                ..message
            }),
            event => event,
        };
        Inbound::new(EventKey::new("1"), conversation, Position(1), event).editing(id)
    }

    fn says(id: usize, words: &str) -> Inbound {
        update(id, CustomerEvent::Message(CustomerMessage::text(words)))
    }

    fn edits(id: usize, words: &str) -> Inbound {
        update(id, CustomerEvent::Edited(words.into()))
    }

    fn told(said: &Said, update: &Inbound) -> String {
        let told = said.explained(update).unwrap_or_else(|| update.event.clone());
        let told = told.readable().expect("something is said");
        said.note(update);
        told.into_string()
    }

    #[test]
    fn an_edit_tells_how_the_message_began_before_it_and_after_each_other_edit() {
        let said = Said::default();
        assert_eq!(told(&said, &says(1, "my order is 11")), "my order is 11");
        assert_eq!(told(&said, &edits(2, "hello")), "Edited: hello");
        let once = told(&said, &edits(1, "my order is 12"));
        assert_eq!(once, "Edited: my order is 12 (before: “my order is 11”)");
        let twice = told(&said, &edits(1, "my order is 13"));
        assert_eq!(twice, "Edited: my order is 13 (before: “my order is 12”)");
    }

    #[test]
    fn the_oldest_message_is_forgotten_past_the_limit() {
        let said = Said::default();
        (0..=MESSAGES_MAX).for_each(|id| said.note(&says(id, "hello")));
        assert_eq!(told(&said, &edits(1, "bye")), "Edited: bye (before: “hello”)");
        assert_eq!(told(&said, &edits(0, "bye")), "Edited: bye");
    }
}
