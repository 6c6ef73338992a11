//! The timers: what each of them brings, and that one which comes when it should not brings nothing.

use std::time::Duration;

use super::scene::*;
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload},
    model::{BotEvent, Contact, EndReason, Escalation, HowOften, Line, OnTimeout, TextChoice, Timestamp},
    session::{DeskWatch, Effect, TimerKind, Transition, Verdict},
};

const SECOND: Duration = Duration::from_secs(1);

/// When a transition sets a timer for.
fn set_for(transition: &Transition, wanted: TimerKind) -> Option<Timestamp> {
    transition.effects.iter().find_map(|effect| match effect {
        Effect::SetTimer { kind, due, .. } if *kind == wanted => Some(*due),
        _ => None,
    })
}

fn silence(scene: &Scene) -> (Duration, Duration) {
    (scene.policy.silence_max.expect("it is on"), scene.policy.warned_max)
}

fn desk_watch(scene: &Scene) -> DeskWatch {
    scene.conversation.session().expect("a session stands").watch.desk
}

#[test]
fn a_timer_that_comes_early_changes_nothing_and_is_set_for_when_it_is_due() {
    for (scene, kind, due_in) in [
        (Scene::opening(), TimerKind::Opening, Duration::from_mins(2)),
        (Scene::waiting(), TimerKind::Waiting, Duration::from_mins(5)),
        (Scene::with_agent(), TimerKind::Silence, Duration::from_hours(1)),
        (Scene::leaving(), TimerKind::Leaving, Duration::from_mins(30)),
    ] {
        let mut scene = scene;
        let due_at = scene.now + due_in;
        scene.later(due_in.saturating_sub(SECOND));
        let before = scene.conversation.clone();
        let early = scene.happens(&due(scene.session(), kind));
        assert_eq!(scene.conversation, before);
        assert_eq!(early.effects.len(), 1, "{early:?}");
        assert_eq!(set_for(&early, kind), Some(due_at));
    }
}

#[test]
fn a_timer_that_comes_twice_brings_what_it_brings_once() {
    for (mut scene, kind) in [
        (Scene::waiting(), TimerKind::Waiting),
        (Scene::with_agent(), TimerKind::Silence),
    ] {
        scene.after_its_time(kind);
        let before = scene.conversation.clone();
        let again = scene.happens(&due(scene.session(), kind));
        assert_eq!(scene.conversation, before);
        assert_eq!(chat_lines(&again), Vec::<String>::new());
    }
    let mut scene = Scene::with_agent();
    let session = scene.session();
    scene.after_its_time(TimerKind::Silence);
    scene.sees_the_warning();
    scene.after_its_time(TimerKind::Silence);
    assert_eq!(scene.happens(&due(session, TimerKind::Silence)).effects, []);
}

#[test]
fn a_setting_that_was_switched_off_meanwhile_holds() {
    let mut scene = Scene::waiting();
    scene.policy.waiting_max = None;
    scene.later(Duration::from_hours(9));
    assert_eq!(
        told(&scene.decide(&due(scene.session(), TimerKind::Waiting))),
        "waiting over"
    );
    let mut scene = Scene::with_agent();
    scene.policy.silence_max = None;
    scene.later(Duration::from_hours(9));
    assert_eq!(
        told(&scene.decide(&due(scene.session(), TimerKind::Silence))),
        "with_agent over"
    );
    let mut scene = Scene::with_agent();
    scene.happens(&says("hello?"));
    scene.policy.desk_away_max = None;
    scene.later(Duration::from_hours(9));
    assert_eq!(
        told(&scene.happens(&due(scene.session(), TimerKind::DeskAway))),
        "with_agent kept"
    );
    assert_eq!(desk_watch(&scene), DeskWatch::Off);
}

#[test]
fn a_customer_who_goes_on_waiting_is_told_once_or_each_time() {
    let mut scene = Scene::waiting();
    assert_eq!(
        told(&scene.after_its_time(TimerKind::Waiting)),
        "waiting kept: notice:still_waiting"
    );
    assert_eq!(
        told(&scene.after_its_time(TimerKind::Waiting)),
        "waiting over",
        "no timer runs for it"
    );

    let mut scene = Scene::waiting();
    scene.policy.still_waiting = HowOften::Again;
    for _ in 0..3 {
        assert_eq!(
            told(&scene.after_its_time(TimerKind::Waiting)),
            "waiting kept: waiting timer set, notice:still_waiting"
        );
    }
    assert_eq!(
        told(&scene.happens(&agent_types(scene.session()))),
        "with_agent kept: waiting timer cleared, silence timer set, notice:connected, bot:connected",
        "an agent can take it for as long as it stands"
    );
}

#[test]
fn what_the_customer_writes_while_waiting_puts_nothing_off() {
    let mut scene = Scene::waiting();
    scene.later(Duration::from_mins(4));
    scene.happens(&says("hello?"));
    scene.later(Duration::from_mins(1));
    let due = scene.happens(&due(scene.session(), TimerKind::Waiting));
    assert_eq!(told(&due), "waiting kept: notice:still_waiting");
}

#[test]
fn a_session_that_nobody_took_ends_at_the_desk_behind_what_was_said() {
    let mut scene = Scene::waiting();
    scene.policy.on_timeout = OnTimeout::BackToBot;
    scene.happens(&says("hello?"));
    let ended = scene.after_its_time(TimerKind::Waiting);
    assert_eq!(
        desk_lines(&ended),
        ["No agent has taken this chat within 5 minutes: it is over, and the customer is talking to the bot again."]
    );
    assert_eq!(to_desk(&ended).last(), Some(&&DeskPayload::End));
    assert!(!told(&ended).contains("take back"), "what waits still goes to the desk");
    assert_eq!(unsent(&ended), Vec::<&str>::new());
    let reason = scene.conversation.last.expect("it ended").reason;
    assert_eq!(reason, EndReason::WaitingTimeout);
}

/// A session that nobody takes: "one" is at the desk, "look" too, and the rest waits.
fn waiting_with_lines() -> Scene {
    let mut scene = Scene::new();
    scene.policy.on_timeout = OnTimeout::LeaveMessage;
    scene.history = vec![Line::customer(scene.now, "hi"), Line::bot(scene.now, "hello")];
    scene.happens(&escalates(Escalation::because("refund")));
    scene.arrives(1);
    scene.arrives(2);
    scene.happens(&says("one"));
    scene.arrives(3);
    scene.happens(&sends(Some("look"), vec![picture("cat.png", Some(1))]));
    scene.arrives(4);
    scene.happens(&says("two"));
    scene
}

#[test]
fn a_message_can_be_left_when_nobody_takes_the_session_and_each_line_stands_in_it_once() {
    let mut scene = waiting_with_lines();
    let asked = scene.after_its_time(TimerKind::Waiting);
    assert_eq!(
        told(&asked),
        "leaving kept: take back 5, take back 6, desk.line, desk.end, waiting timer cleared, leaving timer set, \
         notice:undelivered, notice:ask_contact"
    );
    assert_eq!(
        desk_lines(&asked),
        ["No agent has taken this chat within 5 minutes: it is over, and the customer can leave a message."]
    );
    assert_eq!(scene.leaving_lines(), ["[image: cat.png]", "two"]);

    let given = scene.happens(&says("ada@example.org"));
    let ticket = desk_lines(&given)[0];
    for line in [
        "hi",
        "hello",
        "one",
        "look",
        "[image: cat.png]",
        "two",
        "ada@example.org",
    ] {
        let stands = ticket
            .lines()
            .filter(|stands| *stands == line || stands.ends_with(&format!(": {line}")));
        assert_eq!(stands.count(), 1, "{line:?} in {ticket}");
    }
    let id = scene.conversation.session().expect("it stands").desk_seq;
    scene.queued.retain(|row| row.seq == id);
    let left = scene.arrives(id);
    assert_eq!(
        scene.conversation.last.expect("it ended").reason,
        EndReason::LeftMessage
    );
    assert_eq!(unsent(&left), Vec::<&str>::new());
}

#[test]
fn an_agent_who_comes_just_after_the_timeout_still_reaches_the_customer() {
    let mut scene = waiting_with_lines();
    scene.policy.leaving_max = scene.policy.late_max * 2;
    scene.after_its_time(TimerKind::Waiting);
    let session = scene.session();
    scene.later(scene.policy.late_max);
    let late = scene.happens(&agent_says(session, Some("Anna"), "here I am"));
    assert_eq!(told(&late), "leaving kept: record, chat.message");
    assert_eq!(chat_lines(&late), ["Anna: (written after the chat ended)\nhere I am"]);
    scene.later(Duration::from_millis(1));
    let too_late = scene.decide(&agent_says(session, Some("Anna"), "still here"));
    assert_eq!(too_late.verdict, Verdict::Over);
    assert_eq!(chat_lines(&too_late), Vec::<String>::new());
}

#[test]
fn what_would_open_a_ticket_is_taken_back_where_the_agent_ended_too_but_for_what_the_customer_left() {
    let mut scene = waiting_with_lines();
    scene.after_its_time(TimerKind::Waiting);
    scene.happens(&says("ada@example.org"));
    let ended = scene.happens(&agent_ends(scene.session()));
    assert_eq!(told(&ended), "leaving over: take back 7, take back 8");
    assert_eq!(scene.queued.len(), 1, "the ticket");
    assert_eq!(told(&scene.decide(&agent_ends(scene.session()))), "leaving over");
}

#[test]
fn where_a_contact_is_known_the_message_is_left_at_once() {
    let mut scene = Scene::new();
    scene.policy.on_timeout = OnTimeout::LeaveMessage;
    let contact = Contact::Email("ada@example.org".into());
    scene.happens(&escalates(Escalation::because("refund").contact(contact)));
    scene.arrives(1);
    scene.arrives(2);
    scene.happens(&says("hello?"));
    assert_eq!(
        told(&scene.after_its_time(TimerKind::Waiting)),
        "leaving kept: take back 3, desk.line, desk.end, waiting timer cleared, leaving timer set, desk.log"
    );
}

#[test]
fn who_leaves_no_contact_gets_the_unsent_lines_back_to_the_bot() {
    let mut scene = waiting_with_lines();
    scene.after_its_time(TimerKind::Waiting);
    let over = scene.after_its_time(TimerKind::Leaving);
    assert_eq!(unsent(&over), ["[image: cat.png]", "two"], "the desk has the others");
    assert_eq!(scene.conversation.last.expect("it ended").reason, EndReason::NoAgents);
}

#[test]
fn silence_is_counted_from_what_was_said_last_by_whomever() {
    let events: [fn(&Scene) -> crate::session::Event; 6] = [
        |_| says("hm"),
        |_| edits("hm?"),
        |_| sends(None, vec![picture("cat.png", Some(1))]),
        |scene| agent_says(scene.session(), None, "hm"),
        |scene| agent_sends(scene.session(), document("bill.pdf", 10)),
        |scene| agent_types(scene.session()),
    ];
    for event in events {
        let mut scene = Scene::with_agent();
        let (silence_max, _) = silence(&scene);
        scene.later(silence_max.saturating_sub(SECOND));
        let said = event(&scene);
        let said = scene.happens(&said);
        assert_eq!(
            set_for(&said, TimerKind::Silence),
            None,
            "no write for a timer that runs"
        );
        let said_at = scene.now;
        scene.queued.clear();
        scene.later(SECOND);
        let early = scene.happens(&due(scene.session(), TimerKind::Silence));
        assert_eq!(set_for(&early, TimerKind::Silence), Some(said_at + silence_max));
        scene.later(silence_max.saturating_sub(SECOND));
        let warned = scene.happens(&due(scene.session(), TimerKind::Silence));
        assert_eq!(told(&warned), "with_agent kept: notice:silence_warning");
    }
}

#[test]
fn a_session_in_which_nobody_speaks_is_warned_and_then_ends_and_everybody_is_told() {
    let mut scene = Scene::with_agent();
    let (_, warned_max) = silence(&scene);
    scene.after_its_time(TimerKind::Silence);
    let warned = scene.sees_the_warning();
    assert_eq!(set_for(&warned, TimerKind::Silence), Some(scene.now + warned_max));
    scene.later(warned_max);
    let ended = scene.happens(&due(scene.session(), TimerKind::Silence));
    assert_eq!(
        desk_lines(&ended),
        ["Nobody has written for 75 minutes, so this chat is over: the customer is talking to the bot again."]
    );
    assert_eq!(to_desk(&ended).last(), Some(&&DeskPayload::End));
    let [BotEvent::HandedBack { reason, .. }] = to_bot(&ended)[..] else {
        panic!("the bot is told once");
    };
    assert_eq!(*reason, EndReason::Silence);
}

#[test]
fn an_agent_who_writes_behind_the_warning_is_named_again() {
    let mut scene = Scene::with_agent();
    let session = scene.session();
    let goes_on = |transition: &Transition| match to_chat(transition)[..] {
        [ChatPayload::Message { continues, .. }] => *continues,
        _ => panic!("it is one message"),
    };
    scene.happens(&agent_says(session, Some("Anna"), "Hi"));
    assert!(goes_on(&scene.happens(&agent_says(
        session,
        Some("Anna"),
        "I am looking"
    ))));
    scene.after_its_time(TimerKind::Silence);
    assert!(!goes_on(&scene.happens(&agent_says(
        session,
        Some("Anna"),
        "Still there?"
    ))));
}

#[test]
fn a_session_does_not_end_while_its_warning_is_on_its_way_to_the_customer() {
    let mut scene = Scene::with_agent();
    let (_, warned_max) = silence(&scene);
    // It takes several rows, and the last of them says that it is whole.
    scene.chat.text_max = 50;
    let warned = scene.after_its_time(TimerKind::Silence);
    assert_eq!(
        told(&warned),
        "with_agent kept: notice:silence_warning, notice:silence_warning, notice:silence_warning"
    );
    let last = scene.conversation.chat_row();
    scene.later(warned_max * 9);
    let twice = scene.happens(&due(scene.session(), TimerKind::Silence));
    assert_eq!(told(&twice), "with_agent over");
    for before in (1..last.seq).rev() {
        let row = DeliveryId { seq: before, ..last };
        assert_eq!(scene.happens(&taken(row, silence_warning())).effects, []);
    }
    let seen = scene.happens(&taken(last, silence_warning()));
    assert_eq!(set_for(&seen, TimerKind::Silence), Some(scene.now + warned_max));
    let again = scene.happens(&taken(last, silence_warning()));
    assert_eq!(again.effects, [], "sent again by an operator it puts nothing off");
}

#[test]
fn a_session_whose_warning_is_a_dead_letter_ends_after_the_same_time() {
    let mut scene = Scene::with_agent();
    let (_, warned_max) = silence(&scene);
    scene.after_its_time(TimerKind::Silence);
    scene.later(Duration::from_hours(24));
    let dead = scene.happens(&dead(scene.conversation.chat_row(), silence_warning(), true));
    assert_eq!(told(&dead), "with_agent kept: silence timer set, bot:undelivered");
    assert_eq!(set_for(&dead, TimerKind::Silence), Some(scene.now + warned_max));
    scene.later(warned_max);
    scene.happens(&due(scene.session(), TimerKind::Silence));
    assert_eq!(scene.conversation.last.expect("it ended").reason, EndReason::Silence);
}

#[test]
fn a_session_without_a_text_for_its_warning_ends_after_the_same_time() {
    let mut scene = Scene::with_agent();
    let (_, warned_max) = silence(&scene);
    scene.texts.silence_warning = TextChoice::Off;
    let silent = scene.after_its_time(TimerKind::Silence);
    assert_eq!(told(&silent), "with_agent kept: silence timer set");
    assert_eq!(set_for(&silent, TimerKind::Silence), Some(scene.now + warned_max));
}

#[test]
fn a_word_while_the_warning_is_on_its_way_begins_the_silence_anew() {
    let mut scene = Scene::with_agent();
    let (silence_max, warned_max) = silence(&scene);
    scene.after_its_time(TimerKind::Silence);
    let first = scene.conversation.chat_row();
    scene.later(warned_max * 9);
    let said = scene.happens(&agent_says(scene.session(), None, "hello?"));
    assert_eq!(set_for(&said, TimerKind::Silence), Some(scene.now + silence_max));
    scene.after_its_time(TimerKind::Silence);
    let late = scene.happens(&taken(first, silence_warning()));
    assert_eq!(late.effects, [], "an older warning is not the one that counts");
    let seen = scene.sees_the_warning();
    assert_eq!(set_for(&seen, TimerKind::Silence), Some(scene.now + warned_max));
}

#[test]
fn a_silence_in_which_the_customers_words_wait_for_the_desk_is_not_theirs() {
    let mut scene = Scene::with_agent();
    let (silence_max, _) = silence(&scene);
    scene.happens(&says("hello?"));
    for _ in 0..3 {
        let waits = scene.after_its_time(TimerKind::Silence);
        assert_eq!(told(&waits), "with_agent kept: silence timer set");
        assert_eq!(set_for(&waits, TimerKind::Silence), Some(scene.now + silence_max));
    }
    scene.arrives(3);
    let warned = scene.after_its_time(TimerKind::Silence);
    assert_eq!(told(&warned), "with_agent kept: notice:silence_warning");
}

#[test]
fn a_word_after_the_warning_begins_the_silence_anew() {
    let mut scene = Scene::with_agent();
    let (silence_max, warned_max) = silence(&scene);
    scene.after_its_time(TimerKind::Silence);
    scene.sees_the_warning();
    scene.later(warned_max.saturating_sub(SECOND));
    let said = scene.happens(&says("still here"));
    assert_eq!(set_for(&said, TimerKind::Silence), Some(scene.now + silence_max));
    scene.later(SECOND);
    let early = scene.happens(&due(scene.session(), TimerKind::Silence));
    assert_eq!((scene.state(), chat_lines(&early)), ("with_agent", Vec::new()));
}

#[test]
fn a_customer_whose_words_wait_for_the_desk_is_told_once_until_nothing_waits() {
    let mut scene = Scene::with_agent();
    let away_max = scene.policy.desk_away_max.expect("it is on");
    let first = scene.happens(&says("one"));
    assert_eq!(set_for(&first, TimerKind::DeskAway), Some(scene.now + away_max));
    assert_eq!(
        set_for(&scene.happens(&says("two")), TimerKind::DeskAway),
        None,
        "one timer"
    );
    assert_eq!(
        told(&scene.after_its_time(TimerKind::DeskAway)),
        "with_agent kept: notice:desk_away"
    );
    assert_eq!(set_for(&scene.happens(&says("three")), TimerKind::DeskAway), None);
    scene.later(away_max);
    assert_eq!(
        told(&scene.happens(&due(scene.session(), TimerKind::DeskAway))),
        "with_agent over"
    );

    scene.arrives(3);
    scene.arrives(4);
    assert_eq!(desk_watch(&scene), DeskWatch::Told, "something waits still");
    scene.arrives(5);
    assert_eq!(desk_watch(&scene), DeskWatch::Off);
    scene.happens(&says("four"));
    assert_eq!(
        told(&scene.after_its_time(TimerKind::DeskAway)),
        "with_agent kept: notice:desk_away",
        "the next outage is told anew"
    );
}

#[test]
fn a_desk_that_takes_what_is_said_is_not_away() {
    let mut scene = Scene::with_agent();
    let away_max = scene.policy.desk_away_max.expect("it is on");
    scene.happens(&says("one"));
    scene.arrives(3);
    scene.later(away_max / 2);
    scene.happens(&says("two"));
    let since = scene.now;
    scene.later(away_max / 2);
    let early = scene.happens(&due(scene.session(), TimerKind::DeskAway));
    assert_eq!(told(&early), "with_agent kept: desk_away timer set");
    assert_eq!(set_for(&early, TimerKind::DeskAway), Some(since + away_max));
    scene.arrives(4);
    scene.later(away_max / 2);
    assert_eq!(
        told(&scene.happens(&due(scene.session(), TimerKind::DeskAway))),
        "with_agent kept"
    );
    assert_eq!(desk_watch(&scene), DeskWatch::Off, "nothing waits, and no timer runs");
}

#[test]
fn a_line_of_ours_that_waits_is_no_business_of_the_customers() {
    let mut scene = Scene::with_agent();
    scene.happens(&sends(None, vec![picture("huge.png", Some(u64::MAX))]));
    assert_eq!(scene.queued.len(), 1, "a line to the agent waits");
    assert_eq!(desk_watch(&scene), DeskWatch::Off);
}

#[test]
fn with_everything_switched_off_no_timer_is_set_but_for_the_opening() {
    let mut scene = Scene::new();
    scene.policy.waiting_max = None;
    scene.policy.silence_max = None;
    scene.policy.desk_away_max = None;
    let opened = scene.happens(&escalates(Escalation::default()));
    assert!(told(&opened).ends_with("opening timer set"));
    scene.arrives(1);
    let mut all = vec![scene.arrives(2)];
    all.push(scene.happens(&says("hm")));
    all.push(scene.happens(&agent_says(scene.session(), None, "hello")));
    all.push(scene.happens(&says("hm")));
    assert!(
        all.iter().all(|transition| !told(transition).contains("timer set")),
        "{all:?}"
    );
}
