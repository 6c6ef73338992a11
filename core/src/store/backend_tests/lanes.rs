//! Deliveries: rows, what becomes of them, receipts, dead letters, timers.

use super::{
    Bed, Case,
    samples::{
        at, bot, changes, chat, conversation, conversation_id, desk, ended, escalated, key, message, opening, row,
        session_id,
    },
};
use crate::{
    delivery::{Availability, DeliveryId, DeskPayload, Door, Lane, Payload, Receipt},
    model::{ChannelId, HookAddress, Timestamp},
    session::TimerKind,
    store::{
        LettersOf, StoreError,
        backend::{Changes, NewRow, RowChange, WaitingMark, WaitingRow, WantedMore},
    },
};

pub(super) const CASES: [(&str, Case); 9] = [
    ("a row is read as it was written", |bed| {
        Box::pin(a_row_is_read_as_it_was_written(bed))
    }),
    ("lanes keep their order", |bed| Box::pin(lanes_keep_their_order(bed))),
    ("rows change as attempts end", |bed| {
        Box::pin(rows_change_as_attempts_end(bed))
    }),
    ("made and taken back in one batch", |bed| {
        Box::pin(made_and_taken_back_in_one_batch(bed))
    }),
    ("what is gone or dead stays so", |bed| {
        Box::pin(what_is_gone_or_dead_stays_so(bed))
    }),
    ("receipts that name something stay", |bed| {
        Box::pin(receipts_that_name_something_stay(bed))
    }),
    ("dead letters come newest first", |bed| {
        Box::pin(dead_letters_come_newest_first(bed))
    }),
    ("timers are set and cleared", |bed| {
        Box::pin(timers_are_set_and_cleared(bed))
    }),
    ("a start finds what it needs", |bed| {
        Box::pin(a_start_finds_what_it_needs(bed))
    }),
];

async fn a_row_is_read_as_it_was_written(bed: &mut dyn Bed) {
    let batch = Changes {
        deliveries: vec![row(1, desk(1, 1)), row(1, chat(1, 7))],
        ..opening(1, at(3))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let rows = rows(bed, &[desk(1, 1), chat(1, 7), chat(1, 8), bot(1, 7)]).await;
    let plain = |id, payload, hook_address: &str| WaitingRow {
        id,
        payload,
        conversation: key(1),
        hook_address: HookAddress::new(hook_address),
        attempts: 0,
        created_at: at(3),
        maybe_sent: false,
        started: false,
    };
    let of_desk = plain(
        desk(1, 1),
        Payload::Desk(DeskPayload::End),
        "https://bot.example/hooks/word",
    );
    assert_eq!(rows, [of_desk, plain(chat(1, 7), message("number 7"), "")]);

    let again = Changes {
        deliveries: vec![row(1, chat(1, 8)), row(1, chat(1, 7))],
        ..changes(at(4))
    };
    let refused = bed.backend().commit(&again).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    assert_eq!(
        self::rows(bed, &[chat(1, 8)]).await,
        [],
        "a refused batch leaves nothing"
    );
}

async fn lanes_keep_their_order(bed: &mut dyn Bed) {
    let batch = Changes {
        conversations: vec![conversation(1), conversation(2)],
        deliveries: [10, 2, 1, 300]
            .map(|seq| row(1, chat(1, seq)))
            .into_iter()
            .chain([row(2, chat(2, 1)), row(1, bot(1, 1))])
            .collect(),
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let wanted = WantedMore {
        lanes: vec![chat(1, 0).lane, chat(2, 0).lane, desk(1, 0).lane],
        ..WantedMore::default()
    };
    let lanes = bed.backend().load_more(&wanted).await.expect("it is read").lanes;
    let seqs = |lane: Lane| lanes[&lane].iter().map(|row| row.id.seq).collect::<Vec<_>>();
    assert_eq!(seqs(chat(1, 0).lane), [1, 2, 10, 300]);
    assert_eq!(seqs(chat(2, 0).lane), [1]);
    assert!(lanes[&desk(1, 0).lane].is_empty());
    assert_eq!(lanes.len(), 3);
}

async fn rows_change_as_attempts_end(bed: &mut dyn Bed) {
    let ids: Vec<DeliveryId> = (1..=5).map(|seq| chat(1, seq)).collect();
    write_rows(bed, &ids).await;
    let retry = |due, maybe_sent| RowChange::Retry { due, maybe_sent };
    settle(
        bed,
        at(1),
        vec![
            (ids[0], RowChange::Delivered(Receipt::None)),
            (ids[1], RowChange::TakenBack),
            (
                ids[2],
                RowChange::Dead {
                    detail: "blocked".to_owned(),
                    maybe_sent: false,
                },
            ),
            (ids[3], retry(at(500), true)),
            (ids[4], RowChange::Started),
        ],
    )
    .await;
    bed.reopen().await;
    // What was once unknown stays so; an attempt that began is over when it is tried again.
    settle(
        bed,
        at(2),
        vec![(ids[3], retry(at(900), false)), (ids[4], retry(at(700), false))],
    )
    .await;
    let rows = rows(bed, &ids).await;
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.attempts, row.maybe_sent, row.started))
        .collect();
    assert_eq!(seen, [(ids[3], 2, true, false), (ids[4], 1, false, false)]);
    assert_eq!(waiting(bed).await, [(ids[3], at(900)), (ids[4], at(700))]);
    assert_eq!(dead(bed).await, [(ids[2], "blocked".to_owned(), at(1))]);
}

async fn made_and_taken_back_in_one_batch(bed: &mut dyn Bed) {
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: (1..=4).map(|seq| row(1, chat(1, seq))).collect(),
        settled: vec![
            (chat(1, 1), RowChange::TakenBack),
            (
                chat(1, 2),
                RowChange::Dead {
                    detail: "too late".to_owned(),
                    maybe_sent: false,
                },
            ),
            (chat(1, 3), RowChange::Started),
        ],
        timers_set: vec![(session_id(1), TimerKind::Opening, at(9))],
        timers_cleared: vec![(session_id(1), TimerKind::Opening)],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let recovered = bed.backend().recover(at(0)).await.expect("it is read");
    assert!(recovered.timers.is_empty());
    assert_eq!(waiting(bed).await, [(chat(1, 3), at(0)), (chat(1, 4), at(0))]);
    assert_eq!(dead(bed).await, [(chat(1, 2), "too late".to_owned(), at(0))]);
    assert!(rows(bed, &[chat(1, 3)]).await[0].started);
}

async fn what_is_gone_or_dead_stays_so(bed: &mut dyn Bed) {
    write_rows(bed, &[chat(1, 1), chat(1, 2), chat(1, 3)]).await;
    let retry = || RowChange::Retry {
        due: at(50),
        maybe_sent: true,
    };
    let dies = || RowChange::Dead {
        detail: "first".to_owned(),
        maybe_sent: false,
    };
    settle(
        bed,
        at(1),
        vec![
            (chat(1, 1), retry()),
            (chat(1, 1), RowChange::TakenBack),
            (chat(1, 1), retry()),
            (chat(1, 2), dies()),
            (chat(1, 2), RowChange::TakenBack),
            (chat(1, 3), RowChange::TakenBack),
            (chat(1, 3), dies()),
        ],
    )
    .await;
    bed.reopen().await;
    let later = RowChange::Dead {
        detail: "second".to_owned(),
        maybe_sent: false,
    };
    settle(
        bed,
        at(2),
        vec![
            (chat(1, 1), RowChange::Started),
            (chat(1, 2), RowChange::Delivered(Receipt::None)),
            (chat(1, 2), later),
            (chat(9, 9), retry()),
        ],
    )
    .await;
    assert_eq!(waiting(bed).await, []);
    assert_eq!(dead(bed).await, [(chat(1, 2), "first".to_owned(), at(1))]);
}

async fn receipts_that_name_something_stay(bed: &mut dyn Bed) {
    let ids = [desk(1, 1), desk(1, 2), chat(1, 1), chat(1, 2), bot(1, 1)];
    let batch = Changes {
        deliveries: ids.map(|id| row(1, id)).to_vec(),
        ..opening(1, at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let message = Receipt::Message { id: "77".to_owned() };
    let ticket = Receipt::Ticket {
        ticket: Some("5".to_owned()),
        message: None,
    };
    // The one that is not there was taken back while it was under way.
    settle(
        bed,
        at(1),
        vec![
            (
                desk(1, 1),
                RowChange::Delivered(Receipt::Availability(Availability::default())),
            ),
            (desk(1, 2), RowChange::Delivered(ticket.clone())),
            (chat(1, 1), RowChange::Delivered(message.clone())),
            (chat(1, 2), RowChange::Delivered(Receipt::None)),
            (bot(1, 1), RowChange::Delivered(message.clone())),
            (chat(1, 9), RowChange::Delivered(message.clone())),
        ],
    )
    .await;
    bed.reopen().await;
    for (id, receipt) in [
        (desk(1, 1), None),
        (desk(1, 2), Some(ticket)),
        (chat(1, 1), Some(message.clone())),
        (chat(1, 2), None),
        (bot(1, 1), None),
        (chat(1, 9), Some(message)),
    ] {
        assert_eq!(bed.receipt(id).await, receipt, "{id}");
    }
    assert_eq!(waiting(bed).await, []);
}

async fn dead_letters_come_newest_first(bed: &mut dyn Bed) {
    write_rows(bed, &[chat(1, 1), chat(1, 2)]).await;
    let dies = |detail: &str| RowChange::Dead {
        detail: detail.to_owned(),
        maybe_sent: false,
    };
    settle(bed, at(9), vec![(chat(1, 1), dies("b"))]).await;
    settle(bed, at(5), vec![(chat(1, 2), dies("a"))]).await;
    let born_dead = NewRow {
        dead: Some("c".to_owned()),
        ..row(1, chat(1, 3))
    };
    let batch = Changes {
        deliveries: vec![born_dead],
        ..changes(at(20))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let letters = bed
        .backend()
        .dead_letters(&LettersOf::default(), 2)
        .await
        .expect("they are read");
    let seen: Vec<_> = letters
        .iter()
        .map(|letter| (letter.id, letter.detail.as_str(), letter.at))
        .collect();
    assert_eq!(seen, [(chat(1, 3), "c", at(20)), (chat(1, 1), "b", at(9))]);
    assert_eq!(
        (&letters[0].payload, &letters[0].conversation),
        (&message("number 3"), &key(1))
    );
    assert_eq!(dead(bed).await.len(), 3);
    assert_eq!(rows(bed, &[chat(1, 3)]).await, [], "a dead letter waits for nothing");
}

async fn timers_are_set_and_cleared(bed: &mut dyn Bed) {
    let kind = TimerKind::Opening;
    let batch = Changes {
        timers_set: vec![
            (session_id(1), kind, at(1)),
            (session_id(2), kind, at(2)),
            (session_id(3), kind, at(3)),
        ],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let batch = Changes {
        timers_set: vec![(session_id(2), kind, at(20))],
        timers_cleared: vec![(session_id(1), kind), (session_id(9), kind)],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let mut timers = bed.backend().recover(at(0)).await.expect("it is read").timers;
    timers.sort();
    assert_eq!(timers, [(session_id(2), kind, at(20)), (session_id(3), kind, at(3))]);
}

async fn a_start_finds_what_it_needs(bed: &mut dyn Bed) {
    let batch = Changes {
        conversations: vec![conversation(1), escalated(2), ended(3, at(100)), ended(4, at(99))],
        deliveries: vec![
            row(2, desk(2, 1)),
            row(1, chat(1, 2)),
            row(1, bot(1, 3)),
            NewRow {
                dead: Some("too late".to_owned()),
                ..row(1, chat(1, 4))
            },
        ],
        ..changes(at(100))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let mut recovered = bed.backend().recover(at(100)).await.expect("it is read");
    recovered.conversations.sort_by_key(|conversation| conversation.id);
    assert_eq!(recovered.conversations, [escalated(2), ended(3, at(100))]);
    let mark = |id, door| WaitingMark { id, door, due: at(100) };
    recovered.waiting.sort_by_key(|mark| mark.id);
    assert_eq!(
        recovered.waiting,
        [
            mark(desk(2, 1), Door::Desk),
            mark(chat(1, 2), Door::Channel(ChannelId::new("telegram"))),
            mark(bot(1, 3), Door::Bot),
        ]
    );
}

async fn write_rows(bed: &dyn Bed, ids: &[DeliveryId]) {
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: ids.iter().map(|id| row(1, *id)).collect(),
        ..changes(at(0))
    };
    assert!(
        batch
            .deliveries
            .iter()
            .all(|row| row.conversation == conversation_id(1))
    );
    bed.backend().commit(&batch).await.expect("it is written");
}

async fn settle(bed: &dyn Bed, now: Timestamp, settled: Vec<(DeliveryId, RowChange)>) {
    let batch = Changes {
        settled,
        ..changes(now)
    };
    bed.backend().commit(&batch).await.expect("it is written");
}

async fn rows(bed: &dyn Bed, ids: &[DeliveryId]) -> Vec<WaitingRow> {
    let mut rows = bed.backend().rows(ids).await.expect("they are read");
    rows.sort_by_key(|row| row.id);
    rows
}

async fn waiting(bed: &dyn Bed) -> Vec<(DeliveryId, Timestamp)> {
    let recovered = bed.backend().recover(at(0)).await.expect("it is read");
    let mut marks: Vec<_> = recovered.waiting.iter().map(|mark| (mark.id, mark.due)).collect();
    marks.sort();
    marks
}

async fn dead(bed: &dyn Bed) -> Vec<(DeliveryId, String, Timestamp)> {
    let letters = bed
        .backend()
        .dead_letters(&LettersOf::default(), 100)
        .await
        .expect("they are read");
    letters
        .into_iter()
        .map(|letter| (letter.id, letter.detail, letter.at))
        .collect()
}
