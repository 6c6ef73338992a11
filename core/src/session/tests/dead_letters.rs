//! Dead letters: whoever can still be told is told, and nothing tells of itself.

use super::scene::*;
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{BotEvent, Contact, Escalation, HistoryRoute, SessionId, Text, TextChoice},
    session::Transition,
};

fn reply() -> Payload {
    let (author, text) = (Some("Anna".into()), "hello".into());
    Payload::Chat(ChatPayload::Message {
        author,
        continues: false,
        text,
    })
}

fn heard(transition: &Transition) -> (Option<SessionId>, &str) {
    let [BotEvent::Undelivered { session, detail, .. }] = to_bot(transition)[..] else {
        panic!("the bot is told once");
    };
    (*session, detail)
}

#[test]
fn a_reply_that_cannot_be_delivered_is_told_in_the_ticket_and_to_the_bot() {
    let mut scene = Scene::with_agent();
    let row = scene.conversation.chat_row();
    let dead = scene.happens(&dead(row, reply(), false));
    assert_eq!(desk_lines(&dead), ["Your message did not reach the customer: no"]);
    assert_eq!(
        heard(&dead),
        (
            Some(scene.session()),
            format!("a message of the agent ({row}): no").as_str()
        )
    );
    assert_eq!(
        to_chat(&dead).len(),
        0,
        "the customer is not told of what is not for them"
    );
}

#[test]
fn with_no_agent_left_the_bot_alone_is_told_of_a_reply() {
    for scene in [Scene::after_a_session(), Scene::opening(), Scene::leaving()] {
        let dead = scene.decide(&dead(scene.conversation.chat_row(), reply(), false));
        assert_eq!(told(&dead), format!("{} kept: bot:undelivered", scene.state()));
    }
}

#[test]
fn a_message_of_the_customer_that_cannot_be_delivered_is_told_to_the_customer_and_to_the_bot() {
    let mut scene = Scene::with_agent();
    scene.happens(&sends(Some("look"), vec![picture("cat.png", Some(1))]));
    for seq in [3, 4] {
        let dead = scene.dies(seq, false);
        assert_eq!(told(&dead), "with_agent kept: notice:undelivered, bot:undelivered");
    }
}

#[test]
fn the_customer_is_told_why_where_the_text_asks_for_it() {
    let mut scene = Scene::with_agent();
    scene.texts.undelivered = TextChoice::Say("{file} was not delivered: {reason}.".into());
    scene.happens(&sends(None, vec![picture("cat.png", Some(1))]));
    assert_eq!(chat_lines(&scene.dies(3, false)), ["cat.png was not delivered: no."]);
    let mut leaving = Scene::leaving();
    leaving.texts.undelivered = scene.texts.undelivered;
    let sent = leaving.decide(&sends(None, vec![picture("cat.png", Some(1))]));
    assert_eq!(
        chat_lines(&sent)[0],
        "cat.png was not delivered: a file cannot be left with a message."
    );
}

#[test]
fn it_is_told_after_the_end_too_and_with_the_session_that_it_belonged_to() {
    let mut scene = Scene::with_agent();
    scene.happens(&says("thanks"));
    let (session, row, payload) = (scene.session(), scene.row(3), scene.queued[0].payload.clone());
    scene.happens(&ends());
    scene.happens(&escalates(Escalation::default()));
    let dead = scene.decide(&dead(row, payload, false));
    assert_eq!(told(&dead), "opening kept: notice:undelivered, bot:undelivered");
    assert_eq!(heard(&dead).0, Some(session));
}

#[test]
fn a_line_that_tells_is_never_told_of_itself() {
    let mut scene = Scene::with_agent();
    scene.happens(&dead(scene.conversation.chat_row(), reply(), false));
    let line = scene.dies(3, false);
    assert_eq!(told(&line), "with_agent kept: bot:undelivered", "a line in the ticket");
    let (kind, text) = (NoticeKind::Undelivered, Text::new("hm"));
    let notice = Payload::Chat(ChatPayload::Notice {
        kind,
        text,
        agent: None,
    });
    let notice = scene.happens(&dead(scene.conversation.chat_row(), notice, false));
    assert_eq!(
        told(&notice),
        "with_agent kept: bot:undelivered",
        "a notice to the customer"
    );
    let event = Payload::Bot(to_bot(&notice)[0].clone());
    let event = scene.happens(&dead(scene.conversation.bot_row(), event, false));
    assert_eq!(told(&event), "with_agent kept", "an event for the bot");
}

#[test]
fn an_end_that_the_desk_never_heard_is_told_to_the_bot_by_its_name() {
    let mut scene = Scene::with_agent();
    let row = DeliveryId { seq: 3, ..scene.row(0) };
    scene.happens(&ends());
    let dead = scene.decide(&dead(row, Payload::Desk(DeskPayload::End), false));
    assert_eq!(told(&dead), "with_bot kept: bot:undelivered");
    assert_eq!(heard(&dead).1, format!("the end of the session ({row}): no"));
}

#[test]
fn a_history_that_could_not_be_handed_over_is_told_in_the_ticket_and_to_the_bot() {
    let mut scene = Scene::new();
    let mut escalation = Escalation::default().contact(Contact::Email("ada@example.org".into()));
    escalation.history_route = Some(HistoryRoute::Log);
    scene.happens(&escalates(escalation));
    scene.arrives(1);
    let dead = scene.dies(2, true);
    assert_eq!(told(&dead), "opening kept: desk.line, bot:undelivered");
    assert_eq!(desk_lines(&dead), ["The bot's history could not be handed over: no"]);
    assert_eq!(
        told(&scene.arrives(3)),
        "waiting kept: opening timer cleared, waiting timer set, notice:waiting, bot:waiting",
        "it opens all the same"
    );
}

#[test]
fn a_log_that_the_bot_handed_in_is_told_to_the_bot() {
    let mut scene = Scene::new();
    let pushed = scene.happens(&pushes_log(
        Contact::Email("ada@example.org".into()),
        "a talk",
        Vec::new(),
    ));
    let payload = Payload::Desk(to_desk(&pushed)[0].clone());
    let row = DeliveryId {
        lane: Lane::Desk(unknown_session()),
        seq: 1,
    };
    assert_eq!(
        told(&scene.decide(&dead(row, payload, true))),
        "with_bot kept: bot:undelivered"
    );
}
