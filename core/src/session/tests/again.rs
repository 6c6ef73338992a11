//! Which dead letters may be sent again, in every state.

use super::scene::Scene;
use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Lane, NoticeKind, Payload},
    model::{Attachment, BotEvent, Contact, FileKind, FileRef, FileSource, SessionId},
    session::{NotAgain, State, may_go_again},
};

/// A state's answer to each kind of payload.
fn answers(scene: &Scene, session: SessionId) -> Vec<(&'static str, Result<(), NotAgain>)> {
    let conversation = &scene.conversation;
    let (id, key) = (conversation.id, conversation.key.clone());
    let message = |opener| DeskPayload::Message {
        opener,
        number: 1,
        text: "hello".into(),
        customer: None,
        url: None,
        completes: None,
        from_customer: true,
    };
    let file = Attachment {
        kind: FileKind::Image,
        name: "cat.png".into(),
        media_type: None,
        bytes: None,
        source: FileSource::Platform(FileRef::new("7")),
    };
    let log = DeskPayload::ChatbotLog {
        from: Contact::Email("ada@example.org".to_owned()),
        subject: "s".into(),
        text: "t".into(),
    };
    let notice = ChatPayload::Notice {
        kind: NoticeKind::Ended,
        text: "t".into(),
        agent: None,
    };
    let (desk, chat, bot) = (Lane::Desk(session), Lane::Chat(id), Lane::Bot(id));
    let rows = [
        (desk, Payload::Desk(message(true))),
        (desk, Payload::Desk(message(false))),
        (desk, Payload::Desk(DeskPayload::File { file, completes: None })),
        (desk, Payload::Desk(log)),
        (desk, Payload::Desk(DeskPayload::End)),
        (chat, Payload::Chat(ChatPayload::Open { session })),
        (chat, Payload::Chat(notice)),
        (
            bot,
            Payload::Bot(BotEvent::Waiting {
                conversation: key,
                session,
            }),
        ),
    ];
    let answer = |(lane, payload): (Lane, Payload)| {
        let id = DeliveryId { lane, seq: 1 };
        (payload.word(), may_go_again(conversation, id, &payload))
    };
    rows.into_iter().map(answer).collect()
}

#[test]
fn only_what_belongs_to_a_session_at_the_desk_goes_there_again() {
    let over = Err(NotAgain::SessionOver);
    let place = Err(NotAgain::PlaceOver);
    let stands = [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(())];
    let leaving = [over, over, over, Ok(()), Ok(()), Ok(()), Ok(()), Ok(())];
    let ended = [over, over, over, Ok(()), Ok(()), place, Ok(()), Ok(())];
    for (scene, expected) in [
        (Scene::opening(), stands),
        (Scene::waiting(), stands),
        (Scene::with_agent(), stands),
        (Scene::leaving(), leaving),
        (Scene::after_a_session(), ended),
    ] {
        let word = scene.conversation.state.word();
        let session = match &scene.conversation.state {
            State::WithBot => scene.conversation.last.expect("one was").session,
            _ => scene.session(),
        };
        for ((payload, answer), expected) in answers(&scene, session).into_iter().zip(expected) {
            assert_eq!(answer, expected, "{payload} in {word}");
        }
        let other = SessionId::mint();
        for ((payload, answer), expected) in answers(&scene, other).into_iter().zip(ended) {
            assert_eq!(answer, expected, "{payload} of another session in {word}");
        }
    }
}
