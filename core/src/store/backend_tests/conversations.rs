//! Conversations, sessions, the inbox, transcripts, the secret.

use std::{collections::HashSet, slice};

use super::{
    Bed, Case,
    samples::{at, changes, conversation, conversation_id, ended, escalated, key, opening, session_id},
};
use crate::{
    model::{Address, EventKey, HookAddress, Line},
    session::Conversation,
    store::{
        StoreError,
        backend::{Changes, Wanted, WantedMore},
    },
};

pub(super) const CASES: [(&str, Case); 9] = [
    ("found by key, session and id", |bed| {
        Box::pin(found_by_key_session_and_id(bed))
    }),
    ("the newest state is kept", |bed| {
        Box::pin(the_newest_state_is_kept(bed))
    }),
    ("a key belongs to one conversation", |bed| {
        Box::pin(a_key_belongs_to_one_conversation(bed))
    }),
    ("an event is accepted once", |bed| {
        Box::pin(an_event_is_accepted_once(bed))
    }),
    ("a large batch is written whole", |bed| {
        Box::pin(a_large_batch_is_written_whole(bed))
    }),
    ("a changed body leaves the rest as it is", |bed| {
        Box::pin(a_changed_body_leaves_the_rest_as_it_is(bed))
    }),
    ("transcripts keep their order", |bed| {
        Box::pin(transcripts_keep_their_order(bed))
    }),
    ("lines need their conversation", |bed| {
        Box::pin(lines_need_their_conversation(bed))
    }),
    ("the first secret stays", |bed| Box::pin(the_first_secret_stays(bed))),
];

async fn found_by_key_session_and_id(bed: &mut dyn Bed) {
    for n in 1..=3 {
        bed.backend().commit(&opening(n, at(0))).await.expect("it is written");
    }
    bed.reopen().await;
    let wanted = Wanted {
        keys: vec![key(1), key(9)],
        sessions: vec![session_id(2), session_id(9)],
        // Twice the same by two ways.
        conversations: vec![conversation_id(3), conversation_id(1), conversation_id(9)],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!(sorted(loaded.conversations), [escalated(1), escalated(2), escalated(3)]);
    assert_eq!(
        loaded.sessions.into_iter().collect::<Vec<_>>(),
        [(session_id(2), conversation_id(2))]
    );
    let nothing = bed.backend().load(&Wanted::default()).await.expect("it is read");
    assert!(nothing.conversations.is_empty() && nothing.sessions.is_empty() && nothing.inbox.is_empty());
}

async fn the_newest_state_is_kept(bed: &mut dyn Bed) {
    bed.backend().commit(&opening(1, at(0))).await.expect("it is written");
    let mut moved = ended(1, at(5));
    moved.key.address = Address::new("elsewhere");
    let change = Changes {
        conversations: vec![moved.clone()],
        ..changes(at(5))
    };
    bed.backend().commit(&change).await.expect("it is written");
    bed.reopen().await;
    let wanted = Wanted {
        keys: vec![key(1), moved.key.clone()],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!(loaded.conversations, [moved]);
}

async fn a_key_belongs_to_one_conversation(bed: &mut dyn Bed) {
    let first = Changes {
        conversations: vec![conversation(1)],
        ..changes(at(0))
    };
    bed.backend().commit(&first).await.expect("it is written");
    let double = Conversation {
        key: key(1),
        ..conversation(2)
    };
    let second = Changes {
        inbox: vec![EventKey::new("e")],
        conversations: vec![double],
        ..changes(at(1))
    };
    assert_invalid(&bed.backend().commit(&second).await);
    let wanted = Wanted {
        conversations: vec![conversation_id(2)],
        inbox: vec![EventKey::new("e")],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert!(
        loaded.conversations.is_empty() && loaded.inbox.is_empty(),
        "a refused batch leaves nothing"
    );
}

async fn an_event_is_accepted_once(bed: &mut dyn Bed) {
    let keys = ["telegram/1", "", "with \0 and \u{1f600} and 'quotes'"].map(EventKey::new);
    let accept = Changes {
        inbox: keys.to_vec(),
        ..changes(at(0))
    };
    bed.backend().commit(&accept).await.expect("it is written");
    bed.reopen().await;
    let wanted = Wanted {
        inbox: keys.iter().cloned().chain([EventKey::new("other")]).collect(),
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!(loaded.inbox, HashSet::from(keys.clone()));
    for inbox in [vec![keys[0].clone()], vec![EventKey::new("a"), EventKey::new("a")]] {
        let again = Changes {
            inbox,
            ..changes(at(1))
        };
        assert_invalid(&bed.backend().commit(&again).await);
    }
}

/// More than one statement holds, and no power of two.
async fn a_large_batch_is_written_whole(bed: &mut dyn Bed) {
    let numbers: Vec<u128> = (1..=301).collect();
    let batch = Changes {
        inbox: numbers.iter().map(|n| EventKey::new(format!("e{n}"))).collect(),
        conversations: numbers.iter().map(|n| conversation(*n)).collect(),
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let wanted = Wanted {
        keys: numbers.iter().map(|n| key(*n)).collect(),
        inbox: batch.inbox.clone(),
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!(sorted(loaded.conversations), batch.conversations);
    assert_eq!(loaded.inbox.len(), 301);
}

async fn a_changed_body_leaves_the_rest_as_it_is(bed: &mut dyn Bed) {
    bed.backend().commit(&opening(1, at(0))).await.expect("it is written");
    let changed = Conversation {
        chat_seq: 7,
        ..escalated(1)
    };
    let batch = Changes {
        bodies: vec![changed.clone(), conversation(9)],
        ..changes(at(1))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let wanted = Wanted {
        keys: vec![key(1), key(9)],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert_eq!(loaded.conversations, slice::from_ref(&changed), "none is made that way");
    let recovered = bed.backend().recover(at(0)).await.expect("it is read");
    assert_eq!(recovered.conversations, [changed]);
}

async fn transcripts_keep_their_order(bed: &mut dyn Bed) {
    let line = |text: &str| Line::customer(at(0), text);
    let (one, two) = (conversation_id(1), conversation_id(2));
    let batch = Changes {
        conversations: vec![conversation(1), conversation(2)],
        sessions: vec![
            (session_id(1), one, HookAddress::default()),
            (session_id(2), two, HookAddress::default()),
        ],
        lines: vec![
            (one, None, line("a")),
            (two, Some(session_id(2)), line("x")),
            (one, Some(session_id(1)), line("b")),
        ],
        ..changes(at(0))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    bed.reopen().await;
    let batch = Changes {
        lines: vec![(one, Some(session_id(1)), line("c")), (one, None, line("d"))],
        ..changes(at(1))
    };
    bed.backend().commit(&batch).await.expect("it is written");
    let human = bed.backend().transcript(session_id(1)).await.expect("it is read");
    assert_eq!(human, [line("b"), line("c")]);
    let wanted = WantedMore {
        histories: vec![one, two, conversation_id(9)],
        lines_max: 3,
        ..WantedMore::default()
    };
    let histories = bed.backend().load_more(&wanted).await.expect("it is read").histories;
    assert_eq!(histories[&one], [line("b"), line("c"), line("d")]);
    assert_eq!(histories[&two], [line("x")]);
    assert_eq!(histories[&conversation_id(9)], []);
}

async fn lines_need_their_conversation(bed: &mut dyn Bed) {
    let batch = Changes {
        inbox: vec![EventKey::new("e")],
        lines: vec![(conversation_id(9), None, Line::bot(at(0), "hi"))],
        ..changes(at(0))
    };
    assert_invalid(&bed.backend().commit(&batch).await);
    let wanted = Wanted {
        inbox: vec![EventKey::new("e")],
        ..Wanted::default()
    };
    let loaded = bed.backend().load(&wanted).await.expect("it is read");
    assert!(loaded.inbox.is_empty(), "a refused batch leaves nothing");
}

async fn the_first_secret_stays(bed: &mut dyn Bed) {
    assert_eq!(bed.backend().secret().await.expect("it is read"), None);
    for secret in ["first", "second"] {
        let batch = Changes {
            secret: Some(secret.to_owned()),
            ..changes(at(0))
        };
        bed.backend().commit(&batch).await.expect("it is written");
        bed.reopen().await;
    }
    let kept = bed.backend().secret().await.expect("it is read");
    assert_eq!(kept.as_deref(), Some("first"));
}

fn sorted(mut conversations: Vec<Conversation>) -> Vec<Conversation> {
    conversations.sort_by_key(|conversation| conversation.id);
    conversations
}

fn assert_invalid(result: &Result<(), StoreError>) {
    assert!(matches!(result, Err(StoreError::Invalid { .. })), "{result:?}");
}
