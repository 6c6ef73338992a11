//! What an agent says after the end.

use std::time::Duration;

use super::scene::*;
use crate::{
    model::{BotEvent, Escalation, SessionId, TextChoice},
    session::{Effect, TimerKind, Transition, Verdict},
};

/// A session that ended just now.
fn ended() -> (Scene, SessionId) {
    let scene = Scene::after_a_session();
    let session = scene.conversation.last.expect("a session ended").session;
    (scene, session)
}

/// The reason that a dead letter gives, when the bot is told of it, and of which session it was.
fn buried(transition: &Transition) -> (&str, Option<SessionId>) {
    assert_eq!(transition.verdict, Verdict::Over);
    let [BotEvent::Undelivered { session, .. }] = to_bot(transition)[..] else {
        panic!("the bot is told once");
    };
    let mut details = transition.effects.iter().filter_map(|effect| match effect {
        Effect::Bury(_, _, detail) => Some(detail.as_str()),
        _ => None,
    });
    (details.next_back().expect("there is a dead letter"), *session)
}

#[test]
fn a_late_reply_within_the_window_reaches_the_customer_and_is_marked() {
    let (mut scene, session) = ended();
    scene.later(scene.policy.late_max);
    let late = scene.happens(&agent_says(session, Some("Anna"), "one thing more"));
    assert_eq!(late.verdict, Verdict::Kept);
    assert_eq!(
        chat_lines(&late),
        ["Anna: (written after the chat ended)\none thing more"]
    );
    assert!(matches!(&late.effects[0], Effect::Record(Some(of), _) if *of == session));
    assert_eq!(scene.state(), "with_bot", "the bot keeps the conversation");
}

#[test]
fn a_late_file_within_the_window_reaches_the_customer_and_is_marked() {
    let (scene, session) = ended();
    let late = scene.decide(&agent_sends(session, document("bill.pdf", 10)));
    assert_eq!(told(&late), "with_bot kept: record, chat.message, chat.file");
    assert_eq!(chat_lines(&late), ["(written after the chat ended)"]);
}

#[test]
fn the_mark_of_a_late_reply_can_be_replaced_and_switched_off() {
    for (choice, expected) in [
        (TextChoice::Say("P.S.".into()), "P.S.\nbye"),
        (TextChoice::Say(" ".into()), "bye"),
        (TextChoice::Off, "bye"),
    ] {
        let (mut scene, session) = ended();
        scene.texts.late_reply = choice;
        assert_eq!(chat_lines(&scene.decide(&agent_says(session, None, "bye"))), [expected]);
    }
}

#[test]
fn after_the_window_a_late_reply_becomes_a_dead_letter_and_the_bot_is_told() {
    let (mut scene, session) = ended();
    scene.later(scene.policy.late_max + Duration::from_millis(1));
    let late = scene.decide(&agent_says(session, None, "one thing more"));
    assert_eq!(buried(&late), ("it came too late: the session is over", Some(session)));
    assert_eq!(to_chat(&late), Vec::<&crate::delivery::ChatPayload>::new());
}

#[test]
fn with_a_newer_session_open_a_late_reply_becomes_a_dead_letter_of_its_own_session() {
    let (mut scene, session) = ended();
    scene.happens(&escalates(Escalation::default()));
    for event in [
        agent_says(session, None, "one thing more"),
        agent_sends(session, document("bill.pdf", 10)),
    ] {
        let late = scene.decide(&event);
        assert_eq!(buried(&late), ("it came too late: the session is over", Some(session)));
        assert_eq!(late.conversation.state, scene.conversation.state);
    }
}

#[test]
fn what_is_too_late_is_told_in_the_newer_ticket_once_the_desk_has_one() {
    let (mut scene, session) = ended();
    scene.happens(&escalates(Escalation::default()));
    let lines = |scene: &Scene| desk_lines(&scene.decide(&agent_says(session, None, "one thing more"))).len();
    assert_eq!(lines(&scene), 0, "nobody reads it there yet");
    scene.arrives(1);
    scene.arrives(2);
    assert_eq!(scene.state(), "waiting");
    assert_eq!(
        desk_lines(&scene.decide(&agent_says(session, None, "one thing more"))),
        ["A late message from an earlier chat did not reach the customer: it came too late: the session is over"]
    );
    scene.happens(&agent_says(scene.session(), Some("Bob"), "Hello"));
    assert_eq!(lines(&scene), 1);
}

#[test]
fn only_the_session_that_ended_last_has_a_late_word() {
    let (mut scene, first) = ended();
    scene.happens(&escalates(Escalation::default()));
    let second = scene.session();
    scene.happens(&agent_ends(second));
    assert_eq!(buried(&scene.decide(&agent_says(first, None, "hm"))).1, Some(first));
    assert_eq!(scene.decide(&agent_says(second, None, "hm")).verdict, Verdict::Kept);
}

#[test]
fn a_late_file_that_is_too_big_says_so_and_not_that_it_is_late() {
    let (scene, session) = ended();
    let late = scene.decide(&agent_sends(session, document("film.mp4", 50_000_001)));
    assert_eq!(
        buried(&late),
        (
            "the file is too big for the customer's platform (50.0 MB at most)",
            Some(session)
        )
    );
}

#[test]
fn a_late_reply_with_nothing_in_it_is_nothing() {
    let (mut scene, session) = ended();
    assert_eq!(
        told(&scene.decide(&agent_says(session, Some("Anna"), " \n"))),
        "with_bot over"
    );
    scene.later(Duration::from_hours(24));
    assert_eq!(
        told(&scene.decide(&agent_says(session, Some("Anna"), " \n"))),
        "with_bot over"
    );
}

#[test]
fn after_an_opening_that_failed_an_agent_who_has_it_all_the_same_still_reaches_the_customer() {
    let mut scene = Scene::opening();
    let session = scene.session();
    scene.in_flight(1);
    scene.after_its_time(TimerKind::Opening);
    assert_eq!(scene.state(), "with_bot");
    assert_eq!(
        scene.decide(&agent_says(session, Some("Anna"), "Hello?")).verdict,
        Verdict::Kept
    );
}
