//! A channel that holds each session in a place of its own.

use super::scene::*;
use crate::{
    delivery::{ChatPayload, Payload},
    model::{BotEvent, EndReason, Escalation, OnNoAgents},
    session::Transition,
};

/// A conversation in a channel with places, in which a human was asked for.
fn opening() -> Scene {
    let mut scene = Scene::new();
    scene.places = true;
    scene.happens(&escalates_at(MARK, Escalation::because("refund")));
    scene
}

fn answer(scene: &mut Scene, no_agents: bool) -> Transition {
    scene.over_up_to(1);
    let session = scene.session();
    scene.happens(&availability(session, no_agents))
}

#[test]
fn a_place_is_asked_for_before_anything_is_said_in_it() {
    let mut scene = opening();
    let there = answer(&mut scene, false);
    assert_eq!(told(&there), "opening kept: chat.open");
    assert_eq!(
        to_chat(&there),
        [&ChatPayload::Open {
            session: scene.session()
        }]
    );
}

#[test]
fn where_nobody_is_there_a_place_is_opened_only_for_what_is_said_in_it() {
    for (policy, expected) in [
        (
            OnNoAgents::LeaveMessage,
            "leaving kept: chat.open, take back 2, opening timer cleared, leaving timer set, notice:ask_contact",
        ),
        (
            OnNoAgents::StayWithBot,
            "with_bot kept: take back 2, opening timer cleared, notice:no_agents, bot:handed_back(no_agents)",
        ),
        (OnNoAgents::EscalateAnyway, "opening kept: chat.open"),
    ] {
        let mut scene = opening();
        scene.policy.on_no_agents = policy;
        assert_eq!(told(&answer(&mut scene, true)), expected, "{policy:?}");
    }
}

#[test]
fn the_place_stays_with_the_conversation_until_another_is_opened() {
    let mut scene = opening();
    answer(&mut scene, false);
    let (row, session) = (scene.conversation.chat_row(), scene.session());
    scene.happens(&opened(row, session, "thread-1"));
    scene.happens(&agent_says(session, Some("Anna"), "Hello"));
    scene.happens(&agent_ends(session));
    assert_eq!(
        scene.conversation.place.as_ref().map(crate::model::Address::as_str),
        Some("thread-1")
    );

    scene.happens(&escalates_at(20, Escalation::because("again")));
    answer(&mut scene, false);
    let (row, session) = (scene.conversation.chat_row(), scene.session());
    scene.happens(&opened(row, session, "thread-2"));
    assert_eq!(
        scene.conversation.place.as_ref().map(crate::model::Address::as_str),
        Some("thread-2")
    );
}

#[test]
fn without_a_place_the_bot_has_the_conversation_back_with_what_no_agent_got() {
    let mut scene = opening();
    answer(&mut scene, false);
    let (row, session) = (scene.conversation.chat_row(), scene.session());
    scene.happens(&says("my order is 12"));
    let payload = Payload::Chat(ChatPayload::Open { session });
    let failed = scene.happens(&dead(row, payload, false));
    assert_eq!(unsent(&failed), ["my order is 12"]);
    let [BotEvent::Failed { reason, .. }] = to_bot(&failed)[..] else {
        panic!("the bot is told once");
    };
    assert_eq!(*reason, EndReason::NoPlace);
    assert_eq!(
        scene.conversation.place, None,
        "what is said from here on is said at home"
    );
}
