//! Writing a batch: one statement a table, in the order of the fields of [`Changes`].

use sqlx::SqliteConnection;

use super::{
    columns::{delivery, door, key, number},
    settle::settle,
    statement::{Given, Value, change, insert, run},
};
use crate::{
    model::{BlobId, ConversationId, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        StoreError,
        backend::{Changes, NewRow},
        stored::encode,
    },
};

/// Writes a batch, within the transaction that stands.
pub(super) async fn write(db: &mut SqliteConnection, changes: &Changes) -> Result<(), StoreError> {
    let Changes {
        now,
        inbox,
        conversations,
        bodies,
        sessions,
        deliveries,
        settled,
        lines,
        timers_set,
        timers_cleared,
        blob_pieces,
        blobs,
        blobs_dropped,
        secret,
        released: _,
        news: _,
    } = changes;
    write_inbox(db, *now, inbox).await?;
    write_conversations(db, *now, conversations).await?;
    write_bodies(db, bodies).await?;
    write_sessions(db, *now, sessions).await?;
    end_sessions(db, conversations).await?;
    write_deliveries(db, *now, deliveries).await?;
    settle(db, *now, settled).await?;
    write_lines(db, *now, lines).await?;
    set_timers(db, timers_set).await?;
    clear_timers(db, timers_cleared).await?;
    write_pieces(db, *now, blob_pieces).await?;
    write_blobs(db, *now, blobs).await?;
    drop_blobs(db, blobs_dropped).await?;
    if let Some(secret) = secret {
        write_secret(db, secret).await?;
    }
    Ok(())
}

/// Writes as much as a small batch, and takes it away again, within the transaction that stands.
pub(super) async fn probe(db: &mut SqliteConnection) -> Result<(), StoreError> {
    run(
        db,
        "INSERT INTO meta (key, value) VALUES ('probe', hex(zeroblob(32768)))",
        [],
    )
    .await?;
    run(db, "DELETE FROM meta WHERE key = 'probe'", []).await?;
    Ok(())
}

async fn write_inbox(db: &mut SqliteConnection, now: Timestamp, keys: &[EventKey]) -> Result<(), StoreError> {
    let rows = keys.iter().map(|key| [key.as_str().into(), now.into()]);
    insert(db, "INSERT INTO inbox (key, at)", rows.collect(), "").await
}

async fn write_conversations(
    db: &mut SqliteConnection,
    now: Timestamp,
    conversations: &[Conversation],
) -> Result<(), StoreError> {
    let rows = conversations.iter().map(|conversation| {
        let [channel, address, customer] = key(&conversation.key);
        let session = conversation.session().map(|session| session.id);
        let ended_at = conversation.last.map(|last| last.at);
        [
            conversation.id.into(),
            channel,
            address,
            customer,
            session.into(),
            ended_at.into(),
            now.into(),
            encode(conversation).into(),
        ]
    });
    insert(
        db,
        "INSERT INTO conversations (id, channel, address, customer, session, ended_at, changed_at, body)",
        rows.collect(),
        "ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, address = excluded.address, \
         customer = excluded.customer, session = excluded.session, ended_at = excluded.ended_at, \
         changed_at = excluded.changed_at, body = excluded.body",
    )
    .await
}

/// What is not looked up by: most changes, and none of them touches an index.
async fn write_bodies(db: &mut SqliteConnection, conversations: &[Conversation]) -> Result<(), StoreError> {
    let given = Given {
        columns: "id, body",
        rows: conversations
            .iter()
            .map(|conversation| [conversation.id.into(), encode(conversation).into()])
            .collect(),
    };
    let sql = "UPDATE conversations SET body = given.body FROM given WHERE conversations.id = given.id";
    change(db, given, sql).await
}

async fn write_sessions(
    db: &mut SqliteConnection,
    now: Timestamp,
    sessions: &[(SessionId, ConversationId, HookAddress)],
) -> Result<(), StoreError> {
    let rows = sessions.iter().map(|(session, conversation, hook_address)| {
        [
            (*session).into(),
            (*conversation).into(),
            hook_address.as_str().into(),
            now.into(),
        ]
    });
    let head = "INSERT INTO sessions (id, conversation, hook_address, opened_at)";
    insert(db, head, rows.collect(), "").await
}

/// The end of a session stands in its conversation, where the next one overwrites it. Its row keeps it, for its age.
async fn end_sessions(db: &mut SqliteConnection, conversations: &[Conversation]) -> Result<(), StoreError> {
    let ended = conversations.iter().filter_map(|conversation| conversation.last);
    let given = Given {
        columns: "id, ended_at",
        rows: ended.map(|ended| [ended.session.into(), ended.at.into()]).collect(),
    };
    let sql = "UPDATE sessions SET ended_at = given.ended_at FROM given \
               WHERE sessions.id = given.id AND sessions.ended_at IS NULL";
    change(db, given, sql).await
}

async fn write_deliveries(db: &mut SqliteConnection, now: Timestamp, rows: &[NewRow]) -> Result<(), StoreError> {
    let row = |row: &NewRow| -> Result<[Value; 10], StoreError> {
        let [lane_kind, lane, seq] = delivery(row.id)?;
        Ok([
            lane_kind,
            lane,
            seq,
            door(&row.door),
            encode(&row.payload).into(),
            row.blob().into(),
            now.into(),
            now.into(),
            row.dead.as_ref().map(|_| now).into(),
            row.dead.clone().into(),
        ])
    };
    let rows = rows.iter().map(row).collect::<Result<_, _>>()?;
    let head = "INSERT INTO deliveries (lane_kind, lane, seq, door, payload, blob, due, created_at, dead_at, detail)";
    insert(db, head, rows, "").await
}

async fn write_lines(
    db: &mut SqliteConnection,
    now: Timestamp,
    lines: &[(ConversationId, Option<SessionId>, Line)],
) -> Result<(), StoreError> {
    let rows = lines.iter().map(|(conversation, session, line)| {
        [
            (*conversation).into(),
            (*session).into(),
            encode(line).into(),
            now.into(),
        ]
    });
    let head = "INSERT INTO transcript_lines (conversation, session, body, at)";
    insert(db, head, rows.collect(), "").await
}

async fn set_timers(db: &mut SqliteConnection, timers: &[(SessionId, TimerKind, Timestamp)]) -> Result<(), StoreError> {
    let rows = timers
        .iter()
        .map(|(session, kind, due)| [(*session).into(), kind.word().into(), (*due).into()]);
    let conflict = "ON CONFLICT DO UPDATE SET due = excluded.due";
    insert(db, "INSERT INTO timers (session, kind, due)", rows.collect(), conflict).await
}

async fn clear_timers(db: &mut SqliteConnection, timers: &[(SessionId, TimerKind)]) -> Result<(), StoreError> {
    let given = Given {
        columns: "session, kind",
        rows: timers
            .iter()
            .map(|(session, kind)| [(*session).into(), kind.word().into()])
            .collect(),
    };
    change(db, given, "DELETE FROM timers WHERE (session, kind) IN given").await
}

async fn write_pieces(
    db: &mut SqliteConnection,
    now: Timestamp,
    pieces: &[(BlobId, u32, bytes::Bytes)],
) -> Result<(), StoreError> {
    let begun = pieces.iter().map(|(blob, ..)| [(*blob).into(), now.into()]);
    let conflict = "ON CONFLICT DO UPDATE SET at = excluded.at";
    insert(db, "INSERT INTO blobs (id, at)", begun.collect(), conflict).await?;
    let rows = pieces
        .iter()
        .map(|(blob, piece, bytes)| [(*blob).into(), (*piece).into(), Value::Blob(bytes.to_vec())]);
    let head = "INSERT INTO blob_pieces (blob, piece, bytes)";
    insert(db, head, rows.collect(), "").await
}

async fn write_blobs(db: &mut SqliteConnection, now: Timestamp, blobs: &[(BlobId, u64)]) -> Result<(), StoreError> {
    let row = |(blob, bytes): &(BlobId, u64)| Ok([(*blob).into(), number(*bytes)?, now.into()]);
    let rows = blobs.iter().map(row).collect::<Result<_, StoreError>>()?;
    let conflict = "ON CONFLICT DO UPDATE SET bytes = excluded.bytes, at = excluded.at";
    insert(db, "INSERT INTO blobs (id, bytes, at)", rows, conflict).await
}

async fn drop_blobs(db: &mut SqliteConnection, blobs: &[BlobId]) -> Result<(), StoreError> {
    let given = Given {
        columns: "id",
        rows: blobs.iter().map(|blob| [(*blob).into()]).collect(),
    };
    change(db, given, "DELETE FROM blobs WHERE id IN given").await
}

/// The first secret stays.
async fn write_secret(db: &mut SqliteConnection, secret: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING";
    run(db, sql, [secret.into()]).await.map(|_| ())
}
