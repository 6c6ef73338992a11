//! Any value that can be stored, for properties.

use proptest::{collection, option, prelude::*};
use uuid::Uuid;

use crate::{
    delivery::{Availability, ChatPayload, DeskCustomer, DeskPayload, NoticeKind, Payload, Receipt},
    model::{
        Address, AlbumId, Attachment, Author, BlobId, BotEvent, ChannelId, Contact, ConversationId, ConversationKey,
        CustomerId, EndReason, Epoch, FileKind, FileRef, FileSource, HookAddress, Line, MessageId, Position, Profile,
        RichText, SessionId, Span, Speaker, Style, Text, Timestamp, Unsent,
    },
    session::{
        Album, Asked, Asks, Conversation, DeskWatch, Ended, Leaving, Mark, Session, Speaking, State, Told, Watch,
    },
};

pub(in crate::store) const NOTICES: [NoticeKind; 18] = [
    NoticeKind::Waiting,
    NoticeKind::Connected,
    NoticeKind::NoAgents,
    NoticeKind::AskContact,
    NoticeKind::LeftMessage,
    NoticeKind::Ended,
    NoticeKind::Failed,
    NoticeKind::Undelivered,
    NoticeKind::TooBig,
    NoticeKind::FileReceived,
    NoticeKind::StillWaiting,
    NoticeKind::NobodyCame,
    NoticeKind::SilenceWarning,
    NoticeKind::SilenceEnded,
    NoticeKind::AskPhone,
    NoticeKind::AskEmail,
    NoticeKind::Answered,
    NoticeKind::DeskAway,
];

pub(in crate::store) const FILE_KINDS: [FileKind; 5] = [
    FileKind::Image,
    FileKind::Video,
    FileKind::Audio,
    FileKind::Voice,
    FileKind::Document,
];

pub(in crate::store) const REASONS: [EndReason; 10] = [
    EndReason::Agent,
    EndReason::Customer,
    EndReason::Bot,
    EndReason::NoAgents,
    EndReason::LeftMessage,
    EndReason::Refused,
    EndReason::OpeningTimeout,
    EndReason::NoPlace,
    EndReason::WaitingTimeout,
    EndReason::Silence,
];

pub(in crate::store) fn conversations() -> impl Strategy<Value = Conversation> {
    let mark = || {
        (any::<i64>(), times()).prop_map(|(position, at)| Mark {
            position: Position(position),
            at,
        })
    };
    let ended = (session_ids(), times(), reasons(), option::of(any::<(u64, u32)>())).prop_map(
        |(session, at, reason, asked)| Ended {
            session,
            at,
            reason,
            asked: asked.map(|(desk_seq, messages)| Asked { desk_seq, messages }),
        },
    );
    let ids = (any::<u128>(), keys(), any::<u64>());
    let marks = (option::of(mark()), option::of(mark()), option::of(strings()));
    let places = (marks, any::<(u64, u64)>());
    (ids, places, states(), option::of(ended)).prop_map(
        |((id, key, epoch), ((mark, accepted, place), (chat_seq, bot_seq)), state, last)| Conversation {
            id: ConversationId::from_uuid(Uuid::from_u128(id)),
            key,
            epoch: Epoch(epoch),
            mark,
            accepted,
            place: place.map(Address::new),
            chat_seq,
            bot_seq,
            state,
            last,
        },
    )
}

pub(in crate::store) fn payloads() -> impl Strategy<Value = Payload> {
    prop_oneof![
        desk_payloads().prop_map(Payload::Desk),
        chat_payloads().prop_map(Payload::Chat),
        bot_events().prop_map(Payload::Bot),
    ]
}

pub(in crate::store) fn receipts() -> impl Strategy<Value = Receipt> {
    let texts = collection::btree_map(strings(), strings(), 0..3);
    prop_oneof![
        Just(Receipt::None),
        strings().prop_map(|id| Receipt::Message { id }),
        strings().prop_map(|place| Receipt::Place {
            place: Address::new(place)
        }),
        (option::of(strings()), option::of(strings()))
            .prop_map(|(ticket, message)| Receipt::Ticket { ticket, message }),
        (any::<[bool; 3]>(), texts).prop_map(|([no_agents, asks_phone, asks_email], texts)| Receipt::Availability(
            Availability {
                no_agents,
                asks_phone,
                asks_email,
                texts
            }
        )),
    ]
}

pub(in crate::store) fn lines() -> impl Strategy<Value = Line> {
    let speaker = prop_oneof![
        Just(Speaker::Customer),
        Just(Speaker::Bot),
        texts().prop_map(Speaker::Agent)
    ];
    (times(), speaker, texts()).prop_map(|(at, speaker, text)| Line { at, speaker, text })
}

fn states() -> impl Strategy<Value = State> {
    let leaving = (
        sessions(),
        collection::vec(texts(), 0..4),
        0..9_usize,
        option::of(any::<u64>()),
        0..9_usize,
    );
    prop_oneof![
        Just(State::WithBot),
        sessions().prop_map(State::Opening),
        sessions().prop_map(State::Waiting),
        sessions().prop_map(State::WithAgent),
        leaving.prop_map(|(session, lines, header, log, logged)| State::Leaving(Leaving {
            session,
            lines,
            header,
            log,
            logged,
        })),
    ]
}

fn sessions() -> impl Strategy<Value = Session> {
    let numbers = any::<(u64, u32, u64)>();
    let words = (strings(), option::of(strings()), option::of(authors()));
    let asks = any::<(bool, bool)>().prop_map(|(phone, email)| Asks { phone, email });
    let speaking = prop_oneof![Just(Speaking::Begins), Just(Speaking::GoesOn)];
    (
        session_ids(),
        times(),
        numbers,
        words,
        (profiles(), speaking, asks, watches(), option::of(albums())),
    )
        .prop_map(
            |(
                id,
                opened_at,
                (desk_seq, messages, opener),
                (hook_address, url, agent),
                (profile, speaking, asks, watch, album),
            )| {
                Session {
                    id,
                    hook_address: HookAddress::new(hook_address),
                    opened_at,
                    desk_seq,
                    messages,
                    opener,
                    profile,
                    url,
                    agent,
                    speaking,
                    asks,
                    watch,
                    album,
                }
            },
        )
        // By value it would not fit the stack of a test.
        .boxed()
}

fn albums() -> impl Strategy<Value = Album> {
    let said = (
        prop::collection::vec(rich_texts(), 0..3),
        prop::collection::vec(files(), 0..3),
    );
    let message = option::of(strings());
    (strings(), said, message, times(), times()).prop_map(|(id, (captions, files), message, since, last)| Album {
        id: AlbumId::new(id),
        captions,
        files,
        message: message.map(MessageId::new),
        since,
        last,
    })
}

fn watches() -> impl Strategy<Value = Watch> {
    let desk = prop_oneof![Just(DeskWatch::Off), Just(DeskWatch::On), Just(DeskWatch::Told)];
    let told = prop_oneof![
        Just(Told::NotYet),
        any::<u64>().prop_map(Told::OnItsWay),
        times().prop_map(Told::Since),
    ];
    (times(), told, desk).prop_map(|(since, told, desk)| Watch { since, told, desk })
}

fn desk_payloads() -> impl Strategy<Value = DeskPayload> {
    let customer = (option::of(texts()), option::of(contacts()))
        .prop_map(|(name, contact)| Box::new(DeskCustomer { name, contact }));
    let message = (
        any::<(bool, u32, bool)>(),
        texts(),
        option::of(customer),
        option::of(strings()),
        option::of(message_ids()),
    );
    prop_oneof![
        Just(DeskPayload::AskAvailability),
        (contacts(), texts(), texts()).prop_map(|(from, subject, text)| DeskPayload::ChatbotLog {
            from,
            subject,
            text
        }),
        message.prop_map(
            |((opener, number, from_customer), text, customer, url, completes)| DeskPayload::Message {
                opener,
                number,
                text,
                customer,
                url,
                from_customer,
                completes,
            }
        ),
        (files(), option::of(message_ids())).prop_map(|(file, completes)| DeskPayload::File { file, completes }),
        Just(DeskPayload::End),
    ]
}

fn message_ids() -> impl Strategy<Value = MessageId> {
    strings().prop_map(MessageId::new)
}

fn chat_payloads() -> impl Strategy<Value = ChatPayload> {
    let kinds = prop::sample::select(&NOTICES[..]);
    prop_oneof![
        session_ids().prop_map(|session| ChatPayload::Open { session }),
        (option::of(authors()), any::<bool>(), rich_texts()).prop_map(|(author, continues, text)| {
            ChatPayload::Message {
                author,
                continues,
                text,
            }
        }),
        (option::of(authors()), any::<bool>(), files()).prop_map(|(author, continues, file)| ChatPayload::File {
            author,
            continues,
            file
        }),
        (session_ids(), texts()).prop_map(|(session, text)| ChatPayload::Question { session, text }),
        (kinds, texts(), option::of(authors())).prop_map(|(kind, text, agent)| ChatPayload::Notice {
            kind,
            text,
            agent
        }),
    ]
}

fn rich_texts() -> impl Strategy<Value = RichText> {
    let styles = prop_oneof![
        Just(Style::Bold),
        Just(Style::Italic),
        Just(Style::Underline),
        Just(Style::Strike),
        Just(Style::Spoiler),
        Just(Style::Code),
        option::of(strings()).prop_map(|language| Style::Block { language }),
        Just(Style::Quote),
        strings().prop_map(|url| Style::Link { url }),
    ];
    let span = (0..20_usize, 1..20_usize, styles).prop_map(|(start, length, style)| Span {
        start,
        end: start + length,
        style,
    });
    (texts(), prop::collection::vec(span, 0..5)).prop_map(|(words, spans)| RichText::new(words, spans))
}

/// Without a transcript, which is never stored.
fn bot_events() -> impl Strategy<Value = BotEvent> {
    let unsent = || collection::vec(texts().prop_map(|text| Unsent { text }), 0..3);
    prop_oneof![
        (keys(), session_ids()).prop_map(|(conversation, session)| BotEvent::Waiting { conversation, session }),
        (keys(), session_ids(), option::of(texts())).prop_map(|(conversation, session, agent)| BotEvent::Connected {
            conversation,
            session,
            agent,
        }),
        (keys(), session_ids(), reasons(), unsent()).prop_map(|(conversation, session, reason, unsent)| {
            BotEvent::HandedBack {
                conversation,
                session,
                reason,
                unsent,
                transcript: Vec::new(),
            }
        }),
        (keys(), session_ids(), reasons(), strings(), unsent()).prop_map(
            |(conversation, session, reason, detail, unsent)| BotEvent::Failed {
                conversation,
                session,
                reason,
                detail,
                unsent,
            }
        ),
        (keys(), option::of(session_ids()), strings()).prop_map(|(conversation, session, detail)| {
            BotEvent::Undelivered {
                conversation,
                session,
                detail,
            }
        }),
    ]
}

fn keys() -> impl Strategy<Value = ConversationKey> {
    (strings(), strings(), strings()).prop_map(|(channel, address, customer)| ConversationKey {
        channel: ChannelId::new(channel),
        address: Address::new(address),
        customer: CustomerId::new(customer),
    })
}

fn profiles() -> impl Strategy<Value = Profile> {
    (
        option::of(texts()),
        option::of(texts()),
        option::of(strings()),
        option::of(strings()),
        option::of(texts()),
        option::of(contacts()),
    )
        .prop_map(|(name, username, language, platform, link, contact)| Profile {
            name,
            username,
            language,
            platform,
            link,
            contact,
        })
}

fn contacts() -> impl Strategy<Value = Contact> {
    prop_oneof![strings().prop_map(Contact::Email), strings().prop_map(Contact::Phone)]
}

fn files() -> impl Strategy<Value = Attachment> {
    let kinds = prop::sample::select(&FILE_KINDS[..]);
    let source = prop_oneof![
        strings().prop_map(|handle| FileSource::Platform(FileRef::new(handle))),
        any::<u128>().prop_map(|id| FileSource::Blob(BlobId::from_uuid(Uuid::from_u128(id)))),
    ];
    (kinds, texts(), option::of(strings()), option::of(any::<u64>()), source).prop_map(
        |(kind, name, media_type, bytes, source)| Attachment {
            kind,
            name,
            media_type,
            bytes,
            source,
        },
    )
}

fn reasons() -> impl Strategy<Value = EndReason> {
    prop::sample::select(&REASONS[..])
}

fn session_ids() -> impl Strategy<Value = SessionId> {
    any::<u128>().prop_map(|id| SessionId::from_uuid(Uuid::from_u128(id)))
}

fn authors() -> impl Strategy<Value = Author> {
    (texts(), option::of(strings())).prop_map(|(name, picture)| Author { name, picture })
}

fn times() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn texts() -> impl Strategy<Value = Text> {
    strings().prop_map(Text::new)
}

/// Short, and of every kind of character: quotes, control characters, emoji.
fn strings() -> impl Strategy<Value = String> {
    collection::vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect())
}
