//! What is done for the customer beside the talk: a sign that the desk has a message, a way to be reached, the question
//! after the end.

use std::{collections::BTreeMap, time::Duration};

use super::scene::*;
use crate::{
    delivery::{Availability, ChatPayload, DeliveryId, DeskCustomer, DeskPayload, Lane, NoticeKind, Payload, Receipt},
    model::{
        Answer, Contact, ContactQuestion, CustomerEvent, CustomerMessage, MessageId, ReceiptSign, SessionId,
        SolvedQuestion, TextChoice,
    },
    session::{Event, Settled, Settlement, Transition, Verdict},
};

fn numbered(text: &str, files: usize) -> Event {
    let message = CustomerMessage {
        id: Some(MessageId::new("77")),
        files: (0..files).map(|n| picture(&format!("{n}.png"), Some(1))).collect(),
        ..CustomerMessage::text(text)
    };
    customer(None, CustomerEvent::Message(message))
}

/// Of each row for the desk, whether a message is whole with it.
fn completed(transition: &Transition) -> Vec<bool> {
    to_desk(transition)
        .iter()
        .map(|payload| payload.completes().is_some())
        .collect()
}

#[test]
fn the_customer_sees_that_the_desk_has_a_message_once_all_of_it_is_there() {
    let mut scene = Scene::with_agent();
    scene.receipts = true;
    scene.desk.message_chars_max = 5;
    assert_eq!(completed(&scene.decide(&numbered("hello", 0))), [true]);
    assert_eq!(
        completed(&scene.decide(&numbered("hello there you", 0))),
        [false, false, true]
    );
    assert_eq!(completed(&scene.decide(&numbered("hello", 2))), [false, false, true]);
    assert_eq!(completed(&scene.decide(&says("hello"))), [false]);
    let mut big = numbered("hello", 2);
    if let Event::Customer {
        event: CustomerEvent::Message(message),
        ..
    } = &mut big
    {
        message.files[0].bytes = Some(u64::MAX);
    }
    let behind = completed(&scene.decide(&big));
    assert!(!behind.contains(&true), "a file stays behind: {behind:?}");
    scene.policy.receipt_sign = ReceiptSign::Nothing;
    assert_eq!(completed(&scene.decide(&numbered("hello", 0))), [false]);
    scene.policy.receipt_sign = ReceiptSign::Reaction;
    scene.receipts = false;
    assert_eq!(completed(&scene.decide(&numbered("hello", 0))), [false]);
}

/// The desk asks for a phone number and an e-mail address.
fn asks(session: SessionId) -> Event {
    let availability = Availability {
        asks_phone: true,
        asks_email: true,
        ..Availability::default()
    };
    Event::Settled(Settled {
        id: DeliveryId {
            lane: Lane::Desk(session),
            seq: 1,
        },
        payload: Payload::Desk(DeskPayload::AskAvailability),
        settlement: Settlement::Delivered(Receipt::Availability(availability)),
    })
}

fn notices(transition: &Transition) -> Vec<NoticeKind> {
    let notices = to_chat(transition).into_iter().filter_map(|payload| match payload {
        ChatPayload::Notice { kind, .. } => Some(*kind),
        _ => None,
    });
    notices.collect()
}

/// A session that waits, and for which the desk asks what it asks.
fn asked(scene: &mut Scene) -> Vec<NoticeKind> {
    scene.happens(&asks(scene.session()));
    notices(&scene.arrives(2))
}

/// What the desk is told of the customer with the first row.
fn told(transition: &Transition) -> Option<DeskCustomer> {
    to_desk(transition).into_iter().find_map(|payload| match payload {
        DeskPayload::Message { customer, .. } => customer.as_deref().cloned(),
        _ => None,
    })
}

#[test]
fn a_way_to_be_reached_is_asked_for_where_the_desk_says_so_and_the_desk_is_told() {
    let mut scene = Scene::opening();
    assert_eq!(
        asked(&mut scene),
        [NoticeKind::Waiting, NoticeKind::AskPhone, NoticeKind::AskEmail]
    );
    assert_eq!(told(&scene.happens(&says("what for?"))), None);
    let answered = scene.happens(&says("ada@example.org"));
    let email = Contact::Email("ada@example.org".to_owned());
    assert_eq!(told(&answered).and_then(|told| told.contact), Some(email));
    let shared = CustomerMessage {
        contact: Some(Contact::Phone("+442079460000".to_owned())),
        ..CustomerMessage::text("Contact: Ada, +442079460000")
    };
    let shared = scene.happens(&customer(None, CustomerEvent::Message(shared)));
    let phone = Contact::Phone("+442079460000".to_owned());
    assert_eq!(told(&shared).and_then(|told| told.contact), Some(phone));
    // All that was asked is known: what looks like a contact now is a word like others.
    assert_eq!(told(&scene.happens(&says("bob@example.org"))), None);
}

#[test]
fn other_numbers_and_what_nobody_asked_for_are_no_way_to_be_reached() {
    let mut scene = Scene::opening();
    scene.happens(&asks(scene.session()));
    assert_eq!(
        told(&scene.happens(&says("20231122"))),
        None,
        "the question is not put yet"
    );
    scene.arrives(2);
    assert_eq!(told(&scene.happens(&says("my order is 0612345678"))), None);
    let session = scene.session();
    scene.happens(&agent_says(session, Some("Anna"), "Your order number?"));
    assert_eq!(
        told(&scene.happens(&says("20231122"))),
        None,
        "an agent asks for other numbers"
    );

    let mut off = Scene::opening();
    off.texts.ask_email = TextChoice::Off;
    assert_eq!(asked(&mut off), [NoticeKind::Waiting, NoticeKind::AskPhone]);
    assert_eq!(told(&off.happens(&says("ada@example.org"))), None);
}

#[test]
fn what_is_known_of_another_kind_stays_and_a_shared_number_leaves_a_message() {
    let email = Contact::Email("ada@example.org".to_owned());
    let phone = Contact::Phone("+442079460000".to_owned());
    let shared = CustomerEvent::Message(CustomerMessage {
        contact: Some(phone.clone()),
        ..CustomerMessage::text("Contact: Ada, 442079460000")
    });
    let mut scene = Scene::with_agent();
    scene
        .conversation
        .state
        .session_mut()
        .expect("it stands")
        .profile
        .contact = Some(email.clone());
    let said = scene.happens(&customer(None, shared.clone()));
    assert_eq!(told(&said).and_then(|told| told.contact), Some(phone.clone()));
    let known = scene
        .conversation
        .session()
        .and_then(|session| session.profile.contact.clone());
    assert_eq!(known, Some(email));

    let mut leaving = Scene::leaving();
    let left = leaving.happens(&customer(None, shared));
    let [DeskPayload::ChatbotLog { from, .. }] = to_desk(&left)[..] else {
        panic!("it is left");
    };
    assert_eq!(*from, phone);
}

#[test]
fn a_contact_that_comes_without_words_is_told_to_the_desk_and_leaves_a_message() {
    let phone = Contact::Phone("+442079460000".to_owned());
    let shared = CustomerEvent::Message(CustomerMessage {
        contact: Some(phone.clone()),
        ..CustomerMessage::default()
    });
    let mut scene = Scene::with_agent();
    let said = scene.happens(&customer(None, shared.clone()));
    assert_eq!(desk_lines(&said), ["Contact: +442079460000"]);
    assert_eq!(told(&said).and_then(|told| told.contact), Some(phone.clone()));

    let mut leaving = Scene::leaving();
    let left = leaving.happens(&customer(None, shared));
    let [DeskPayload::ChatbotLog { from, .. }] = to_desk(&left)[..] else {
        panic!("it is left");
    };
    assert_eq!(*from, phone);
}

#[test]
fn nobody_asks_for_what_is_known_or_where_it_is_switched_off() {
    let mut scene = Scene::opening();
    scene.policy.contact_question = ContactQuestion::Never;
    assert_eq!(asked(&mut scene), [NoticeKind::Waiting]);

    let mut scene = Scene::opening();
    let session = scene.conversation.state.session_mut().expect("it opens");
    session.profile.contact = Some(Contact::Email("ada@example.org".to_owned()));
    assert_eq!(asked(&mut scene), [NoticeKind::Waiting, NoticeKind::AskPhone]);
}

/// A session of an agent's on a channel with buttons, where the question is always asked.
fn asking() -> Scene {
    let mut scene = Scene::with_agent();
    scene.buttons = true;
    scene.policy.solved_question = SolvedQuestion::Always;
    scene
}

fn questions(transition: &Transition) -> usize {
    let is_question = |payload: &&ChatPayload| matches!(payload, ChatPayload::Question { .. });
    to_chat(transition).into_iter().filter(is_question).count()
}

#[test]
fn the_customer_is_asked_whether_it_was_solved_behind_the_end_and_the_ticket_has_the_answer_last() {
    let ends: [fn(SessionId) -> Event; 3] = [|_| bot_ends(), |_| ends_at(100), agent_ends];
    for end in ends {
        let mut scene = asking();
        let session = scene.session();
        let rows_before = scene.conversation.session().expect("it stands").desk_seq;
        let ended = scene.happens(&end(session));
        assert!(matches!(to_chat(&ended).last(), Some(ChatPayload::Question { .. })));
        let ends_sent = to_desk(&ended).len() as u64;

        let answered = scene.happens(&answers(session, Answer::NotSolved));
        assert_eq!(answered.verdict, Verdict::Kept);
        assert_eq!(notices(&answered), [NoticeKind::Answered]);
        let lines = desk_lines(&answered);
        assert_eq!(lines, ["The customer was asked whether it was solved: not solved."]);
        assert!(matches!(to_desk(&answered).last(), Some(DeskPayload::End)));
        let rows: Vec<DeliveryId> = answered.effects.iter().filter_map(desk_row).collect();
        let lane = Lane::Desk(session);
        let first = rows_before + ends_sent + 1;
        assert_eq!(rows, [first, first + 1].map(|seq| DeliveryId { lane, seq }));
        // The first answer counts.
        let again = scene.happens(&answers(session, Answer::Solved));
        assert_eq!((again.verdict, again.effects.len()), (Verdict::Over, 0));
    }
}

fn desk_row(effect: &crate::session::Effect) -> Option<DeliveryId> {
    match effect {
        crate::session::Effect::Deliver(id, Payload::Desk(_)) => Some(*id),
        _ => None,
    }
}

#[test]
fn an_answer_that_comes_a_day_later_is_none() {
    let mut scene = asking();
    let session = scene.session();
    scene.happens(&bot_ends());
    scene.later(Duration::from_hours(25));
    assert_eq!(scene.happens(&answers(session, Answer::Solved)).verdict, Verdict::Over);
}

#[test]
fn the_question_is_asked_where_the_desk_says_so_and_nowhere_without_buttons_or_an_agent() {
    let shown = |value: &str| BTreeMap::from([("show_survey_after_chat".to_owned(), value.to_owned())]);
    let ended = |scene: &mut Scene| questions(&scene.happens(&bot_ends()));
    for (value, count) in [("1", 1), ("true", 1), ("0", 0), ("", 0)] {
        let mut scene = asking();
        scene.policy.solved_question = SolvedQuestion::AsDeskSays;
        scene.desk_texts = shown(value);
        assert_eq!(ended(&mut scene), count, "{value}");
    }
    let mut never = asking();
    never.policy.solved_question = SolvedQuestion::Never;
    never.desk_texts = shown("1");
    assert_eq!(ended(&mut never), 0);
    let mut without_buttons = asking();
    without_buttons.buttons = false;
    assert_eq!(ended(&mut without_buttons), 0);
    let mut off = asking();
    off.texts.solved_question = TextChoice::Off;
    assert_eq!(ended(&mut off), 0);
    let mut waiting = Scene::waiting();
    waiting.buttons = true;
    waiting.policy.solved_question = SolvedQuestion::Always;
    assert_eq!(ended(&mut waiting), 0);
}

#[test]
fn of_a_question_that_is_too_long_for_a_message_its_beginning_is_asked() {
    let mut scene = asking();
    scene.texts.solved_question = TextChoice::Say("Was it solved?\n".repeat(20).into());
    scene.chat.text_max = 50;
    let ended = scene.happens(&bot_ends());
    let asked = to_chat(&ended).into_iter().find_map(|payload| match payload {
        ChatPayload::Question { text, .. } => Some(text.as_str().to_owned()),
        _ => None,
    });
    assert_eq!(asked.as_deref(), Some("Was it solved?\nWas it solved?\nWas it solved?"));
}
