//! Many old sessions: copies of one that was led to its end, row for row, in the ledger's own stored form.

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};
use escalator::model::{Clock, SystemClock};
use sqlx::{ConnectOptions, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions};

/// The customer of the session that is copied.
pub(super) const TEMPLATE: usize = 1_000_000_000;

/// How old the copies are: past all marks, and younger than what is removed.
const AGE: Duration = Duration::from_hours(30 * 24);

/// Adds so many copies.
pub(super) async fn copies(file: &Path, copies: u32) -> Result<()> {
    let mut db = SqliteConnectOptions::new()
        .filename(file)
        .pragma("synchronous", "OFF")
        .pragma("cache_size", "-262144")
        .pragma("temp_store", "MEMORY")
        .connect()
        .await?;
    let at = (SystemClock.now() - AGE).as_millis();
    db.execute("BEGIN").await?;
    sqlx::query(SEEDS)
        .bind(i64::from(copies))
        .bind(at)
        .execute(&mut db)
        .await?;
    for sql in [CONVERSATIONS, SESSIONS, LINES, RECEIPTS] {
        let done = sqlx::query(sql).bind(TEMPLATE.to_string()).execute(&mut db).await?;
        ensure!(
            done.rows_affected() >= u64::from(copies),
            "the session to be copied is not whole: {sql}"
        );
    }
    db.execute("COMMIT").await?;
    check(&mut db, copies).await?;
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    db.close().await?;
    Ok(())
}

async fn check(db: &mut SqliteConnection, copies: u32) -> Result<()> {
    let counted = sqlx::query("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL")
        .fetch_one(db)
        .await?;
    let ended: i64 = counted.get(0);
    ensure!(ended > i64::from(copies), "{ended} sessions are over");
    Ok(())
}

/// The ids of the copies, each as bytes and as text: of version 7, in the order of their age.
const SEEDS: &str = "CREATE TEMP TABLE seeds AS \
    WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?1), \
    hexes AS (SELECT i, ?2 - i * 50 AS at, printf('%012x70008000%012x', ?2 - i * 50, i * 2) AS c, \
              printf('%012x70008000%012x', ?2 - i * 50, i * 2 + 1) AS s FROM numbers) \
    SELECT i, at, unhex(c) AS conversation, unhex(s) AS session, \
        substr(c, 1, 8) || '-' || substr(c, 9, 4) || '-' || substr(c, 13, 4) || '-' || substr(c, 17, 4) || '-' || \
        substr(c, 21) AS conversation_text, \
        substr(s, 1, 8) || '-' || substr(s, 9, 4) || '-' || substr(s, 13, 4) || '-' || substr(s, 17, 4) || '-' || \
        substr(s, 21) AS session_text \
    FROM hexes ORDER BY i DESC";

const CONVERSATIONS: &str = "INSERT INTO conversations (id, channel, address, customer, session, ended_at, changed_at, \
        last_line, body) \
    SELECT seeds.conversation, c.channel, 'old-' || seeds.i, 'old-' || seeds.i, NULL, seeds.at, seeds.at, \
        base.n - (seeds.i - 1) * base.lines, \
        json_set(c.body, '$.body.id', seeds.conversation_text, '$.body.key.address', 'old-' || seeds.i, \
            '$.body.key.customer', 'old-' || seeds.i, '$.body.last.session', seeds.session_text, '$.body.last.at', seeds.at) \
    FROM (SELECT min(n) - 1 AS n, (SELECT count(*) FROM transcript_lines l JOIN conversations c ON c.id = l.conversation \
            WHERE c.customer = ?1) AS lines FROM transcript_lines) AS base \
    JOIN conversations c ON c.customer = ?1 AND c.session IS NULL JOIN seeds";

const SESSIONS: &str = "INSERT INTO sessions (id, conversation, hook_address, opened_at, ended_at) \
    SELECT seeds.session, seeds.conversation, s.hook_address, seeds.at, seeds.at \
    FROM seeds JOIN conversations c ON c.customer = ?1 JOIN sessions s ON s.conversation = c.id";

/// The lines of a copy lie together, the oldest copies' first and all before what was said since, each behind the one before
/// it, up to its conversation's `last_line`.
const LINES: &str = "INSERT INTO transcript_lines (n, before, conversation, session, body, at) \
    SELECT base.n - seeds.i * base.lines + t.place, \
        CASE WHEN t.place > 1 THEN base.n - seeds.i * base.lines + t.place - 1 END, \
        seeds.conversation, CASE WHEN t.session IS NOT NULL THEN seeds.session END, t.body, seeds.at \
    FROM (SELECT min(n) - 1 AS n, (SELECT count(*) FROM transcript_lines l JOIN conversations c ON c.id = l.conversation \
            WHERE c.customer = ?1) AS lines FROM transcript_lines) AS base \
    JOIN seeds \
    JOIN (SELECT l.session, l.body, row_number() OVER (ORDER BY l.n) AS place FROM transcript_lines l \
            JOIN conversations c ON c.id = l.conversation WHERE c.customer = ?1) AS t";

const RECEIPTS: &str = "INSERT INTO receipts (lane_kind, lane, seq, body, at) \
    SELECT 'chat', seeds.conversation, 1, '{\"v\":1,\"body\":{\"message\":{\"id\":\"' || seeds.i || '\"}}}', seeds.at \
    FROM seeds WHERE ?1 IS NOT NULL";
