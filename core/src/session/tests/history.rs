//! What the agent sees first, and how the bot's history gets there.

use super::scene::*;
use crate::{
    delivery::{DeliveryId, DeskPayload, Lane},
    model::{Contact, Escalation, HistoryRoute, Line, Profile, Text},
    session::{Effect, Transition, Verdict},
};

fn contact() -> Contact {
    Contact::Email("ada@example.org".into())
}

fn ada() -> Escalation {
    let mut escalation = Escalation::because("refund").field("Order", "12").field("Coupon", " ");
    escalation.profile = Profile {
        name: Some("Ada".into()),
        username: Some("ada".into()),
        language: Some("en".into()),
        platform: Some("Telegram".into()),
        link: None,
        contact: None,
    };
    escalation
}

fn via(route: HistoryRoute, contact: Option<Contact>) -> Escalation {
    let mut escalation = ada();
    escalation.history_route = Some(route);
    escalation.profile.contact = contact;
    escalation
}

/// A customer whose talk with the bot is known to the ledger.
fn talked() -> Scene {
    let mut scene = Scene::new();
    scene.history = vec![Line::customer(scene.now, "hi"), Line::bot(scene.now, "hello")];
    scene
}

fn payload_words(transition: &Transition) -> Vec<&'static str> {
    let words = to_desk(transition)
        .into_iter()
        .cloned()
        .map(|payload| crate::delivery::Payload::Desk(payload).word());
    words.collect()
}

const CONTEXT: &str = "A customer asks for a human.\nPlatform: Telegram\nName: Ada (@ada)\nLanguage: en";
const HISTORY: &str =
    "The conversation so far (times in UTC):\n[2023-11-14 22:13] Customer: hi\n[2023-11-14 22:13] Bot: hello";

#[test]
fn the_first_message_says_who_asks_and_why_and_what_was_said() {
    let opened = talked().decide(&escalates(ada()));
    assert_eq!(
        desk_lines(&opened),
        [format!("{CONTEXT}\nReason: refund\nOrder: 12\n\n{HISTORY}")],
        "a field with nothing in it is left out"
    );
}

#[test]
fn lines_that_come_with_the_escalation_stand_behind_the_stored_ones_and_are_kept() {
    let mut escalation = ada();
    escalation.history.push(Line::bot(Scene::new().now, "one moment"));
    let opened = talked().decide(&escalates(escalation));
    assert!(desk_lines(&opened)[0].ends_with("Bot: hello\n[2023-11-14 22:13] Bot: one moment"));
    assert!(matches!(&opened.effects[0], Effect::Record(None, line) if line.text == Text::new("one moment")));
}

#[test]
fn a_long_history_is_cut_at_the_oldest_end() {
    let mut scene = Scene::new();
    scene.policy.history_lines_max = 2;
    scene.history = (0..5).map(|n| Line::customer(scene.now, format!("line {n}"))).collect();
    let opened = scene.decide(&escalates(ada()));
    let first = desk_lines(&opened)[0];
    assert!(
        first.contains("(earlier lines left out)\n[2023-11-14 22:13] Customer: line 3\n"),
        "{first}"
    );

    scene.policy.history_lines_max = 200;
    scene.desk.message_chars_max = 260;
    let opened = scene.decide(&escalates(ada()));
    let first = desk_lines(&opened)[0];
    assert!(first.chars().count() <= 260);
    assert!(first.starts_with(CONTEXT) && first.ends_with("line 4") && first.contains("earlier lines left out"));
}

#[test]
fn one_line_that_is_longer_than_all_the_room_does_not_leave_out_the_history() {
    let mut scene = talked();
    scene.desk.message_chars_max = 300;
    scene.history.push(Line::customer(scene.now, "x".repeat(1_000)));
    let opened = scene.decide(&escalates(ada()));
    let first = desk_lines(&opened)[0];
    assert!(first.chars().count() <= 300);
    assert!(first.contains("Customer: xxxxx"), "{first}");
}

#[test]
fn a_context_that_is_too_long_is_cut_and_still_opens() {
    let mut scene = talked();
    scene.desk.message_chars_max = 40;
    let opened = scene.decide(&escalates(ada()));
    assert_eq!(desk_lines(&opened)[0].chars().count(), 40);
}

#[test]
fn through_the_log_the_history_makes_a_ticket_and_the_first_message_keeps_the_context() {
    let opened = talked().decide(&escalates(via(HistoryRoute::Log, Some(contact()))));
    assert_eq!(payload_words(&opened), ["desk.availability", "desk.log", "desk.opener"]);
    let lines = desk_lines(&opened);
    assert!(lines[0].ends_with(HISTORY));
    assert!(lines[1].starts_with(CONTEXT) && !lines[1].contains("The conversation so far"));
    let Some(DeskPayload::ChatbotLog { from, subject, .. }) = to_desk(&opened).get(1).copied() else {
        panic!("the second row is the log");
    };
    assert_eq!((from, subject.as_str()), (&contact(), "refund"));
}

#[test]
fn through_both_the_history_stands_in_the_log_and_in_the_first_message() {
    let opened = talked().decide(&escalates(via(HistoryRoute::Both, Some(contact()))));
    assert_eq!(payload_words(&opened), ["desk.availability", "desk.log", "desk.opener"]);
    assert!(desk_lines(&opened).iter().all(|text| text.ends_with(HISTORY)));
}

#[test]
fn without_a_contact_the_history_goes_into_the_first_message_whatever_the_route() {
    for route in [HistoryRoute::FirstMessage, HistoryRoute::Log, HistoryRoute::Both] {
        let opened = talked().decide(&escalates(via(route, None)));
        assert_eq!(
            payload_words(&opened),
            ["desk.availability", "desk.opener"],
            "{route:?}"
        );
        assert!(desk_lines(&opened)[0].ends_with(HISTORY), "{route:?}");
    }
}

#[test]
fn the_setting_is_the_route_where_the_escalation_names_none() {
    let mut scene = talked();
    scene.policy.history_route = HistoryRoute::Log;
    let opened = scene.decide(&escalates(ada().contact(contact())));
    assert_eq!(payload_words(&opened), ["desk.availability", "desk.log", "desk.opener"]);
}

#[test]
fn the_opener_alone_tells_who_the_customer_is_and_each_message_where_the_chat_was_opened() {
    let mut scene = talked();
    scene.policy.url = Some("https://example.org/help".into());
    let opened = scene.happens(&escalates(ada().contact(contact())));
    let Some(DeskPayload::Message {
        customer: Some(customer),
        url,
        ..
    }) = to_desk(&opened).last().copied()
    else {
        panic!("the last row is the opener");
    };
    assert_eq!(
        (customer.name.clone(), customer.contact.clone()),
        (Some("Ada".into()), Some(contact()))
    );
    assert_eq!(url.as_deref(), Some("https://example.org/help"));
    let said = scene.happens(&says("hm"));
    let Some(DeskPayload::Message { customer, url, .. }) = to_desk(&said).last().copied() else {
        panic!("a message was sent");
    };
    assert_eq!((customer, url.as_deref()), (&None, Some("https://example.org/help")));
}

#[test]
fn message_numbers_go_on_from_the_opener_and_files_take_none() {
    let mut scene = Scene::new();
    scene.desk.message_chars_max = 200;
    let mut numbers = Vec::new();
    for event in [
        escalates(ada()),
        says("one"),
        sends(Some("two"), vec![picture("cat.png", Some(1))]),
        edits("two!"),
        says(&"long ".repeat(60)),
    ] {
        let transition = scene.happens(&event);
        numbers.extend(to_desk(&transition).into_iter().filter_map(|payload| match payload {
            DeskPayload::Message { number, .. } => Some(*number),
            _ => None,
        }));
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        scene.conversation.session().expect("it stands").desk_seq,
        8,
        "with the question and the file"
    );
}

#[test]
fn a_log_that_the_bot_hands_in_stands_in_a_lane_of_its_own_and_opens_nothing() {
    let mut scene = talked();
    let pushed = scene.happens(&pushes_log(contact(), " ", vec![Line::bot(scene.now, "bye")]));
    assert_eq!(pushed.verdict, Verdict::Kept);
    assert_eq!(scene.state(), "with_bot");
    let Some(Effect::Deliver(
        DeliveryId {
            lane: Lane::Desk(lane),
            seq: 1,
        },
        _,
    )) = pushed.effects.last()
    else {
        panic!("the log is the first row of a lane");
    };
    assert!(desk_lines(&pushed)[0].ends_with("Bot: hello\n[2023-11-14 22:13] Bot: bye"));
    let Some(DeskPayload::ChatbotLog { subject, .. }) = to_desk(&pushed).first().copied() else {
        panic!("it is a log");
    };
    assert_eq!(subject.as_str(), "Chat with the bot", "a ticket has a subject");
    let opened = scene.happens(&escalates(ada()));
    assert_ne!(
        opened.verdict,
        Verdict::Opened(*lane),
        "the lane's id is never used again"
    );
}
