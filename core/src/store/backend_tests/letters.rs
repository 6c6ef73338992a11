//! Dead letters that are looked for, sent again or dropped, and what a person sees of sessions and queues.

use bytes::Bytes;

use super::{
    Bed, Case,
    samples::{
        DAY_MS, at, blob_id, bot, changes, chat, conversation, desk, ended, escalated, file, key, opening, row,
        session_id,
    },
};
use crate::{
    delivery::{DeliveryId, Door},
    model::{ChannelId, ConversationKey, Timestamp},
    session::Conversation,
    store::{
        AgeOut, LettersOf,
        backend::{Changes, DoorRows, NewRow, RowChange},
    },
};

pub(super) const CASES: [(&str, Case); 6] = [
    ("a dead letter is read alone and whole", |bed| {
        Box::pin(a_dead_letter_is_read_alone_and_whole(bed))
    }),
    ("dead letters are found by channel and by lane", |bed| {
        Box::pin(dead_letters_are_found_by_channel_and_by_lane(bed))
    }),
    ("a dead letter that is sent again is as good as new", |bed| {
        Box::pin(a_dead_letter_that_is_sent_again_is_as_good_as_new(bed))
    }),
    ("a dead letter that is dropped goes with its file", |bed| {
        Box::pin(a_dead_letter_that_is_dropped_goes_with_its_file(bed))
    }),
    ("sessions that stand come first", |bed| {
        Box::pin(sessions_that_stand_come_first(bed))
    }),
    ("rows are counted at each door", |bed| {
        Box::pin(rows_are_counted_at_each_door(bed))
    }),
];

async fn a_dead_letter_is_read_alone_and_whole(bed: &mut dyn Bed) {
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: vec![row(1, chat(1, 1)), row(1, chat(1, 2)), row(1, chat(1, 3))],
        ..changes(at(3))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let retry = RowChange::Retry {
        due: at(5),
        maybe_sent: true,
    };
    settle(bed, at(4), vec![(chat(1, 1), retry), (chat(1, 1), dies("blocked"))]).await;
    bed.reopen().await;
    let letter = bed.backend().dead_letter(chat(1, 1)).await.expect("it is read");
    let letter = letter.expect("it is there");
    assert_eq!((letter.id, &letter.conversation), (chat(1, 1), &key(1)));
    assert_eq!((letter.detail.as_str(), letter.at), ("blocked", at(4)));
    assert_eq!((letter.created_at, letter.retries, letter.maybe_sent), (at(3), 1, true));
    let in_doubt = RowChange::Dead {
        detail: "no answer came".to_owned(),
        maybe_sent: true,
    };
    settle(bed, at(6), vec![(chat(1, 3), in_doubt)]).await;
    let letter = bed.backend().dead_letter(chat(1, 3)).await.expect("it is read");
    let letter = letter.expect("it is there");
    assert_eq!(
        (letter.retries, letter.maybe_sent),
        (0, true),
        "its only attempt may have arrived"
    );
    for none in [chat(1, 2), chat(1, 9), bot(1, 1)] {
        let found = bed.backend().dead_letter(none).await.expect("it is read");
        assert_eq!(found, None, "{none}");
    }
}

async fn dead_letters_are_found_by_channel_and_by_lane(bed: &mut dyn Bed) {
    let elsewhere = Conversation {
        key: ConversationKey {
            channel: ChannelId::new("discord"),
            ..key(2)
        },
        ..conversation(2)
    };
    let dead = |n, id| NewRow {
        dead: Some("late".to_owned()),
        ..row(n, id)
    };
    let batch = Changes {
        conversations: vec![elsewhere],
        deliveries: vec![
            dead(1, desk(1, 1)),
            dead(1, chat(1, 1)),
            dead(1, chat(1, 2)),
            dead(2, chat(2, 1)),
        ],
        ..opening(1, at(0))
    };
    let batch = Changes {
        conversations: opening(1, at(0))
            .conversations
            .into_iter()
            .chain(batch.conversations)
            .collect(),
        ..batch
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let of = |channel: Option<&str>, lane: Option<DeliveryId>| LettersOf {
        channel: channel.map(ChannelId::new),
        lane: lane.map(|id| id.lane),
    };
    for (of, max, expected) in [
        (of(None, None), 9, vec![chat(2, 1), chat(1, 2), chat(1, 1), desk(1, 1)]),
        (of(Some("telegram"), None), 9, vec![chat(1, 2), chat(1, 1), desk(1, 1)]),
        (of(Some("discord"), None), 9, vec![chat(2, 1)]),
        (of(None, Some(chat(1, 0))), 9, vec![chat(1, 2), chat(1, 1)]),
        (of(None, Some(chat(1, 0))), 1, vec![chat(1, 2)]),
        (of(None, Some(desk(1, 0))), 9, vec![desk(1, 1)]),
        (of(Some("discord"), Some(chat(1, 0))), 9, vec![]),
        (of(Some("terminal"), None), 9, vec![]),
    ] {
        let letters = bed.backend().dead_letters(&of, max).await.expect("they are read");
        let found: Vec<DeliveryId> = letters.into_iter().map(|letter| letter.id).collect();
        assert_eq!(found, expected, "{of:?}");
    }
}

async fn a_dead_letter_that_is_sent_again_is_as_good_as_new(bed: &mut dyn Bed) {
    let ids = [chat(1, 1), chat(1, 2), chat(1, 3)];
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: ids.map(|id| row(1, id)).to_vec(),
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let retry = |due| RowChange::Retry { due, maybe_sent: true };
    let ends = vec![
        (ids[0], retry(at(5))),
        (ids[0], RowChange::Started),
        (ids[0], dies("blocked")),
        (ids[1], retry(at(700))),
        (ids[2], RowChange::TakenBack),
    ];
    settle(bed, at(1), ends).await;
    bed.reopen().await;
    // One that waits and one that is gone stay as they are.
    let again = Changes {
        redriven: ids.to_vec(),
        ..changes(at(50))
    };
    bed.backend().commit(&again).await.expect("it is written");
    bed.reopen().await;
    let mut rows = bed.backend().rows(&ids).await.expect("they are read");
    rows.sort_by_key(|row| row.id);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.id, row.attempts, row.created_at, row.maybe_sent, row.started))
        .collect();
    assert_eq!(
        seen,
        [(ids[0], 0, at(50), true, false), (ids[1], 1, at(0), true, false)]
    );
    let mut waiting = bed.backend().recover(at(0)).await.expect("it is read").waiting;
    waiting.sort_by_key(|mark| mark.id);
    let due: Vec<_> = waiting.iter().map(|mark| (mark.id, mark.due)).collect();
    assert_eq!(due, [(ids[0], at(50)), (ids[1], at(700))]);
    assert_eq!(bed.backend().dead_letter(ids[0]).await.expect("it is read"), None);

    // Sent again and taken back in one batch, it is gone.
    settle(bed, at(60), vec![(ids[0], dies("blocked"))]).await;
    let both = Changes {
        redriven: vec![ids[0]],
        settled: vec![(ids[0], RowChange::TakenBack)],
        ..changes(at(61))
    };
    bed.backend().commit(&both).await.expect("it is written");
    assert_eq!(bed.backend().rows(&ids[..1]).await.expect("it is read"), []);
    assert_eq!(bed.backend().dead_letter(ids[0]).await.expect("it is read"), None);
}

async fn a_dead_letter_that_is_dropped_goes_with_its_file(bed: &mut dyn Bed) {
    let with_file = NewRow {
        payload: file(blob_id(1)),
        dead: Some("late".to_owned()),
        ..row(1, chat(1, 1))
    };
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: vec![with_file, row(1, chat(1, 2))],
        blob_pieces: vec![(blob_id(1), 0, Bytes::from_static(b"abc"))],
        blobs: vec![(blob_id(1), 3)],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let blob = async |bed: &dyn Bed| bed.backend().blob_bytes(blob_id(1)).await.expect("it is read");
    let sweep = async |bed: &dyn Bed| {
        let removed = bed.backend().age_out(at(DAY_MS), &AgeOut::default()).await;
        removed.expect("it is removed");
    };
    sweep(bed).await;
    assert_eq!(blob(bed).await, Some(3), "a dead letter can still be sent again");
    // A row that waits is no dead letter, and stays.
    let drop = Changes {
        dropped: vec![chat(1, 1), chat(1, 2), chat(1, 9)],
        ..changes(at(1))
    };
    bed.backend().commit(&drop).await.expect("it is written");
    bed.reopen().await;
    assert_eq!(bed.backend().dead_letter(chat(1, 1)).await.expect("it is read"), None);
    let rows = bed
        .backend()
        .rows(&[chat(1, 1), chat(1, 2)])
        .await
        .expect("they are read");
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [chat(1, 2)]);
    sweep(bed).await;
    assert_eq!(blob(bed).await, None);
}

async fn sessions_that_stand_come_first(bed: &mut dyn Bed) {
    let batch = Changes {
        conversations: vec![
            escalated(1),
            ended(2, at(100)),
            escalated(3),
            ended(4, at(200)),
            ended(5, at(99)),
            conversation(6),
        ],
        ..changes(at(200))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let read = async |bed: &dyn Bed, max| {
        let found = bed.backend().escalated(at(100), max).await;
        found.expect("they are read")
    };
    let all = [escalated(3), escalated(1), ended(4, at(200)), ended(2, at(100))];
    assert_eq!(read(bed, 9).await, all);
    assert_eq!(read(bed, 3).await, all[..3]);
    assert_eq!(read(bed, 1).await, all[..1]);
    let newest = all[0].session().map(|session| session.id);
    assert_eq!(newest, Some(session_id(3)));
}

async fn rows_are_counted_at_each_door(bed: &mut dyn Bed) {
    assert_eq!(bed.backend().rows_at_doors().await.expect("they are read"), []);
    let dead = NewRow {
        dead: Some("late".to_owned()),
        ..row(1, chat(1, 9))
    };
    let first = Changes {
        deliveries: vec![row(1, desk(1, 1)), dead],
        ..opening(1, at(5))
    };
    bed.backend().commit(&first).await.expect("it is written");
    let second = Changes {
        deliveries: vec![row(1, desk(1, 2)), row(1, chat(1, 10)), row(1, chat(1, 11))],
        ..changes(at(7))
    };
    bed.backend().commit(&second).await.expect("it is written");
    settle(bed, at(8), vec![(chat(1, 11), dies("blocked"))]).await;
    bed.reopen().await;
    let mut doors = bed.backend().rows_at_doors().await.expect("they are read");
    doors.sort();
    let rows = |door, waiting, oldest: Timestamp, dead| DoorRows {
        door,
        waiting,
        oldest: Some(oldest),
        dead,
    };
    let telegram = Door::Channel(ChannelId::new("telegram"));
    assert_eq!(doors, [rows(Door::Desk, 2, at(5), 0), rows(telegram, 1, at(7), 2)]);
}

fn dies(detail: &str) -> RowChange {
    RowChange::Dead {
        detail: detail.to_owned(),
        maybe_sent: false,
    }
}

async fn settle(bed: &dyn Bed, now: Timestamp, settled: Vec<(DeliveryId, RowChange)>) {
    let batch = Changes {
        settled,
        ..changes(now)
    };
    bed.backend().commit(&batch).await.expect("it is written");
}
