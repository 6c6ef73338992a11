use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Stored, decode, encode,
    parts::{EndReasonForm, FileKindForm},
    payload::NoticeForm,
    samples,
};
use crate::{
    delivery::{Availability, ChatPayload, DeskCustomer, DeskPayload, NoticeKind, Payload, Receipt},
    model::{
        Address, AlbumId, Attachment, Author, BlobId, BotEvent, ChannelId, Contact, ConversationId, ConversationKey,
        CustomerId, EndReason, Epoch, FileKind, FileRef, FileSource, HookAddress, Line, MessageId, Position, Profile,
        RichText, SessionId, Span, Style, Text, Timestamp, Unsent,
    },
    session::{
        Album, Asked, Asks, Conversation, DeskWatch, Ended, Leaving, Mark, Session, Speaking, State, TimerKind, Told,
        Watch,
    },
    store::StoreError,
};

proptest! {
    #[test]
    fn a_conversation_is_read_as_it_was_written(conversation in samples::conversations()) {
        prop_assert_eq!(read_again(&conversation), conversation);
    }

    #[test]
    fn a_payload_is_read_as_it_was_written(payload in samples::payloads()) {
        prop_assert_eq!(read_again(&payload), payload);
    }

    #[test]
    fn a_receipt_is_read_as_it_was_written(receipt in samples::receipts()) {
        prop_assert_eq!(read_again(&receipt), receipt);
    }

    #[test]
    fn a_line_is_read_as_it_was_written(line in samples::lines()) {
        prop_assert_eq!(read_again(&line), line);
    }
}

/// A released form never changes. When this test fails, the change needs a version of its own.
#[test]
fn forms_of_version_1_stay_as_they_are() {
    let session = session();
    let leaving = Leaving {
        session: session.clone(),
        lines: vec!["Telegram, Ada".into(), "where is my order?".into()],
        header: 1,
        log: Some(7),
        logged: 2,
    };
    let mut warning = session.clone();
    warning.watch.told = Told::OnItsWay(9);
    let gathering = Session {
        album: Some(album()),
        ..session.clone()
    };
    for (name, state) in [
        ("with_bot", State::WithBot),
        ("opening", State::Opening(session.clone())),
        ("waiting", State::Waiting(session.clone())),
        ("with_agent", State::WithAgent(session)),
        ("warning", State::WithAgent(warning)),
        ("gathering", State::WithAgent(gathering)),
        ("leaving", State::Leaving(leaving)),
    ] {
        snapshot(&format!("conversation_{name}"), &conversation(state));
    }
    for (name, payload) in payloads() {
        snapshot(&format!("payload_{name}"), &payload);
    }
    for (name, receipt) in receipts() {
        snapshot(&format!("receipt_{name}"), &receipt);
    }
    let at = Timestamp::from_millis(1_790_000_000_123);
    snapshot("line_customer", &Line::customer(at, "hello"));
    snapshot("line_bot", &Line::bot(at, "hi"));
    snapshot("line_agent", &Line::agent(at, "Anna".into(), "good morning"));
}

#[test]
fn words_of_version_1_stay_as_they_are() {
    let word = |form: Result<serde_json::Value, serde_json::Error>| form.expect("a word is plain data");
    let notices = samples::NOTICES.map(|kind| word(serde_json::to_value(NoticeForm::from(kind))));
    let kinds = samples::FILE_KINDS.map(|kind| word(serde_json::to_value(FileKindForm::from(kind))));
    let reasons = samples::REASONS.map(|reason| word(serde_json::to_value(EndReasonForm::from(reason))));
    insta::assert_json_snapshot!("words", (notices, kinds, reasons));
    insta::assert_json_snapshot!("timer_words", TimerKind::ALL.map(TimerKind::word));
    for kind in TimerKind::ALL {
        assert_eq!(TimerKind::of_word(kind.word()), Some(kind));
    }
}

/// A session that stood before its timers were remembered: they count from its opening.
#[test]
fn a_session_without_a_watch_is_read_all_the_same() {
    let written = conversation(State::WithAgent(session()));
    let mut stored: serde_json::Value = serde_json::from_str(&encode(&written)).expect("it is JSON");
    let with_agent = stored["body"]["state"]["with_agent"].as_object_mut();
    with_agent
        .expect("it is the session")
        .remove("watch")
        .expect("it is written");
    let mut expected = session();
    expected.watch = Watch::since(expected.opened_at);
    let read: Conversation = decode(&stored.to_string()).expect("it can be read");
    assert_eq!(read.state, State::WithAgent(expected));
}

#[test]
fn a_transcript_is_never_stored() {
    let event = |transcript| {
        Payload::Bot(BotEvent::HandedBack {
            conversation: key(),
            session: session().id,
            reason: EndReason::Agent,
            unsent: Vec::new(),
            transcript,
        })
    };
    let line = Line::customer(Timestamp::default(), "my secret");
    assert!(!encode(&event(vec![line.clone()])).contains("secret"));
    assert_eq!(read_again(&event(vec![line])), event(Vec::new()));
}

#[test]
fn an_unknown_version_is_named_and_its_text_is_not() {
    let stored = encode(&Line::customer(Timestamp::default(), "my secret")).replace("\"v\":1", "\"v\":2");
    for stored in [stored, r#"{"v":2,"said":"my secret"}"#.to_owned()] {
        assert_eq!(
            detail(decode::<Line>(&stored)),
            "a transcript line is of version 2, and this program reads version 1"
        );
    }
}

#[test]
fn an_unreadable_record_is_named_and_its_text_is_not() {
    for stored in [
        "",
        "my secret",
        r#"{"v":1,"body":"my secret"}"#,
        r#"{"v":"my secret","body":{"chat":{}}}"#,
        r#"{"v":1,"body":{"chat":{"message":{"text":"my secret","author":5}}}}"#,
        r#"{"v":1,"body":{"my secret":{}}}"#,
    ] {
        let detail = detail(decode::<Payload>(stored));
        assert!(detail.starts_with("a payload is not in its form (column "), "{detail}");
        assert!(!detail.contains("secret"), "{detail}");
    }
}

fn read_again<T: Stored>(value: &T) -> T {
    decode(&encode(value)).expect("what was written can be read")
}

fn detail<T>(read: Result<T, StoreError>) -> String {
    match read {
        Err(StoreError::Corrupt { detail }) => detail,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

fn snapshot<T: Stored>(name: &str, value: &T) {
    let stored: serde_json::Value = serde_json::from_str(&encode(value)).expect("it is JSON");
    insta::assert_json_snapshot!(name, stored);
}

fn key() -> ConversationKey {
    ConversationKey {
        channel: ChannelId::new("telegram"),
        address: Address::new("-100123"),
        customer: CustomerId::new("42"),
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_uuid(Uuid::from_u128(2)),
        hook_address: HookAddress::new("https://bot.example/hooks/word"),
        opened_at: Timestamp::from_millis(1_790_000_000_000),
        desk_seq: 3,
        messages: 2,
        opener: 2,
        profile: Profile {
            name: Some("Ada".into()),
            username: Some("ada".into()),
            language: Some("en".to_owned()),
            platform: Some("Telegram".to_owned()),
            link: Some("https://t.me/ada".into()),
            contact: Some(Contact::Phone("+442079460000".to_owned())),
        },
        url: Some("https://shop.example/cart".to_owned()),
        agent: Some("Anna".into()),
        speaking: Speaking::GoesOn,
        asks: Asks {
            phone: true,
            email: false,
        },
        watch: Watch {
            since: Timestamp::from_millis(1_790_000_200_000),
            told: Told::Since(Timestamp::from_millis(1_790_000_300_000)),
            desk: DeskWatch::On,
        },
        album: None,
    }
}

fn album() -> Album {
    let bold = Span {
        start: 0,
        end: 4,
        style: Style::Bold,
    };
    let picture = Attachment {
        kind: FileKind::Image,
        name: "photo.jpg".into(),
        media_type: Some("image/jpeg".to_owned()),
        bytes: Some(1_024),
        source: FileSource::Platform(FileRef::new("AgACAgIAAx")),
    };
    Album {
        id: AlbumId::new("13571113"),
        captions: vec![RichText::new("look here", vec![bold])],
        files: vec![picture],
        message: Some(MessageId::new("17")),
        since: Timestamp::from_millis(1_790_000_200_000),
        last: Timestamp::from_millis(1_790_000_200_400),
    }
}

fn conversation(state: State) -> Conversation {
    Conversation {
        id: ConversationId::from_uuid(Uuid::from_u128(1)),
        key: key(),
        epoch: Epoch(5),
        mark: Some(Mark {
            position: Position(812),
            at: Timestamp::from_millis(1_790_000_000_000),
        }),
        accepted: Some(Mark {
            position: Position(815),
            at: Timestamp::from_millis(1_790_000_100_000),
        }),
        place: Some(Address::new("thread-9")),
        chat_seq: 9,
        bot_seq: 4,
        state,
        last: Some(Ended {
            session: SessionId::from_uuid(Uuid::from_u128(3)),
            at: Timestamp::from_millis(1_789_000_000_000),
            reason: EndReason::Customer,
            asked: Some(Asked {
                desk_seq: 9,
                messages: 4,
            }),
        }),
    }
}

fn payloads() -> Vec<(&'static str, Payload)> {
    let file = |kind, source| Attachment {
        kind,
        name: "cat.png".into(),
        media_type: Some("image/png".to_owned()),
        bytes: Some(1_024),
        source,
    };
    let message = DeskPayload::Message {
        opener: true,
        number: 1,
        text: "I need a human".into(),
        customer: Some(Box::new(DeskCustomer {
            name: Some("Ada".into()),
            contact: Some(Contact::Email("ada@example.org".to_owned())),
        })),
        url: Some("https://shop.example/cart".to_owned()),
        from_customer: true,
        completes: None,
    };
    let log = DeskPayload::ChatbotLog {
        from: Contact::Email("ada@example.org".to_owned()),
        subject: "Ada".into(),
        text: "**Ada:** hello".into(),
    };
    let from_platform = file(FileKind::Image, FileSource::Platform(FileRef::new("AgACAgIAAx")));
    let from_blob = file(
        FileKind::Document,
        FileSource::Blob(BlobId::from_uuid(Uuid::from_u128(4))),
    );
    let chat_message = ChatPayload::Message {
        author: Some("Anna".into()),
        continues: false,
        text: "good morning".into(),
    };
    let notice = ChatPayload::Notice {
        kind: NoticeKind::LeftMessage,
        text: "thank you".into(),
        agent: None,
    };
    let mut all = vec![
        ("desk_availability", Payload::Desk(DeskPayload::AskAvailability)),
        ("desk_log", Payload::Desk(log)),
        ("desk_message", Payload::Desk(message)),
        (
            "desk_file",
            Payload::Desk(DeskPayload::File {
                file: from_platform,
                completes: Some(MessageId::new("7")),
            }),
        ),
        ("desk_end", Payload::Desk(DeskPayload::End)),
        ("chat_message", Payload::Chat(chat_message)),
        (
            "chat_file",
            Payload::Chat(ChatPayload::File {
                author: None,
                continues: true,
                file: from_blob,
            }),
        ),
        ("chat_notice", Payload::Chat(notice)),
        (
            "chat_question",
            Payload::Chat(ChatPayload::Question {
                session: session().id,
                text: "Was it solved?".into(),
            }),
        ),
        ("chat_rich_message", Payload::Chat(rich_message())),
        ("chat_presenting_notice", Payload::Chat(presenting_notice())),
    ];
    all.extend(bot_events().map(|(name, event)| (name, Payload::Bot(event))));
    all
}

/// Every kind of formatting.
fn rich_message() -> ChatPayload {
    let words = "one two three four five six seven eight nine";
    let styles = [
        Style::Bold,
        Style::Italic,
        Style::Underline,
        Style::Strike,
        Style::Spoiler,
        Style::Code,
        Style::Block {
            language: Some("rust".to_owned()),
        },
        Style::Quote,
        Style::Link {
            url: "https://shop.example".to_owned(),
        },
    ];
    let spans = words.split(' ').zip(styles).map(|(word, style)| {
        let start = words.find(word).expect("the word is one of them");
        let end = start + word.len();
        Span { start, end, style }
    });
    ChatPayload::Message {
        author: Some("Anna".into()),
        continues: true,
        text: RichText::new(words, spans.collect()),
    }
}

fn presenting_notice() -> ChatPayload {
    ChatPayload::Notice {
        kind: NoticeKind::Connected,
        text: "Anna is with you now.".into(),
        agent: Some(Author {
            name: "Anna".into(),
            picture: Some("https://desk.example/anna.png".to_owned()),
        }),
    }
}

fn bot_events() -> [(&'static str, BotEvent); 5] {
    let (conversation, session) = (key(), session().id);
    let unsent = vec![Unsent {
        text: "one more thing".into(),
    }];
    [
        (
            "bot_waiting",
            BotEvent::Waiting {
                conversation: conversation.clone(),
                session,
            },
        ),
        (
            "bot_connected",
            BotEvent::Connected {
                conversation: conversation.clone(),
                session,
                agent: Some(Text::new("Anna")),
            },
        ),
        (
            "bot_handed_back",
            BotEvent::HandedBack {
                conversation: conversation.clone(),
                session,
                reason: EndReason::Agent,
                unsent: unsent.clone(),
                transcript: Vec::new(),
            },
        ),
        (
            "bot_failed",
            BotEvent::Failed {
                conversation: conversation.clone(),
                session,
                reason: EndReason::OpeningTimeout,
                detail: "the desk did not accept the session in time".to_owned(),
                unsent,
            },
        ),
        (
            "bot_undelivered",
            BotEvent::Undelivered {
                conversation,
                session: Some(session),
                detail: "the customer has blocked the bot".to_owned(),
            },
        ),
    ]
}

fn receipts() -> [(&'static str, Receipt); 4] {
    let texts = BTreeMap::from([("start_chat_instructions".to_owned(), "We are here.".to_owned())]);
    [
        ("none", Receipt::None),
        ("message", Receipt::Message { id: "77".to_owned() }),
        (
            "ticket",
            Receipt::Ticket {
                ticket: Some("164-8".to_owned()),
                message: None,
            },
        ),
        (
            "availability",
            Receipt::Availability(Availability {
                no_agents: true,
                asks_phone: true,
                asks_email: false,
                texts,
            }),
        ),
    ]
}
