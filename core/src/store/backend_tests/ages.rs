//! What is removed as too old, and what is not.

use std::time::Duration;

use bytes::Bytes;

use super::{
    Bed, Case,
    samples::{
        DAY_MS, at, blob_id, changes, chat, conversation, conversation_id, ended, escalated, file, key, opening, row,
        session_id,
    },
};
use crate::{
    delivery::Receipt,
    model::{EventKey, HookAddress, Line, Timestamp},
    store::{
        AgeOut, LettersOf,
        backend::{Changes, NewRow, RowChange, Wanted},
    },
};

pub(super) const CASES: [(&str, Case); 6] = [
    ("old keys go, and young ones stay", |bed| {
        Box::pin(old_keys_go_and_young_ones_stay(bed))
    }),
    ("a step is small", |bed| Box::pin(a_step_is_small(bed))),
    ("history goes as a whole", |bed| Box::pin(history_goes_as_a_whole(bed))),
    ("what stands or waits is kept", |bed| {
        Box::pin(what_stands_or_waits_is_kept(bed))
    }),
    ("what is known by heart is kept", |bed| {
        Box::pin(what_is_known_by_heart_is_kept(bed))
    }),
    ("files that nobody needs go", |bed| {
        Box::pin(files_that_nobody_needs_go(bed))
    }),
];

async fn old_keys_go_and_young_ones_stay(bed: &mut dyn Bed) {
    accept(bed, at(0), &["a", "b"]).await;
    accept(bed, at(10), &["c"]).await;
    bed.reopen().await;
    // To the millisecond: as old as the limit is not older than it.
    assert_eq!(age_out(bed, at(2 * DAY_MS), AgeOut::default()).await, 0);
    assert_eq!(age_out(bed, at(2 * DAY_MS + 10), AgeOut::default()).await, 2);
    assert_eq!(known(bed, &["a", "b", "c"]).await, [EventKey::new("c")]);
}

async fn a_step_is_small(bed: &mut dyn Bed) {
    accept(bed, at(0), &["a", "b", "c", "d", "e"]).await;
    let pieces = (0..3).map(|piece| (blob_id(1), piece, Bytes::from_static(b"x")));
    let batch = Changes {
        blob_pieces: pieces.collect(),
        blobs: vec![(blob_id(1), 3)],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let step = AgeOut {
        rows_max: 2,
        ..AgeOut::default()
    };
    // Two keys and two pieces; two keys, the last piece, and the file; the last key.
    let mut removed = Vec::new();
    for _ in 0..4 {
        removed.push(age_out(bed, at(3 * DAY_MS), step).await);
        bed.reopen().await;
        let bytes = bed.backend().blob_bytes(blob_id(1)).await.expect("it is read");
        assert_eq!(bytes, None, "a file that lost a piece is none");
    }
    assert_eq!(removed, [4, 4, 1, 0]);
}

async fn history_goes_as_a_whole(bed: &mut dyn Bed) {
    let born_dead = NewRow {
        dead: Some("too late".to_owned()),
        ..row(1, chat(1, 2))
    };
    let batch = Changes {
        deliveries: vec![row(1, chat(1, 1)), born_dead],
        settled: vec![(
            chat(1, 1),
            RowChange::Delivered(Receipt::Message { id: "7".to_owned() }),
        )],
        lines: vec![(conversation_id(1), Some(session_id(1)), Line::customer(at(0), "hello"))],
        ..opening(1, at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let end = Changes {
        conversations: vec![ended(1, at(DAY_MS))],
        ..changes(at(DAY_MS))
    };
    bed.backend().commit(&end).await.expect("it is written");
    bed.reopen().await;

    // A line, a receipt, a dead letter. The session and its conversation ended a day later.
    assert_eq!(age_out(bed, at(90 * DAY_MS + 1), AgeOut::default()).await, 3);
    assert_eq!(bed.receipt(chat(1, 1)).await, None);
    assert!(
        bed.backend()
            .transcript(session_id(1))
            .await
            .expect("it is read")
            .is_empty()
    );
    assert!(
        bed.backend()
            .dead_letters(&LettersOf::default(), 9)
            .await
            .expect("they are read")
            .is_empty()
    );
    let wanted = Wanted {
        keys: vec![key(1)],
        sessions: vec![session_id(1)],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!((loaded.conversations.len(), loaded.sessions.len()), (1, 1));

    assert_eq!(age_out(bed, at(91 * DAY_MS + 1), AgeOut::default()).await, 2);
    bed.reopen().await;
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert!(loaded.conversations.is_empty() && loaded.sessions.is_empty());
}

async fn what_stands_or_waits_is_kept(bed: &mut dyn Bed) {
    // One that stands; one that is over with a row that waits; one that a line was said in since; one that nobody needs.
    bed.backend().commit(&opening(1, at(0))).await.expect("it is written");
    let batch = Changes {
        conversations: vec![ended(2, at(0)), conversation(3), conversation(4)],
        sessions: vec![(session_id(2), conversation_id(2), HookAddress::default())],
        deliveries: vec![row(2, super::samples::desk(2, 1))],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let said = Changes {
        lines: vec![(conversation_id(3), None, Line::bot(at(0), "hi"))],
        ..changes(at(50 * DAY_MS))
    };
    bed.backend().commit(&said).await.expect("it is written");
    bed.reopen().await;
    assert_eq!(age_out(bed, at(100 * DAY_MS), AgeOut::default()).await, 1);
    let wanted = Wanted {
        conversations: (1..=4).map(conversation_id).collect(),
        sessions: vec![session_id(1), session_id(2)],
        ..Wanted::default()
    };
    let mut loaded = bed.backend().load(&wanted).await.expect("it is read");
    loaded.conversations.sort_by_key(|conversation| conversation.id);
    assert_eq!(loaded.conversations, [escalated(1), ended(2, at(0)), conversation(3)]);
    assert_eq!(loaded.sessions.len(), 2);
}

async fn what_is_known_by_heart_is_kept(bed: &mut dyn Bed) {
    bed.backend().commit(&opening(1, at(0))).await.expect("it is written");
    let end = Changes {
        conversations: vec![ended(1, at(1))],
        ..changes(at(1))
    };
    bed.backend().commit(&end).await.expect("it is written");
    let none = AgeOut {
        history_for: Duration::ZERO,
        ..AgeOut::default()
    };
    assert_eq!(age_out(bed, at(DAY_MS), none).await, 0);
    assert_eq!(age_out(bed, at(3 * DAY_MS), none).await, 2);
}

async fn files_that_nobody_needs_go(bed: &mut dyn Bed) {
    let with_file = |seq, n| NewRow {
        payload: file(blob_id(n)),
        ..row(1, chat(1, seq))
    };
    let piece = |n| (blob_id(n), 0, Bytes::from_static(b"abc"));
    // 1 waits, 2 is a dead letter, 3 was delivered, 4 has no row, 5 is not whole, 6 is not whole and still comes in.
    let batch = Changes {
        conversations: vec![conversation(1)],
        deliveries: vec![with_file(1, 1), with_file(2, 2), with_file(3, 3)],
        settled: vec![
            (
                chat(1, 2),
                RowChange::Dead {
                    detail: "blocked".to_owned(),
                    maybe_sent: false,
                },
            ),
            (chat(1, 3), RowChange::Delivered(Receipt::None)),
        ],
        blob_pieces: (1..=6).map(piece).collect(),
        blobs: (1..=4).map(|n| (blob_id(n), 3)).collect(),
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let more = Changes {
        blob_pieces: vec![(blob_id(6), 1, Bytes::from_static(b"de"))],
        ..changes(at(DAY_MS))
    };
    bed.backend().commit(&more).await.expect("it is written");
    bed.reopen().await;
    let hour = Duration::from_hours(1);
    assert_eq!(age_out(bed, at(0) + hour, AgeOut::default()).await, 0);
    // Three files of one piece each.
    assert_eq!(age_out(bed, at(DAY_MS) + hour, AgeOut::default()).await, 6);
    let end = Changes {
        blobs: vec![(blob_id(6), 5)],
        ..changes(at(DAY_MS) + hour)
    };
    bed.backend().commit(&end).await.expect("it is written");
    for (n, bytes) in [
        (1, Some(3)),
        (2, Some(3)),
        (3, None),
        (4, None),
        (5, None),
        (6, Some(5)),
    ] {
        assert_eq!(
            bed.backend().blob_bytes(blob_id(n)).await.expect("it is read"),
            bytes,
            "{n}"
        );
    }
}

async fn accept(bed: &dyn Bed, now: Timestamp, keys: &[&str]) {
    let batch = Changes {
        inbox: keys.iter().map(|key| EventKey::new(*key)).collect(),
        ..changes(now)
    };
    bed.backend().commit(&batch).await.expect("it is written");
}

async fn known(bed: &dyn Bed, keys: &[&str]) -> Vec<EventKey> {
    let wanted = Wanted {
        inbox: keys.iter().map(|key| EventKey::new(*key)).collect(),
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    loaded.inbox.into_iter().collect()
}

async fn age_out(bed: &dyn Bed, now: Timestamp, what: AgeOut) -> u64 {
    bed.backend().age_out(now, &what).await.expect("it is removed")
}
