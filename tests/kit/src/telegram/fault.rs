//! Faults on demand: which call fails, how, and how often.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::plan::{FaultId, Schedule, Waits};

/// One way in which a call goes wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed before the body is read. Nothing happens. A fault that is bound
    /// to a chat must read the body first to know the chat.
    Refuse,
    /// The call is read and never answered. Nothing happens.
    Hang,
    /// The call is carried out and never answered.
    HangAfterEffect,
    /// The call is carried out, and the connection is closed instead of an answer.
    LoseAnswer,
    /// The call is carried out at once and answered late.
    AnswerAfter(Duration),
    /// An HTML page with that status, as a gateway in front of the server gives. Nothing happens.
    Html {
        /// The HTTP status, such as 500 or 502.
        status: u16,
    },
    /// 429 with that `retry_after`. Nothing happens.
    RetryAfter {
        /// Seconds to wait.
        secs: u32,
    },
    /// Any error answer. Nothing happens.
    Refusal {
        /// The HTTP status and `error_code`.
        code: u16,
        /// The `description`.
        description: String,
    },
    /// The request's body is read no faster than this. A fault that is bound to a chat comes too
    /// late for it.
    SlowUpload {
        /// Bytes a second.
        bytes_per_sec: u32,
    },
    /// A file is sent no faster than this.
    SlowDownload {
        /// Bytes a second.
        bytes_per_sec: u32,
    },
}

/// The calls that a fault is meant for.
#[derive(Debug, Clone, Default)]
pub struct On {
    method: Option<String>,
    chat: Option<i64>,
    spare_polling: bool,
}

/// How often a fault strikes. For [`Plan::For`] a [`Fault::RetryAfter`] names the seconds that are
/// left.
pub type Plan = crate::plan::Plan<Fault>;

impl Waits for Fault {
    fn with_left(&self, left: Duration) -> Self {
        let Self::RetryAfter { .. } = self else {
            return self.clone();
        };
        let secs = u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX);
        Self::RetryAfter { secs }
    }
}

impl On {
    /// Every call, downloads and polling with them.
    pub fn any() -> Self {
        Self::default()
    }

    /// Every call but `getUpdates`.
    pub fn all_but_polling() -> Self {
        Self {
            spare_polling: true,
            ..Self::default()
        }
    }

    /// The calls of one method, in any case of letters.
    pub fn method(name: &str) -> Self {
        Self {
            method: Some(name.to_ascii_lowercase()),
            ..Self::default()
        }
    }

    /// The calls about one chat.
    pub fn chat(chat_id: i64) -> Self {
        Self::any().in_chat(chat_id)
    }

    /// Narrows to one chat.
    pub fn in_chat(mut self, chat_id: i64) -> Self {
        self.chat = Some(chat_id);
        self
    }

    fn covers(&self, method: &str) -> bool {
        let polling = method.eq_ignore_ascii_case("getUpdates");
        let named = self
            .method
            .as_ref()
            .is_none_or(|name| name.eq_ignore_ascii_case(method));
        named && !(self.spare_polling && polling)
    }
}

/// The faults that are set. Those of a chat are found by the chat, so a thousand of them cost a
/// call nothing.
#[derive(Default)]
pub(crate) struct Faults {
    general: Vec<Rule>,
    by_chat: HashMap<i64, Vec<Rule>>,
    ids: u64,
    clears: u64,
}

impl Faults {
    pub(crate) fn set(&mut self, on: On, plan: Plan) -> FaultId {
        self.ids += 1;
        let id = FaultId(self.ids);
        let rules = match on.chat {
            Some(chat) => self.by_chat.entry(chat).or_default(),
            None => &mut self.general,
        };
        let schedule = Schedule::new(plan);
        rules.push(Rule { id, on, schedule });
        id
    }

    pub(crate) fn release(&mut self, id: FaultId) {
        self.general.retain(|rule| rule.id != id);
        self.by_chat.retain(|_, rules| {
            rules.retain(|rule| rule.id != id);
            !rules.is_empty()
        });
    }

    pub(crate) fn clear(&mut self) {
        self.general.clear();
        self.by_chat.clear();
        self.clears += 1;
    }

    /// How often all faults were ended. What is slow goes by it.
    pub(crate) fn clears(&self) -> u64 {
        self.clears
    }

    /// What strikes a call of which only the first line is known.
    pub(crate) fn strike(&mut self, method: &str) -> Option<Fault> {
        strike(&mut self.general, method)
    }

    /// What strikes a call about that chat.
    pub(crate) fn strike_chat(&mut self, method: &str, chat: i64) -> Option<Fault> {
        strike(self.by_chat.get_mut(&chat)?, method)
    }
}

fn strike(rules: &mut Vec<Rule>, method: &str) -> Option<Fault> {
    let now = Instant::now();
    rules.retain(|rule| !rule.schedule.spent(now));
    rules
        .iter_mut()
        .filter(|rule| rule.on.covers(method))
        .find_map(|rule| rule.schedule.next(now))
}

struct Rule {
    id: FaultId,
    on: On,
    schedule: Schedule<Fault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &mut Faults, method: &str, times: usize) -> Vec<bool> {
        (0..times).map(|_| faults.strike(method).is_some()).collect()
    }

    #[test]
    fn next_strikes_so_often_and_no_more() {
        let mut faults = Faults::default();
        faults.set(On::method("SendMessage"), Plan::Next(2, Fault::Hang));
        assert_eq!(hits(&mut faults, "sendPhoto", 1), [false]);
        assert_eq!(hits(&mut faults, "sendMessage", 3), [true, true, false]);
    }

    #[test]
    fn a_cycle_goes_round_and_lets_calls_pass() {
        let mut faults = Faults::default();
        let cycle = vec![Some(Fault::Refuse), None];
        faults.set(On::any(), Plan::Cycle(cycle));
        assert_eq!(hits(&mut faults, "x", 4), [true, false, true, false]);
        faults.clear();
        faults.set(On::any(), Plan::Cycle(Vec::new()));
        assert_eq!(hits(&mut faults, "x", 1), [false]);
    }

    #[test]
    fn a_chance_is_the_same_for_the_same_seed() {
        let run = |seed| {
            let mut faults = Faults::default();
            let plan = Plan::Chance {
                probability: 0.5,
                seed,
                fault: Fault::Hang,
            };
            faults.set(On::any(), plan);
            hits(&mut faults, "x", 64)
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn polling_is_spared_and_a_release_ends_it() {
        let mut faults = Faults::default();
        let id = faults.set(On::all_but_polling(), Plan::Always(Fault::Hang));
        assert_eq!(hits(&mut faults, "getUpdates", 1), [false]);
        assert_eq!(hits(&mut faults, "getMe", 1), [true]);
        faults.release(id);
        assert_eq!(hits(&mut faults, "getMe", 1), [false]);
    }

    #[test]
    fn a_chat_has_faults_of_its_own() {
        let mut faults = Faults::default();
        let fault = Fault::RetryAfter { secs: 3 };
        faults.set(On::chat(5), Plan::Always(fault.clone()));
        assert_eq!(faults.strike("sendMessage"), None);
        assert_eq!(faults.strike_chat("sendMessage", 6), None);
        assert_eq!(faults.strike_chat("sendMessage", 5), Some(fault));
    }
}
