//! Leaving a message where no agent is there.

use super::scene::*;
use crate::{
    delivery::{DeliveryId, DeskPayload, Lane, Payload},
    model::{Contact, EndReason, Escalation, HistoryRoute, Line},
    session::{TimerKind, Transition},
};

fn email() -> Contact {
    Contact::Email("ada@example.org".into())
}

/// Whom the ticket is from, and what it says.
fn ticket(transition: &Transition) -> (&Contact, &str) {
    let [DeskPayload::ChatbotLog { from, text, .. }] = to_desk(transition)[..] else {
        panic!("one ticket goes to the desk");
    };
    (from, text.as_str())
}

const CONTEXT: &str = "A customer asks for a human.\nPlatform: telegram\nReason: refund";

#[test]
fn with_a_contact_known_the_ticket_goes_at_once() {
    let mut scene = Scene::new();
    scene.history = vec![Line::customer(scene.now, "hi")];
    scene.happens(&escalates(Escalation::because("refund").contact(email())));
    scene.happens(&says("my order is 12"));
    let left = scene.finds_no_agent();
    assert_eq!(
        told(&left),
        "leaving kept: take back 2, take back 3, opening timer cleared, leaving timer set, desk.log"
    );
    let (from, text) = ticket(&left);
    assert_eq!(from, &email());
    assert!(text.starts_with("A customer asks for a human."), "{text}");
    assert!(text.ends_with("Customer: hi\n\nmy order is 12"), "{text}");
    let taken = scene.arrives(4);
    assert_eq!(
        told(&taken),
        "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:left_message, bot:handed_back(left_message)"
    );
    assert_eq!(
        scene.conversation.last.expect("it ended").reason,
        EndReason::LeftMessage
    );
}

#[test]
fn a_contact_given_later_completes_the_message() {
    let mut scene = Scene::opening();
    scene.happens(&says("my order is 12"));
    let asked = scene.finds_no_agent();
    assert_eq!(
        told(&asked),
        "leaving kept: take back 2, take back 3, opening timer cleared, leaving timer set, notice:ask_contact"
    );
    let more = scene.happens(&says("it came broken"));
    assert_eq!(
        told(&more),
        "leaving kept: record, notice:ask_contact",
        "the customer is asked again"
    );
    let given = scene.happens(&says("write to ada@example.org, please"));
    assert_eq!(told(&given), "leaving kept: record, desk.log");
    assert_eq!(
        ticket(&given),
        (
            &email(),
            format!("{CONTEXT}\n\nmy order is 12\n\nit came broken\n\nwrite to ada@example.org, please").as_str()
        )
    );
    let after = scene.happens(&says("hello?"));
    assert_eq!(told(&after), "leaving kept: record", "nobody is asked twice");
    let taken = scene.arrives(4);
    assert_eq!(unsent(&taken), ["hello?"], "what came after the ticket goes to the bot");
}

#[test]
fn a_contact_in_an_edit_counts() {
    let mut scene = Scene::leaving();
    scene.happens(&says("ada@"));
    assert_eq!(ticket(&scene.happens(&edits("ada@example.org"))).0, &email());
}

#[test]
fn the_name_of_a_file_is_no_contact() {
    let mut scene = Scene::leaving();
    let sent = scene.happens(&sends(Some("look"), vec![picture("cat@2x.example.png", Some(1))]));
    assert_eq!(
        told(&sent),
        "leaving kept: record, notice:undelivered, notice:ask_contact"
    );
    for name in ["cat@2x.example.png", "cat] ada@example.org.png"] {
        let edited = scene.happens(&edits(&format!("[image: {name}] look here")));
        assert_eq!(told(&edited), "leaving kept: record, notice:ask_contact", "{name}");
    }
    let edited = scene.happens(&edits("[image: cat@2x.example.png] 31 20 123 4567"));
    assert_eq!(ticket(&edited).0, &Contact::Phone("31201234567".into()));
}

#[test]
fn a_contact_in_what_is_answered_is_none_of_the_customers() {
    let mut scene = Scene::leaving();
    let asked = scene.happens(&says(
        "[in reply to “Or write to help@shop.example”]\nI would rather not",
    ));
    assert_eq!(told(&asked), "leaving kept: record, notice:ask_contact");
    let given = scene.happens(&says("[in reply to “Leave your phone number”]\n31 20 123 4567"));
    assert_eq!(
        ticket(&given).0,
        &Contact::Phone("31201234567".into()),
        "a number alone counts"
    );
}

#[test]
fn a_file_cannot_be_left_and_the_customer_is_told() {
    let mut scene = Scene::opening();
    scene.happens(&sends(Some("look"), vec![picture("cat.png", Some(1))]));
    let asked = scene.finds_no_agent();
    assert_eq!(
        told(&asked),
        "leaving kept: take back 2, take back 3, take back 4, opening timer cleared, leaving timer set, notice:undelivered, notice:ask_contact"
    );
    let sent = scene.happens(&sends(Some("ada@example.org"), vec![picture("dog.png", Some(1))]));
    assert_eq!(told(&sent), "leaving kept: record, notice:undelivered, desk.log");
    assert_eq!(
        ticket(&sent).1,
        format!("{CONTEXT}\n\nlook\n\n[image: cat.png]\n\nada@example.org [image: dog.png]"),
        "the ticket names what was meant"
    );
}

#[test]
fn through_the_log_the_header_is_the_logs_text_once() {
    let mut scene = Scene::new();
    scene.history = vec![Line::customer(scene.now, "hi")];
    let mut escalation = Escalation::because("refund").contact(email());
    escalation.history_route = Some(HistoryRoute::Both);
    scene.happens(&escalates(escalation));
    let left = scene.finds_no_agent();
    assert_eq!(
        told(&left),
        "leaving kept: take back 2, take back 3, opening timer cleared, leaving timer set, desk.log, desk_away timer set"
    );
    assert_eq!(ticket(&left).1.matches("The conversation so far").count(), 1);
}

#[test]
fn an_end_in_the_middle_gives_the_bot_what_stands_in_no_ticket() {
    let mut scene = Scene::leaving();
    scene.happens(&says("it came broken"));
    let ended = scene.decide(&ends());
    assert_eq!(unsent(&ended), ["it came broken"]);
    scene.happens(&says("ada@example.org"));
    scene.happens(&says("hello?"));
    for event in [ends(), bot_ends()] {
        let ended = scene.decide(&event);
        assert_eq!(unsent(&ended), ["hello?"], "the ticket still goes");
        assert!(!told(&ended).contains("take back"));
    }
}

#[test]
fn a_ticket_that_dies_gives_the_bot_all_that_the_customer_wrote() {
    let mut scene = Scene::leaving();
    for text in ["it came broken", "ada@example.org", "hello?"] {
        scene.happens(&says(text));
    }
    let dead = scene.dies(3, true);
    assert_eq!(
        told(&dead),
        "with_bot kept: leaving timer cleared, desk_away timer cleared, notice:failed, bot:failed(refused)+3"
    );
    assert_eq!(unsent(&dead), ["it came broken", "ada@example.org", "hello?"]);
}

#[test]
fn a_ticket_that_dies_after_its_session_is_told_to_the_bot() {
    let mut scene = Scene::leaving();
    scene.happens(&says("ada@example.org"));
    let (row, payload) = (scene.row(3), scene.queued[0].payload.clone());
    scene.happens(&ends());
    assert_eq!(
        told(&scene.decide(&dead(row, payload, false))),
        "with_bot kept: bot:undelivered"
    );
}

#[test]
fn the_ticket_of_another_session_does_not_end_this_one() {
    let mut scene = Scene::leaving();
    scene.happens(&says("ada@example.org"));
    let payload: Payload = scene.queued[0].payload.clone();
    let elsewhere = DeliveryId {
        lane: Lane::Desk(unknown_session()),
        seq: 3,
    };
    assert_eq!(
        told(&scene.decide(&dead(elsewhere, payload.clone(), false))),
        "leaving kept: bot:undelivered"
    );
    assert_eq!(told(&scene.decide(&taken(elsewhere, payload))), "leaving kept");
}

#[test]
fn a_message_has_a_length_and_what_goes_beyond_it_is_told() {
    let mut scene = Scene::leaving();
    scene.desk.message_chars_max = 100;
    scene.happens(&says(&"a".repeat(90)));
    let beyond = scene.happens(&says("and this, and that"));
    assert_eq!(told(&beyond), "leaving kept: record, notice:undelivered");
    assert_eq!(scene.leaving_lines(), ["a".repeat(90)]);
    let given = scene.happens(&says("ada@example.org"));
    assert_eq!(
        told(&given),
        "leaving kept: record, desk.log, desk_away timer set",
        "a contact always completes it"
    );
    assert_eq!(
        ticket(&given).1,
        format!("{}\n\nada@example.org", "a".repeat(90)),
        "the context gives way to what the customer wrote"
    );
}

#[test]
fn the_context_is_shortened_before_the_message_is_too_long() {
    let mut scene = Scene::leaving();
    scene.desk.message_chars_max = 50;
    let given = scene.happens(&says("ada@example.org"));
    let text = ticket(&given).1;
    assert_eq!(text.chars().count(), 50);
    assert!(
        text.starts_with("A customer asks") && text.ends_with("…\n\nada@example.org"),
        "{text}"
    );
}

#[test]
fn what_reaches_the_desks_ears_while_leaving_changes_nothing() {
    let scene = Scene::leaving();
    for event in [
        agent_types(scene.session()),
        agent_ends(scene.session()),
        due(scene.session(), TimerKind::Opening),
    ] {
        assert_eq!(told(&scene.decide(&event)), "leaving over");
    }
}
