use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use teloxide::types::ChatId;

/// The chats that are kept in mind; past this the oldest are forgotten, and keep their key until it is used.
const CHATS_MAX: usize = 10_000;

/// The chats that may still show the key that shares a phone number, in place of the letters. It is there until a message
/// takes it away, whoever writes it. Kept in memory alone: after a restart it stays until it is used.
#[derive(Default)]
pub(crate) struct PhoneKeys {
    chats: Mutex<VecDeque<ChatId>>,
}

impl PhoneKeys {
    /// A message with the key is on its way.
    pub(super) fn shown(&self, chat: ChatId) {
        self.change(|chats| {
            chats.retain(|other| *other != chat);
            chats.push_back(chat);
            if chats.len() > CHATS_MAX {
                chats.pop_front();
            }
        });
    }

    /// A message took it away.
    pub(super) fn gone(&self, chat: ChatId) {
        self.change(|chats| chats.retain(|other| *other != chat));
    }

    pub(super) fn is_shown(&self, chat: ChatId) -> bool {
        self.change(|chats| chats.contains(&chat))
    }

    fn change<T>(&self, how: impl FnOnce(&mut VecDeque<ChatId>) -> T) -> T {
        // The list is whole at every moment.
        how(&mut self.chats.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_chat_is_forgotten_when_there_are_too_many() {
        let keys = PhoneKeys::default();
        let chat = |at: usize| ChatId(i64::try_from(at).expect("it is small"));
        (0..CHATS_MAX).for_each(|at| keys.shown(chat(at)));
        keys.shown(chat(0));
        keys.shown(chat(CHATS_MAX));
        assert!(!keys.is_shown(chat(1)) && keys.is_shown(chat(0)) && keys.is_shown(chat(2)));
        keys.gone(chat(2));
        assert!(!keys.is_shown(chat(2)));
    }
}
