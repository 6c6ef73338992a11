//! Plain values for the cases.

use uuid::Uuid;

use crate::{
    delivery::{ChatPayload, DeliveryId, DeskPayload, Door, Lane, Payload},
    model::{
        Address, Attachment, BlobId, ChannelId, ConversationId, ConversationKey, CustomerId, EndReason, FileKind,
        FileSource, HookAddress, Profile, SessionId, Timestamp,
    },
    session::{Asks, Conversation, Ended, Session, Speaking, State, Watch},
    store::backend::{Changes, NewRow},
};

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis)
}

pub(super) fn changes(now: Timestamp) -> Changes {
    Changes {
        now,
        ..Changes::default()
    }
}

pub(super) fn conversation_id(n: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn session_id(n: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(1_000 + n))
}

pub(super) fn blob_id(n: u128) -> BlobId {
    BlobId::from_uuid(Uuid::from_u128(2_000 + n))
}

pub(super) fn key(n: u128) -> ConversationKey {
    ConversationKey {
        channel: ChannelId::new("telegram"),
        address: Address::new(format!("chat-{n}")),
        customer: CustomerId::new(format!("customer-{n}")),
    }
}

/// With the bot.
pub(super) fn conversation(n: u128) -> Conversation {
    Conversation::new(conversation_id(n), key(n))
}

/// With a session of the same number.
pub(super) fn escalated(n: u128) -> Conversation {
    let session = Session {
        id: session_id(n),
        hook_address: HookAddress::new("https://bot.example/hooks/word"),
        opened_at: at(0),
        desk_seq: 1,
        messages: 1,
        opener: 1,
        profile: Profile::default(),
        url: None,
        agent: None,
        speaking: Speaking::Begins,
        asks: Asks::default(),
        watch: Watch::since(at(0)),
        album: None,
    };
    Conversation {
        state: State::Waiting(session),
        ..conversation(n)
    }
}

/// With the bot again, since a moment.
pub(super) fn ended(n: u128, at: Timestamp) -> Conversation {
    let last = Ended {
        session: session_id(n),
        at,
        reason: EndReason::Agent,
        asked: None,
    };
    Conversation {
        last: Some(last),
        ..conversation(n)
    }
}

/// Conversation and session of a number, as they are first written.
pub(super) fn opening(n: u128, now: Timestamp) -> Changes {
    Changes {
        conversations: vec![escalated(n)],
        sessions: vec![(
            session_id(n),
            conversation_id(n),
            HookAddress::new("https://bot.example/hooks/word"),
        )],
        ..changes(now)
    }
}

pub(super) fn desk(n: u128, seq: u64) -> DeliveryId {
    DeliveryId {
        lane: Lane::Desk(session_id(n)),
        seq,
    }
}

pub(super) fn chat(n: u128, seq: u64) -> DeliveryId {
    DeliveryId {
        lane: Lane::Chat(conversation_id(n)),
        seq,
    }
}

pub(super) fn bot(n: u128, seq: u64) -> DeliveryId {
    DeliveryId {
        lane: Lane::Bot(conversation_id(n)),
        seq,
    }
}

/// A row of a lane of the conversation of a number.
pub(super) fn row(n: u128, id: DeliveryId) -> NewRow {
    let (door, payload) = match id.lane {
        Lane::Desk(_) => (Door::Desk, Payload::Desk(DeskPayload::End)),
        Lane::Chat(_) => (
            Door::Channel(ChannelId::new("telegram")),
            message(&format!("number {}", id.seq)),
        ),
        Lane::Bot(_) => (Door::Bot, message("for the bot")),
    };
    NewRow {
        id,
        conversation: conversation_id(n),
        door,
        payload,
        dead: None,
    }
}

pub(super) fn message(text: &str) -> Payload {
    Payload::Chat(ChatPayload::Message {
        author: Some("Anna".into()),
        continues: false,
        text: text.into(),
    })
}

pub(super) fn file(blob: BlobId) -> Payload {
    let file = Attachment {
        kind: FileKind::Image,
        name: "cat.png".into(),
        media_type: None,
        bytes: Some(3),
        source: FileSource::Blob(blob),
    };
    Payload::Chat(ChatPayload::File {
        author: None,
        continues: false,
        file,
    })
}
