//! Writing a batch: one statement a table, in the order of the fields of [`Changes`], then its lanes, then the news.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    columns::{DeliveryColumns, number},
    failure::failed,
    lanes, letters,
    news::number_and_tell,
    settle::settle,
};
use crate::{
    model::{Address, BlobId, ConversationId, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        StoreError,
        backend::{Changes, NewRow},
        stored::encode,
    },
};

/// Writes a batch, within the transaction that stands. `origin` is who tells the news, and counts its batches.
pub(super) async fn write(
    db: &mut PgConnection,
    origin: Uuid,
    batch: i64,
    changes: &Changes,
) -> Result<(), StoreError> {
    let Changes {
        now,
        inbox,
        conversations,
        bodies,
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
        released,
        news,
    } = changes;
    write_conversations(db, *now, conversations).await?;
    write_inbox(db, *now, inbox).await?;
    write_bodies(db, bodies).await?;
    write_sessions(db, *now, sessions).await?;
    end_sessions(db, conversations).await?;
    write_deliveries(db, *now, deliveries).await?;
    letters::redrive(db, *now, redriven).await?;
    letters::drop(db, dropped).await?;
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
    lanes::release(db, released).await?;
    let settled = settled.iter().map(|(id, _)| id.lane);
    let written = deliveries.iter().map(|row| row.id.lane).chain(settled);
    let again = redriven.iter().map(|id| id.lane);
    lanes::keep_up(db, written.chain(again).chain(released.iter().copied())).await?;
    number_and_tell(db, origin, batch, news).await
}

/// Writes as much as a small batch, and takes it away again, within the transaction that stands.
pub(super) async fn probe(db: &mut PgConnection) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, repeat('0', 65536))";
    // Of its own, so that two instances may probe at once.
    let key = format!("probe/{}", Uuid::new_v4());
    sqlx::query(sql).bind(&key).execute(&mut *db).await.map_err(failed)?;
    let sql = "DELETE FROM meta WHERE key = $1";
    sqlx::query(sql).bind(&key).execute(db).await.map_err(failed)?;
    Ok(())
}

async fn write_inbox(db: &mut PgConnection, now: Timestamp, keys: &[EventKey]) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = keys.iter().map(EventKey::as_str).collect();
    let sql = "INSERT INTO inbox (key, at) SELECT key, $2 FROM unnest($1::text[]) AS given (key)";
    sqlx::query(sql)
        .bind(keys)
        .bind(now.as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn write_conversations(
    db: &mut PgConnection,
    now: Timestamp,
    conversations: &[Conversation],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO conversations \
        (id, channel, address, customer, session, ended_at, place, body, changed_at) \
        SELECT given.*, $9 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[], \
        $7::text[], $8::text[]) AS given \
        ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, address = excluded.address, \
        customer = excluded.customer, session = excluded.session, ended_at = excluded.ended_at, \
        place = excluded.place, body = excluded.body, changed_at = excluded.changed_at";
    if conversations.is_empty() {
        return Ok(());
    }
    let column = |of: fn(&Conversation) -> &str| conversations.iter().map(of).collect::<Vec<_>>();
    let sessions = conversations.iter().map(Conversation::session);
    let sessions: Vec<Option<Uuid>> = sessions
        .map(|session| session.map(|session| session.id.uuid()))
        .collect();
    let ends = conversations.iter().map(|conversation| conversation.last);
    let ends: Vec<Option<i64>> = ends.map(|last| last.map(|last| last.at.as_millis())).collect();
    sqlx::query(SQL)
        .bind(ids(conversations))
        .bind(column(|conversation| conversation.key.channel.as_str()))
        .bind(column(|conversation| conversation.key.address.as_str()))
        .bind(column(|conversation| conversation.key.customer.as_str()))
        .bind(sessions)
        .bind(ends)
        .bind(places(conversations))
        .bind(bodies(conversations))
        .bind(now.as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

/// What is not looked up by: most changes, and none of them touches an index.
async fn write_bodies(db: &mut PgConnection, conversations: &[Conversation]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE conversations SET body = given.body, place = given.place \
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, place, body) WHERE conversations.id = given.id";
    if conversations.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(SQL).bind(ids(conversations)).bind(places(conversations));
    query.bind(bodies(conversations)).execute(db).await.map_err(failed)?;
    Ok(())
}

fn ids(conversations: &[Conversation]) -> Vec<Uuid> {
    conversations
        .iter()
        .map(|conversation| conversation.id.uuid())
        .collect()
}

fn places(conversations: &[Conversation]) -> Vec<Option<&str>> {
    let places = conversations.iter().map(|conversation| conversation.place.as_ref());
    places.map(|place| place.map(Address::as_str)).collect()
}

fn bodies(conversations: &[Conversation]) -> Vec<String> {
    conversations.iter().map(encode).collect()
}

async fn write_sessions(
    db: &mut PgConnection,
    now: Timestamp,
    sessions: &[(SessionId, ConversationId, HookAddress)],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sessions (id, conversation, hook_address, opened_at) \
        SELECT given.*, $4 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS given";
    if sessions.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = sessions.iter().map(|(session, ..)| session.uuid()).collect();
    let conversations: Vec<Uuid> = sessions
        .iter()
        .map(|(_, conversation, _)| conversation.uuid())
        .collect();
    let addresses: Vec<&str> = sessions.iter().map(|(.., address)| address.as_str()).collect();
    let query = sqlx::query(SQL).bind(ids).bind(conversations).bind(addresses);
    query.bind(now.as_millis()).execute(db).await.map_err(failed)?;
    Ok(())
}

/// The end of a session stands in its conversation, where the next one overwrites it. Its row keeps it, for its age.
async fn end_sessions(db: &mut PgConnection, conversations: &[Conversation]) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sessions SET ended_at = given.ended_at \
        FROM unnest($1::uuid[], $2::bigint[]) AS given (id, ended_at) \
        WHERE sessions.id = given.id AND sessions.ended_at IS NULL";
    let ended = conversations.iter().filter_map(|conversation| conversation.last);
    let (ids, ends): (Vec<Uuid>, Vec<i64>) = ended.map(|last| (last.session.uuid(), last.at.as_millis())).unzip();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(SQL)
        .bind(ids)
        .bind(ends)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn write_deliveries(db: &mut PgConnection, now: Timestamp, rows: &[NewRow]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO deliveries \
        (lane_kind, lane, seq, conversation, door, payload, blob, detail, due, created_at, dead_at) \
        SELECT given.*, $9, $9, CASE WHEN given.detail IS NULL THEN NULL ELSE $9 END \
        FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[]) \
        AS given (lane_kind, lane, seq, conversation, door, payload, blob, detail)";
    if rows.is_empty() {
        return Ok(());
    }
    let keys = DeliveryColumns::of(rows.iter().map(|row| row.id))?;
    let conversations: Vec<Uuid> = rows.iter().map(|row| row.conversation.uuid()).collect();
    let doors: Vec<String> = rows.iter().map(|row| row.door.to_string()).collect();
    let payloads: Vec<String> = rows.iter().map(|row| encode(&row.payload)).collect();
    let blobs: Vec<Option<Uuid>> = rows.iter().map(|row| row.blob().map(BlobId::uuid)).collect();
    let details: Vec<Option<String>> = rows.iter().map(|row| row.dead.as_deref().map(storable)).collect();
    sqlx::query(SQL)
        .bind(keys.of.kinds)
        .bind(keys.of.lanes)
        .bind(keys.seqs)
        .bind(conversations)
        .bind(doors)
        .bind(payloads)
        .bind(blobs)
        .bind(details)
        .bind(now.as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

/// A text without what the database holds in no text.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

async fn write_lines(
    db: &mut PgConnection,
    now: Timestamp,
    lines: &[(ConversationId, Option<SessionId>, Line)],
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO transcript_lines (conversation, session, body, at) \
        SELECT given.conversation, given.session, given.body, $4 \
        FROM unnest($1::uuid[], $2::uuid[], $3::text[]) WITH ORDINALITY AS given (conversation, session, body, n) \
        ORDER BY given.n";
    if lines.is_empty() {
        return Ok(());
    }
    let conversations: Vec<Uuid> = lines.iter().map(|(conversation, ..)| conversation.uuid()).collect();
    let sessions: Vec<Option<Uuid>> = lines
        .iter()
        .map(|(_, session, _)| session.map(SessionId::uuid))
        .collect();
    let bodies: Vec<String> = lines.iter().map(|(.., line)| encode(line)).collect();
    let query = sqlx::query(SQL).bind(conversations).bind(sessions).bind(bodies);
    query.bind(now.as_millis()).execute(db).await.map_err(failed)?;
    Ok(())
}

async fn set_timers(db: &mut PgConnection, timers: &[(SessionId, TimerKind, Timestamp)]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO timers (session, kind, due) \
        SELECT given.* FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS given \
        ON CONFLICT (session, kind) DO UPDATE SET due = excluded.due";
    // One that is set twice is set as it was last.
    let timers: BTreeMap<(SessionId, TimerKind), Timestamp> = timers
        .iter()
        .map(|(session, kind, due)| ((*session, *kind), *due))
        .collect();
    if timers.is_empty() {
        return Ok(());
    }
    let sessions: Vec<Uuid> = timers.keys().map(|(session, _)| session.uuid()).collect();
    let kinds: Vec<&str> = timers.keys().map(|(_, kind)| kind.word()).collect();
    let dues: Vec<i64> = timers.values().map(|due| due.as_millis()).collect();
    let query = sqlx::query(SQL).bind(sessions).bind(kinds).bind(dues);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

async fn clear_timers(db: &mut PgConnection, timers: &[(SessionId, TimerKind)]) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM timers USING unnest($1::uuid[], $2::text[]) AS given (session, kind) \
        WHERE timers.session = given.session AND timers.kind = given.kind";
    if timers.is_empty() {
        return Ok(());
    }
    let sessions: Vec<Uuid> = timers.iter().map(|(session, _)| session.uuid()).collect();
    let kinds: Vec<&str> = timers.iter().map(|(_, kind)| kind.word()).collect();
    sqlx::query(SQL)
        .bind(sessions)
        .bind(kinds)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn write_pieces(
    db: &mut PgConnection,
    now: Timestamp,
    pieces: &[(BlobId, u32, bytes::Bytes)],
) -> Result<(), StoreError> {
    const BEGUN: &str = "INSERT INTO blobs (id, at) SELECT DISTINCT given.id, $2 FROM unnest($1::uuid[]) AS given (id) \
        ON CONFLICT (id) DO UPDATE SET at = excluded.at";
    const PIECES: &str = "INSERT INTO blob_pieces (blob, piece, bytes) \
        SELECT given.* FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS given";
    if pieces.is_empty() {
        return Ok(());
    }
    let blobs: Vec<Uuid> = pieces.iter().map(|(blob, ..)| blob.uuid()).collect();
    let query = sqlx::query(BEGUN).bind(&blobs).bind(now.as_millis());
    query.execute(&mut *db).await.map_err(failed)?;
    let numbers: Vec<i64> = pieces.iter().map(|(_, piece, _)| i64::from(*piece)).collect();
    let bytes: Vec<&[u8]> = pieces.iter().map(|(.., bytes)| bytes.as_ref()).collect();
    let query = sqlx::query(PIECES).bind(blobs).bind(numbers).bind(bytes);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

async fn write_blobs(db: &mut PgConnection, now: Timestamp, blobs: &[(BlobId, u64)]) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO blobs (id, bytes, at) \
        SELECT given.*, $3 FROM unnest($1::uuid[], $2::bigint[]) AS given \
        ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, at = excluded.at";
    if blobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = blobs.iter().map(|(blob, _)| blob.uuid()).collect();
    let sizes = blobs
        .iter()
        .map(|(_, bytes)| number(*bytes))
        .collect::<Result<Vec<i64>, _>>()?;
    let query = sqlx::query(SQL).bind(ids).bind(sizes).bind(now.as_millis());
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

async fn drop_blobs(db: &mut PgConnection, blobs: &[BlobId]) -> Result<(), StoreError> {
    if blobs.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = blobs.iter().map(|blob| blob.uuid()).collect();
    let sql = "DELETE FROM blobs WHERE id = ANY($1)";
    sqlx::query(sql).bind(ids).execute(db).await.map_err(failed)?;
    Ok(())
}

/// The first secret stays. Who comes second at the same time decides afresh, and finds it.
async fn write_secret(db: &mut PgConnection, secret: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ('secret', $1) ON CONFLICT (key) DO UPDATE SET value = meta.value \
               WHERE meta.value = excluded.value";
    let written = sqlx::query(sql).bind(secret).execute(db).await.map_err(failed)?;
    if written.rows_affected() == 0 {
        return Err(StoreError::Contended {
            detail: "two instances made a secret".to_owned(),
        });
    }
    Ok(())
}
