use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use escalator::delivery::{Outcome, Scope};
use teloxide::types::ChatId;

use crate::error::Failure;

/// How long a 429 counts.
const WINDOW: Duration = Duration::from_secs(1);
/// So many chats at once are not each of them too fast: the bot is.
const CHATS_MIN: usize = 3;

/// Tells whom a 429 is about. Telegram limits a chat to about one message a second and a bot to about thirty, and
/// answers both alike.
///
/// A 429 speaks for its own chat, until three chats were told to wait within a second: then it speaks for the bot. A long
/// wait alone says nothing, since a single chat is told to wait for half a minute too, and must not hold up the others.
/// When the bot's limit strikes fewer chats, each of them waits in its own lane, which comes to the same.
#[derive(Default)]
pub(crate) struct Flood {
    waits: Mutex<VecDeque<(Instant, ChatId)>>,
}

impl Flood {
    /// The outcome of a failed call to a chat.
    pub(crate) fn outcome(&self, chat: ChatId, failure: Failure) -> Outcome {
        let scope = match failure {
            Failure::Wait(_) => self.scope(chat, Instant::now()),
            _ => Scope::Lane,
        };
        super::outcome(failure, scope)
    }

    fn scope(&self, chat: ChatId, now: Instant) -> Scope {
        // The list is whole at every moment.
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.retain(|(at, waiting)| now.duration_since(*at) < WINDOW && *waiting != chat);
        waits.push_back((now, chat));
        if waits.len() >= CHATS_MIN {
            Scope::Door
        } else {
            Scope::Lane
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_speaks_for_the_bot_when_three_chats_wait_within_a_second() {
        let flood = Flood::default();
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        for (chat, millis, scope) in [
            (1, 0, Scope::Lane),
            (1, 100, Scope::Lane),
            (2, 200, Scope::Lane),
            (1, 300, Scope::Lane),
            (3, 400, Scope::Door),
            (4, 3_000, Scope::Lane),
            (5, 3_500, Scope::Lane),
            (6, 4_100, Scope::Lane),
        ] {
            assert_eq!(
                flood.scope(ChatId(chat), after(millis)),
                scope,
                "chat {chat} at {millis}"
            );
        }
    }
}
