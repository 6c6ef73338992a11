//! Whose an update is: by its position, not by the moment at which it comes.

use std::time::Duration;

use super::scene::*;
use crate::{
    model::{Epoch, Escalation, Position},
    session::{Mark, Transition, Verdict},
};

fn assert_nothing_follows(transition: &Transition, scene: &Scene, verdict: Verdict) {
    assert_eq!(transition.verdict, verdict);
    assert_eq!(transition.effects, []);
    assert_eq!(transition.conversation, scene.conversation);
}

fn mark(scene: &Scene) -> Option<i64> {
    scene.conversation.mark.map(|mark| mark.position.0)
}

#[test]
fn what_the_bot_had_before_the_takeover_is_the_bots_when_it_comes_again() {
    let scene = Scene::with_agent();
    for event in [says_at(MARK, "hi"), edits_at(MARK - 1, "ho"), ends_at(3)] {
        assert_nothing_follows(&scene.decide(&event), &scene, Verdict::Bots);
    }
    assert_eq!(scene.decide(&says_at(MARK + 1, "hi")).verdict, Verdict::Kept);
}

#[test]
fn what_the_human_had_before_the_hand_back_never_reaches_the_bot() {
    let mut scene = Scene::with_agent();
    scene.happens(&says_at(12, "my order is 12"));
    scene.happens(&agent_ends(scene.session()));
    for event in [says_at(12, "my order is 12"), edits_at(11, "hm"), ends_at(12)] {
        assert_nothing_follows(&scene.decide(&event), &scene, Verdict::Kept);
    }
    assert_nothing_follows(&scene.decide(&says_at(13, "hello?")), &scene, Verdict::Bots);
}

#[test]
fn the_update_that_ends_a_session_lies_at_its_mark() {
    for mut scene in [Scene::opening(), Scene::with_agent(), Scene::leaving()] {
        scene.happens(&ends_at(20));
        assert_eq!((scene.state(), mark(&scene)), ("with_bot", Some(20)));
    }
}

#[test]
fn updates_out_of_order_do_not_draw_the_mark_back() {
    let mut scene = Scene::with_agent();
    scene.happens(&says_at(30, "b"));
    assert_eq!(scene.happens(&says_at(29, "a")).verdict, Verdict::Kept);
    scene.happens(&bot_ends());
    assert_eq!(mark(&scene), Some(30));
}

#[test]
fn a_mark_holds_for_two_days() {
    let mut scene = Scene::with_agent();
    scene.later(Mark::HOLDS_FOR);
    assert_eq!(scene.decide(&says_at(MARK, "hi")).verdict, Verdict::Bots);
    scene.later(Duration::from_millis(1));
    assert_eq!(scene.decide(&says_at(MARK, "hi")).verdict, Verdict::Kept);
}

#[test]
fn a_hand_back_without_an_update_does_not_lengthen_the_older_mark() {
    let mut scene = Scene::with_agent();
    let before = scene.conversation.mark;
    scene.later(Mark::HOLDS_FOR + Duration::from_hours(1));
    scene.happens(&agent_ends(scene.session()));
    assert_eq!(scene.conversation.mark, before);
    // Telegram starts its numbers anew after a quiet week: a low one is new, and the bot's.
    assert_eq!(scene.decide(&says_at(2, "hi")).verdict, Verdict::Bots);
}

#[test]
fn numbers_that_started_anew_are_marked_where_they_are() {
    let mut scene = Scene::with_agent();
    scene.later(Mark::HOLDS_FOR + Duration::from_hours(1));
    scene.happens(&says_at(2, "hi"));
    scene.happens(&agent_ends(scene.session()));
    assert_eq!(mark(&scene), Some(2));
    assert_eq!(scene.decide(&says_at(3, "hi")).verdict, Verdict::Bots);
}

#[test]
fn an_escalation_from_below_a_mark_that_holds_does_not_draw_it_back() {
    let mut scene = Scene::with_agent();
    scene.happens(&says_at(20, "that was for the agent"));
    scene.happens(&agent_ends(scene.session()));
    scene.happens(&escalates_at(MARK, Escalation::default()));
    assert_eq!((scene.state(), mark(&scene)), ("opening", Some(20)));
    assert_nothing_follows(&scene.decide(&says_at(15, "old")), &scene, Verdict::Bots);
}

#[test]
fn an_escalation_from_below_a_mark_that_expired_sets_its_own() {
    let mut scene = Scene::after_a_session();
    scene.later(Mark::HOLDS_FOR + Duration::from_hours(1));
    scene.happens(&escalates_at(2, Escalation::default()));
    let at = scene.now;
    assert_eq!(
        scene.conversation.mark,
        Some(Mark {
            position: Position(2),
            at
        })
    );
}

#[test]
fn an_escalation_of_the_bots_own_accord_leaves_the_mark() {
    let mut scene = Scene::after_a_session();
    let before = scene.conversation.mark;
    scene.happens(&escalates(Escalation::default()));
    assert_eq!((scene.state(), scene.conversation.mark), ("opening", before));
}

#[test]
fn escalating_twice_makes_one_session() {
    for scene in [
        Scene::opening(),
        Scene::waiting(),
        Scene::with_agent(),
        Scene::leaving(),
    ] {
        let again = scene.decide(&escalates_at(50, Escalation::because("again")));
        assert_nothing_follows(&again, &scene, Verdict::Already(scene.session()));
    }
}

#[test]
fn the_epoch_rises_by_one_with_each_change_of_hands_and_with_nothing_else() {
    let mut scene = Scene::new();
    let mut epochs = Vec::new();
    let mut happens = |scene: &mut Scene, event| {
        scene.happens(&event);
        epochs.push(scene.conversation.epoch);
    };
    happens(&mut scene, says("hi"));
    happens(&mut scene, escalates(Escalation::default()));
    let session = scene.session();
    happens(&mut scene, says("hm"));
    happens(&mut scene, agent_types(session));
    happens(&mut scene, agent_ends(session));
    happens(&mut scene, agent_says(session, None, "bye"));
    happens(&mut scene, escalates(Escalation::default()));
    assert_eq!(epochs, [0, 1, 1, 1, 2, 2, 3].map(Epoch));
}
