//! Reads what the desk answers: the envelopes that its guide and its OpenAPI pages show, and whatever a proxy in front
//! of it says instead.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::{ErrorKind, OmnideskError, echo::without_echo};
use crate::delivery::Scope;

/// The longest reason of the desk's own that is kept, in characters.
const REASON_CHARS_MAX: usize = 300;
/// How much of a reason is looked at for what we sent, in characters.
const REASON_CHARS_READ_MAX: usize = 1_000;
/// The longest wait that is taken from `Retry-After`. The desk's own word, but for a slip of its clock.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// Scheme and host that a redirect leads to.
    pub(super) leads_to: Option<String>,
    /// The body up to the limit.
    pub(super) body: Vec<u8>,
}

/// What the reading of an answer depends on.
pub(super) struct Question<'a> {
    pub(super) endpoint: &'static str,
    /// Whether the call only asked, and did nothing.
    pub(super) asked_only: bool,
    /// Whom a refusal of this host speaks for.
    pub(super) scope: Scope,
    /// What must not stand in an error.
    pub(super) privates: Vec<&'a str>,
}

/// The fields of a good answer; none where the desk said nothing that can be read.
#[derive(Debug, Default)]
pub(super) struct Reply(Map<String, Value>);

impl Reply {
    /// A field, by its name in any case of letters.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        get(&self.0, name)
    }

    /// An id, given as a number or as a numeric string.
    pub(super) fn id(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether the desk said anything that could be read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Tells whether the desk took a call.
pub(super) fn read(answer: &Answer, question: &Question<'_>) -> Result<Reply, OmnideskError> {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let envelope = serde_json::from_str::<Map<String, Value>>(text).ok();
    if !(200..300).contains(&answer.status) {
        let reason = reason(envelope.as_ref(), text);
        return Err(by_status(answer, question, reason.as_deref()));
    }
    match envelope {
        Some(envelope) if is_error(&envelope) => {
            let reason = reason(Some(&envelope), text);
            let detail = detail(answer, question, reason.as_deref());
            Err(failure(ErrorKind::Rejected, answer, question, detail))
        }
        Some(envelope) => Ok(Reply(envelope)),
        // A proxy's page of 200 (log in, "back soon") is no word of the desk.
        None if text.starts_with('<') => {
            let detail = format!("HTTP {} with a page where an answer belongs", answer.status);
            Err(failure(ErrorKind::Uncertain, answer, question, detail))
        }
        None => Ok(Reply::default()),
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let due = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        SystemTime::from(due).duration_since(now).unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

fn by_status(answer: &Answer, question: &Question<'_>, reason: Option<&str>) -> OmnideskError {
    let kind = match answer.status {
        429 => ErrorKind::Throttled,
        // 407 is a proxy on our side of the door that wants a password.
        401 | 403 | 407 => ErrorKind::Refused,
        // The desk gave up on a slow or early request: to send it again is what these two ask for.
        408 | 425 | 500.. => ErrorKind::Uncertain,
        _ => ErrorKind::Rejected,
    };
    let mut detail = detail(answer, question, reason);
    if (300..400).contains(&answer.status) {
        let to = answer.leads_to.as_deref().unwrap_or("another address");
        detail = format!(
            "HTTP {} to {to}: redirects are not followed, set the account's address to where it leads",
            answer.status
        );
    }
    let failure = failure(kind, answer, question, detail);
    match answer.status {
        // It speaks of this call alone: of a permission that only this endpoint needs, or of a text that a firewall dislikes.
        403 => failure.speaks_for(Scope::Lane),
        _ => failure,
    }
}

fn failure(kind: ErrorKind, answer: &Answer, question: &Question<'_>, detail: String) -> OmnideskError {
    OmnideskError::new(kind, question.endpoint, detail)
        .status_was(answer.status)
        .wait(answer.retry_after)
        .speaks_for(question.scope)
        .asked_only(question.asked_only)
}

fn detail(answer: &Answer, question: &Question<'_>, reason: Option<&str>) -> String {
    let Some(reason) = reason else {
        return format!("HTTP {}, without a reason", answer.status);
    };
    let read: String = reason.chars().take(REASON_CHARS_READ_MAX).collect();
    let said = without_echo(&read, question.privates.iter().copied());
    let said = said.replace(char::is_control, " ");
    let kept: String = said.chars().take(REASON_CHARS_MAX).collect();
    format!("HTTP {}: {}", answer.status, kept.trim())
}

/// The error envelopes: `status` or `type` is `error`, or `result` is there and not `success`.
fn is_error(envelope: &Map<String, Value>) -> bool {
    let says_error = |name| get(envelope, name).is_some_and(|value| is_word(value, "error"));
    let result_fails = get(envelope, "result").is_some_and(|result| match result {
        Value::String(_) => !is_word(result, "success"),
        Value::Bool(good) => !good,
        _ => false,
    });
    says_error("status") || says_error("type") || result_fails
}

fn is_word(value: &Value, word: &str) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
}

/// The desk's own reason: a field of the envelope, or a body of plain text. A page has none.
fn reason(envelope: Option<&Map<String, Value>>, text: &str) -> Option<String> {
    match envelope {
        Some(envelope) => ["message", "error"]
            .iter()
            .filter_map(|name| get(envelope, name))
            .find_map(|value| match value {
                Value::String(text) if text.trim().is_empty() => None,
                Value::String(text) => Some(text.clone()),
                Value::Array(_) | Value::Object(_) => Some(value.to_string()),
                _ => None,
            }),
        None if text.is_empty() || text.starts_with('<') => None,
        None => Some(text.to_owned()),
    }
}

fn get<'a>(envelope: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    envelope
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Outcome;

    fn answered(status: u16, body: &str) -> Result<Reply, OmnideskError> {
        let answer = Answer {
            status,
            retry_after: None,
            leads_to: None,
            body: body.as_bytes().to_vec(),
        };
        let question = Question {
            endpoint: "newMessage",
            asked_only: false,
            scope: Scope::Door,
            privates: vec!["abcDEF1234", "my order 4711 never came"],
        };
        read(&answer, &question)
    }

    fn failed(status: u16, body: &str) -> Outcome {
        answered(status, body).expect_err("a failure").outcome()
    }

    #[test]
    fn ids_are_read_as_numbers_and_as_numeric_strings() {
        for body in [
            r#"{"type":"result","message":"Message sent.","ticketID":12312}"#,
            r#"{"type":"result","message":"Message sent.","ticketID":"12312"}"#,
            r#"{"ticketid": " 12312 "}"#,
        ] {
            assert_eq!(answered(200, body).expect(body).id("ticketID"), Some(12_312));
        }
        for body in [
            r#"{"ticketID":"none"}"#,
            r#"{"ticketID":null}"#,
            r#"{"ticketID":-1}"#,
            "{}",
        ] {
            assert_eq!(answered(200, body).expect(body).id("ticketID"), None);
        }
    }

    #[test]
    fn a_good_status_without_a_readable_answer_counts_as_taken() {
        for body in [
            "",
            "  \n",
            "ok",
            "\"ok\"",
            "[]",
            "42",
            "{\"type\" => \"result\"}",
            "{\"ticketID\": 12",
        ] {
            assert!(answered(200, body).expect(body).is_empty());
        }
        assert!(answered(204, "").is_ok());
        let marked = answered(200, "\u{feff}{\"ticketID\":1}").expect("a byte-order mark is no content");
        assert_eq!(marked.id("ticketID"), Some(1));
    }

    #[test]
    fn an_error_envelope_is_a_rejection_whatever_the_status() {
        for (status, body, detail) in [
            (
                200,
                r#"{"status":"error","message":"Session closed."}"#,
                "HTTP 200: Session closed.",
            ),
            (
                200,
                r#"{"type":"Error","message":"Session closed."}"#,
                "HTTP 200: Session closed.",
            ),
            (200, r#"{"result":"failed"}"#, "HTTP 200, without a reason"),
            (200, r#"{"result":false,"error":"no brand"}"#, "HTTP 200: no brand"),
            (
                400,
                r#"{"status":"error","message":"message: too short"}"#,
                "HTTP 400: message: too short",
            ),
            (
                422,
                r#"{"message":{"chatServer":["invalid"]}}"#,
                r#"HTTP 422: {"chatServer":["invalid"]}"#,
            ),
            (404, "<html>not here</html>", "HTTP 404, without a reason"),
            (405, "", "HTTP 405, without a reason"),
            (413, "too big\r\nby far", "HTTP 413: too big  by far"),
        ] {
            assert_eq!(
                failed(status, body),
                Outcome::rejected(format!("newMessage: {detail}")),
                "{body}"
            );
        }
        for body in [
            r#"{"result":"success"}"#,
            r#"{"result":"Success"}"#,
            r#"{"result":{"a":1}}"#,
            r#"{"status":"ok"}"#,
        ] {
            assert!(answered(200, body).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_page_where_an_answer_belongs_is_unknown() {
        for body in ["<!DOCTYPE html><html>log in</html>", "\n<br />\n<b>Warning</b>"] {
            assert_eq!(failed(200, body).word(), "unknown");
        }
    }

    #[test]
    fn each_status_has_its_outcome() {
        for (status, word) in [
            (301, "rejected"),
            (400, "rejected"),
            (401, "refused"),
            (403, "refused"),
            (404, "rejected"),
            (405, "rejected"),
            (407, "refused"),
            (408, "unknown"),
            (409, "rejected"),
            (425, "unknown"),
            (429, "not_sent"),
            (500, "unknown"),
            (502, "unknown"),
            (503, "unknown"),
        ] {
            assert_eq!(failed(status, "").word(), word, "{status}");
        }
    }

    #[test]
    fn a_refusal_and_a_wait_speak_for_the_door() {
        for status in [401, 407] {
            assert!(matches!(
                failed(status, ""),
                Outcome::Refused { scope: Scope::Door, .. }
            ));
        }
        assert!(matches!(failed(429, ""), Outcome::NotSent { scope: Scope::Door, .. }));
    }

    #[test]
    fn a_403_speaks_for_one_call() {
        assert!(matches!(failed(403, ""), Outcome::Refused { scope: Scope::Lane, .. }));
    }

    #[test]
    fn a_question_without_a_certain_answer_has_done_nothing() {
        let answer = Answer {
            status: 503,
            retry_after: Some(Duration::from_secs(7)),
            leads_to: None,
            body: Vec::new(),
        };
        let question = Question {
            endpoint: "chatConfig",
            asked_only: true,
            scope: Scope::Door,
            privates: vec![],
        };
        let outcome = read(&answer, &question).expect_err("503").outcome();
        assert!(
            matches!(outcome, Outcome::NotSent { retry_after: Some(wait), scope: Scope::Lane, .. } if wait.as_secs() == 7)
        );
    }

    #[test]
    fn the_desks_reason_is_capped_and_without_what_we_sent() {
        let quoted = failed(
            400,
            r#"{"status":"error","message":"abcDEF1234: 'my order 4711 never came' is spam"}"#,
        );
        assert_eq!(quoted, Outcome::rejected("newMessage: HTTP 400: […]: '[…]' is spam"));
        let Outcome::Rejected { detail } = failed(400, &"x".repeat(5_000)) else {
            panic!("400 is a rejection");
        };
        assert_eq!(detail.len(), "newMessage: HTTP 400: ".len() + REASON_CHARS_MAX);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999999", Some(RETRY_AFTER_MAX.as_secs())),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), seconds, "{value}");
        }
    }
}
