use std::time::Duration;

use super::{DispatchSettings, file::attachment};
use crate::{
    delivery::{DeskPayload, Outcome, Payload, Receipt, RetryPolicy, Scope},
    model::{OnUnknown, Timestamp},
    store::{Claimed, SettleAs},
};

/// What an outcome means for the ledger. Pure.
pub(super) fn classify(
    claimed: &Claimed,
    outcome: Outcome,
    now: Timestamp,
    jitter: f64,
    settings: &DispatchSettings,
) -> SettleAs {
    let availability = matches!(claimed.payload, Payload::Desk(DeskPayload::AskAvailability));
    let age_max = age_max(claimed, &outcome, &settings.retry);
    let is_old = now.since(claimed.created_at) >= age_max;
    match outcome {
        Outcome::Delivered(receipt) => SettleAs::Delivered(receipt),
        // The question is a courtesy: where it finds no answer, the session opens without one.
        Outcome::Rejected { .. } | Outcome::Refused { .. } if availability => nothing_known(),
        Outcome::NotSent { .. } | Outcome::Unknown { .. }
            if availability && now.since(claimed.created_at) >= settings.availability_max =>
        {
            nothing_known()
        }
        Outcome::Rejected { detail } => SettleAs::Dead {
            detail,
            maybe_sent: claimed.maybe_sent,
        },
        // It has a permission of its own, and what waits behind it does without the log.
        Outcome::Refused {
            detail,
            scope: Scope::Lane,
        } if matches!(claimed.payload, Payload::Desk(DeskPayload::ChatbotLog { .. })) => SettleAs::Dead {
            detail,
            maybe_sent: claimed.maybe_sent,
        },
        Outcome::Unknown { detail, repeatable, .. }
            if must_not_repeat(claimed, settings) && !(repeatable && is_young(claimed, now)) =>
        {
            SettleAs::Dead {
                detail: format!("it may have arrived: {detail}"),
                maybe_sent: true,
            }
        }
        Outcome::NotSent { detail, .. } | Outcome::Refused { detail, .. } if is_old => SettleAs::Dead {
            detail: too_old(&detail, age_max),
            maybe_sent: claimed.maybe_sent,
        },
        Outcome::Unknown { detail, .. } if is_old => SettleAs::Dead {
            detail: too_old(&detail, age_max),
            maybe_sent: true,
        },
        // The opener waits behind the question, however long the other side would have us wait with it.
        Outcome::NotSent { retry_after, .. } | Outcome::Unknown { retry_after, .. } if availability => {
            let due = now + settings.retry.wait(claimed.attempt, jitter, retry_after);
            SettleAs::Retry {
                due: due.min(claimed.created_at + settings.availability_max),
                maybe_sent: false,
            }
        }
        Outcome::NotSent { retry_after, .. } => {
            let due = now + settings.retry.wait(claimed.attempt, jitter, retry_after);
            SettleAs::Retry { due, maybe_sent: false }
        }
        Outcome::Unknown { retry_after, .. } => {
            let due = now + settings.retry.wait(claimed.attempt, jitter, retry_after);
            SettleAs::Retry { due, maybe_sent: true }
        }
        // The door is closed for all of its lanes; its gate decides when they go on.
        Outcome::Refused { scope: Scope::Door, .. } => SettleAs::Retry {
            due: now,
            maybe_sent: false,
        },
        Outcome::Refused { scope: Scope::Lane, .. } => {
            let due = now + settings.retry.wait(claimed.attempt, jitter, None);
            SettleAs::Retry { due, maybe_sent: false }
        }
    }
}

fn nothing_known() -> SettleAs {
    SettleAs::Delivered(Receipt::Availability(crate::delivery::Availability::default()))
}

/// How long a platform that removes doubles surely does so: Discord says "the past few minutes"
/// (docs.discord.com, "Create Message").
const REPEATABLE_FOR: Duration = Duration::from_mins(2);

fn is_young(claimed: &Claimed, now: Timestamp) -> bool {
    now.since(claimed.created_at) < REPEATABLE_FOR
}

/// Whether an attempt that may have arrived must be the last.
pub(super) fn must_not_repeat(claimed: &Claimed, settings: &DispatchSettings) -> bool {
    match &claimed.payload {
        Payload::Desk(DeskPayload::AskAvailability) | Payload::Bot(_) => false,
        Payload::Desk(payload) if payload.at_most_once() => true,
        Payload::Desk(_) | Payload::Chat(_) => settings.on_unknown == OnUnknown::DeadLetter,
    }
}

/// A file that waited long for something else has this many attempts all the same.
const FILE_ATTEMPTS_MIN: u32 = 5;

/// How long a delivery with this outcome is tried again.
fn age_max(claimed: &Claimed, outcome: &Outcome, retry: &RetryPolicy) -> Duration {
    let shorter = match (outcome, &claimed.payload) {
        (Outcome::Refused { scope: Scope::Lane, .. }, _) => retry.refused_age_max,
        // It breaks off on its own account, and all that is said after it waits behind it.
        (
            Outcome::NotSent {
                scope: Scope::Lane,
                retry_after: None,
                ..
            },
            payload,
        ) if attachment(payload).is_some() && claimed.attempt >= FILE_ATTEMPTS_MIN => retry.refused_age_max,
        (Outcome::Unknown { .. }, Payload::Bot(_)) => retry.bot_age_max,
        _ => retry.age_max,
    };
    shorter.min(retry.age_max)
}

fn too_old(detail: &str, age_max: Duration) -> String {
    let (count, unit) = match age_max.as_secs() {
        secs if secs >= 3_600 && secs % 3_600 == 0 => (secs / 3_600, "hours"),
        secs if secs >= 60 => (secs / 60, "minutes"),
        secs => (secs, "seconds"),
    };
    format!("not delivered within {count} {unit}; the last attempt: {detail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delivery::{ChatPayload, DeliveryId, Lane},
        model::{
            Address, Attachment, BotEvent, ChannelId, Contact, ConversationId, ConversationKey, CustomerId, FileKind,
            FileRef, FileSource, HookAddress, SessionId, Text,
        },
    };

    fn claimed(payload: Payload, age_secs: u64) -> Claimed {
        let key = ConversationKey {
            channel: ChannelId::new("test"),
            address: Address::new("1"),
            customer: CustomerId::new("1"),
        };
        Claimed {
            id: DeliveryId {
                lane: Lane::Chat(ConversationId::mint()),
                seq: 1,
            },
            payload,
            conversation: key,
            hook_address: HookAddress::default(),
            attempt: 1,
            created_at: NOW - Duration::from_secs(age_secs),
            maybe_sent: false,
            started: false,
            place: None,
            lease: crate::store::Lease::for_good(),
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);
    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;

    fn message() -> Payload {
        Payload::Chat(ChatPayload::Message {
            author: None,
            continues: false,
            text: "hello".into(),
        })
    }

    fn event() -> Payload {
        Payload::Bot(BotEvent::Connected {
            conversation: claimed(message(), 0).conversation,
            session: SessionId::mint(),
            agent: None,
        })
    }

    fn log() -> Payload {
        let from = Contact::Email("ada@example.org".into());
        Payload::Desk(DeskPayload::ChatbotLog {
            from,
            subject: Text::new("s"),
            text: Text::new("t"),
        })
    }

    fn not_sent(retry_after: Option<Duration>) -> Outcome {
        Outcome::NotSent {
            detail: "429".into(),
            retry_after,
            scope: Scope::Lane,
        }
    }

    fn word(payload: Payload, age_secs: u64, outcome: Outcome, settings: &DispatchSettings) -> &'static str {
        match classify(&claimed(payload, age_secs), outcome, NOW, 0.5, settings) {
            SettleAs::Delivered(_) => "delivered",
            SettleAs::Dead { maybe_sent: false, .. } => "dead",
            SettleAs::Dead { maybe_sent: true, .. } => "dead, maybe sent",
            SettleAs::Retry { maybe_sent: false, .. } => "again",
            SettleAs::Retry { maybe_sent: true, .. } => "again, maybe sent",
            SettleAs::Started => "started",
        }
    }

    #[test]
    fn each_outcome_has_its_consequence() {
        let settings = DispatchSettings::default();
        let careful = DispatchSettings {
            on_unknown: OnUnknown::DeadLetter,
            ..settings
        };
        let refused = || Outcome::Refused {
            detail: "401".into(),
            scope: Scope::Door,
        };
        let refused_alone = || Outcome::Refused {
            detail: "403".into(),
            scope: Scope::Lane,
        };
        let ask = || Payload::Desk(DeskPayload::AskAvailability);
        for (payload, age, outcome, with, expected) in [
            (message(), 0, Outcome::delivered(), &settings, "delivered"),
            (message(), 0, not_sent(None), &settings, "again"),
            (message(), 0, Outcome::unknown("reset"), &settings, "again, maybe sent"),
            (message(), 0, Outcome::unknown("reset"), &careful, "dead, maybe sent"),
            (
                message(),
                0,
                Outcome::unknown("reset").repeatable(),
                &careful,
                "again, maybe sent",
            ),
            (
                message(),
                2 * MINUTE,
                Outcome::unknown("reset").repeatable(),
                &careful,
                "dead, maybe sent",
            ),
            (message(), 0, Outcome::rejected("blocked"), &settings, "dead"),
            (message(), 0, refused(), &settings, "again"),
            (message(), 14 * MINUTE, refused_alone(), &settings, "again"),
            (message(), 15 * MINUTE, refused_alone(), &settings, "dead"),
            (message(), 15 * MINUTE, refused(), &settings, "again"),
            (
                event(),
                4 * MINUTE,
                Outcome::unknown("panic"),
                &careful,
                "again, maybe sent",
            ),
            (
                event(),
                5 * MINUTE,
                Outcome::unknown("panic"),
                &settings,
                "dead, maybe sent",
            ),
            (event(), 5 * MINUTE, not_sent(None), &settings, "again"),
            (message(), DAY, not_sent(None), &settings, "dead"),
            (message(), DAY, refused(), &settings, "dead"),
            (message(), DAY, Outcome::unknown("reset"), &settings, "dead, maybe sent"),
            (log(), 0, Outcome::unknown("reset"), &settings, "dead, maybe sent"),
            (log(), 0, not_sent(None), &settings, "again"),
            (ask(), 0, Outcome::unknown("slow"), &settings, "again"),
            (ask(), 11, Outcome::unknown("slow"), &settings, "delivered"),
            (ask(), 0, refused(), &settings, "delivered"),
            (log(), 0, refused_alone(), &settings, "dead"),
            (log(), 0, refused(), &settings, "again"),
        ] {
            assert_eq!(
                word(payload, age, outcome.clone(), with),
                expected,
                "{outcome:?} at {age} s"
            );
        }
    }

    #[test]
    fn a_file_that_breaks_off_each_time_holds_its_lane_up_for_minutes_and_not_for_a_day() {
        let settings = DispatchSettings::default();
        let name = Text::new("report.pdf");
        let file = || Attachment {
            kind: FileKind::Document,
            name: name.clone(),
            media_type: None,
            bytes: None,
            source: FileSource::Platform(FileRef::new("1")),
        };
        let broke_off = || Outcome::not_sent("the connection broke off before the end of the file");
        let door_away = || Outcome::NotSent {
            detail: "no connection".into(),
            retry_after: None,
            scope: Scope::Door,
        };
        for (payload, attempt, outcome, is_dead) in [
            (
                Payload::Desk(DeskPayload::File {
                    file: file(),
                    completes: None,
                }),
                5,
                broke_off(),
                true,
            ),
            (
                Payload::Desk(DeskPayload::File {
                    file: file(),
                    completes: None,
                }),
                4,
                broke_off(),
                false,
            ),
            (
                Payload::Desk(DeskPayload::File {
                    file: file(),
                    completes: None,
                }),
                5,
                door_away(),
                false,
            ),
            (
                Payload::Desk(DeskPayload::File {
                    file: file(),
                    completes: None,
                }),
                5,
                not_sent(Some(Duration::from_secs(1))),
                false,
            ),
            (message(), 5, broke_off(), false),
        ] {
            let claimed = Claimed {
                attempt,
                ..claimed(payload, 15 * MINUTE)
            };
            let settled = classify(&claimed, outcome.clone(), NOW, 0.5, &settings);
            assert_eq!(
                matches!(settled, SettleAs::Dead { .. }),
                is_dead,
                "attempt {attempt}: {outcome:?} of {}",
                claimed.payload.word()
            );
        }
    }

    #[test]
    fn a_lane_that_is_refused_alone_waits_longer_each_time() {
        let refused = |attempt, scope| {
            let claimed = Claimed {
                attempt,
                ..claimed(message(), 0)
            };
            let detail = "403".into();
            classify(
                &claimed,
                Outcome::Refused { detail, scope },
                NOW,
                1.0,
                &DispatchSettings::default(),
            )
        };
        for (attempt, wait_millis) in [(1, 500), (3, 2_000)] {
            let due = NOW + Duration::from_millis(wait_millis);
            assert!(
                matches!(refused(attempt, Scope::Lane), SettleAs::Retry { due: at, .. } if at == due),
                "attempt {attempt}"
            );
            assert!(matches!(refused(attempt, Scope::Door), SettleAs::Retry { due: at, .. } if at == NOW));
        }
    }

    fn due(payload: Payload, age_secs: u64, outcome: Outcome) -> Timestamp {
        let claimed = claimed(payload, age_secs);
        match classify(&claimed, outcome, NOW, 0.5, &DispatchSettings::default()) {
            SettleAs::Retry { due, .. } => due,
            other => panic!("it is tried again, not {other:?}"),
        }
    }

    fn unknown(retry_after: Option<Duration>) -> Outcome {
        Outcome::Unknown {
            detail: "503".into(),
            retry_after,
            repeatable: false,
        }
    }

    #[test]
    fn what_the_other_side_asks_for_is_waited_for() {
        let asked = Duration::from_secs(37);
        for outcome in [not_sent(Some(asked)), unknown(Some(asked))] {
            assert_eq!(due(message(), 0, outcome), NOW + asked);
        }
    }

    #[test]
    fn no_wait_of_the_question_goes_past_the_time_it_has() {
        let asked = Duration::from_mins(5);
        let ask = || Payload::Desk(DeskPayload::AskAvailability);
        for outcome in [not_sent(Some(asked)), unknown(Some(asked))] {
            assert_eq!(due(ask(), 0, outcome.clone()), NOW + Duration::from_secs(10));
            assert_eq!(due(ask(), 9, outcome), NOW + Duration::from_secs(1));
        }
    }
}
