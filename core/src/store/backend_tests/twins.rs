//! Whatever is written, memory and SQLite answer alike: the one is the model of the other.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};

use super::{
    Bed,
    samples::{at, bot, changes, chat, conversation, conversation_id, desk, ended, escalated, key, row, session_id},
    sqlite::SqliteBed,
};
use crate::{
    delivery::{DeliveryId, Receipt},
    model::{EventKey, HookAddress, Line, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        DeadLetter, LettersOf,
        backend::{Backend, Changes, DoorRows, NewRow, RowChange, WaitingRow, Wanted, WantedMore},
        memory::MemoryBackend,
    },
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_answer_alike(batches in vec(batches(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        runtime.block_on(async {
            let (memory, sqlite) = (MemoryBackend::default(), SqliteBed::new().await);
            let begin = Changes {
                conversations: (1..4).map(conversation).collect(),
                // A lane to the desk has its session from its first row on.
                sessions: (1..4).map(|n| (session_id(n), conversation_id(n), HookAddress::default())).collect(),
                ..changes(at(0))
            };
            memory.commit(&begin).await.expect("it is written");
            sqlite.backend().commit(&begin).await.expect("it is written");
            for (n, batch) in (0_i64..).zip(&batches) {
                let batch = batch.changes(n);
                let answers = (memory.commit(&batch).await, sqlite.backend().commit(&batch).await);
                assert_eq!(answers.0.is_ok(), answers.1.is_ok(), "{answers:?} for {batch:?}");
                let (memory, sqlite) = (read(&memory).await, read(sqlite.backend()).await);
                assert_eq!(memory, sqlite, "after {batch:?}");
            }
        });
    }
}

/// A batch over few conversations, lanes and keys, so that much of it meets.
#[derive(Clone, Debug)]
struct Batch {
    inbox: Vec<u8>,
    conversations: Vec<(u128, u8, u128)>,
    sessions: Vec<(u128, u128)>,
    deliveries: Vec<(DeliveryId, bool)>,
    redriven: Vec<DeliveryId>,
    dropped: Vec<DeliveryId>,
    settled: Vec<(DeliveryId, RowChange)>,
    lines: Vec<(u128, Option<u128>)>,
    timers_set: Vec<u128>,
    timers_cleared: Vec<u128>,
    secret: Option<u8>,
}

fn batches() -> impl Strategy<Value = Batch> {
    let inbox = vec(0..60_u8, 0..3);
    // Mostly under its own key, seldom under another's.
    let address = |n: u128| prop_oneof![9 => Just(n), 1 => 1..4_u128];
    let conversations = vec(
        (1..4_u128, 0..3_u8).prop_flat_map(move |(n, state)| (Just(n), Just(state), address(n))),
        0..3,
    );
    let sessions = vec((4..12_u128, 1..4_u128), 0..2);
    let rows = (
        vec((ids(), any::<bool>()), 0..4),
        vec(ids(), 0..3),
        vec(ids(), 0..2),
        vec((ids(), row_changes()), 0..5),
    );
    let lines = vec((1..4_u128, option::of(1..4_u128)), 0..4);
    let timers = (vec(1..4_u128, 0..2), vec(1..4_u128, 0..2));
    (
        inbox,
        conversations,
        sessions,
        rows,
        lines,
        timers,
        option::weighted(0.1, any::<u8>()),
    )
        .prop_map(
            |(inbox, conversations, sessions, rows, lines, (timers_set, timers_cleared), secret)| {
                let (deliveries, redriven, dropped, settled) = rows;
                Batch {
                    inbox,
                    conversations,
                    sessions,
                    deliveries,
                    redriven,
                    dropped,
                    settled,
                    lines,
                    timers_set,
                    timers_cleared,
                    secret,
                }
            },
        )
}

fn ids() -> impl Strategy<Value = DeliveryId> {
    let lane: [fn(u128, u64) -> DeliveryId; 3] = [desk, chat, bot];
    (prop::sample::select(lane.to_vec()), 1..4_u128, 1..9_u64).prop_map(|(lane, n, seq)| lane(n, seq))
}

fn row_changes() -> impl Strategy<Value = RowChange> {
    prop_oneof![
        Just(RowChange::Delivered(Receipt::Message { id: "7".to_owned() })),
        Just(RowChange::TakenBack),
        Just(RowChange::Started),
        any::<bool>().prop_map(|maybe_sent| RowChange::Dead {
            detail: "blocked".to_owned(),
            maybe_sent,
        }),
        (0..99_i64, any::<bool>()).prop_map(|(due, maybe_sent)| RowChange::Retry {
            due: at(due),
            maybe_sent
        }),
    ]
}

impl Batch {
    fn changes(&self, n: i64) -> Changes {
        let kind = TimerKind::Opening;
        Changes {
            inbox: self.inbox.iter().map(|key| EventKey::new(key.to_string())).collect(),
            conversations: self
                .conversations
                .iter()
                .map(|(n, state, address)| moved(*n, *state, *address))
                .collect(),
            sessions: self
                .sessions
                .iter()
                .map(|(session, n)| {
                    (
                        session_id(*session),
                        conversation_id(*n),
                        HookAddress::new(format!("hook {session}")),
                    )
                })
                .collect(),
            deliveries: self.deliveries.iter().map(|(id, dead)| new_row(*id, *dead)).collect(),
            redriven: self.redriven.clone(),
            dropped: self.dropped.clone(),
            settled: self.settled.clone(),
            lines: self
                .lines
                .iter()
                .map(|(n, session)| {
                    (
                        conversation_id(*n),
                        session.map(session_id),
                        Line::bot(at(0), format!("line {n}")),
                    )
                })
                .collect(),
            timers_set: self.timers_set.iter().map(|n| (session_id(*n), kind, at(1))).collect(),
            timers_cleared: self.timers_cleared.iter().map(|n| (session_id(*n), kind)).collect(),
            secret: self.secret.map(|secret| secret.to_string()),
            ..changes(at(n))
        }
    }
}

fn moved(n: u128, state: u8, address: u128) -> Conversation {
    let conversation = match state {
        0 => conversation(n),
        1 => escalated(n),
        _ => ended(n, at(i64::from(state))),
    };
    Conversation {
        key: key(address),
        ..conversation
    }
}

fn new_row(id: DeliveryId, dead: bool) -> NewRow {
    let n = (1..4)
        .find(|n| [desk(*n, id.seq), chat(*n, id.seq), bot(*n, id.seq)].contains(&id))
        .expect("each lane is one of a conversation's");
    NewRow {
        dead: dead.then(|| "too late".to_owned()),
        ..row(n, id)
    }
}

/// All that can be read, in an order of its own.
#[derive(Debug, PartialEq)]
struct Everything {
    conversations: Vec<Conversation>,
    sessions: BTreeMap<u128, u128>,
    inbox: Vec<EventKey>,
    lanes: Vec<Vec<WaitingRow>>,
    rows: Vec<WaitingRow>,
    histories: Vec<Vec<Line>>,
    transcripts: Vec<Vec<Line>>,
    dead: BTreeMap<DeliveryId, DeadLetter>,
    dead_of_lane: Vec<DeadLetter>,
    escalated: Vec<Conversation>,
    doors: Vec<DoorRows>,
    recovered: String,
    hook_addresses: Vec<(HookAddress, Timestamp)>,
    secret: Option<String>,
}

async fn read(backend: &dyn Backend) -> Everything {
    let wanted = Wanted {
        keys: (1..4).map(key).collect(),
        sessions: (1..12).map(session_id).collect(),
        conversations: (1..4).map(conversation_id).collect(),
        inbox: (0..60_u8).map(|key| EventKey::new(key.to_string())).collect(),
        ..Wanted::default()
    };
    let loaded = backend.load(&wanted).await.expect("it is read");
    let lanes: Vec<_> = (1..4)
        .flat_map(|n| [desk(n, 0).lane, chat(n, 0).lane, bot(n, 0).lane])
        .collect();
    let wanted = WantedMore {
        lanes: lanes.clone(),
        histories: (1..4).map(conversation_id).collect(),
        lines_max: 5,
    };
    let mut more = backend.load_more(&wanted).await.expect("it is read");
    let ids: Vec<_> = lanes
        .iter()
        .flat_map(|lane| (1..9).map(|seq| DeliveryId { lane: *lane, seq }))
        .collect();
    let mut rows = backend.rows(&ids).await.expect("they are read");
    rows.sort_by_key(|row| row.id);
    let mut recovered = backend.recover(at(0)).await.expect("it is read");
    recovered.conversations.sort_by_key(|conversation| conversation.id);
    recovered.waiting.sort_by_key(|mark| mark.id);
    recovered.timers.sort();
    recovered.hook_addresses.sort();
    let mut transcripts = Vec::new();
    for n in 1..4 {
        transcripts.push(backend.transcript(session_id(n)).await.expect("it is read"));
    }
    let mut conversations = loaded.conversations;
    conversations.sort_by_key(|conversation| conversation.id);
    let sessions = loaded.sessions.iter();
    let mut inbox: Vec<_> = loaded.inbox.into_iter().collect();
    inbox.sort();
    let dead = backend
        .dead_letters(&LettersOf::default(), 100)
        .await
        .expect("they are read");
    let of_lane = LettersOf {
        lane: Some(chat(1, 0).lane),
        ..LettersOf::default()
    };
    let mut doors = backend.rows_at_doors().await.expect("they are read");
    doors.sort();
    Everything {
        dead_of_lane: backend.dead_letters(&of_lane, 3).await.expect("they are read"),
        escalated: backend.escalated(at(2), 2).await.expect("they are read"),
        doors,
        conversations,
        sessions: sessions
            .map(|(session, id)| (session.uuid().as_u128(), id.uuid().as_u128()))
            .collect(),
        inbox,
        lanes: lanes
            .iter()
            .map(|lane| more.lanes.remove(lane).expect("each has an entry"))
            .collect(),
        rows,
        histories: wanted
            .histories
            .iter()
            .map(|id| more.histories.remove(id).expect("each has an entry"))
            .collect(),
        transcripts,
        dead: dead.into_iter().map(|letter| (letter.id, letter)).collect(),
        recovered: format!("{recovered:?}"),
        hook_addresses: recovered.hook_addresses,
        secret: backend.secret().await.expect("it is read"),
    }
}
