use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{Method, header::HeaderMap};

use crate::error::Failure;

/// Limits that are kept at once. Past this those that are over are dropped.
const LIMITS_MAX: usize = 1_024;

/// What Discord said of its limits, so that a call that would meet one is not made: a bot that is told to wait too often
/// is shut out for an hour.
#[derive(Default)]
pub(super) struct Pace {
    until: Mutex<HashMap<String, Instant>>,
}

/// The limit for the whole bot.
const GLOBAL: &str = "";

/// What a call's limit is counted by: the kind of call and the channel, guild or webhook that it is about.
pub(super) fn limit(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    let (kind, of) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let what: Vec<_> = parts
        // Ids beyond the first, and the secrets behind them, share a limit.
        .filter(|part| !part.bytes().any(|b| b.is_ascii_digit()))
        .collect();
    format!("{method} {kind}/{of}/{}", what.join("/"))
}

impl Pace {
    /// The failure of a call that has to wait. Answers to interactions are not under the limit for the whole bot.
    pub(super) fn wait(&self, limit: &str, is_answer: bool) -> Option<Failure> {
        let now = Instant::now();
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let global = (!is_answer).then_some(GLOBAL);
        global.into_iter().chain([limit]).find_map(|of| {
            let wait = until.get(of)?.checked_duration_since(now)?;
            let is_global = of == GLOBAL;
            (!wait.is_zero()).then_some(Failure::Wait { wait, is_global })
        })
    }

    /// Notes what an answer says of the next call.
    pub(super) fn note(&self, limit: &str, headers: &HeaderMap) {
        let header = |name: &str| headers.get(name)?.to_str().ok();
        if header("x-ratelimit-remaining") != Some("0") {
            return;
        }
        let reset = header("x-ratelimit-reset-after").and_then(|secs| secs.parse().ok());
        if let Some(wait) = reset.and_then(|secs| Duration::try_from_secs_f64(secs).ok()) {
            self.hold(limit, wait);
        }
    }

    /// Notes that the whole bot was told to wait. One call that was is for its lane to make again, which is told.
    pub(super) fn note_failure(&self, failure: &Failure) {
        if let Failure::Wait { wait, is_global: true } = failure {
            self.hold(GLOBAL, *wait);
        }
    }

    fn hold(&self, limit: &str, wait: Duration) {
        let now = Instant::now();
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= LIMITS_MAX {
            until.retain(|_, until| *until > now);
        }
        if limit == GLOBAL || until.len() < LIMITS_MAX || until.contains_key(limit) {
            until.insert(limit.to_owned(), now + wait);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_has_a_limit_of_its_own_and_secrets_stand_in_none() {
        for (path, of) in [
            ("/channels/1/messages", "POST channels/1/messages"),
            ("/channels/1/messages/22?x=1", "POST channels/1/messages"),
            ("/webhooks/3/se-cret7?wait=true", "POST webhooks/3/"),
            ("/users/@me/channels", "POST users/@me/channels"),
        ] {
            assert_eq!(limit(&Method::POST, path), of);
        }
    }

    #[test]
    fn a_limit_that_is_used_up_holds_its_own_calls_and_a_global_one_all() {
        let pace = Pace::default();
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().expect("it is plain"));
        headers.insert("x-ratelimit-reset-after", "5.25".parse().expect("it is plain"));
        pace.note("a", &headers);
        assert!(pace.wait("a", false).is_some() && pace.wait("b", false).is_none());
        let (wait, is_global) = (Duration::from_secs(9), true);
        pace.note_failure(&Failure::Wait { wait, is_global });
        assert!(matches!(
            pace.wait("b", false),
            Some(Failure::Wait { is_global: true, .. })
        ));
        assert_eq!(pace.wait("b", true), None, "an answer to an interaction does not wait");
    }

    #[test]
    fn the_limit_for_the_whole_bot_is_kept_however_many_others_there_are() {
        let pace = Pace::default();
        let wait = Duration::from_mins(1);
        (0..LIMITS_MAX).for_each(|of| pace.hold(&of.to_string(), wait));
        pace.note_failure(&Failure::Wait { wait, is_global: true });
        assert!(pace.wait("b", false).is_some());
    }
}
