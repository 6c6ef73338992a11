//! Writing a batch: one statement a table, in the order of the fields of [`Changes`].

use sqlx::SqliteConnection;

use super::{
    columns::{delivery, door, key, number},
    letters,
    settle::settle,
    statement::{Given, Script, Value, run},
    tail::Growth,
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

/// What writes a batch, within a transaction that it begins.
pub(super) fn script(changes: &Changes, growth: &Growth) -> Result<Script, StoreError> {
    let Changes {
        now,
        inbox,
        conversations,
        // What changed in them is in `growth`.
        bodies: _,
        sessions,
        deliveries,
        redriven,
        dropped,
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
    let mut script = Script::new(rows_max(changes));
    script.run("BEGIN IMMEDIATE", []);
    write_inbox(&mut script, *now, inbox);
    write_conversations(&mut script, *now, conversations);
    write_sessions(&mut script, *now, sessions);
    end_sessions(&mut script, conversations);
    write_deliveries(&mut script, *now, deliveries)?;
    letters::redrive(&mut script, *now, redriven)?;
    letters::drop(&mut script, dropped)?;
    settle(&mut script, *now, settled)?;
    write_lines(&mut script, *now, lines, growth);
    growth.write(&mut script)?;
    set_timers(&mut script, timers_set);
    clear_timers(&mut script, timers_cleared);
    write_pieces(&mut script, *now, blob_pieces);
    write_blobs(&mut script, *now, blobs)?;
    drop_blobs(&mut script, blobs_dropped);
    if let Some(secret) = secret {
        write_secret(&mut script, secret);
    }
    Ok(script)
}

/// How many rows the longest statement has that runs with most batches.
fn rows_max(changes: &Changes) -> usize {
    let lengths = [
        changes.inbox.len(),
        changes.bodies.len(),
        changes.deliveries.len(),
        changes.settled.len(),
        changes.lines.len(),
    ];
    lengths.into_iter().max().unwrap_or_default()
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

fn write_inbox(script: &mut Script, now: Timestamp, keys: &[EventKey]) {
    let rows = keys.iter().map(|key| [key.as_str().into(), now.into()]);
    script.insert("INSERT INTO inbox (key, at)", rows.collect(), "");
}

fn write_conversations(script: &mut Script, now: Timestamp, conversations: &[Conversation]) {
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
    script.insert(
        "INSERT INTO conversations (id, channel, address, customer, session, ended_at, changed_at, body)",
        rows.collect(),
        "ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, address = excluded.address, \
         customer = excluded.customer, session = excluded.session, ended_at = excluded.ended_at, \
         changed_at = excluded.changed_at, body = excluded.body",
    );
}

fn write_sessions(script: &mut Script, now: Timestamp, sessions: &[(SessionId, ConversationId, HookAddress)]) {
    let rows = sessions.iter().map(|(session, conversation, hook_address)| {
        [
            (*session).into(),
            (*conversation).into(),
            hook_address.as_str().into(),
            now.into(),
        ]
    });
    let head = "INSERT INTO sessions (id, conversation, hook_address, opened_at)";
    script.insert(head, rows.collect(), "");
}

/// The end of a session stands in its conversation, where the next one overwrites it. Its row keeps it, for its age.
fn end_sessions(script: &mut Script, conversations: &[Conversation]) {
    let ended = conversations.iter().filter_map(|conversation| conversation.last);
    let given = Given {
        columns: "id, ended_at",
        rows: ended.map(|ended| [ended.session.into(), ended.at.into()]).collect(),
    };
    let sql = "UPDATE sessions SET ended_at = given.ended_at FROM given \
               WHERE sessions.id = given.id AND sessions.ended_at IS NULL";
    script.change(given, sql);
}

fn write_deliveries(script: &mut Script, now: Timestamp, rows: &[NewRow]) -> Result<(), StoreError> {
    let row = |row: &NewRow| -> Result<[Value; 9], StoreError> {
        let [lane_kind, lane, seq] = delivery(row.id)?;
        Ok([
            lane_kind,
            lane,
            seq,
            door(&row.door),
            encode(&row.payload).into(),
            row.blob().into(),
            now.into(),
            row.dead.as_ref().map(|_| now).into(),
            row.dead.clone().into(),
        ])
    };
    let rows = rows.iter().map(row).collect::<Result<_, _>>()?;
    let head = "INSERT INTO deliveries (lane_kind, lane, seq, door, payload, blob, created_at, dead_at, detail)";
    script.insert(head, rows, "");
    Ok(())
}

fn write_lines(
    script: &mut Script,
    now: Timestamp,
    lines: &[(ConversationId, Option<SessionId>, Line)],
    growth: &Growth,
) {
    let rows = lines
        .iter()
        .zip(growth.places())
        .map(|((conversation, session, line), place)| {
            [
                place.n.into(),
                place.before.into(),
                (*conversation).into(),
                (*session).into(),
                encode(line).into(),
                now.into(),
            ]
        });
    let head = "INSERT INTO transcript_lines (n, before, conversation, session, body, at)";
    script.insert(head, rows.collect(), "");
}

fn set_timers(script: &mut Script, timers: &[(SessionId, TimerKind, Timestamp)]) {
    let rows = timers
        .iter()
        .map(|(session, kind, due)| [(*session).into(), kind.word().into(), (*due).into()]);
    let conflict = "ON CONFLICT DO UPDATE SET due = excluded.due";
    script.insert("INSERT INTO timers (session, kind, due)", rows.collect(), conflict);
}

fn clear_timers(script: &mut Script, timers: &[(SessionId, TimerKind)]) {
    let given = Given {
        columns: "session, kind",
        rows: timers
            .iter()
            .map(|(session, kind)| [(*session).into(), kind.word().into()])
            .collect(),
    };
    script.change(given, "DELETE FROM timers WHERE (session, kind) IN given");
}

fn write_pieces(script: &mut Script, now: Timestamp, pieces: &[(BlobId, u32, bytes::Bytes)]) {
    let begun = pieces.iter().map(|(blob, ..)| [(*blob).into(), now.into()]);
    let conflict = "ON CONFLICT DO UPDATE SET at = excluded.at";
    script.insert("INSERT INTO blobs (id, at)", begun.collect(), conflict);
    let rows = pieces
        .iter()
        .map(|(blob, piece, bytes)| [(*blob).into(), (*piece).into(), Value::Blob(bytes.to_vec())]);
    script.insert("INSERT INTO blob_pieces (blob, piece, bytes)", rows.collect(), "");
}

fn write_blobs(script: &mut Script, now: Timestamp, blobs: &[(BlobId, u64)]) -> Result<(), StoreError> {
    let row = |(blob, bytes): &(BlobId, u64)| Ok([(*blob).into(), number(*bytes)?, now.into()]);
    let rows = blobs.iter().map(row).collect::<Result<_, StoreError>>()?;
    let conflict = "ON CONFLICT DO UPDATE SET bytes = excluded.bytes, at = excluded.at";
    script.insert("INSERT INTO blobs (id, bytes, at)", rows, conflict);
    Ok(())
}

fn drop_blobs(script: &mut Script, blobs: &[BlobId]) {
    let given = Given {
        columns: "id",
        rows: blobs.iter().map(|blob| [(*blob).into()]).collect(),
    };
    script.change(given, "DELETE FROM blobs WHERE id IN given");
}

/// The first secret stays.
fn write_secret(script: &mut Script, secret: &str) {
    let sql = "INSERT INTO meta (key, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING";
    script.run(sql, [secret.into()]);
}
