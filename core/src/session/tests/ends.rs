//! How a session ends: who is told, what the bot gets back, and what the desk must still hear.

use super::scene::*;
use crate::{
    delivery::DeskPayload,
    model::{BotEvent, EndReason, Escalation, OnNoAgents},
    session::{Queued, TimerKind, Transition, UnsentTo},
};

fn ends_at_the_desk(transition: &Transition) -> usize {
    let ends = to_desk(transition)
        .into_iter()
        .filter(|payload| matches!(payload, DeskPayload::End));
    ends.count()
}

fn last_reason(scene: &Scene) -> EndReason {
    scene.conversation.last.expect("a session ended").reason
}

#[test]
fn a_cancelled_opening_that_was_never_tried_needs_no_end_at_the_desk() {
    let mut scene = Scene::opening();
    scene.happens(&says("my order is 12"));
    let cancelled = scene.happens(&ends());
    assert_eq!(ends_at_the_desk(&cancelled), 0);
    assert_eq!(unsent(&cancelled), ["my order is 12"]);
    assert_eq!(last_reason(&scene), EndReason::Customer);
}

#[test]
fn where_the_bot_does_not_listen_the_customer_is_told_that_a_line_reached_nobody() {
    for (unsent_to, expected) in [
        (UnsentTo::Bot, "notice:ended, bot:handed_back(customer)+1"),
        (
            UnsentTo::Nobody,
            "notice:undelivered, notice:ended, bot:handed_back(customer)+1",
        ),
    ] {
        let mut scene = Scene::opening();
        scene.unsent_to = unsent_to;
        scene.happens(&says("my order is 12"));
        let cancelled = told(&scene.happens(&ends()));
        assert!(cancelled.ends_with(expected), "{cancelled}");
    }
    let mut scene = Scene::opening();
    scene.unsent_to = UnsentTo::Nobody;
    let nothing_unsent = told(&scene.happens(&ends()));
    assert!(!nothing_unsent.contains("undelivered"), "{nothing_unsent}");
}

#[test]
fn wherever_the_opening_may_have_arrived_the_desk_hears_the_end() {
    let on_its_way: fn(&mut Queued) = |row| row.in_flight = true;
    let tried_before: fn(&mut Queued) = |row| row.maybe_sent = true;
    let next: fn(&mut Queued) = |_| {};
    for change in [on_its_way, tried_before, next] {
        for (event, handed_back) in [(ends(), "handed_back(customer)+1"), (bot_ends(), "handed_back(bot)+1")] {
            let mut scene = opener_changed(change);
            assert_eq!(
                told(&scene.happens(&event)),
                format!(
                    "with_bot kept: take back 2, take back 3, desk.end, opening timer cleared, desk_away timer cleared, notice:ended, bot:{handed_back}"
                )
            );
        }
        let mut scene = opener_changed(change);
        let late = scene.after_its_time(TimerKind::Opening);
        assert_eq!((ends_at_the_desk(&late), unsent(&late)), (1, vec!["one"]));
    }
    for change in [on_its_way, tried_before] {
        for policy in [OnNoAgents::StayWithBot, OnNoAgents::LeaveMessage] {
            let mut scene = opener_changed(change);
            scene.policy.on_no_agents = policy;
            assert_eq!(ends_at_the_desk(&scene.decide(&availability(scene.session(), true))), 1);
        }
    }
}

/// An opening whose first question is answered, and whose opener is as `change` leaves it.
fn opener_changed(change: fn(&mut Queued)) -> Scene {
    let mut scene = Scene::opening();
    scene.arrives(1);
    scene.happens(&says("one"));
    change(&mut scene.queued[0]);
    scene
}

#[test]
fn an_opening_that_takes_too_long_fails_and_its_lines_go_to_the_bot() {
    let mut scene = Scene::opening();
    scene.happens(&sends(Some("look"), vec![picture("cat.png", Some(1))]));
    let late = scene.after_its_time(TimerKind::Opening);
    let [BotEvent::Failed { reason, detail, .. }] = to_bot(&late)[..] else {
        panic!("the bot is told once");
    };
    assert_eq!(
        (*reason, detail.as_str()),
        (EndReason::OpeningTimeout, "the desk did not accept the session in time")
    );
    assert_eq!(
        unsent(&late),
        ["look", "[image: cat.png]"],
        "in the order in which they were said"
    );
    assert_eq!(last_reason(&scene), EndReason::OpeningTimeout);
}

#[test]
fn a_refused_opening_tells_the_desks_reason() {
    let mut scene = Scene::opening();
    scene.arrives(1);
    let refused = scene.dies(2, false);
    let [BotEvent::Failed { reason, detail, .. }] = to_bot(&refused)[..] else {
        panic!("the bot is told once");
    };
    assert_eq!((*reason, detail.as_str()), (EndReason::Refused, "no"));
}

#[test]
fn the_end_of_the_customer_or_the_bot_stands_behind_what_was_said_before_it() {
    for event in [ends(), bot_ends()] {
        let mut scene = Scene::with_agent();
        scene.happens(&says("thanks"));
        let lane = scene.row(0).lane;
        let ended = scene.happens(&event);
        let ids = ended.effects.iter().filter_map(|effect| match effect {
            crate::session::Effect::Deliver(id, _) if id.lane == lane => Some(id.seq),
            _ => None,
        });
        assert_eq!(ids.collect::<Vec<_>>(), [4], "rows 1 and 2 opened, 3 is what was said");
        assert_eq!(
            unsent(&ended),
            Vec::<&str>::new(),
            "what was said still goes to the desk"
        );
    }
}

#[test]
fn what_has_not_gone_out_when_the_agent_ends_goes_to_the_bot() {
    let mut scene = Scene::with_agent();
    for text in ["on its way", "waits", "waits too"] {
        scene.happens(&says(text));
    }
    scene.in_flight(3);
    let ended = scene.happens(&agent_ends(scene.session()));
    assert_eq!(
        told(&ended),
        "with_bot kept: take back 3, take back 4, take back 5, silence timer cleared, desk_away timer cleared, notice:ended, bot:handed_back(agent)+3"
    );
    assert_eq!(unsent(&ended), ["on its way", "waits", "waits too"]);
}

#[test]
fn lines_of_ours_to_the_agent_are_not_handed_to_the_bot() {
    let mut scene = Scene::with_agent();
    scene.happens(&sends(None, vec![picture("huge.png", Some(90_000_000))]));
    let ended = scene.happens(&agent_ends(scene.session()));
    assert_eq!(
        told(&ended),
        "with_bot kept: take back 3, silence timer cleared, notice:ended, bot:handed_back(agent)"
    );
}

#[test]
fn a_hook_settles_an_opener_that_is_on_its_way() {
    let mut scene = Scene::opening();
    scene.arrives(1);
    scene.in_flight(2);
    let opener = scene.queued[0].payload.clone();
    let id = scene.row(2);
    let shown = scene.happens(&agent_types(scene.session()));
    assert_eq!(
        told(&shown),
        "with_agent kept: take back 2, opening timer cleared, silence timer set, notice:connected, bot:connected"
    );
    // Its answer, whichever it is, and the timer come too late to matter.
    for event in [
        taken(id, opener.clone()),
        dead(id, opener, true),
        due(scene.session(), TimerKind::Opening),
    ] {
        assert_eq!(told(&scene.decide(&event)), "with_agent over");
    }
}

#[test]
fn the_first_end_wins() {
    let mut scene = Scene::with_agent();
    let session = scene.session();
    scene.happens(&agent_ends(session));
    for event in [
        ends(),
        bot_ends(),
        agent_ends(session),
        due(session, TimerKind::Opening),
    ] {
        let again = scene.happens(&event);
        assert_eq!(again.effects, []);
        assert_eq!(last_reason(&scene), EndReason::Agent);
    }
}

#[test]
fn a_next_session_has_a_new_id_and_new_numbers() {
    let mut scene = Scene::with_agent();
    let first = scene.session();
    scene.happens(&bot_ends());
    scene.happens(&escalates(Escalation::default()));
    let session = scene.conversation.session().expect("it stands");
    assert_ne!(session.id, first);
    assert_eq!((session.desk_seq, session.messages, session.opener), (2, 1, 2));
}
