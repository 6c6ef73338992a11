use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Failure, Refusal};

/// The wait where Discord names none.
const WAIT: Duration = Duration::from_secs(1);
/// The longest wait that is believed.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// What an answer that is no success means.
pub(super) fn failure(status: u16, headers: &HeaderMap, body: &[u8], is_signed: bool) -> Failure {
    match status {
        429 => wait(headers, body),
        401 if is_signed => Failure::Account("Discord refuses the bot's token".to_owned()),
        400..=499 => refusal(status, body),
        _ => Failure::Unknown(format!("Discord has an error of its own ({status})")),
    }
}

/// What an answer that is no success means where a file was asked for. Its address is new, or never changes: what is not
/// given now is not given later.
pub(super) fn failure_of_file(status: u16) -> Failure {
    match status {
        400..=499 if !matches!(status, 408 | 425 | 429) => Failure::Refused(Refusal {
            status,
            code: 0,
            said: "it does not give the file".to_owned(),
            fields: Vec::new(),
        }),
        _ => Failure::NotSent(format!("Discord answers {status} for the file")),
    }
}

fn wait(headers: &HeaderMap, body: &[u8]) -> Failure {
    #[derive(Deserialize)]
    struct Told {
        retry_after: Option<f64>,
        #[serde(default)]
        global: bool,
    }
    let told: Option<Told> = serde_json::from_slice(body).ok();
    let of_header = || headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok();
    let secs = told.as_ref().and_then(|told| told.retry_after).or_else(of_header);
    let wait = secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok());
    Failure::Wait {
        wait: wait.unwrap_or(WAIT).min(WAIT_MAX),
        // What does not come from the API itself but from in front of it speaks for everything of ours.
        is_global: told.is_none_or(|told| told.global),
    }
}

fn refusal(status: u16, body: &[u8]) -> Failure {
    #[derive(Deserialize)]
    struct Told {
        code: u32,
        message: String,
        /// What is wrong with each field. It repeats the form, so nothing but the names is read.
        #[serde(default)]
        errors: Value,
    }
    let told: Option<Told> = serde_json::from_slice(body).ok();
    let (code, said, fields) = match told {
        // The whole bot is blocked, and not for good.
        Some(told) if told.code == Refusal::BLOCKED => {
            return Failure::Unreachable(format!("something in front of Discord blocks the bot ({status})"));
        }
        Some(told) => (told.code, told.message, names(told.errors)),
        // It was not Discord's API that refused, but something in front of it, which passes.
        None if matches!(status, 403 | 407 | 408 | 421 | 425) => {
            return Failure::NotSent(format!(
                "something in front of Discord does not let it through ({status})"
            ));
        }
        None => (0, String::new(), Vec::new()),
    };
    Failure::Refused(Refusal {
        status,
        code,
        said,
        fields,
    })
}

fn names(errors: Value) -> Vec<String> {
    match errors {
        Value::Object(fields) => fields.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use escalator::delivery::Outcome;

    use super::*;

    fn read(status: u16, body: &str) -> Failure {
        failure(status, &HeaderMap::new(), body.as_bytes(), true)
    }

    #[test]
    fn a_429_names_its_wait_and_for_whom_it_speaks() {
        let told = read(429, r#"{"message":"slow","retry_after":1.5,"global":true}"#);
        let wait = Duration::from_millis(1_500);
        assert_eq!(told, Failure::Wait { wait, is_global: true });
        let told = read(429, r#"{"message":"slow","retry_after":1.5}"#);
        let is_global = false;
        assert_eq!(told, Failure::Wait { wait, is_global });
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().expect("it is plain"));
        let wait = Duration::from_secs(7);
        let is_global = true;
        assert_eq!(
            failure(429, &headers, b"<html>", true),
            Failure::Wait { wait, is_global }
        );
    }

    #[test]
    fn of_a_form_that_is_wrong_the_fields_are_known() {
        let body =
            r#"{"code":50035,"message":"Invalid Form Body","errors":{"content":{"_errors":[{"message":"private"}]}}}"#;
        let Failure::Refused(refusal) = read(400, body) else {
            panic!("it is one");
        };
        assert!(refusal.is_of_field("content") && !refusal.is_of_field("embeds"));
        assert!(!refusal.detail().contains("private"));
        assert!(
            matches!(read(400, r#"{"code":50035,"message":"x"}"#), Failure::Refused(refusal) if refusal.is_of_field("content"))
        );
        assert!(
            matches!(read(400, r#"{"code":50006,"message":"x"}"#), Failure::Refused(refusal) if !refusal.is_of_field("content"))
        );
    }

    #[test]
    fn a_401_is_about_the_bot_only_where_the_bot_has_signed() {
        assert!(matches!(read(401, ""), Failure::Account(_)));
        let webhooks = failure(401, &HeaderMap::new(), b"{\"code\":50027,\"message\":\"x\"}", false);
        assert!(webhooks.is(Refusal::INVALID_WEBHOOK_TOKEN));
    }

    #[test]
    fn an_error_of_discords_own_leaves_it_open_what_happened() {
        for status in [500, 502, 503, 504, 520] {
            assert!(
                matches!(read(status, "<html>private</html>"), Failure::Unknown(said) if !said.contains("private"))
            );
        }
    }

    #[test]
    fn a_file_that_discord_does_not_give_is_given_up_unless_it_may_come_later() {
        for (status, is_for_good) in [
            (404, true),
            (403, true),
            (410, true),
            (408, false),
            (425, false),
            (429, false),
            (500, false),
            (302, false),
        ] {
            let outcome = failure_of_file(status).outcome_of_fetch();
            assert_eq!(matches!(outcome, Outcome::Rejected { .. }), is_for_good, "{status}");
            assert_eq!(matches!(outcome, Outcome::NotSent { .. }), !is_for_good, "{status}");
        }
    }

    #[test]
    fn what_something_in_front_of_discord_refuses_is_sent_again() {
        for status in [403, 407, 408, 421, 425] {
            assert!(
                matches!(read(status, "<html>private</html>"), Failure::NotSent(said) if !said.contains("private"))
            );
        }
        let blocked = read(403, r#"{"message":"internal network error","code":40333}"#);
        assert!(matches!(blocked, Failure::Unreachable(_)), "{blocked:?}");
        assert!(matches!(
            read(403, r#"{"code":50013,"message":"x"}"#),
            Failure::Refused(_)
        ));
    }
}
